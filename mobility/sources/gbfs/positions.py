"""Positions that cannot be: at 0,0, with latitude and longitude exchanged, or far from the rest of the system."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from mobility.geodesy import great_circle_m
from mobility.model import Coordinate
from mobility.sources.gbfs.records import Record, short, to_float

LEAST_REACH_M = 100_000.0
"""Nothing closer than this to the middle of its system is taken as lost."""
REACH_FACTOR = 5.0
"""Nor what is within so many times the median distance: some systems span a country."""
NEIGHBOUR_M = 50_000.0
LEAST_NEIGHBOURS = 2
"""Nor what has so many other places this near: a system may be in two cities."""
LEAST_PLACES = 4
"""Fewer places do not show where a system is."""

Floats = npt.NDArray[np.float64]


def read_position(record: Record) -> Coordinate | None:
    """``lat`` and ``lon``; None, with a notice, where they are no place."""
    lat, lon = to_float(record.raw.get("lat")), to_float(record.raw.get("lon"))
    if lat is None or lon is None:
        given = f"{short(record.raw.get('lat'))}, {short(record.raw.get('lon'))}"
        record.tell("no_position", f"lat, lon {given} is no position: left out; publish both as numbers of degrees")
        return None
    if abs(lat) > 90 and abs(lat) <= 180 and abs(lon) <= 90:
        record.tell("swapped_position", f"{lat}, {lon} has lat and lon exchanged: left out; exchange them")
        return None
    if abs(lat) > 90 or abs(lon) > 180:
        record.tell("bad_position", f"{lat}, {lon} is not on Earth: left out; publish degrees of WGS 84")
        return None
    if abs(lat) < 0.01 and abs(lon) < 0.01:
        record.tell("null_position", f"{lat}, {lon} is in the Gulf of Guinea: left out; publish where it stands")
        return None
    return Coordinate(lat, lon)


def find_lost(records: Sequence[Record], places: Sequence[Coordinate], rest: Sequence[Coordinate] = ()) -> list[bool]:
    """For each place whether it is far from the system (told); ``rest`` are places that are already trusted."""
    trusted = rest if len(rest) >= LEAST_PLACES else [*rest, *places]
    if len(trusted) < LEAST_PLACES or not places:
        return [False] * len(places)
    lat, lon = (np.array([getattr(at, axis) for at in trusted]) for axis in ("lat", "lon"))
    middle = float(np.median(lat)), float(np.median(lon))
    reach_m = max(LEAST_REACH_M, REACH_FACTOR * float(np.median(_distance_m(lat, lon, middle))))
    everywhere = [*rest, *places]
    all_lat, all_lon = (np.array([getattr(at, axis) for at in everywhere]) for axis in ("lat", "lon"))
    lat, lon = (np.array([getattr(at, axis) for at in places]) for axis in ("lat", "lon"))
    far = _distance_m(lat, lon, middle) > reach_m
    swapped = far & (np.abs(lon) <= 90) & (_distance_m(np.clip(lon, -90, 90), lat, middle) <= reach_m)
    for number in np.flatnonzero(far & ~swapped).tolist():
        near = _distance_m(all_lat, all_lon, (lat[number], lon[number])) < NEIGHBOUR_M
        far[number] = np.count_nonzero(near) - 1 < LEAST_NEIGHBOURS
    for number in np.flatnonzero(far).tolist():
        at = f"{places[number].lat}, {places[number].lon}"
        if swapped[number]:
            records[number].tell("swapped_position", f"{at} has lat and lon exchanged: left out; exchange them")
        else:
            away = f"more than {reach_m / 1000:.0f} km from the middle of the system"
            records[number].tell("lost_position", f"{at} is {away}: left out; publish where it stands")
    found: list[bool] = far.tolist()
    return found


def _distance_m(lat: Floats, lon: Floats, middle: tuple[float, float]) -> Any:
    return great_circle_m(lat, lon, *middle)
