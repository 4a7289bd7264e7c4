"""Reading a feed: what is tolerated, what is noticed, and that nothing is lost on the way."""

import gc
import zipfile

import numpy as np
import pytest
from feed_text import feed_folder, feed_zip, split_files
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from toy_feed import TOY, toy, toy_with

from gtfs.feed import ABSENT
from gtfs.ingest import FeedUnreadable, read_feed
from gtfs.ingest.cells import parse_date, parse_time
from gtfs.schema import list_files


def read(text, tmp_path):
    """The feed of this text."""
    return read_feed(feed_zip(text, tmp_path / "feed.zip"))


def codes(report):
    """The codes that appear."""
    return {notice.code for notice in report}


def places(report, code):
    """Where a code appears."""
    return [(notice.file, notice.row) for notice in report if notice.code == code]


def test_a_sound_feed_gives_no_notice(tmp_path):
    """A sound feed is read without a notice, in typed columns with the line of each record."""
    feed, report = read(TOY, tmp_path)
    assert len(report) == 0
    times = feed["stop_times.txt"]
    assert times["arrival_time"].tolist() == [28800, 29100, 29400, 86100, 86700]
    assert times["arrival_time"].dtype == np.int32
    assert times.row.tolist() == [2, 3, 4, 5, 6]
    assert feed["stops.txt"]["stop_lat"].dtype == np.float64
    assert feed["calendar.txt"]["start_date"].tolist() == [20260101]


def test_folder_and_zip_are_the_same_feed(tmp_path):
    """A folder reads as the zip of the same files does."""
    zipped, _ = read(TOY, tmp_path)
    folder, report = read_feed(feed_folder(TOY, tmp_path / "folder"))
    assert len(report) == 0
    for name, table in zipped.tables.items():
        for column, values in table.columns.items():
            np.testing.assert_array_equal(values, folder[name][column])


def test_every_file_of_the_specification_has_a_table(tmp_path):
    """Files that the feed lacks are empty tables with all columns, and are not ``present``."""
    feed, _ = read(TOY, tmp_path)
    assert set(feed.tables) == {spec.name for spec in list_files()}
    assert len(feed["pathways.txt"]) == 0
    assert "pathways.txt" not in feed.present
    assert feed["transfers.txt"]["min_transfer_time"].dtype == np.int32


def test_missing_columns_are_absent_values(tmp_path):
    """A known column that the file lacks is there, filled with absent values."""
    feed, _ = read(TOY, tmp_path)
    times = feed["stop_times.txt"]
    assert set(times["timepoint"].tolist()) == {ABSENT}
    assert np.isnan(times["shape_dist_traveled"]).all()
    assert set(times["stop_headsign"].tolist()) == {""}
    assert not times.has("timepoint")


def test_column_order_blanks_bom_crlf_and_empty_lines_are_tolerated(tmp_path):
    """A byte-order mark, blanks around column names, another order, CRLF and empty lines change nothing."""
    files = split_files(TOY)
    stops = "\ufeff stop_lon , stop_id,stop_lat ,stop_name,extra\r\n\r\n120.3,A,22.6,Alpha,x\r\n\r\n120.3,B,22.61,Beta,y\r\n"
    path = tmp_path / "feed.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in (files | {"stops.txt": stops}).items():
            archive.writestr(name, content)
    feed, report = read_feed(path)
    table = feed["stops.txt"]
    assert table["stop_id"].tolist() == ["A", "B"]
    assert table["stop_lat"].tolist() == [22.6, 22.61]
    assert table.row.tolist() == [3, 5]
    assert codes(report) == {"leading_or_trailing_whitespaces", "unknown_column"}


def test_a_nested_folder_is_found(tmp_path):
    """A zip whose files lie in one folder is read, with a warning; a stray file is named."""
    text = TOY + "# desktop.ini\n[x]\n"
    feed, report = read_feed(feed_zip(text, tmp_path / "feed.zip", nested="gtfs"))
    assert len(feed["stops.txt"]) == 3
    assert codes(report) == {"invalid_input_files_in_subfolder", "unknown_file"}
    assert report.is_usable


def test_text_in_quotes_keeps_commas_and_line_breaks(tmp_path):
    """A quoted value may hold commas and line breaks, and the next record knows its line."""
    stops = 'stop_id,stop_name,stop_lat,stop_lon\nA,"Alpha, ""the"" first",22.6,120.3\nB,"Be\nta",22.6,120.3\nC,Gamma,22.6,120.3\n'
    feed, report = read(toy(stops=stops), tmp_path)
    assert feed["stops.txt"]["stop_name"].tolist() == ['Alpha, "the" first', "Be\nta", "Gamma"]
    assert feed["stops.txt"].row.tolist() == [2, 3, 5]
    assert places(report, "new_line_in_value") == [("stops.txt", 3)]


@pytest.mark.parametrize("gap", [1, 30, 3000, 9000])
def test_an_unclosed_quote_takes_no_other_row(tmp_path, gap):
    """However far the next quote is, a quote that is never closed costs its own row's fields only."""
    rows = [f"S{n},name,22.6,120.3" for n in range(gap)]
    stops = "\n".join(
        [
            "stop_id,stop_name,stop_lat,stop_lon",
            'A,"Alpha,22.6,120.3',
            *rows,
            'B,"Beta,22.6,120.3',
            "C,Gamma,22.6,120.3",
        ]
    )
    feed, report = read(toy(stops=stops), tmp_path)
    assert feed["stops.txt"]["stop_id"].tolist() == ["A", *(f"S{n}" for n in range(gap)), "B", "C"]
    assert places(report, "csv_parsing_failed") == [("stops.txt", 2), ("stops.txt", gap + 3)]


def test_short_rows_are_filled_and_long_rows_are_dropped(tmp_path):
    """A short row keeps its fields; a row with surplus text is left out; surplus commas are cut off."""
    stops = "stop_id,stop_name,stop_lat,stop_lon\nA,Alpha\nB,Be,ta,22.6,120.3\nC,Gamma,22.6,120.3,,\n"
    feed, report = read(toy(stops=stops), tmp_path)
    assert feed["stops.txt"]["stop_id"].tolist() == ["A", "C"]
    assert places(report, "invalid_row_length") == [("stops.txt", 2), ("stops.txt", 3), ("stops.txt", 4)]


def test_bad_cells_become_absent_and_rows_stay(tmp_path):
    """An unreadable time, number or enumeration is one notice with its row; the record stays."""
    times = "trip_id,arrival_time,departure_time,stop_id,stop_sequence,pickup_type,shape_dist_traveled\nT1,8h00,08:00:00,A,1,9,x\n"
    feed, report = read(toy(stop_times=times), tmp_path)
    table = feed["stop_times.txt"]
    assert table["arrival_time"].tolist() == [ABSENT]
    assert table["pickup_type"].tolist() == [ABSENT]
    assert np.isnan(table["shape_dist_traveled"][0])
    assert table["departure_time"].tolist() == [28800]
    assert {"invalid_time", "unexpected_enum_value", "invalid_float"} == codes(report)


def test_rows_without_a_key_are_dropped_and_named(tmp_path):
    """A record that lacks a required part of its key cannot be used: it is left out, with a notice."""
    feed, report = read(toy_with("stop_times", "T1,08:20:00,08:20:00,A,x", ",08:20:00,08:20:00,A,9"), tmp_path)
    assert len(feed["stop_times.txt"]) == 5
    assert places(report, "invalid_integer") == [("stop_times.txt", 7)]
    assert places(report, "missing_required_field") == [("stop_times.txt", 8)]


def test_bytes_that_are_not_utf_8_are_named(tmp_path):
    """A feed in Latin-1 loads; each value with wrong bytes is named."""
    folder = feed_folder(TOY, tmp_path / "latin")
    (folder / "routes.txt").write_bytes(
        "route_id,agency_id,route_short_name,route_type\nR,KT,Caf\xe9,3\n".encode("latin-1")
    )
    feed, report = read_feed(folder)
    assert len(feed["routes.txt"]) == 1
    assert places(report, "invalid_character") == [("routes.txt", 2)]


def test_negative_stairs_and_unlimited_transfers_survive(tmp_path):
    """The two integers of GTFS that may be negative are kept as they are, NaN where absent."""
    pathways = (
        "pathway_id,from_stop_id,to_stop_id,pathway_mode,is_bidirectional,stair_count\nP,A,B,2,1,-12\nQ,A,B,2,1,\n"
    )
    feed, report = read(toy(pathways=pathways), tmp_path)
    assert len(report) == 0
    np.testing.assert_array_equal(feed["pathways.txt"]["stair_count"], [-12.0, np.nan])


def test_geojson_is_parsed(tmp_path):
    """locations.geojson is handed over as parsed; what is not a feature collection is a notice."""
    feed, report = read(TOY + '# locations.geojson\n{"type":"FeatureCollection","features":[]}\n', tmp_path)
    assert feed.documents["locations.geojson"]["features"] == []
    assert len(report) == 0
    for broken in ("{", "[]", '{"features": 1}'):
        _, report = read(TOY + f"# locations.geojson\n{broken}\n", tmp_path)
        assert codes(report) == {"malformed_json"}


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda _: None, "no such file or folder"),
        (lambda path: path.write_bytes(b""), "empty (0 bytes)"),
        (lambda path: path.write_bytes(b"<html>404</html>"), "not a zip file"),
        (lambda path: path.mkdir(), "holds no files"),
        (lambda path: zipfile.ZipFile(path, "w").close(), "holds no files"),
        (lambda path: feed_zip("# cats.csv\nTom\n", path), "holds no GTFS file"),
    ],
)
def test_what_is_no_feed_is_refused_in_one_line(tmp_path, make, words):
    """A missing, empty, foreign or hollow file is refused with one line that says so."""
    path = tmp_path / "feed.zip"
    make(path)
    with pytest.raises(FeedUnreadable) as refusal:
        read_feed(path)
    assert words in str(refusal.value)
    assert str(path) in str(refusal.value)
    assert "\n" not in str(refusal.value)


def test_a_damaged_zip_is_refused(tmp_path):
    """A zip with a damaged member is refused with the member's name, whatever byte is wrong."""
    path = feed_zip(TOY, tmp_path / "feed.zip")
    whole = path.read_bytes()
    refusals = []
    for place in range(0, len(whole), 37):
        damaged = bytearray(whole)
        damaged[place] ^= 0xFF
        path.write_bytes(damaged)
        try:
            read_feed(path)
        except FeedUnreadable as error:
            refusals.append(str(error))
    assert refusals
    assert not any("\n" in line for line in refusals)


def test_missing_required_file_is_one_notice(tmp_path):
    """A feed without stops.txt gets exactly one notice from reading."""
    _, report = read(toy(stops=""), tmp_path)
    assert [(n.code, n.file) for n in report] == [("missing_required_file", "stops.txt")]


def test_progress_reaches_the_end(tmp_path):
    """Progress names each file and never passes its size."""
    seen = []
    read_feed(feed_zip(TOY, tmp_path / "feed.zip"), lambda file, done, total: seen.append((file, done, total)))
    assert {file for file, _, _ in seen} == set(split_files(TOY))
    assert all(0 < done <= total for _, done, total in seen)
    assert gc.isenabled()


mangled = st.one_of(
    st.text(max_size=60),
    st.text(alphabet='",\r\n\x00 \ufeffAé0:.-', max_size=60),
    st.binary(max_size=40).map(lambda raw: raw.decode("latin-1")),
)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(file=st.sampled_from(sorted(split_files(TOY))), noise=mangled, encoding=st.sampled_from(["utf-8", "latin-1"]))
def test_no_mangled_row_stops_the_load(tmp_path, file, noise, encoding):
    """Whatever stands in one row of one file, the feed loads and every sound row before it is there."""
    folder = feed_folder(TOY, tmp_path / "mangled")
    sound = split_files(TOY)[file].encode()
    (folder / file).write_bytes(sound + noise.encode(encoding, errors="replace") + b"\n")
    feed, _ = read_feed(folder)
    whole, _ = read_feed(feed_folder(TOY, tmp_path / "sound"))
    for name, column in whole[file].columns.items():
        np.testing.assert_array_equal(feed[file][name][: len(column)], column)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(noise=st.text(alphabet='abc",1', max_size=30))
def test_a_mangled_row_loses_no_row_after_it(tmp_path, noise):
    """A row in the middle with quotes and commas anywhere takes none of the rows that follow."""
    rows = [
        "stop_id,stop_name,stop_lat,stop_lon",
        "A,Alpha,22.6,120.3",
        noise,
        "B,Beta,22.6,120.3",
        "C,Gamma,22.6,120.3",
    ]
    feed, _ = read(toy(stops="\n".join(rows)), tmp_path)
    ids = feed["stops.txt"]["stop_id"].tolist()
    assert ids[0] == "A"
    assert ids[-2:] == ["B", "C"]


@given(st.integers(0, 999 * 3600 + 3599))
def test_times_survive_the_round_trip(seconds):
    """Every time of a service day, also beyond midnight, is parsed to the seconds it was written from."""
    assert parse_time(f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}") == seconds
    assert parse_time(f"{seconds // 3600}:{seconds // 60 % 60:02}:{seconds % 60:02}") == seconds


@given(st.dates())
def test_dates_survive_the_round_trip(date):
    """Every date is parsed to its own number."""
    assert parse_date(date.isoformat().replace("-", "")) == date.year * 10_000 + date.month * 100 + date.day


@pytest.mark.parametrize(
    "text", ["", "8:0:0", "08:60:00", "08:00:60", "08:00", "-1:00:00", "08:00:00 ", "٠٨:00:00", "1000:00:00"]
)
def test_what_is_no_time_is_refused(text):
    """A time has hours, two digits of minutes and two of seconds, in ASCII digits."""
    assert parse_time(text) is None


@pytest.mark.parametrize("text", ["2026-01-01", "20260230", "20261301", "2026010", "202601011", "00000101"])
def test_what_is_no_date_is_refused(text):
    """A date is eight digits of a day that exists."""
    assert parse_date(text) is None


def test_leap_days_exist_in_leap_years_only():
    """29 February is a date in 2024 and none in 2023."""
    assert parse_date("20240229") == 20240229
    assert parse_date("20230229") is None
