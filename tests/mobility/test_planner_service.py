"""The planner as people meet it: names, next departures, arrive-by, and clear refusals."""

import datetime as dt
import subprocess
import sys
import threading

import pytest
from feed_text import feed_folder

from mobility.itinerary import format_itinerary
from mobility.model import InvalidCoordinate, Mode, PlannerError
from mobility.service import JourneyPlanner, OutsideService, PlaceNotFound, PlanRequest

UTC8 = dt.timezone(dt.timedelta(hours=8))

FEED = """
# agency.txt
agency_id,agency_name,agency_url,agency_timezone,agency_lang
X,Example Transit,https://example.org,Asia/Taipei,zh
# stops.txt
stop_id,stop_code,stop_name,stop_lat,stop_lon,location_type,parent_station
ST,R10/O5,美麗島,22.6314,120.3020,1,
R10,R10,美麗島,22.6314,120.3020,0,ST
O5,O5,美麗島,22.6313,120.3032,0,ST
R8,R8,三多商圈,22.6140,120.3046,0,
C5,C5,夢時代,22.5949,120.3050,0,
B1,,台鐵高雄站,22.6393,120.3022,0,
B2,,臺鐵美術館,22.6550,120.2880,0,
NOON,,Noon Pier,22.5700,120.3200,0,
LONELY,,Lonely,22.9000,120.9000,0,
# routes.txt
route_id,agency_id,route_short_name,route_long_name,route_type,route_color
R,X,R,Red Line,1,E20B65
O,X,O,Orange Line,1,FAA73F
B,X,100,City Bus,3,
N,X,9,Once a Day,3,
# shapes.txt
shape_id,shape_pt_lat,shape_pt_lon,shape_pt_sequence
red,22.6393,120.3020,1
red,22.6314,120.3020,2
red,22.6227,120.3000,3
red,22.6140,120.3046,4
red,22.5949,120.3050,5
# calendar.txt
service_id,monday,tuesday,wednesday,thursday,friday,saturday,sunday,start_date,end_date
W,1,1,1,1,1,1,1,20260701,20260731
# trips.txt
route_id,service_id,trip_id,trip_headsign,shape_id
R,W,r1,小港,red
O,W,o1,,
B,W,b1,,
N,W,n1,,
# stop_times.txt
trip_id,arrival_time,departure_time,stop_id,stop_sequence
r1,00:00:00,00:00:00,R10,1
r1,00:04:00,00:04:20,R8,2
r1,00:09:00,00:09:00,C5,3
o1,00:00:00,00:00:00,B2,1
o1,00:08:00,00:08:00,O5,2
b1,00:00:00,00:00:00,B1,1
b1,00:03:00,00:03:00,O5,2
b1,00:25:00,00:25:00,C5,3
n1,13:00:00,13:00:00,NOON,1
n1,13:20:00,13:20:00,C5,2
# frequencies.txt
trip_id,start_time,end_time,headway_secs
r1,06:00:00,24:00:00,600
o1,06:00:00,24:00:00,900
b1,06:00:00,22:00:00,1200
# translations.txt
table_name,field_name,language,translation,record_id
stops,stop_name,en,Formosa Boulevard,ST
stops,stop_name,en,Formosa Boulevard,R10
stops,stop_name,en,Formosa Boulevard,O5
stops,stop_name,en,Dream Mall,C5
routes,route_short_name,en,Red,R
agency,agency_name,en,Example Transport,X
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """The feed as a folder."""
    return feed_folder(FEED, tmp_path_factory.mktemp("service") / "feed")


@pytest.fixture(scope="module")
def planner(folder):
    """The planner of the feed above."""
    return JourneyPlanner.open(str(folder), warm=True)


def ask(planner, start, end, clock="08:00", **facts):
    """A plan on 15 July 2026 between two places by name."""
    at = dt.datetime.combine(dt.date(2026, 7, 15), dt.time.fromisoformat(clock), UTC8)
    return planner.plan(PlanRequest(planner.find_place(start), planner.find_place(end), at, **facts))


def lines(result):
    """The journeys in notation."""
    return [format_itinerary(itinerary) for itinerary in result.itineraries]


def test_the_next_five_departures(planner):
    """People want the next five departures, in order, although the first would do."""
    result = ask(planner, "美麗島", "夢時代")
    assert lines(result)[0] == "R10 ~ SUBWAY R 08:00 08:09 ~ C5 [08:00 08:09 9m Tx0]"
    assert [i.departure_s // 60 for i in result.itineraries] == [480, 490, 500, 510, 520]
    assert any("straight lines" in notice.text for notice in result.notices)


def test_a_name_of_several_stops_lets_one_start_at_any(planner):
    """美麗島 is R10 and O5: the station, either platform and the English name all reach both."""
    for start in ("美麗島", "formosa boulevard", "R10", "O5", "ST"):
        result = ask(planner, start, "C5", itineraries=1)
        assert lines(result) == ["R10 ~ SUBWAY R 08:00 08:09 ~ C5 [08:00 08:09 9m Tx0]"]
    to_orange = ask(planner, "臺鐵美術館", "美麗島", itineraries=1)
    assert lines(to_orange) == ["臺鐵美術館 ~ SUBWAY O 08:00 08:08 ~ O5 [08:00 08:08 8m Tx0]"]


def test_arrive_by_leaves_as_late_as_possible(planner):
    """The last journey listed arrives by the time; every other leaves earlier."""
    result = ask(planner, "美麗島", "夢時代", "09:00", arrive_by=True)
    assert lines(result)[-1] == "R10 ~ SUBWAY R 08:50 08:59 ~ C5 [08:50 08:59 9m Tx0]"
    assert [i.departure_s for i in result.itineraries] == sorted(i.departure_s for i in result.itineraries)


def test_late_at_night_the_answer_is_tomorrow_morning(planner):
    """After the last train the next is found past midnight, on the clock of the day on which it leaves."""
    result = ask(planner, "美麗島", "夢時代", "23:55", itineraries=1)
    assert lines(result) == ["R10 ~ SUBWAY R 06:00 06:09 ~ C5 [06:00 06:09 9m Tx0]"]
    assert result.itineraries[0].service_date == dt.date(2026, 7, 16)
    assert result.itineraries[0].legs[0].ride.service_date == dt.date(2026, 7, 16)


def test_names_of_lines_and_sentences_come_in_every_language(planner):
    """A ride and a line carry the feed's translations, a notice English and Chinese."""
    result = ask(planner, "美麗島", "夢時代", itineraries=1)
    ride = result.itineraries[0].legs[0].ride
    assert ride.texts["short_name"] == {"zh": "R", "en": "Red"}
    assert ride.texts["agency_name"] == {"zh": "Example Transit", "en": "Example Transport"}
    assert planner.lines()[0].texts["short_name"]["en"] == "Red"
    nowhere = ask(planner, "夢時代", "美麗島").notices
    assert all(set(notice.texts) == {"en", "zh-Hant"} and notice.code for notice in nowhere)
    assert "找不到" in nowhere[-1].texts["zh-Hant"]


def test_arriving_in_the_night_one_rides_the_evening_before(planner):
    """By 00:05 or 03:00 the last trains before midnight are the answer, on the clock of their own day."""
    for clock in ("00:05", "03:00"):
        result = ask(planner, "美麗島", "夢時代", clock, arrive_by=True, itineraries=2)
        assert lines(result) == [
            "R10 ~ SUBWAY R 23:40 23:49 ~ C5 [23:40 23:49 9m Tx0]",
            "R10 ~ SUBWAY R 23:50 23:59 ~ C5 [23:50 23:59 9m Tx0]",
        ]
        assert {journey.service_date for journey in result.itineraries} == {dt.date(2026, 7, 14)}


def test_no_journey_means_none_within_24_hours(planner):
    """Before the first train of the morning yesterday's last, after the last bus tomorrow's noon: both are found."""
    before = ask(planner, "美麗島", "夢時代", "05:00", arrive_by=True, itineraries=1)
    assert before.itineraries[0].legs[-1].ride.service_date == dt.date(2026, 7, 14)
    after = ask(planner, "NOON", "C5", "20:00", itineraries=1)
    assert [(j.service_date, j.departure_s) for j in after.itineraries] == [(dt.date(2026, 7, 16), 13 * 3600)]


def test_who_is_there_already_is_told_so_at_once(planner):
    """The same place twice, or two places side by side: a walk, and a sentence that says why there is nothing else."""
    same = ask(planner, "C5", "C5")
    assert (same.itineraries, same.notices[-1].code) == ((), "same_place")
    beside = ask(planner, "R10", "22.6330,120.3020")
    assert (beside.itineraries, beside.notices[-1].code) == ((), "faster_on_foot")
    assert ask(planner, "夢時代", "臺鐵美術館").notices[-1].code == "no_journey"


def test_a_leg_shows_calls_line_and_shape(planner):
    """A ride has its intermediate calls, the route's facts, and the shape between its two stops only."""
    leg = ask(planner, "美麗島", "夢時代").itineraries[0].legs[0]
    assert [(c.place.stop_id, c.arrival_s, c.departure_s) for c in leg.calls] == [("R8", 29_040, 29_060)]
    assert (leg.ride.short_name, leg.ride.headsign, leg.ride.agency_name) == ("R", "小港", "Example Transit")
    assert leg.geometry[0].lat == pytest.approx(22.6314, abs=1e-6)
    assert (22.6227, 120.3) in {(p.lat, p.lon) for p in leg.geometry}
    assert max(p.lat for p in leg.geometry) < 22.632
    assert leg.distance_m == pytest.approx(4200, rel=0.05)


def test_from_a_door_to_a_door(planner):
    """Coordinates walk to the stops around them; the walk is long enough and ends at the door."""
    result = ask(planner, "22.6320,120.3020", "22.5940,120.3055", itineraries=1)
    first, *_, last = result.itineraries[0].legs
    assert (first.mode, last.mode) == (Mode.WALK, Mode.WALK)
    assert first.arrival_s - first.departure_s == pytest.approx(67 * 1.3 / 1.33, abs=3)
    assert last.end.at.lat == 22.5940


def test_a_short_way_is_walked(planner):
    """A direct walk is offered where it is sensible, and nothing slower than it."""
    result = ask(planner, "R10", "22.6330,120.3020")
    assert [i.legs[0].mode for i in result.direct] == [Mode.WALK]
    assert not result.itineraries
    assert ask(planner, "R10", "C5").direct == ()


def test_only_the_modes_asked_for(planner):
    """A plan restricted to buses rides buses, however slow."""
    result = ask(planner, "美麗島", "夢時代", modes=frozenset({Mode.BUS}), itineraries=1)
    assert lines(result) == ["O5 ~ BUS 100 08:03 08:25 ~ C5 [08:03 08:25 22m Tx0]"]


def test_where_nothing_goes_the_answer_says_so(planner):
    """No journey is an empty answer with a sentence, not an error."""
    result = ask(planner, "夢時代", "美麗島")
    assert result.itineraries == ()
    assert any("No journey" in notice.text for notice in result.notices)


def test_a_date_outside_the_calendar_names_the_valid_range(planner):
    """The refusal says from when to when the timetable is valid."""
    place = planner.find_place("R10")
    at = dt.datetime(2027, 1, 1, 8, tzinfo=UTC8)
    with pytest.raises(OutsideService, match="2026-07-01 to 2026-07-31"):
        planner.plan(PlanRequest(place, place, at))
    with pytest.raises(PlannerError, match="time zone"):
        planner.plan(PlanRequest(place, place, dt.datetime(2026, 7, 15, 8)))  # noqa: DTZ001


def test_places_by_every_name(planner):
    """Coordinate, id, code, name in any language, 台 for 臺, any case."""
    assert planner.find_place("22.5, 120.25").at.lat == 22.5
    assert planner.find_place("dream mall").stop_id == "C5"
    assert planner.find_place("c5").stop_id == "C5"
    assert planner.find_place("臺鐵高雄站").stop_id == planner.find_place("台鐵高雄站").stop_id == "B1"
    with pytest.raises(PlaceNotFound, match=r"'Drem Mall'.*夢時代"):
        planner.find_place("Drem Mall")
    with pytest.raises(InvalidCoordinate):
        planner.find_place("95,120")


def test_geocoding_finds_beginnings_parts_and_misspellings(planner):
    """Prefix before part before typing error; one entry for a place of several stops."""
    assert [m.place.stop_id for m in planner.geocode("美麗島")] == ["ST"]
    assert planner.geocode("美麗島")[0].modes == (Mode.BUS, Mode.SUBWAY)
    assert planner.geocode("formosa")[0].place.stop_id == "ST"
    assert planner.geocode("boulevard")[0].place.stop_id == "ST"
    assert planner.geocode("Formosa Bulevard")[0].place.stop_id == "ST"
    assert {m.place.stop_id for m in planner.geocode("台鐵")} == {"B1", "B2"}
    assert planner.geocode("zzzzzz") == ()
    assert len(planner.geocode("r", limit=1)) == 1


def test_what_the_planner_says_of_itself(planner):
    """Time zone, dates, languages, bounds and lines are the feed's; a stop without service is not offered."""
    assert (planner.timezone, planner.name) == ("Asia/Taipei", "Example Transit")
    assert planner.feed_dates == (dt.date(2026, 7, 1), dt.date(2026, 7, 31))
    assert planner.languages == ("zh", "en")
    assert "LONELY" not in {place.stop_id for place in planner.stops()}
    assert planner.bounds[1].lat < 22.7
    red = planner.lines()[0]
    assert (red.short_name, red.mode, red.color, len(red.geometry), len(red.geometry[0])) == (
        "R", Mode.SUBWAY, "E20B65", 1, 5,
    )  # fmt: skip


def test_threads_get_the_answers_of_one_thread(planner):
    """Eight threads asking at once are answered as one after the other."""
    expected = {clock: lines(ask(planner, "美麗島", "夢時代", clock)) for clock in ("07:10", "09:20", "12:00")}
    wrong = []

    def work(clock):
        answers = [lines(ask(planner, "美麗島", "夢時代", clock)) for _ in range(10)]
        wrong.extend(answer for answer in answers if answer != expected[clock])

    threads = [threading.Thread(target=work, args=(clock,)) for clock in expected for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong


def test_importing_the_command_does_not_import_the_engine():
    """`mobility.cli` loads without numba and networkx, so that --help stays fast."""
    code = "import mobility.cli.plan, mobility.cli.bench, mobility.cli.city, sys; sys.exit(any(m in sys.modules for m in ('numba', 'networkx', 'mobility.service')))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
