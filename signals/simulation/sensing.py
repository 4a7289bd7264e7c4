"""Ideal sensing: every vehicle within 300 m of a stop line whose next signal this is, its movement known.

This is the most that any detector could tell (radar or connected vehicles with announced turns); measured
elsewhere, unknown turns cost more than a shorter range. Direct libsumo calls are faster than subscriptions;
over traci, where each call is a message, subscriptions are eight times as fast. Both see the same, to the bit.

What follows a vehicle's next signal costs most, because SUMO lists all signals of its route. It is asked again when
the vehicle is on another lane, at the latest after ten seconds; on the same lane the distance shrinks as it drives.
Who is further away than anybody sees is asked again when it can have come near.

Who has crossed the line on a green without protection and waits for a gap inside the junction still counts as waiting
at the line, as long as that green lasts: whoever starts another stage without knowing of him finds the way blocked, at
worst by two who wait for each other (cologne3 locked up in one run of five).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, TypeAlias

import numpy as np

from signals.model import Intersection
from signals.ports import Clock, Detections
from signals.simulation.faults import NO_FAULTS, FaultPlan
from signals.simulation.network import Site, edge_of
from signals.simulation.pedestrians import HALTED_MPS, WaitingPedestrians

RANGE_M = 300.0
# traci.constants: VAR_NEXT_TLS, VAR_SPEED, VAR_WAITING_TIME, VAR_LANE_ID, VAR_LANEPOSITION
_NEXT_SIGNALS, _SPEED, _WAITING, _LANE, _POSITION = 0x70, 0x40, 0x7A, 0x51, 0x56
_NUMBER, _HALTING, _MEAN_SPEED = 0x10, 0x14, 0x11  # LAST_STEP_VEHICLE_NUMBER, .._HALTING_.., .._MEAN_SPEED
_FASTEST_MPS = 60.0
_ASK_AGAIN_S = 10.0
_NEAR_LINE_M = 25.0  # halted so near, a vehicle in a wrong lane blocks it
_CREEPS_MPS = 1.0
_INSIDE = ":"  # begins the names of lanes inside junctions
_PERMITTED = "g"
_OWN_LANE = -1
_NOBODY: tuple[int, ...] = ()
_Seen: TypeAlias = tuple[float, int, float, float, int]  # distance, movement, speed, delay, lane: sorts nearest first


@dataclass(slots=True)
class _Followed:
    """What was last learnt of a vehicle: its lane and place then, its next signal, the link and the distance.

    ``movement`` is -1 where there is nothing of ours ahead; nothing is asked before ``again_s``, and even in the same
    lane the signal is asked for anew at ``stale_s``. ``crosses``: the movement of ``crossed``, the last signal, with
    which it is inside the junction now, else -1.
    """

    lane: str = ""
    position_m: float = 0.0
    signal: str = ""
    movement: int = -1
    distance_m: float = 0.0
    again_s: float = float("-inf")
    stale_s: float = float("-inf")
    counted_at: str = ""
    is_unseen: bool = False
    crossed: str = ""
    crosses: int = -1


class _Direct:
    """Asks libsumo vehicle by vehicle."""

    def __init__(self, sumo: Any) -> None:
        vehicle, self._lane = sumo.vehicle, sumo.lane
        self.list_vehicles: Callable[[], Any] = vehicle.getIDList
        self.next_signals: Callable[[str], Any] = vehicle.getNextTLS
        self.lane: Callable[[str], str] = vehicle.getLaneID
        self.position_m: Callable[[str], float] = vehicle.getLanePosition
        self.speed_mps: Callable[[str], float] = vehicle.getSpeed
        self.waiting_s: Callable[[str], float] = vehicle.getWaitingTime
        self._empty_mps: dict[str, float] = {}

    def refresh(self) -> None:
        """Nothing is kept."""

    def exit(self, lane: str) -> tuple[int, int, float]:
        """Vehicles on an exit lane, how many of them stand, and their mean speed; of an empty one its limit."""
        number = self._lane.getLastStepVehicleNumber(lane)
        if number == 0:
            if lane not in self._empty_mps:
                self._empty_mps[lane] = self._lane.getLastStepMeanSpeed(lane)
            return 0, 0, self._empty_mps[lane]
        return number, self._lane.getLastStepHaltingNumber(lane), self._lane.getLastStepMeanSpeed(lane)


class _Subscribed:
    """The same over traci, from one message a second."""

    def __init__(self, sumo: Any, exits: list[str]) -> None:
        self._sumo = sumo
        for lane in exits:
            sumo.lane.subscribe(lane, (_NUMBER, _HALTING, _MEAN_SPEED))
        self._vehicles: Mapping[str, Mapping[int, Any]] = {}
        self._exits: Mapping[str, Mapping[int, Any]] = {}

    def refresh(self) -> None:
        for v in self._sumo.simulation.getDepartedIDList():
            self._sumo.vehicle.subscribe(v, (_NEXT_SIGNALS, _SPEED, _WAITING, _LANE, _POSITION))
        self._vehicles = self._sumo.vehicle.getAllSubscriptionResults()
        self._exits = self._sumo.lane.getAllSubscriptionResults()

    def list_vehicles(self) -> Any:
        return self._vehicles

    def next_signals(self, v: str) -> Any:
        return self._vehicles[v][_NEXT_SIGNALS]

    def lane(self, v: str) -> str:
        return str(self._vehicles[v][_LANE])

    def position_m(self, v: str) -> float:
        return float(self._vehicles[v][_POSITION])

    def speed_mps(self, v: str) -> float:
        return float(self._vehicles[v][_SPEED])

    def waiting_s(self, v: str) -> float:
        return float(self._vehicles[v][_WAITING])

    def exit(self, lane: str) -> tuple[int, int, float]:
        values = self._exits[lane]
        return values[_NUMBER], values[_HALTING], values[_MEAN_SPEED]


class IdealSensors:
    """Looks at all vehicles once a second and sorts them by signal."""

    def __init__(
        self, sumo: Any, sites: Mapping[str, Site], *, is_direct: bool = True, faults: FaultPlan = NO_FAULTS
    ) -> None:
        self._sumo, self._sites, self._faults = sumo, sites, faults
        exits = sorted({x.id for site in sites.values() for x in site.intersection.exits})
        self._road: _Direct | _Subscribed = _Direct(sumo) if is_direct else _Subscribed(sumo, exits)
        self._movements_of = {signal: _list_movements(site) for signal, site in sites.items()}
        self._entry_of = {signal: [m.entry for m in site.intersection.movements] for signal, site in sites.items()}
        self._lane_of = {
            signal: {lane.id: number for number, lane in enumerate(site.intersection.entries)}
            for signal, site in sites.items()
        }
        self._walkers = WaitingPedestrians(sumo, sites)
        self._seen: dict[str, list[_Seen]] = {}
        self._volume = {signal: np.zeros(len(site.links), np.int64) for signal, site in sites.items()}
        self._followed: dict[str, _Followed] = {}

    def after_step(self, now_s: float) -> None:
        """Nothing is lost between two looks."""

    def look(self, now_s: float) -> None:
        """Take in the present second."""
        for v in self._sumo.simulation.getArrivedIDList():
            self._followed.pop(v, None)
        self._road.refresh()
        seen: dict[str, list[_Seen]] = defaultdict(list)
        followed, lane_of, position_m_of = self._followed, self._road.lane, self._road.position_m
        for v in self._road.list_vehicles():
            known = followed.get(v)
            if known is None:
                known = followed[v] = _Followed(is_unseen=self._faults.miss > 0 and self._faults.is_unseen(v))
            if known.is_unseen or (now_s < known.again_s and known.crosses < 0):
                continue
            lane = lane_of(v)
            if lane != known.lane or now_s >= known.stale_s:
                self._ask(v, known, lane, now_s)
                distance_m = known.distance_m
            else:
                distance_m = known.distance_m - (position_m_of(v) - known.position_m)
            if known.crosses >= 0:
                self._add_inside(v, known, seen)
            if distance_m > RANGE_M:
                known.again_s = now_s + (distance_m - RANGE_M) / _FASTEST_MPS
            elif known.movement >= 0:
                seen[known.signal].append(self._measure(v, known, distance_m))
        for p, (signal, movement) in self._walkers.list_waiting():
            seen[signal].append((0.0, movement, 0.0, self._sumo.person.getWaitingTime(p), _OWN_LANE))
        self._seen = seen

    def source(self, signal: str, clock: Clock) -> SignalSensors:
        """The detections of one signal on its own clock, as a DetectorSource."""
        return SignalSensors(self, signal, self._sites[signal].intersection, clock)

    def read(self, signal: str, intersection: Intersection, at_s: float) -> Detections:
        """What is seen at one signal. Sorted by all that is known, so that no order of SUMO's shows."""
        seen = sorted(self._seen.get(signal, ()))
        distance_m, movement, speed_mps, delay_s, lane = zip(*seen, strict=True) if seen else ((), (), (), (), ())
        exit_of = self._road.exit
        exits = [exit_of(lane.id) for lane in intersection.exits]
        count, halted, mean_mps = zip(*exits, strict=True) if exits else ((), (), ())
        return Detections(
            at_s=at_s,
            movement=np.array(movement, np.int64),
            distance_m=np.array(distance_m, np.float64),
            speed_mps=np.array(speed_mps, np.float64),
            delay_s=np.array(delay_s, np.float64),
            exit_count=np.array(count, np.int64),
            exit_halted=np.array(halted, np.int64),
            exit_speed_mps=np.array(mean_mps, np.float64),
            volume=self._volume[signal].copy(),
            lane=np.array(lane, np.int64),
        )

    def _ask(self, v: str, known: _Followed, lane: str, now_s: float) -> None:
        """Which signal, link and distance lie ahead, of a vehicle on another lane or long not asked."""
        came_in = lane.startswith(_INSIDE) and known.lane in self._lane_of.get(known.signal, {})
        before, was = (known.signal, known.movement), known.lane
        known.lane, known.position_m = lane, self._road.position_m(v)
        known.again_s, known.stale_s, known.movement = float("-inf"), now_s + _ASK_AGAIN_S, -1
        following = self._road.next_signals(v)
        if following:
            known.signal, number, known.distance_m, _ = following[0]
            choices = self._movements_of.get(known.signal, {}).get(number, _NOBODY)
            known.movement = choices[0] if len(choices) == 1 else self._choose(v, known.signal, choices, lane)
        else:
            known.again_s, known.signal, known.distance_m = known.stale_s, "", 0.0
        if came_in and before != (known.signal, known.movement):
            known.crossed, known.crosses = before
        elif not _is_same_junction(lane, was):
            known.crosses = -1

    def _choose(self, v: str, signal: str, choices: tuple[int, ...], lane: str) -> int:
        """Which of the movements that one lamp serves: the way that the route goes, from the lane where it stands."""
        if not choices:
            return -1
        crossing = self._sites[signal].intersection
        on_lane = [m for m in choices if crossing.entries[crossing.movements[m].entry].id == lane] or choices
        route = self._sumo.vehicle.getRoute(v)[max(0, self._sumo.vehicle.getRouteIndex(v)) :]
        for step in pairwise(route):
            for m in on_lane:
                entry, out = crossing.entries[crossing.movements[m].entry], crossing.exits[crossing.movements[m].exit]
                if step == (edge_of(entry.id), edge_of(out.id)):
                    return m
        return on_lane[0]

    def _add_inside(self, v: str, known: _Followed, seen: Mapping[str, list[_Seen]]) -> None:
        """One who stands inside the junction, if he waits there for a gap."""
        speed_mps = self._road.speed_mps(v)
        if speed_mps >= _CREEPS_MPS:
            return
        lamps = self._sumo.trafficlight.getRedYellowGreenState(known.crossed)
        if lamps[self._sites[known.crossed].links[known.crosses]] == _PERMITTED:
            seen[known.crossed].append((0.0, known.crosses, speed_mps, self._road.waiting_s(v), _OWN_LANE))

    def _measure(self, v: str, known: _Followed, distance_m: float) -> _Seen:
        """Pace and place of a vehicle in sight; at its first sight it is counted."""
        signal, movement = known.signal, known.movement
        if known.counted_at != signal:
            known.counted_at = signal
            self._volume[signal][movement] += 1
        speed_mps = self._road.speed_mps(v)
        if speed_mps >= HALTED_MPS:
            return distance_m, movement, speed_mps, 0.0, _OWN_LANE
        stands_on = _OWN_LANE
        if distance_m < _NEAR_LINE_M:
            stands_on = self._lane_of[signal].get(known.lane, _OWN_LANE)
            stands_on = _OWN_LANE if stands_on == self._entry_of[signal][movement] else stands_on
        return distance_m, movement, speed_mps, self._road.waiting_s(v), stands_on


def _is_same_junction(lane: str, other: str) -> bool:
    """Whether both are ways through one junction; SUMO names them ``:JUNCTION_way_lane``."""
    return lane.startswith(_INSIDE) and lane.rsplit("_", 2)[0] == other.rsplit("_", 2)[0]


def _list_movements(site: Site) -> dict[int, tuple[int, ...]]:
    """The movements that each lamp serves: several share one where a lane fans out, or two lanes have one head."""
    found: dict[int, tuple[int, ...]] = {}
    for m, number in enumerate(site.links):
        found[number] = (*found.get(number, ()), m)
    return found


class SignalSensors:
    """One signal's view; implements ``DetectorSource``."""

    def __init__(self, sensors: IdealSensors, signal: str, intersection: Intersection, clock: Clock) -> None:
        self._sensors, self._signal, self._intersection, self._clock = sensors, signal, intersection, clock

    def read(self) -> Detections:
        """What is seen now."""
        return self._sensors.read(self._signal, self._intersection, self._clock.now_s())
