"""What a study found: figures by period, by class of trip and over all periods, as means with paired intervals.

Several periods are pooled vehicle by vehicle: sums over the periods of one seed are divided once, so that a busy
period weighs more than an empty one, and the intervals are over seeds.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import numpy as np

from signals.evaluation.before_after.definition import SIDES, Period, StudyDefinition
from signals.evaluation.report import EvaluationReport, RunResult
from signals.evaluation.statistics import Estimate, PairedChange, compare, estimate

# each a sum over a sum of the breakdown, and a factor
RATIOS: Mapping[str, tuple[str, str, float]] = MappingProxyType(
    {
        "waiting_s": ("waiting_s", "vehicles", 1.0),
        "travel_time_s": ("travel_time_s", "vehicles", 1.0),
        "time_loss_s": ("time_loss_s", "vehicles", 1.0),
        "stops": ("stops", "vehicles", 1.0),
        "co2_g": ("co2_g", "vehicles", 1.0),
        "speed_kmh": ("distance_m", "on_road_s", 3.6),
    }
)
FLOORS: Mapping[str, str] = MappingProxyType({"travel_time_s": "free_flow_s", "co2_g": "free_flow_co2_g"})
"""What of a quantity no signal can take away."""
MORE_IS_BETTER = frozenset({"speed_kmh", "throughput"})


@dataclass(frozen=True, slots=True)
class Limit:
    """A target against what was reached, and what limits it, in percent of the before.

    ``points_short`` is positive where the target is missed; ``possible`` is the change if all delay had vanished, and
    ``taken`` how much of that was taken.
    """

    measure: str
    target: float
    change: PairedChange
    points_short: float
    possible: float
    taken: float

    @property
    def is_met(self) -> bool:
        """By the mean."""
        return self.points_short <= 0

    @property
    def is_surely_met(self) -> bool:
        """The whole interval is beyond the target."""
        ends = self.change.percent_interval
        return ends is not None and ends[1] <= self.target


@dataclass(frozen=True, slots=True)
class StudyOutcome:
    """The reports of the periods and cases that were run, by name."""

    definition: StudyDefinition
    periods: tuple[Period, ...]
    reports: Mapping[str, EvaluationReport]
    seeds: tuple[int, ...]
    sumo_version: str
    code_version: str
    cut_after_s: float | None = None

    def list_overall(self) -> tuple[str, ...]:
        """The names of the periods that make up the overall figures: no cases."""
        own = {period.name for period in self.definition.periods}
        return tuple(period.name for period in self.periods if period.name in own)

    def list_others(self) -> tuple[str, ...]:
        """The further controllers that were run, by label."""
        return tuple(
            arm.label for arm in self.definition.others if arm.label in next(iter(self.reports.values())).labels
        )

    def write_command(self) -> str:
        """What to type to have these figures again."""
        overall = self.list_overall()
        cases = [period.name for period in self.periods if period.name not in overall]
        parts = [self.definition.command, f"--periods {','.join(overall)}", f"--seeds {','.join(map(str, self.seeds))}"]
        parts += [f"--cases {','.join(cases)}"] * bool(cases) + ["--others"] * bool(self.list_others())
        return " ".join([*parts, *["--quick"] * bool(self.cut_after_s)])

    def list_classes(self) -> tuple[str, ...]:
        """All classes of trips that any run of the overall periods had, by name."""
        return tuple(sorted({name for run in self._list_all_runs() for name in run.details["classes"]}))

    def get_sum(self, names: Sequence[str], side: str, klass: str, quantity: str) -> list[float]:
        """A sum over the named periods, by seed."""
        return [
            sum(run.details["classes"].get(klass, {}).get(quantity, 0.0) for run in runs)
            for runs in self._by_seed(names, side)
        ]

    def get_values(self, names: Sequence[str], side: str, measure: str, klass: str = "all") -> list[float]:
        """A ratio over the named periods, by seed."""
        above, below, factor = RATIOS[measure]
        tops, bottoms = (self.get_sum(names, side, klass, quantity) for quantity in (above, below))
        return [factor * top / bottom if bottom else 0.0 for top, bottom in zip(tops, bottoms, strict=True)]

    def get_estimate(self, names: Sequence[str], side: str, measure: str, klass: str = "all") -> Estimate:
        """Mean and interval of a ratio."""
        return estimate(self.get_values(names, side, measure, klass))

    def get_change(self, names: Sequence[str], measure: str, klass: str = "all", side: str = "after") -> PairedChange:
        """From before to after, or to another controller, paired by seed."""
        return compare(*(self.get_values(names, each, measure, klass) for each in (side, "before")))

    def get_walkers(self, names: Sequence[str], side: str) -> tuple[list[float], list[float]]:
        """Mean and 95th percentile of the walkers' waits by seed; zeros where nobody walks."""
        means, tails = [], []
        for runs in self._by_seed(names, side):
            counts: Counter[int] = Counter()
            for run in runs:
                counts.update({int(seconds): count for seconds, count in run.details["walkers"].items()})
            waits = np.repeat(list(counts), list(counts.values())) if counts else np.zeros(1)
            means.append(float(waits.mean()))
            tails.append(float(np.percentile(waits, 95)))
        return means, tails

    def has_walkers(self) -> bool:
        """Whether anybody walked."""
        return any(run.details["walkers"] for run in self._list_all_runs())

    def find_limit(self, measure: str, target: float) -> Limit:
        """How far a target is, over all periods, and how much could have been had at most."""
        names = self.list_overall()
        change = self.get_change(names, measure)
        reached = change.percent or 0.0
        possible = -100.0
        if measure in FLOORS:
            floor, total = (
                sum(self.get_sum(names, "before", "all", quantity)) for quantity in (FLOORS[measure], measure)
            )
            possible = -100.0 * (1.0 - floor / total) if total else 0.0
        return Limit(
            measure, target, change, reached - target, possible, 100.0 * reached / possible if possible else 0.0
        )

    def list_limits(self) -> tuple[Limit, ...]:
        """One for each target that the study's measures have."""
        return tuple(self.find_limit(t.measure, t.percent) for t in self.definition.targets if t.measure in RATIOS)

    def list_longest_reds(self, side: str, count: int = 8) -> list[tuple[float, str, int, str, int]]:
        """Seconds, signal, link, period and seed of the longest reds, one for each signal."""
        worst: dict[str, tuple[float, str, int, str, int]] = {}
        for name, report in self.reports.items():
            for run in report.runs:
                if run.label != side:
                    continue
                for signal, (seconds, link, _) in run.details["longest_red_s"].items():
                    if signal not in worst or seconds > worst[signal][0]:
                        worst[signal] = (seconds, signal, int(link), name, run.seed)
        return sorted(worst.values(), key=lambda red: (-red[0], red[1]))[:count]

    def list_notices(self) -> tuple[str, ...]:
        """What must not be overlooked, the study's own first."""
        own = [f"{name}, {notice}" for name, report in self.reports.items() for notice in report.list_notices()]
        overall = self.list_overall()
        waits = {side: self.get_estimate(overall, side, "waiting_s").mean for side in ("before", *self.list_others())}
        others = [arm.label for arm in self.definition.others if arm.label in waits and not arm.is_ours]
        kinder = [label for label in others if waits[label] < waits["before"]]
        cut = f"Every run was cut off after {self.cut_after_s} s: a quick look, no figures to quote."
        few = "Fewer than five seeds: no figures to quote."
        return (
            *([cut] if self.cut_after_s else []),
            *([few] if len(self.seeds) < 5 else []),
            *self.definition.notices,
            *(
                f"{label}, a conventional controller, waits less than the before ({waits[label]:.1f} s, "
                f"{waits['before']:.1f} s): the before is not the best there is."
                for label in kinder
            ),
            *own,
        )

    @property
    def is_safe(self) -> bool:
        """No run before or after has a violation."""
        return all(run.audit.is_safe for run in self._list_all_runs() if run.label in SIDES)

    def to_json(self) -> dict[str, Any]:
        """All figures for machines."""
        groups = {"overall": self.list_overall(), **{period.name: (period.name,) for period in self.periods}}
        return {
            "title": self.definition.title,
            "seeds": list(self.seeds),
            "cut_after_s": self.cut_after_s,
            "sumo_version": self.sumo_version,
            "code_version": self.code_version,
            "others": {
                label: {
                    name: {
                        "waiting_s": self.get_estimate(names, label, "waiting_s").to_json(),
                        "change": self.get_change(names, "waiting_s", side=label).to_json(),
                    }
                    for name, names in groups.items()
                }
                for label in self.list_others()
            },
            "groups": {name: self._describe(names) for name, names in groups.items()},
            "targets": [
                {
                    "measure": limit.measure,
                    "target_percent": limit.target,
                    "change": limit.change.to_json(),
                    "points_short": limit.points_short,
                    "possible_percent": limit.possible,
                    "is_met": limit.is_met,
                }
                for limit in self.list_limits()
            ],
            "longest_reds": {side: self.list_longest_reds(side) for side in SIDES},
            "reports": {name: report.to_json() for name, report in self.reports.items()},
            "notices": list(self.list_notices()),
        }

    def _describe(self, names: Sequence[str]) -> dict[str, Any]:
        found: dict[str, Any] = {
            klass: {
                measure: {
                    **{side: self.get_estimate(names, side, measure, klass).to_json() for side in SIDES},
                    "change": self.get_change(names, measure, klass).to_json(),
                }
                for measure in RATIOS
            }
            for klass in self.list_classes()
            if all(sum(self.get_sum(names, side, klass, "vehicles")) for side in SIDES)
        }
        if self.has_walkers():
            before, after = (self.get_walkers(names, side) for side in SIDES)
            found["walkers"] = {
                measure: {
                    "before": estimate(before[k]).to_json(),
                    "after": estimate(after[k]).to_json(),
                    "change": compare(after[k], before[k]).to_json(),
                }
                for k, measure in enumerate(("waiting_s", "p95_waiting_s"))
            }
        return found

    def _list_all_runs(self) -> list[RunResult]:
        return [run for report in self.reports.values() for run in report.runs]

    def _by_seed(self, names: Sequence[str], side: str) -> list[list[RunResult]]:
        found = {(name, run.seed): run for name in names for run in self.reports[name].runs if run.label == side}
        return [[found[name, seed] for name in names] for seed in self.seeds]
