"""Offsets: the combination method (Hillier 1966; the delay-offset functions of TRANSYT's predecessors).

What a stream waits at the next signal depends only on the difference of two offsets. Each function is tabulated by
the second from the streams' green windows; their sum is minimised by exchanging one offset at a time, from a tree
of the heaviest streets and from seeded random starts. Same input, same offsets.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from signals.ports import FloatArray

_STARTS = 24
_MAX_SWEEPS = 60
DISPERSION = 0.2  # of the travel time: how much a platoon stretches (Robertson's rule of thumb)


@dataclass(frozen=True, slots=True, eq=False)
class Coupling:
    """What vehicles wait at ``second`` by the difference of its offset to that of ``first``, in vehicle-seconds."""

    first: str
    second: str
    cost: FloatArray


def tabulate_wait(
    leaving: npt.NDArray[np.bool_], entering: npt.NDArray[np.bool_], travel_s: float, volume: float
) -> FloatArray:
    """Waits by offset difference; ``leaving`` and ``entering`` are the greens by second of each one's cycle."""
    cycle_s = len(leaving)
    release = leaving / max(1, leaving.sum())
    stretch = max(1, round(DISPERSION * travel_s))
    kernel = np.zeros(cycle_s)
    for k in range(min(stretch, cycle_s)):
        kernel[(round(travel_s) + k) % cycle_s] += 1.0
    kernel /= kernel.sum()
    arrival = np.real(np.fft.ifft(np.fft.fft(release) * np.fft.fft(kernel)))
    to_green = _seconds_to_green(entering)
    # a vehicle that arrives at second a of the first's cycle meets second a - difference of the second's
    waits = np.real(np.fft.ifft(np.fft.fft(arrival) * np.conj(np.fft.fft(to_green))))
    return volume * np.maximum(waits, 0.0)


def _seconds_to_green(green: npt.NDArray[np.bool_]) -> FloatArray:
    cycle_s = len(green)
    wait = np.zeros(cycle_s)
    if not green.any():
        return wait
    ahead = 0.0
    for at in range(2 * cycle_s - 1, -1, -1):
        ahead = 0.0 if green[at % cycle_s] else ahead + 1.0
        wait[at % cycle_s] = ahead
    return wait


def find_offsets(signals: Sequence[str], couplings: Sequence[Coupling], cycle_s: int) -> dict[str, int]:
    """The offsets with the least sum of waits that the exchange finds; signals without neighbours get 0."""
    places = {signal: k for k, signal in enumerate(signals)}
    size = len(signals)
    table = np.zeros((size, size, cycle_s))  # [i, j, d]: j's offset is d later than i's
    for c in couplings:
        i, j = places[c.first], places[c.second]
        table[i, j] += c.cost
        table[j, i] += np.roll(c.cost[::-1], 1)
    near = [np.flatnonzero(table[i].any(axis=1)) for i in range(size)]
    rng = np.random.default_rng(1)
    starts = [_grow_tree(table, near), *rng.integers(0, cycle_s, (_STARTS, size))]
    best, best_cost = np.zeros(size, np.int64), np.inf
    for start in starts:
        offsets, cost = _exchange(table, near, start.astype(np.int64))
        if cost < best_cost - 1e-9:
            best, best_cost = offsets, cost
    return {signal: int(best[k]) for signal, k in places.items()}


def _cost_by_offset(
    table: FloatArray, near: Sequence[npt.NDArray[np.intp]], offsets: npt.NDArray[np.int64], i: int
) -> FloatArray:
    cost = np.zeros(table.shape[2])
    for j in near[i]:
        cost += np.roll(table[j, i], int(offsets[j]))
    return cost


def _exchange(
    table: FloatArray, near: Sequence[npt.NDArray[np.intp]], offsets: npt.NDArray[np.int64]
) -> tuple[npt.NDArray[np.int64], float]:
    for _ in range(_MAX_SWEEPS):
        moved = False
        for i in range(len(near)):
            if len(near[i]) == 0:
                offsets[i] = 0
                continue
            cost = _cost_by_offset(table, near, offsets, i)
            best = int(np.argmin(cost))
            if cost[best] < cost[offsets[i]] - 1e-9:
                offsets[i], moved = best, True
        if not moved:
            break
    total = sum(
        float(table[i, j, (offsets[j] - offsets[i]) % table.shape[2]]) for i in range(len(near)) for j in near[i]
    )
    return offsets, total / 2.0


def _grow_tree(table: FloatArray, near: Sequence[npt.NDArray[np.intp]]) -> npt.NDArray[np.int64]:
    """Place the signals one by one, the one with most to gain from those placed first."""
    size = len(near)
    offsets, placed = np.zeros(size, np.int64), np.zeros(size, np.bool_)
    gain = table.max(axis=2) - table.min(axis=2)
    for _ in range(size):
        reach = np.where(placed, -1.0, gain[placed].sum(axis=0) if placed.any() else gain.sum(axis=0))
        i = int(np.argmax(reach))
        cost = np.zeros(table.shape[2])
        for j in near[i]:
            if placed[j]:
                cost += np.roll(table[j, i], int(offsets[j]))
        offsets[i], placed[i] = int(np.argmin(cost)), True
    return offsets
