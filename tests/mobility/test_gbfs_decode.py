"""GBFS documents of every version become one kind of system; what does not hold is told, and the rest is used."""

import dataclasses
import datetime as dt
import json
from decimal import Decimal

import gbfs_town as town
import pytest

from mobility.bikeshare.places import list_groups
from mobility.bikeshare.state import UNLIMITED
from mobility.bikeshare.system import FormFactor, Propulsion, RentalUris, ReturnConstraint
from mobility.cities import build_city, find_city
from mobility.sources.gbfs import GbfsUnreadable, decode, decode_system, list_feeds, read_folder
from mobility.sources.gbfs.documents import read_instant

NOW = town.NOW


def told(decoded):
    """The notices as (code, file, record)."""
    return [(notice.code, notice.file, notice.record) for notice in decoded.notices]


def read(documents, now=NOW):
    """Decode everything; the state and what was told."""
    decoded = decode(documents, now=now)
    return decoded.state, told(decoded)


@pytest.mark.parametrize("make", [town.bikes, town.mopeds, town.cars, town.bikes_2_3])
def test_good_feeds_have_no_notices(make):
    """Nothing is told of a feed that is as the standard says, read as values or as bytes."""
    parsed, notices = read(make())
    assert notices == []
    from_bytes, notices = read({name: json.dumps(whole).encode() for name, whole in make().items()})
    assert notices == []
    assert from_bytes.states == parsed.states
    assert from_bytes.vehicles == parsed.vehicles
    assert from_bytes.system.plans == parsed.system.plans


def test_bikes_are_read_whole():
    """Types, stations, regions, plans, counts by type and docks of the docked bikes."""
    state, _ = read(town.bikes())
    system = state.system
    assert (system.system_id, system.timezone, system.opening_hours) == ("town_bikes", "Asia/Taipei", "24/7")
    assert system.operator["en"] == "town_bikes operator"
    assert system.vehicle_types["ebike"].propulsion is Propulsion.ELECTRIC_ASSIST
    assert system.vehicle_types["plain"].return_constraint is ReturnConstraint.ANY_STATION
    assert not system.vehicle_types["plain"].is_return_guessed
    assert [s.station_id for s in system.stations] == ["harbour", "market", "hill", "park"]
    assert system.stations[0].names == {"zh-TW": "harbour站", "en": "harbour"}
    assert system.regions[system.stations[0].region]["en"] == "South"
    assert system.stations[3].is_virtual
    assert system.stations[3].area.area == pytest.approx(0.002**2)
    assert state.states["harbour"].bikes == {"plain": 5, "ebike": 2}
    assert (state.states["harbour"].docks, state.states["park"].docks) == (13, UNLIMITED)
    assert not state.states["hill"].is_renting
    assert state.states["harbour"].reported_at == NOW


def test_links_lead_to_the_app():
    """The operator's apps and page, and a station's own links; what is no link is none."""
    documents = town.bikes()
    apps = {
        "android": {"store_uri": "https://town.example/a", "discovery_uri": "town://"},
        "ios": {"discovery_uri": "town://"},
    }
    documents["system_information"]["data"] |= {"rental_apps": apps, "url": "https://town.example"}
    documents["station_information"]["data"]["stations"][0]["rental_uris"] = {"web": "https://town.example/1", "ios": 5}
    system = decode_system(documents).system
    assert system.rental_uris == RentalUris("https://town.example/a", "town://", "https://town.example")
    assert system.stations[0].rental_uris == RentalUris(web="https://town.example/1")


def test_2_3_says_the_same_as_3_0():
    """The same town in both versions: the same stations, prices and counts; names in the one language of the feed."""
    three, two = read(town.bikes())[0], read(town.bikes_2_3())[0]
    assert [dataclasses.replace(s, names={}) for s in two.system.stations] == [
        dataclasses.replace(s, names={}) for s in three.system.stations
    ]
    assert two.system.stations[0].names == {"en": "harbour"}
    assert two.states == three.states
    assert [p.per_min for p in two.system.plans.values()] == [p.per_min for p in three.system.plans.values()]


def test_mopeds_and_cars_keep_their_rules():
    """Range, reservation and zones of mopeds; home stations, riders and prices by time and distance of cars."""
    mopeds, _ = read(town.mopeds())
    kind = mopeds.system.vehicle_types["moped"]
    assert (kind.form_factor, kind.profile_name, kind.speed_mps) == (FormFactor.MOPED, "SCOOTER", None)
    assert [v.vehicle_id for v in mopeds.vehicles if v.is_reserved or v.is_disabled] == ["m3", "m4"]
    assert mopeds.vehicles[4].range_m == 33_000.5
    assert len(mopeds.system.zones.zones) == 4
    assert mopeds.system.find_plan("moped").price_ride(600, 3000) == 15 + 4 * Decimal("2.5")
    cars, _ = read(town.cars())
    assert cars.system.vehicle_types["small"].riders == 5
    assert {v.vehicle_id: (v.station_id, v.home_station_id) for v in cars.vehicles} == {
        "c1": ("lot_a", ""),
        "c9": ("", "lot_b"),
    }
    assert cars.system.find_plan("small").price_ride(3700, 10_500) == 240 + 11 * Decimal("3.1")


def test_the_citys_own_bikes_read_back(tmp_path):
    """What the embedded city publishes is read back whole: 1,516 stations, no notice, and the published prices."""
    files = build_city(find_city("kaohsiung"), tmp_path)
    decoded = decode_system(read_folder(files.gbfs))
    system = decoded.system
    assert decoded.notices == ()
    assert len(system.stations) == 1516
    assert sum(station.capacity for station in system.stations) == 30868
    assert all(station.names and station.region in system.regions for station in system.stations)
    plain, electric = (system.find_plan(kind) for kind in ("yb2", "yb2e"))
    prices = [(minutes, plain.price_ride(minutes * 60, 0)) for minutes in (1, 30, 31, 240, 241, 480, 481)]
    assert prices == [(1, 10), (30, 10), (31, 20), (240, 80), (241, 100), (480, 240), (481, 280)]
    assert [electric.price_ride(minutes * 60, 0) for minutes in (30, 60, 120, 121, 150)] == [20, 40, 80, 120, 120]
    assert [group.speed_mps for group in list_groups(system)] == [4.2, 4.7]


def test_gbfs_json_lists_addresses():
    """3.0 has one list, 2.x one for each language; the wanted language is taken where it is there."""
    three = town.document({"feeds": [{"name": "station_status", "url": "https://town.example/s.json"}]})
    assert list_feeds(three) == {"station_status": "https://town.example/s.json"}
    feeds = {tag: {"feeds": [{"name": "station_status", "url": f"https://town.example/{tag}"}]} for tag in ("de", "en")}
    two = town.document(feeds, "2.3")
    assert list_feeds(two, ["fr", "en"])["station_status"].endswith("/en")
    assert list_feeds(json.dumps(two), ["fr"])["station_status"].endswith("/de")
    for broken in (b"{", {"data": {}}, {"data": {"feeds": [1, {"name": "x"}]}}):
        with pytest.raises(GbfsUnreadable, match=r"gbfs\.json lists no feed"):
            list_feeds(broken)


def test_a_folder_without_documents(tmp_path):
    """A folder that holds no document is refused with what to put there."""
    with pytest.raises(GbfsUnreadable, match="put system_information"):
        read_folder(tmp_path)
    (tmp_path / "x_system_information.json").write_text("{}", encoding="utf-8")
    assert read_folder(tmp_path, "x_") == {"system_information": b"{}"}


@pytest.mark.parametrize(
    ("value", "hour"),
    [(1784073600, 0), ("2026-07-15T08:00:00+08:00", 0), ("2026-07-15T00:00:00Z", 0), (Decimal("1784077200.5"), 1)],
)
def test_times_of_all_versions(value, hour):
    """POSIX seconds and RFC 3339 are the same moment."""
    assert read_instant(value).astimezone(dt.UTC).replace(microsecond=0) == dt.datetime(
        2026, 7, 15, hour, tzinfo=dt.UTC
    )


@pytest.mark.parametrize(
    "value", [None, True, "", "2026-07-15T08:00:00", "soon", 0, -5, 1e300, float("nan"), 10**30, [], {}]
)
def test_what_is_no_time(value):
    """A time without offset, before GBFS was, beyond the calendar or of another kind is none."""
    assert read_instant(value) is None
