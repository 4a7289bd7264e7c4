"""Where a simulation's cabinets come from: in the process, or behind drivers and sockets (``signals.rig``)."""

from __future__ import annotations

from typing import Protocol

from signals.cabinet import Cabinet
from signals.model import Intersection, Lamp
from signals.ports import Capabilities, Clock, SignalState
from signals.safety.command import SafeCommand
from signals.timing_plan import TimingPlan


class SimulatedCabinet(Protocol):
    """A cabinet whose lamps SUMO shows and whose time the simulation lets pass; a ``GuardedController``."""

    @property
    def capabilities(self) -> Capabilities:
        """What it can do."""
        ...

    def read_state(self) -> SignalState:
        """What it shows now."""
        ...

    def apply(self, command: SafeCommand) -> None:
        """Take a command; it counts from this second."""
        ...

    def list_lamps(self) -> tuple[Lamp, ...]:
        """What every movement is shown now."""
        ...

    def tick(self, seconds: float) -> None:
        """Let time pass."""
        ...


class CabinetRack(Protocol):
    """Makes cabinets."""

    def fit(self, intersection: Intersection, plan: TimingPlan) -> TimingPlan:
        """The plan as these cabinets can play it.

        Raises:
            PlanNotReadable: they cannot.
        """
        ...

    def build(self, intersection: Intersection, plan: TimingPlan, clock: Clock) -> SimulatedCabinet:
        """A cabinet for one signal, under a plan that fits."""
        ...


class InProcessRack:
    """Cabinets that take commands without a wire between; ``capabilities`` are theirs."""

    def __init__(self, capabilities: Capabilities | None = None) -> None:
        self._capabilities = capabilities or Capabilities()

    def fit(self, intersection: Intersection, plan: TimingPlan) -> TimingPlan:
        """They play every plan."""
        del intersection
        return plan

    def build(self, intersection: Intersection, plan: TimingPlan, clock: Clock) -> SimulatedCabinet:
        """One that starts now."""
        del intersection
        return Cabinet(plan, capabilities=self._capabilities, clock_s=clock.now_s())
