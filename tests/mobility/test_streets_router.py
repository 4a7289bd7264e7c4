"""Ways from door to door: their looks, their times, and what is done where there is no street."""

import math
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from random_streets import DEGREE_M, Segment, Sketch, build_graph, sketches
from street_town import Town

from mobility.geodesy import great_circle_m
from mobility.model import Coordinate
from mobility.streets.fallback import WithFallback
from mobility.streets.great_circle import GreatCircle
from mobility.streets.profiles import Profile
from mobility.streets.steps import name_turn
from mobility.streets.streets_router import StreetNetworkRouter

TAIPEI = (25.04, 121.53)
FOOT_MPS = 1.33


def metres(start, end):
    """The great circle."""
    return float(great_circle_m(np.array([start.lat]), np.array([start.lon]), end.lat, end.lon)[0])


@pytest.fixture(scope="module")
def town(tmp_path_factory):
    """Two crossing streets of 400 m, a footbridge with stairs, and a one-way street back; heights on the corner."""
    drawn = (
        Town(at=TAIPEI)
        .node("west", -200, 0)
        .node("cross", 0, 0)
        .node("east", 200, 0)
        .node("south", 0, -200)
        .node("north", 0, 200)
        .node("foot", 60, 200)
        .node("head", 90, 200)
        .node("top", 200, 200)
    )
    drawn.way("west cross east", name="Main Street")
    drawn.way("south cross north", name="Cross Street")
    drawn.way("north foot", "highway=footway")
    drawn.way("foot head", "highway=steps")
    drawn.way("head top", "highway=footway")
    drawn.way("east top", "highway=residential oneway=yes", name="Back Street")
    return drawn.read(tmp_path_factory.mktemp("town"))


def door(east_m, north_m, at=TAIPEI):
    """A coordinate so many metres from the crossing."""
    return Coordinate(at[0] + north_m / DEGREE_M, at[1] + east_m / DEGREE_M / math.cos(math.radians(at[0])))


@pytest.fixture(scope="module")
def router(town):
    """A router on the town."""
    return StreetNetworkRouter(town.graph)


def test_a_way_runs_from_door_to_door_along_the_streets(router):
    """20 m to the street, along it, round the corner, and 10 m to the other door."""
    start, end = door(-150, 20), door(10, 150)
    way = router.route(start, end, Profile.FOOT)
    assert way.geometry[0] == start
    assert way.geometry[-1] == end
    assert way.distance_m == pytest.approx(20 + 150 + 150 + 10, abs=0.5)
    assert sum(metres(*pair) for pair in pairwise(way.geometry)) == pytest.approx(way.distance_m, abs=0.5)
    assert way.duration_s == pytest.approx(way.distance_m / FOOT_MPS, abs=2)
    assert [(step.name, step.maneuver) for step in way.steps] == [("Main Street", "DEPART"), ("Cross Street", "LEFT")]
    assert sum(step.distance_m for step in way.steps) == pytest.approx(way.distance_m, abs=1e-6)
    assert not way.approximate


def test_stairs_are_told_and_wheels_go_round(router):
    """On foot over the footbridge; in a wheelchair by the streets."""
    start, end = door(0, 190), door(150, 205)
    on_foot = router.route(start, end, Profile.FOOT)
    assert "STAIRS" in [step.maneuver for step in on_foot.steps]
    rolling = router.route(start, end, Profile.WHEELCHAIR)
    assert "STAIRS" not in [step.maneuver for step in rolling.steps]
    assert rolling.distance_m > 600


def test_along_one_street_nobody_goes_round_its_ends():
    """Two doors of one street: straight between, and not back where it is a one-way."""
    at = (-30.0, -51.0)
    sketch = Sketch([at, (-30.0, -51.0 + 200 / DEGREE_M / math.cos(math.radians(30)))], [Segment(0, 1, 1504, -1)])
    router = StreetNetworkRouter(build_graph(sketch))
    low, high = door(50, 5, at), door(150, -5, at)
    way = router.route(low, high, Profile.FOOT)
    assert way.distance_m == pytest.approx(110, abs=0.5)
    assert way.duration_s == pytest.approx(110 / FOOT_MPS, abs=2)
    assert router.route(high, low, Profile.FOOT) is None


def test_doors_beside_each_other_far_from_the_street_are_walked_straight(router):
    """Nobody goes to the street and back for thirty metres over the same open ground."""
    start, end = door(-100, 90), door(-80, 90)
    way = router.route(start, end, Profile.FOOT)
    assert way.geometry == (start, end)
    assert way.distance_m == pytest.approx(20, abs=0.1)
    assert [step.maneuver for step in way.steps] == ["DEPART"]
    targets = router.link(np.array([end.lat]), np.array([end.lon]), Profile.FOOT)
    assert router.reach(start, targets, 900).seconds.tolist() == [way.duration_s]


def test_the_same_door_is_a_way_of_no_time(router):
    """Two points at least, no seconds."""
    here = door(-100, 20)
    way = router.route(here, here, Profile.FOOT)
    assert (way.duration_s, len(way.geometry)) == (0, 2)


def test_what_has_no_street_has_no_way(router):
    """Outside the extract: no way, nothing reached, and the reason is told."""
    far = Coordinate(24.0, 120.0)
    assert router.route(far, door(0, 0), Profile.FOOT) is None
    assert router.route(door(0, 0), far, Profile.FOOT) is None
    targets = router.link(np.array([far.lat, TAIPEI[0]]), np.array([far.lon, TAIPEI[1]]), Profile.FOOT)
    assert targets.unlinked.tolist() == [0]
    assert "outside the extract" in targets.explain(0)
    assert router.reach(door(0, 0), targets, 900).number.tolist() == [1]
    assert not len(router.reach(far, targets, 900).number)
    assert router.covers(door(0, 0))
    assert not router.covers(far)
    assert [len(row.number) for row in router.table(targets, targets, 900)] == [0, 1]
    assert not router.approximate


def test_another_speed_stretches_the_way(router):
    """Half as fast takes twice as long; the limit is one of time."""
    start, end = door(-150, 0), door(0, 150)
    usual, slow = (router.route(start, end, Profile.FOOT, speed_mps=mps) for mps in (None, FOOT_MPS / 2))
    assert slow.duration_s == pytest.approx(2 * usual.duration_s, abs=2)
    targets = router.link(np.array([end.lat]), np.array([end.lon]), Profile.FOOT)
    assert router.reach(start, targets, slow.duration_s, speed_mps=FOOT_MPS / 2).seconds.tolist() == [slow.duration_s]
    assert not len(router.reach(start, targets, slow.duration_s - 1, speed_mps=FOOT_MPS / 2).number)
    with pytest.raises(ValueError, match="the road decides"):
        router.route(start, end, Profile.CAR, speed_mps=3.0)


def test_climbs_count_what_goes_up():
    """Up and down a hill: the ascent alone, and in shares of a segment."""
    nodes = [(-30.0, -51.0 + n * 0.002) for n in range(3)]
    sketch = Sketch(nodes, [Segment(0, 1, 2000, 2000), Segment(1, 2, 2000, 2000)], elevation_m=[10, 30, 5])
    router = StreetNetworkRouter(build_graph(sketch))
    there = router.route(Coordinate(*nodes[0]), Coordinate(*nodes[2]), Profile.FOOT)
    back = router.route(Coordinate(*nodes[2]), Coordinate(*nodes[0]), Profile.FOOT)
    half = router.route(Coordinate(-30.0, -50.999), Coordinate(*nodes[2]), Profile.FOOT)
    assert (there.climb_m, back.climb_m) == pytest.approx((20, 25), abs=0.01)
    assert half.climb_m == pytest.approx(10, abs=0.1)


@pytest.mark.parametrize(
    ("angle_deg", "maneuver"),
    [
        (0, "CONTINUE"),
        (-30, "SLIGHTLY_LEFT"),
        (90, "RIGHT"),
        (-90, "LEFT"),
        (270, "LEFT"),
        (140, "HARD_RIGHT"),
        (-179, "UTURN_LEFT"),
        (359, "CONTINUE"),
    ],
)
def test_turns_are_named_by_their_angle(angle_deg, maneuver):
    """Clockwise is right, and angles wrap."""
    assert name_turn(angle_deg) == maneuver


@settings(deadline=None, max_examples=60)
@given(sketches())
def test_every_way_looks_like_what_it_is(sketch):
    """From door to door without a jump, as long as its steps and its line."""
    router = StreetNetworkRouter(build_graph(sketch))
    for start in sketch.nodes[:3]:
        for end in sketch.nodes[-3:]:
            doors = Coordinate(start[0] + 1e-4, start[1]), Coordinate(*end)
            way = router.route(*doors, Profile.FOOT)
            if way is None:
                continue
            assert (way.geometry[0], way.geometry[-1]) == doors
            line_m = sum(metres(*pair) for pair in pairwise(way.geometry))
            assert line_m == pytest.approx(way.distance_m, rel=1e-3, abs=0.5)
            assert sum(step.distance_m for step in way.steps) == pytest.approx(way.distance_m, abs=1e-6)
            assert way.steps[0].maneuver in {"DEPART", "STAIRS"}


def test_beyond_the_extract_the_great_circle_takes_over(router):
    """Streets between doors in town, the line where one is outside; what is inside and unlinked stays unlinked."""
    both, line = WithFallback(router, GreatCircle()), GreatCircle()
    places = [door(0, 150), door(0, 3000), door(-100, 500), door(0, 2500)]
    lat, lon = (np.array([getattr(place, part) for place in places]) for part in ("lat", "lon"))
    targets = both.link(lat, lon, Profile.FOOT)
    assert targets.unlinked.tolist() == [2]
    start = door(-150, 20)
    reached = both.reach(start, targets, 86_400)
    assert reached.number.tolist() == [0, 3, 1]
    for number, seconds in zip(reached.number.tolist(), reached.seconds.tolist(), strict=True):
        way = both.route(start, places[number], Profile.FOOT)
        assert way.duration_s == seconds
        assert way.approximate == (number != 0)
    assert both.route(start, places[2], Profile.FOOT) is None
    outside = both.reach(places[1], targets, 86_400)
    expected = line.reach(places[1], line.link(lat, lon, Profile.FOOT), 86_400)
    np.testing.assert_array_equal(outside.number, expected.number)
    np.testing.assert_array_equal(outside.seconds, expected.seconds)
    assert set(both.approximate) == {"en", "zh-Hant"}
    for place, row in zip(places, both.table(targets, targets, 86_400), strict=True):
        alone = both.reach(place, targets, 86_400)
        np.testing.assert_array_equal(row.number, alone.number)
        np.testing.assert_array_equal(row.seconds, alone.seconds)


def test_targets_belong_to_their_router(router):
    """Places that another router linked, profiles that were not read, and tables of two profiles are refused."""
    lat, lon = np.array([TAIPEI[0]]), np.array([TAIPEI[1]])
    with pytest.raises(TypeError, match="another router"):
        router.reach(door(0, 0), GreatCircle().link(lat, lon, Profile.FOOT), 900)
    with pytest.raises(TypeError, match="another router"):
        router.reach(door(0, 0), StreetNetworkRouter(router.graph).link(lat, lon, Profile.FOOT), 900)
    with pytest.raises(TypeError, match="another router"):
        WithFallback(router, GreatCircle()).reach(door(0, 0), router.link(lat, lon, Profile.FOOT), 900)
    with pytest.raises(ValueError, match="link both for one profile"):
        router.table(router.link(lat, lon, Profile.FOOT), router.link(lat, lon, Profile.CAR), 900)
    on_foot_only = StreetNetworkRouter(build_graph(Sketch([(-30.0, -51.0), (-30.0, -50.9)], [Segment(0, 1, 1, 1)])))
    with pytest.raises(ValueError, match="without the profile car"):
        on_foot_only.route(door(0, 0), door(0, 0), Profile.CAR)


def test_threads_do_not_disturb_each_other(router):
    """The same answers from eight threads at once as from one, ways and reaches mixed."""
    draw = np.random.default_rng(5)
    doors = [door(*point) for point in draw.uniform(-220, 220, (60, 2)).tolist()]
    lat, lon = (np.array([getattr(place, part) for place in doors]) for part in ("lat", "lon"))
    targets = router.link(lat, lon, Profile.FOOT)

    def ask(number):
        reached = router.reach(doors[number], targets, 900, inbound=number % 2 == 0)
        return reached.number.tolist(), reached.seconds.tolist(), router.route(doors[number], doors[-1], Profile.FOOT)

    alone = [ask(number) for number in range(60)]
    with ThreadPoolExecutor(8) as pool:
        for _ in range(3):
            assert list(pool.map(ask, range(60))) == alone


def test_a_stored_hierarchy_is_used(town, router):
    """What ``prepare`` returns serves the next router, which then builds none."""
    hierarchy = router.prepare(Profile.FOOT)
    again = StreetNetworkRouter(town.graph, hierarchies={Profile.FOOT: hierarchy})
    assert again.prepare(Profile.FOOT) is hierarchy
    assert again.route(door(-150, 20), door(10, 150), Profile.FOOT) == router.route(
        door(-150, 20), door(10, 150), Profile.FOOT
    )
