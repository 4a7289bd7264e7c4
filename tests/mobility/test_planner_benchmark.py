"""`changtong bench planner`: what it counts, times, grows and refuses."""

import json
import zipfile
from pathlib import Path

import numpy as np
import pytest
from three_stops import FEED

from api.cli import app
from benchmarks.planner.thresholds import list_broken
from gtfs.notices import Report, Severity
from gtfs.validate import validate
from mobility.benchmark.compare import Comparison, Options, Peer, compare
from mobility.benchmark.footprint import in_fresh_process, measure_footprints, read_mib
from mobility.benchmark.growth import Plan, fit_exponent, measure_growth
from mobility.benchmark.measure import Clock, Outcome, Times, to_times
from mobility.benchmark.nigiri import read_backwards
from mobility.benchmark.problem import Kind, Rules, list_cases
from mobility.benchmark.searchers import Search, build_our_network, open_ours
from mobility.benchmark.synthetic_city import DATE, build_city, list_city_pairs
from mobility.geodesy import great_circle_m

ORACLE = Path(__file__).resolve().parents[2].parent / "shared" / "data" / "oracle"
QUICK = ("--repeats", "1", "--no-load")


@pytest.fixture
def gtfs(tmp_path):
    """A feed of three stops and two trips as a zip."""
    path = tmp_path / "feed.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for name, text in FEED.items():
            archive.writestr(name, text)
    return path


@pytest.fixture
def pairs(tmp_path):
    """Two pairs, the second with a wrong record."""
    path = tmp_path / "feed_nigiri.csv"
    path.write_text("from,to,dep_min,pareto(transfers:arr_min)\nA,C,480,0:530\nB,C,480,0:531\n", encoding="utf-8")
    return path


def bench(*words):
    """Run the command; its exit code."""
    return app(["bench", "planner", *map(str, words)], result_action="return_value")


def test_differences_are_counted(gtfs, pairs, capsys):
    """Beside nigiri on the same feed no answer differs; a wrong record does, and ends in exit code 1."""
    assert bench("--gtfs", gtfs, "--pairs", pairs, "--json", *QUICK) == 1
    (network,) = json.loads(capsys.readouterr().out)["networks"]
    kinds = {facts["kind"]: facts for facts in network["kinds"]}
    earliest = kinds["earliest"]
    assert (earliest["queries"], earliest["differing"], earliest["differing_earliest"]) == (2, 0, 0)
    assert (earliest["differing_recorded"], earliest["recorded"]) == (1, 2)
    assert kinds["range"]["differing"] == kinds["arrive-by"]["differing"] == 0
    ratio = earliest["peer"]["p50_ms"] / earliest["ours"]["p50_ms"]
    assert earliest["ratio_p50"] == pytest.approx(ratio, abs=0.01)


def test_a_folder_is_measured_network_by_network(gtfs, pairs, capsys):
    """A folder needs no more words: names, pairs and the day come from its files, and people get a table."""
    assert bench("--folder", gtfs.parent, "--kinds", "earliest", "--clock", "cpu", *QUICK) == 1
    out = capsys.readouterr().out
    assert "feed, 2026-07-15: changtong (trip-based) beside nigiri" in out
    assert "1 of 2" in out
    assert "cpu time" in out


def test_a_departure_of_ones_own_drops_the_record(gtfs, pairs, capsys):
    """What is on record holds for the file's departure; asked about another one, nothing is compared with it."""
    assert bench("--gtfs", gtfs, "--pairs", pairs, "--at", "08:10", "--kinds", "earliest", "--json", *QUICK) == 0
    (network,) = json.loads(capsys.readouterr().out)["networks"]
    assert "differing_recorded" not in network["kinds"][0]


@pytest.mark.parametrize(
    ("text", "told"),
    [("from,to,dep_min\nA,nowhere,480\n", "nowhere"), ("from,to\nA,B\n", "dep_min"), ("from,to,dep_min\n", "no pairs")],
)
def test_pairs_that_do_not_fit_are_refused(gtfs, tmp_path, capsys, text, told):
    """A pairs file of another feed, without a column, or empty is named."""
    path = tmp_path / "pairs.csv"
    path.write_text(text, encoding="utf-8")
    assert bench("--gtfs", gtfs, "--pairs", path, "--date", "2026-07-15") == 2
    assert told in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("--folder", "."), "holds no network"),
        (("--gtfs", "feed.zip"), "--pairs CSV"),
        (("--folder", ".", "--at", "08:00"), "belong to --gtfs"),
        (("--growth", "--sizes", "many"), "thousands of stop events"),
        (("--growth", "--sizes", "100"), "two sizes"),
        (("--growth", "--sizes", "1,99999999"), "1,000 to 20,000,000"),
        (("--growth", "--plot", "no/where.png"), "folder that is there"),
        (("--growth", "--plot", "picture.txt"), "FILE.png"),
    ],
)
def test_what_cannot_be_run_is_one_line(tmp_path, monkeypatch, capsys, words, told):
    """A wrong question ends in exit code 2 and one line that says what is missing."""
    monkeypatch.chdir(tmp_path)
    assert bench(*words) == 2
    error = capsys.readouterr().err
    assert told in error
    assert "Traceback" not in error


def test_a_network_that_the_folder_lacks_is_named(gtfs, pairs, capsys):
    """And those that it has are listed."""
    assert bench("--folder", gtfs.parent, "--networks", "atlantis") == 2
    error = capsys.readouterr().err
    assert "'atlantis'" in error
    assert "it has feed" in error


@pytest.mark.shared
@pytest.mark.skipif(not ORACLE.is_dir(), reason="no reference data in a folder `shared` beside the checkout")
@pytest.mark.parametrize("peer", [Peer.NIGIRI, Peer.CAFEIN])
@pytest.mark.parametrize("search", list(Search))
def test_every_kind_of_answer_equals_the_peers(peer, search):
    """Earliest arrival, range, arrive-by and one-to-all: no difference, each peer by its own rules."""
    (case,) = list_cases(ORACLE, ("saskatoon",))
    comparison = compare(case, Options(peer, search, repeats=1, limit=25))
    assert {
        outcome.kind: (outcome.differing or 0, outcome.differing_recorded or 0) for outcome in comparison.outcomes
    } == dict.fromkeys(Kind, (0, 0))
    assert all(outcome.queries == 25 for outcome in comparison.outcomes)


def test_a_range_read_backwards_is_the_last_to_leave():
    """Of journeys that arrive in time, per number of transfers the last to leave, unless fewer transfers leave later."""
    times = frozenset({(480, 520, 0), (490, 530, 1), (485, 540, 2), (500, 541, 0), (470, 500, 0)})
    assert read_backwards(times, 540) == {(0, 480), (1, 490)}
    assert read_backwards(times, 499) == frozenset()


def test_quantiles_are_over_queries_of_the_median_of_their_repeats():
    """One slow repeat of a query is not a slow query."""
    times = to_times([[0.001, 0.9, 0.001], [0.002, 0.002, 0.002], [0.003, 0.003, 0.003]])
    assert (times.p50_ms, times.p95_ms) == (2.0, pytest.approx(2.9))


def test_loading_is_measured_in_processes_of_their_own(gtfs, pairs):
    """Phases have seconds; memory is that of the engine alone, not of whoever measures."""
    (case,) = list_cases(gtfs.parent)
    ours, nigiri = measure_footprints(case, DATE, Peer.NIGIRI, Search.RAPTOR, lambda _done, _total: None)
    assert list(ours.phases) == ["read", "network", "timetable", "bounds", "arrive-by"]
    assert (ours.engine, nigiri.engine) == ("changtong", "nigiri")
    assert ours.total_s == pytest.approx(sum(ours.phases.values()), abs=1e-3)
    if read_mib("VmRSS") is not None:
        ballast = np.ones(400 * 2**17)  # 400 MiB in this process
        assert in_fresh_process(read_mib, "VmHWM") < 200 + 0 * ballast[0]


@pytest.mark.parametrize("events", [3_000, 100_000])
def test_a_synthetic_city_has_the_events_that_were_asked_for(events):
    """Within three per cent, on the one day that it has."""
    feed = build_city(events)
    assert len(feed["stop_times.txt"]) == pytest.approx(events, rel=0.03)
    timetable = build_our_network(feed, Rules(), makes_walks=True).build_timetable(DATE)
    assert len(timetable.arrays.arr) == len(feed["stop_times.txt"])


def test_a_synthetic_city_is_the_same_for_a_seed():
    """Every column equal; another seed gives another city."""
    city, again, other = build_city(20_000), build_city(20_000), build_city(20_000, seed=7)
    for name in city.present:
        for field, column in city[name].columns.items():
            np.testing.assert_array_equal(column, again[name].columns[field])
    assert city["stops.txt"]["stop_lat"].tolist() != other["stops.txt"]["stop_lat"].tolist()
    assert list_city_pairs(city, 20) == list_city_pairs(again, 20)


def test_a_synthetic_city_is_a_sound_feed():
    """The validator finds no error in it."""
    notices = validate(build_city(20_000), Report(()), today=DATE).notices
    assert [notice for notice in notices if notice.severity is Severity.ERROR] == []


def test_a_larger_synthetic_city_has_more_of_everything():
    """Stops, lines and trips grow with events, stops more slowly than trips."""
    small, large = build_city(50_000), build_city(500_000)
    growth = {name: len(large[name]) / len(small[name]) for name in ("stops.txt", "routes.txt", "trips.txt")}
    assert all(1.5 < times < 15 for times in growth.values())
    assert growth["stops.txt"] < growth["trips.txt"]


def test_a_synthetic_city_can_be_crossed():
    """Pairs are a kilometre apart or more, and almost every one has a journey in the morning."""
    feed = build_city(50_000)
    pairs = list_city_pairs(feed, 50)
    stops = feed["stops.txt"]
    row = {stop_id: number for number, stop_id in enumerate(stops["stop_id"])}
    start, end = ([row[stop] for stop in column] for column in zip(*((p.start, p.end) for p in pairs), strict=True))
    lat, lon = stops["stop_lat"], stops["stop_lon"]
    assert great_circle_m(lat[start], lon[start], lat[end], lon[end]).min() >= 1000
    ours = open_ours(build_our_network(feed, Rules(), makes_walks=True), DATE, Rules(), Search.RAPTOR)
    assert sum(bool(ours.ask(Kind.EARLIEST, pair)) for pair in pairs) >= 48


def test_both_searches_agree_on_a_synthetic_city():
    """Trip-based and RAPTOR give the same answers to every kind of question."""
    feed = build_city(60_000)
    network = build_our_network(feed, Rules(), makes_walks=True)
    trip_based, raptor = (open_ours(network, DATE, Rules(), search) for search in Search)
    for pair in list_city_pairs(feed, 40):
        for kind in Kind:
            theirs = raptor.read(kind, pair, raptor.ask(kind, pair))
            assert trip_based.read(kind, pair, trip_based.ask(kind, pair)) == theirs


def test_the_exponent_is_that_of_a_power_law():
    """Twice the time for four times the size is the power one half."""
    assert fit_exponent([100, 400, 1600], [1.0, 2.0, 4.0]) == pytest.approx(0.5)


def test_growth_measures_every_size(tmp_path):
    """Sizes ascend, each with cost and times, and the fitted exponents can be drawn."""
    from mobility.benchmark.plot import plot_growth

    growth = measure_growth((6000, 2000), Plan(Search.RAPTOR, queries=10, repeats=1))
    assert [round(city.events, -3) for city in growth.cities] == [2000, 6000]
    assert set(growth.exponents) == {Kind.EARLIEST, Kind.RANGE}
    assert all(city.footprint.total_s > 0 for city in growth.cities)
    json.dumps(growth.to_json())
    plot_growth(growth, tmp_path / "growth.png")
    assert (tmp_path / "growth.png").read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize(
    ("name", "kind", "ratios", "broken"),
    [
        ("cdmx", Kind.EARLIEST, (8.0, 5.0), 0),
        ("cdmx", Kind.EARLIEST, (7.9, 4.9), 2),
        ("kaohsiung", Kind.RANGE, (15.1, 7.9), 1),
        ("poa", Kind.RANGE, (1.0, 1.0), 0),
        ("cdmx", Kind.ARRIVE_BY, (1.0, 1.0), 0),
    ],
)
def test_promises_are_kept_at_both_quantiles(name, kind, ratios, broken):
    """The large networks promise 8 and 5 times nigiri for one departure, 15 and 8 times for two hours."""
    times = Times(1.0, 1.0, 1.0)
    outcome = Outcome(kind, 300, times, times, *ratios, 1.0, differing=0)
    assert (
        len(list(list_broken(Comparison(name, DATE, Peer.NIGIRI, Search.TRIP_BASED, Clock.WALL, (outcome,))))) == broken
    )


def test_a_differing_answer_breaks_a_promise_anywhere():
    """Whatever the ratio, on any network, from the peer or from the record."""
    times = Times(1.0, 1.0, 1.0)
    for facts in ({"differing": 1}, {"differing": 0, "differing_recorded": 2, "recorded": 300}):
        outcome = Outcome(Kind.RANGE, 300, times, times, 99.0, 99.0, 99.0, **facts)
        (sentence,) = list_broken(Comparison("poa", DATE, Peer.NIGIRI, Search.TRIP_BASED, Clock.WALL, (outcome,)))
        assert sentence.startswith("poa, range: answers differ")


def test_ratios_are_drawn(gtfs, pairs, tmp_path, capsys):
    """--plot writes a picture; beside nobody there is no ratio to draw, and that is said."""
    words = ("--gtfs", gtfs, "--pairs", pairs, "--kinds", "range", *QUICK, "--plot", tmp_path / "ratios.png")
    assert bench(*words) == 0
    assert (tmp_path / "ratios.png").read_bytes().startswith(b"\x89PNG")
    assert bench(*words, "--peer", "none") == 2
    assert "no ratio to draw" in capsys.readouterr().err
