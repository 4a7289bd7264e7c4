"""Commanding a controller: taking it over, leading it from green to green, letting it go.

First the strategy with its dead-man minutes (5F10), both read back (5F40), then 5F1C for the green that runs, again and
again before its seconds are over, and once for the next green. The rules beyond that are ours:

- What ``orders`` says of each 5F1C: sent but once, never too early, never where an earlier one may still come.
- After a change of sub-phase was ordered, nothing is sent until it is seen to begin, or was asked for (5F4C). If it is
  not, commanding ends.
- When commands stop, nothing more is said, and both dead-man times run out.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum

from signals.hardware.field_driver import NoteKind
from signals.hardware.utc_v3.allowed import OPTIONAL_SET
from signals.hardware.utc_v3.every_device import Done, Rejected, SetClock, SetCommandSet
from signals.hardware.utc_v3.exchange import Outcome
from signals.hardware.utc_v3.facts import Facts
from signals.hardware.utc_v3.messages import Info, encode_info
from signals.hardware.utc_v3.orders import LATE_S, REFRESH, Drop, Orders
from signals.hardware.utc_v3.profile import MOST_EFFECT_MIN, VendorProfile
from signals.hardware.utc_v3.signal_controller import (
    GoTo,
    PositionReport,
    QueryPosition,
    QueryStrategy,
    SetStrategy,
    Step,
    Strategy,
    StrategyReport,
)
from signals.hardware.utc_v3.sub_phases import SubPhases
from signals.hardware.utc_v3.talk import Ended
from signals.hardware.utc_v3.watch import Place, Watch
from signals.ports import Advance, Command
from signals.safety.command import SafeCommand, StaleCommandError, unseal

SETTLE_S = 20.0  # for putting command set and clock right, and reading what comes of it
CONFIRM_S = 3.0  # from the answer until the ordered change is seen to begin
TO_PLAN = SetStrategy(int(Strategy.TIME_OF_DAY), 0)


class Hand(Enum):
    """Whose hand is on the controller."""

    OFF = "nobody of ours has taken it"
    ASKED = "5F10 is to be sent, or to be answered"
    READING = "strategy and dead-man time are to be read back"
    ON = "it is ours"


@dataclass(slots=True)
class _Change:
    """A change of sub-phase that was ordered; ``by_s``: when it should have been seen to begin; ``is_heard``: whether
    the cabinet is known to have got the order.
    """

    origin: int
    order: GoTo
    by_s: float
    is_heard: bool = False
    has_begun: bool = False


class TakeOver:
    """What is to be sent to lead one controller, and when. ``note`` takes what happens, ``tell_time`` is asked for 0F12
    where the profile lets us set a wrong clock.
    """

    def __init__(
        self,
        held: SubPhases,
        profile: VendorProfile,
        watch: Watch,
        facts: Facts,
        note: Callable[[NoteKind, str, bytes], None],
        tell_time: Callable[[], SetClock],
    ) -> None:
        self._held, self._profile, self._watch, self._facts, self._note = held, profile, watch, facts, note
        self._set = SetStrategy(profile.strategy, profile.effect_min)
        self.is_engaged = False
        self.hand = Hand.OFF
        self._is_out = False  # a 5F10 of ours may be in force
        self._ours_until_s = self._set_at_s = self._commanded_at_s = -math.inf
        self._must_raise = self._must_release = self._must_check = False
        self._must_set_clock, self._tell_time = False, tell_time
        self._settles_until_s = -math.inf
        self._wanted: SafeCommand | None = None
        self._change: _Change | None = None
        self._orders = Orders(held, profile, watch, facts)

    def engage(self, now_s: float) -> None:
        """Command it from now on."""
        self.is_engaged, self.hand = True, Hand.ASKED
        self._must_raise = self._facts.is_low
        self._must_set_clock = self._profile.sets_clock and self._facts.is_clock_wrong
        self._settles_until_s = now_s + SETTLE_S if self._must_raise or self._must_set_clock else -math.inf
        self._must_release = self._must_check = False
        self._wanted, self._commanded_at_s = None, now_s

    def disengage(self, reason: str, kind: NoteKind | None = None, *, is_silent: bool = False) -> None:
        """Command it no more. ``is_silent``: somebody outranks us, and even a release would be a command."""
        if self.is_engaged and kind is not None:
            self._note(kind, f"disengaged: {reason}", b"")
        self.is_engaged, self._must_raise, self._must_set_clock = False, False, False
        self._settles_until_s = -math.inf
        self.release(is_silent=is_silent)

    def release(self, *, is_silent: bool = False) -> None:
        """Back to the local plan; the next command takes it over again if we are still engaged."""
        self._must_release = self._is_out and not is_silent
        self._is_out = self._is_out and not is_silent
        self.hand, self._wanted, self._change = Hand.OFF, None, None
        self._orders.let_go()

    def want(self, command: SafeCommand, now_s: float) -> None:
        """The newest command; it takes the place of one that waits."""
        self._commanded_at_s = now_s
        waiting = self._wanted
        if waiting is not None and isinstance(waiting.command, Advance) and waiting.command != command.command:
            self._note(NoteKind.DROPPED, f"{waiting.command} gave way to {command.command}", b"")
        self._wanted = command

    def is_led(self, now_s: float) -> bool:
        """Whether an order of ours is in force, as far as can be known."""
        is_led = self._change is not None or self._orders.is_held(now_s)
        return self.hand in (Hand.ON, Hand.READING) and is_led

    def is_ours(self, now_s: float) -> bool:
        """Whether phase control at the cabinet may be what we have asked for."""
        return now_s <= self._ours_until_s

    @property
    def is_settling(self) -> bool:
        """Whether its command set is being raised or its clock set, and what comes of it is still to be read."""
        return self._settles_until_s > -math.inf

    @property
    def target(self) -> int | None:
        """The sub-phase that was ordered and has not been reached."""
        return self._change.order.sub_phase if self._change else None

    def choose(self, now_s: float) -> Info | None:
        """What to send now, if anything; called while nothing is under way."""
        if self._must_release:
            return TO_PLAN
        if self._must_check:
            return QueryStrategy()
        if not self.is_engaged:
            return None
        if self._must_raise:
            return SetCommandSet(OPTIONAL_SET)
        if self._must_set_clock:
            return self._tell_time()
        if self.is_settling and not self._has_settled(now_s):
            return None
        if self.hand is Hand.READING:
            return QueryStrategy()
        if self._change is not None and not self._change.has_begun:
            return QueryPosition() if now_s >= self._change.by_s else None
        command = self._read_wanted(now_s)
        if self.hand is Hand.ASKED or (self.hand is Hand.OFF and command is not None) or self._is_to_be_renewed(now_s):
            return None if self._orders.is_held_back(None, now_s) else self._set
        if command is None or self._change is not None or not self._watch.is_fresh(now_s):
            return None
        orders = self._orders
        order = orders.change(command.stage, now_s) if isinstance(command, Advance) else orders.hold(now_s)
        if isinstance(order, Drop):
            self._wanted = None
            if order.reason:
                self._note(NoteKind.DROPPED, order.reason, b"")
            return None
        return None if order is None or orders.is_held_back(order, now_s) else order

    def sent(self, info: Info, now_s: float) -> None:
        """What ``choose`` wanted goes out."""
        match info:
            case SetStrategy() if info == self._set:
                self.hand, self._is_out, self._set_at_s = Hand.ASKED, True, now_s
                self._ours_until_s = now_s + 60.0 * self._profile.effect_min + 2.0 * LATE_S
            case GoTo():
                place = self._watch.place
                assert place is not None  # noqa: S101  (nothing is ordered at a place unknown)
                self._orders.note_sent(info, now_s)
                self._wanted = None
                if info.sub_phase != place.sub_phase:
                    self._change = _Change(place.sub_phase, info, math.inf)

    def take(self, ended: Ended, now_s: float) -> None:
        """A question or command of ours has been answered, or not."""
        asked, answer = ended.asked, ended.answer
        if isinstance(asked, GoTo):
            self._take_order(asked, ended, now_s)
        elif isinstance(asked, QueryPosition):
            self._take_position(answer, now_s)
        elif asked == TO_PLAN:
            self._must_release = False
            self._is_out, self._must_check = False, isinstance(answer, Done)
            self._note_answer("release", ended)
        elif isinstance(asked, QueryStrategy):
            self._take_strategy(answer, now_s)
        elif isinstance(asked, SetStrategy):
            self._note_answer("strategy", ended)
            if isinstance(answer, Rejected):
                self.disengage("the cabinet refuses phase control", NoteKind.REFUSED, is_silent=True)
            elif self.hand is Hand.ASKED:
                self.hand = Hand.READING if isinstance(answer, Done) else Hand.OFF
        elif isinstance(asked, SetCommandSet):
            self._must_raise = False
            self._note_answer("command set", ended)
            if not isinstance(answer, Done):
                self.disengage("the cabinet does not raise its command set", NoteKind.REFUSED)
            self._facts.forget_level()
        elif isinstance(asked, SetClock):
            self._must_set_clock = False
            self._note_answer("clock", ended)
            self._facts.forget_clock()

    def see(self, place: Place, now_s: float) -> None:
        """A step report that is no special one."""
        change = self._change
        if change is not None:
            if place.sub_phase == change.order.sub_phase and (place.is_green or change.has_begun):
                self._begin_change(change)
                self._change = None
                self._orders.arrive(place.sub_phase if place.is_green else None)
            elif place.sub_phase == change.origin and (not place.is_green or not change.has_begun):
                if not place.is_green:
                    self._begin_change(change)
            else:
                self._find_foreign(f"it went to sub-phase {place.sub_phase} and not to {change.order.sub_phase}")
        elif (green := self._orders.held_green) is not None and place != Place(green, int(Step.GREEN)):
            is_early = self._orders.is_surely_held(now_s)
            self._orders.let_go()
            if is_early:
                self._find_foreign("it left the green that we hold")
            else:
                self._note(NoteKind.LOST, "the dead-man time is over; the local plan has taken over", b"")

    def see_strategy(self, strategy: int, now_s: float) -> None:
        """The cabinet says who times it."""
        if not strategy & Strategy.PHASE_CONTROL and self.hand not in (Hand.ASKED, Hand.READING):
            self._ours_until_s = -math.inf  # if it is under phase control again, that is somebody else's
        if self.hand is not Hand.ON or strategy & Strategy.PHASE_CONTROL:
            return
        was_led = self.is_led(now_s) and self._orders.is_surely_held(now_s)
        self.hand, self._is_out = Hand.OFF, False
        self._orders.let_go()
        if was_led or self._change is not None:
            self._find_foreign("somebody has ended phase control")
        else:
            self._note(NoteKind.LOST, "phase control is over; the local plan has taken over", b"")

    def see_reached(self, sub_phase: int, now_s: float) -> None:
        """5F0C: it has come to where somebody has sent it."""
        if self.is_engaged and not self._orders.is_ours(sub_phase, now_s):
            self._find_foreign(f"it was sent to sub-phase {sub_phase} by somebody else")

    def lose(self) -> None:
        """Nothing is heard of it: what it does is not known, and nothing waits for it."""
        self.hand = Hand.OFF if self.hand is not Hand.ASKED or self._is_out else self.hand
        self._wanted = None

    @property
    def wakes_at_s(self) -> float:
        """When there may be something to send, apart from what arrives; -inf: now."""
        if self._must_release or self._must_check or (self.is_engaged and self.hand in (Hand.ASKED, Hand.READING)):
            return -math.inf
        if self._change is not None and not self._change.has_begun:
            return self._change.by_s
        return math.inf

    @property
    def is_waiting(self) -> bool:
        """Whether a command waits for its second."""
        return self._wanted is not None

    def _has_settled(self, now_s: float) -> bool:
        """Whether everything has been read and is right now; when that takes too long, we let go."""
        obstacle = next(self._facts.list_obstacles(), "")
        if not obstacle:
            self._settles_until_s = -math.inf
        elif now_s > self._settles_until_s:
            self.disengage(obstacle, NoteKind.REFUSED)
        return not obstacle

    def _read_wanted(self, now_s: float) -> Command | None:
        """The command that waits, if it may still be sent."""
        if self._wanted is None:
            return None
        try:
            return unseal(self._wanted, self._watch.uptime_s(now_s))
        except StaleCommandError as error:
            self._note(NoteKind.DROPPED, str(error), b"")
            self._wanted = None
            return None

    def _is_to_be_renewed(self, now_s: float) -> bool:
        """Whether 5F10 is sent again: only while commands keep coming."""
        longest_s = max(self._held.change_s(*pair) for pair in self._held.changes)
        is_commanded = now_s - self._commanded_at_s <= self._profile.effect_s + longest_s
        return (
            self.hand is Hand.ON
            and is_commanded
            and now_s - self._set_at_s >= 60.0 * self._profile.effect_min * REFRESH
        )

    def _take_order(self, asked: GoTo, ended: Ended, now_s: float) -> None:
        is_known = ended.answer is not None or ended.outcome is Outcome.ACKNOWLEDGED
        if not is_known:
            self._orders.note_lost(asked)
        self._note_answer(f"5F1C {asked.sub_phase} {asked.step} {asked.effect_s}", ended)
        if isinstance(ended.answer, Rejected):
            self.disengage("the cabinet refuses 5F1C", NoteKind.REFUSED, is_silent=True)
            return
        change = self._change
        if change is not None and change.order.sub_phase == asked.sub_phase:
            change.by_s, change.is_heard = now_s + CONFIRM_S if ended.answer is not None else now_s, is_known
            self._orders.note_leading(self._held.change_s(change.origin, asked.sub_phase))
        elif isinstance(ended.answer, Done) and self.hand is Hand.ON and self._watch.place == Place(asked.sub_phase, 1):
            self._orders.note_obeyed(asked.sub_phase)

    def _take_position(self, answer: Info | None, now_s: float) -> None:
        """Where it is, asked because the change was not seen to begin. An order that nobody has heard may come late;
        when it cannot come any more it is forgotten, and whoever wanted it may want it again.
        """
        change = self._change
        if change is None or change.has_begun:
            return
        if isinstance(answer, PositionReport):
            has_left = answer.sub_phase == change.origin and Step.GREEN < answer.step <= Step.ALL_RED
            if has_left or answer.sub_phase == change.order.sub_phase:
                self._begin_change(change)
                return
            is_green = (answer.sub_phase, answer.step) == (change.origin, Step.GREEN)
            if is_green and not change.is_heard:
                change.by_s = self._orders.may_still_come_until_s(change.order)
                if now_s < change.by_s:
                    return
                self._change = None
                self._note(NoteKind.DROPPED, f"the order to change to sub-phase {change.order.sub_phase} was lost", b"")
                return
        self.disengage(f"the change to sub-phase {change.order.sub_phase} was not seen to begin", NoteKind.UNANSWERED)

    def _take_strategy(self, answer: Info | None, now_s: float) -> None:
        if self._must_check:
            self._must_check = False
            if isinstance(answer, StrategyReport):
                self._facts.learn_strategy(answer.strategy, now_s)
                is_plan = not answer.strategy & Strategy.PHASE_CONTROL
                kind = NoteKind.CONFIRMED if is_plan else NoteKind.REFUSED
                self._note(kind, f"released: strategy {answer.strategy:#04x}", b"")
                self._ours_until_s = -math.inf if is_plan else self._ours_until_s
            return
        if self.hand is not Hand.READING:
            return
        if not isinstance(answer, StrategyReport):
            self.disengage("the dead-man time could not be read back", NoteKind.UNANSWERED)
            return
        self._facts.learn_strategy(answer.strategy, now_s)
        if answer.strategy != self._profile.strategy or not 1 <= answer.effect_min <= MOST_EFFECT_MIN:
            read = f"strategy {answer.strategy:#04x} for {answer.effect_min} min"
            self.disengage(f"{read} was read back in place of ours", NoteKind.REFUSED)
            return
        self.hand = Hand.ON
        self._note(NoteKind.CONFIRMED, f"phase control for {answer.effect_min} min", b"")

    def _begin_change(self, change: _Change) -> None:
        if not change.has_begun:
            change.has_begun = True
            self._note(NoteKind.CONFIRMED, f"it leaves sub-phase {change.origin} for {change.order.sub_phase}", b"")

    def _find_foreign(self, what: str) -> None:
        self.disengage(what, NoteKind.FOREIGN)

    def _note_answer(self, what: str, ended: Ended) -> None:
        data = encode_info(ended.asked)
        if isinstance(ended.answer, Rejected):
            self._note(NoteKind.REFUSED, f"{what}: 0F81 with error {ended.answer.error:#04x}", data)
        elif ended.answer is None:
            self._note(NoteKind.UNANSWERED, f"{what}: {ended.outcome.value}", data)
        else:
            self._note(NoteKind.CONFIRMED, what, data)
