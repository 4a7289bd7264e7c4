"""Ideal sensing: every vehicle within 300 m of a stop line whose next signal this is, its movement known.

This is the most that any detector could tell (radar or connected vehicles with announced turns); measured
elsewhere, unknown turns cost more than a shorter range. Direct libsumo calls are faster than subscriptions;
over traci it is the other way round, but there a person watches.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from signals.model import Intersection, RoadUser
from signals.ports import Detections
from signals.simulation.network import Site

RANGE_M = 300.0
_HALTED_MPS = 0.1


@dataclass(slots=True)
class _Seen:
    movement: list[int] = field(default_factory=list)
    distance_m: list[float] = field(default_factory=list)
    speed_mps: list[float] = field(default_factory=list)
    delay_s: list[float] = field(default_factory=list)


class IdealSensors:
    """Looks at all vehicles once a second and sorts them by signal."""

    def __init__(self, sumo: Any, sites: dict[str, Site]) -> None:
        self._sumo = sumo
        self._sites = sites
        self._movement_of = {
            signal: {number: m for m, number in reversed(list(enumerate(site.links)))} for signal, site in sites.items()
        }
        self._crossing_of = {
            site.intersection.exits[m.exit].id.rpartition("_")[0]: (signal, m.index)
            for signal, site in sites.items()
            for m in site.intersection.movements
            if m.user is RoadUser.PEDESTRIAN
        }
        self._seen: dict[str, _Seen] = {}
        self._volume = {signal: np.zeros(len(site.links), np.int64) for signal, site in sites.items()}
        self._last_signal: dict[str, str] = {}
        self.now_s = 0.0

    def look(self, now_s: float) -> None:
        """Take in the present second."""
        self.now_s = now_s
        seen: dict[str, _Seen] = defaultdict(_Seen)
        vehicle = self._sumo.vehicle
        for v in self._sumo.simulation.getArrivedIDList():
            self._last_signal.pop(v, None)
        for v in vehicle.getIDList():
            following = vehicle.getNextTLS(v)
            if not following:
                continue
            signal, number, distance_m, _ = following[0]
            movement = self._movement_of.get(signal, {}).get(number)
            if distance_m > RANGE_M or movement is None:
                continue
            speed_mps = vehicle.getSpeed(v)
            at = seen[signal]
            at.movement.append(movement)
            at.distance_m.append(distance_m)
            at.speed_mps.append(speed_mps)
            if self._last_signal.get(v) != signal:
                self._last_signal[v] = signal
                self._volume[signal][movement] += 1
            at.delay_s.append(vehicle.getWaitingTime(v) if speed_mps < _HALTED_MPS else 0.0)
        if self._crossing_of:
            self._look_for_pedestrians(seen)
        self._seen = seen

    def _look_for_pedestrians(self, seen: dict[str, _Seen]) -> None:
        """Whoever stands before a crossing, as a push button or a camera would tell."""
        person = self._sumo.person
        for p in person.getIDList():
            place = self._crossing_of.get(person.getNextEdge(p))
            if place is None or person.getSpeed(p) >= _HALTED_MPS:
                continue
            at = seen[place[0]]
            at.movement.append(place[1])
            at.distance_m.append(0.0)
            at.speed_mps.append(0.0)
            at.delay_s.append(person.getWaitingTime(p))

    def source(self, signal: str) -> SignalSensors:
        """The detections of one signal, as a DetectorSource."""
        return SignalSensors(self, signal, self._sites[signal].intersection)

    def read(self, signal: str, intersection: Intersection) -> Detections:
        """What is seen at one signal."""
        seen = self._seen.get(signal, _Seen())
        lane = self._sumo.lane
        exits = [exit_lane.id for exit_lane in intersection.exits]
        distance_m = np.array(seen.distance_m, np.float64)
        order = np.argsort(distance_m, kind="stable")
        return Detections(
            at_s=self.now_s,
            movement=np.array(seen.movement, np.int64)[order],
            distance_m=distance_m[order],
            speed_mps=np.array(seen.speed_mps, np.float64)[order],
            delay_s=np.array(seen.delay_s, np.float64)[order],
            exit_count=np.array([lane.getLastStepVehicleNumber(x) for x in exits], np.int64),
            exit_halted=np.array([lane.getLastStepHaltingNumber(x) for x in exits], np.int64),
            exit_speed_mps=np.array([lane.getLastStepMeanSpeed(x) for x in exits], np.float64),
            volume=self._volume[signal].copy(),
        )


class SignalSensors:
    """One signal's view; implements ``DetectorSource``."""

    def __init__(self, sensors: IdealSensors, signal: str, intersection: Intersection) -> None:
        self._sensors, self._signal, self._intersection = sensors, signal, intersection

    def read(self) -> Detections:
        """What is seen now."""
        return self._sensors.read(self._signal, self._intersection)
