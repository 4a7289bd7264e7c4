"""The golden journeys of the embedded Kaohsiung, told by the API: the same line of notation as planner and command."""

import datetime as dt

import pytest
from fastapi.testclient import TestClient
from kaohsiung_ways import (
    AT,
    HOME,
    HOUSE_IN_THE_NORTH,
    MEINONG,
    MEINONG_HOSPITAL,
    TAIPEI,
    ZUOYING,
    ZUOYING_5,
    read_bikes,
    read_golden,
    read_spaces,
)

from api.app import create_app
from api.routes.clock import read_clock
from api.settings import Settings
from mobility.itinerary import LegSketch, Sketch, format_fare, format_sketch
from mobility.service import JourneyPlanner

BIKES = {"建民公園": 6, "捷運後驛站(2號出口)": 3}
CASES = {
    "bike + metro": (HOME, "R4", "RENTAL", {"preTransitModes": "WALK,RENTAL", "maxPreTransitTime": 1800}),
    "metro + bike": ("R16", HOME, "RENTAL", {"postTransitModes": "WALK,RENTAL", "maxPostTransitTime": 1800}),
    "park and ride": (
        HOUSE_IN_THE_NORTH, "R8", "CAR_PARKING", {"preTransitModes": "CAR_PARKING", "maxPreTransitTime": 3600},
    ),
    "park and ride, full car park": (
        HOUSE_IN_THE_NORTH, "R8", "CAR_PARKING", {"preTransitModes": "CAR_PARKING", "maxPreTransitTime": 3600},
    ),
    "bike between two vehicles": ("O2", "C34", "RENTAL", {"transferModes": "RENTAL", "numItineraries": 8}),
    "on demand in the hills": (MEINONG, MEINONG_HOSPITAL, "FLEX", {"directModes": "FLEX"}),
}  # fmt: skip
READINGS = {
    "bike + metro": lambda planner: read_bikes(planner, BIKES),
    "metro + bike": lambda planner: read_bikes(planner, BIKES),
    "park and ride": lambda planner: read_spaces(planner, {ZUOYING_5: 6, ZUOYING: 9}),
    "park and ride, full car park": lambda planner: read_spaces(planner, {ZUOYING_5: 0, ZUOYING: 9}),
    "bike between two vehicles": lambda planner: read_bikes(planner, {"捷運五塊厝站(4號出口)": 4, "凱旋醫院": 7}),
}


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    """The application around the city that ships, and its planner."""
    folder = tmp_path_factory.mktemp("cities")
    planner = JourneyPlanner.open("kaohsiung", folder)
    app = create_app(Settings(city="kaohsiung", redis_url="", cache_dir=folder), lambda _: planner)
    with TestClient(app) as client:
        yield client, planner


def sketch(journey):
    """A journey of the reply as the notation sees it."""

    def second(text):
        instant = dt.datetime.fromisoformat(text).astimezone(TAIPEI)
        return round((instant - instant.replace(hour=0, minute=0, second=0)).total_seconds())

    def label(place):
        return place.get("stopCode") or place["name"]

    legs, places = [], []
    for leg in journey["legs"]:
        begin, end = second(leg["startTime"]), second(leg["endTime"])
        if "tripId" in leg:
            legs.append(LegSketch(leg["mode"], leg["displayName"], begin, end))
        else:
            legs.append(LegSketch(leg["mode"].capitalize(), duration_s=end - begin))
    for number, leg in enumerate(journey["legs"]):
        if number or "tripId" in leg:
            places.append(label(leg["from"]))
    if "tripId" in journey["legs"][-1]:
        places.append(label(journey["legs"][-1]["to"]))
    fare = ""
    for transfer in journey.get("fareTransfers", []):
        product = transfer["effectiveFareLegProducts"][0][0][0]
        fare = format_fare((product["amount"], product["currency"]))
    begin, end = second(journey["startTime"]), second(journey["endTime"])
    return Sketch(tuple(legs), tuple(places), begin, end, journey["transfers"], fare)


@pytest.mark.parametrize("name", CASES)
def test_golden_journey(server, name):
    """Notation for notation what the planner's golden file says."""
    client, planner = server
    start, end, mode, query = CASES[name]
    before = planner.supply
    READINGS.get(name, lambda _: None)(planner)
    asked_at = AT - dt.timedelta(hours=20) if mode == "FLEX" else AT
    client.app.dependency_overrides[read_clock] = lambda: asked_at
    try:
        query = {"fromPlace": start, "toPlace": end, "time": AT.isoformat(), "withFares": "true", **query}
        reply = client.get("/api/v6/plan", params={"language": "zh-TW", **query}).json()
    finally:
        client.app.dependency_overrides.clear()
        planner.take_supply(before)
    journeys = (*reply["itineraries"], *reply["direct"])
    told = next(j for j in journeys if any(leg["mode"] == mode for leg in j["legs"]))
    assert format_sketch(sketch(told)) == read_golden()[name][0]
