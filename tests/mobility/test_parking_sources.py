"""Decoders of car parks and kerb: strings, negatives, missing fields, records that cannot be used."""

import datetime as dt
import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mobility.model import Coordinate
from mobility.parking import Placement, SpaceKind, Structure, Vehicle, parse_tariff
from mobility.sources.parking_platform import decode_platform
from mobility.sources.tdx_parking import (
    decode_availabilities,
    decode_car_parks,
    decode_segment_availabilities,
    decode_segments,
)

SHARED = Path(__file__).resolve().parents[2].parent / "shared" / "data" / "kaohsiung"
NOW = dt.datetime(2026, 9, 16, 12, tzinfo=dt.UTC)
LOT = {
    "id": "PL_1",
    "name": "停車場",
    "volumn": "100",
    "leftspace": "7",
    "areaname": "左營區",
    "lat": "22.67",
    "lng": "120.31",
    "location": "路邊",
    "businesshours": "24小時",
    "chargeway": "計時15元/半小時",
    "parkingLotType": "立體",
    "volumnTruck": None,
    "volumnAuto": "146",
    "volumnScooter": "-1",
    "cate": "公有",
    "smallcarVacancy": "33",
    "largecarVacancy": "-979",
    "motorcycleVacancy": "-1",
    "chargingPileCount": "3",
}


def lots(*changes):
    """The decoded platform document of lots that differ from the good one as told."""
    return decode_platform({"parkingLots": [{**LOT, **change} for change in changes]}, NOW)


def test_parking_platform_lot_is_a_facility():
    """Strings become numbers and data; negative numbers are unknown and absent, not zero; the receipt dates counts."""
    read = lots({})
    (lot,) = read.facilities
    assert (lot.facility_id, lot.names, lot.at) == ("PL_1", {"zh-TW": "停車場"}, Coordinate(22.67, 120.31))
    assert lot.capacity == {SpaceKind.CAR: 146}
    assert (lot.tariff, lot.build, lot.chargers) == (parse_tariff("計時15元/半小時"), Structure.MULTI_STOREY, 3)
    seen = read.occupancy["PL_1"]
    assert (seen.free, seen.observed_at) == ({SpaceKind.CAR: 33}, NOW)
    assert (seen.find_free(Vehicle.CAR), seen.find_free(Vehicle.MOTORCYCLE)) == (33, None)
    assert read.notices == ()


def test_parking_platform_zero_is_zero():
    """A full lot has zero free; one of which nothing is known has no occupancy at all."""
    unknown = {"smallcarVacancy": "-3", "leftspace": "-1"}
    read = lots({"smallcarVacancy": "0"}, {"id": "PL_2", **unknown})
    assert read.occupancy["PL_1"].find_free(Vehicle.CAR) == 0
    assert "PL_2" not in read.occupancy


def test_parking_platform_totals_count_only_where_no_kind_is_known():
    """``volumn`` and ``leftspace`` are spaces of any kind, and taken where nothing better is there."""
    read = lots({"volumnAuto": None, "volumnScooter": "-1", "smallcarVacancy": "-1"})
    assert read.facilities[0].capacity == {SpaceKind.ANY: 100}
    assert read.occupancy["PL_1"].free == {SpaceKind.ANY: 7}


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"volumnAuto": "many"}, "count_not_a_number"),
        ({"lat": "north"}, "position_not_a_coordinate"),
        ({"lat": "91"}, "position_not_a_coordinate"),
        ({"lat": "nan"}, "position_not_a_coordinate"),
        ({"smallcarVacancy": "147"}, "vacancy_above_capacity"),
    ],
)
def test_parking_platform_tells_what_is_wrong_and_keeps_the_rest(change, code):
    """One wrong field gives one notice with file, record and remedy; the lot stays."""
    read = lots(change)
    (notice,) = read.notices
    assert (notice.code, notice.file, notice.record) == (code, "parkingLots", "PL_1")
    assert "ask the city" in notice.message
    assert len(read.facilities) == 1


def test_parking_platform_leaves_out_what_has_no_id_or_comes_twice():
    """Such a record is named by its place; the others stay."""
    read = decode_platform({"parkingLots": [{"name": "?"}, LOT, LOT, None]}, NOW)
    assert [(n.code, n.record) for n in read.notices] == [
        ("parking_lot_without_id", "parkingLots[0]"),
        ("parking_lot_twice", "PL_1"),
        ("parking_lot_without_id", "parkingLots[3]"),
    ]
    assert [lot.facility_id for lot in read.facilities] == ["PL_1"]


@pytest.mark.parametrize("document", [{}, [], None, {"parkingLots": {}}])
def test_parking_platform_document_without_lots_is_told(document):
    """No list, no lots, one notice."""
    read = decode_platform(document, NOW)
    assert (read.facilities, [n.code for n in read.notices]) == ((), ["no_parking_lots"])


def test_parking_platform_unknown_position():
    """1.0, 1.0 is how the platform writes that it does not know."""
    assert lots({"lat": "1.0", "lng": "1.0"}).facilities[0].at is None


def test_parking_platform_needs_a_date():
    """Without a zone the counts could not be dated."""
    with pytest.raises(ValueError, match="time zone"):
        decode_platform({"parkingLots": []}, NOW.replace(tzinfo=None))


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


@settings(deadline=None)
@given(st.dictionaries(st.sampled_from(sorted(LOT)), json_values), json_values)
def test_parking_platform_takes_any_json(change, other):
    """No document raises: what is good stays, the rest is told."""
    read = decode_platform({"parkingLots": [{**LOT, **change}, {**LOT, "id": "PL_2"}, other]}, NOW)
    assert "PL_2" in {lot.facility_id for lot in read.facilities} | {n.record for n in read.notices}
    assert all(spaces >= 0 for seen in read.occupancy.values() for spaces in seen.free.values())


PARK = {
    "CarParkID": "KHA1",
    "CarParkName": {"Zh_tw": "停車場", "En": "Car park"},
    "CarParkPosition": {"PositionLat": 22.5, "PositionLon": 120.3},
    "CarParkType": 3,
    "FareDescription": "計次15元/次",
}
COUNT = {
    "CarParkID": "KHA1",
    "TotalSpaces": 54,
    "AvailableSpaces": 15,
    "Availabilities": [
        {"SpaceType": 1, "NumberOfSpaces": 50, "AvailableSpaces": 15},
        {"SpaceType": 9, "NumberOfSpaces": 4, "AvailableSpaces": -1},
        {"SpaceType": 14, "NumberOfSpaces": 9, "AvailableSpaces": 9},
    ],
    "ServiceStatus": 1,
    "FullStatus": 0,
    "DataCollectTime": "2026-08-29T23:03:08+08:00",
}


def test_tdx_car_park_is_a_facility():
    """Both names, the type and the fee as data."""
    (park,) = decode_car_parks({"CarParks": [PARK]}).facilities
    assert park.names == {"zh-TW": "停車場", "en": "Car park"}
    assert (park.build, park.placement) == (Structure.UNDERGROUND, Placement.OFF_STREET)
    assert park.tariff == parse_tariff("計次15元/次")


def test_tdx_spaces_are_counted_by_kind():
    """SpaceType 0 to 12 are kinds of space, monthly rents are not for whoever comes, negatives are unknown."""
    seen = decode_availabilities([COUNT]).occupancy["KHA1"]
    assert seen.free == {SpaceKind.ANY: 15, SpaceKind.CAR: 15}
    assert seen.capacity == {SpaceKind.ANY: 54, SpaceKind.CAR: 50, SpaceKind.ACCESSIBLE: 4}
    assert (seen.is_operating, seen.is_full) == (True, False)
    assert seen.find_free(Vehicle.CAR, SpaceKind.ACCESSIBLE) is None


def test_tdx_full_without_a_count_is_zero():
    """A car park that is called full has nothing free; one of which -1 is said is unknown."""
    bare = {"CarParkID": "KHA1", "AvailableSpaces": -1, "DataCollectTime": COUNT["DataCollectTime"]}
    full = decode_availabilities([{**bare, "FullStatus": 2}]).occupancy["KHA1"]
    unknown = decode_availabilities([{**bare, "FullStatus": -1}]).occupancy["KHA1"]
    assert (full.find_free(Vehicle.CAR), unknown.find_free(Vehicle.CAR), unknown.is_full) == (0, None, None)


def test_tdx_counts_are_dated_by_the_best_there_is():
    """The count's own time, else the source's, else the document's; without any it is left out and told."""
    bare = {**COUNT, "DataCollectTime": ""}
    document = {"UpdateTime": "2026-08-29T23:05:00+08:00", "ParkingAvailabilities": [bare]}
    late = decode_availabilities({**document, "SrcUpdateTime": "2026-08-29T23:04:00+08:00"}).occupancy["KHA1"]
    later = decode_availabilities(document).occupancy["KHA1"]
    none = decode_availabilities([bare])
    assert (late.observed_at.minute, later.observed_at.minute) == (4, 5)
    assert (none.occupancy, [n.code for n in none.notices]) == ({}, ["count_without_time"])


def test_tdx_kerb_has_ids_of_its_own():
    """Segments are numbered from 1: their ids get a prefix, in the list and in the counts alike."""
    segment = {"ParkingSegmentID": "001", "ParkingSegmentName": "建軍路", "FareDescription": "半時計15"}
    (kerb,) = decode_segments({"ParkingSegments": [segment]}).facilities
    counts = {"CurbParkingSegmentAvailabilities": [{**COUNT, "CarParkID": None, "ParkingSegmentID": "001"}]}
    assert (kerb.facility_id, kerb.placement, kerb.at) == ("kerb:001", Placement.KERB, None)
    assert decode_segment_availabilities(counts).occupancy.keys() == {"kerb:001"}


@pytest.mark.parametrize(
    ("record", "code"),
    [
        ({**COUNT, "AvailableSpaces": "few"}, "count_not_a_number"),
        ({**COUNT, "AvailableSpaces": 60}, "vacancy_above_capacity"),
        ({**COUNT, "CarParkID": ""}, "record_without_id"),
    ],
)
def test_tdx_tells_what_is_wrong(record, code):
    """A notice with file and remedy."""
    (notice,) = decode_availabilities([record]).notices
    assert (notice.code, notice.file) == (code, "ParkingAvailabilities")


@settings(deadline=None)
@given(json_values, st.dictionaries(st.sampled_from(sorted({**PARK, **COUNT})), json_values))
def test_tdx_takes_any_json(document, change):
    """No document raises."""
    for decode in (decode_car_parks, decode_availabilities, decode_segments, decode_segment_availabilities):
        decode(document)
        decode([{**PARK, **COUNT, "ParkingSegmentID": "1", **change}])


@pytest.mark.shared
@pytest.mark.skipif(not SHARED.is_dir(), reason="no shared reference data beside the checkout")
def test_parking_of_the_city_is_read_as_published():
    """The fifteen published lots and TDX's samples: all are kept, every price but the abridged one is data."""
    text = (SHARED / "parking" / "kpp_parkinglots_sample15.json").read_text(encoding="utf-8")
    read = decode_platform(json.loads(text), NOW)
    assert len(read.facilities) == 15
    assert read.notices == ()
    assert [lot.facility_id for lot in read.facilities if lot.tariff is None] == ["PL_KHB00914"]
    assert [lot.facility_id for lot in read.facilities if lot.at is None] == ["PL_KHB01235"]
    assert read.occupancy["PL_KHB01116"].free == {SpaceKind.CAR: 0, SpaceKind.MOTORCYCLE: 25}
    tdx = json.loads((SHARED / "tdx_samples" / "parking_khh_2026-08-29.json").read_text(encoding="utf-8"))
    assert decode_availabilities(tdx).occupancy["KHA00001"].free == {SpaceKind.ANY: 15}
    assert decode_segment_availabilities(tdx).occupancy["kerb:001"].capacity == {SpaceKind.ANY: 33}
    assert all(f.tariff for f in (*decode_car_parks(tdx).facilities, *decode_segments(tdx).facilities))
