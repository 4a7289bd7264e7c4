"""Places beside their streets: the nearest that may be used, where along it, on which side, and why none."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from random_streets import DEGREE_M, Segment, Sketch, build_graph, sketches
from shapely import LineString, Point, line_locate_point

from mobility.streets.links import REACH_M, Unlinked, link, link_to, open_street
from mobility.streets.nearest import build_grid, find_nearest
from mobility.streets.profiles import Profile

LAT, LON = -30.0, -51.0
NORTH = 1 / DEGREE_M
EAST = 1 / (DEGREE_M * math.cos(math.radians(LAT)))


def at(east_m, north_m):
    """A coordinate so many metres from the corner of the sketches."""
    return LAT + north_m * NORTH, LON + east_m * EAST


def link_one(graph, profile, east_m, north_m, **options):
    """Link a single place."""
    lat, lon = at(east_m, north_m)
    return link(graph, profile, np.array([lat]), np.array([lon]), **options)


def measure(graph, lat, lon):
    """Per segment the distance and the fraction by shapely, in the plane that touches the Earth at a point."""
    found = []
    for low, high in zip(graph.point_off[:-1], graph.point_off[1:], strict=True):
        x = (graph.point_lon[low:high] - lon) * DEGREE_M * math.cos(math.radians(lat))
        y = (graph.point_lat[low:high] - lat) * DEGREE_M
        line = LineString(np.stack([x, y], 1))
        found.append((line.distance(Point(0, 0)), line_locate_point(line, Point(0, 0), normalized=True)))
    return found


@st.composite
def towns_and_points(draw):
    """A sketch with bent streets, and points in and around it."""
    sketch = draw(sketches())
    metres = st.integers(-400, 1100)
    points = draw(st.lists(st.tuples(metres, metres), min_size=1, max_size=8))
    return sketch, [at(*point) for point in points]


@settings(deadline=None, max_examples=150)
@given(towns_and_points(), st.sampled_from([20.0, 100.0, 1000.0]))
def test_the_nearest_is_that_of_a_brute_force(town, cell_m):
    """By shapely over all segments: the distance to a centimetre and the place along it, whatever the grid."""
    sketch, points = town
    graph = build_graph(sketch)
    street = open_street(graph, Profile.FOOT, build_grid(graph, cell_m))
    lat, lon = (np.array(column) for column in zip(*points, strict=True))
    linked = link_to(street, Profile.FOOT, lat, lon)
    for number, point in enumerate(points):
        usable = [
            (gap_m, share, segment)
            for segment, (gap_m, share) in enumerate(measure(graph, *point))
            if max(graph.profiles[Profile.FOOT].fwd_ds[segment], graph.profiles[Profile.FOOT].bwd_ds[segment]) >= 0
        ]
        nearest_m = min((gap_m for gap_m, _, _ in usable), default=math.inf)
        segment = int(linked.segment[number])
        if segment < 0:
            assert nearest_m > REACH_M - 0.01
            continue
        assert linked.distance_m[number] == pytest.approx(nearest_m, abs=0.01)
        shares = {one: share for gap_m, share, one in usable if gap_m < nearest_m + 0.01}
        assert segment in shares
        assert linked.fraction[number] == pytest.approx(shares[segment], abs=1e-3)


@settings(deadline=None, max_examples=25)
@given(towns_and_points())
def test_the_kernel_does_what_its_python_does(town):
    """Compiled and plain link alike."""
    sketch, points = town
    street = open_street(graph := build_graph(sketch), Profile.FOOT, build_grid(graph))
    for point in points:
        ask = street.grid, street.is_usable, *point, REACH_M
        np.testing.assert_array_equal(find_nearest(*ask), find_nearest.py_func(*ask))


def street_of(**options):
    """One street of 400 m to the east, bent at its middle, and one as long 600 m north of it."""
    first = Segment(0, 1, 3000, 3000, bend=at(200, 0), **options)
    return Sketch([at(0, 0), at(400, 0), at(0, 600), at(400, 600)], [first, Segment(2, 3, 3000, 3000)])


@pytest.mark.parametrize(("north_m", "side"), [(30, -1), (-30, 1), (0, 0)])
def test_sides_are_those_of_somebody_who_goes_from_its_begin_to_its_end(north_m, side):
    """Left of an eastward street is north."""
    linked = link_one(build_graph(street_of()), Profile.FOOT, 100, north_m)
    assert linked.segment.tolist() == [0]
    assert linked.side.tolist() == [side]
    assert linked.fraction[0] == pytest.approx(0.25, abs=1e-3)
    assert linked.distance_m[0] == pytest.approx(abs(north_m), abs=0.1)


def test_a_place_beyond_the_end_is_linked_to_the_end():
    """Fractions stay between 0 and 1."""
    linked = link_one(build_graph(street_of()), Profile.FOOT, 440, 30)
    assert linked.fraction.tolist() == [1.0]
    assert linked.distance_m[0] == pytest.approx(50, abs=0.1)


@pytest.mark.parametrize(
    ("east_m", "north_m", "reason", "words"),
    [
        (100, 300, Unlinked.FAR, "no street within 200 m"),
        (100, 5000, Unlinked.OUTSIDE, "outside the extract"),
        (100, 10, Unlinked.CLOSED, "open to foot"),
    ],
)
def test_why_there_is_no_street_is_told(east_m, north_m, reason, words):
    """Too far, outside the extract, or not open; each with what to do about it."""
    sketch = street_of()
    shut = Sketch(sketch.nodes, [Segment(0, 1, -1, -1), sketch.segments[1]])
    linked = link_one(build_graph(shut), Profile.FOOT, east_m, north_m)
    assert linked.unlinked.tolist() == [0]
    assert linked.reason.tolist() == [reason]
    assert words in linked.explain(0)


def test_streets_that_lead_nowhere_are_left_out():
    """What ``is_main_seg`` excludes is not linked to, even when it is the nearest."""
    graph = build_graph(street_of())
    built = graph.profiles[Profile.FOOT]
    graph.profiles[Profile.FOOT] = built._replace(is_main_seg=np.array([False, True]))
    assert link_one(graph, Profile.FOOT, 100, 10).segment.tolist() == [-1]
    assert link_one(graph, Profile.FOOT, 100, 410).segment.tolist() == [1]


@pytest.mark.parametrize("kind", ["motorway", "motorway_link", "trunk_link"])
def test_nobody_gets_into_a_vehicle_on_a_motorway(kind):
    """Cars and scooters are linked where they may stop; the same street on foot is a street."""
    graph = build_graph(street_of(kind=kind), (Profile.CAR, Profile.SCOOTER, Profile.FOOT))
    assert [link_one(graph, profile, 100, 10).segment[0] for profile in graph.profiles] == [-1, -1, 0]


def test_how_far_a_street_may_be_is_the_caller_s():
    """Within its reach and no farther."""
    graph = build_graph(street_of())
    assert link_one(graph, Profile.FOOT, 100, 290, reach_m=300.0).segment.tolist() == [0]
    assert link_one(graph, Profile.FOOT, 100, 50, reach_m=40.0).segment.tolist() == [-1]


@pytest.mark.parametrize("places", [([1.0], [1.0, 2.0]), ([math.nan], [1.0]), ([1.0], [math.inf])])
def test_places_that_are_none_are_refused(places):
    """Lists of different lengths, and coordinates that are not numbers."""
    with pytest.raises(ValueError, match="as many latitudes as longitudes"):
        link(build_graph(street_of()), Profile.FOOT, *(np.array(part) for part in places))


def test_an_empty_map_links_nothing():
    """No street: all places are outside."""
    graph = build_graph(Sketch([], []))
    assert link_one(graph, Profile.FOOT, 0, 0).reason.tolist() == [Unlinked.OUTSIDE]
