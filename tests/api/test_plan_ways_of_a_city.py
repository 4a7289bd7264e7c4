"""`plan` by shared bike, car park and on-demand ride, on the planner of the embedded Kaohsiung in the real application.

Readings and the clock are the tests' own. Which ways are found is tested in tests/mobility; here they are told as MOTIS
tells them, and every reply fits the API's document.
"""

import datetime as dt
from dataclasses import replace

import pytest
import schemathesis
from fastapi.testclient import TestClient
from kaohsiung_ways import AT, HOME, HOUSE_IN_THE_NORTH, MEINONG, MEINONG_HOSPITAL, ZUOYING, ZUOYING_5

from api.app import create_app
from api.routes.clock import read_clock
from api.settings import Settings
from mobility.bikeshare.state import StationState
from mobility.parking.facilities import Occupancy, SpaceKind
from mobility.service import JourneyPlanner

EVENING_BEFORE = AT - dt.timedelta(hours=15)
AFTER_CLOSING = AT - dt.timedelta(hours=13)


def strict_document(app):
    """The OpenAPI document, in which no object has a field that it does not name."""
    document = app.openapi()
    for schema in document["components"]["schemas"].values():
        if "properties" in schema:
            schema["additionalProperties"] = False
    return schemathesis.openapi.from_dict(document)


def with_readings(planner):
    """The same supply with a few readings of bikes, docks and spaces, minutes old."""
    supply, read_at = planner.supply, AT - dt.timedelta(minutes=2)
    bikes, car_parks = supply.systems[0], supply.car_parks
    counts = {"建民公園": 6, "捷運後驛站(2號出口)": 3, "輕軌凱旋公園站": 4, "捷運文化中心站(2號出口)": 7}
    states = {
        station.station_id: StationState(station.station_id, {"yb2": count}, 10, read_at, reported_at=read_at)
        for station in bikes.system.stations
        if (count := counts.get(station.names.get("zh-TW", "")))
    }
    assert len(states) == len(counts)
    spaces = {name: Occupancy(name, {SpaceKind.CAR: 6}, read_at) for name in (ZUOYING_5, ZUOYING)}
    return replace(
        supply,
        systems=(replace(bikes, states=states, states_at=read_at, as_of=AT),),
        car_parks=replace(car_parks, occupancies=spaces),
    )


@pytest.fixture(scope="module")
def kaohsiung(tmp_path_factory):
    """The application around the city that ships, with readings; its document."""
    folder = tmp_path_factory.mktemp("cities")
    planner = JourneyPlanner.open("kaohsiung", folder)
    planner.take_supply(with_readings(planner))
    app = create_app(Settings(city="kaohsiung", redis_url="", cache_dir=folder), lambda _: planner)
    with TestClient(app) as client:
        yield client, strict_document(create_app())


@pytest.fixture
def ask(kaohsiung):
    """Ask for journeys on a Wednesday at eight, at a moment of asking; every reply fits the document."""
    client, document = kaohsiung

    def plan(start, end, version=6, asked_at=AT, **parameters):
        client.app.dependency_overrides[read_clock] = lambda: asked_at
        path = f"/api/v{version}/plan"
        query = {"fromPlace": start, "toPlace": end, "time": AT.isoformat(), **parameters}
        reply = client.get(path, params=query)
        assert reply.status_code == 200, reply.text
        document[path]["GET"].validate_response(reply)
        return reply.json()

    yield plan
    client.app.dependency_overrides.clear()


def find(reply, mode):
    """The first journey with a leg of that mode, and that leg."""
    for journey in (*reply["itineraries"], *reply["direct"]):
        for leg in journey["legs"]:
            if leg["mode"] == mode:
                return journey, leg
    raise AssertionError(f"no journey by {mode}")


def instant(text):
    """An instant of a reply."""
    return dt.datetime.fromisoformat(text)


@pytest.mark.parametrize("version", [5, 6])
def test_bike_and_metro(ask, version):
    """A shared bike to the metro, from station to station, with the chance of a bike by a reading of two minutes."""
    journey, leg = find(
        ask(HOME, "R4", version, preTransitModes="WALK,RENTAL", maxPreTransitTime=1800, language="zh-TW"), "RENTAL"
    )
    assert [each["mode"] for each in journey["legs"]] == ["WALK", "RENTAL", "WALK", "SUBWAY"]
    assert (leg["rental"]["fromStationName"], leg["rental"]["toStationName"]) == ("建民公園", "捷運後驛站(2號出口)")
    assert (leg["rental"]["systemId"], leg["rental"]["formFactor"]) == ("youbike_khh", "BICYCLE")
    taken = leg["availability"]["pickUp"]
    assert (taken["level"], taken["ageSeconds"]) == (6, 120)
    assert 0.5 < taken["probability"] <= 1
    assert taken["backup"]["place"]["name"] == "正興公有停車場"
    assert leg["price"] == {"amount": 10.0, "currency": "TWD"}
    assert journey["legs"][0]["to"]["vertexType"] == leg["from"]["vertexType"] == "BIKESHARE"
    assert ("level" in leg["from"]) == (version == 5)
    for one, next_one in zip(journey["legs"], journey["legs"][1:], strict=False):
        assert instant(one["endTime"]) <= instant(next_one["startTime"])


def test_metro_and_bike(ask):
    """The same at the other end; without details there are neither steps nor lines, and all else is the same."""
    query = {"postTransitModes": "WALK,RENTAL", "maxPostTransitTime": 1800}
    whole, brief = ask("R16", HOME, **query), ask("R16", HOME, **query, detailedLegs="false")
    journey, leg = find(whole, "RENTAL")
    assert [each["mode"] for each in journey["legs"]] == ["SUBWAY", "WALK", "RENTAL", "WALK"]
    assert leg["steps"][0]["relativeDirection"] == "DEPART"
    assert leg["approximateWay"] is True
    assert leg["legGeometry"]["length"] >= 2
    _, bare = find(brief, "RENTAL")
    assert "steps" not in bare
    assert bare["legGeometry"]["points"] == ""
    assert bare["rental"] == leg["rental"]
    assert [each["id"] for each in brief["itineraries"]] == [each["id"] for each in whole["itineraries"]]


def test_a_bike_between_two_vehicles(ask):
    """From metro to light rail by bike, only where it was asked for."""
    query = {"numItineraries": 8}
    journey, leg = find(ask("O2", "C34", transferModes="RENTAL", **query), "RENTAL")
    assert [each["mode"] for each in journey["legs"]] == ["SUBWAY", "WALK", "RENTAL", "WALK", "TRAM"]
    assert leg["rental"]["fromStationName"] == "捷運五塊厝站(4號出口)"
    with pytest.raises(AssertionError, match="no journey by RENTAL"):
        find(ask("O2", "C34", **query), "RENTAL")


def test_park_and_ride(ask):
    """By car to the metro: the chance of a space, what a stay costs by its tariff, and the walk from there."""
    query = {"preTransitModes": "CAR_PARKING", "maxPreTransitTime": 3600}
    journey, leg = find(ask(HOUSE_IN_THE_NORTH, "R8", **query), "CAR_PARKING")
    assert [each["mode"] for each in journey["legs"]][:3] == ["CAR_PARKING", "WALK", "SUBWAY"]
    assert leg["parking"]["facilityId"] in {ZUOYING_5, ZUOYING}
    assert leg["parking"]["staySeconds"] == 8 * 3600
    assert leg["parking"]["price"] == {"amount": 150.0, "currency": "TWD"}
    assert (leg["availability"]["space"]["level"], leg["availability"]["space"]["ageSeconds"]) == (6, 120)
    assert leg["distance"] > 5000
    short = find(ask(HOUSE_IN_THE_NORTH, "R8", **query, parkingStay=30), "CAR_PARKING")[1]["parking"]
    assert short["staySeconds"] == 1800
    assert 0 < short["price"]["amount"] < 150


def test_a_ride_on_demand_in_the_hills(ask):
    """It is there as long as it can be booked by the clock of the server, with the number to call."""
    query = {"directModes": "FLEX", "language": "zh-TW"}
    reply = ask(MEINONG, MEINONG_HOSPITAL, asked_at=EVENING_BEFORE, **query)
    journey, leg = find(reply, "FLEX")
    assert instant(leg["booking"]["bookBy"]) == dt.datetime.fromisoformat("2026-11-24T18:00:00+08:00")
    assert leg["booking"]["phone"] == "0800-660-696"
    assert leg["booking"]["approximate"]
    assert "美濃" in leg["from"]["flex"]
    assert [each["mode"] for each in journey["legs"]] == ["FLEX"]
    assert all(each["legs"][0]["mode"] == "FLEX" for each in reply["direct"])
    assert ask(MEINONG, MEINONG_HOSPITAL, asked_at=AFTER_CLOSING, **query)["direct"] == []


def test_a_system_that_is_not_there(ask):
    """Who wants another provider's bikes gets journeys without any, on foot as before."""
    query = {"preTransitModes": "RENTAL", "maxPreTransitTime": 1800, "preTransitRentalProviders": "another"}
    with_other = ask(HOME, "R4", **query)
    on_foot = ask(HOME, "R4", maxPreTransitTime=1800)
    assert [each["id"] for each in with_other["itineraries"]] == [each["id"] for each in on_foot["itineraries"]]
    assert on_foot["itineraries"]


def test_direct_ways_of_every_kind(ask):
    """By bike of one's own, by car, by taxi and on foot: each is there once, with what it needs, and HGV is told of."""
    reply = ask(HOME, "R12", directModes="WALK,BIKE,CAR,ODM,RENTAL,HGV", maxDirectTime=3600, language="en")
    modes = [{leg["mode"] for leg in journey["legs"]} for journey in reply["direct"]]
    assert [way for way in modes if len(way) == 1] == [{"WALK"}, {"BIKE"}, {"CAR"}, {"ODM"}]
    assert any("RENTAL" in way for way in modes)
    taxi = find(reply, "ODM")[1]["booking"]
    assert "fare is not known" in taxi["approximate"]
    assert not {"bookBy", "price"} & set(taxi)
    assert "HGV all the way is not offered and was left out." in reply["notices"]
