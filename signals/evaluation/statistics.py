"""Means with 95 % confidence intervals, and paired differences between controllers at equal seeds.

Student's t, two-sided. Pairing by seed removes what the demand of a seed does to both controllers
(Law, Simulation Modeling and Analysis, chapter 10.2.1). One seed has a mean and no interval.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

# 97.5 % quantiles of Student's t for 1 to 30 degrees of freedom (any statistics table)
_T_975 = (
    12.7062, 4.3027, 3.1824, 2.7764, 2.5706, 2.4469, 2.3646, 2.3060, 2.2622, 2.2281,
    2.2010, 2.1788, 2.1604, 2.1448, 2.1314, 2.1199, 2.1098, 2.1009, 2.0930, 2.0860,
    2.0796, 2.0739, 2.0687, 2.0639, 2.0595, 2.0555, 2.0518, 2.0484, 2.0452, 2.0423,
)  # fmt: skip
_Z_975 = 1.959964


@dataclass(frozen=True, slots=True)
class Estimate:
    """A mean over seeds; the interval is None with a single seed."""

    mean: float
    interval: tuple[float, float] | None
    per_seed: tuple[float, ...]

    def to_json(self) -> dict[str, object]:
        """``{"mean", "ci95", "per_seed"}``; without an interval its ends are null."""
        ends = list(self.interval) if self.interval else [None, None]
        return {"mean": self.mean, "ci95": ends, "per_seed": list(self.per_seed)}


@dataclass(frozen=True, slots=True)
class PairedChange:
    """A controller less a baseline, seed by seed; in percent of the baseline's mean as well.

    The percentages are None where the baseline is zero: nothing can be a percentage of that.
    """

    difference: Estimate
    percent: float | None
    percent_interval: tuple[float, float] | None

    @property
    def is_significant(self) -> bool:
        """True when the interval excludes zero."""
        ends = self.difference.interval
        return ends is not None and (ends[0] > 0 or ends[1] < 0)

    def to_json(self) -> dict[str, object]:
        """The difference's own keys, and ``percent`` with ``percent_ci95``."""
        ends = list(self.percent_interval) if self.percent_interval else [None, None]
        return {**self.difference.to_json(), "percent": self.percent, "percent_ci95": ends}


def get_t_quantile(degrees: int) -> float:
    """97.5 % quantile of Student's t; beyond 30 degrees the Cornish-Fisher expansion (error < 1e-4)."""
    if degrees < 1:
        raise ValueError("an interval needs two values or more")
    if degrees <= len(_T_975):
        return _T_975[degrees - 1]
    z = _Z_975
    return z + (z**3 + z) / (4 * degrees) + (5 * z**5 + 16 * z**3 + 3 * z) / (96 * degrees**2)


def estimate(values: Sequence[float]) -> Estimate:
    """Mean and 95 % interval."""
    count = len(values)
    mean = math.fsum(values) / count
    if count < 2:
        return Estimate(mean, None, tuple(values))
    variance = math.fsum((v - mean) ** 2 for v in values) / (count - 1)
    half = get_t_quantile(count - 1) * math.sqrt(variance / count)
    return Estimate(mean, (mean - half, mean + half), tuple(values))


def compare(values: Sequence[float], baseline: Sequence[float]) -> PairedChange:
    """The paired change from ``baseline`` to ``values``, both in the order of the seeds."""
    difference = estimate([v - b for v, b in zip(values, baseline, strict=True)])
    base = math.fsum(baseline) / len(baseline)
    if base == 0:
        return PairedChange(difference, None, None)
    ends = difference.interval
    return PairedChange(
        difference,
        100 * difference.mean / base,
        (100 * ends[0] / base, 100 * ends[1] / base) if ends else None,
    )
