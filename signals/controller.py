"""The adaptive controller of one intersection: predict, schedule, ask for a command, once a second.

Pure: it sees detections and the cabinet's state, and asks for hold or advance. ``LoopController`` puts an estimator
before it (or before any rival) where there are only loops. ``build_supervisor`` puts it behind the guard, with a
clock, and that loop never raises: on trouble it releases to the local plan.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from typing import Any, Self

import numpy as np

from signals.coordination.conversation import Conversation
from signals.coordination.degraded import Degradation, DegradedModes
from signals.coordination.guidance import BandWindow, list_guides
from signals.model import Intersection, IntervalKind
from signals.ports import (
    NOBODY_ENTERED,
    Advance,
    Capabilities,
    Clock,
    Command,
    DecisionMaker,
    Detections,
    DetectorSource,
    Estimator,
    Hold,
    Readings,
    Release,
    SignalState,
)
from signals.prediction.arrivals import predict_arrivals
from signals.prediction.flows import FlowMeter, add_expected
from signals.prediction.queues import find_stuck
from signals.prediction.storage import StorageGuard
from signals.safety.command import GuardedController
from signals.safety.guard import Guard
from signals.safety.supervisor import Supervisor
from signals.scheduling.futures import build_workspace
from signals.scheduling.problem import Settings, build_layout, build_traffic
from signals.scheduling.schedule import to_schedule
from signals.scheduling.search import search_changes
from signals.timing_plan import TimingPlan

_EPSILON_S = 1e-6
_ASK_TRUST_EVERY_S = 5.0


@dataclass(frozen=True, slots=True)
class ControllerSettings:
    """What a bureau or a tuner may set; ``search`` has the parameters of the schedule search.

    The switches exist for ablations: each takes one idea away. ``promise_trust``: how far the neighbours' plans shape
    the arrivals expected beyond sight, 0 for an even flow, 1 for the plans alone.
    """

    search: Settings = field(default_factory=Settings)
    uses_neighbours: bool = True
    promise_trust: float = 0.0  # did not pay on most maps: cologne3 and ingolstadt21 wait longer with 0.5
    uses_bands: bool = True
    uses_storage_guard: bool = True
    uses_learning: bool = True
    adds_stages: bool = True  # read where the plan is built

    def with_values(self, values: Mapping[str, Any]) -> Self:
        """Other values by name, of these settings or of the search's.

        Raises:
            ValueError: a name that neither has.
        """
        own = {f.name for f in fields(self)} - {"search"}
        if unknown := sorted(set(values) - own - set(Settings._fields)):
            raise ValueError(f"the adaptive controller has no parameter {unknown[0]!r}")
        search = self.search._replace(**{k: v for k, v in values.items() if k not in own})
        return replace(self, search=search, **{k: v for k, v in values.items() if k in own})


class AdaptiveController:
    """Plans anew each second of green; implements ``DecisionMaker``."""

    def __init__(
        self,
        intersection: Intersection,
        plan: TimingPlan,
        capabilities: Capabilities | None = None,
        settings: ControllerSettings | None = None,
        conversation: Conversation | None = None,
        bands: Sequence[BandWindow] = (),
    ) -> None:
        self._intersection, self._plan = intersection, plan
        self._switches = settings or ControllerSettings()
        is_talking = self._switches.uses_neighbours and self._switches.promise_trust > 0
        self._conversation = conversation if is_talking else None  # what loops count is told by ``LoopController``
        self._bands = tuple(bands) if self._switches.uses_bands else ()
        self._settings = self._switches.search
        can_skip = (capabilities or Capabilities()).can_skip
        self._layout = build_layout(intersection, plan, can_skip=can_skip)
        self._space = build_workspace(self._layout, self._settings)
        self._flows = FlowMeter()
        self._storage = StorageGuard(intersection, is_on=self._switches.uses_storage_guard)
        self._anywhere = np.ones(len(plan.stages), np.bool_)
        self._line = ""

    def decide(self, detections: Detections, state: SignalState) -> Command:
        """Hold, or advance to the stage that the best schedule has next, if it starts now."""
        self._line = ""
        if self._conversation is None:
            return self._choose(detections, state)
        self._conversation.listen(detections.at_s)
        command = self._choose(detections, state)
        self._conversation.tell(detections)
        return command

    def _choose(self, detections: Detections, state: SignalState) -> Command:
        self._flows.take(detections)
        minimum_s = self._plan.timings[state.stage].min_green_s
        if state.interval is not IntervalKind.GREEN or state.elapsed_s < minimum_s - _EPSILON_S:
            return Hold()
        if len(detections.movement) == 0:
            return Hold()
        arrivals = predict_arrivals(self._intersection, detections)
        if self._settings.expected_share > 0:
            expected_per_s = self._settings.expected_share * self._flows.find_flows(detections)
            horizon_s = self._settings.horizon_s
            if self._conversation is None:
                arrivals = add_expected(self._intersection, arrivals, expected_per_s, horizon_s, detections.sight_m)
            else:
                arrivals = self._conversation.expect(
                    arrivals, detections, expected_per_s, horizon_s, self._switches.promise_trust
                )
        room = self._storage.find_room(detections)
        stuck = find_stuck(self._intersection, self._plan.stages[state.stage], state, detections)
        learned = detections.learned if self._switches.uses_learning else None
        traffic = build_traffic(
            arrivals,
            room <= 0,
            stuck,
            self._intersection,
            self._settings,
            learned=learned,
            room=room,
            guide_s=list_guides(self._bands, len(self._plan.stages), detections.at_s) if self._bands else None,
        )
        green_s = round(state.elapsed_s)
        is_plan_told = self._conversation is not None  # else nothing but this second's decision matters
        changes, _ = search_changes(
            self._layout, traffic, self._settings, self._space, state.stage, green_s, self._anywhere, not is_plan_told
        )
        if self._conversation is not None:
            self._conversation.plan(self._layout, traffic, self._settings, self._space, state.stage, green_s, changes)
        if len(changes) == 0 or changes[0, 0] > 0:
            return Hold()
        self._line = str(to_schedule(changes, state.stage, green_s, self._settings.horizon_s, self._plan))
        return Advance(int(changes[0, 1]))

    def explain(self) -> str:
        """The schedule that led to the last change."""
        return self._line


class LoopController:
    """A decision maker that sees only loops: an estimator before any maker of decisions.

    With a ``conversation``, neighbours tell of vehicles that have left towards us, and are told of ours. ``trust``
    says how far the detectors of each approach can be believed; with too few of them, the local plan takes over.
    """

    def __init__(
        self,
        estimator: Estimator,
        maker: DecisionMaker[Detections],
        conversation: Conversation | None = None,
        trust: Callable[[], Sequence[float]] = tuple,
    ) -> None:
        self._estimator, self._maker, self._conversation, self._trust = estimator, maker, conversation, trust
        self._modes = DegradedModes()
        self._believed: Sequence[float] = ()
        self._asked_s = float("-inf")

    def decide(self, readings: Readings, state: SignalState) -> Command:
        """Estimate who is where, then let the maker decide; without an estimate the local plan runs."""
        talk, entered = self._conversation, NOBODY_ENTERED
        silent: Sequence[str] = ()
        if talk is not None:
            talk.listen(readings.at_s)
            talk.count(readings)
            entered, silent = talk.entered(), talk.neighbours.list_silent()
        try:
            seen = self._estimator.estimate(readings, state, entered)
        except Exception as error:  # noqa: BLE001  (no exception crosses the control loop: it means the local plan)
            failure = f"{type(error).__name__}: {error}"
            self._modes.judge(readings.at_s, silent, self._believed, failure)
            return Release(failure)
        if not 0 <= readings.at_s - self._asked_s < _ASK_TRUST_EVERY_S:
            self._believed, self._asked_s = self._trust(), readings.at_s
        mode = self._modes.judge(readings.at_s, silent, self._believed)
        command = self._maker.decide(seen, state)
        if talk is not None:
            talk.tell(seen)
        return Release(mode.name) if mode is Degradation.LOCAL_PLAN else command

    def explain(self) -> str:
        """A change of mode, else the maker's last decision."""
        return self._modes.note or self._maker.explain()


def build_supervisor(
    intersection: Intersection,
    plan: TimingPlan,
    source: DetectorSource[Detections],
    signal: GuardedController,
    clock: Clock,
) -> Supervisor[Detections]:
    """The whole loop for one intersection: sense, predict, schedule, guard, command."""
    maker = AdaptiveController(intersection, plan, signal.capabilities)
    return Supervisor(maker, source, signal, Guard(intersection, plan, signal.capabilities), clock)
