"""Where stops lie along a line: against a brute force, and on a circle."""

from itertools import combinations_with_replacement, pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mobility.cities.geometry import (
    _choose_segments,
    _project,
    build_shape,
    distances_m,
    locate_stops,
    parse_linestring,
)

DEGREE_M = np.radians(1.0) * 6_371_008.8


def test_city_geometry_measures_a_degree():
    """A degree of latitude is 111.195 km on the mean sphere."""
    assert distances_m(np.array([[22.0, 120.0]]), np.array([[23.0, 120.0]]))[0] == pytest.approx(DEGREE_M)


def test_city_geometry_places_a_circles_station_at_both_ends():
    """A loop's first station lies at the start of the line when it comes first and at its end when last."""
    ring = build_shape("ring", np.array([(0, 0), (0, 0.01), (0.01, 0.01), (0.01, 0), (0, 0)], dtype=float))
    stops = np.array([(0, 0), (0, 0.01), (0.01, 0.01), (0.01, 0), (0, 0)], dtype=float)
    located = locate_stops(ring, stops)
    assert located == pytest.approx(ring.distance_m, abs=0.2)


def test_city_geometry_follows_a_line_that_returns_on_itself():
    """On a line that goes out and back, the stop of the way back is not placed on the way out."""
    line = build_shape("there", np.array([(0, 0), (0, 0.02), (0, 0)], dtype=float))
    located = locate_stops(line, np.array([(0, 0.005), (0, 0.02), (0, 0.005)], dtype=float))
    assert located == pytest.approx([0.005 * DEGREE_M, 0.02 * DEGREE_M, 0.035 * DEGREE_M], rel=1e-3)


points = st.tuples(st.integers(0, 8), st.integers(0, 8)).map(lambda p: (p[0] * 1e-3, p[1] * 1e-3))


@settings(max_examples=150, deadline=None)
@given(st.lists(points, min_size=2, max_size=5), st.lists(points, min_size=1, max_size=4))
def test_city_geometry_chooses_the_best_segments(line, stops):
    """Against brute force: no other choice of segments in order has a smaller sum of squares."""
    if len(set(line)) < 2:
        return
    along, offset = _project(build_shape("s", np.array(line)), np.array(stops))

    def cost(chosen):
        places = [along[k, s] for k, s in enumerate(chosen)]
        back = sum(
            max(0.0, a - b) ** 2 for (a, b), (s, t) in zip(pairwise(places), pairwise(chosen), strict=True) if s == t
        )
        return back + sum(offset[k, s] ** 2 for k, s in enumerate(chosen))

    best = min(map(cost, combinations_with_replacement(range(along.shape[1]), len(stops))))
    chosen = _choose_segments(along, offset).tolist()
    assert chosen == sorted(chosen)
    assert cost(chosen) == pytest.approx(best, abs=1e-6)


@given(st.lists(points, min_size=2, max_size=5), st.lists(points, min_size=1, max_size=6))
def test_city_geometry_always_ascends(line, stops):
    """Whatever the line and the stops, places ascend by at least 0.1 m."""
    if len(set(line)) < 2:
        return
    located = locate_stops(build_shape("s", np.array(line)), np.array(stops))
    assert all(b - a >= 0.1 - 1e-9 for a, b in pairwise(located))


def test_city_geometry_reads_wkt():
    """WKT gives longitude first; we keep latitude first."""
    assert parse_linestring("LINESTRING(120.3 22.6, 120.4 22.7)").tolist() == [[22.6, 120.3], [22.7, 120.4]]


@pytest.mark.parametrize("text", ["", "POINT(1 2)", "LINESTRING(1 2)", "LINESTRING(1 2, 3)", "LINESTRING(a b, 1 2)"])
def test_city_geometry_refuses_other_text(text):
    """Anything that is not a line of at least two points is refused."""
    with pytest.raises(ValueError, match="LINESTRING"):
        parse_linestring(text)
