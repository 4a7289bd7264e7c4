"""The bikes as GBFS 3.0 and the car parks as one document; both built whole, once, and anew when a fact changes."""

import datetime as dt
import json
import os
import shutil
import threading
import time

import pytest

from mobility.cities import CityError, build_city, ensure_city, find_city
from mobility.cities.content import content_hash

GBFS_FEEDS = {
    "gbfs",
    "system_information",
    "vehicle_types",
    "system_regions",
    "station_information",
    "system_pricing_plans",
}


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """The files of the city, built once."""
    return build_city(find_city("kaohsiung"), tmp_path_factory.mktemp("built"))


@pytest.fixture(scope="module")
def gbfs(built):
    """Every GBFS document by name."""
    return {path.stem: json.loads(path.read_text(encoding="utf-8")) for path in built.gbfs.iterdir()}


def is_texts(value):
    """True for a localized string of GBFS 3.0."""
    return bool(value) and all(entry.keys() == {"text", "language"} and entry["text"] for entry in value)


def test_city_gbfs_has_the_common_header(gbfs):
    """Every document says when it was updated (RFC 3339), how long it lives and that it is version 3.0."""
    assert gbfs.keys() == GBFS_FEEDS
    for document in gbfs.values():
        assert document.keys() == {"last_updated", "ttl", "version", "data"}
        assert dt.datetime.fromisoformat(document["last_updated"]).tzinfo is not None
        assert isinstance(document["ttl"], int)
        assert document["version"] == "3.0"


def test_city_gbfs_lists_its_feeds(gbfs):
    """gbfs.json names every document that is there by an absolute address, and none that is not."""
    feeds = {feed["name"]: feed["url"] for feed in gbfs["gbfs"]["data"]["feeds"]}
    assert feeds.keys() == GBFS_FEEDS
    assert all(url.startswith("https://") and url.endswith(f"/{name}.json") for name, url in feeds.items())


def test_city_gbfs_describes_the_system(gbfs):
    """All fields that GBFS 3.0 requires of system_information are there."""
    data = gbfs["system_information"]["data"]
    assert {"system_id", "languages", "name", "opening_hours", "feed_contact_email", "timezone"} <= data.keys()
    assert is_texts(data["name"])
    assert data["timezone"] == "Asia/Taipei"


def test_city_gbfs_has_every_station(gbfs):
    """1,516 stations with id, name, place in the city, capacity and a region that exists."""
    stations = gbfs["station_information"]["data"]["stations"]
    regions = {region["region_id"] for region in gbfs["system_regions"]["data"]["regions"]}
    south_west, north_east = find_city("kaohsiung").bbox
    assert len({s["station_id"] for s in stations}) == 1516
    assert sum(s["capacity"] for s in stations) == 30868
    assert len(regions) == 31
    for station in stations:
        assert is_texts(station["name"])
        assert south_west.lat <= station["lat"] <= north_east.lat
        assert south_west.lon <= station["lon"] <= north_east.lon
        assert station["region_id"] in regions


def test_city_gbfs_prices_both_kinds_of_bike(gbfs):
    """Ordinary and electric bikes have types, and plans with steps that start where the step before ends."""
    types = {t["vehicle_type_id"]: t for t in gbfs["vehicle_types"]["data"]["vehicle_types"]}
    plans = {p["plan_id"]: p for p in gbfs["system_pricing_plans"]["data"]["plans"]}
    assert {t["propulsion_type"] for t in types.values()} == {"human", "electric_assist"}
    assert all("max_range_meters" in t for t in types.values() if t["propulsion_type"] != "human")
    for kind in types.values():
        assert is_texts(kind["name"])
        plan = plans[kind["default_pricing_plan_id"]]
        assert {"plan_id", "name", "currency", "price", "is_taxable", "description"} <= plan.keys()
        assert is_texts(plan["name"])
        assert is_texts(plan["description"])
        steps = plan["per_min_pricing"]
        assert steps[0]["start"] == 0
        assert [s.get("end") for s in steps] == [s["start"] for s in steps[1:]] + [None]


def test_city_gbfs_invents_no_live_data(built):
    """Without live data there is no station_status."""
    assert not (built.gbfs / "station_status.json").exists()


def test_city_parking_holds_every_lot(built):
    """15 lots with capacity by kind; all fifteen tariffs are parsed, the published text is kept beside."""
    document = json.loads(built.parking.read_text(encoding="utf-8"))
    lots = {lot["facility_id"]: lot for lot in document["facilities"]}
    assert len(lots) == 15
    assert (document["currency"], document["city"]) == ("TWD", "kaohsiung")
    assert all(lot["capacity"] and lot["tariff_text"] for lot in lots.values())
    assert {lot["tariff_status"] for lot in lots.values()} == {"parsed"}
    assert lots["PL_KHB00914"]["capacity"] == {"car": 147, "motorcycle": 373, "truck": 2}


def test_city_parking_leaves_unknown_positions_open(built):
    """The lot that the city places at 1.0, 1.0 has no position rather than a wrong one."""
    lots = json.loads(built.parking.read_text(encoding="utf-8"))["facilities"]
    assert [lot["facility_id"] for lot in lots if lot["lat"] is None] == ["PL_KHB01235"]


def test_city_parking_keeps_the_text_of_an_unknown_tariff(tmp_path):
    """A price that cannot be parsed is unknown, and the words stay."""
    shutil.copytree(str(find_city("kaohsiung").root), tmp_path / "city")
    table = tmp_path / "city" / "tables" / "car_parks.csv"
    table.write_text(table.read_text(encoding="utf-8").replace("計時15元/半小時", "依現場公告"), encoding="utf-8")
    files = build_city(find_city(str(tmp_path / "city")), tmp_path / "out")
    lots = {lot["facility_id"]: lot for lot in json.loads(files.parking.read_text(encoding="utf-8"))["facilities"]}
    lot = lots["PL_KHA00261"]
    assert (lot["tariff_status"], lot["tariff"], lot["tariff_text"]) == ("unknown", None, "依現場公告")


def test_city_build_is_the_same_every_time(built, tmp_path):
    """Two builds of the same tables are equal in every byte of every file."""
    again = build_city(find_city("kaohsiung"), tmp_path)
    for name in [path.relative_to(built.gtfs.parent) for path in built.gtfs.parent.rglob("*") if path.is_file()]:
        assert (again.gtfs.parent / name).read_bytes() == (built.gtfs.parent / name).read_bytes()


def test_city_build_leaves_nothing_but_its_files(built):
    """No temporary folder stays behind."""
    assert {path.name for path in built.gtfs.parent.iterdir()} == {"gtfs.zip", "gbfs", "parking.json", "content.sha256"}


def test_city_build_that_fails_keeps_the_files_before(tmp_path):
    """A table that does not hold leaves the earlier build untouched."""
    shutil.copytree(str(find_city("kaohsiung").root), tmp_path / "city")
    files = build_city(find_city(str(tmp_path / "city")), tmp_path / "out")
    before = files.gtfs.read_bytes()
    table = tmp_path / "city" / "tables" / "car_parks.csv"
    table.write_text(table.read_text(encoding="utf-8").replace("2026-09-16", ""), encoding="utf-8")
    with pytest.raises(CityError, match=r"car_parks\.csv:2: source_date"):
        build_city(find_city(str(tmp_path / "city")), tmp_path / "out")
    assert files.gtfs.read_bytes() == before
    assert len(list((tmp_path / "out").iterdir())) == 4


def test_city_ensure_builds_once_and_quickly(tmp_path):
    """The first call takes under 5 s of processor time, the second finds the files and leaves them alone."""
    city = find_city("kaohsiung")
    began = time.process_time()
    files = ensure_city(city, tmp_path)
    assert time.process_time() - began < 5
    stamp = files.gtfs.stat().st_mtime_ns
    assert ensure_city(city, tmp_path) == files
    assert files.gtfs.stat().st_mtime_ns == stamp


def test_city_ensure_builds_anew_when_a_fact_changes(tmp_path):
    """A changed table gives a new feed beside the old one."""
    shutil.copytree(str(find_city("kaohsiung").root), tmp_path / "city")
    before = ensure_city(find_city(str(tmp_path / "city")), tmp_path / "cache")
    table = tmp_path / "city" / "tables" / "stations.csv"
    table.write_text(table.read_text(encoding="utf-8").replace("美麗島", "美麗的島"), encoding="utf-8")
    after = ensure_city(find_city(str(tmp_path / "city")), tmp_path / "cache")
    assert after.gtfs != before.gtfs
    assert before.gtfs.exists()


def test_city_ensure_mends_a_broken_cache(tmp_path):
    """A cache folder that lost a file is built again."""
    city = find_city("kaohsiung")
    files = ensure_city(city, tmp_path)
    files.parking.unlink()
    assert ensure_city(city, tmp_path).parking.exists()


def test_city_ensure_survives_a_race(tmp_path):
    """Several callers at once all get whole files."""
    city, found, failures = find_city("kaohsiung"), [], []

    def call():
        try:
            found.append(ensure_city(city, tmp_path))
        except BaseException as error:  # noqa: BLE001  (whatever it is, the test must see it)
            failures.append(error)

    threads = [threading.Thread(target=call) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert len(set(found)) == 1
    assert len(list((tmp_path / "kaohsiung").iterdir())) == 1


def test_city_content_changes_with_the_tables(tmp_path):
    """The fingerprint is stable, and differs as soon as one character of a table does."""
    shutil.copytree(str(find_city("kaohsiung").root), tmp_path / "city")
    assert content_hash(find_city(str(tmp_path / "city"))) == content_hash(find_city("kaohsiung"))
    with (tmp_path / "city" / "tables" / "links.csv").open("a", encoding="utf-8") as table:
        table.write("\n")
    assert content_hash(find_city(str(tmp_path / "city"))) != content_hash(find_city("kaohsiung"))


@pytest.mark.parametrize("make", [build_city, ensure_city])
def test_city_folder_that_cannot_be_written_is_named(tmp_path, make):
    """A place where nothing can be written is one clear error."""
    blocker = tmp_path / "file"
    blocker.write_text("")
    with pytest.raises(CityError, match="cannot be written") as caught:
        make(find_city("kaohsiung"), blocker / "out")
    assert os.fspath(blocker) in str(caught.value)
