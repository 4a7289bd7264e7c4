"""One running simulation: before each step our controllers decide, and the cabinets' lamps are shown.

``fixed`` and ``actuated`` are SUMO's own programs and need nothing here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from types import MappingProxyType, TracebackType
from typing import Any, Protocol, Self, TextIO

from signals.baselines.max_pressure import MaxPressure, MaxPressureSettings
from signals.baselines.parameters import with_values
from signals.baselines.surtrac import Surtrac, SurtracSettings
from signals.controller import AdaptiveController, ControllerSettings, LoopController
from signals.coordination.conversation import Conversation
from signals.coordination.guidance import BandWindow
from signals.coordination.streets import list_addresses
from signals.detectors.estimator import LoopEstimator
from signals.model import Detector, Intersection, Lamp
from signals.ports import Capabilities, Clock, DecisionMaker, Detections, DetectorSource
from signals.safety.guard import Guard, PlanRefused
from signals.safety.supervisor import StepReport, Supervisor
from signals.simulation.faults import NO_FAULTS, SkewedClock
from signals.simulation.loops import VIDEO_MISS, LoopSensors
from signals.simulation.mail import Mail
from signals.simulation.network import Site
from signals.simulation.programs import Program
from signals.simulation.racks import SimulatedCabinet
from signals.simulation.request import RunRequest
from signals.simulation.sensing import IdealSensors
from signals.simulation.shipped_plan import PlanNotReadable, build_plan, to_state
from signals.simulation.survey import Survey
from signals.timing_plan import TimingPlan

_EPSILON_S = 1e-6


@dataclass(frozen=True, slots=True)
class Post:
    """What a decision maker is given at one signal; ``parameters`` are those of the run, by name.

    ``detectors`` is empty with ideal sensing; ``conversation`` is None where neighbours are switched off.
    """

    intersection: Intersection
    plan: TimingPlan
    parameters: Mapping[str, Any]
    detectors: tuple[Detector, ...]
    conversation: Conversation | None
    clock: Clock
    bands: tuple[BandWindow, ...] = ()
    capabilities: Capabilities = field(default_factory=Capabilities)


def _build_max_pressure(post: Post) -> DecisionMaker[Detections]:
    settings = with_values(MaxPressureSettings(), post.parameters, "the controller max_pressure")
    return MaxPressure(post.intersection, post.plan, settings)


def _build_surtrac(post: Post) -> DecisionMaker[Detections]:
    settings = with_values(SurtracSettings(), post.parameters, "the controller surtrac")
    return Surtrac(post.intersection, post.plan, settings)


def _build_adaptive(post: Post) -> DecisionMaker[Detections]:
    settings = ControllerSettings().with_values(post.parameters)
    return AdaptiveController(post.intersection, post.plan, post.capabilities, settings, post.conversation, post.bands)


MAKERS: Mapping[str, Callable[[Post], DecisionMaker[Detections]]] = MappingProxyType(
    {"max_pressure": _build_max_pressure, "surtrac": _build_surtrac, "adaptive": _build_adaptive}
)


class Sensors(Protocol):
    """What stands between SUMO and the controllers' detector sources."""

    def after_step(self, now_s: float) -> None:
        """Gather what a step brought."""
        ...

    def look(self, now_s: float) -> None:
        """End a second of gathering; the sources tell it until the next one."""
        ...

    def source(self, signal: str, clock: Clock) -> DetectorSource[Any]:
        """What one signal's controller reads."""
        ...


def _build_sensors(sumo: Any, request: RunRequest, survey: Survey) -> Sensors:
    is_direct, faults = request.connection == "libsumo", request.faults or NO_FAULTS
    if request.sensing == "ideal":
        return IdealSensors(sumo, survey.sites, is_direct=is_direct, faults=faults)
    return LoopSensors(
        sumo,
        survey.sites,
        survey.detectors,
        is_direct=is_direct,
        step_s=request.scenario.step_s,
        faults=faults,
        miss=VIDEO_MISS if request.sensing == "video" else 0.0,
    )


@dataclass(slots=True)
class _Signal:
    id: str
    site: Site
    cabinet: SimulatedCabinet
    supervisor: Supervisor[Any]
    length: int
    shown: tuple[Lamp, ...] = ()


class Session:
    """A simulation with its controllers attached; also the clock that they read."""

    def __init__(self, sumo: Any, request: RunRequest, survey: Survey) -> None:
        scenario, controller = request.scenario, request.controller
        self._sumo, self._request, self._scenario = sumo, request, scenario
        self._survey, self._faults = survey, request.faults or NO_FAULTS
        self._out_dir = request.out_dir
        self._time_s: float = sumo.simulation.getTime()
        self._next_control_s = self._time_s
        self._interval_s = max(request.control_every_s, scenario.step_s)
        self._open = ExitStack()
        self._decisions: TextIO | None = None
        self._signals: list[_Signal] = []
        self.notes: dict[str, str] = {}
        if controller in MAKERS:
            self._sensors = _build_sensors(sumo, request, survey)
            self._mail = Mail(list_addresses(survey.streets), self._faults)
            self._bands = self._find_bands()
            for signal, site in survey.sites.items():
                self._attach(signal, site, survey.programs[signal], MAKERS[controller])

    def __enter__(self) -> Self:
        if self._signals:
            self._decisions = self._open.enter_context((self._out_dir / "decisions.txt").open("w", encoding="utf-8"))
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._open.close()

    def now_s(self) -> float:
        """Simulated seconds; the ``Clock`` of the controllers."""
        return self._time_s

    def step(self) -> None:
        """Control where a second is due, then let one step of traffic pass."""
        if self._signals and self._time_s >= self._next_control_s - _EPSILON_S:
            self._next_control_s += self._interval_s
            self._control()
        self._sumo.simulationStep()
        self._time_s = self._sumo.simulation.getTime()
        if self._signals:
            self._sensors.after_step(self._time_s)

    def _attach(
        self, signal: str, site: Site, program: Program, build: Callable[[Post], DecisionMaker[Detections]]
    ) -> None:
        """Put a signal under control; where its program or plan does not allow it, it stays as shipped."""
        try:
            plan = self._build_plan(site, program)
            plan = self._request.rack.fit(site.intersection, plan)
            cabinet = self._request.rack.build(site.intersection, plan, self)
            guard = Guard(site.intersection, plan, cabinet.capabilities)
        except (PlanNotReadable, PlanRefused) as error:
            self.notes[signal] = f"stays as shipped: {error}"
            return
        clock = SkewedClock(self, self._faults.skew_s(signal)) if self._faults.clock_skew_s > 0 else self
        detectors = tuple(placed.detector for placed in self._survey.detectors.get(signal, ()))
        parameters, crossing = self._request.parameters, site.intersection
        conversation = None
        if parameters.get("uses_neighbours", True):
            conversation = Conversation(crossing, self._survey.streets, self._mail.link(signal), detectors)
        maker: DecisionMaker[Any] = build(
            Post(
                crossing,
                plan,
                parameters,
                detectors,
                conversation,
                clock,
                self._bands.get(signal, ()),
                cabinet.capabilities,
            )
        )
        if detectors:
            estimator = LoopEstimator(crossing, plan, detectors)
            maker = LoopController(estimator, maker, conversation, estimator.list_trust)
        supervisor = Supervisor(maker, self._sensors.source(signal, clock), cabinet, guard, clock)
        self._signals.append(_Signal(signal, site, cabinet, supervisor, len(program.displays[0].state)))

    def _build_plan(self, site: Site, program: Program) -> TimingPlan:
        adds_stages = self._request.parameters.get("adds_stages", ControllerSettings().adds_stages)
        return build_plan(site, program, self._scenario, adds_stages=adds_stages)

    def _find_bands(self) -> Mapping[str, tuple[BandWindow, ...]]:
        """The green bands, where a run gives them any weight."""
        parameters = self._request.parameters
        if not parameters.get("uses_bands", True) or parameters.get("guide_cost", 0.0) <= 0:
            return {}
        from signals.simulation.bands import build_bands  # noqa: PLC0415  (ortools takes a second to import)

        plans = {}
        for signal, site in self._survey.sites.items():
            with suppress(PlanNotReadable):
                plans[signal] = self._build_plan(site, self._survey.programs[signal])
        return build_bands(self._scenario, self._survey.sites, plans, self._out_dir, self._request.demand_scale)

    def _control(self) -> None:
        self._mail.deliver(self._time_s)
        self._sensors.look(self._time_s)
        for signal in self._signals:
            report = signal.supervisor.step()
            self._write(signal.id, report)
            lamps = signal.cabinet.list_lamps()
            if lamps != signal.shown:
                self._sumo.trafficlight.setRedYellowGreenState(signal.id, to_state(lamps, signal.site, signal.length))
                signal.shown = lamps
            signal.cabinet.tick(self._interval_s)

    def _write(self, signal: str, report: StepReport) -> None:
        if report.trouble:
            self.notes.setdefault(signal, f"released to its local plan at {self._time_s:g} s: {report.trouble}")
        if self._decisions is None:
            return
        if report.refusal and report.refusal.code not in {"in_clearance", "min_green"}:
            self._decisions.write(
                f"{self._time_s:.0f} {signal} refused {report.refusal.code}: {report.refusal.message}\n"
            )
        elif report.line:
            self._decisions.write(f"{self._time_s:.0f} {signal} {report.line}\n")
