"""What riders are told about a vehicle."""

import dataclasses
import datetime as dt
from types import MappingProxyType

import numpy as np
import pytest

from mobility.model import Coordinate, Mode, Place, mode_of_route_type
from mobility.network.routes import build_routes

FEED = """
# agency.txt
agency_id,agency_name,agency_url,agency_timezone
,Example,https://example.org,Etc/UTC
# stops.txt
stop_id,stop_name,stop_lat,stop_lon
A,Alpha,0.000,0.000
B,Beta,0.000,0.020
# routes.txt
route_id,route_short_name,route_long_name,route_type,route_color
R1,1,First,3,00FF00
R2,,Second,900,
# calendar.txt
service_id,monday,tuesday,wednesday,thursday,friday,saturday,sunday,start_date,end_date
W,0,0,1,0,0,0,0,20260701,20260731
# trips.txt
route_id,service_id,trip_id,trip_headsign
R1,W,t1,Harbour
R2,W,t2,
gone,W,t3,
# stop_times.txt
trip_id,arrival_time,departure_time,stop_id,stop_sequence
t1,08:00:00,08:00:00,A,1
t1,08:10:00,08:10:00,B,2
t2,08:20:00,08:20:00,A,1
t2,08:30:00,08:30:00,B,2
t3,08:40:00,08:40:00,A,1
t3,08:50:00,08:50:00,B,2
"""
TRANSLATED = """
# translations.txt
table_name,field_name,language,translation,record_id,field_value
routes,route_short_name,de,Eins,,1
agency,agency_name,de,Beispiel,,Example
trips,trip_headsign,de,Hafen,,Harbour
"""
DATE = dt.date(2026, 7, 15)
BETA = Place("Beta", Coordinate(22.6, 120.3), names={"en": "Beta", "de": "Betha"})


def test_rides_carry_line_direction_and_agency(net):
    """A headsign where there is one, else the last stop; the only agency where the route names none."""
    routes = build_routes(net(FEED).feed)
    first, second = (routes.ride_of(trip, DATE, BETA) for trip in (0, 1))
    assert (first.short_name, first.headsign, first.agency_name, first.color) == ("1", "Harbour", "Example", "00FF00")
    assert (second.long_name, second.headsign, routes.mode_of(1)) == ("Second", "Beta", Mode.TRAM)


def test_rides_are_named_in_every_language_of_the_feed(net):
    """By record where translations.txt names one, else by text; a missing headsign speaks as the last stop does."""
    routes = build_routes(net(FEED + TRANSLATED).feed)
    first, second = (routes.ride_of(trip, DATE, BETA) for trip in (0, 1))
    assert first.texts["short_name"]["de"] == "Eins"
    assert first.texts["agency_name"]["de"] == "Beispiel"
    assert first.texts["headsign"]["de"] == "Hafen"
    assert second.texts["headsign"]["de"] == "Betha"
    assert "short_name" not in second.texts or "de" not in second.texts["short_name"]


def test_a_trip_of_an_unknown_route_can_be_ridden(net):
    """A trip whose route is missing is still a vehicle."""
    assert net(FEED).lines("A", "B", "08:31") == ["Alpha ~ OTHER ? 08:40 08:50 ~ Beta [08:40 08:50 10m Tx0]"]


def test_times_that_are_no_timetable_say_so(net):
    """Our column of routes.txt reaches every ride of the route; without it nothing is said."""
    feed = net(FEED).feed
    assert build_routes(feed).rides[0].approximate == ""
    table = feed["routes.txt"]
    sentence = np.array(["Times are estimated.", ""], object)
    columns = MappingProxyType({**table.columns, "changtong_approximate": sentence})
    marked = dataclasses.replace(table, columns=columns, header=(*table.header, "changtong_approximate"))
    told = dataclasses.replace(feed, tables=MappingProxyType({**feed.tables, "routes.txt": marked}))
    assert [ride.approximate for ride in build_routes(told).rides] == ["Times are estimated.", ""]


@pytest.mark.parametrize(
    ("route_type", "mode"),
    [(0, Mode.TRAM), (1, Mode.SUBWAY), (2, Mode.RAIL), (3, Mode.BUS), (4, Mode.FERRY), (5, Mode.CABLE_CAR),
     (6, Mode.AERIAL_LIFT), (7, Mode.FUNICULAR), (11, Mode.BUS), (12, Mode.SUBWAY), (109, Mode.SUBURBAN),
     (101, Mode.RAIL), (200, Mode.COACH), (401, Mode.SUBWAY), (715, Mode.BUS), (900, Mode.TRAM),
     (1200, Mode.FERRY), (1700, Mode.OTHER), (-1, Mode.OTHER)],
)  # fmt: skip
def test_modes_of_basic_and_extended_types(route_type, mode):
    """Every route_type, basic or extended, has a mode of the API."""
    assert mode_of_route_type(route_type) is mode
