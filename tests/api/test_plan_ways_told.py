"""Shared vehicles, car parks, rides on demand and steps of a journey, as `plan` tells them; and journeys that it leaves
out because a part of them is not as it was asked for.
"""

import datetime as dt
from dataclasses import replace

import pytest

from api.mapping.journeys import Style, to_itinerary
from api.mapping.places import Wording
from api.mapping.requests import is_within
from api.mapping.ways import direct_as_wanted
from api.schemas.parameters import PlanParameters
from mobility.bikeshare.state import UNLIMITED
from mobility.itinerary import Itinerary, Leg, Ride
from mobility.model import Coordinate, Mode, Place
from mobility.street_use import Backup, Booking, Chance, Hire, Parked, Step

WALK, RENTAL = Mode.WALK, Mode.RENTAL
HERE, THERE, FAR = (
    Place(name, Coordinate(22.6 + number / 100, 120.3), names={"zh-TW": name, "en": f"Stop {number}"})
    for number, name in enumerate(("甲", "乙", "丙"))
)
STATION = Place("丁", Coordinate(22.64, 120.3), "D", "D1", {"zh-TW": "丁", "en": "Metro D"})
MOPED = Hire(
    "go",
    {"zh-TW": "高機車", "en": "Go Moped"},
    "moped",
    "electric",
    pick_up=Chance(HERE, 0.9, "now", 1, 1, 30),
    drop_off=Chance(STATION, 1.0, "prior", None, UNLIMITED),
    price=(17.255, "TWD"),
    vehicle_id="moped-1",
    uris={"android": "https://go.example/a", "ios": "https://go.example/i", "web": "https://go.example/w"},
)
BIKE = Hire(
    "bikes",
    {"en": "Bikes"},
    "bicycle",
    "human",
    pick_up=Chance(HERE, 0.4, "history", 2, 20, 61, Backup(FAR, 120, 0.8)),
    drop_off=Chance(THERE, 0.75, "stale"),
)
METRO = Ride("R", "R-1", "R")


def tell(*legs, language="en", version=6, detailed=True):
    """A journey of these legs, as a JSON object."""
    journey = Itinerary(legs, dt.date(2026, 1, 7), "Asia/Taipei")
    return to_itinerary(journey, Wording((language,), "Asia/Taipei", version), Style(detailed=detailed))


def told_leg(leg, **style):
    """The only leg of a journey, as it is on the wire."""
    return tell(leg, **style).model_dump(mode="json", by_alias=True, exclude_none=True)["legs"][0]


def test_a_bike_from_station_to_station():
    """Names of both stations, the chance at each with its age, and where else to go; both ends are bike stations."""
    leg = told_leg(Leg(RENTAL, HERE, THERE, 0, 600, 1234.56, hire=BIKE))
    assert leg["rental"] == {
        "providerId": "bikes",
        "providerGroupId": "bikes",
        "systemId": "bikes",
        "systemName": "Bikes",
        "stationName": "Stop 0",
        "fromStationName": "Stop 0",
        "toStationName": "Stop 1",
        "formFactor": "BICYCLE",
        "propulsionType": "HUMAN",
    }
    taken, left = leg["availability"]["pickUp"], leg["availability"]["dropOff"]
    assert {key: taken[key] for key in ("probability", "basis", "level", "capacity", "ageSeconds")} == {
        "probability": 0.4,
        "basis": "history",
        "level": 2,
        "capacity": 20,
        "ageSeconds": 61,
    }
    assert taken["place"]["name"] == "Stop 0"
    assert (taken["backup"]["place"]["name"], taken["backup"]["extraSeconds"]) == ("Stop 2", 120)
    assert set(left) == {"place", "probability", "basis"}
    assert (leg["from"]["vertexType"], leg["to"]["vertexType"]) == ("BIKESHARE", "BIKESHARE")
    assert leg["distance"] == 1234.6
    assert "price" not in leg


def test_a_vehicle_in_the_street_has_no_station():
    """Station names are empty, a place without limit has no capacity, and a stop stays a stop."""
    leg = told_leg(Leg(RENTAL, HERE, STATION, 0, 600, hire=MOPED), language="zh-TW")
    assert leg["rental"] == {
        "providerId": "go",
        "providerGroupId": "go",
        "systemId": "go",
        "systemName": "高機車",
        "stationName": "",
        "fromStationName": "",
        "toStationName": "",
        "rentalUriAndroid": "https://go.example/a",
        "rentalUriIOS": "https://go.example/i",
        "rentalUriWeb": "https://go.example/w",
        "formFactor": "MOPED",
        "propulsionType": "ELECTRIC",
    }
    assert "capacity" not in leg["availability"]["dropOff"]
    assert leg["price"] == {"amount": 17.25, "currency": "TWD"}
    assert (leg["from"]["vertexType"], leg["to"]["vertexType"]) == ("NORMAL", "TRANSIT")


def test_a_car_park():
    """Its name, price and warnings in the language asked for, the chance of a space beside them."""
    warnings = ({"en": "Closes at 18:00.", "zh-Hant": "18:00 關閉。"},)
    parked = Parked("P1", {"zh-TW": "停車場"}, Chance(THERE, 0.3, "history", 3, 40, 90), 3600, (30.0, "TWD"), warnings)
    leg = told_leg(Leg(Mode.CAR_PARKING, HERE, THERE, 0, 600, 5000.0, parked=parked), language="zh-TW")
    assert leg["parking"] == {
        "facilityId": "P1",
        "name": "停車場",
        "staySeconds": 3600,
        "price": {"amount": 30.0, "currency": "TWD"},
        "warnings": ["18:00 關閉。"],
    }
    assert leg["availability"]["space"]["level"] == 3
    assert leg["distance"] == 5000.0
    overfull = told_leg(
        Leg(Mode.CAR_PARKING, HERE, THERE, 0, 600, parked=replace(parked, space=Chance(THERE, 0, "now", -3)))
    )
    assert overfull["availability"]["space"]["level"] == 0
    unpriced = told_leg(Leg(Mode.CAR_PARKING, HERE, THERE, 0, 600, parked=Parked("P1", {}, None, 0)))
    assert unpriced["parking"] == {"facilityId": "P1", "name": "", "staySeconds": 0, "warnings": []}
    assert "availability" not in unpriced


@pytest.mark.parametrize("mode", [Mode.FLEX, Mode.ODM])
def test_a_ride_on_demand(mode):
    """How to book, by when, and what is only approximate; a zone's name at both ends of a ride by FLEX."""
    by = dt.datetime(2026, 1, 6, 18, tzinfo=dt.timezone(dt.timedelta(hours=8)))
    booking = Booking("S", {"en": "Hill rides"}, by, "0800", "", {"en": "Book."}, {"en": "Assumed."}, (85.0, "TWD"))
    leg = told_leg(Leg(mode, HERE, THERE, 0, 600, booking=booking))
    assert leg["booking"] == {
        "serviceId": "S",
        "name": "Hill rides",
        "bookBy": "2026-01-06T18:00:00+08:00",
        "phone": "0800",
        "text": "Book.",
        "approximate": "Assumed.",
        "price": {"amount": 85.0, "currency": "TWD"},
    }
    name = "Hill rides" if mode is Mode.FLEX else None
    assert (leg["from"].get("flex"), leg["to"].get("flex")) == (name, name)


def test_steps_have_every_field_of_motis():
    """Each instruction with all that MOTIS requires; straight lines say so; neither without details."""
    steps = (Step("", 12.34, "DEPART"), Step("中正路", 500.0, "HARD_LEFT"), Step("", 8.0, "STAIRS"))
    leg = Leg(WALK, HERE, THERE, 0, 600, 520.0, geometry=(HERE.at, THERE.at), steps=steps, is_straight=True)
    told = told_leg(leg)
    empty = {"points": "", "precision": 6, "length": 0}
    assert told["steps"][1] == {
        "relativeDirection": "HARD_LEFT",
        "distance": 500.0,
        "fromLevel": 0.0,
        "toLevel": 0.0,
        "polyline": empty,
        "streetName": "中正路",
        "exit": "",
        "stayOn": False,
        "area": False,
    }
    assert [step["relativeDirection"] for step in told["steps"]] == ["DEPART", "HARD_LEFT", "STAIRS"]
    assert told["approximateWay"] is True
    bare = told_leg(replace(leg, is_straight=False), detailed=False)
    assert "steps" not in bare
    assert "approximateWay" not in bare
    assert bare["legGeometry"] == empty


def test_a_vehicle_of_public_transport_has_none_of_it():
    """No steps, no straight way: its times say themselves what they are."""
    leg = told_leg(Leg(Mode.SUBWAY, HERE, THERE, 0, 600, ride=METRO))
    assert not {"steps", "approximateWay", "rental", "availability", "parking", "booking", "price"} & set(leg)


def test_journeys_by_other_stations_have_other_ids():
    """Two ways of the same times by other stations, or another system, are two journeys."""
    ids = {
        tell(Leg(RENTAL, start, THERE, 0, 600, hire=hire)).id
        for start in (HERE, FAR)
        for hire in (BIKE, replace(BIKE, system_id="other"))
    }
    assert len(ids) == 4


def journey_by(mode, seconds, hire=None, before=60, after=60, end_mode=WALK):
    """On foot, by a mode, metro, and the same at the end."""
    at_s = before + seconds
    return tell(
        Leg(WALK, HERE, THERE, 0, before),
        Leg(mode, THERE, STATION, before, at_s, hire=hire),
        Leg(Mode.SUBWAY, STATION, FAR, at_s, at_s + 600, ride=METRO),
        Leg(end_mode, FAR, HERE, at_s + 600, at_s + 600 + after),
    )


def ask_for(**parameters):
    """A query with these parameters."""
    return PlanParameters(from_place="A", to_place="B", **parameters)


@pytest.mark.parametrize(
    ("mode", "seconds", "is_kept"),
    [
        (WALK, 240, True),
        (RENTAL, 840, True),
        (RENTAL, 841, True),
        (RENTAL, 842, False),
        (Mode.CAR_PARKING, 900, False),
        (Mode.FLEX, 840, True),
        (Mode.FLEX, 3000, True),
    ],
)
def test_a_way_to_a_stop_keeps_to_its_limit_as_a_whole(mode, seconds, is_kept):
    """Walk and ride together count, to the rounding of each leg; on-demand rides are as long as their zones."""
    query = ask_for(max_pre_transit_time=900)
    assert is_within(journey_by(mode, seconds), query) == is_kept


def test_each_end_has_its_own_limit():
    """A long ride at the end is no matter of the limit at the beginning."""
    long_end = journey_by(WALK, 60, after=1200, end_mode=RENTAL)
    assert is_within(long_end, ask_for(max_pre_transit_time=300, max_post_transit_time=1200))
    assert not is_within(long_end, ask_for(max_pre_transit_time=1200, max_post_transit_time=1199))


def test_a_vehicle_that_was_not_wanted_there_is_left_out():
    """Form, propulsion and system are looked at in the part of the journey in which the vehicle is ridden."""
    journey, direct = journey_by(RENTAL, 300, hire=MOPED), tell(Leg(RENTAL, HERE, THERE, 0, 600, hire=MOPED))
    for right, wrong in (
        ({"form_factors": ["MOPED"]}, {"form_factors": ["BICYCLE"]}),
        ({"propulsion_types": ["ELECTRIC"]}, {"propulsion_types": ["HUMAN"]}),
        ({"providers": ["go", "x"]}, {"providers": ["x"]}),
        ({"provider_groups": ["go"]}, {"provider_groups": ["x"]}),
    ):
        for words, is_kept in ((right, True), (wrong, False)):
            ((field, values),) = words.items()
            assert is_within(journey, ask_for(**{f"pre_transit_rental_{field}": values})) == is_kept
            assert is_within(journey, ask_for(**{f"post_transit_rental_{field}": values}))
            assert direct_as_wanted(direct, ask_for(**{f"direct_rental_{field}": values})) == is_kept
            assert direct_as_wanted(direct, ask_for(**{f"pre_transit_rental_{field}": values}))


def test_options_keep_to_the_limits_too(plan):
    """What is no journey of the page is none of the few either."""
    assert len(plan(options="true").json()["options"]) == 1
    assert plan(options="true", maxPreTransitTime=30).json()["options"] == []
