"""Fees of arbitrary tariffs: never negative, no less for longer, within caps, and equal to a count of minutes."""

import datetime as dt
import itertools
from decimal import Decimal
from zoneinfo import ZoneInfo

from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

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
)
from mobility.parking.tariffs import ranks_of

HOLIDAYS = frozenset({dt.date(2026, 10, 9), dt.date(2026, 10, 25), dt.date(2026, 3, 30)})
ZONES = [ZoneInfo(name) for name in ("Asia/Taipei", "Europe/Berlin", "Australia/Lord_Howe", "Africa/Cairo")]
# a plain day, a holiday in Taiwan, and the days on which those clocks change
DAYS = [
    dt.date(2026, 10, 8),
    dt.date(2026, 3, 28),
    dt.date(2026, 10, 24),
    dt.date(2026, 4, 4),
    dt.date(2026, 10, 3),
    dt.date(2026, 4, 23),
    dt.date(2026, 10, 29),
]

amounts = st.integers(0, 60).map(lambda n: Decimal(n * 5) / 2)
periods = st.sampled_from([7, 15, 20, 30, 60, 360, 1440])
hours = st.integers(0, 47).map(lambda n: n * 30)


@st.composite
def bands(draw):
    """A part of the day, over midnight or not."""
    from_min, until_min = draw(hours), draw(hours)
    assume(from_min != until_min)
    return Band(from_min, until_min or 1440)


def caps(has_band):
    """Caps of every kind that a rate may have."""
    per = [CapPer.DAY, CapPer.STAY, *([CapPer.BAND] if has_band else [])]
    return st.one_of(
        st.builds(Cap, amounts, st.just(None), st.sampled_from(per)),
        st.builds(Cap, amounts, st.sampled_from([60, 720, 1440])),
    )


@st.composite
def rates(draw, has_band=None):
    """Any rate that the type allows."""
    band = draw(bands()) if (draw(st.booleans()) if has_band is None else has_band) else None
    period = draw(st.one_of(st.none(), periods))
    return Rate(
        draw(amounts),
        period,
        draw(st.sampled_from([Vehicle.ANY, Vehicle.CAR])),
        draw(st.sampled_from(list(Days))),
        draw(st.booleans()),
        draw(st.sampled_from([0, 0, 20, 60, 240])),
        draw(st.booleans()),
        tuple(draw(st.lists(caps(band is not None), max_size=2))),
        band,
        tuple(draw(st.lists(st.builds(Block, amounts, periods, st.integers(1, 3)), max_size=2))) if period else (),
    )


@st.composite
def tariffs(draw):
    """Any tariff that the type allows, most of them with a rate for every hour."""
    chosen = draw(st.lists(rates(), max_size=4))
    if draw(st.integers(0, 9)):
        whole = draw(rates(has_band=False))
        chosen.append(Rate(whole.amount, whole.period_min, caps=whole.caps, is_per_day=whole.is_per_day))
    try:
        return Tariff(tuple(chosen), unit=draw(st.sampled_from([None, None, Decimal(1)])))
    except TariffError:
        assume(False)


@st.composite
def starts(draw):
    """An entry near a change of the day type or the clock."""
    zone, day = draw(st.sampled_from(ZONES)), draw(st.sampled_from(DAYS))
    instant = dt.datetime.combine(day, dt.time(), zone).astimezone(dt.UTC)
    return (instant + dt.timedelta(minutes=draw(st.integers(0, 2880)))).astimezone(zone)


stays = st.one_of(st.integers(0, 300), st.integers(0, 3 * 1440))


def holds(rate, wall):
    """The day to which this rate's band belongs at a wall clock, None where the rate does not hold."""
    minute, day = wall.hour * 60 + wall.minute, wall.date()
    if rate.band:
        begin, end = rate.band.from_min, rate.band.until_min
        if begin < end and not begin <= minute < end:
            return None
        if begin > end and end <= minute < begin:
            return None
        if begin > end and minute < end:
            day -= dt.timedelta(1)
    public, weekday = day in HOLIDAYS, day.weekday()
    fits = {
        Days.EVERY: True,
        Days.WEEKDAY: weekday < 5 and not public,
        Days.HOLIDAY: weekday >= 5 or public,
        Days.SATURDAY: weekday == 5,
        Days.SUNDAY: weekday == 6,
        Days.PUBLIC_HOLIDAY: public,
    }
    return day if fits[rate.days] else None


NARROW = [{Days.PUBLIC_HOLIDAY}, {Days.SATURDAY, Days.SUNDAY}, {Days.HOLIDAY, Days.WEEKDAY}, {Days.EVERY}]


def rate_at(tariff, wall):
    """The rate for a car at a wall clock and the day of its band, by looking at all."""
    found = []
    for rate in tariff.rates:
        day = holds(rate, wall)
        if rate.vehicle in ranks_of(Vehicle.CAR) and day is not None:
            narrow = next(k for k, days in enumerate(NARROW) if rate.days in days)
            key = (rate.vehicle is Vehicle.ANY, narrow, rate.band is None, day)
            found.append((key, rate, day))
    assert len({key for key, _, _ in found}) == len(found)  # never two with the same right
    return min(found, key=lambda one: one[0])[1:] if found else (None, None)


def count_fee(tariff, start, stay_min):
    """The fee of a car, charged minute by minute."""
    walls = [
        (start.astimezone(dt.UTC) + dt.timedelta(minutes=m)).astimezone(start.tzinfo) for m in range(max(stay_min, 1))
    ]
    at = [rate_at(tariff, wall) for wall in walls]
    if any(rate is None for rate, _ in at):
        return None
    free_rate = next((rate for rate, _ in at if rate.amount or rate.first), at[0][0])
    if free_rate.free_min and stay_min <= free_rate.free_min:
        return Decimal(0)
    begin = free_rate.free_min if free_rate.is_free_deducted else 0
    charges, entries, busy_until, paid_min = [], set(), begin, 0
    for minute in range(begin, len(walls)):
        rate, day = at[minute]
        if minute < busy_until or not (rate.amount or rate.first):
            continue
        if rate.period_min is None:
            amount = rate.amount
            if rate.band is None and not rate.is_per_day:
                if charges:
                    return None
                busy_until = len(walls)
            elif (tariff.rates.index(rate), day) in entries:
                amount = Decimal(0)
                continue
            entries.add((tariff.rates.index(rate), day))
        else:
            ladder = [(b.amount, b.period_min) for b in rate.first for _ in range(b.times)]
            amount, period, passed = rate.amount, rate.period_min, 0
            for block_amount, block_min in ladder:
                passed += block_min
                if paid_min < passed:
                    amount, period = block_amount, block_min
                    break
            busy_until = minute + period
            paid_min += period
        keys = set()
        for cap in rate.caps:
            if cap.window_min:
                keys.add((cap, minute // cap.window_min))
            elif cap.per is CapPer.BAND:
                keys.add((cap, (rate.band, day)))
            else:
                keys.add((cap, walls[minute].date() if cap.per is CapPer.DAY else 0))
        left = [key[0].amount - sum(a for a, used in charges if key in used) for key in keys]
        charges.append((min([amount, *left]), keys))
    return sum((amount for amount, _ in charges), Decimal(0))


NIGHT_BEFORE = Tariff((Rate(Decimal(0), 60, days=Days.HOLIDAY), Rate(Decimal(5), band=Band(60, 30))))


@settings(max_examples=150, deadline=None)
@given(tariffs(), starts(), stays)
@example(NIGHT_BEFORE, dt.datetime(2026, 3, 28, tzinfo=ZONES[0]), 0)  # Friday's night and Saturday's rate both hold
def test_parking_fee_equals_a_count_minute_by_minute(tariff, start, stay_min):
    """The fee is what a count of every minute of the stay gives, on days with clock changes too."""
    plain = Tariff(tariff.rates)
    assert fee(plain, Vehicle.CAR, start, stay_min * 60, HOLIDAYS) == count_fee(plain, start, stay_min)


@settings(max_examples=150, deadline=None)
@given(tariffs(), starts(), stays.map(lambda m: m * 60), st.integers(0, 90_000))
def test_parking_fee_is_never_negative_and_never_less_for_longer(tariff, start, stay_s, more_s):
    """A fee is at least 0; a longer stay costs as much or more; and what no fee covers, no longer stay does."""
    shorter = fee(tariff, Vehicle.CAR, start, stay_s, HOLIDAYS)
    longer = fee(tariff, Vehicle.CAR, start, stay_s + more_s, HOLIDAYS)
    if shorter is None:
        assert longer is None
    else:
        assert shorter >= 0
        assert longer is None or longer >= shorter


concessions = st.builds(
    Concession,
    st.sampled_from(list(Holder)),
    st.sampled_from([0, 30, 240]),
    st.integers(0, 20).map(lambda n: Decimal(n * 5)),
    amounts,
)


@settings(deadline=None)
@given(tariffs(), st.lists(concessions, max_size=3), starts(), stays, st.integers(0, 2000))
def test_parking_fee_with_a_concession_is_never_more(tariff, offered, start, stay_min, more_min):
    """Whoever may show something pays at most what others pay, at least 0, and no less for a longer stay."""
    with_them = Tariff(tariff.rates, tuple(offered), unit=tariff.unit)
    everything = frozenset(Holder)
    plain = fee(tariff, Vehicle.CAR, start, stay_min * 60, HOLIDAYS)
    less = fee(with_them, Vehicle.CAR, start, stay_min * 60, HOLIDAYS, everything)
    longer = fee(with_them, Vehicle.CAR, start, (stay_min + more_min) * 60, HOLIDAYS, everything)
    assert (plain is None) == (less is None)
    if less is not None:
        assert 0 <= less <= plain
        assert longer is None or longer >= less


@settings(max_examples=100, deadline=None)
@given(tariffs(), st.lists(concessions, max_size=2), starts(), stays.map(lambda m: m * 60 + 17))
@example(Tariff((Rate(Decimal(0)),)), [], dt.datetime(2026, 10, 8, tzinfo=ZONES[0]), 17)
def test_parking_fee_lines_make_the_fee(tariff, offered, start, stay_s):
    """The lines follow one another from entry to exit without gap, and their amounts sum to the fee."""
    tariff = Tariff(tariff.rates, tuple(offered), unit=tariff.unit)
    breakdown = fee_breakdown(tariff, Vehicle.CAR, start, stay_s, HOLIDAYS, frozenset(Holder))
    assume(breakdown is not None)
    assert sum(line.amount for line in breakdown.lines) == breakdown.total
    timed = [line for line in breakdown.lines if line.kind not in {LineKind.CONCESSION, LineKind.ROUNDING}]
    assert timed[0].start == start
    assert timed[-1].end.astimezone(dt.UTC) == start.astimezone(dt.UTC) + dt.timedelta(seconds=stay_s)
    assert all(one.end == two.start for one, two in itertools.pairwise(timed))
    for line in timed:
        assert 0 <= line.amount <= line.rate * line.periods
        assert (line.cap is None) == (line.amount == line.rate * line.periods)


@settings(max_examples=100, deadline=None)
@given(amounts, periods, st.data(), starts(), stays)
def test_parking_fee_respects_its_caps(amount, period, data, start, stay_min):
    """Under one rate, no more than its cap is charged per day, per window from entry, per night and per stay."""
    band = data.draw(st.none() | bands())
    cap = data.draw(caps(band is not None))
    stay_s = stay_min * 60
    free = (Rate(Decimal(0)),) if band else ()
    tariff = Tariff((Rate(amount, period, caps=(cap,), band=band), *free))
    total = fee(tariff, Vehicle.CAR, start, stay_s)
    days = (
        (start.astimezone(dt.UTC) + dt.timedelta(seconds=stay_s)).astimezone(start.tzinfo).date() - start.date()
    ).days
    if cap.window_min:
        windows = max(stay_s - 1, 0) // (cap.window_min * 60) + 1
    else:
        windows = {CapPer.STAY: 1, CapPer.DAY: days + 1, CapPer.BAND: days + 2}[cap.per]
    assert total <= cap.amount * windows
