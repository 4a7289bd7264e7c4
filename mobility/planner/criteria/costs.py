"""What rides and walks cost beside time: money and grams per pattern, seconds on foot per footpath.

All costs are integers that add up along a journey: a ride costs ``board_price`` plus what the running sums
grow between the stops where one boards and leaves. Prices are an additive *estimate*: fares by zones, caps and
free transfers are not additive, so finished journeys are priced again, exactly, elsewhere. A pattern has one set
of costs; where lines of different costs share one, the caller decides whose they are.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from mobility.geodesy import Floats, great_circle_m
from mobility.network.timetable import Arrays, Ints, Timetable


@dataclass(frozen=True, slots=True)
class RideCosts:
    """Costs in one direction of time, aligned with the timetable's arrays."""

    board_price: Ints
    """Hundredths of the currency for every boarding, per pattern."""
    price: Ints
    """Running sum from the pattern's first stop, per position (as ``pat_stop``)."""
    co2_g: Ints
    """Running sum of grams per passenger, per position."""
    walk_s: Ints
    """Seconds on foot per footpath (as ``fp_s``): less than ``fp_s`` where that has waiting in it."""

    def reflected(self, arrays: Arrays) -> RideCosts:
        """The same costs for the timetable read backwards in time; ``arrays`` are those read forwards."""
        walked_from = np.repeat(np.arange(len(arrays.change_s), dtype=np.int32), np.diff(arrays.fp_off))
        order = np.lexsort((walked_from, arrays.fp_s, arrays.fp_to))  # as ``reflect`` orders footpaths
        return replace(
            self,
            price=_reflect_sums(arrays, self.price),
            co2_g=_reflect_sums(arrays, self.co2_g),
            walk_s=self.walk_s[order],
        )


def no_costs(timetable: Timetable) -> RideCosts:
    """Rides that cost nothing; walks take the seconds of their footpaths."""
    a = timetable.arrays
    nothing = np.zeros(len(a.pat_stop), np.int32)
    return RideCosts(np.zeros(timetable.pattern_count, np.int32), nothing, nothing, a.fp_s)


def build_ride_costs(
    timetable: Timetable,
    lat: Floats,
    lon: Floats,
    pattern_co2_g_per_km: Floats,
    pattern_board_price: Ints,
    pattern_price_per_km: Floats,
    *,
    stop_row: Ints | None = None,
) -> RideCosts:
    """Costs from a price per boarding and factors per kilometre (great circle from stop to stop).

    ``lat`` and ``lon`` are those of the schedule's stops. ``stop_row`` (of the schedule) tells which stop numbers
    are one place: a footpath between them is a change, not a walk.
    """
    a = timetable.arrays
    km = _running_km(a, lat, lon)
    lengths = np.diff(a.pat_off)
    return RideCosts(
        board_price=np.asarray(pattern_board_price, np.int32),
        price=_to_sums(km * np.repeat(pattern_price_per_km, lengths)),
        co2_g=_to_sums(km * np.repeat(pattern_co2_g_per_km, lengths)),
        walk_s=_count_walks(a, stop_row),
    )


def _running_km(a: Arrays, lat: Floats, lon: Floats) -> Floats:
    hop_km = np.zeros(len(a.pat_stop))
    here, there = a.pat_stop[:-1], a.pat_stop[1:]
    hop_km[1:] = great_circle_m(lat[here], lon[here], lat[there], lon[there]) / 1000
    hop_km[a.pat_off[:-1]] = 0
    total = np.cumsum(hop_km)
    running: Floats = total - np.repeat(total[a.pat_off[:-1]], np.diff(a.pat_off))
    return running


def _to_sums(values: Floats) -> npt.NDArray[np.int32]:
    return np.rint(values).astype(np.int32)


def _count_walks(a: Arrays, stop_row: Ints | None) -> Ints:
    if stop_row is None:
        return a.fp_s
    walked_from = np.repeat(np.arange(len(a.change_s)), np.diff(a.fp_off))
    walks: Ints = np.where(stop_row[walked_from] == stop_row[a.fp_to], 0, a.fp_s).astype(np.int32)
    return walks


def _reflect_sums(a: Arrays, sums: Ints) -> Ints:
    """Position i of a pattern of L becomes L-1-i, and what is left to its end becomes what lies behind."""
    lengths = np.diff(a.pat_off)
    last = np.repeat(sums[a.pat_off[1:] - 1], lengths)
    flip = np.repeat(a.pat_off[:-1] + a.pat_off[1:] - 1, lengths) - np.arange(len(sums))
    turned: Ints = (last - sums)[flip]
    return turned
