"""Ideal sensing: every vehicle within 300 m of a stop line whose next signal this is, its movement known.

This is the most that any detector could tell (radar or connected vehicles with announced turns); measured
elsewhere, unknown turns cost more than a shorter range. Direct libsumo calls are faster than subscriptions;
over traci, where each call is a message, subscriptions are eight times as fast. Both see the same, to the bit.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import Any, TypeAlias

import numpy as np

from signals.model import Intersection
from signals.ports import Clock, Detections
from signals.simulation.faults import NO_FAULTS, FaultPlan
from signals.simulation.network import Site
from signals.simulation.pedestrians import HALTED_MPS, WaitingPedestrians

RANGE_M = 300.0
# traci.constants: VAR_NEXT_TLS, VAR_SPEED, VAR_WAITING_TIME; LAST_STEP_VEHICLE_NUMBER, .._HALTING_.., .._MEAN_SPEED
_NEXT_SIGNALS, _SPEED, _WAITING = 0x70, 0x40, 0x7A
_NUMBER, _HALTING, _MEAN_SPEED = 0x10, 0x14, 0x11
_Seen: TypeAlias = tuple[float, int, float, float]  # distance, movement, speed, delay: sorts nearest first


class IdealSensors:
    """Looks at all vehicles once a second and sorts them by signal."""

    def __init__(
        self, sumo: Any, sites: Mapping[str, Site], *, is_direct: bool = True, faults: FaultPlan = NO_FAULTS
    ) -> None:
        self._sumo, self._sites, self._is_direct, self._faults = sumo, sites, is_direct, faults
        self._movement_of = {
            signal: {number: m for m, number in reversed(list(enumerate(site.links)))} for signal, site in sites.items()
        }
        self._walkers = WaitingPedestrians(sumo, sites)
        self._seen: dict[str, list[_Seen]] = {}
        self._volume = {signal: np.zeros(len(site.links), np.int64) for signal, site in sites.items()}
        self._last_signal: dict[str, str] = {}
        self._unseen: set[str] = set()
        self._known: set[str] = set()
        if not is_direct:
            for lane in sorted({x.id for site in sites.values() for x in site.intersection.exits}):
                sumo.lane.subscribe(lane, (_NUMBER, _HALTING, _MEAN_SPEED))
        self._exits: Mapping[str, Mapping[int, Any]] = {}

    def after_step(self, now_s: float) -> None:
        """Nothing is lost between two looks."""

    def look(self, now_s: float) -> None:  # noqa: ARG002  (as loops do)
        """Take in the present second."""
        seen: dict[str, list[_Seen]] = defaultdict(list)
        arrived = self._sumo.simulation.getArrivedIDList()
        for v in arrived:
            self._last_signal.pop(v, None)
        if not self._is_direct:
            self._exits = self._sumo.lane.getAllSubscriptionResults()
        for v, signal, number, distance_m in self._list_next_signals():
            movement = self._movement_of.get(signal, {}).get(number)
            if distance_m > RANGE_M or movement is None or (self._faults.miss > 0 and self._is_unseen(v)):
                continue
            speed_mps, waiting_s = self._read_pace(v)
            if self._last_signal.get(v) != signal:
                self._last_signal[v] = signal
                self._volume[signal][movement] += 1
            seen[signal].append((distance_m, movement, speed_mps, waiting_s))
        for p, (signal, movement) in self._walkers.list_waiting():
            seen[signal].append((0.0, movement, 0.0, self._sumo.person.getWaitingTime(p)))
        self._seen = seen

    def source(self, signal: str, clock: Clock) -> SignalSensors:
        """The detections of one signal on its own clock, as a DetectorSource."""
        return SignalSensors(self, signal, self._sites[signal].intersection, clock)

    def read(self, signal: str, intersection: Intersection, at_s: float) -> Detections:
        """What is seen at one signal. Sorted by all that is known, so that no order of SUMO's shows."""
        seen = sorted(self._seen.get(signal, ()))
        distance_m, movement, speed_mps, delay_s = zip(*seen, strict=True) if seen else ((), (), (), ())
        exits = [self._read_exit(lane.id) for lane in intersection.exits]
        return Detections(
            at_s=at_s,
            movement=np.array(movement, np.int64),
            distance_m=np.array(distance_m, np.float64),
            speed_mps=np.array(speed_mps, np.float64),
            delay_s=np.array(delay_s, np.float64),
            exit_count=np.array([number for number, _, _ in exits], np.int64),
            exit_halted=np.array([halted for _, halted, _ in exits], np.int64),
            exit_speed_mps=np.array([mean_mps for _, _, mean_mps in exits], np.float64),
            volume=self._volume[signal].copy(),
        )

    def _is_unseen(self, v: str) -> bool:
        if v not in self._known:
            self._known.add(v)
            if self._faults.is_unseen(v):
                self._unseen.add(v)
        return v in self._unseen

    def _list_next_signals(self) -> Iterator[tuple[str, str, int, float]]:
        """Vehicles with the next signal, its link and the distance to it; those on the road only."""
        vehicle = self._sumo.vehicle
        if self._is_direct:
            for v in vehicle.getIDList():
                if following := vehicle.getNextTLS(v):
                    signal, number, distance_m, _ = following[0]
                    yield v, signal, number, distance_m
            return
        for v in self._sumo.simulation.getDepartedIDList():
            vehicle.subscribe(v, (_NEXT_SIGNALS, _SPEED, _WAITING))
        self._vehicles = vehicle.getAllSubscriptionResults()
        for v, values in self._vehicles.items():
            if following := values[_NEXT_SIGNALS]:
                signal, number, distance_m, _ = following[0]
                yield v, signal, number, distance_m

    def _read_pace(self, v: str) -> tuple[float, float]:
        """Speed, and seconds of waiting of who stands."""
        if not self._is_direct:
            values = self._vehicles[v]
            return values[_SPEED], values[_WAITING] if values[_SPEED] < HALTED_MPS else 0.0
        vehicle = self._sumo.vehicle
        speed_mps = vehicle.getSpeed(v)
        return speed_mps, vehicle.getWaitingTime(v) if speed_mps < HALTED_MPS else 0.0

    def _read_exit(self, exit_lane: str) -> tuple[int, int, float]:
        """Vehicles on an exit lane, how many of them stand, and their mean speed."""
        if not self._is_direct:
            values = self._exits[exit_lane]
            return values[_NUMBER], values[_HALTING], values[_MEAN_SPEED]
        lane = self._sumo.lane
        return (
            lane.getLastStepVehicleNumber(exit_lane),
            lane.getLastStepHaltingNumber(exit_lane),
            lane.getLastStepMeanSpeed(exit_lane),
        )


class SignalSensors:
    """One signal's view; implements ``DetectorSource``."""

    def __init__(self, sensors: IdealSensors, signal: str, intersection: Intersection, clock: Clock) -> None:
        self._sensors, self._signal, self._intersection, self._clock = sensors, signal, intersection, clock

    def read(self) -> Detections:
        """What is seen now."""
        return self._sensors.read(self._signal, self._intersection, self._clock.now_s())
