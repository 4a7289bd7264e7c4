"""Where a controller is and who times it, from what it says by itself: the state that a driver reports.

A green is never told to be older than it can be: its age counts from the first report of it that came, not from what
the controller counts, which may run up or down. A gap in the reports begins a green anew.
"""

from __future__ import annotations

from dataclasses import dataclass

from signals.hardware.field_driver import STALE_S, NotConnected
from signals.hardware.utc_v3.every_device import HardwareStatus
from signals.hardware.utc_v3.facts import Facts
from signals.hardware.utc_v3.profile import VendorProfile
from signals.hardware.utc_v3.signal_controller import Panel, SpecialStep, Step, StepReport, Strategy
from signals.hardware.utc_v3.sub_phases import SubPhases
from signals.model import IntervalKind, Lamp
from signals.ports import Mode, SignalState

REPORT_S = 1.0  # between two reports of its step
FIRST_SPECIAL = 0x8F  # an undefined one, seen in a train's chain
STOPPING = (
    HardwareStatus.CPU | HardwareStatus.MEMORY | HardwareStatus.POWER
    | HardwareStatus.PLAN_ERROR | HardwareStatus.SIGNAL_CONFLICT
)  # fmt: skip
_KINDS = {
    Step.GREEN: IntervalKind.GREEN, Step.PEDESTRIAN_FLASH: IntervalKind.PED_CLEARANCE,
    Step.PEDESTRIAN_RED: IntervalKind.PED_CLEARANCE, Step.YELLOW: IntervalKind.YELLOW,
    Step.ALL_RED: IntervalKind.RED_CLEARANCE,
}  # fmt: skip
_FLASHES = {SpecialStep.SCHEDULED_FLASH, SpecialStep.PANEL_FLASH, SpecialStep.POWER_FLASH}
_LENGTHENED = 1.25  # how much longer than its plan a coordinated green may get


@dataclass(frozen=True, slots=True)
class Place:
    """A sub-phase and one of its steps, or a special step."""

    sub_phase: int
    step: int

    @property
    def is_green(self) -> bool:
        """Whether it is a green."""
        return self.step == Step.GREEN


class Watch:
    """What is seen of one controller; ``facts`` are read by asking."""

    def __init__(self, held: SubPhases, profile: VendorProfile, facts: Facts) -> None:
        self._held, self._profile, self._facts = held, profile, facts
        self.place: Place | None = None
        self._normal: Place | None = None  # the last that was no special one
        self.since_s = self.told_s = self.found_s = float("-inf")
        self._second, self._is_rising = 0, False
        self._is_falling = False
        self._lamps: tuple[Lamp, ...] = ()
        self.panel: Panel | None = None
        self.wrong_lamps = ""

    def take(self, report: StepReport, now_s: float) -> bool:
        """A step report; False where it names a step that cannot be."""
        place = Place(report.sub_phase, report.step)
        is_special = report.step >= FIRST_SPECIAL
        if not is_special and not (1 <= place.sub_phase <= self._held.count and place.step in _KINDS):
            return False
        is_new = place != self.place or now_s - self.told_s > STALE_S
        if is_new:
            self.since_s, self._is_rising, self._is_falling = now_s, False, False
        elif report.second != self._second:
            self._is_rising, self._is_falling = report.second > self._second, report.second < self._second
        if self.found_s == float("-inf"):
            self.found_s = now_s
        self.place, self.told_s, self._second = place, now_s, report.second
        if is_special:
            self._lamps, self.wrong_lamps = (), ""
            return True
        self._normal = place
        shown = [one for one in self._held.list_displays(place.sub_phase, place.step) if one.faces == report.lamps]
        is_known = bool(shown) and report.signal_map == self._held.signal_map
        self._lamps = shown[0].lamps if is_known and len({one.lamps for one in shown}) == 1 else ()
        self.wrong_lamps = "" if is_known else f"Sub-phase {place.sub_phase} shows other lamps in step {place.step}."
        return True

    def reach(self, sub_phase: int, step: int, now_s: float) -> None:
        """5F0C: a green that we ordered has begun; that is told at once, and not only with the next second's report."""
        place = Place(sub_phase, step)
        if step == Step.GREEN and 1 <= sub_phase <= self._held.count and place != self.place:
            self.place = self._normal = place
            self.since_s = self.told_s = now_s
            self._second, self._is_rising, self._is_falling = 0, False, False
            self._lamps = ()

    def restart(self, now_s: float) -> None:
        """The cabinet's seconds begin anew; nothing that was seen before counts."""
        self.found_s, self.since_s, self.panel = now_s, now_s, None

    def is_fresh(self, now_s: float) -> bool:
        """Whether it has told its step lately."""
        return now_s - self.told_s <= STALE_S

    def uptime_s(self, at_s: float) -> float:
        """The cabinet's seconds, as counted here since it was found or has restarted."""
        return max(0.0, at_s - self.found_s)

    def find_remaining_s(self, now_s: float) -> float:
        """How long the local plan will go on with this step; zero where that is not known."""
        return self._second - (now_s - self.told_s) - 1.0 if self._is_falling else 0.0

    def find_oldest_s(self, now_s: float) -> float:
        """The most that the age of this green can be, as far as it can be known."""
        passed_s, age_s = now_s - self.told_s, now_s - self.since_s
        if self._is_rising:
            return max(age_s, self._second + passed_s + 1.0)
        if self._is_falling and self.place is not None and self.place.is_green:
            green_s = self._held.greens_s[self.place.sub_phase - 1]
            return max(age_s, _LENGTHENED * green_s - self._second + passed_s + 1.0)
        return age_s

    def find_mode(self, *, is_led: bool, is_ours: bool) -> Mode:
        """Who times the signal; ``is_led``: our orders are in force; ``is_ours``: phase control may be ours."""
        step = self.place.step if self.place else 0
        if step in _FLASHES:
            return Mode.FLASH
        if step == FIRST_SPECIAL:
            return Mode.RAIL
        if step > FIRST_SPECIAL or self._facts.status & STOPPING:
            return Mode.FAULT
        if self.panel is not None:
            return Mode.FLASH if self.panel is Panel.FLASH else Mode.MANUAL
        strategy = self._facts.strategy or 0
        if strategy & Strategy.ACTUATED:
            return Mode.RAIL
        if strategy & Strategy.VIP_ROUTE:
            return Mode.PREEMPTED
        if strategy & (Strategy.POLICE | Strategy.CENTRAL_MANUAL):
            return Mode.MANUAL
        if strategy & Strategy.PHASE_CONTROL and not is_ours:
            return Mode.MANUAL  # somebody else leads it
        return Mode.REMOTE if is_led else Mode.LOCAL

    def build_state(self, now_s: float, mode: Mode, target: int | None) -> SignalState:
        """What the cabinet shows, as it last told; ``target``: the sub-phase to come, where it is known.

        Raises:
            NotConnected: it has not told lately, or not enough.
        """
        if self.place is None:
            raise NotConnected("the controller has not reported a step yet")
        if not self.is_fresh(now_s):
            raise NotConnected(f"the controller has reported no step for {STALE_S:g} s")
        if self._facts.strategy is None and not mode.outranks:
            raise NotConnected("the controller has not told who times it")
        normal = self._normal or Place(1, int(Step.ALL_RED))
        at_s = min(now_s, self.told_s + REPORT_S)  # until the next report is due, what was told goes on
        kind = _KINDS[Step(normal.step)]
        following = target if target is not None else self._held.follow(normal.sub_phase)
        return SignalState(
            self._held.stages[normal.sub_phase - 1],
            kind,
            max(0.0, at_s - self.since_s),
            None if kind is IntervalKind.GREEN else self._held.stages[following - 1],
            mode,
            self.uptime_s(at_s),
            self._lamps,
            self._facts.faults,
        )
