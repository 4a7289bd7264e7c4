"""What a watcher of a running simulation sees every 30 simulated seconds, measured as the result will be.

Waiting counts as in the final figures: seconds below 0.1 m/s plus seconds of waiting to enter the net, over
all vehicles that were due. Emissions are sampled every 10 s and are an estimate until the run has ended.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

REPORT_EVERY_S = 30.0
_EMISSION_EVERY_S = 10.0
_HALTED_MPS = 0.1  # SUMO's own threshold for waitingTime


@dataclass(frozen=True, slots=True)
class RunProgress:
    """A run so far. ``waiting_s`` and ``travel_time_s`` are means per loaded vehicle."""

    sim_s: float
    begin_s: float
    end_s: float
    loaded: int
    arrived: int
    running: int
    waiting_s: float
    travel_time_s: float
    co2_kg: float


class ProgressMeter:
    """Adds up one simulation second by second."""

    def __init__(
        self, sumo: Any, begin_s: float, end_s: float, step_s: float, report: Callable[[RunProgress], None]
    ) -> None:
        self._sumo, self._begin_s, self._end_s, self._step_s, self._report = sumo, begin_s, end_s, step_s, report
        self._departed = self._arrived = self._pending = self._running = 0
        self._waiting_s = self._travel_s = self._co2_kg = 0.0
        self._next_report_s = begin_s + REPORT_EVERY_S
        self._next_emission_s = begin_s + _EMISSION_EVERY_S

    def after_step(self, now_s: float) -> None:
        """Count what the step that has just ended brought."""
        simulation, vehicle = self._sumo.simulation, self._sumo.vehicle
        self._departed += simulation.getDepartedNumber()
        self._arrived += simulation.getArrivedNumber()
        self._pending = len(simulation.getPendingVehicles())
        ids = vehicle.getIDList()
        self._running = len(ids)
        halted = sum(vehicle.getSpeed(v) < _HALTED_MPS for v in ids)
        self._waiting_s += (halted + self._pending) * self._step_s
        self._travel_s += (len(ids) + self._pending) * self._step_s
        if now_s >= self._next_emission_s:
            self._next_emission_s += _EMISSION_EVERY_S
            self._co2_kg += sum(vehicle.getCO2Emission(v) for v in ids) * _EMISSION_EVERY_S / 1e6  # mg/s
        if now_s >= self._next_report_s:
            self._next_report_s += REPORT_EVERY_S
            self.report(now_s)

    def report(self, now_s: float) -> None:
        """Tell the watcher how things stand."""
        loaded = self._departed + self._pending
        per_vehicle = 1.0 / max(1, loaded)
        self._report(
            RunProgress(
                sim_s=now_s,
                begin_s=self._begin_s,
                end_s=self._end_s,
                loaded=loaded,
                arrived=self._arrived,
                running=self._running,
                waiting_s=self._waiting_s * per_vehicle,
                travel_time_s=self._travel_s * per_vehicle,
                co2_kg=self._co2_kg,
            )
        )
