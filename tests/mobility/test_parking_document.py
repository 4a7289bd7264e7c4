"""The parking document is read as it was written; what is none is refused with the remedy."""

import json
import shutil
from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mobility.cities import CityError, find_city
from mobility.cities.build_parking import build_parking
from mobility.model import Coordinate
from mobility.parking import (
    Band,
    Block,
    Cap,
    CapPer,
    Charger,
    Concession,
    Days,
    Facility,
    Holder,
    Placement,
    Rate,
    SpaceKind,
    Structure,
    Tariff,
    Vehicle,
)
from mobility.parking.document import ParkingUnreadable, decode_facility, encode_facility, read_parking

amounts = st.decimals(0, 9999, places=2)
rates = st.builds(
    Rate,
    amounts,
    st.sampled_from([20, 60]),
    st.sampled_from(list(Vehicle)),
    st.sampled_from(list(Days)),
    st.booleans(),
    st.sampled_from([0, 20]),
    st.booleans(),
    st.lists(st.builds(Cap, amounts, st.none(), st.sampled_from(list(CapPer))), max_size=2).map(tuple),
    st.sampled_from([Band(480, 1200), Band(1200, 480), Band(0, 1440)]),
    st.lists(st.builds(Block, amounts, st.sampled_from([30, 60]), st.integers(1, 4)), max_size=2).map(tuple),
)
FULL = Facility(
    "F",
    {"zh-TW": "停車場", "en": "Car park"},
    Coordinate(22.6, 120.3),
    {SpaceKind.CAR: 4, SpaceKind.ACCESSIBLE: 0, SpaceKind.ANY: 9},
    "計時15元/半小時",
    None,
    "路",
    "區",
    "24小時",
    "公有",
    "立體",
    3,
    Placement.KERB,
    Structure.MULTI_STOREY,
    2.1,
    (Charger(2, "CCS2", 60.5), Charger(1)),
    "07-000",
)


@settings(deadline=None)
@given(rates, st.sampled_from([(), (Concession(Holder.ELECTRIC, 60, Decimal("12.5"), Decimal(3), Vehicle.CAR),)]))
def test_parking_document_keeps_everything(rate, concessions):
    """A facility with all it can have comes back equal, amounts to the cent."""
    facility = replace(FULL, tariff=Tariff((rate,), concessions, 240, Decimal("0.5")))
    text = json.dumps(encode_facility(facility))
    assert decode_facility(json.loads(text)) == facility
    assert decode_facility(json.loads(text, parse_float=Decimal)) == facility


def test_parking_document_of_the_city_reads_back(tmp_path):
    """All fifteen lots and the tariff of the smart bays."""
    path = tmp_path / "parking.json"
    build_parking(find_city("kaohsiung"), path)
    document = read_parking(path)
    assert (document.timezone, document.currency, len(document.facilities)) == ("Asia/Taipei", "TWD", 15)
    (smart,) = document.tariffs
    assert smart.tariff_id == "smart_motorcycle_bay"
    assert smart.tariff.rates[0].band == Band(480, 1200)
    assert {f.build for f in document.facilities} == {Structure.SURFACE, Structure.MULTI_STOREY}


def test_parking_document_of_version_1_0_reads(tmp_path):
    """What was written before rates had hours and facilities a placement is still read."""
    path = tmp_path / "parking.json"
    build_parking(find_city("kaohsiung"), path)
    document = json.loads(path.read_text(encoding="utf-8"))
    new = {"placement", "build", "height_limit_m", "charger_facts", "telephone", "concessions"}
    for record in document["facilities"]:
        for name in new & record.keys():
            del record[name]
        for rate in record["tariff"]:
            del rate["hours"], rate["first"]
            for cap in rate["caps"]:
                del cap["per"]
    del document["tariffs"]
    before = read_parking(path).facilities
    path.write_text(json.dumps(document), encoding="utf-8")
    assert [f.tariff for f in read_parking(path).facilities] == [f.tariff for f in before]


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"timezone": "UTC", "currency": "X", "facilities": [{}]}', "\x00"])
def test_parking_document_that_is_none_is_refused(tmp_path, text):
    """One error, with the file and what to do."""
    path = tmp_path / "parking.json"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ParkingUnreadable, match=r"parking\.json.*changtong city build"):
        read_parking(path)
    with pytest.raises(ParkingUnreadable, match="nowhere"):
        read_parking(tmp_path / "nowhere.json")


def copy_city(tmp_path, old, new):
    """Kaohsiung with a change in its table of tariffs."""
    shutil.copytree(str(find_city("kaohsiung").root), tmp_path / "city")
    table = tmp_path / "city" / "tables" / "parking_tariffs.csv"
    text = table.read_text(encoding="utf-8")
    assert old in text
    table.write_text(text.replace(old, new), encoding="utf-8")
    return find_city(str(tmp_path / "city"))


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("08:00,20:00", "08:00,08:00", r"parking_tariffs\.csv:2: 480 to 480 min is no part of a day"),
        ("motorcycle,every,08:00", "scooter,every,08:00", r"parking_tariffs\.csv:2: 'scooter'"),
        ("08:00,20:00,10,20", ",,10,20", r"parking_tariffs\.csv:2: two rates for motorcycle on every"),
        ("08:00,20:00,10,20", "08:00,20:00,ten,20", r"parking_tariffs\.csv:2: .*what a rate may be"),
    ],
)
def test_parking_tariff_table_that_does_not_hold_is_refused(tmp_path, old, new, message):
    """File, row and reason."""
    city = copy_city(tmp_path, old, new)
    with pytest.raises(CityError, match=message):
        build_parking(city, tmp_path / "parking.json")
