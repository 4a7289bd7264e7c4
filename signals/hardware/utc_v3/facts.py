"""What a controller has told about itself, what to ask it next, and what of it stands in the way of commanding it.

Nothing is taken for granted: what was not read back is an obstacle, and so is whatever is not as the guard's plan says,
in either direction, since the guard's bounds count on the plan's times. Each thing is read again now and then.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from signals.hardware.utc_v3 import every_device as common
from signals.hardware.utc_v3 import signal_controller as control
from signals.hardware.utc_v3 import signal_data as kept
from signals.hardware.utc_v3.allowed import OPTIONAL_SET
from signals.hardware.utc_v3.every_device import HardwareStatus, Rejected
from signals.hardware.utc_v3.messages import Info
from signals.hardware.utc_v3.profile import MOST_EFFECT_S, EffectTime, VendorProfile
from signals.hardware.utc_v3.roc_clock import to_datetime
from signals.hardware.utc_v3.signal_data import SubPhaseTimes
from signals.hardware.utc_v3.sub_phases import SubPhases
from signals.hardware.utc_v3.talk import Ended

AGAIN_S, REFUSED_AGAIN_S = 3.0, 60.0
STRATEGY_EACH_S = 5.0
WORDS = {
    HardwareStatus.CPU: "processor fault", HardwareStatus.MEMORY: "memory fault", HardwareStatus.TIMER: "timer fault",
    HardwareStatus.WATCHDOG: "watchdog fault", HardwareStatus.POWER: "power fault",
    HardwareStatus.INPUT_OUTPUT: "input/output fault", HardwareStatus.DRIVER: "lamp driver fault",
    HardwareStatus.LAMP: "lamp fault", HardwareStatus.DOOR_OPEN: "door open", HardwareStatus.PLAN_ERROR: "plan fault",
    HardwareStatus.SIGNAL_CONFLICT: "conflicting greens", HardwareStatus.SIGNAL_POWER: "signal power fault",
    HardwareStatus.LINE_BAD: "bad line",
}  # fmt: skip
_TIMES = {
    "min_green_s": "minimum green", "yellow_s": "yellow", "all_red_s": "all-red",
    "pedestrian_flash_s": "walkers' flash", "pedestrian_red_s": "walkers' red",
}  # fmt: skip


class Facts:
    """What is known of one controller. ``wall_clock``: what its clock should show at a second of the driver's."""

    def __init__(self, held: SubPhases, profile: VendorProfile) -> None:
        self._held, self._profile = held, profile
        self.status = HardwareStatus(0)
        self._steps_asked_s = float("-inf")
        self.forget()

    def forget(self) -> None:
        """It has restarted or was altered: everything is to be read anew."""
        self.command_set: int | None = None
        self.obeys_go_to: bool | None = None
        self.clock_off_s: float | None = None
        self._is_clock_doubted = False
        self.strategy: int | None = None
        self.running: kept.RunningPlanReport | None = None
        self.basics: kept.BasicsReport | None = None
        self.order: kept.PhaseOrderReport | None = None
        self._ask_at_s: dict[str, float] = {}
        self._asked_at_s = 0.0
        self._asked = ""

    def choose(self, now_s: float) -> Info | None:
        """What to ask now, if anything."""
        for name, question in self._list_questions():
            if now_s >= self._ask_at_s.get(name, float("-inf")):
                self._ask_at_s[name] = now_s + AGAIN_S
                self._asked_at_s, self._asked = now_s, name
                self._steps_asked_s = now_s if name == "steps" else self._steps_asked_s
                return question
        return None

    @property
    def wakes_at_s(self) -> float:
        """When there is something to ask."""
        return min(self._ask_at_s.get(name, float("-inf")) for name, _ in self._list_questions())

    def ask_soon(self, name: str) -> None:
        """Read something again: "strategy" or "steps"."""
        self._ask_at_s.pop(name, None)

    @property
    def steps_asked_s(self) -> float:
        """When step reports were last asked for."""
        return self._steps_asked_s

    def take(self, ended: Ended, now_s: float, asked_at: datetime, now: datetime) -> None:
        """The answer to a question of ``choose``, and what the time was when it was asked and when answered."""
        name, answer = self._asked, ended.answer
        if answer is None:
            return
        is_refused = isinstance(answer, Rejected)
        periods_s = {"clock": 60.0, "strategy": STRATEGY_EACH_S, "running": 30.0, "steps": float("inf")}
        self._ask_at_s[name] = now_s + (REFUSED_AGAIN_S if is_refused else periods_s.get(name, 120.0))
        match answer:
            case common.FirmwareReport():
                self.command_set = answer.command_set
            case common.SupportReport():
                self.obeys_go_to = answer.response == 0
            case control.PositionReport():
                self.obeys_go_to = True
            case common.ClockReport():
                self._note_clock(_find_off_s(to_datetime(answer), asked_at, now))
            case control.StrategyReport():
                self.strategy = answer.strategy
            case kept.RunningPlanReport():
                self.running = answer
            case kept.BasicsReport():
                self.basics = answer
            case kept.PhaseOrderReport():
                self.order = answer
            case Rejected() if name == "support":  # an optional question; its neighbour of the same level may be known
                self._ask_at_s["position"] = float("-inf")
            case Rejected() if name == "position":
                self.obeys_go_to = False

    def _note_clock(self, off_s: float) -> None:
        """A clock that seems wrong is read twice: the first may have been the late answer to an earlier question."""
        is_wrong = off_s > self._profile.clock_tolerance_s
        if is_wrong and not self._is_clock_doubted:
            self.ask_soon("clock")
        else:
            self.clock_off_s = off_s
        self._is_clock_doubted = is_wrong

    def learn_strategy(self, strategy: int, now_s: float) -> None:
        """It was read by somebody else here."""
        self.strategy = strategy
        self._ask_at_s["strategy"] = now_s + STRATEGY_EACH_S

    def note_strategy(self, strategy: int, *, has_begun: bool) -> None:
        """5F00: a strategy begins or ends; the whole is asked for."""
        if has_begun:
            self.strategy = (self.strategy or 0) | strategy
        elif self.strategy is not None:
            self.strategy &= ~strategy
        self.ask_soon("strategy")

    @property
    def asked_at_s(self) -> float:
        """When the last question was chosen."""
        return self._asked_at_s

    @property
    def is_low(self) -> bool:
        """Whether the command set excludes what we need, and we may raise it once we are engaged."""
        is_low = self.command_set is not None and self.command_set < OPTIONAL_SET
        return is_low and self._profile.may_raise_command_set

    @property
    def is_clock_wrong(self) -> bool:
        """Whether its clock was read and is off by more than may be."""
        return self.clock_off_s is not None and self.clock_off_s > self._profile.clock_tolerance_s

    def forget_clock(self) -> None:
        """It was set: read it again."""
        self.clock_off_s = None
        self.ask_soon("clock")

    def forget_level(self) -> None:
        """The command set was raised: what it excluded can be asked now."""
        self.command_set = self.obeys_go_to = self.clock_off_s = None
        for name in ("firmware", "clock", "support"):
            self.ask_soon(name)

    @property
    def faults(self) -> frozenset[str]:
        """What the cabinet says is wrong with it."""
        return frozenset(word for bit, word in WORDS.items() if self.status & bit)

    def min_green_s(self, sub_phase: int) -> int:
        """The longer of the plan's minimum green and the cabinet's."""
        least_s = self._held.times[sub_phase - 1].min_green_s
        theirs = self.basics.sub_phases if self.basics else ()
        return max(least_s, theirs[sub_phase - 1].min_green_s) if sub_phase <= len(theirs) else least_s

    def list_obstacles(self, *, is_engaged: bool = True) -> Iterator[str]:
        """Why it must not be commanded, each in one sentence. What we may put right ourselves, command set and clock
        where the profile lets us, is none before we are engaged.
        """
        will_raise = not is_engaged and self.is_low
        will_set_clock = not is_engaged and self._profile.sets_clock
        if self._profile.effect_time is EffectTime.TOTAL_GREEN:
            longest_s = max(times.max_green_s for times in self._held.times)
            if longest_s + self._profile.effect_s > MOST_EFFECT_S:
                yield f"A maximum green of {longest_s} s cannot be held where 5F1C names the total green."
        if self.command_set is None:
            yield "It has not told its command set (0F43)."
        elif self.command_set < OPTIONAL_SET and not will_raise:
            yield f"Its command set is {self.command_set}; 5F1C needs {OPTIONAL_SET} (0F13)."
        if not self.obeys_go_to and not will_raise:
            yield "It does not say that it obeys 5F1C (0F47, 5F4C)."
        if self.clock_off_s is None and not will_raise:
            yield "Its clock was not read (0F42)."
        elif self.is_clock_wrong and not will_set_clock:
            yield f"Its clock is off by {self.clock_off_s or 0.0:.0f} s."
        if self.strategy is None:
            yield "It has not told its strategy (5F40)."
        for bit, word in WORDS.items():
            if self.status & bit and bit is not HardwareStatus.DOOR_OPEN:
                yield f"It reports a fault: {word}."
        yield from self._list_differences()

    def _list_differences(self) -> Iterator[str]:
        if self.running is None or self.basics is None or self.order is None:
            yield "Its plan, bounds and phase order were not read (5F48, 5F44, 5F43)."
            return
        if self.basics.plan != self.running.plan or self.order.phase_order != self.running.phase_order:
            yield f"Plan {self.running.plan} runs now; its bounds or its phase order were not read yet."
            return
        wanted = self._held.report_order()
        if (self.order.signal_map, self.order.lamps) != (wanted.signal_map, wanted.lamps):
            yield f"Phase order {self.order.phase_order:#04x} shows other lamps than the guard's plan."
        if (self.running.greens_s, self.running.cycle_s) != (self._held.greens_s, self._held.cycle_s):
            yield f"Plan {self.running.plan} has other greens or another cycle than the guard's plan."
        if len(self.basics.sub_phases) != self._held.count:
            yield f"Plan {self.running.plan} has {len(self.basics.sub_phases)} sub-phases, not {self._held.count}."
            return
        for k, (theirs, ours) in enumerate(zip(self.basics.sub_phases, self._held.times, strict=True), 1):
            yield from _list_times(k, theirs, ours)

    def _list_questions(self) -> Iterator[tuple[str, Info]]:
        yield "firmware", common.QueryFirmware()
        yield "clock", common.QueryClock()
        yield "support", common.QuerySupport(control.GoTo.CODE)
        if "position" in self._ask_at_s and not self.obeys_go_to:
            yield "position", control.QueryPosition()
        yield "steps", control.SetReportCycle(control.STEPS, self._profile.report_cycle)
        yield "strategy", control.QueryStrategy()
        yield "running", kept.QueryRunningPlan()
        if self.running is not None:
            yield f"basics {self.running.plan}", kept.QueryBasics(self.running.plan)
            yield f"order {self.running.phase_order}", kept.QueryPhaseOrder(self.running.phase_order)


def _list_times(sub_phase: int, theirs: SubPhaseTimes, ours: SubPhaseTimes) -> Iterator[str]:
    for name, word in _TIMES.items():
        has_s, wants_s = getattr(theirs, name), getattr(ours, name)
        if has_s != wants_s:
            yield f"Sub-phase {sub_phase} has {has_s} s of {word}; the guard's plan has {wants_s} s."


def _find_off_s(theirs: datetime | None, asked_at: datetime, now: datetime) -> float:
    """By how much a clock is off at least, if it was read at any moment between question and answer."""
    if theirs is None:
        return float("inf")
    ahead_s = (theirs - now).total_seconds()
    behind_s = (asked_at - theirs).total_seconds() - 1.0  # it tells whole seconds
    return max(0.0, ahead_s, behind_s)
