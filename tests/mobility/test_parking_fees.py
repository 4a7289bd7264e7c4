"""Parking fees worked out by hand, to the dollar: nights, day types, caps, blocks, concessions and clock changes."""

import datetime as dt
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest

from mobility.parking import (
    Band,
    Block,
    Cap,
    CapPer,
    Concession,
    Days,
    Holder,
    LineKind,
    Rate,
    Tariff,
    TariffError,
    Vehicle,
    fee,
    fee_breakdown,
    parse_tariff,
)

TAIPEI, BERLIN = ZoneInfo("Asia/Taipei"), ZoneInfo("Europe/Berlin")
HOLIDAYS = frozenset({dt.date(2026, 10, 9)})  # a Friday


def at(text, zone=TAIPEI):
    """A wall clock in a zone."""
    return dt.datetime.fromisoformat(text).replace(tzinfo=zone)


def minutes(text):
    """``14:30`` or ``14:30:01`` as seconds."""
    hours, mins, *secs = map(int, text.split(":"))
    return hours * 3600 + mins * 60 + sum(secs)


def band(begin, end):
    """Hours of the clock."""
    return Band(minutes(begin) // 60, minutes(end) // 60)


D = Decimal
FREE = Rate(D(0))
SMART = Tariff(
    (Rate(D(10), 20, Vehicle.MOTORCYCLE, free_min=20, is_free_deducted=True, band=band("8:00", "20:00")), FREE)
)
KERB = Tariff((Rate(D(20), 30, band=band("8:00", "20:00")), FREE))
# weekdays 30 an hour, Saturdays 40, Sundays and public holidays 50; no more than 200 a day
WEEK = Tariff(
    tuple(
        Rate(D(amount), 60, days=days, caps=(Cap(D(200)),))
        for amount, days in ((30, Days.WEEKDAY), (40, Days.SATURDAY), (50, Days.SUNDAY), (50, Days.PUBLIC_HOLIDAY))
    )
)
# by day 30 an hour, by night (22:00 to 8:00) 10 an hour and at most 50 a night
NIGHT = Tariff((Rate(D(30), 60), Rate(D(10), 60, band=band("22:00", "8:00"), caps=(Cap(D(50), per=CapPer.BAND),))))
# the night at 60 flat, from 18:00 to 8:00; by day 40 an hour
FLAT_NIGHT = Tariff((Rate(D(40), 60), Rate(D(60), None, band=band("18:00", "8:00"))))
FIRST_HOUR = Tariff((Rate(D(20), 30, first=(Block(D(40), 60),), caps=(Cap(D(200)),)),))
# 4 hours at 30, then 60 an hour: progressive
PROGRESSIVE = Tariff((Rate(D(60), 60, first=(Block(D(30), 60, 4),)),))
DAY_AND_NIGHT_CAP = Tariff(
    (
        Rate(D(50), 60, band=band("8:00", "20:00"), caps=(Cap(D(150)),)),
        Rate(D(20), 60, band=band("20:00", "8:00"), caps=(Cap(D(150)),)),
    )
)
STAY_CAP = Tariff((Rate(D(30), 60, caps=(Cap(D(500), per=CapPer.STAY),)),))
# weekday nights differ from weekend nights: Friday's night lasts until Saturday 8:00
WEEK_NIGHT = Tariff(
    (
        Rate(D(10), 60, days=Days.WEEKDAY, band=band("20:00", "8:00")),
        Rate(D(25), 60, days=Days.HOLIDAY, band=band("20:00", "8:00")),
        Rate(D(40), 60),
    )
)
GAP = Tariff((Rate(D(20), 60, band=band("8:00", "20:00")),))  # nothing is said of the night
EURO = Tariff((Rate(D("1.50"), 60, caps=(Cap(D("12.00")),)),))

FRIDAY, SATURDAY, SUNDAY, MONDAY = "2026-09-18T", "2026-09-19T", "2026-09-20T", "2026-09-14T"
CASES = [
    # smart motorcycle bays: 20 min free, then 10 per started 20 min, 8:00 to 20:00
    ("smart, no time", SMART, MONDAY + "10:00", "0:00", 0),
    ("smart, 20:00 min: still free", SMART, MONDAY + "10:00", "0:20", 0),
    ("smart, 20:01 min: one period", SMART, MONDAY + "10:00", "0:20:01", 10),
    ("smart, 40:00 min: one period", SMART, MONDAY + "10:00", "0:40", 10),
    ("smart, 40:01 min: two", SMART, MONDAY + "10:00", "0:40:01", 20),
    # 8:00 to 20:00 are 720 min, less 20 free are 700: 35 periods, no cap
    ("smart, the whole day", SMART, MONDAY + "8:00", "12:00", 350),
    # from 19:40 free to 20:00, then nothing is charged until 8:00; left at 8:00 sharp
    ("smart, over 20:00 within the free minutes", SMART, MONDAY + "19:40", "12:20", 0),
    # free to 19:50, one period 19:50-20:10, the rest of the evening free
    ("smart, over 20:00", SMART, MONDAY + "19:30", "3:00", 10),
    # the same, and from 8:00 to 8:45 three periods more: the free minutes were those of yesterday's entry
    ("smart, over 20:00 and 8:00", SMART, MONDAY + "19:30", "13:15", 40),
    # entry 7:50: free to 8:10, then 8:10-8:30 and 8:30-8:50
    ("smart, over 8:00", SMART, MONDAY + "7:50", "1:00", 20),
    # entry in the night: the free minutes are over by 8:00; 8:00-8:30 are two periods
    ("smart, from the night", SMART, MONDAY + "3:00", "5:30", 20),
    # a kerb charged by day: 19:45-20:15 is one period, at 8:00 a new one begins
    ("kerb, evening", KERB, MONDAY + "19:45", "1:00", 20),
    ("kerb, overnight to 8:00", KERB, MONDAY + "19:45", "12:15", 20),
    ("kerb, overnight to 8:01", KERB, MONDAY + "19:45", "12:16", 40),
    ("kerb, in the night only", KERB, MONDAY + "21:00", "10:00", 0),
    # two whole days: 24 half hours each; 8:00 on the third day not touched
    ("kerb, two days", KERB, MONDAY + "8:00", "48:00", 960),
    # Friday 22:00 to Saturday 2:00: 2 x 30 + 2 x 40
    ("day types, over midnight", WEEK, FRIDAY + "22:00", "4:00", 140),
    # Friday 22:30: the period 23:30-0:30 is Friday's; 30 + 30, then 0:30-1:30 at 40
    ("day types, a period over midnight", WEEK, FRIDAY + "22:30", "2:10", 100),
    # Saturday whole: 24 x 40 capped at 200; Sunday 3 x 50
    ("day types, caps by day", WEEK, SATURDAY + "0:00", "27:00", 350),
    # Thursday evening 20-24 h: 4 x 30; Friday is a holiday: 2 x 50
    ("day types, into a public holiday", WEEK, "2026-10-08T20:00", "6:00", 220),
    # Friday, Saturday, Sunday, Monday to 1:00: 200 + 200 + 200 + 30
    ("day types, a weekend", WEEK, FRIDAY + "0:00", "73:00", 630),
    # 20:00-22:00 are 2 x 30, the night 50, 8:00-9:00 30
    ("night cap", NIGHT, MONDAY + "20:00", "13:00", 140),
    # two nights 2 x 50, and the day between 14 x 30
    ("night cap, twice", NIGHT, MONDAY + "22:00", "34:00", 520),
    # entry 17:30: the period 17:30-18:30 is the day's 40; the night 60; 8:00-9:00 40
    ("flat night", FLAT_NIGHT, MONDAY + "17:30", "15:30", 140),
    # in the night twice within one: once 60
    ("flat night, past midnight", FLAT_NIGHT, MONDAY + "19:00", "8:00", 60),
    ("first hour, within", FIRST_HOUR, MONDAY + "9:00", "0:59", 40),
    # 40, then 61-90 min one half hour
    ("first hour, one second over", FIRST_HOUR, MONDAY + "9:00", "1:00:01", 60),
    # 23:00: first hour 40 on Monday; Tuesday 14 half hours are 280, capped at 200
    ("first hour, overnight", FIRST_HOUR, MONDAY + "23:00", "8:00", 240),
    # 4 x 30 + 2 x 60
    ("progressive", PROGRESSIVE, MONDAY + "9:00", "5:30", 240),
    # Monday: 18:00-20:00 100, then 20:00-24:00 80, together at most 150; Tuesday 8 x 20 and 1 x 50, at most 150
    ("one cap on two rates", DAY_AND_NIGHT_CAP, MONDAY + "18:00", "15:00", 300),
    # 20 x 30 would be 600
    ("cap per stay", STAY_CAP, MONDAY + "9:00", "20:00", 500),
    # Friday 20:00 to Saturday 8:00 is Friday's night: 12 x 10; then 2 x 40
    ("the night is the day's before", WEEK_NIGHT, FRIDAY + "20:00", "14:00", 200),
    # Sunday's night to Monday 8:00: 12 x 25
    ("the night before a weekday", WEEK_NIGHT, SUNDAY + "20:00", "12:00", 300),
    ("hours that are covered", GAP, MONDAY + "9:00", "11:00", 220),
    ("a minute that nobody prices", GAP, MONDAY + "9:00", "11:01", None),
    ("entry at a time that nobody prices", GAP, MONDAY + "7:59", "1:00", None),
]


@pytest.mark.parametrize(("tariff", "start", "stay", "amount"), [case[1:] for case in CASES], ids=[c[0] for c in CASES])
def test_parking_fee_by_hand(tariff, start, stay, amount):
    """The fee is what a person counts; beside each case stands how."""
    day, clock = start.split("T")
    start = at(f"{day}T{clock.zfill(5)}")
    assert fee(tariff, Vehicle.MOTORCYCLE, start, minutes(stay), HOLIDAYS) == amount


@pytest.mark.parametrize(
    ("start", "hours", "amount"),
    [
        # the night of 29 March has 23 hours: 22:00 to 6:00 by the clock are 7 real hours
        ("2026-03-28T22:00", 7, "10.50"),
        # the 29th, midnight to midnight: 23 hours, capped at 12
        ("2026-03-29T00:00", 23, "12.00"),
        # one hour more is the first of the 30th
        ("2026-03-29T00:00", 24, "13.50"),
        # 25 October has 25 hours
        ("2026-10-25T00:00", 25, "12.00"),
        ("2026-10-25T00:00", 26, "13.50"),
    ],
)
def test_parking_fee_counts_real_hours_when_clocks_change(start, hours, amount):
    """Periods are real time, days are those of the clock: a day of 23 or 25 hours has one cap."""
    assert fee(EURO, Vehicle.CAR, at(start, BERLIN), hours * 3600) == Decimal(amount)


def test_parking_fee_knows_hours_that_the_clock_skips():
    """Charging that begins at 2:30 begins at 3:00 on the night on which 2:30 does not exist: 3:00-4:00 is one hour."""
    tariff = Tariff((FREE, Rate(D(5), 60, band=band("2:30", "6:00"))))
    start = at("2026-03-29T01:00", BERLIN)
    assert [fee(tariff, Vehicle.CAR, start, m * 60) for m in (60, 61, 120, 121)] == [0, 5, 5, 10]


def test_parking_fee_knows_hours_that_the_clock_shows_twice():
    """Free from 2:00 to 3:00 is free for two real hours on the night on which they come twice."""
    tariff = Tariff((Rate(D(5), 60), Rate(D(0), band=band("2:00", "3:00"))))
    start = at("2026-10-25T01:00", BERLIN)
    assert [fee(tariff, Vehicle.CAR, start, h * 3600) for h in (1, 3, 4)] == [5, 5, 10]


@pytest.mark.parametrize(
    ("concession", "stay", "amount"),
    [
        # 30 an hour: the first 4 hours free, then 2 x 30
        (Concession(Holder.ACCESSIBLE, free_min=240), "6:00", 60),
        (Concession(Holder.ACCESSIBLE, free_min=240), "4:00", 0),
        # half of 90
        (Concession(Holder.ACCESSIBLE, percent_off=D(50)), "3:00", 45),
        # a ticket of the metro takes off 50, but never more than the fee
        (Concession(Holder.ACCESSIBLE, amount_off=D(50)), "3:00", 40),
        (Concession(Holder.ACCESSIBLE, amount_off=D(50)), "1:00", 0),
        # not held, or for another vehicle
        (Concession(Holder.PARK_AND_RIDE, percent_off=D(50)), "3:00", 90),
        (Concession(Holder.ACCESSIBLE, percent_off=D(50), vehicle=Vehicle.CAR), "3:00", 90),
    ],
)
def test_parking_concession_by_hand(concession, stay, amount):
    """First minutes, a share, an amount; only for whoever holds it."""
    tariff = Tariff((Rate(D(30), 60),), (concession,))
    held = frozenset({Holder.ACCESSIBLE})
    assert fee(tariff, Vehicle.BUS, at(MONDAY + "09:00"), minutes(stay), held=held) == amount


def test_parking_best_concession_counts():
    """Of two that are held the one that leaves less is used, and named."""
    half, first = Concession(Holder.ACCESSIBLE, percent_off=D(50)), Concession(Holder.ELECTRIC, free_min=60)
    tariff = Tariff((Rate(D(30), 60),), (half, first))
    held = frozenset({Holder.ACCESSIBLE, Holder.ELECTRIC})
    short = fee_breakdown(tariff, Vehicle.CAR, at(MONDAY + "09:00"), 3600, held=held)
    long = fee_breakdown(tariff, Vehicle.CAR, at(MONDAY + "09:00"), 5 * 3600, held=held)
    assert (short.total, short.concession) == (0, first)
    assert (long.total, long.concession) == (75, half)


def test_parking_fee_is_rounded_to_what_can_be_paid():
    """Half of 15 is 7.5: 8 dollars where no smaller coin is, and a line says so."""
    tariff = Tariff((Rate(D(15), 30),), (Concession(Holder.ACCESSIBLE, percent_off=D(50)),), unit=D(1))
    breakdown = fee_breakdown(tariff, Vehicle.CAR, at(MONDAY + "09:00"), 60, held=frozenset({Holder.ACCESSIBLE}))
    assert [(line.kind, line.amount) for line in breakdown.lines] == [
        (LineKind.PERIOD, 15),
        (LineKind.CONCESSION, D("-7.5")),
        (LineKind.ROUNDING, D("0.5")),
    ]
    assert breakdown.total == 8


def test_parking_breakdown_names_the_cap():
    """The periods before a cap, the one it cuts and those it makes free are told apart."""
    tariff = parse_tariff("每半小時20元，當日最高150元。")
    breakdown = fee_breakdown(tariff, Vehicle.CAR, at(MONDAY + "22:00"), 3 * 3600)
    long = fee_breakdown(tariff, Vehicle.CAR, at(MONDAY + "09:00"), 5 * 3600)
    assert [(line.periods, line.amount) for line in breakdown.lines] == [(6, 120)]
    assert [(line.start.hour, line.periods, line.amount, line.cap) for line in long.lines] == [
        (9, 7, 140, None),
        (12, 3, 10, Cap(D(150))),
    ]


def test_parking_cap_listed_twice_is_one():
    """Equal caps are one, also within a rate."""
    cap = Cap(D(50))
    assert fee(Tariff((Rate(D(30), 60, caps=(cap, cap)),)), Vehicle.CAR, at(MONDAY + "09:00"), 7200) == 50


def test_parking_longest_stay_is_kept():
    """A stay longer than is allowed has no fee."""
    tariff = Tariff((Rate(D(30), 60),), max_stay_min=120)
    assert [fee(tariff, Vehicle.CAR, at(MONDAY + "09:00"), s) for s in (7200, 7201)] == [60, None]


def test_parking_own_rate_stands_above_the_one_for_any():
    """A bus pays its own rate, else that of large vehicles, else that of any."""
    any_, truck, bus = (Rate(D(a), 60, v) for a, v in ((10, Vehicle.ANY), (20, Vehicle.TRUCK), (30, Vehicle.BUS)))
    start = at(MONDAY + "09:00")
    assert [fee(Tariff(rates), Vehicle.BUS, start, 60) for rates in ((any_,), (any_, truck), (any_, truck, bus))] == [
        10,
        20,
        30,
    ]


def test_parking_entry_after_charged_hours_is_not_guessed():
    """A price per entry for the whole stay, met after hours were charged, is not understood."""
    tariff = Tariff((Rate(D(30), 60, days=Days.WEEKDAY), Rate(D(100), None, days=Days.HOLIDAY)))
    assert fee(tariff, Vehicle.CAR, at(SATURDAY + "09:00"), 7200) == 100
    assert fee(tariff, Vehicle.CAR, at(FRIDAY + "22:00"), 7200) == 60
    assert fee(tariff, Vehicle.CAR, at(FRIDAY + "22:00"), 7201) is None


@pytest.mark.parametrize(
    "make",
    [
        lambda: Rate(D(-1)),
        lambda: Rate(D("NaN")),
        lambda: Rate(D(1), 0),
        lambda: Rate(D(1), free_min=-1),
        lambda: Rate(D(1), None, first=(Block(D(1), 60),)),
        lambda: Rate(D(1), 60, caps=(Cap(D(1), per=CapPer.BAND),)),
        lambda: Cap(D(1), 0),
        lambda: Cap(D(1), 60, CapPer.STAY),
        lambda: Band(480, 480),
        lambda: Band(1440, 60),
        lambda: Block(D(1), 60, 0),
        lambda: Concession(Holder.ELECTRIC, percent_off=D(101)),
        lambda: Tariff((Rate(D(1)), Rate(D(2)))),
        lambda: Tariff((Rate(D(1), band=Band(0, 600)), Rate(D(2), band=Band(1200, 30)))),
        lambda: Tariff((), unit=D(0)),
    ],
)
def test_parking_tariff_that_contradicts_itself_is_refused(make):
    """What cannot hold is refused when it is made, not when a fee comes out wrong."""
    with pytest.raises(TariffError):
        make()


@pytest.mark.parametrize(
    ("text", "rates"),
    [
        ("半時計15", (Rate(D(15), 30),)),
        ("計次15元/次", (Rate(D(15)),)),
        ("首小時40元，之後每半小時20元", (Rate(D(20), 30, first=(Block(D(40), 60),)),)),
        (
            "平日07:00-22:00每小時30元;22:00-07:00每小時10元",
            (
                Rate(D(30), 60, days=Days.WEEKDAY, band=band("7:00", "22:00")),
                Rate(D(10), 60, days=Days.WEEKDAY, band=band("22:00", "7:00")),
            ),
        ),
        ("收費時間08:00-20:00，每半小時20元", KERB.rates),
        ("08:00~20:00每半小時20元；其餘時段免費", KERB.rates),
        (
            "大型重機每半小時15元;機車每次20元",
            (Rate(D(15), 30, Vehicle.HEAVY_MOTORCYCLE), Rate(D(20), None, Vehicle.MOTORCYCLE)),
        ),
    ],
)
def test_parking_texts_with_hours_become_data(text, rates):
    """Hours, first hours and the kerb's short form."""
    assert parse_tariff(text).rates == rates


@pytest.mark.parametrize(
    "text",
    [
        "08:00-08:00每小時30元",
        "25:00-26:00每小時30元",
        "每0分鐘5元",
        "首小時40元,之後每次20元",
        "每小時30元,收費時間依公告",
        "收費時間08:00-20:00,10:00-12:00每小時30元",
        "每小時30元(進場每0小時內最高300元)",
    ],
)
def test_parking_texts_with_impossible_hours_stay_texts(text):
    """What cannot be is not read as something else."""
    assert parse_tariff(text) is None
