"""Ways in an invented town: mopeds that stand in the streets, on-demand rides to and from stops, lifts and taxis."""

import datetime as dt
import json
from dataclasses import replace

import gbfs_town
import pytest
from feed_text import feed_folder

from mobility.flex import OnDemandZones, TaxiService, TaxiTariff
from mobility.itinerary import format_itinerary
from mobility.model import Coordinate, Mode, Place
from mobility.planner.request import Hires, Ways
from mobility.service import JourneyPlanner, NoStopNear, PlanRequest
from mobility.sources.gbfs import decode

WALK, RENTAL, FLEX = Mode.WALK, Mode.RENTAL, Mode.FLEX
# a line from south to north through the middle of the town of gbfs_town: (22.010..22.090, 119.045)
FEED = """
    # agency.txt
    agency_id,agency_name,agency_url,agency_timezone,agency_lang
    X,Example,https://example.org,Asia/Taipei,en
    # stops.txt
    stop_id,stop_name,stop_lat,stop_lon
    S,South,22.010,119.045
    M,Middle,22.045,119.045
    N,North,22.090,119.045
    # routes.txt
    route_id,agency_id,route_short_name,route_type
    R,X,Red,1
    F,X,Call,715
    # calendar.txt
    service_id,monday,tuesday,wednesday,thursday,friday,saturday,sunday,start_date,end_date
    W,1,1,1,1,1,1,1,20260701,20260731
    # trips.txt
    route_id,service_id,trip_id,trip_headsign
    R,W,r1,North
    R,W,r2,North
    R,W,r3,North
    F,W,f,
    # stop_times.txt
    trip_id,arrival_time,departure_time,stop_id,stop_sequence,location_id,start_pickup_drop_off_window,end_pickup_drop_off_window,pickup_type,drop_off_type,pickup_booking_rule_id,drop_off_booking_rule_id
    r1,08:30:00,08:30:00,S,1,,,,,,,
    r1,08:36:00,08:36:00,M,2,,,,,,,
    r1,08:42:00,08:42:00,N,3,,,,,,,
    r2,09:30:00,09:30:00,S,1,,,,,,,
    r2,09:36:00,09:36:00,M,2,,,,,,,
    r2,09:42:00,09:42:00,N,3,,,,,,,
    r3,20:30:00,20:30:00,S,1,,,,,,,
    r3,20:36:00,20:36:00,M,2,,,,,,,
    r3,20:42:00,20:42:00,N,3,,,,,,,
    f,,,,1,Z,08:00:00,18:00:00,2,2,B,B
    f,,,,2,Z,08:00:00,18:00:00,2,2,B,B
    # booking_rules.txt
    booking_rule_id,booking_type,prior_notice_duration_min,phone_number
    B,1,30,123
"""
ZONE = [[118.99, 21.99], [119.07, 21.99], [119.07, 22.02], [118.99, 22.02], [118.99, 21.99]]
"""Around the south and its stop."""
AT = gbfs_town.NOW


@pytest.fixture(scope="module")
def town(tmp_path_factory):
    """The line, the zone, mopeds and a taxi."""
    folder = feed_folder(FEED, tmp_path_factory.mktemp("town"))
    zone = {"id": "Z", "type": "Feature", "properties": {}, "geometry": {"type": "Polygon", "coordinates": [ZONE]}}
    (folder / "locations.geojson").write_text(json.dumps({"type": "FeatureCollection", "features": [zone]}), "utf-8")
    planner = JourneyPlanner.open_feed(folder)
    state = decode(gbfs_town.mopeds(), now=AT).state
    tariff = TaxiTariff("TWD", 85, 1250, 5, 200)
    taxi = TaxiService("taxi", {"en": "Taxi"}, 300, tariff=tariff)
    planner.take_supply(replace(planner.supply, systems=(state,), taxi=taxi))
    return planner


def door(north, east):
    """A point so many hundredths of a degree from the corner of the town."""
    return Place("door", Coordinate(22.0 + north / 100, 119.0 + east / 100))


def ask(town, start, end, at=AT, asked_at=None, hires=None, **ways):
    """All journeys of two hours."""
    asked = Ways(
        **{key: frozenset({WALK, *modes}) for key, modes in ways.items()}, hires=hires or Hires(), longest_direct_s=7200
    )
    return town.plan(PlanRequest(start, end, at, itineraries=None, window_s=7200, ways=asked, asked_at=asked_at or at))


def with_mode(journeys, mode):
    """Those in which one moves by a mode."""
    return [j for j in journeys if any(leg.mode is mode for leg in j.legs)]


def test_a_moped_is_left_at_the_stop_and_at_the_door(town):
    """Free-floating: taken where it stands, left at the stop itself; from a stop, left at the very door, where zones let it."""
    vehicle = next(v for v in town.supply.systems[0].vehicles if not v.is_disabled and not v.is_reserved)
    near = Place("near", vehicle.at)
    north = town.find_place("N")
    found = with_mode(ask(town, near, north, access={RENTAL}).itineraries, RENTAL)
    assert found
    ride = next(leg for leg in found[0].legs if leg.mode is RENTAL)
    assert ride.hire.form_factor == "moped"
    assert ride.start.at == vehicle.at
    assert ride.end.stop_id in {"S", "M", "N"}
    assert ride.hire.price is not None


def test_somebody_may_want_only_some_vehicles(town):
    """Asked for bicycles, no moped is proposed; asked for mopeds it is."""
    vehicle = town.supply.systems[0].vehicles[0]
    near, north = Place("near", vehicle.at), town.find_place("N")
    wanted = {kind: Hires(form_factors=frozenset({kind})) for kind in ("bicycle", "moped")}
    found = {
        kind: bool(with_mode(ask(town, near, north, access={RENTAL}, hires=hires).itineraries, RENTAL))
        for kind, hires in wanted.items()
    }
    assert found == {"bicycle": False, "moped": True}


def test_an_on_demand_ride_brings_one_to_the_stop(town):
    """From a house in the zone, far from any stop, to the metro; booked half an hour before."""
    home, north = door(1.0, 0.5), town.find_place("N")
    asked_at = AT - dt.timedelta(hours=1)
    found = with_mode(ask(town, home, north, asked_at=asked_at, access={FLEX}).itineraries, FLEX)
    assert [j.legs[-1].ride.trip_id for j in found] == ["r1", "r2"]
    flex = found[0].legs[0]
    assert flex.mode is FLEX
    assert flex.end.stop_id == "S"
    assert flex.booking.phone == "123"
    assert flex.booking.book_by.timestamp() <= AT.timestamp() + 3600


def test_an_on_demand_ride_is_not_offered_when_it_is_too_late_to_book(town):
    """Asked now, a ride that must be booked half an hour before reaches only the second metro."""
    home, north = door(1.0, 0.5), town.find_place("N")
    found = with_mode(ask(town, home, north, access={FLEX}).itineraries, FLEX)
    assert [j.legs[-1].ride.trip_id for j in found] == ["r2"]


def test_an_on_demand_ride_keeps_its_window(town):
    """At night the zone is not served: a journey in the evening begins on foot, or not at all."""
    home, north = door(1.0, 0.5), town.find_place("N")
    evening = AT.replace(hour=19)
    assert not with_mode(ask(town, home, north, at=evening, asked_at=AT, access={FLEX}).itineraries, FLEX)


def test_taxis_and_lifts_at_either_end(town):
    """A taxi waits before it drives and has a price where its tariff is known; somebody who gives a lift stops at once."""
    home, north = door(1.0, 1.0), town.find_place("N")
    by_taxi = with_mode(ask(town, home, north, access={Mode.ODM}).itineraries, Mode.ODM)[0].legs[0]
    by_lift = with_mode(ask(town, home, north, access={Mode.CAR_DROPOFF}).itineraries, Mode.CAR_DROPOFF)[0].legs[0]
    assert by_taxi.booking.price[1] == "TWD"
    assert by_taxi.arrival_s - by_taxi.departure_s > by_lift.arrival_s - by_lift.departure_s
    back = ask(town, town.find_place("S"), door(9.0, 9.0), egress={Mode.ODM}, direct={Mode.ODM, Mode.CAR, Mode.BIKE})
    assert with_mode(back.itineraries, Mode.ODM)[0].legs[-1].mode is Mode.ODM
    assert {leg.mode for journey in back.direct for leg in journey.legs} >= {Mode.ODM, Mode.CAR}
    assert all(format_itinerary(journey) for journey in back.direct)


def test_one_may_drive_where_no_stop_is(town):
    """Far from every stop a car and a taxi still bring one there; on foot alone the refusal names the nearest stop."""
    far = Place("far", Coordinate(22.01, 119.60))
    ways = Ways(direct=frozenset({Mode.CAR, Mode.ODM}), longest_direct_s=6 * 3600)
    request = PlanRequest(far, town.find_place("S"), AT, ways=ways, asked_at=AT)
    assert {journey.legs[0].mode for journey in town.plan(request).direct} == {Mode.CAR, Mode.ODM}
    with pytest.raises(NoStopNear):
        town.plan(replace(request, ways=Ways()))


def test_a_taxi_costs_more_at_night_by_the_clock_of_the_city(town):
    """A surcharge from 23 to 6: at three in the morning and not at three in the afternoon."""
    tariff = TaxiTariff("TWD", 85, 1250, 5, 200, night_fare=20, night_from_s=23 * 3600, night_to_s=6 * 3600)
    before = town.supply
    town.take_supply(replace(before, taxi=TaxiService("taxi", {"en": "Taxi"}, 300, tariff=tariff)))
    try:
        prices = {}
        for hour in (3, 15):
            at = AT.replace(hour=hour)
            ways = Ways(direct=frozenset({WALK, Mode.ODM}), longest_direct_s=7200)
            result = town.plan(PlanRequest(door(1, 1), door(2, 2), at, ways=ways, asked_at=at))
            prices[hour] = next(j.legs[0].booking.price[0] for j in result.direct if j.legs[0].booking)
        assert prices[3] == prices[15] + 20
    finally:
        town.take_supply(before)


def test_of_several_rides_the_one_that_runs_is_told(town):
    """Another trip of the zone, early in the morning and listed first, does not hide the one of the day."""
    before = town.supply
    first = before.zones.rides[0]
    window = (6 * 3600, 7 * 3600)
    early = replace(
        first, number=0, trip_id="early",
        pickup=replace(first.pickup, window_s=window), drop_off=replace(first.drop_off, window_s=window),
    )  # fmt: skip
    zones = before.zones
    areas = {zone: area for place, area in zip(zones.places, zones._areas, strict=True) for zone in place.zones}
    both = OnDemandZones((early, replace(first, number=1)), zones.places, areas, zones.service_days, zones.language)
    town.take_supply(replace(before, zones=both))
    try:
        asked_at = AT - dt.timedelta(hours=3)
        found = with_mode(
            ask(town, door(1.0, 0.5), town.find_place("N"), asked_at=asked_at, access={FLEX}).itineraries, FLEX
        )
        assert [j.legs[-1].ride.trip_id for j in found] == ["r1", "r2"]
    finally:
        town.take_supply(before)
