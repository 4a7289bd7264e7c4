"""Ways without streets: the walks that the planner always had, for every profile."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mobility.geodesy import great_circle_m
from mobility.model import Coordinate
from mobility.network.transfers import Walking
from mobility.streets.great_circle import GreatCircle
from mobility.streets.profiles import Profile

DEGREES = st.floats(-0.05, 0.05)
HERE = Coordinate(22.63, 120.30)


def spread(offsets, at=HERE):
    """Latitudes and longitudes around a point."""
    return tuple(
        np.array(column) + base for column, base in zip(zip(*offsets, strict=True), (at.lat, at.lon), strict=True)
    )


@given(st.lists(st.tuples(DEGREES, DEGREES), min_size=1, max_size=30), st.integers(0, 4000), st.booleans())
def test_on_foot_it_is_today_s_walk(offsets, limit_s, wheelchair):
    """Every target within the limit, and none other, in the seconds of ``Walking.duration_s``; both ways alike."""
    walking = Walking().for_wheelchair() if wheelchair else Walking()
    profile = Profile.WHEELCHAIR if wheelchair else Profile.FOOT
    lat, lon = spread(offsets)
    expected = walking.duration_s(great_circle_m(lat, lon, HERE.lat, HERE.lon))
    router = GreatCircle()
    targets = router.link(lat, lon, profile)
    for inbound in (False, True):
        found = router.reach(HERE, targets, limit_s, inbound=inbound)
        assert dict(zip(found.number.tolist(), found.seconds.tolist(), strict=True)) == {
            n: s for n, s in enumerate(expected.tolist()) if s <= limit_s
        }
        assert (np.diff(found.seconds) >= 0).all()
        assert found.number.dtype == found.seconds.dtype == np.int32


@given(st.tuples(DEGREES, DEGREES), st.sampled_from(Profile))
def test_the_way_takes_what_reaching_takes(offset, profile):
    """``route``, ``reach`` and ``table`` agree; the way is marked approximate and runs from door to door."""
    router = GreatCircle()
    end = Coordinate(HERE.lat + offset[0], HERE.lon + offset[1])
    way = router.route(HERE, end, profile)
    targets, start = (router.link(np.array([at.lat]), np.array([at.lon]), profile) for at in (end, HERE))
    assert router.reach(HERE, targets, 86_400).seconds.tolist() == [way.duration_s]
    assert router.table(start, targets, 86_400)[0].seconds.tolist() == [way.duration_s]
    assert way.geometry == (HERE, end)
    assert way.approximate
    assert [step.maneuver for step in way.steps] == ["DEPART"]


def test_across_longitude_180_it_is_near():
    """The great circle knows no seam."""
    router = GreatCircle()
    targets = router.link(np.array([-17.0]), np.array([-179.999]), Profile.FOOT)
    found = router.reach(Coordinate(-17.0, 179.999), targets, 600)
    assert found.number.tolist() == [0]


def test_detours_and_speeds_are_the_caller_s():
    """Overriding one profile leaves the others; another speed counts for this question only."""
    router = GreatCircle(detours={Profile.CAR: 1.0}, speeds_mps={Profile.CAR: 10.0})
    end = Coordinate(HERE.lat + 0.01, HERE.lon)
    line_m = great_circle_m(np.array([HERE.lat]), np.array([HERE.lon]), end.lat, end.lon)[0]
    assert router.route(HERE, end, Profile.CAR).duration_s == np.ceil(line_m / 10)
    assert router.route(HERE, end, Profile.FOOT) == GreatCircle().route(HERE, end, Profile.FOOT)
    assert router.route(HERE, end, Profile.FOOT, speed_mps=0.5).duration_s == np.ceil(line_m * 1.3 / 0.5)
    with pytest.raises(ValueError, match="the road decides"):
        router.route(HERE, end, Profile.CAR, speed_mps=5.0)
    with pytest.raises(ValueError, match="not a speed"):
        router.route(HERE, end, Profile.FOOT, speed_mps=0.0)


def test_that_it_is_approximate_is_told_in_both_languages():
    """A sentence for people, and no place without a way."""
    router = GreatCircle()
    assert set(router.approximate) == {"en", "zh-Hant"}
    assert not len(router.link(np.zeros(3), np.zeros(3), Profile.FOOT).unlinked)
    assert not len(router.reach(HERE, router.link(np.zeros(0), np.zeros(0), Profile.FOOT), 900).number)
    assert not len(router.reach(HERE, router.link(np.zeros(1), np.zeros(1), Profile.FOOT), -1).number)
