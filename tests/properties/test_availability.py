"""What holds of every forecast of bikes, docks and spaces, whatever was read and asked."""

import datetime as dt
import math
from itertools import pairwise
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from availability_town import get_model
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from mobility.availability import AvailabilityModel, Kind, Reading
from mobility.availability.choice import Stage, chain, expected_extra_s, rank_backups
from mobility.availability.kernel import forecast_rows
from mobility.availability.passage import compute_reach
from mobility.availability.regression import fit_isotonic, fit_line, fit_not_negative
from mobility.availability.week import WEEK_S, WeekClock

NOW_S = 1_774_000_000.0
ZONES = ("Asia/Taipei", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu", "UTC")
SAMPLES = settings(max_examples=150, deadline=None)
kinds = st.sampled_from(list(Kind))
places = st.sampled_from(["S0000", "S0003", "S0017", "P0001", "nobody knows"])
moments = st.floats(NOW_S, NOW_S + 2 * WEEK_S)
ages = st.floats(0, 6 * 3600)
ways = st.floats(0, 3 * 3600)


@pytest.fixture(scope="module", params=["prior", "learned"])
def model(request) -> AvailabilityModel:
    """A model of no history, and one of three weeks."""
    return AvailabilityModel.prior("Asia/Taipei") if request.param == "prior" else get_model()


@SAMPLES
@given(
    kind=kinds, place=places, at_s=moments, age_s=ages, way_s=st.floats(0, 3e5), level=st.integers(0, 300),
    capacity=st.integers(0, 300), needed=st.integers(1, 12), is_read=st.booleans(),
)  # fmt: skip
def test_a_forecast_is_a_probability_and_an_ordered_range(
    model, kind, place, at_s, age_s, way_s, level, capacity, needed, is_read
):
    """Probabilities are in [0, 1]; low <= expected <= high, none below 0 or above what fits; and asking again says the same."""
    reading = Reading(level, capacity, at_s - age_s) if is_read else None
    told = model.forecast(place, kind, reading, at_s, at_s + way_s, needed)
    assert 0.0 <= told.p_usable <= 1.0
    assert 0.0 <= told.low <= told.expected <= told.high
    if is_read and capacity:
        assert told.high <= max(level, capacity)
    assert told == model.forecast(place, kind, reading, at_s, at_s + way_s, needed)
    assert told.age_s == (pytest.approx(age_s, abs=1e-6) if is_read else math.inf)
    assert model.forecast_many([place], kind, [reading], at_s, at_s + way_s, needed)[0] == told.p_usable


@SAMPLES
@given(
    kind=kinds,
    place=places,
    at_s=moments,
    age_s=ages,
    way_s=ways,
    capacity=st.integers(1, 60),
    needed=st.integers(1, 6),
)
def test_more_now_never_means_less_later(model, kind, place, at_s, age_s, way_s, capacity, needed):
    """The probability never falls with the level that was read."""
    readings = [Reading(level, capacity, at_s - age_s) for level in range(capacity + 1)]
    p = model.forecast_many([place] * len(readings), kind, readings, at_s, at_s + way_s, needed)
    assert (np.diff(p) >= -1e-12).all()


@SAMPLES
@given(kind=kinds, place=places, at_s=moments, age_s=ages, way_s=ways, level=st.integers(-1, 40))
def test_who_needs_more_has_no_better_chance(model, kind, place, at_s, age_s, way_s, level):
    """The probability never rises with the number that is needed, with a reading and without (level -1)."""
    reading = Reading(level, 30, at_s - age_s) if level >= 0 else None
    p = [model.forecast(place, kind, reading, at_s, at_s + way_s, needed).p_usable for needed in range(1, 9)]
    assert (np.diff(p) <= 1e-12).all()


@SAMPLES
@given(kind=kinds, place=places, at_s=moments, level=st.integers(0, 25), needed=st.integers(1, 4))
def test_what_is_seen_on_the_spot_is_so(model, kind, place, at_s, level, needed):
    """As the lead goes to 0, p goes to 1 where enough is there and to 0 where it is not; what may be broken apart."""
    sound = AvailabilityModel(
        model.clock, model.profiles, model.layers._replace(silent=model.layers.silent * 0), model.rows
    )
    reading = Reading(level, 30, at_s)
    is_there = float(level >= needed)
    for way_s, most in ((0.0, 1e-6), (1.0, 0.02)):
        told = sound.forecast(place, kind, reading, at_s, at_s + way_s, needed)
        assert abs(told.p_usable - is_there) <= most
        assert abs(told.expected - level) <= 1.0
    if level >= needed + 1:
        assert model.forecast(place, kind, reading, at_s, at_s, needed).p_usable >= 1 - 1e-6


@SAMPLES
@given(place=places, kind=kinds, at_s=moments, way_s=ways, needed=st.integers(1, 40))
def test_what_no_place_can_hold_is_never_there(model, place, kind, at_s, way_s, needed):
    """Where more is needed than fits, p is 0."""
    reading = Reading(5, 20, at_s)
    told = model.forecast(place, kind, reading, at_s, at_s + way_s, needed)
    assert needed <= 20 or told.p_usable == 0.0


@SAMPLES
@given(seed=st.integers(0, 2**32 - 1), needed=st.integers(1, 4))
def test_the_compiled_forecast_equals_its_plain_twin(seed, needed):
    """The kernel and the same source as plain Python agree to the rounding of the tables (float32)."""
    model, random = get_model(), np.random.default_rng(seed)
    n = 12
    arguments = (
        model.profiles, model.layers, int(random.integers(3)), random.integers(0, len(model.rows) + 3, n),
        random.integers(-1, 30, n), random.integers(0, 30, n).astype(float), random.uniform(0, WEEK_S, n),
        random.uniform(0, 60_000, n), random.uniform(0, WEEK_S, n), needed,
        np.where(random.random(n) < 0.5, np.nan, random.normal(0, 5, n)), random.uniform(0, 9e4, n),
        np.where(random.random(n) < 0.5, np.nan, random.uniform(0, 4, n)),
    )  # fmt: skip
    np.testing.assert_allclose(forecast_rows(*arguments), forecast_rows.py_func(*arguments), rtol=1e-5, atol=1e-5)


def reach_by_walk(level: int, drift: float, variance: float, needed: int) -> float:
    """The same probability by a reflected random walk in small steps."""
    height, steps = 0.1, 0
    while steps * height**2 < variance:
        steps += 1
    height = math.sqrt(variance / steps)
    up = 0.5 * (1 + drift / (steps * height))
    # cell n covers n to n + 1 heights above the barrier
    cells = np.zeros(int((level + 0.5 + abs(drift) + 7 * math.sqrt(variance) + needed) / height) + 2)
    start = (level + 0.5) / height - 0.5
    cells[int(start)], cells[int(start) + 1] = 1 - start % 1, start % 1
    for _ in range(steps):
        following = np.zeros_like(cells)
        following[1:] += up * cells[:-1]
        following[:-1] += (1 - up) * cells[1:]
        following[0] += (1 - up) * cells[0]
        cells = following
    edge = needed / height
    whole = int(edge)
    return float(cells[whole + 1 :].sum() + cells[whole] * (whole + 1 - edge))


@settings(max_examples=40, deadline=None)
@given(level=st.integers(0, 12), drift=st.floats(-6, 6), variance=st.floats(0.5, 15), needed=st.integers(1, 5))
def test_the_passage_formula_is_that_of_a_reflected_walk(level, drift, variance, needed):
    """The closed form agrees with a random walk that is held at an empty place, within the walk's own step."""
    assume(abs(drift) < 4 * variance)
    assert compute_reach(level, drift, variance, needed) == pytest.approx(
        reach_by_walk(level, drift, variance, needed), abs=0.02
    )


@SAMPLES
@given(level=st.floats(0, 900), drift=st.floats(-500, 500), variance=st.floats(0, 1e5), needed=st.integers(1, 50))
def test_the_passage_formula_has_no_end_of_its_range(level, drift, variance, needed):
    """No overflow, and more to begin with is never worse, for any start, drift and variance."""
    p = compute_reach(level, drift, variance, needed)
    assert 0 < p < 1
    assert compute_reach(level + 1, drift, variance, needed) >= p - 1e-9


@SAMPLES
@given(st.lists(st.tuples(st.integers(-5, 5), st.integers(1, 4)), min_size=1, max_size=7))
def test_pooling_gives_the_nearest_non_decreasing_sequence(points):
    """The isotonic fit is no worse than any non-decreasing sequence of the pooled means of a partition (brute force)."""
    values, weights = (np.array(column, float) for column in zip(*points, strict=True))
    fitted = fit_isotonic(values, weights)
    assert (np.diff(fitted) >= -1e-12).all()
    best = math.inf
    for cuts in range(1 << (len(values) - 1)):
        edges = [0, *(at + 1 for at in range(len(values) - 1) if cuts >> at & 1), len(values)]
        means = [np.average(values[a:b], weights=weights[a:b]) for a, b in pairwise(edges)]
        if all(a <= b for a, b in pairwise(means)):
            sequence = np.repeat(means, np.diff(edges))
            best = min(best, float((weights * (sequence - values) ** 2).sum()))
    assert (weights * (fitted - values) ** 2).sum() == pytest.approx(best, abs=1e-9)


@SAMPLES
@given(seed=st.integers(0, 2**32 - 1))
def test_weights_that_may_not_be_negative_are_the_best_of_these(seed):
    """Karush, Kuhn and Tucker: no weight is negative, and no slope would still lower the loss."""
    random = np.random.default_rng(seed)
    features, target = random.normal(size=(30, 3)), random.normal(size=30)
    weights = fit_not_negative(features, target)
    slope = features.T @ (features @ weights - target)
    assert (weights >= 0).all()
    assert (slope >= -1e-3).all()
    assert np.abs(slope[weights > 0]).max(initial=0.0) < 1e-3


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), rows=st.integers(0, 3000))
def test_the_calibration_line_never_falls(seed, rows):
    """Knots rise strictly and what they tell never falls, for any outcomes, so that calibration keeps every order."""
    random = np.random.default_rng(seed)
    knots, told = fit_line(random.normal(0, 3, rows), (random.random(rows) < 0.3).astype(float), 14, 30.0)
    assert (np.diff(knots) > 0).all()
    assert (np.diff(told) >= 0).all()


@SAMPLES
@given(zone=st.sampled_from(ZONES), time_s=st.floats(0, 4e9))
def test_the_place_in_the_week_is_that_of_the_wall_clock(zone, time_s):
    """Day and time are those of the local clock, on days when clocks change, too; many and one agree."""
    clock = WeekClock(zone)
    local = dt.datetime.fromtimestamp(math.floor(time_s), ZoneInfo(zone))
    second = local.weekday() * 86_400 + local.hour * 3600 + local.minute * 60 + local.second
    assert clock.locate_one(time_s) == pytest.approx(second + time_s % 1, abs=1e-3)
    assert clock.locate(np.array([time_s]))[0] == clock.locate_one(time_s)


@SAMPLES
@given(st.lists(st.tuples(st.floats(0, 1), st.floats(0, 5000)), max_size=4))
def test_a_chain_costs_what_its_stages_cost(stages):
    """The expected time of a chain is the sum over its stages, and its probability is no better than the weakest's."""
    told = chain(Stage(*stage) for stage in stages)
    assert told.expected_extra_s == pytest.approx(sum((1 - p) * extra for p, extra in stages))
    assert told.p_as_planned <= min([1.0, *(p for p, _ in stages)])
    assert all(expected_extra_s(p, extra) <= extra for p, extra in stages)


@SAMPLES
@given(
    st.lists(st.tuples(st.one_of(st.floats(0, 3000), st.just(math.inf)), st.floats(0, 1)), min_size=1, max_size=8),
    st.data(), st.floats(0, 3000),
)  # fmt: skip
def test_the_backup_is_the_place_with_the_least_expected_time(candidates, data, give_up_s):
    """The first backup is the brute-force best of all others that can be reached and may have something."""
    first = data.draw(st.integers(0, len(candidates) - 1))
    reach_s, p = (np.array(column) for column in zip(*candidates, strict=True))
    ranked = rank_backups(first, reach_s, p, give_up_s, limit=99)
    fits = [n for n, (s, q) in enumerate(candidates) if n != first and q > 0 and math.isfinite(s)]
    assert sorted(one.number for one in ranked) == fits
    if fits:
        assert ranked[0].expected_s == min(reach_s[n] + (1 - p[n]) * give_up_s for n in fits)
