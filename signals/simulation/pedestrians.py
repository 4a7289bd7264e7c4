"""Who stands before a crossing, and when somebody begins to: what a push button or a camera would tell."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from signals.model import RoadUser
from signals.simulation.network import Site

HALTED_MPS = 0.1


class WaitingPedestrians:
    """Pedestrians before the crossings of a net; a place is a signal and a movement."""

    def __init__(self, sumo: Any, sites: Mapping[str, Site]) -> None:
        self._sumo = sumo
        self._place_of = {
            site.intersection.exits[m.exit].id.rpartition("_")[0]: (signal, m.index)
            for signal, site in sites.items()
            for m in site.intersection.movements
            if m.user is RoadUser.PEDESTRIAN
        }
        self._waiting: dict[str, tuple[str, int]] = {}

    @property
    def has_crossings(self) -> bool:
        """Whether the net has any."""
        return bool(self._place_of)

    def list_waiting(self) -> Iterator[tuple[str, tuple[str, int]]]:
        """Everybody who stands before a crossing, and where."""
        if not self._place_of:
            return
        person = self._sumo.person
        for p in sorted(person.getIDList()):
            place = self._place_of.get(person.getNextEdge(p))
            if place is not None and person.getSpeed(p) < HALTED_MPS:
                yield p, place

    def list_pushes(self) -> set[tuple[str, int]]:
        """Where somebody has begun to wait since the last call."""
        waiting = dict(self.list_waiting())
        pushed = {place for p, place in waiting.items() if self._waiting.get(p) != place}
        self._waiting = waiting
        return pushed
