"""Taxis as data: the meter, the night, and a price that is unknown where no tariff is known."""

import datetime as dt
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mobility.cities import find_city
from mobility.cities.errors import CityError, TableError
from mobility.cities.taxis import read_taxis
from mobility.flex import TaxiService, TaxiTariff, offer_taxi, price_taxi

NOON = dt.datetime(2026, 5, 12, 12, tzinfo=ZoneInfo("Asia/Taipei"))
# an invented meter: no city's
METER = TaxiTariff(
    currency="TWD",
    start_fare=Decimal(70),
    start_m=1000,
    step_fare=Decimal(4),
    step_m=200,
    waiting_fare=Decimal(3),
    waiting_step_s=60,
    night_fare=Decimal(20),
    night_from_s=23 * 3600,
    night_to_s=6 * 3600,
)


@pytest.mark.parametrize(
    ("metres", "fare"), [(0, 70), (1000, 70), (1000.1, 74), (1200, 74), (1201, 78), (5000, 150), (5001, 154)]
)
def test_each_started_step_costs_a_whole_one(metres, fare):
    """The start covers its distance; a metre more is the next step."""
    assert price_taxi(METER, metres, NOON) == fare


@pytest.mark.parametrize(("hour", "is_night"), [(22, False), (23, True), (0, True), (5, True), (6, False), (12, False)])
def test_the_night_may_pass_midnight(hour, is_night):
    """The surcharge is due from 23:00 to before 06:00, by the clock of the pick-up."""
    begins = NOON.replace(hour=hour)
    assert price_taxi(METER, 0, begins) == (90 if is_night else 70)


def test_waiting_costs_whole_steps():
    """59 seconds at low speed cost nothing, 60 and 119 one step."""
    assert [price_taxi(METER, 0, NOON, s) for s in (0, 59, 60, 119, 120)] == [70, 70, 73, 73, 76]


@given(st.floats(0, 50_000), st.floats(0, 50_000))
def test_further_is_never_cheaper(near, far):
    """The meter does not run backwards."""
    near, far = sorted((near, far))
    assert price_taxi(METER, near, NOON) <= price_taxi(METER, far, NOON)


def test_nonsense_is_refused():
    """Negative ways, and tariffs whose steps lead nowhere."""
    with pytest.raises(ValueError, match="a taxi cannot drive"):
        price_taxi(METER, -1, NOON)
    with pytest.raises(ValueError, match="steps of at least 1 m"):
        TaxiTariff("TWD", Decimal(70), 1000, Decimal(4), 0)


def test_an_offer_waits_drives_and_costs():
    """The night surcharge is that of the pick-up, which comes after the wait."""
    taxis = TaxiService("taxi", {"en": "Taxi"}, 600, tariff=METER)
    offer = offer_taxi(taxis, 300.4, 1100.0, NOON.replace(hour=22, minute=55))
    assert (offer.wait_s, offer.ride_s, offer.price) == (600, 301, (Decimal(94), "TWD"))


def test_an_unknown_tariff_is_an_unknown_price():
    """Nothing is invented where no tariff is known."""
    assert offer_taxi(TaxiService("taxi", {"en": "Taxi"}, 600), 300, 1100, NOON).price is None


def test_the_embedded_city_s_taxis_have_no_price():
    """No published tariff was found, so that there is none; the assumed wait is said in both languages."""
    taxis = read_taxis(find_city("kaohsiung"))
    assert taxis.tariff is None
    assert taxis.wait_s == 600
    assert set(taxis.approximate) == {"zh-TW", "en"}
    assert "10 minutes" in taxis.approximate["en"]


CITY = """
id = "springfield"
timezone = "America/Chicago"
currency = "USD"
languages = ["en"]
bbox = [39.0, -90.0, 40.0, -89.0]
centre = [39.5, -89.5]
attribution = "City of Springfield"
[names]
en = "Springfield"
[walking]
speed_mps = 1.3
detour = 1.25
[feed]
publisher_name = "Springfield"
[sources.meter]
title = "The meter"
[tables]
"""
TAXI = '[taxi]\nservice_id = "cab"\nwait_s = {wait}\n[taxi.names]\nen = "Cab"\n[taxi.approximate]\nen = "About."\n'
FARES = (
    "start_fare,start_m,step_fare,step_m,waiting_fare,waiting_step_s,night_fare,night_from,night_to,call_fare,"
    "source,source_date,approximate,basis\n"
)


def springfield(tmp_path, taxi="", rows=""):
    """A city with this [taxi] and these rows of taxi_fares."""
    (tmp_path / "tables").mkdir()
    table = 'taxi_fares = "by hand"\n' if rows else ""
    (tmp_path / "city.toml").write_text(CITY + table + taxi, encoding="utf-8")
    (tmp_path / "tables" / "taxi_fares.csv").write_text(FARES + rows, encoding="utf-8")
    return find_city(str(tmp_path))


def test_a_city_may_have_no_taxis(tmp_path):
    """Without [taxi] there are none."""
    assert read_taxis(springfield(tmp_path)) is None


def test_a_table_of_fares_is_the_tariff(tmp_path):
    """Amounts, metres and the night are read from the row, in the currency of the city."""
    row = "3.25,200,0.25,180,0.25,36,1.00,23:00,05:00,,meter,2026-01,false,\n"
    taxis = read_taxis(springfield(tmp_path, TAXI.format(wait=300), row))
    assert taxis.tariff.currency == "USD"
    assert price_taxi(taxis.tariff, 381, NOON) == Decimal("3.75")


@pytest.mark.parametrize(
    ("wait", "rows", "shown"),
    [
        (-1, "", "taxi.wait_s is -1"),
        (300, "3.25,200,0.25,0,0,36,0,0:00,0:00,,meter,2026-01,false,\n", "steps of at least 1 m"),
        (300, "dear,200,0.25,180,0,36,0,0:00,0:00,,meter,2026-01,false,\n", "start_fare is 'dear'"),
        (300, "3,200,1,180,0,36,0,0:00,0:00,,meter,2026-01,false,\n" * 2, "one tariff of taxis"),
    ],
)
def test_what_does_not_hold_is_refused_by_its_row(tmp_path, wait, rows, shown):
    """The message has the file and the row, or the key of city.toml."""
    with pytest.raises(TableError if rows else CityError, match=shown):
        read_taxis(springfield(tmp_path, TAXI.format(wait=wait), rows))
