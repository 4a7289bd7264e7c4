"""`plan` speaks as MOTIS does: its parameters, its replies, its refusals."""

import datetime as dt
from dataclasses import replace

import pytest

from api.mapping.journeys import Style, to_itinerary
from api.mapping.places import Wording
from api.mapping.polyline import decode_polyline
from api.schemas.journey import EncodedPolyline
from mobility.itinerary import Itinerary, Leg, Ride
from mobility.model import Coordinate, Mode, Place
from mobility.network.needs import Needs
from mobility.planner.query import Criterion, TransferTimes


def test_journey_has_every_leg_with_times_of_the_city(plan):
    """Legs come in order, with instants in the city's own offset, and what a rider reads of each vehicle."""
    reply = plan().json()
    journey = reply["itineraries"][0]
    assert [leg["mode"] for leg in journey["legs"]] == ["WALK", "SUBWAY", "WALK", "TRAM"]
    assert journey["startTime"] == "2026-01-07T08:00:00+08:00"
    assert journey["endTime"] == "2026-01-07T08:25:00+08:00"
    assert (journey["duration"], journey["transfers"]) == (1500, 1)
    metro = journey["legs"][1]
    assert metro["displayName"] == "紅線"
    assert metro["routeColor"] == "E20B65"
    assert [stop["name"] for stop in metro["intermediateStops"]] == ["獅甲"]
    assert metro["scheduledStartTime"] == metro["startTime"]
    assert metro["realTime"] is False
    assert metro["from"]["tz"] == "Asia/Taipei"


def test_every_required_field_of_motis_is_there(plan):
    """The fields that MOTIS marks as always present are present."""
    reply = plan().json()
    assert {
        "requestParameters",
        "debugOutput",
        "from",
        "to",
        "direct",
        "itineraries",
        "previousPageCursor",
        "nextPageCursor",
    } <= set(reply)
    for journey in (*reply["itineraries"], *reply["direct"]):
        assert {"duration", "startTime", "endTime", "transfers", "id", "legs"} <= set(journey)
        for leg in journey["legs"]:
            assert {
                "mode",
                "from",
                "to",
                "duration",
                "startTime",
                "endTime",
                "scheduledStartTime",
                "scheduledEndTime",
                "realTime",
                "scheduled",
                "legGeometry",
            } <= set(leg)


def test_level_is_absent_in_v6_and_zero_in_v5(plan):
    """v6 leaves an unknown level out; clients of v5 cannot live without it."""
    assert "level" not in plan(6).json()["from"]
    reply = plan(5).json()
    places = [reply["from"], reply["to"]]
    for leg in reply["itineraries"][0]["legs"]:
        places += [leg["from"], leg["to"], *leg.get("intermediateStops", [])]
    assert all(place["level"] == 0 for place in places)


def test_geometry_decodes_to_the_course(plan):
    """A leg's polyline has precision 6 and runs from its first to its last place."""
    leg = plan().json()["itineraries"][0]["legs"][1]
    line = decode_polyline(EncodedPolyline(**leg["legGeometry"]))
    assert leg["legGeometry"]["precision"] == 6
    assert leg["legGeometry"]["length"] == len(line) == 3
    assert (line[0].lat, line[0].lon) == (leg["from"]["lat"], leg["from"]["lon"])
    assert plan(detailedLegs="false").json()["itineraries"][0]["legs"][1]["legGeometry"]["points"] == ""


def test_estimated_times_say_so(plan):
    """A leg whose times are not a published timetable carries the reason; others carry nothing."""
    legs = plan().json()["itineraries"][0]["legs"]
    assert "2019" in legs[3]["approximate"]
    assert "approximate" not in legs[1]


@pytest.mark.parametrize("parameters", [{"language": "en"}, {"language": ["fr", "en-GB"]}, {"language": "fr,en"}])
def test_names_come_in_the_language_asked_for(plan, parameters):
    """The first language known wins, whether listed by repetition or by comma, and en-GB is content with en."""
    assert plan(**parameters).json()["from"]["name"] == "Formosa Boulevard"
    assert plan().json()["from"]["name"] == "美麗島"


def test_vehicles_are_named_in_the_language_asked_for(plan):
    """Line, direction and operator too; what the feed does not translate stays as it is."""
    metro, tram = (plan(language="en").json()["itineraries"][0]["legs"][i] for i in (1, 3))
    told = [metro[key] for key in ("displayName", "routeShortName", "routeLongName", "headsign", "agencyName")]
    assert told == ["Red Line", "Red Line", "Siaogang – Gangshan", "Siaogang", "Kaohsiung Metro"]
    assert (tram["displayName"], tram["headsign"]) == ("輕軌", "哈瑪星")
    own = plan(language="zh-TW").json()["itineraries"][0]["legs"][1]
    assert (own["displayName"], own["headsign"]) == ("紅線", "小港")


def test_what_is_estimated_is_said_in_the_language_asked_for(plan):
    """Reasons and notices come in Chinese when asked for, else in English."""
    chinese = plan(language="zh-TW", requireCarTransport="true").json()
    assert chinese["itineraries"][0]["legs"][3]["approximate"] == "週末時刻依 2019 年時刻表估計。"
    assert chinese["notices"][0] == "步行為直線距離乘以 1.3。"
    assert "汽車" in chinese["notices"][1]
    for parameters in ({}, {"language": "en"}):
        english = plan(**parameters).json()
        assert "2019" in english["itineraries"][0]["legs"][3]["approximate"]
        assert english["notices"] == ["Walking is a straight line times 1.3."]


@pytest.mark.parametrize("value", ["SUBWAY,TRAM", ["SUBWAY", "TRAM"], ["SUBWAY,TRAM", "SUBWAY"]])
def test_arrays_repeat_or_use_commas(plan, city, value):
    """MOTIS's client repeats the key, its document says commas: both are understood, also mixed."""
    assert plan(transitModes=value).status_code == 200
    assert city.requests[-1].modes == {Mode.SUBWAY, Mode.TRAM}


@pytest.mark.parametrize(
    ("value", "modes"),
    [("TRANSIT", None), ("TRANSIT,BUS", None), ("METRO", {Mode.SUBURBAN}), ("HIGHSPEED_RAIL", {Mode.RAIL})],
)
def test_modes_of_the_wire_become_ours(plan, city, value, modes):
    """TRANSIT means all; names of older versions and kinds of trains find the mode we know."""
    plan(transitModes=value)
    assert city.requests[-1].modes == modes


def test_no_transit_modes_means_no_transit(plan):
    """An empty list asks for ways without transit."""
    reply = plan(transitModes="").json()
    assert reply["itineraries"] == []
    assert reply["direct"]


@pytest.mark.parametrize("text", ["22.6,120.3", "22.6,120.3,0", " 22.6 , 120.3 ", "22.6,120.3,-1.5"])
def test_coordinates_with_and_without_level(plan, city, text):
    """`lat,lon[,level]` is a place of its own, named START as MOTIS names it."""
    reply = plan(fromPlace=text).json()
    assert reply["from"] == {"name": "START", "lat": 22.6, "lon": 120.3, "tz": "Asia/Taipei", "vertexType": "NORMAL"}
    assert city.requests[-1].start.at.lat == 22.6


@pytest.mark.parametrize(
    "text",
    [
        "2026-01-07T00:00:00Z",
        "2026-01-07T08:00:00+08:00",
        "2026-01-07T08:00",
        "2026-01-07T08:00:00 08:00",
        "2026-01-07T00:00:00.000Z",
    ],
)
def test_the_same_instant_however_it_is_written(plan, city, text):
    """With an offset, in UTC, in the city's own time, and with a plus that an address turned into a blank."""
    assert plan(time=text).status_code == 200
    assert city.requests[-1].at == dt.datetime(2026, 1, 7, tzinfo=dt.UTC)


def test_without_a_time_it_is_now(plan, city):
    """No `time` asks for now."""
    plan(time=None)
    assert abs(city.requests[-1].at - dt.datetime.now(dt.UTC)) < dt.timedelta(minutes=1)


def test_parameters_reach_the_planner_within_caps(plan, city):
    """Numbers are passed on; beyond the server's caps they are capped, as MOTIS does."""
    plan(
        arriveBy="true",
        numItineraries=3,
        searchWindow=1200,
        maxTransfers=2,
        maxPreTransitTime=600,
        maxPostTransitTime=300,
    )
    asked = city.requests[-1]
    assert (asked.arrive_by, asked.itineraries, asked.window_s, asked.max_transfers, asked.max_walk_s) == (
        True,
        3,
        1200,
        2,
        600,
    )
    plan(searchWindow=345600, maxTransfers=50, maxPreTransitTime=9000)
    asked = city.requests[-1]
    assert (asked.window_s, asked.max_transfers, asked.max_walk_s) == (86400, 7, 3600)


def test_walks_longer_than_asked_are_left_out(plan):
    """The first mile has its own limit, the last mile too."""
    assert plan(maxPreTransitTime=30).json()["itineraries"] == []
    assert plan(maxPreTransitTime=60).json()["itineraries"]
    assert plan(maxDirectTime=600).json()["direct"] == []


def test_pages_are_the_planners_own(plan, city):
    """Cursors come from the planner and go back to it as they are; only the first page has direct ways."""
    first = plan().json()
    assert (first["previousPageCursor"], first["nextPageCursor"]) == ("EARLIER|1767744000", "LATER|1767745501")
    assert first["direct"]
    for cursor in ("previousPageCursor", "nextPageCursor"):
        page = plan(pageCursor=first[cursor]).json()
        assert city.requests[-1].page == first[cursor]
        assert page["direct"] == []


def test_most_journeys_end_the_page(plan, city):
    """`maxItineraries` makes the page smaller, so that what it leaves out is on the next one."""
    plan(numItineraries=5, maxItineraries=2)
    assert city.requests[-1].itineraries == 2
    plan(numItineraries=3, maxItineraries=9)
    assert city.requests[-1].itineraries == 3


def test_stops_on_the_way_reach_the_planner(plan, city):
    """`via` is a list of stops in order, each with its minutes to stay; without any one may remain seated."""
    plan(via="R6,C3", viaMinimumStay="10")
    assert [(s.place.stop_id, s.stay_s) for s in city.requests[-1].via] == [("R6", 600), ("C3", 0)]
    plan(via=["R6", "C3"], viaMinimumStay=["0", "5"])
    assert [s.stay_s for s in city.requests[-1].via] == [0, 300]


def test_wishes_reach_the_planner(plan, city):
    """Transfer times in minutes, a wheelchair, a bicycle, criteria and options become the planner's words."""
    plan(
        minTransferTime=5,
        additionalTransferTime=2,
        transferTimeFactor=1.5,
        pedestrianProfile="WHEELCHAIR",
        requireBikeTransport="true",
        criteria="WALKING,CO2",
        options="true",
    )
    asked = city.requests[-1]
    assert asked.transfer == TransferTimes(300, 120, 1.5)
    assert asked.needs == Needs(wheelchair=True, bicycle=True)
    assert asked.criteria == {Criterion.WALKING, Criterion.CO2}
    assert asked.options
    plan()
    asked = city.requests[-1]
    assert (asked.transfer, asked.needs, asked.criteria, asked.options) == (
        TransferTimes(),
        Needs(),
        frozenset(),
        False,
    )


def test_options_come_with_reasons_and_costs(plan):
    """Each of the few journeys says why it is there, in the language asked for, and what it costs."""
    (option,) = plan(options="true", language="zh-TW").json()["options"]
    assert option["reasons"] == ["earliest_arrival", "cheapest"]
    assert option["labels"] == ["最早抵達", "票價最低"]
    assert option["costs"] == {"walking": 240, "price": 30.0, "co2": 310, "catchProbability": 0.95}
    assert option["itinerary"]["legs"][1]["displayName"] == "紅線"
    assert "options" not in plan().json()


def test_what_filters_left_out_is_told(plan):
    """How many journeys each rule dropped is in `debugOutput`."""
    assert plan().json()["debugOutput"] == {"dropped.hardly_gains": 2}


def test_fares_when_asked(plan):
    """A fare is a product of all rides together, only with `withFares`."""
    assert "fareTransfers" not in plan().json()["itineraries"][0]
    journey = plan(withFares="true").json()["itineraries"][0]
    product = journey["fareTransfers"][0]["effectiveFareLegProducts"][0][0][0]
    assert (product["amount"], product["currency"]) == (30.0, "TWD")
    assert [leg.get("fareTransferIndex") for leg in journey["legs"]] == [None, 0, None, 0]


def test_unknown_parameters_are_ignored(plan):
    """A typical request of MOTIS's own front end is served."""
    extra = {
        "numLegAlternatives": 3,
        "joinInterlinedLegs": "false",
        "noCompulsoryReservation": "false",
        "maxMatchingDistance": 250,
        "nonsense": "1",
    }
    assert plan(**extra).status_code == 200


def test_what_is_not_offered_is_said(plan):
    """Who wants to take a car along must not believe that the answer does."""
    assert any("car" in text for text in plan(requireCarTransport="true").json()["notices"])
    assert len(plan(requireCarTransport="false").json()["notices"]) == 1


@pytest.mark.parametrize(
    ("parameters", "status", "named"),
    [
        ({"fromPlace": None}, 422, "fromPlace"),
        ({"toPlace": "   "}, 422, "toPlace"),
        ({"fromPlace": "95,120"}, 422, "fromPlace"),
        ({"toPlace": "22,191"}, 422, "toPlace"),
        ({"toPlace": "Atlantis"}, 404, "toPlace"),
        ({"time": "yesterday"}, 422, "time"),
        ({"time": "2026-02-30T08:00:00Z"}, 422, "time"),
        ({"time": "2031-01-07T08:00:00Z"}, 404, "time"),
        ({"time": "0001-01-01T00:00:00Z"}, 404, "time"),
        ({"time": "9999-12-31T23:59:59-23:59"}, 404, "time"),
        ({"arriveBy": "maybe"}, 422, "arriveBy"),
        ({"numItineraries": 0}, 422, "numItineraries"),
        ({"numItineraries": "five"}, 422, "numItineraries"),
        ({"searchWindow": -1}, 422, "searchWindow"),
        ({"maxTransfers": -1}, 422, "maxTransfers"),
        ({"maxPreTransitTime": -5}, 422, "maxPreTransitTime"),
        ({"transitModes": "BUS,ROCKET"}, 422, "transitModes"),
        ({"pageCursor": "NEXT"}, 422, "pageCursor"),
        ({"maxTransfers": 1000}, 422, "maxTransfers"),
        ({"searchWindow": 315_360_000}, 422, "searchWindow"),
        ({"transferTimeFactor": 0.5}, 422, "transferTimeFactor"),
        ({"transferTimeFactor": "nan"}, 422, "transferTimeFactor"),
        ({"minTransferTime": -1}, 422, "minTransferTime"),
        ({"pedestrianProfile": "HORSE"}, 422, "pedestrianProfile"),
        ({"via": "R6,Atlantis"}, 404, "via"),
        ({"via": ",".join(["R6"] * 1000)}, 422, "via"),
        ({"via": "R6,C3,R10"}, 422, "via"),
        ({"criteria": "WALKING,BEAUTY"}, 422, "criteria"),
    ],
)
def test_impossible_values_are_refused_by_name(plan, parameters, status, named):
    """A refusal is a problem document that names the parameter and says what is wrong."""
    reply = plan(**parameters)
    assert reply.status_code == status
    assert reply.headers["content-type"] == "application/problem+json"
    body = reply.json()
    assert [error["parameter"] for error in body["errors"]] == [named]
    assert body["status"] == status
    assert body["detail"] == body["error"]


def test_two_mistakes_are_told_at_once(plan):
    """Nobody should have to find their mistakes one request at a time."""
    named = [error["parameter"] for error in plan(arriveBy="x", numItineraries=0).json()["errors"]]
    assert sorted(named) == ["arriveBy", "numItineraries"]


def test_replies_echo_the_request(plan):
    """`requestParameters` holds what was asked, arrays joined."""
    asked = plan(transitModes=["BUS", "TRAM"]).json()["requestParameters"]
    assert asked["fromPlace"] == "R10"
    assert asked["transitModes"] == "BUS,TRAM"


def test_staying_aboard_is_told_as_motis_tells_it():
    """A leg in the vehicle of the leg before is marked, others carry nothing; a headway is told in seconds."""
    here, there = Place("A", Coordinate(22.6, 120.3), "A"), Place("B", Coordinate(22.7, 120.3), "B")
    ride = Ride("R", "t", "1", headway_s=600)
    first = Leg(Mode.BUS, here, there, 0, 60, ride=replace(ride, headway_s=0))
    second = Leg(Mode.BUS, there, here, 60, 120, ride=ride, stays_aboard=True)
    itinerary = Itinerary((first, second), dt.date(2026, 1, 7), "Asia/Taipei")
    told = to_itinerary(itinerary, Wording((), "Asia/Taipei", 6), Style()).model_dump(by_alias=True, exclude_none=True)
    assert [leg.get("interlineWithPreviousLeg") for leg in told["legs"]] == [None, True]
    assert [leg.get("headway") for leg in told["legs"]] == [None, 600]
    assert told["transfers"] == 0
