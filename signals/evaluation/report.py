"""What an evaluation found: every run, estimates per arm, paired changes, and what must be shouted.

The JSON's ``controllers`` are keyed by the arms' labels; where nothing else was asked for, these are the names.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from signals.evaluation.arm import Arm
from signals.evaluation.statistics import Estimate, PairedChange, compare, estimate
from signals.measures.audit import Audit
from signals.measures.tripinfo import Measures
from sumo_scenarios.manifest import TEST_SEEDS

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
    "total_time_h",
    "throughput",
    "speed_kmh",
    "free_flow_share",
    "pedestrians",
    "pedestrian_waiting_s",
    "p95_pedestrian_waiting_s",
)
# those that are compared with a baseline; counts such as teleports are shouted instead
PAIRED = (
    *MEASURES[:7], "p95_waiting_s", "max_waiting_s", "total_time_h", "throughput", "speed_kmh", "pedestrian_waiting_s",
    "p95_pedestrian_waiting_s",
)  # fmt: skip
_SHOWN_VIOLATIONS = 20


@dataclass(frozen=True, slots=True)
class RunResult:
    """One simulation: its measures, its audit, what could not be controlled (by signal), its wall time.

    ``details`` are what an inspector found, where the evaluation had one.
    """

    label: str
    seed: int
    measures: Measures
    audit: Audit
    notes: Mapping[str, str]
    wall_s: float
    details: Mapping[str, Any] = field(default_factory=dict)

    def get_value(self, measure: str) -> float:
        """A measure of the report."""
        if measure == "safety_violations":
            return float(len(self.audit.violations))
        return float(getattr(self.measures, measure))


@dataclass(frozen=True, slots=True)
class EvaluationReport:
    """Arms and seeds are in the order asked for; ``runs`` holds every pair of them."""

    scenario: str
    arms: tuple[Arm, ...]
    seeds: tuple[int, ...]
    runs: tuple[RunResult, ...]
    sumo_version: str
    cut_after_s: float | None = None

    @property
    def labels(self) -> tuple[str, ...]:
        """The arms by name."""
        return tuple(arm.label for arm in self.arms)

    @property
    def sensing(self) -> str:
        """How the arms see, or ``mixed``."""
        kinds = {arm.sensing for arm in self.arms}
        return kinds.pop() if len(kinds) == 1 else "mixed"

    def list_values(self, label: str, measure: str) -> list[float]:
        """One value per seed, in the order of the seeds."""
        by_seed = {run.seed: run.get_value(measure) for run in self.runs if run.label == label}
        return [by_seed[seed] for seed in self.seeds]

    def get_estimate(self, label: str, measure: str) -> Estimate:
        """Mean and interval of a measure."""
        return estimate(self.list_values(label, measure))

    def get_change(self, label: str, baseline: str, measure: str) -> PairedChange:
        """The paired change of a measure against another arm."""
        return compare(self.list_values(label, measure), self.list_values(baseline, measure))

    def find_best_conventional(self) -> str | None:
        """Of the controllers that are SUMO's own, the one that waits least."""
        conventional = [arm.label for arm in self.arms if not arm.is_ours]
        return min(conventional, key=lambda label: self.get_estimate(label, "waiting_s").mean, default=None)

    def list_baselines(self) -> tuple[str, ...]:
        """The first arm; then, where it is another, the best conventional one."""
        best, first = self.find_best_conventional(), self.labels[0]
        return (first,) if best in (None, first) else (first, str(best))

    def list_notices(self) -> tuple[str, ...]:
        """What must not be overlooked: vehicles not served, teleports, collisions, unsafe signals."""
        notices = []
        for arm in self.arms:
            runs = [run for run in self.runs if run.label == arm.label]
            notices += _list_notices(arm.label, runs, self.cut_after_s)
            if seen := sorted(set(arm.training_seeds) & set(self.seeds)):
                notices.append(
                    f"{arm.label}: its parameters were chosen on the seeds {', '.join(map(str, seen))}, which are "
                    f"evaluated here: no evidence. Test seeds are {TEST_SEEDS[0]} to {TEST_SEEDS[-1]}."
                )
        return tuple(notices)

    def to_json(self) -> dict[str, Any]:
        """The report for machines; every measure is ``{"mean", "ci95": [low, high], "per_seed"}``."""
        return {
            "scenario": self.scenario,
            "seeds": list(self.seeds),
            "sensing": self.sensing,
            "controllers": {
                name: {measure: self.get_estimate(name, measure).to_json() for measure in MEASURES}
                for name in self.labels
            },
            "titles": {arm.label: arm.title.replace("\n", ", ") for arm in self.arms},
            "arms": [arm.to_json() for arm in self.arms],
            "paired": [
                {
                    "controller": name,
                    "against": baseline,
                    **{m: self.get_change(name, baseline, m).to_json() for m in PAIRED},
                }
                for baseline in self.list_baselines()
                for name in self.labels
                if name != baseline
            ],
            "notices": list(self.list_notices()),
            "violations": [
                {"controller": run.label, "seed": run.seed, "what": str(violation)}
                for run in self.runs
                for violation in run.audit.violations[:_SHOWN_VIOLATIONS]
            ],
            "audited": {
                name: _describe_audit([run.audit for run in self.runs if run.label == name]) for name in self.labels
            },
            "wall_s": {f"{run.label}/{run.seed}": round(run.wall_s, 1) for run in self.runs},
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
