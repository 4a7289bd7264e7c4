"""Prices of rides: exact, as a count minute by minute and kilometre by kilometre gives them."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mobility.bikeshare.pricing import PriceSegment, PricingPlan

BIKE = (
    PriceSegment(0, Decimal(10), 30, 240),
    PriceSegment(240, Decimal(20), 30, 480),
    PriceSegment(480, Decimal(40), 30),
)


def plan(per_min=(), per_km=(), price=0, **facts):
    """A plan in a currency."""
    return PricingPlan("p", "TWD", Decimal(str(price)), {}, {}, tuple(per_min), tuple(per_km), **facts)


def count_slowly(segments, used, unit):
    """Walk through every second (or metre) of a ride and charge whenever a rate is due."""
    total = Decimal(0)
    for tick in range(used):
        for segment in segments:
            since = tick - segment.start * unit
            if since < 0 or (segment.end is not None and tick >= segment.end * unit):
                continue
            if (segment.interval == 0 and since == 0) or (segment.interval and since % (segment.interval * unit) == 0):
                total += segment.rate
    return total


segments = st.builds(
    lambda start, rate, interval, span: PriceSegment(start, rate, interval, None if span is None else start + span),
    st.integers(0, 12),
    st.decimals(-3, 9, places=2),
    st.integers(0, 7),
    st.none() | st.integers(0, 15),
)


@given(st.lists(segments, max_size=4), st.lists(segments, max_size=3), st.integers(1, 1500), st.integers(0, 14_000))
def test_price_is_what_a_count_by_the_second_and_the_metre_gives(per_min, per_km, duration_s, distance_m):
    """Segments of any kind, also overlapping, discounting, ending at once: no cent differs from the slow count."""
    slowly = Decimal("1.5") + count_slowly(per_min, duration_s, 60)
    slowly += sum((segment.rate * len(list(ticks(segment, distance_m))) for segment in per_km), Decimal(0))
    assert plan(per_min, per_km, price="1.5").price_ride(duration_s, distance_m) == max(slowly, 0)


def ticks(segment, metres):
    """The metres at which a segment by the kilometre charges, one after the other."""
    at = segment.start * 1000
    while at < metres and (segment.end is None or at < segment.end * 1000):
        yield at
        if segment.interval == 0:
            return
        at += segment.interval * 1000


@pytest.mark.parametrize(
    ("minutes", "price"),
    [(1, 10), (30, 10), (31, 20), (240, 80), (241, 100), (270, 100), (480, 240), (481, 280), (511, 320)],
)
def test_started_half_hours(minutes, price):
    """10 per started half hour up to 4 h, 20 up to 8 h, 40 beyond; exactly 30 min is one half hour."""
    assert plan(BIKE).price_ride(minutes * 60, 0) == price


def test_examples_of_the_standard():
    """GBFS 3.0, system_pricing_plans: example 1 (by distance only) and 2 (both at once)."""
    one = plan(
        (),
        (PriceSegment(10, Decimal(1), 1, 25), PriceSegment(25, Decimal("0.5"), 1), PriceSegment(25, Decimal(3), 5)),
        2,
    )
    assert one.price_ride(600, 10_000) == 2
    assert one.price_ride(600, 10_001) == 3
    assert one.price_ride(600, 25_000) == 2 + 15
    assert one.price_ride(600, 31_000) == 2 + 15 + 6 * Decimal("0.5") + 2 * 3
    two = plan((PriceSegment(0, Decimal("0.5"), 1),), (PriceSegment(0, Decimal("0.25"), 1),), 3)
    assert two.price_ride(10 * 60, 4000) == 3 + 5 + 1


def test_reservation_and_discount():
    """Waiting is charged before the ride, flat or by the minute; a discount never pays out."""
    waited = plan((), (), 5, reservation_price=Decimal(3), reservation_per_min=Decimal("0.5"))
    assert waited.price_ride(60, 0, reserved_s=61) == 5 + 3 + 1
    assert waited.price_ride(60, 0) == 5
    assert plan((PriceSegment(0, Decimal(-9), 0),), (), 5).price_ride(60, 0) == 0


@pytest.mark.parametrize(("duration_s", "distance_m"), [(-1, 0), (0, -1.0), (0, float("nan")), (0, float("inf"))])
def test_rides_that_cannot_be(duration_s, distance_m):
    """Negative or endless rides have no price."""
    with pytest.raises(ValueError, match="a ride cannot take"):
        plan(BIKE).price_ride(duration_s, distance_m)


@pytest.mark.parametrize("numbers", [(-1, 1, None), (0, -1, None), (5, 1, 4)])
def test_segments_that_cannot_be(numbers):
    """A segment that ends before it begins, or counts backwards, is refused."""
    start, interval, end = numbers
    with pytest.raises(ValueError, match="cannot run"):
        PriceSegment(start, Decimal(1), interval, end)
