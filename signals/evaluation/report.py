"""What an evaluation found: every run, estimates per controller, paired changes, and what must be shouted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from signals.evaluation.statistics import Estimate, PairedChange, compare, estimate
from signals.measures.audit import Audit
from signals.measures.tripinfo import Measures
from signals.simulation.run import CONTROLLERS

# the measures of the report, in its order
MEASURES = (
    "waiting_s",
    "time_loss_s",
    "travel_time_s",
    "stops",
    "co2_kg",
    "nox_g",
    "fuel_kg",
    "unserved",
    "teleports",
    "safety_violations",
    "waiting_on_road_s",
    "p95_waiting_s",
    "max_waiting_s",
    "loaded",
    "not_due",
    "collisions",
    "emergency_stops",
)
# those that are compared with a baseline; counts such as teleports are shouted instead
PAIRED = (*MEASURES[:7], "p95_waiting_s", "max_waiting_s")
_SHOWN_VIOLATIONS = 20


@dataclass(frozen=True, slots=True)
class RunResult:
    """One simulation: its measures, its audit, what could not be controlled (by signal), its wall time."""

    controller: str
    seed: int
    measures: Measures
    audit: Audit
    notes: Mapping[str, str]
    wall_s: float

    def get_value(self, measure: str) -> float:
        """A measure of the report."""
        if measure == "safety_violations":
            return float(len(self.audit.violations))
        return float(getattr(self.measures, measure))


@dataclass(frozen=True, slots=True)
class EvaluationReport:
    """Controllers and seeds are in the order asked for; ``runs`` holds every pair of them."""

    scenario: str
    controllers: tuple[str, ...]
    seeds: tuple[int, ...]
    sensing: str
    runs: tuple[RunResult, ...]
    sumo_version: str
    cut_after_s: float | None = None

    def list_values(self, controller: str, measure: str) -> list[float]:
        """One value per seed, in the order of the seeds."""
        by_seed = {run.seed: run.get_value(measure) for run in self.runs if run.controller == controller}
        return [by_seed[seed] for seed in self.seeds]

    def get_estimate(self, controller: str, measure: str) -> Estimate:
        """Mean and interval of a measure."""
        return estimate(self.list_values(controller, measure))

    def get_change(self, controller: str, baseline: str, measure: str) -> PairedChange:
        """The paired change of a measure against another controller."""
        return compare(self.list_values(controller, measure), self.list_values(baseline, measure))

    def list_baselines(self) -> tuple[str, ...]:
        """The first controller; then, where it is another, the shipped kind that waits least."""
        shipped = [name for name in self.controllers if not CONTROLLERS[name].is_ours]
        best = min(shipped, key=lambda name: self.get_estimate(name, "waiting_s").mean, default=None)
        first = self.controllers[0]
        return (first,) if best in (None, first) else (first, str(best))

    def list_notices(self) -> tuple[str, ...]:
        """What must not be overlooked: vehicles not served, teleports, collisions, unsafe signals."""
        notices = []
        for name in self.controllers:
            runs = [run for run in self.runs if run.controller == name]
            notices += _list_notices(name, runs, self.cut_after_s)
        return tuple(notices)

    def to_json(self) -> dict[str, Any]:
        """The report for machines; every measure is ``{"mean", "ci95": [low, high], "per_seed"}``."""
        return {
            "scenario": self.scenario,
            "seeds": list(self.seeds),
            "sensing": self.sensing,
            "controllers": {
                name: {measure: self.get_estimate(name, measure).to_json() for measure in MEASURES}
                for name in self.controllers
            },
            "titles": {name: CONTROLLERS[name].title for name in self.controllers},
            "paired": [
                {
                    "controller": name,
                    "against": baseline,
                    **{m: self.get_change(name, baseline, m).to_json() for m in PAIRED},
                }
                for baseline in self.list_baselines()
                for name in self.controllers
                if name != baseline
            ],
            "notices": list(self.list_notices()),
            "violations": [
                {"controller": run.controller, "seed": run.seed, "what": str(violation)}
                for run in self.runs
                for violation in run.audit.violations[:_SHOWN_VIOLATIONS]
            ],
            "audited": {
                name: _describe_audit([run.audit for run in self.runs if run.controller == name])
                for name in self.controllers
            },
            "wall_s": {f"{run.controller}/{run.seed}": round(run.wall_s, 1) for run in self.runs},
            "cut_after_s": self.cut_after_s,
            "sumo_version": self.sumo_version,
        }


def _describe_audit(audits: Sequence[Audit]) -> dict[str, float]:
    """How much was looked at: an audit of nothing finds nothing."""
    return {
        "signals": audits[0].signals,
        "conflicts": audits[0].conflicts,
        "greens": sum(audit.greens for audit in audits),
        "recorded_s": sum(audit.recorded_s for audit in audits),
    }


def _list_notices(controller: str, runs: Sequence[RunResult], cut_after_s: float | None) -> list[str]:
    notices = []
    unserved = sum(run.measures.unserved for run in runs)
    loaded = sum(run.measures.loaded for run in runs)
    if unserved:
        why = f"when the run was cut off after {cut_after_s:g} s" if cut_after_s else "when the run ended"
        notices.append(f"{controller}: {unserved} of {loaded} vehicles had not arrived {why}; their delay is charged.")
    if teleports := sum(run.measures.teleports for run in runs):
        notices.append(f"{controller}: {teleports} teleports: SUMO took stuck vehicles off the road; this flatters it.")
    if collisions := sum(run.measures.collisions for run in runs):
        notices.append(f"{controller}: {collisions} collisions.")
    if (not_due := sum(run.measures.not_due for run in runs)) and cut_after_s is None:
        notices.append(f"{controller}: {not_due} vehicles were due only after the run's end and are not counted.")
    violations = Counter(v.rule.value for run in runs for v in run.audit.violations)
    if violations:
        kinds = ", ".join(f"{count} {rule}" for rule, count in violations.most_common())
        notices.append(f"{controller}: UNSAFE: {violations.total()} safety violations ({kinds}).")
    for signal, reason in sorted({item for run in runs for item in run.notes.items()}):
        notices.append(f"{controller}: signal {signal}: {reason}.")
    return notices
