"""Rules of zones at points and along ways, held equal to a walk through the zones one by one."""

import datetime as dt
import itertools
import math

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from mobility.bikeshare.zones import Zone, ZoneRule, Zones

TYPES = ("bike", "moped")
HOUR = dt.timedelta(hours=1)
NOON = dt.datetime(2026, 7, 15, 12, tzinfo=dt.UTC)


def box(south, west, north, east, *rules, **when):
    """A zone over a box of latitudes and longitudes."""
    return Zone(shapely.box(west, south, east, north), rules, {}, **when)


def naive(zones, lat, lon, type_id, at=None):
    """The rules at a point: zone by zone, rule by rule, attribute by attribute."""
    answer = {}
    for zone in zones.zones:
        if at is not None and ((zone.start and at < zone.start) or (zone.end and at >= zone.end)):
            continue
        if not is_inside(zone.area, lat, lon):
            continue
        collect(answer, zone.rules, type_id)
    collect(answer, zones.global_rules, type_id)
    default = {
        "may_start": True,
        "may_end": True,
        "may_pass": True,
        "max_speed_kph": math.inf,
        "station_parking": False,
    }
    return default | answer


def collect(answer, rules, type_id):
    """Take from rules what nobody has said yet."""
    for rule in rules:
        if rule.type_ids and type_id not in rule.type_ids:
            continue
        for name in ("may_start", "may_end", "may_pass", "max_speed_kph", "station_parking"):
            if getattr(rule, name) is not None:
                answer.setdefault(name, getattr(rule, name))


def is_inside(area, lat, lon):
    """Whether a ray from the point eastwards meets the rings an odd number of times."""
    crossings = 0
    for polygon in shapely.get_parts(area):
        for ring in [polygon.exterior, *polygon.interiors]:
            points = list(ring.coords)
            for (x1, y1), (x2, y2) in itertools.pairwise(points):
                if (y1 > lat) != (y2 > lat) and lon < x1 + (lat - y1) * (x2 - x1) / (y2 - y1):
                    crossings += 1
    return crossings % 2 == 1


maybe = st.none() | st.booleans()
rules = st.builds(
    ZoneRule,
    st.frozensets(st.sampled_from(TYPES), max_size=2),
    maybe,
    maybe,
    maybe,
    st.none() | st.sampled_from([0.0, 6.0, 15.0]),
    maybe,
)


@st.composite
def areas(draw):
    """A polygon of whole corners around a middle, perhaps with a hole, or two boxes."""
    x, y = draw(st.integers(0, 20)), draw(st.integers(0, 20))
    reach = [draw(st.integers(2, 9)) for _ in range(draw(st.integers(3, 8)))]
    turn = [2 * math.pi * n / len(reach) for n in range(len(reach))]
    shell = [(x + r * math.cos(t), y + r * math.sin(t)) for r, t in zip(reach, turn, strict=True)]
    area = shapely.Polygon(shell)
    if draw(st.booleans()):
        area = shapely.union(area, shapely.box(x + 12, y, x + 15, y + 3))
    return area if draw(st.booleans()) else shapely.difference(area, shapely.box(x - 0.6, y - 0.6, x + 0.6, y + 0.6))


whens = st.sampled_from([(None, None), (NOON - HOUR, None), (NOON, NOON + HOUR), (None, NOON), (NOON + HOUR, None)])
all_zones = st.builds(
    lambda parts, everywhere: Zones(
        tuple(Zone(area, tuple(some), {}, *when) for area, some, when in parts), tuple(everywhere)
    ),
    st.lists(st.tuples(areas(), st.lists(rules, max_size=3), whens), max_size=6),
    st.lists(rules, max_size=2),
)
points = st.lists(st.tuples(st.integers(-10, 30), st.integers(-10, 30)), min_size=1, max_size=25)


@settings(deadline=None)
@given(all_zones, points, st.sampled_from(TYPES), st.sampled_from([None, NOON]))
def test_rules_at_points_equal_the_naive_walk(zones, places, type_id, at):
    """Overlaps, holes, several parts, types, times and rules that say little: each attribute at each point agrees."""
    lat = np.array([y + 0.137 for y, _ in places])
    lon = np.array([x + 0.291 for _, x in places])
    found = zones.rules_at(lat, lon, type_id, at=at)
    for number in range(len(places)):
        expected = naive(zones, lat[number], lon[number], type_id, at)
        assert {name: getattr(found, name)[number] for name in found._fields} == expected


@settings(deadline=None)
@given(all_zones, points, st.sampled_from(TYPES))
def test_ways_cross_what_their_points_are_in(zones, places, type_id):
    """A way is refused if one of many points along it is where nobody may pass, and else only if it cuts a corner."""
    lat = np.array([y + 0.137 for y, _ in places])
    lon = np.array([x + 0.291 for _, x in places])
    is_refused = zones.crosses_forbidden(lat, lon, type_id)
    along = np.linspace(0, max(len(places) - 1, 0), 40 * len(places))
    fine_lat = np.interp(along, np.arange(len(places)), lat)
    fine_lon = np.interp(along, np.arange(len(places)), lon)
    passes = zones.rules_at(fine_lat, fine_lon, type_id).may_pass
    if not passes.all():
        assert is_refused
    elif is_refused:
        corners = shapely.MultiPoint(np.column_stack([fine_lon, fine_lat])).buffer(1.0)
        assert any(shapely.intersects(zone.area.boundary, corners) for zone in zones.zones)


def rule(may_pass=None, speed=None, types=()):
    """A rule about passing and speed."""
    return ZoneRule(frozenset(types), may_pass=may_pass, max_speed_kph=speed)


def test_example_of_the_standard_for_overlapping_polygons():
    """GBFS 3.0, Geofencing Rule Precedence: A before B for what both say, B's speed where A has none, else global."""
    a = box(0, 0, 2, 2, rule(may_pass=True, types=["bike"]))
    b = box(0, 1, 2, 3, rule(may_pass=False, speed=20, types=["bike"]))
    zones = Zones((a, b), (rule(may_pass=False, speed=10, types=["bike"]),))
    found = zones.rules_at(np.full(4, 1.0), np.array([0.5, 1.5, 2.5, 9.0]), "bike")
    assert found.may_pass.tolist() == [True, True, False, False]
    assert found.max_speed_kph.tolist() == [10, 20, 20, 10]


def test_example_of_the_standard_for_different_types():
    """A zone that does not name a type does not count for it."""
    a = box(0, 0, 2, 2, rule(may_pass=True, types=["bike"]))
    b = box(0, 1, 2, 3, rule(may_pass=False, types=["scooter"]))
    zones = Zones((a, b), (rule(may_pass=False, types=["bike"]), rule(may_pass=True, types=["scooter"])))
    lat, lon = np.full(4, 1.0), np.array([0.5, 1.5, 2.5, 9.0])
    assert zones.rules_at(lat, lon, "bike").may_pass.tolist() == [True, True, False, False]
    assert zones.rules_at(lat, lon, "scooter").may_pass.tolist() == [True, False, False, True]


def test_nothing_is_forbidden_without_zones():
    """No zones and no rules: everything goes everywhere, also for no points at all."""
    found = Zones().rules_at(np.zeros(0), np.zeros(0), "bike")
    assert [len(column) for column in found] == [0] * 5
    assert not Zones().crosses_forbidden(np.array([0.0, 1]), np.array([0.0, 1]), "bike")
    assert not Zones().crosses_forbidden(np.zeros(0), np.zeros(0), "bike")
    assert Zones().lost_s(np.array([0.0, 1]), np.array([0.0, 1]), "bike", 4.0) == 0


def test_a_way_along_a_border_passes():
    """Rules hold inside: riding along the fence of a park where nobody may ride is no ride through the park."""
    park = Zones((box(0, 0, 1, 1, rule(may_pass=False)),))
    assert not park.crosses_forbidden(np.array([0.0, 1.0]), np.array([1.0, 1.0]), "bike")
    assert park.crosses_forbidden(np.array([0.0, 1.0]), np.array([1.0, 0.9]), "bike")


def test_a_way_between_two_zones_that_touch_passes():
    """Where the world is closed but two neighbouring zones are open, their common border is no gap."""
    open_zones = [box(0, west, 1, west + 0.1, rule(may_pass=True)) for west in (0.1, 0.2)]
    zones = Zones(tuple(open_zones), (rule(may_pass=False),))
    assert not zones.crosses_forbidden(np.array([0.3, 0.7]), np.array([0.11, 0.29]), "bike")
    assert zones.crosses_forbidden(np.array([0.3, 0.7]), np.array([0.11, 0.31]), "bike")


def test_slow_zones_cost_time():
    """Half of a way of 2 km leads through a zone of 9 km/h: at 5 m/s that is 1000/2.5 - 1000/5 = 200 s more."""
    degrees = 1000 / (math.pi * 6_371_000 / 180)
    zones = Zones((box(-1, -1, degrees, 1, rule(speed=9.0)),))
    lost = zones.lost_s(np.array([0.0, 2 * degrees]), np.array([0.0, 0.0]), "bike", 5.0)
    assert lost == pytest.approx(200, abs=25 / 2.5)
    assert zones.lost_s(np.array([0.0, 2 * degrees]), np.array([0.0, 0.0]), "bike", 2.0) == 0


def test_types_with_the_same_rules_are_told_alike():
    """Two types that no rule distinguishes have the same mark, and another one has not."""
    zones = Zones((box(0, 0, 1, 1, rule(may_pass=False, types=["a", "b"])),))
    assert zones.tell_type("a") == zones.tell_type("b") != zones.tell_type("c")
