"""Where and when one can be picked up on demand, beside plain searches for the same."""

import datetime as dt
import json
from itertools import pairwise
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from feed_text import feed_folder
from hypothesis import given, settings
from hypothesis import strategies as st

from gtfs.flex import Duration, FlexCall, FlexPlace
from gtfs.ingest import read_feed
from mobility.flex import FlexRide, build_on_demand
from mobility.model import Coordinate

FEED = """
# agency.txt
agency_id,agency_name,agency_url,agency_timezone,agency_lang
X,Example,https://example.org,Asia/Taipei,en
# stops.txt
stop_id,stop_name,stop_lat,stop_lon
A,Alpha,0.5,0.5
B,Beta,0.5,3.5
C,Gamma,5,5
# routes.txt
route_id,agency_id,route_short_name,route_type
R,X,1,3
# calendar.txt
service_id,monday,tuesday,wednesday,thursday,friday,saturday,sunday,start_date,end_date
W,1,1,1,1,1,0,0,20260101,20261231
N,0,0,0,0,0,1,1,20260101,20261231
# trips.txt
route_id,service_id,trip_id,safe_duration_factor,safe_duration_offset
R,W,inside,1.5,300
R,W,across,,
R,N,night,,
R,W,meet,,
# location_groups.txt
location_group_id,location_group_name
G,Group
# location_group_stops.txt
location_group_id,stop_id
G,C
# booking_rules.txt
booking_rule_id,booking_type,prior_notice_last_day,prior_notice_last_time
K,2,1,18:00:00
# stop_times.txt
trip_id,arrival_time,departure_time,stop_id,location_id,location_group_id,stop_sequence,start_pickup_drop_off_window,end_pickup_drop_off_window,pickup_type,drop_off_type,pickup_booking_rule_id,drop_off_booking_rule_id
inside,,,,W,,1,08:00:00,18:00:00,2,1,K,
inside,,,,W,,2,08:00:00,18:00:00,1,2,,K
across,,,,W,,1,08:00:00,18:00:00,2,1,,
across,,,,E,,2,09:00:00,17:00:00,1,2,,
night,,,,W,,1,20:00:00,26:00:00,2,1,,
night,,,,W,,2,20:00:00,26:00:00,1,2,,
meet,,,,,G,1,08:00:00,10:00:00,2,1,,
meet,10:00:00,10:00:00,B,,,2,,,1,0,,
"""


def square(west, south, size=1.0):
    """A square ring."""
    corners = [(0, 0), (size, 0), (size, size), (0, size), (0, 0)]
    return [[west + x, south + y] for x, y in corners]


WEST = {"type": "Polygon", "coordinates": [square(0, 0), square(0.4, 0.4, 0.2)]}
EAST = {"type": "MultiPolygon", "coordinates": [[square(3, 0)], [square(3, 2)]]}


def build(tmp_path, west=WEST, east=EAST):
    """The rides of the feed; ``west`` and ``east`` are the geometries of its two zones."""
    features = [{"id": name, "type": "Feature", "geometry": g} for name, g in (("W", west), ("E", east))]
    folder = feed_folder(FEED, tmp_path)
    (folder / "locations.geojson").write_text(json.dumps({"type": "FeatureCollection", "features": features}))
    return build_on_demand(read_feed(folder)[0])


@pytest.fixture(scope="module")
def zones(tmp_path_factory):
    """The rides of the feed as it is."""
    return build(tmp_path_factory.mktemp("feed"))


MONDAY, SATURDAY = dt.date(2026, 5, 11), dt.date(2026, 5, 16)
IN_WEST, IN_HOLE, IN_EAST = Coordinate(0.1, 0.1), Coordinate(0.5, 0.5), Coordinate(2.5, 3.5)


def trips(rides):
    """Their trips."""
    return [ride.trip_id for ride in rides]


def test_rides_are_found_by_place_and_date(zones):
    """Pick-up and drop-off where a zone is, on the days of the service, and between two points only both together."""
    assert zones.notices == ()
    assert trips(zones.rides_on(MONDAY)) == ["inside", "across", "meet"]
    assert trips(zones.rides_on(SATURDAY)) == ["night"]
    assert zones.rides_on(dt.date(2027, 1, 1)) == ()
    assert trips(zones.pick_up(IN_WEST, MONDAY)) == ["inside", "across"]
    assert trips(zones.drop_off(IN_WEST, MONDAY)) == ["inside"]
    assert trips(zones.drop_off(IN_EAST, MONDAY)) == ["across"]
    assert trips(zones.direct(IN_WEST, IN_EAST, MONDAY)) == ["across"]
    assert zones.direct(IN_EAST, IN_WEST, MONDAY) == ()
    assert zones.pick_up(IN_HOLE, MONDAY) == ()
    assert zones.pick_up(IN_EAST, MONDAY) == ()


def test_rides_know_their_rules_zone_and_durations(zones):
    """A ride carries what its trip says, one rule once."""
    inside, across, *_ = zones.rides
    assert [rule.rule_id for rule in inside.rules] == ["K"]
    assert (inside.must_book, inside.timezone, inside.route_id) == (True, "Asia/Taipei", "R")
    assert (inside.ride_s(600), inside.mean_ride_s(600)) == (1200, 1200)
    assert (across.ride_s(600), across.rules, across.must_book) == (600, (), True)


def test_stops_of_a_timetable_are_located_once(zones):
    """Those inside a zone, and those that a group or a call names; a hole is outside."""
    lat, lon = np.array([0.1, 0.5, 0.5, 5.0]), np.array([0.1, 0.5, 3.5, 5.0])
    found = zones.locate(lat, lon, ("D", "A", "B", "C"))
    by_id = {place.place_id: found.of(number).tolist() for number, place in enumerate(zones.places)}
    assert by_id == {"W": [0], "E": [2], "G": [3], "B": [2]}
    nameless = zones.locate(lat, lon)
    assert [nameless.of(n).tolist() for n, place in enumerate(zones.places) if place.place_id == "G"] == [[]]


def test_windows_that_pass_midnight_belong_to_the_day_before(zones):
    """At 01:00 on Sunday people still ride by the window of Saturday; at 03:00 no longer."""
    taipei = ZoneInfo("Asia/Taipei")
    assert zones.latest_s == 26 * 3600
    sunday = dt.date(2026, 5, 17)
    assert zones.list_days(dt.datetime(2026, 5, 17, 1, tzinfo=taipei)) == (SATURDAY, sunday)
    assert zones.list_days(dt.datetime(2026, 5, 17, 3, tzinfo=taipei)) == (sunday,)
    # the same instant, asked for on another clock
    assert zones.list_days(dt.datetime(2026, 5, 16, 17, tzinfo=dt.UTC)) == (SATURDAY, sunday)


def test_a_zone_that_crosses_itself_is_mended(tmp_path):
    """A bow tie is two triangles: both serve, the notice says which zone and what to do."""
    bow = {"type": "Polygon", "coordinates": [[[0, 0], [2, 2], [2, 0], [0, 1.9], [0, 0]]]}
    zones = build(tmp_path, west=bow)
    (notice,) = zones.notices
    assert (notice.code, notice.file) == ("invalid_geometry", "locations.geojson")
    assert "zone 'W' crosses itself" in notice.message
    assert "draw it again" in notice.message
    assert trips(zones.pick_up(Coordinate(0.9, 0.2), MONDAY)) == ["inside", "across"]
    assert trips(zones.pick_up(Coordinate(0.9, 1.8), MONDAY)) == ["inside", "across"]
    assert zones.pick_up(Coordinate(1.9, 1.0), MONDAY) == ()


def test_a_zone_that_is_no_polygon_takes_only_its_own_rides(tmp_path):
    """With the east a point, rides inside the west and to the stop stay, and the notice has the remedy."""
    zones = build(tmp_path, east={"type": "Point", "coordinates": [3, 0]})
    assert trips(zones.rides) == ["inside", "night", "meet"]
    assert zones.notices[0].code == "unsupported_geometry_type"
    assert "draw its border" in zones.notices[0].message


def test_a_feed_without_service_on_demand_is_empty(tmp_path):
    """No rides, no places, no dates, and questions are answered with nothing."""
    text = FEED[: FEED.index("# stop_times.txt")] + "# stop_times.txt\ntrip_id,stop_id,stop_sequence\ninside,A,1\n"
    zones = build_on_demand(read_feed(feed_folder(text, tmp_path))[0])
    assert (len(zones), zones.places, zones.latest_s) == (0, (), 0)
    assert zones.pick_up(IN_WEST, MONDAY) == ()
    assert zones.direct(IN_WEST, IN_EAST, MONDAY) == ()
    assert zones.list_days(dt.datetime(2026, 5, 11, tzinfo=dt.UTC)) == ()
    assert zones.locate(np.zeros(1), np.zeros(1)).stop.tolist() == []


def is_inside(lon, lat, rings):
    """Even-odd rule over all rings, by crossing edges to the east."""
    inside = False
    for ring in rings:
        for (x1, y1), (x2, y2) in pairwise(ring):
            if (y1 > lat) != (y2 > lat) and lon < (x2 - x1) * (lat - y1) / (y2 - y1) + x1:
                inside = not inside
    return inside


@settings(max_examples=200, deadline=None)
@given(st.floats(-0.5, 4.5), st.floats(-0.5, 3.5))
def test_inside_is_what_counting_crossings_says(zones, lon, lat):
    """Away from the borders, where both ways are sure, a point is inside exactly where its crossings are odd."""
    edges = [0.0, 0.4, 0.6, 1.0, 2.0, 3.0, 4.0]
    if min(abs(value - edge) for value in (lon, lat) for edge in edges) < 1e-9:
        return
    inside = zones.contains(Coordinate(lat, lon))
    stops = zones.locate(np.array([lat]), np.array([lon]))
    geometry = {"W": WEST["coordinates"], "E": [ring for part in EAST["coordinates"] for ring in part]}
    for number, place in enumerate(zones.places):
        expected = any(is_inside(lon, lat, geometry[zone]) for zone in place.zones)
        assert inside[number] == expected
        assert len(stops.of(number)) == expected


def test_a_point_on_the_border_is_served(zones):
    """Nobody is turned away for standing on the line."""
    assert trips(zones.pick_up(Coordinate(0.0, 0.0), MONDAY)) == ["inside", "across"]


windows = st.tuples(st.integers(0, 40), st.integers(0, 40)).map(lambda pair: (min(pair), max(pair)))
ends = st.one_of(windows.map(lambda w: (w, None)), st.integers(0, 40).map(lambda time_s: (None, time_s)))


def call(window, time_s):
    """A call with a window, or with a time."""
    return FlexCall(FlexPlace("P", ""), window, time_s, time_s)


def may_ride(first, second, leaves, ride_s):
    """Whether a ride that begins at a second is within both ends, read straight from the definition."""
    window, time_s = first
    if leaves != time_s if window is None else not window[0] <= leaves <= window[1]:
        return False
    opens, closes = second[0] or (None, second[1])
    arrives = leaves + ride_s
    if second[0] is None or window is None:
        return arrives <= closes  # it waits at the stop, or for the zone to open
    return opens <= arrives <= closes


@settings(max_examples=400, deadline=None)
@given(ends, ends, st.integers(0, 30))
def test_departures_are_those_that_both_windows_allow(first, second, ride_s):
    """The window of departures holds every second at which the ride fits, and no other; arrivals are in the end's."""
    if first[0] is None and second[0] is None:
        return
    ride = FlexRide(0, "t", "R", "W", "Etc/UTC", call(*first), call(*second), 0, 1)
    allowed = [leaves for leaves in range(-40, 90) if may_ride(first, second, leaves, ride_s)]
    found = ride.departures(ride_s)
    assert (list(range(found[0], found[1] + 1)) if found else []) == allowed
    for leaves in allowed:
        arrives = ride.arrival_s(leaves, ride_s)
        low, high = second[0] or (second[1], second[1])
        assert low <= arrives <= high
        assert arrives >= leaves + ride_s


@given(st.floats(0, 20_000), st.floats(0.1, 3), st.floats(-600, 3000), st.floats(0.1, 3), st.floats(-600, 3000))
def test_the_promise_is_the_longest_of_what_is_known(drive_s, mean, mean_s, safe, safe_s):
    """A safe duration below the mean, which a published feed has, does not shorten the promise; nor do both together
    beat the drive itself.
    """
    plain = FlexRide(0, "t", "R", "W", "Etc/UTC", call((0, 1), None), call((0, 1), None), 0, 1)
    ride = FlexRide(
        *(0, "t", "R", "W", "Etc/UTC", call((0, 1), None), call((0, 1), None), 0, 1),
        mean=Duration(mean, mean_s),
        safe=Duration(safe, safe_s),
    )
    assert plain.ride_s(drive_s) == np.ceil(drive_s)
    assert ride.ride_s(drive_s) >= max(plain.ride_s(drive_s), mean * drive_s + mean_s, safe * drive_s + safe_s) - 1e-9
    assert ride.ride_s(drive_s) <= max(plain.ride_s(drive_s), ride.mean_ride_s(drive_s), safe * drive_s + safe_s + 1)
