"""The shared rides of the embedded city: what its tables say, and that no more precision is pretended than there is."""

import csv
import datetime as dt
import io
import shutil
import zipfile
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
import shapely

from gtfs.ingest import read_feed
from gtfs.validate import validate
from mobility.cities import find_city
from mobility.cities.build_feed import build_feed
from mobility.cities.errors import TableError
from mobility.cities.tables import read_facts
from mobility.flex import BookingState, build_on_demand, settle_booking
from mobility.model import Coordinate

TAIPEI = ZoneInfo("Asia/Taipei")
TUESDAY, SUNDAY = dt.date(2026, 11, 24), dt.date(2026, 11, 22)
DISTRICTS = ("美濃區", "杉林區", "六龜區", "內門區", "甲仙區", "茂林區", "桃源區", "那瑪夏區")


@pytest.fixture(scope="module")
def city():
    """The city under test."""
    return find_city("kaohsiung")


@pytest.fixture(scope="module")
def zip_path(city, tmp_path_factory):
    """Its feed as a zip."""
    path = tmp_path_factory.mktemp("feed") / "city.zip"
    build_feed(city, path)
    return path


@pytest.fixture(scope="module")
def feed(zip_path):
    """The feed as read."""
    return read_feed(zip_path)[0]


@pytest.fixture(scope="module")
def zones(feed):
    """Its rides on demand."""
    return build_on_demand(feed)


def read(path, name):
    """One file of a zipped feed."""
    with zipfile.ZipFile(path) as archive:
        return list(csv.DictReader(io.TextIOWrapper(archive.open(name), "utf-8")))


def test_the_feed_with_zones_is_without_errors(zip_path):
    """The timetable and the zones together pass validation."""
    assert validate(*read_feed(zip_path), today=dt.date(2026, 11, 23)).errors == ()


def test_eight_districts_have_shared_rides(zones):
    """One ride inside each of eight zones, by day on workdays, nothing lost on the way."""
    assert zones.notices == ()
    assert [place.name for place in zones.places] == list(DISTRICTS)
    assert [ride.number for ride in zones.rides_on(TUESDAY)] == list(range(8))
    assert zones.rides_on(SUNDAY) == ()
    assert {ride.pickup.window_s for ride in zones.rides} == {(7 * 3600, 18 * 3600)}


def test_each_district_office_is_in_its_own_zone_alone(city, zones):
    """Zones hold their district's office and do not overlap: nobody is offered the neighbour's rides."""
    for fact in read_facts(city, "drt_zones"):
        office = fact.coordinate()
        assert [ride.route_id for ride in zones.pick_up(office, TUESDAY)] == [fact["zone_id"]]
    areas = [zones._areas[number] for number in range(8)]
    for number, area in enumerate(areas):
        assert area.is_valid
        assert not any(shapely.intersects(area, other) for other in areas[number + 1 :])


def test_the_city_centre_has_none(zones):
    """Formosa Boulevard is in no zone."""
    assert zones.pick_up(Coordinate(22.6313, 120.3020), TUESDAY) == ()


def test_people_are_told_the_rules_of_the_service(zones):
    """By 18:00 the day before, by phone, at least two riders, in both languages; the deadline is an instant."""
    (ride,) = zones.direct(Coordinate(22.8952, 120.5426), Coordinate(22.9017, 120.5416), TUESDAY)
    leaves = dt.datetime(2026, 11, 24, 9, tzinfo=TAIPEI)
    asked = dt.datetime(2026, 11, 23, 12, tzinfo=TAIPEI)
    terms = settle_booking(
        ride.rules, leaves, asked, ride.timezone, service_date=TUESDAY, notice_days=zones.service_days, language="zh-TW"
    )
    assert terms.state is BookingState.OPEN
    assert terms.book_by == dt.datetime(2026, 11, 23, 18, tzinfo=TAIPEI)
    assert terms.texts["en"] == (
        "Book by 18:00 on 23 November, phone 0800-660-696. It runs only with at least 2 riders."
    )
    assert terms.url == "https://www.khgo.net/"
    assert "請於 11 月 23 日 18:00 前預約" in terms.texts["zh-Hant"]
    assert "至少 2 人預約才發車" in terms.texts["zh-Hant"]
    assert "LINE" in terms.messages["zh-TW"]
    assert "LINE" in terms.messages["en"]


def test_what_is_known_of_single_districts_is_kept(zones):
    """The extension of one district, the trial of another."""
    by_route = {ride.route_id: ride for ride in zones.rides}
    assert by_route["GO-TAOYUAN"].rules[0].phone == "0800-660-696#7"
    assert "試辦" in by_route["GO-NAMASIA"].rules[0].message
    assert {ride.rules[0].least_riders for ride in zones.rides} == {2}


def test_a_ride_is_promised_with_a_margin(zones):
    """The stated assumption: 1.5 times the drive and 10 minutes more; the window ends in time for it."""
    ride = zones.rides[0]
    assert ride.ride_s(600) == 1500
    assert ride.departures(1500) == (7 * 3600, 18 * 3600 - 1500)


def test_nothing_of_the_zones_is_passed_off_as_a_fact(city, zip_path):
    """Every zone and service is marked approximate, and each route carries both sentences in both languages."""
    assert {fact.basis for fact in read_facts(city, "drt_zones")} == {"D1"}
    assert {fact.basis for fact in read_facts(city, "drt_services")} == {"D2"}
    routes = [row for row in read(zip_path, "routes.txt") if row["route_id"].startswith("GO-")]
    assert len(routes) == 8
    for row in routes:
        assert "not its border" in row["changtong_approximate"]
        assert "not published" in row["changtong_approximate"]
    chinese = [
        row["translation"]
        for row in read(zip_path, "translations.txt")
        if row["field_name"] == "changtong_approximate" and row["record_id"].startswith("GO-")
    ]
    assert len(chinese) == 8
    assert all("並非公告界線" in text and "均未公告" in text for text in chinese)
    assert {row["code"] for row in read(zip_path, "changtong_approximations.txt")} >= {"D1", "D2"}


def test_shared_rides_cost_the_bus_fare_but_for_the_trial(zip_path):
    """Seven are in the network of the city bus; the one on trial was announced as free and has no price here."""
    members = {row["route_id"]: row["network_id"] for row in read(zip_path, "route_networks.txt")}
    found = {route: network for route, network in members.items() if route.startswith("GO-")}
    assert len(found) == 7
    assert set(found.values()) == {"BUS"}
    assert "GO-NAMASIA" not in found


def test_the_timetable_is_as_it_was(city, tmp_path, zip_path):
    """Without the tables of shared rides the feed has the same timetable: every row of it stands in the other too."""
    plain = tmp_path / "plain"
    shutil.copytree(Path(str(city.root)), plain)
    text = (plain / "city.toml").read_text(encoding="utf-8")
    lines = [line for line in text.splitlines() if not line.startswith(("drt_zones", "drt_rules", "drt_services"))]
    (plain / "city.toml").write_text("\n".join(lines), encoding="utf-8")
    build_feed(find_city(str(plain)), tmp_path / "plain.zip")
    with zipfile.ZipFile(tmp_path / "plain.zip") as archive:
        names = set(archive.namelist())
    with zipfile.ZipFile(zip_path) as archive:
        assert set(archive.namelist()) - names == {"booking_rules.txt", "locations.geojson"}
    for name in sorted(names - {"feed_info.txt"}):
        before, after = read(tmp_path / "plain.zip", name), read(zip_path, name)
        kept = [{key: row[key] for key in before[0]} for row in after[: len(before)]]
        assert kept == before, name


@pytest.fixture
def other(city, tmp_path):
    """A copy of the city whose tables a test may spoil."""
    folder = tmp_path / "city"
    shutil.copytree(Path(str(city.root)), folder)
    return folder


@pytest.mark.parametrize(
    ("table", "old", "new", "shown"),
    [
        ("drt_zones", "POLYGON((", "POINT((", r"drt_zones.csv:2: geometry is not written POLYGON"),
        ("drt_zones", "22.8857", "north", r"drt_zones.csv:2: geometry: a LINESTRING"),
        ("drt_services", "07:00", "19:00", r"drt_services.csv:2: the window ends before it begins"),
        ("drt_services", ",WD,", ",XX,", r"drt_services.csv:2: service 'XX' has no row"),
        ("drt_services", ",GO,", ",NO,", r"drt_services.csv:2: rule_id 'NO' has no row"),
        ("drt_rules", "GO,2,", "GO,two,", r"drt_rules.csv:2: booking_type is 'two'"),
    ],
)
def test_a_row_that_does_not_hold_is_refused_by_its_line(other, tmp_path, table, old, new, shown):
    """File and line, and nothing is written."""
    path = other / "tables" / f"{table}.csv"
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(TableError, match=shown):
        build_feed(find_city(str(other)), tmp_path / "feed.zip")
    assert not (tmp_path / "feed.zip").exists()
