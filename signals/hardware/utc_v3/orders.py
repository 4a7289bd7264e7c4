"""Which 5F1C may be sent now: for the green that runs, to keep it, or for the next, to go there.

- 5F1C is sent but once. Where nobody knows whether it was heard, no other 5F1C and no 5F10 follows before ``LATE_S``
  has passed, since it may still be under way; a new one for the same green may.
- Two different ones are ``APART_S`` apart: a network that doubles a message brings the second soon, and not every
  controller knows it for one.
- A green is taken hold of only while the local plan goes on with it for longer than a message may be late; else the
  message could come in the clearance, and would call the green back that has just ended.
- A green is ended only when it is older than its minimum, counted from the first report of it that came, so that it is
  older still; what a controller itself checks is not relied on, since 5F1C need not be bound by it.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from signals.hardware.utc_v3.facts import Facts
from signals.hardware.utc_v3.profile import MOST_EFFECT_S, EffectTime, VendorProfile
from signals.hardware.utc_v3.signal_controller import GoTo, Step
from signals.hardware.utc_v3.sub_phases import SubPhases
from signals.hardware.utc_v3.watch import Place, Watch

LATE_S = 4.0  # a message that was not acknowledged may come so late, and not later
APART_S = 1.0
MARGIN_S = 1.0  # a green is known to a second
REFRESH = 1.0 / 3.0  # of a dead-man time
REMEMBERED_S = 60.0  # a cabinet tells that it has come to where it was sent when it has


@dataclass(frozen=True, slots=True)
class Drop:
    """Nothing is to be sent for a command; ``reason`` in words, empty where there is no need."""

    reason: str = ""


class Orders:
    """What was ordered of one controller and when, and which green is held by it."""

    def __init__(self, held: SubPhases, profile: VendorProfile, watch: Watch, facts: Facts) -> None:
        self._held, self._profile, self._watch, self._facts = held, profile, watch, facts
        self._last: GoTo | None = None
        self._unknown: tuple[GoTo, float] | None = None
        self._sent_s: dict[int, float] = {}
        self._last_s = -math.inf
        self.held_green: int | None = None
        self._led_until_s = -math.inf

    def is_held(self, now_s: float) -> bool:
        """Whether a green is held by an order of ours, as far as can be known."""
        return self.held_green is not None and now_s <= self._led_until_s

    def is_surely_held(self, now_s: float) -> bool:
        """Whether its dead-man time cannot be over yet, whatever came late."""
        return now_s < self._led_until_s - LATE_S

    def is_ours(self, sub_phase: int, now_s: float) -> bool:
        """Whether we have lately sent it to a sub-phase."""
        return now_s - self._sent_s.get(sub_phase, -math.inf) <= REMEMBERED_S

    def may_still_come_until_s(self, order: GoTo) -> float:
        """Until when an order may be under way that nobody has heard."""
        return self._sent_s.get(order.sub_phase, -math.inf) + LATE_S

    def is_held_back(self, order: GoTo | None, now_s: float) -> bool:
        """Whether an earlier 5F1C forbids this one, or a 5F10 (None)."""
        if self._unknown is not None and now_s < self._unknown[1] and not _is_same(order, self._unknown[0]):
            return True
        return self._last is not None and not _is_same(order, self._last) and now_s - self._last_s < APART_S

    def note_sent(self, order: GoTo, now_s: float) -> None:
        """It goes out."""
        self._last, self._last_s = order, now_s
        self._sent_s[order.sub_phase] = now_s

    def note_lost(self, order: GoTo) -> None:
        """Nobody knows whether it was heard."""
        self._unknown = (order, self._last_s + LATE_S)

    def note_obeyed(self, sub_phase: int) -> None:
        """The green that runs is held by it."""
        self.held_green, self._led_until_s = sub_phase, self._last_s + self._profile.effect_s

    def note_leading(self, change_s: float) -> None:
        """The next green will be held by it for a while."""
        self.held_green, self._led_until_s = None, self._last_s + change_s + self._profile.effect_s

    def arrive(self, sub_phase: int | None) -> None:
        """The green that was ordered has begun; None: it is over already."""
        self.held_green = sub_phase

    def let_go(self) -> None:
        """No green is held any more."""
        self.held_green, self._led_until_s = None, -math.inf

    def hold(self, now_s: float) -> GoTo | Drop | None:
        """The order that keeps this green; None: not now, perhaps in a moment."""
        place = self._watch.place
        if place is None or not place.is_green:
            return Drop()
        if self._is_held_here(place, now_s) and now_s - self._last_s < self._profile.effect_s * REFRESH:
            return Drop()
        if not self._is_lasting(place, now_s):
            return None
        effect_s = float(self._profile.effect_s)
        if self._profile.effect_time is EffectTime.TOTAL_GREEN:
            least_s = self._facts.min_green_s(place.sub_phase) + MARGIN_S
            effect_s = max(self._watch.find_oldest_s(now_s) + effect_s, least_s)
        return GoTo(place.sub_phase, int(Step.GREEN), min(MOST_EFFECT_S, math.ceil(effect_s)))

    def change(self, stage: int, now_s: float) -> GoTo | Drop | None:
        """The order that ends this green and goes to a stage; None: not now, perhaps in a moment."""
        place, target = self._watch.place, self._held.find_sub_phase(stage)
        if place is None or not place.is_green:
            return Drop(f"Advance to stage {stage}: no green runs")
        if target is None:
            return Drop(f"Advance to stage {stage}: the cabinet has no sub-phase for it")
        if target == place.sub_phase:
            return Drop(f"Advance to stage {stage}: it runs already")
        if not self._profile.can_skip and target != self._held.follow(place.sub_phase):
            return Drop(f"Advance to stage {stage}: sub-phases are served in order")
        if now_s - self._watch.since_s < self._facts.min_green_s(place.sub_phase):  # since it was told: it is older
            return None
        if self._profile.advance_step == 0 and not self._is_lasting(place, now_s):
            return None  # it would come into the clearance, in which a jump is refused
        effect_s = self._profile.effect_s + self._held.change_s(place.sub_phase, target)
        if self._profile.effect_time is not EffectTime.DEADMAN:
            effect_s = self._profile.effect_s + self._facts.min_green_s(target)
        return GoTo(target, self._profile.advance_step, min(MOST_EFFECT_S, effect_s))

    def _is_held_here(self, place: Place, now_s: float) -> bool:
        return self.held_green == place.sub_phase and self._led_until_s - now_s >= LATE_S

    def _is_lasting(self, place: Place, now_s: float) -> bool:
        """Whether this green goes on for longer than a message may be late, held by us or by the local plan."""
        return self._is_held_here(place, now_s) or self._watch.find_remaining_s(now_s) >= LATE_S


def _is_same(order: GoTo | None, other: GoTo) -> bool:
    return order is not None and (order.sub_phase, order.step) == (other.sub_phase, other.step)
