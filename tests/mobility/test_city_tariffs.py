"""Published car park prices: the fifteen first texts as data, and fees counted by hand."""

import datetime as dt
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mobility.parking import Cap, Days, Rate, Tariff, Vehicle, fee, parse_tariff

TAIPEI = ZoneInfo("Asia/Taipei")
MONDAY = dt.datetime(2026, 9, 14, 9, 0, tzinfo=TAIPEI)
SATURDAY = dt.datetime(2026, 9, 19, 9, 0, tzinfo=TAIPEI)
HOUR = 3600


def half_hour(amount, *caps, vehicle=Vehicle.ANY, free_min=0):
    """A rate per started half hour."""
    return Rate(Decimal(amount), 30, vehicle, caps=tuple(caps), free_min=free_min)


def day_cap(amount):
    """A cap per calendar day."""
    return Cap(Decimal(amount))


def entry(amount, vehicle, days, *, is_per_day=True):
    """A rate per entry."""
    return Rate(Decimal(amount), None, vehicle, days, is_per_day)


MOTORCYCLES = (
    entry(30, Vehicle.MOTORCYCLE, Days.WEEKDAY),
    entry(40, Vehicle.MOTORCYCLE, Days.HOLIDAY),
)

GOLDEN = [
    ("每半小時20元，當日最高150元。", [half_hour(20, day_cap(150))]),
    ("計時15元/半小時", [half_hour(15)]),
    (
        "1.計時收費：每半小時50元(當日連續停放最高上限500元)。2.月租收費：每月4000元。",
        [half_hour(50, day_cap(500))],
    ),
    (
        "計次收費：平日每次40元(離場再停或跨日則另次收費)。假日(含國定假日)每次50元(離場再停或跨日則另次收費)。",
        [entry(40, Vehicle.ANY, Days.WEEKDAY), entry(50, Vehicle.ANY, Days.HOLIDAY)],
    ),
    (
        "1.小型車:每半小時15元(當日連續停放最高上限150元)。2.機車:平日每次30元;假日每次40元(離場再停或跨日則另計次收費)",
        [half_hour(15, day_cap(150), vehicle=Vehicle.CAR), *MOTORCYCLES],
    ),
    (
        "1.小型車計時收費:每半小時15元(當日連續停放最高收費150元)。2.機車計次收費：(1)平日每次30元(離場再停或跨日則另計次收費)。(2)假日每次40元(離場再停或跨日則另計次收費)。",
        [half_hour(15, day_cap(150), vehicle=Vehicle.CAR), *MOTORCYCLES],
    ),
    ("時收費：每半小時15元（當日連續停放最高收費360元）。", [half_hour(15, day_cap(360))]),
    ("計次60元/6小時", [Rate(Decimal(60), 360)]),
    (
        "1.計時收費:每半小時25元(進場每12小時內連續停放最高收費300元)。2.月租收費：每月2,000元。",
        [half_hour(25, Cap(Decimal(300), 720))],
    ),
    (
        "計時收費：每半小時50元(當日連續停放最高收費500元)。月租收費：每月4,000元。",
        [half_hour(50, day_cap(500))],
    ),
    (
        "大型車每半小時30元(當日上限240元)；小型車每半小時15元(當日上限120元；進場60分鐘內離場免費)；機車每次15元",
        [
            half_hour(30, day_cap(240), vehicle=Vehicle.TRUCK),
            half_hour(15, day_cap(120), vehicle=Vehicle.CAR, free_min=60),
            entry(15, Vehicle.MOTORCYCLE, Days.EVERY, is_per_day=False),
        ],
    ),
    ("計時15/半小時", [half_hour(15)]),
    (
        "計時收費：每半小時40元(當日連續停放最高上限480元)。月租收費:每月4,000元。",
        [half_hour(40, day_cap(480))],
    ),
    (
        "計時收費:每半小時40元(當日連續停放最高收費300元)。月租收費：每月4,000元。",
        [half_hour(40, day_cap(300))],
    ),
    ("汽車30元/時，汽車當日上限300元", [Rate(Decimal(30), 60, Vehicle.CAR, caps=(day_cap(300),))]),
]


@pytest.mark.parametrize(("text", "rates"), GOLDEN, ids=range(1, 16))
def test_city_tariff_texts_become_data(text, rates):
    """Each of the fifteen published texts gives exactly the rates that it states."""
    assert parse_tariff(text) == Tariff(tuple(rates))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "免費",
        "依現場公告",
        "月租收費：每月4000元。",
        "每半小時20元，會員另有優惠。",
        "每半小時20元起",
        "每半小時20元，當日最高150元，前兩小時免費",
        "小型車每半小時15元；每次30元",
        "每半小時20元。每半小時30元。",
        "平日每半小時20元(夜間最高50元)",
        "機車每次15元，汽車當日上限300元",
        "每半小時二十元",
    ],
)
def test_city_tariff_is_never_guessed(text):
    """A text of which any part is not understood gives no tariff."""
    assert parse_tariff(text) is None


def test_city_tariff_knows_smart_bays():
    """First 20 minutes free, then 10 per started 20 minutes: the free minutes are not charged."""
    tariff = parse_tariff("每20分鐘10元(前20分鐘免費)")
    assert [fee(tariff, Vehicle.MOTORCYCLE, MONDAY, m * 60) for m in (0, 20, 21, 40, 41, 120)] == [0, 0, 10, 10, 20, 50]


def price(text, vehicle, start, stay_s):
    """The fee by a published text."""
    return fee(parse_tariff(text), vehicle, start, stay_s)


@pytest.mark.parametrize(
    ("text", "vehicle", "start", "stay_s", "amount"),
    [
        # 20 per started half hour
        (GOLDEN[0][0], Vehicle.CAR, MONDAY, 0, 20),
        (GOLDEN[0][0], Vehicle.CAR, MONDAY, 1800, 20),
        (GOLDEN[0][0], Vehicle.CAR, MONDAY, 1801, 40),
        # 8 half hours would be 160: the day's cap is 150
        (GOLDEN[0][0], Vehicle.CAR, MONDAY, 4 * HOUR, 150),
        # 23:00 to 01:00: two half hours on each day, no cap reached
        (GOLDEN[0][0], Vehicle.CAR, MONDAY.replace(hour=23), 2 * HOUR, 80),
        # 09:00 Monday to 09:00 Tuesday: 150 for Monday and 150 for Tuesday
        (GOLDEN[0][0], Vehicle.CAR, MONDAY, 24 * HOUR, 300),
        # motorcycle: 40 on Monday; Friday night to Saturday 40 + 50
        (GOLDEN[3][0], Vehicle.MOTORCYCLE, MONDAY, 10 * HOUR, 40),
        (GOLDEN[3][0], Vehicle.MOTORCYCLE, SATURDAY, 10 * HOUR, 50),
        (GOLDEN[3][0], Vehicle.MOTORCYCLE, SATURDAY - dt.timedelta(hours=12), 6 * HOUR, 90),
        # left at midnight sharp: the new day has not been touched
        (GOLDEN[3][0], Vehicle.MOTORCYCLE, MONDAY, 15 * HOUR, 40),
        # 6-hour blocks
        (GOLDEN[7][0], Vehicle.TRUCK, MONDAY, 6 * HOUR, 60),
        (GOLDEN[7][0], Vehicle.TRUCK, MONDAY, 6 * HOUR + 1, 120),
        # 25 per half hour, 300 per 12 h from entry: 13 h = 300 + 2 x 25, whatever the clock says
        (GOLDEN[8][0], Vehicle.CAR, MONDAY, 13 * HOUR, 350),
        (GOLDEN[8][0], Vehicle.CAR, MONDAY.replace(hour=20), 13 * HOUR, 350),
        # the first hour free when one leaves within it
        (GOLDEN[10][0], Vehicle.CAR, MONDAY, HOUR, 0),
        (GOLDEN[10][0], Vehicle.CAR, MONDAY, HOUR + 1, 45),
        (GOLDEN[10][0], Vehicle.CAR, MONDAY, 10 * HOUR, 120),
        (GOLDEN[10][0], Vehicle.TRUCK, MONDAY, HOUR, 60),
        # once, however long
        (GOLDEN[10][0], Vehicle.MOTORCYCLE, MONDAY, 50 * HOUR, 15),
        # 30 an hour, 300 a day
        (GOLDEN[14][0], Vehicle.CAR, MONDAY, 90 * 60, 60),
        (GOLDEN[14][0], Vehicle.CAR, MONDAY, 14 * HOUR, 300),
    ],
)
def test_city_tariff_fees_by_hand(text, vehicle, start, stay_s, amount):
    """Fees equal those that a person counts from the published text."""
    assert price(text, vehicle, start, stay_s) == amount


def test_city_tariff_of_other_vehicles_is_unknown():
    """A tariff that speaks of cars only gives no price for a motorcycle."""
    assert price(GOLDEN[14][0], Vehicle.MOTORCYCLE, MONDAY, HOUR) is None


def test_city_tariff_counts_public_holidays():
    """A public holiday on a Monday costs what a holiday costs."""
    tariff = parse_tariff(GOLDEN[3][0])
    assert fee(tariff, Vehicle.ANY, MONDAY, HOUR, frozenset({MONDAY.date()})) == 50


def test_city_tariff_counts_real_time_when_clocks_change():
    """Three real hours over a clock change are three hours, though the clock shows four."""
    start = dt.datetime(2026, 3, 29, 0, 30, tzinfo=ZoneInfo("Europe/Berlin"))
    assert fee(Tariff((Rate(Decimal(2), 60),)), Vehicle.CAR, start, 3 * HOUR) == 6


def test_city_tariff_refuses_nonsense():
    """A negative stay and a start without zone are refused."""
    tariff = Tariff((Rate(Decimal(2), 60),))
    with pytest.raises(ValueError, match="cannot last -1 s"):
        fee(tariff, Vehicle.CAR, MONDAY, -1)
    with pytest.raises(ValueError, match="time zone"):
        fee(tariff, Vehicle.CAR, MONDAY.replace(tzinfo=None), 1)


@given(st.sampled_from(GOLDEN), st.integers(0, 72 * 60), st.integers(0, 600), st.integers(0, 10_000))
def test_city_tariff_longer_is_never_cheaper(golden, minutes, more, start_min):
    """Staying longer never costs less, and a capped day never costs more than its cap."""
    tariff = Tariff(tuple(golden[1]))
    start = MONDAY + dt.timedelta(minutes=start_min)
    for rate in tariff.rates:
        shorter = fee(tariff, rate.vehicle, start, minutes * 60)
        longer = fee(tariff, rate.vehicle, start, (minutes + more) * 60)
        assert shorter is not None
        assert longer is not None
        assert shorter <= longer
        days = ((start + dt.timedelta(minutes=minutes)).date() - start.date()).days + 1
        for cap in rate.caps:
            if cap.window_min is None:
                assert shorter <= cap.amount * days
