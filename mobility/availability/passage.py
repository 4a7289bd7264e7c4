"""How likely a level is at a threshold after a while, when it cannot fall below nothing.

The level between two moments is taken as a Brownian motion with drift, reflected at an empty place: riders who find
no bike leave nothing behind, so an empty station rises again with the next return however strong the demand is.
A motion free of the barrier would keep falling and never come back in time. With start ``x``, drift ``m`` and
variance ``v`` over the whole while, and all heights above the barrier, P(level >= y) is
Phi((x + m - y) / s) + exp(2 m y / v) Phi(-(x + m + y) / s), s = sqrt(v) (Harrison, Brownian Motion and
Stochastic Flow Systems, 1985, 1.9). Counts are whole: the barrier lies half below 0, so that heights are level + 1/2
and the threshold for "at least n" is n. For long whiles and m < 0 it tends to exp(2 m y / v), which for y = 1
is to first order a / b, the share of time with customers of an M/M/1 queue with rates a < b.
"""

from __future__ import annotations

import math
from typing import Final

import numba as nb

EDGE: Final = 1e-9
"""Probabilities stay this far from 0 and 1, so that they have a logit."""
_ASYMPTOTIC: Final = 6.0


@nb.njit(cache=True, nogil=True)
def compute_reach(level: float, drift: float, variance: float, needed: float) -> float:
    """P(at least ``needed`` >= 1) after ``drift`` with ``variance`` from ``level`` >= 0, in [EDGE, 1 - EDGE]."""
    x = level + 0.5
    if variance <= EDGE:
        return 1.0 - EDGE if x + drift >= needed else EDGE
    spread = math.sqrt(variance)
    straight = 0.5 * math.erfc((needed - x - drift) / (spread * math.sqrt(2.0)))
    reflected = _compute_reflected(x, drift, variance, needed)
    return float(min(max(straight + reflected, EDGE), 1.0 - EDGE))


@nb.njit(cache=True, nogil=True)
def _compute_reflected(x: float, drift: float, variance: float, needed: float) -> float:
    """exp(2 m y / v) Phi(-(x + m + y) / s), without overflow where the first factor is huge and the second tiny."""
    z = (x + drift + needed) / math.sqrt(2.0 * variance)
    if z <= _ASYMPTOTIC:
        return 0.5 * math.exp(min(2.0 * drift * needed / variance, 700.0)) * math.erfc(z)
    # erfc(z) = exp(-z^2) (1 - 1/(2 z^2) + 3/(4 z^4)) / (z sqrt(pi)); the exponents are added before exp
    exponent = -((x + drift - needed) ** 2 + 4.0 * x * needed) / (2.0 * variance)
    inverse = 1.0 / (2.0 * z * z)
    return 0.5 * math.exp(exponent) * (1.0 - inverse + 3.0 * inverse * inverse) / (z * math.sqrt(math.pi))
