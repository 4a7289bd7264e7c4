"""Every fact names its source, its date and whether it is approximate; a table that does not is refused."""

import csv
import shutil
from pathlib import Path

import pytest

from mobility.cities import CityError, TableError, build_city, find_city
from mobility.cities.build_feed import build_feed
from mobility.cities.tables import read_facts


@pytest.fixture
def folder(tmp_path):
    """A copy of a city to spoil."""
    shutil.copytree(str(find_city("kaohsiung").root), tmp_path / "city")
    return tmp_path / "city"


def spoil(folder, table, row, column, value):
    """Write a value into one cell."""
    path = folder / "tables" / f"{table}.csv"
    rows = list(csv.reader(path.read_text(encoding="utf-8").splitlines()))
    rows[row - 1][rows[0].index(column)] = value
    with path.open("w", encoding="utf-8", newline="") as out:
        csv.writer(out, lineterminator="\n").writerows(rows)


@pytest.mark.parametrize(
    ("table", "row", "column", "value", "message"),
    [
        ("stations", 9, "source", "", "source is empty"),
        ("stations", 9, "source", "hearsay", "source 'hearsay' is unknown"),
        ("bike_stations", 1517, "source_date", "", "source_date is ''"),
        ("links", 2, "source_date", "last year", "source_date is 'last year'"),
        ("links", 2, "approximate", "maybe", "approximate is 'maybe', neither true nor false"),
        ("links", 2, "basis", "", "basis holds the code"),
        ("links", 2, "basis", "Z9", "basis 'Z9' is unknown"),
    ],
)
def test_city_row_without_provenance_names_file_and_row(folder, table, row, column, value, message):
    """A row without source, date or basis fails with its file, its line and what to do."""
    spoil(folder, table, row, column, value)
    with pytest.raises(TableError, match=message) as caught:
        read_facts(find_city(str(folder)), table)
    assert (caught.value.file, caught.value.row) == (f"kaohsiung/tables/{table}.csv", row)


@pytest.mark.parametrize(
    ("table", "row", "column", "value", "message"),
    [
        ("stations", 2, "lat", "north", "lat is 'north', not a number"),
        ("links", 2, "seconds", "two", "seconds is 'two', not a whole number"),
        ("departures", 2, "times", "05:55 6h", "times has '6h', not a time as HH:MM"),
        ("departures", 2, "times", "06:00 05:55", "not in ascending order"),
        ("departures", 2, "from", "R4", "from is 'R4', but this direction of the line runs R3 to RK1"),
        ("departures", 2, "profile", "slow", "no run time R3 to R4 of profile 'slow'"),
        ("departures", 2, "line", "Z", "line 'Z' of 'KRTC' is not in lines.csv"),
        ("bus_patterns", 2, "stops", "KHH-IBUS-74 nowhere", "nowhere not in bus_stops.csv"),
        ("line_shapes", 2, "geometry", "POINT(1 2)", "LINESTRING"),
        ("services", 2, "service_id", "MTX", "service MT, used by"),
        ("stations", 2, "name_zh", "", "name in zh-TW is empty"),
        ("stations", 2, "lat", "-22.56478", "outside the bbox"),
        ("stations", 2, "lat", "95", "95.0,120.353808 is not a coordinate"),
        ("fares", 2, "medium", "gold", "medium is 'gold'; known are ticket, card"),
        ("services", 2, "monday", "7", "monday is '7', neither 0 nor 1"),
    ],
)
def test_city_feed_of_bad_tables_fails_with_file_and_row(folder, tmp_path, table, row, column, value, message):
    """What cannot be built is one error that names file and row, and no feed is written."""
    spoil(folder, table, row, column, value)
    out = tmp_path / "out.zip"
    with pytest.raises(TableError, match=message) as caught:
        build_feed(find_city(str(folder)), out)
    assert caught.value.row == row
    assert not out.exists()


@pytest.mark.parametrize(
    ("table", "column", "value", "message"),
    [
        ("bus_headways", "headway_s", "0", "headway_secs '0'"),
        ("transfers", "from_stop", "KRTC-O99", "from_stop_id 'KRTC-O99' is not in stops.txt"),
        ("lines", "agency_id", "NOBODY", "agency_id 'NOBODY' is not in agency.txt"),
        ("services", "start_date", "soon", "start_date 'soon' is not a date"),
    ],
)
def test_city_tables_that_do_not_fit_together_give_no_files(folder, tmp_path, table, column, value, message):
    """A feed that our own validator calls wrong is not handed out; the error says what is wrong."""
    spoil(folder, table, 2, column, value)
    with pytest.raises(CityError, match="the tables give a feed with") as caught:
        build_city(find_city(str(folder)), tmp_path / "out")
    assert message in str(caught.value)
    assert list((tmp_path / "out").iterdir()) == []


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("stop_s = 26", 'stop_s = "x"', "bus_times.stop_s is 'x', not a number"),
        ("speed_kmh = [20.0, 35.0, 55.0]", "speed_kmh = [20.0]", "needs one speed_kmh more than spacing_km"),
        ("max_hop_s = 360", "", "chain.max_hop_s is missing"),
        ('basis = "A3"', 'basis = "A99"', "bus_times.basis is 'A99': describe it under"),
        ('publisher_name = "Changtong"', "publisher_name = 1", "feed.publisher_name is 1, not a text"),
        ('propulsion_type = "human"', "", "yb2.propulsion_type is missing"),
        ('zh-TW = "YouBike 2.0 一般費率"', "", "plan_names needs a text in zh-TW"),
    ],
)
def test_city_settings_that_do_not_hold_are_named(folder, tmp_path, old, new, message):
    """A fault in city.toml is one error that names file and key."""
    file = folder / "city.toml"
    text = file.read_text(encoding="utf-8")
    assert old in text
    file.write_text(text.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(CityError, match=message) as caught:
        build_city(find_city(str(folder)), tmp_path / "out")
    assert str(file) in str(caught.value)


def test_city_table_that_is_listed_must_be_there(folder):
    """A table named in city.toml but absent is said to be absent."""
    (folder / "tables" / "links.csv").unlink()
    with pytest.raises(TableError, match=r"links\.csv.*lists it under \[tables\]"):
        read_facts(find_city(str(folder)), "links")


def test_city_table_without_provenance_columns_is_refused(folder):
    """A plain CSV is not a table of facts."""
    (folder / "tables" / "links.csv").write_text("from,to\nR3,R4\n", encoding="utf-8")
    with pytest.raises(TableError, match="the header lacks source, source_date, approximate, basis"):
        read_facts(find_city(str(folder)), "links")


def test_city_table_with_a_short_row_is_refused(folder):
    """A row of the wrong length is named by its line."""
    path = folder / "tables" / "links.csv"
    path.write_text(path.read_text(encoding="utf-8") + "KRTC,R\n", encoding="utf-8")
    with pytest.raises(TableError, match="2 cells under 12 columns"):
        read_facts(find_city(str(folder)), "links")


def test_city_tables_are_small_complete_and_explained():
    """Every file under tables/ is listed with a note of how it was made, holds good rows, and all are under 1 MB."""
    city = find_city("kaohsiung")
    files = {entry.name: entry for entry in (Path(str(city.root)) / "tables").iterdir()}
    assert set(files) == {f"{table}.csv" for table in city.tables}
    assert sum(entry.stat().st_size for entry in files.values()) < 500_000
    for table, note in city.tables.items():
        assert len(note) > 20
        assert read_facts(city, table)


def test_city_tables_hold_what_was_published():
    """1,516 bike stations with 30,868 docks, 15 car parks, 77 stations, 620 weekday metro departures."""
    city = find_city("kaohsiung")
    bikes = read_facts(city, "bike_stations")
    assert (len(bikes), sum(f.integer("docks") for f in bikes)) == (1516, 30868)
    assert len(read_facts(city, "car_parks")) == 15
    assert len(read_facts(city, "stations")) == 77
    weekday = [f for f in read_facts(city, "departures") if f["service"] == "MT"]
    assert sum(len(f.times_s("times")) for f in weekday) == 620


def test_city_sources_are_all_used():
    """No source is described that no fact rests on."""
    city = find_city("kaohsiung")
    assert {f.source for table in city.tables for f in read_facts(city, table)} == set(city.sources)
