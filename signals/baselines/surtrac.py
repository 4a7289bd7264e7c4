"""Schedule-driven control in the style published for Surtrac: the rival that plans phases, not lanes.

Sources: Xie, Smith, Lu, Barlow (TR-C 2012, ICAPS 2012). Vehicles become clusters by phase, the standing queue one
cluster that anticipates who will join it; the clusters are scheduled each second over the sensed approach. Each
movement belongs to one phase, the method's known weak point; here, as a fair implementer would, to one that protects
it where there is one, and to the running phase whenever that protects it. No neighbours' outflows are used.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from signals.baselines.phase_schedule import schedule_clusters
from signals.model import Intersection, IntervalKind, Lamp, RoadUser
from signals.ports import Advance, Command, Detections, FloatArray, Hold, IntArray, SignalState
from signals.prediction.arrivals import LaneArrivals, predict_arrivals
from signals.timing_plan import TimingPlan

_MAX_STATES = 4000
_EPSILON_S = 1e-6


@dataclass(frozen=True, slots=True)
class SurtracSettings:
    """The method's parameters; the defaults are the best of those tried on training seeds of four RESCO maps."""

    headway_s: float = field(default=1.7, metadata={"least": 1.0, "most": 4.0})
    startup_loss_s: float = field(default=1.5, metadata={"most": 5.0})
    cluster_gap_s: float = field(default=1.5, metadata={"least": 0.5, "most": 10.0})
    permitted_factor: float = field(default=1.3, metadata={"least": 1.0, "most": 5.0})
    interruption_s: float = field(default=0.0, metadata={"most": 60.0})
    max_clusters: int = field(default=6, metadata={"least": 1, "most": 12})


@dataclass(slots=True)
class _Cluster:
    arrival_s: float
    last_s: float
    load: dict[int, float]
    vehicles: int

    def add(self, lane: int, at_s: float, headway_s: float) -> None:
        self.last_s = at_s
        self.load[lane] = self.load.get(lane, 0.0) + headway_s
        self.vehicles += 1

    def end_s(self) -> float:
        return max(self.last_s, self.arrival_s + max(self.load.values()))


class Surtrac:
    """Decides for one intersection; implements ``DecisionMaker``."""

    def __init__(self, intersection: Intersection, plan: TimingPlan, settings: SurtracSettings | None = None) -> None:
        self._intersection, self._plan, self._settings = intersection, plan, settings or SurtracSettings()
        self._home = np.array([_find_home(plan, m.index) for m in intersection.movements], np.int64)
        size = len(plan.stages)
        self._min_s = np.array([t.min_green_s for t in plan.timings])
        self._max_s = np.array([t.max_green_s for t in plan.timings])
        self._change_s = np.array(
            [[plan.transition_s(a, b) if a != b else 0.0 for b in range(size)] for a in range(size)]
        )
        self._line = ""

    def decide(self, detections: Detections, state: SignalState) -> Command:
        """Extend the running phase, or go to the phase of the schedule's first cluster."""
        self._line = ""
        minimum_s = self._plan.timings[state.stage].min_green_s
        if state.interval is not IntervalKind.GREEN or state.elapsed_s < minimum_s - _EPSILON_S:
            return Hold()
        clusters = self._list_clusters(predict_arrivals(self._intersection, detections), state.stage)
        count, arrival_s, duration_s, vehicles = _to_arrays(clusters, self._settings.max_clusters)
        phase, delay = schedule_clusters(
            count, arrival_s, duration_s, vehicles, state.stage, state.elapsed_s, self._min_s, self._max_s,
            self._change_s, self._settings.startup_loss_s, self._settings.interruption_s,
        )  # fmt: skip
        if phase in {-1, state.stage}:
            return Hold()
        self._line = f"S{state.stage} -> S{phase} {delay:.0f}"
        return Advance(phase)

    def explain(self) -> str:
        """The schedule's delay that led to the last change."""
        return self._line

    def _list_clusters(self, arrivals: LaneArrivals, running: int) -> list[list[_Cluster]]:
        """By phase in order of arrival; who arrives before a cluster has gone, or soon after its last, joins it."""
        shown = self._plan.stages[running]
        jobs: list[list[tuple[float, int, int, float]]] = [[] for _ in self._plan.stages]
        for lane in range(len(arrivals.count)):
            for k in range(int(arrivals.count[lane])):
                m = int(arrivals.movement[lane, k])
                phase = running if m in shown.protected else int(self._home[m])
                if phase < 0:
                    continue
                is_walker = self._intersection.movements[m].user is RoadUser.PEDESTRIAN
                is_protected = m in self._plan.stages[phase].protected
                headway_s = self._settings.headway_s * (1.0 if is_protected else self._settings.permitted_factor)
                jobs[phase].append((float(arrivals.arrival_s[lane, k]), lane, k, 0.1 if is_walker else headway_s))
        return [self._merge(sorted(phase_jobs)) for phase_jobs in jobs]

    def _merge(self, jobs: list[tuple[float, int, int, float]]) -> list[_Cluster]:
        clusters: list[_Cluster] = []
        for at_s, lane, _, headway_s in jobs:
            last = clusters[-1] if clusters else None
            if last is None or (at_s - last.last_s >= self._settings.cluster_gap_s and at_s > last.end_s()):
                last = _Cluster(at_s, at_s, {}, 0)
                clusters.append(last)
            last.add(lane, at_s, headway_s)
        return clusters


def _find_home(plan: TimingPlan, movement: int) -> int:
    """The phase that a movement belongs to: protected before permitted, of equals the longest in the local plan."""
    local_green_s = {step.stage: step.green_s for step in plan.sequence}
    by_lamp = [
        (stage.lamp(movement), local_green_s.get(stage.index, 0.0), -stage.index)
        for stage in plan.stages
        if stage.lamp(movement) > Lamp.YELLOW
    ]
    return -max(by_lamp)[2] if by_lamp else -1


def _to_arrays(clusters: list[list[_Cluster]], most: int) -> tuple[IntArray, FloatArray, FloatArray, FloatArray]:
    """The table's input; tails are merged so that it stays small."""
    while most > 1 and np.prod([min(most, len(row)) + 1 for row in clusters], dtype=np.float64) > _MAX_STATES:
        most -= 1
    shape = (len(clusters), most)
    count = np.array([min(most, len(row)) for row in clusters], np.int64)
    arrival_s, duration_s, vehicles = np.zeros(shape), np.zeros(shape), np.zeros(shape)
    for i, row in enumerate(clusters):
        for k, cluster in enumerate(row):
            at = min(k, most - 1)
            if k < most:
                arrival_s[i, at] = cluster.arrival_s
            end_s = max(arrival_s[i, at] + duration_s[i, at], cluster.arrival_s) + cluster.end_s() - cluster.arrival_s
            duration_s[i, at] = end_s - arrival_s[i, at]
            vehicles[i, at] += cluster.vehicles
    return count, arrival_s, duration_s, vehicles
