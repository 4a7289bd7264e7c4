"""One intersection's view of its neighbours, and what it tells them; the only user of the ``NeighbourLink``.

Everything is by seconds of our own clock. A neighbour that has been silent for ``STALE_S`` is forgotten: its promises
and its queues count no more, while what it measured before has already been handed on.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from signals.coordination.messages import (
    COUNT_MODULUS,
    MAX_REPEATED,
    PLAN_S,
    PLAN_UNITS,
    REPEATED_S,
    ApproachReport,
    BadMessage,
    ExitReport,
    Message,
    NewerMessage,
    decode,
    encode,
)
from signals.coordination.peer import Departure, Peer
from signals.coordination.promise import Promises
from signals.coordination.streets import Street, join_lanes
from signals.model import Intersection
from signals.ports import NOBODY_ENTERED, Entered, FloatArray, IntArray, NeighbourLink

BELIEF = 0.3  # how far one new plan moves what is expected
VEHICLE_M = 7.5
_OVERDUE_S = 30.0


@dataclass(frozen=True, slots=True, eq=False)
class Downstream:
    """What stands beyond our exits, one entry per exit lane, as downstream neighbours tell; NaN where none does.

    ``queue`` and ``room`` count vehicles by lane of the street; ``reach_m`` is from their stop line up the street.
    """

    queue: FloatArray
    room: FloatArray
    reach_m: FloatArray


class Neighbourhood:
    """Reads the mail, counts each vehicle once, and writes the own message once a second."""

    def __init__(
        self, intersection: Intersection, streets: Sequence[Street], link: NeighbourLink, belief: float = BELIEF
    ) -> None:
        self._intersection, self._link = intersection, link
        own = intersection.id
        joined = join_lanes(streets)
        self._told_as = {lane: first for (origin, lane), first in joined.items() if origin == own}
        self._inward = tuple(s for s in streets if s.destination == own and joined[s.origin, s.exit] == s.exit)
        self._outward = tuple(s for s in streets if s.origin == own)
        self._told_exits = sorted(set(self._told_as.values()))
        names = {s.origin for s in self._inward} | {s.destination for s in self._outward}
        self._peers = {name: Peer(own) for name in sorted(names - {own})}
        self._streets_from = {name: tuple(s for s in self._inward if s.origin == name) for name in self._peers}
        self._number_of = {street: number for number, street in enumerate(self._inward)}
        self._promises = Promises(self._inward, belief)
        self._forgotten: set[str] = set()
        self._carry = np.full(len(self._inward), 0.5)
        self._entered: deque[tuple[Street, float]] = deque()
        self._recent: dict[int, deque[float]] = {exit_lane: deque() for exit_lane in self._told_exits}
        self._totals = dict.fromkeys(self._told_exits, 0)
        self._now_s = float("-inf")
        self._started_ms: int | None = None
        self._sequence = 0
        self._newer: set[str] = set()
        self.notes: list[str] = []

    def read(self, now_s: float) -> None:
        """Take in the mail that has come."""
        self._now_s = now_s
        if self._started_ms is None:
            self._started_ms = max(0, round(now_s * 1000))
        for raw in self._link.receive():
            try:
                message = decode(raw)
            except NewerMessage as error:
                self._note_once(str(error))
            except BadMessage:
                continue  # the next one repeats what was in it
            else:
                self._take(message)
        for name, peer in self._peers.items():
            if peer.is_alive(now_s):
                self._forgotten.discard(name)
            elif name not in self._forgotten:
                self._forgotten.add(name)
                for street in self._streets_from[name]:
                    self._promises.forget(self._number_of[street])

    def list_silent(self) -> tuple[str, ...]:
        """Neighbours that have not been heard of late."""
        return tuple(name for name, peer in self._peers.items() if not peer.is_alive(self._now_s))

    def entered(self) -> Entered:
        """Vehicles measured on their way to us since the last call, each once, oldest first."""
        if not self._entered:
            return NOBODY_ENTERED
        found = sorted(self._entered, key=lambda one: (one[1], one[0].approach))
        self._entered.clear()
        return Entered(
            np.array([street.approach for street, _ in found], np.int64),
            np.array([at_s for _, at_s in found]),
            np.array([street.distance_m for street, _ in found]),
        )

    def promised(self, horizon_s: int) -> FloatArray:
        """Expected arrivals at our lines by approach and second from now: those planned to leave upstream and those
        measured whom nobody has asked for with ``entered``, at free flow. Some of them may be in sight already.
        """
        arrivals = np.zeros((len(self._intersection.approaches), horizon_s))
        for number, street in enumerate(self._inward):
            arrivals[street.approach] += self._promises.list_arrivals(number, self._now_s, horizon_s)
        while self._entered and self._now_s - self._entered[0][1] > self._entered[0][0].free_s + _OVERDUE_S:
            self._entered.popleft()
        for street, at_s in self._entered:
            second = int(at_s + street.free_s - self._now_s)
            if 0 <= second < horizon_s:
                arrivals[street.approach, second] += 1.0
        return arrivals

    def is_covered(self) -> tuple[bool, ...]:
        """By approach: whether a neighbour that is heard leads to it."""
        alive = {name for name, peer in self._peers.items() if peer.is_alive(self._now_s)} | {self._intersection.id}
        covered = {s.approach for s in self._inward if s.origin in alive}
        return tuple(number in covered for number in range(len(self._intersection.approaches)))

    def downstream(self) -> Downstream:
        """Queue and room beyond each exit, by lane of the street."""
        size = len(self._intersection.exits)
        found = Downstream(np.full(size, np.nan), np.full(size, np.nan), np.full(size, np.nan))
        for street in self._outward:
            peer = self._peers.get(street.destination)
            standing = peer.standing.get(street.approach) if peer and peer.is_alive(self._now_s) else None
            if standing is None:
                continue
            by_count = street.distance_m / VEHICLE_M - standing.present / street.lanes
            by_reach = (street.distance_m - standing.reach_m) / VEHICLE_M
            room = max(0.0, min(by_count, by_reach))
            if not found.room[street.exit] <= room:  # also where it is NaN: the fuller of two ways counts
                found.queue[street.exit] = standing.queue / street.lanes
                found.room[street.exit] = room
                found.reach_m[street.exit] = standing.reach_m
        return found

    def count(self, departed: IntArray) -> None:
        """Vehicles that passed into each exit lane since the last call, as measured here."""
        if not departed.any():
            return
        by_street = dict.fromkeys(self._told_exits, 0)
        for exit_lane, first in self._told_as.items():
            by_street[first] += int(departed[exit_lane])
        for first, number in by_street.items():
            self._totals[first] = (self._totals[first] + number) % COUNT_MODULUS
            self._recent[first].extend([self._now_s] * min(number, MAX_REPEATED))
            for street in self._inward:
                if street.exit == first and street.origin == street.destination:
                    for _ in range(number):
                        self._enter(street, self._now_s)

    def publish(self, planned: FloatArray, standing: Sequence[ApproachReport]) -> None:
        """Tell the neighbours: what was counted, what is planned by exit and second, what stands on our approaches."""
        plans = self._to_plans(planned) if len(planned) else {}
        exits = tuple(
            [
                ExitReport(exit_lane, self._totals[exit_lane], self._list_ages_s(exit_lane), plans.get(exit_lane, b""))
                for exit_lane in self._told_exits
            ]
        )
        for number, street in enumerate(self._inward):
            if street.origin == street.destination and len(planned):
                self._promises.update(number, plans[street.exit], self._now_s)
        self._sequence += 1
        heard = tuple((name, peer.least_ms) for name, peer in self._peers.items() if peer.is_alive(self._now_s))
        sent_ms = max(0, round(self._now_s * 1000))
        message = Message(
            self._intersection.id, self._started_ms or 0, self._sequence, sent_ms, exits, tuple(standing), heard
        )
        self._link.send(encode(message))

    def _list_ages_s(self, exit_lane: int) -> tuple[float, ...]:
        """How long ago the latest vehicles left into an exit, oldest first."""
        now_s, recent = self._now_s, self._recent[exit_lane]
        while recent and (now_s - recent[0] > REPEATED_S or len(recent) > MAX_REPEATED):
            recent.popleft()
        return tuple([now_s - at_s for at_s in recent]) if recent else ()

    def _to_plans(self, planned: FloatArray) -> dict[int, bytes]:
        by_street = np.zeros((len(self._intersection.exits), min(planned.shape[1], PLAN_S)))
        for exit_lane, first in self._told_as.items():
            by_street[first] += planned[exit_lane, :PLAN_S]
        units = np.clip(np.rint(by_street * PLAN_UNITS), 0, 255).astype(np.uint8)
        return {first: units[first].tobytes() for first in self._told_exits}

    def _take(self, message: Message) -> None:
        peer = self._peers.get(message.sender)
        if peer is None:
            return
        before = peer.planned
        departures = peer.take(message, self._now_s)
        if peer.planned is not before:
            for street in self._streets_from[message.sender]:
                if plan := peer.planned.get(street.exit):
                    self._promises.update(self._number_of[street], plan, peer.planned_at_s)
                elif before.get(street.exit):
                    self._promises.forget(self._number_of[street])
        if len(departures) > 1:
            departures.sort(key=_left_at_s)
        for departure in departures:
            self._lead_here(message.sender, departure)

    def _lead_here(self, sender: str, departure: Departure) -> None:
        for street in self._streets_from[sender]:
            if street.exit == departure.exit:
                self._enter(street, departure.at_s)

    def _enter(self, street: Street, at_s: float) -> None:
        """Of those who leave there, every so many come here: shares by carrying the remainder on."""
        number = self._number_of[street]
        self._carry[number] += street.share
        if self._carry[number] >= 1.0:
            self._carry[number] -= 1.0
            self._entered.append((street, at_s))

    def _note_once(self, text: str) -> None:
        if text not in self._newer:
            self._newer.add(text)
            self.notes.append(text)


def _left_at_s(departure: Departure) -> float:
    return departure.at_s
