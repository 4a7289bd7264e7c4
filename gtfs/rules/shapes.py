"""shapes.txt: lines that grow, are used, and pass their stops."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from gtfs.notices import Notice, Severity
from gtfs.rules.subject import EARTH_RADIUS_M, Ints, Rule, Subject, factorize, list_rows, measure_distance_m

FARTHEST_STOP_M = 100.0
"""The canonical validator's limit for a stop beside its shape."""
SAME_PLACE_M = 1.11
"""Two points closer than this may share a distance: the canonical validator's limit."""

Reals = npt.NDArray[np.float64]


def check_use(subject: Subject) -> Iterator[Notice]:
    """``unused_shape`` and ``single_shape_point``, at the shape's first point."""
    shapes = subject["shapes.txt"]
    used = set(subject["trips.txt"]["shape_id"].tolist())
    ids, first, count = np.unique(factorize(shapes["shape_id"]), return_index=True, return_counts=True)
    names = shapes["shape_id"]
    if "trips.txt" in subject.feed.present:
        yield from list_rows(
            shapes,
            [place for place in first.tolist() if names[place] not in used],
            "unused_shape",
            Severity.WARNING,
            lambda place: f"no trip has the shape {names[place]}",
        )
    yield from list_rows(
        shapes,
        first[count == 1] if len(ids) else [],
        "single_shape_point",
        Severity.WARNING,
        lambda place: f"shape {names[place]} has only one point",
    )


def check_distances(subject: Subject) -> Iterator[Notice]:
    """shape_dist_traveled grows along a shape."""
    shapes = subject["shapes.txt"]
    if not shapes.has("shape_dist_traveled") or len(shapes) < 2:
        return
    code = factorize(shapes["shape_id"])
    order = np.lexsort((shapes["shape_pt_sequence"], code))
    before, here = order[:-1], order[1:]
    distance, lat, lon = shapes["shape_dist_traveled"], shapes["shape_pt_lat"], shapes["shape_pt_lon"]
    gap_m = measure_distance_m(lat[before], lon[before], lat[here], lon[here])
    is_same_shape = code[before] == code[here]
    is_equal = is_same_shape & (distance[here] == distance[before])
    is_moved = (lat[here] != lat[before]) | (lon[here] != lon[before])
    is_near = gap_m < SAME_PLACE_M

    def describe(place: int) -> str:
        return f"shape_dist_traveled {distance[place]:g} of shape {shapes['shape_id'][place]} is not more than before"

    found: tuple[tuple[str, Severity, npt.NDArray[np.bool_]], ...] = (
        ("decreasing_shape_distance", Severity.ERROR, is_same_shape & (distance[here] < distance[before])),
        ("equal_shape_distance_diff_coordinates", Severity.ERROR, is_equal & ~is_near),
        (
            "equal_shape_distance_diff_coordinates_distance_below_threshold",
            Severity.WARNING,
            is_equal & is_near & is_moved,
        ),
        ("equal_shape_distance_same_coordinates", Severity.WARNING, is_equal & ~is_moved),
    )
    for code_name, severity, mask in found:
        yield from list_rows(shapes, np.sort(here[mask]), code_name, severity, describe)


def check_stops(subject: Subject) -> Iterator[Notice]:
    """``stop_too_far_from_shape``: once for each stop and shape, at the first stop time that has them."""
    shapes, times, stops = subject["shapes.txt"], subject["stop_times.txt"], subject["stops.txt"]
    trips, order = subject["trips.txt"], subject.travel_order
    if not len(shapes) or not len(trips) or not len(stops):
        return
    code = factorize(shapes["shape_id"])
    index = dict(zip(shapes["shape_id"].tolist(), code.tolist(), strict=True))
    shape_of_trip = np.array([*(index.get(shape, -1) for shape in trips["shape_id"].tolist()), -1])
    shape = shape_of_trip[order.trip]
    usable = np.flatnonzero((shape >= 0) & (order.stop >= 0))
    if not len(usable):
        return
    pair = shape[usable] * len(stops) + order.stop[usable]
    _, first = np.unique(pair, return_index=True)
    chosen = usable[first]
    away_m = _measure_away(subject, code, shape[chosen], order.stop[chosen])
    found = {
        int(order.position[n]): float(m)
        for n, m in zip(chosen[away_m > FARTHEST_STOP_M], away_m[away_m > FARTHEST_STOP_M], strict=True)
    }
    yield from list_rows(
        times,
        sorted(found),
        "stop_too_far_from_shape",
        Severity.WARNING,
        lambda place: f"stop {times['stop_id'][place]} lies {found[place]:.0f} m beside the shape of its trip",
    )


def _measure_away(subject: Subject, code: Ints, shape: Ints, stop: Ints) -> Reals:
    """Distance of each stop from the line of its shape, NaN where either has no place. Sorted by shape."""
    shapes, stops = subject["shapes.txt"], subject["stops.txt"]
    line_order = np.lexsort((shapes["shape_pt_sequence"], code))
    line_begin = np.searchsorted(code[line_order], np.arange(int(code.max()) + 2))
    lat, lon = shapes["shape_pt_lat"][line_order], shapes["shape_pt_lon"][line_order]
    away = np.full(len(shape), np.nan)
    groups, begin = np.unique(shape, return_index=True)
    for group, low, high in zip(groups.tolist(), begin.tolist(), [*begin.tolist()[1:], len(shape)], strict=True):
        line = slice(line_begin[group], line_begin[group + 1])
        members = stop[low:high]
        away[low:high] = _distance_to_line(stops["stop_lat"][members], stops["stop_lon"][members], lat[line], lon[line])
    return away


def _distance_to_line(lat: Reals, lon: Reals, line_lat: Reals, line_lon: Reals) -> Reals:
    """Points to a line, on a plane about the points: good to a per mille within a city."""
    is_whole = ~(np.isnan(line_lat) | np.isnan(line_lon))
    line_lat, line_lon = line_lat[is_whole], line_lon[is_whole]
    if not len(line_lat):
        return np.full(len(lat), np.nan)
    scale = np.cos(np.radians(np.mean(line_lat)))
    east, north = np.radians(line_lon) * scale * EARTH_RADIUS_M, np.radians(line_lat) * EARTH_RADIUS_M
    x, y = np.radians(lon) * scale * EARTH_RADIUS_M, np.radians(lat) * EARTH_RADIUS_M
    if len(east) == 1:
        return np.asarray(np.hypot(x - east[0], y - north[0]))
    dx, dy = np.diff(east), np.diff(north)
    length = np.maximum(dx * dx + dy * dy, 1e-9)
    along = ((x[:, None] - east[:-1]) * dx + (y[:, None] - north[:-1]) * dy) / length
    along = np.clip(along, 0.0, 1.0)
    away = np.hypot(x[:, None] - east[:-1] - along * dx, y[:, None] - north[:-1] - along * dy)
    return np.asarray(away.min(axis=1))


RULES: tuple[Rule, ...] = (check_use, check_distances, check_stops)
