"""The order under which a controller stands: what was set, for how long it is meant, and whether it was read back.

An order is refreshed only while whoever commands keeps commanding: a hold lives ``HOLD_LIFE_S`` after the last one, an
advance until it has been played. Then the controller is released, once; that it goes back by itself when even the
release is lost is its own dead-man timer's doing.
"""

from __future__ import annotations

from collections import deque
from enum import Enum

from signals.hardware.field_driver import STALE_S
from signals.hardware.ntcip1202.phases import PhaseTable
from signals.hardware.ntcip1202.profile import NtcipProfile
from signals.hardware.ntcip1202.status import Snapshot, to_mask
from signals.hardware.ntcip1202.take_over import RELEASED, Order, order_advance, order_hold

HOLD_LIFE_S = STALE_S
REMEMBERED_S = 10.0  # how long an order of ours may still turn up in the cabinet
RELEASE_GAP_S = 1.0  # a controller that refuses even the release is not asked more often
_PLAY_MARGIN_S = 5.0


class ReadBack(Enum):
    """What a poll says about the last order."""

    TOO_EARLY = "too early"
    OBEYED = "obeyed"
    NOT_OBEYED = "not obeyed"
    LATE = "an earlier one of ours"
    FOREIGN = "foreign"


class Orders:
    """What is wanted of one controller and what it is thought to have."""

    def __init__(self, table: PhaseTable, profile: NtcipProfile) -> None:
        self._table, self._profile = table, profile
        self.wanted: Order | None = None  # None: released
        self.target: int | None = None  # of an advance that has not arrived
        self._leaving: int | None = None
        self.has_left = False  # whether the green that it ends has ended
        self.refused: int | None = None  # the target of the last advance that ended no green in time
        self.until_s = 0.0
        self.set_at_s = -float("inf")
        self._released_at_s = -float("inf")
        self.has_spoken = False  # whether anything of ours may be in the cabinet
        self.is_led = False  # whether the cabinet is known to have obeyed, and not to have been released since
        self._believed = RELEASED
        self._sent: deque[tuple[float, Order]] = deque(maxlen=64)
        self._pending: Order | None = None
        self._known_from_s = -float("inf")
        self._is_certain = True
        self._must_rewrite = False

    def hold(self, stage: int, now_s: float) -> None:
        """Keep a stage; said again, it lives on."""
        self.wanted = order_hold(self._table, stage, self._profile.pattern)
        self.target, self.until_s = None, now_s + HOLD_LIFE_S

    def advance(self, seen: Snapshot, leaving: int, target: int, now_s: float) -> None:
        """End a stage for another."""
        self.wanted = order_advance(self._table, seen.greens, target, self._profile.pattern)
        self.target, self._leaving, self.has_left, self.refused = target, leaving, False, None
        self.until_s = now_s + self._profile.patience_s

    def release(self) -> None:
        """Want nothing any more."""
        self.wanted, self.target = None, None

    def forget(self) -> None:
        """Nothing of ours is in the cabinet: it has restarted, gone back by itself, or belongs to somebody else."""
        self.release()
        self.is_led = False
        self.has_spoken, self._believed, self._pending, self._must_rewrite = False, RELEASED, None, False
        self._sent.clear()

    def follow(self, seen: Snapshot, stage: int | None, *, is_green: bool, now_s: float) -> None:
        """Watch an advance being played."""
        if self.target is None or self.wanted is None:
            return
        if is_green and stage == self.target:
            self.has_left = True
            self.target, self.until_s = None, now_s + HOLD_LIFE_S
            self.wanted = order_advance(self._table, seen.greens, stage, self._profile.pattern)
        elif not self.has_left and (not is_green or stage != self._leaving):
            self.has_left = True
            self.until_s = now_s + self._play_s()
        if self.target is not None:
            green = seen.greens & ~to_mask(self._table.stages[self.target])
            self.wanted = Order(
                self.wanted.omit,
                0,
                self.wanted.hold & seen.greens,
                self.wanted.force_off & green,
                self.wanted.veh_call,
                self.wanted.ped_call,
                self.wanted.pattern,
            )

    def _play_s(self) -> float:
        """The longest that this advance can take once it has begun."""
        clear_s = max(p.ped_clear_s + (p.yellow_ds + p.red_clear_ds) / 10 for p in self._table.phases)
        return clear_s + _PLAY_MARGIN_S

    def find_due(self, now_s: float, backup_s: int) -> Order | None:
        """What is to be set now, if anything and if nothing is on its way: a change, a refresh, or the release."""
        if self._pending is not None:
            return None
        if self.wanted is not None and now_s >= self.until_s:
            self.refused = None if self.has_left else self.target
            self.release()
        if self.wanted is None:
            return RELEASED if self._owes_release and now_s >= self._released_at_s + RELEASE_GAP_S else None
        is_stale = now_s - self.set_at_s >= backup_s / 3 - 1e-9
        return self.wanted if self.wanted != self._believed or is_stale or self._must_rewrite else None

    def wakes_at_s(self, backup_s: int) -> float:
        """When something is due again if nothing comes."""
        if self.wanted is None:
            return self._released_at_s + RELEASE_GAP_S if self._owes_release else float("inf")
        return min(self.until_s, self.set_at_s + backup_s / 3)

    @property
    def _owes_release(self) -> bool:
        return self.has_spoken and (self._believed != RELEASED or self._must_rewrite)

    def sent(self, order: Order, now_s: float) -> None:
        """It is on its way."""
        if order == RELEASED:
            self._released_at_s = now_s
        self._pending, self.set_at_s, self.has_spoken, self._must_rewrite = order, now_s, True, False
        self._sent.append((now_s, order))

    def answered(self, now_s: float, *, is_obeyed: bool) -> None:
        """The cabinet has obeyed or refused it, all or nothing."""
        if self._pending is not None and is_obeyed:
            self._believed = self._pending
            self.is_led = self._believed != RELEASED
        self._pending, self._known_from_s, self._is_certain = None, now_s, True

    def unanswered(self, now_s: float) -> None:
        """Nobody knows; the next poll will tell."""
        if self._pending is not None:
            self._believed = self._pending
        self._pending, self._known_from_s, self._is_certain = None, now_s, False

    def compare(self, seen: Snapshot, now_s: float) -> ReadBack:
        """What the cabinet has, against what we have set."""
        if self._pending is not None or seen.asked_s < self._known_from_s:
            return ReadBack.TOO_EARLY
        while self._sent and now_s - self._sent[0][0] > REMEMBERED_S:
            self._sent.popleft()
        if self._believed.is_read_back(seen):
            self._is_certain, self.is_led = True, self._believed != RELEASED
            return ReadBack.OBEYED
        earlier = next((order for _, order in reversed(self._sent) if order.is_read_back(seen)), None)
        if earlier is None and self.has_spoken and not self._is_certain and RELEASED.is_read_back(seen):
            earlier = RELEASED  # the first order was lost
        if earlier is None:
            return ReadBack.FOREIGN
        was_certain, self._is_certain = self._is_certain, True
        self._believed = earlier
        if was_certain:
            self._must_rewrite = True
            return ReadBack.LATE
        return ReadBack.NOT_OBEYED
