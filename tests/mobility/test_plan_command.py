"""`changtong plan` with everything one may wish: stops on the way, windows, pages, options, languages."""

import json
import re

import pytest
from feed_text import feed_zip

from api.cli import app

FEED = """
    # agency.txt
    agency_id,agency_name,agency_url,agency_timezone,agency_lang
    X,Example,https://example.org,Asia/Taipei,zh
    # stops.txt
    stop_id,stop_name,stop_lat,stop_lon
    A,甲,22.60,120.30
    B,乙,22.65,120.30
    C,丙,22.70,120.30
    # routes.txt
    route_id,agency_id,route_short_name,route_type
    R,X,紅,1
    S,X,慢,3
    # calendar.txt
    service_id,monday,tuesday,wednesday,thursday,friday,saturday,sunday,start_date,end_date
    W,1,1,1,1,1,1,1,20260701,20260731
    # trips.txt
    route_id,service_id,trip_id,trip_headsign,bikes_allowed,wheelchair_accessible
    R,W,r1,丙,2,2
    R,W,r2,丙,2,2
    S,W,s1,丙,1,1
    # stop_times.txt
    trip_id,arrival_time,departure_time,stop_id,stop_sequence
    r1,08:00:00,08:00:00,A,1
    r1,08:10:00,08:10:00,B,2
    r1,08:20:00,08:20:00,C,3
    r2,08:30:00,08:30:00,A,1
    r2,08:40:00,08:40:00,B,2
    r2,08:50:00,08:50:00,C,3
    s1,09:00:00,09:00:00,A,1
    s1,09:30:00,09:30:00,B,2
    s1,10:00:00,10:00:00,C,3
    # translations.txt
    table_name,field_name,language,translation,record_id
    stops,stop_name,en,Alpha,A
    stops,stop_name,en,Gamma,C
    routes,route_short_name,en,Red,R
    trips,trip_headsign,en,Gamma,r1
"""


@pytest.fixture(scope="module")
def gtfs(tmp_path_factory):
    """The feed as a zip."""
    return str(feed_zip(FEED, tmp_path_factory.mktemp("plan") / "feed.zip"))


@pytest.fixture
def ask(gtfs, capsys):
    """Run `changtong plan A C` at eight; its exit code, lines of notation and everything it printed."""

    def run(*words, at="2026-07-15T08:00"):
        code = app(["plan", "A", "C", "--gtfs", gtfs, "--at", at, *words], result_action="return_value")
        printed = capsys.readouterr()
        return code, [line for line in printed.out.splitlines() if line.endswith("]")], printed.out + printed.err

    return run


def test_a_stop_on_the_way(ask):
    """--via lets one ride through; with +10m one gets off and takes a later vehicle."""
    assert ask("--via", "乙", "--itineraries", "1")[1] == ["甲 ~ SUBWAY 紅 08:00 08:20 ~ 丙 [08:00 08:20 20m Tx0]"]
    assert ask("--via", "B+10m", "--itineraries", "1")[1] == [
        "甲 ~ SUBWAY 紅 08:00 08:10 ~ 乙 ~ SUBWAY 紅 08:40 08:50 ~ 丙 [08:00 08:50 50m Tx1]"
    ]


def test_a_window_holds_all_that_leaves_in_it(ask):
    """--window 60 has exactly the journeys of the hour, --itineraries cuts it."""
    assert [line.split()[4] for line in ask("--window", "60")[1]] == ["08:00", "08:30"]
    assert [line.split()[4] for line in ask("--window", "61")[1]] == ["08:00", "08:30", "09:00"]
    assert len(ask("--window", "61", "--itineraries", "1")[1]) == 1


def test_pages_go_on_where_an_answer_ended(ask):
    """The moments that an answer ends with turn the page both ways."""
    _, first, printed = ask("--itineraries", "1")
    later = re.search(r"--later (\S+)", printed)[1]
    _, second, printed = ask("--itineraries", "1", "--later", later)
    earlier = re.search(r"--earlier (\S+)", printed)[1]
    assert "08:30" in second[0]
    assert ask("--itineraries", "1", "--earlier", earlier)[1] == first


def test_only_vehicles_that_one_can_use(ask):
    """Modes, a bicycle and a wheelchair leave out what does not fit."""
    for words in (("--modes", "bus"), ("--bike",), ("--wheelchair",)):
        assert ask(*words)[1] == ["甲 ~ BUS 慢 09:00 10:00 ~ 丙 [09:00 10:00 1h Tx0]"]


def test_names_come_in_a_language(ask):
    """--language en tells what the feed translates in English, the rest as it is."""
    _, lines, printed = ask("--language", "en", "--itineraries", "1")
    assert lines == ["Alpha ~ SUBWAY Red 08:00 08:20 ~ Gamma [08:00 08:20 20m Tx0]"]
    assert "to Gamma: Alpha - Gamma" in printed
    assert "步行時間" in ask("--language", "zh")[2]


def test_options_have_reasons(ask):
    """--options comes before the list, each with why it is there; for machines too."""
    _, _, printed = ask("--options", "--window", "90")
    assert "[earliest arrival" in printed
    assert "All journeys" in printed
    code, _, printed = ask("--options", "--json")
    assert code == 0
    answer = json.loads(printed[: printed.rindex("}") + 1])
    assert answer["options"][0]["reasons"][0] == "earliest_arrival"
    assert set(answer) >= {"itineraries", "direct", "notices", "previous_cursor", "next_cursor", "dropped"}


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("--modes", "ROCKET"), "'ROCKET' is no kind of vehicle; known are"),
        (("--criteria", "beauty"), "'beauty' is no criterion; known are walking"),
        (("--transfer-factor", "0.5"), "0.5; it is 1"),
        (("--max-transfers", "-1"), "-1; it must be 0 to 7"),
        (("--max-transfers", "1000"), "1000; it must be 0 to 7"),
        (("--window", "5256000"), "24 hours at most"),
        (("--itineraries", "0"), "0; it must be 1"),
        (("--via", "Atlantis"), "Atlantis"),
        (("--via", "22.65,120.30"), "is no stop"),
        ((*["--via", "B"] * 5,), "5; it must be 0 to 4"),
        (("--earlier", "08:00", "--later", "09:00"), "ask for one"),
    ],
)
def test_what_cannot_be_is_one_line(ask, words, told):
    """A wish that makes no sense is exit code 2 and one line."""
    code, _, printed = ask(*words)
    assert code == 2
    (error,) = [line for line in printed.splitlines() if line.startswith("error: ")]
    assert told in error


def test_a_timetable_that_ended_is_named_with_its_date(ask):
    """The line says which timetable ended when, and what to do."""
    code, _, printed = ask(at="2026-09-01T08:00")
    assert code == 2
    assert "the timetable of Example ended on 2026-07-31" in printed
    assert "load a newer feed" in printed
