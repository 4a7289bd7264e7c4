"""Intervals and paired differences are those of the textbook."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from signals.evaluation.statistics import compare, estimate, get_t_quantile


def test_the_interval_of_five_values_by_hand():
    """2, 4, 4, 5, 10: mean 5, deviation 3, half-width 2.7764 * 3 / sqrt(5)."""
    found = estimate([2, 4, 4, 5, 10])
    half = 2.7764 * 3 / math.sqrt(5)
    assert found.mean == 5
    assert found.interval == pytest.approx((5 - half, 5 + half))
    assert found.to_json() == {"mean": 5, "ci95": list(found.interval), "per_seed": [2, 4, 4, 5, 10]}


def test_one_seed_has_no_interval():
    """A single value gives a mean and nulls: an interval would be an invention."""
    assert estimate([7.0]).to_json() == {"mean": 7.0, "ci95": [None, None], "per_seed": [7.0]}
    assert not compare([1.0], [2.0]).is_significant


def test_a_paired_difference_by_hand():
    """Each seed 10 lower: the pairing sees it exactly, although the seeds themselves differ by 100."""
    change = compare([90, 190, 290], [100, 200, 300])
    assert change.difference.mean == -10
    assert change.difference.interval == pytest.approx((-10, -10))
    assert change.percent == pytest.approx(-5)
    assert change.percent_interval == pytest.approx((-5, -5))
    assert change.is_significant
    assert change.to_json()["percent_ci95"] == pytest.approx([-5, -5])


def test_a_difference_that_may_be_none_is_not_significant():
    """+10, -10, +1 against the same baseline includes zero."""
    assert not compare([110, 90, 101], [100, 100, 100]).is_significant


def test_nothing_is_a_percentage_of_zero():
    """A baseline without teleports has differences, but no percentages."""
    change = compare([0, 2], [0, 0])
    assert (change.difference.mean, change.percent, change.percent_interval) == (1, None, None)


@pytest.mark.parametrize(
    ("degrees", "quantile"), [(1, 12.7062), (4, 2.7764), (30, 2.0423), (40, 2.0211), (120, 1.9799)]
)
def test_t_quantiles_are_those_of_the_tables(degrees, quantile):
    """Student's t at 97.5 %, also beyond the table of thirty."""
    assert get_t_quantile(degrees) == pytest.approx(quantile, abs=1e-4)


def test_no_quantile_without_degrees_of_freedom():
    """Zero degrees are refused."""
    with pytest.raises(ValueError, match="two values"):
        get_t_quantile(0)


@given(st.lists(st.floats(-1e6, 1e6), min_size=2, max_size=40))
def test_the_interval_is_centred_and_agrees_with_numpy(values):
    """Mean and half-width are numpy's mean and t times the standard error."""
    found = estimate(values)
    half = get_t_quantile(len(values) - 1) * np.std(values, ddof=1) / math.sqrt(len(values))
    assert found.mean == pytest.approx(np.mean(values), abs=1e-6)
    assert found.interval[1] - found.interval[0] == pytest.approx(2 * half, abs=1e-6)
