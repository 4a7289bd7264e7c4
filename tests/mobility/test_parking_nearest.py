"""The nearest parking that fits, beside a brute force over all facilities, and what is told of each."""

import datetime as dt
from dataclasses import replace
from decimal import Decimal
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mobility.geodesy import great_circle_m
from mobility.model import Coordinate
from mobility.parking import Facility, Occupancy, SpaceKind, Structure, Vehicle, fee, parse_tariff
from mobility.parking.nearest import ParkingRequest, ParkingWarning, Sort, find_parking
from mobility.parking.opening_hours import OpeningHours
from mobility.parking.places import build_places

TAIPEI = ZoneInfo("Asia/Taipei")
MONDAY = dt.datetime(2026, 9, 14, 9, tzinfo=TAIPEI)
HERE = Coordinate(22.63, 120.30)
METRE = 1 / 111_194.9
TEXTS = ["計時15元/半小時", "每半小時50元(當日連續停放最高上限100元)", "機車每次15元", "依現場公告", "計次60元/次"]
HOURS = ["24小時", "08:00-22:00", "10:00-20:00", "問現場", ""]


def lot(name, north_m=0.0, text="計時15元/半小時", **more):
    """A car park so many metres north of where one is going."""
    at = Coordinate(HERE.lat + north_m * METRE, HERE.lon)
    given_ = {"capacity": {SpaceKind.CAR: 10}, "opening_hours": "24小時", **more}
    return Facility(name, {"zh-TW": name}, at, tariff_text=text, tariff=parse_tariff(text), **given_)


def find(*lots, occupancy=None, walk=None, forecast=None, **asked):
    """Offers near HERE on Monday at nine, for two hours."""
    request = ParkingRequest(**{"to": HERE, "arrive": MONDAY, "stay_s": 7200, **asked})
    return find_parking(build_places(lots, "Asia/Taipei"), request, occupancy=occupancy, walk=walk, forecast=forecast)


def names(offers):
    """Ids in order."""
    return [offer.facility.facility_id for offer in offers]


def test_parking_nearest_comes_first():
    """By walking time: 119 m are 129 s; what lies beyond the walk, or nowhere, is left out."""
    offers = find(lot("far", 400), lot("near", 119), lot("out", 900), replace(lot("lost"), at=None))
    assert names(offers) == ["near", "far"]
    assert [offer.walk_s for offer in offers] == [129, 434]
    assert [offer.fee.total for offer in offers] == [60, 60]


def test_parking_sorts_by_fee_and_by_probability():
    """The cheapest first, one that nobody can price last; the likeliest first, the unknown last."""
    lots = [lot("a", 100, TEXTS[1]), lot("b", 200), lot("c", 50, TEXTS[3])]
    chances = dict(zip(["a", "b", "c"], [0.4, np.nan, 0.9], strict=True))

    def forecast(numbers, arrive):
        assert arrive == MONDAY
        return np.array([chances[lots[number].facility_id] for number in numbers])

    assert names(find(*lots, sort=Sort.FEE)) == ["b", "a", "c"]
    offers = find(*lots, sort=Sort.PROBABILITY, forecast=forecast)
    assert [(offer.facility.facility_id, offer.probability) for offer in offers] == [
        ("c", 0.9),
        ("a", 0.4),
        ("b", None),
    ]
    assert names(find(*lots, max_fee=Decimal(60))) == ["b"]


def test_parking_walks_of_the_street_network_count():
    """Walks given from outside replace the straight line; where there is no way there is no offer."""
    lots = [lot("a", 100), lot("b", 200), lot("c", 300)]
    offers = find(*lots, walk=lambda numbers: np.array([600.0, 100.4, np.inf])[numbers])
    assert [(offer.facility.facility_id, offer.walk_s) for offer in offers] == [("b", 101), ("a", 600)]


def test_parking_that_does_not_fit_is_left_out():
    """Another vehicle's, too low, without charger or accessible space, closed on arrival."""
    lots = [
        lot("motorcycles", capacity={SpaceKind.MOTORCYCLE: 9}),
        lot("low", height_limit_m=1.9),
        lot("no-charger", chargers=0),
        lot("no-accessible", capacity={SpaceKind.CAR: 9, SpaceKind.ACCESSIBLE: 0}),
        lot("closed", opening_hours="10:00-20:00"),
        lot("fits", capacity={SpaceKind.CAR: 9, SpaceKind.ACCESSIBLE: 1}, chargers=2, height_limit_m=2.1),
    ]
    assert names(find(*lots, accessible=True, electric=True, height_m=2.0)) == ["fits"]
    assert names(find(*lots, vehicle=Vehicle.MOTORCYCLE)) == ["motorcycles"]


def test_parking_that_is_not_known_to_fit_is_kept_and_told():
    """Unknown is not no."""
    bare = lot("bare", 0, TEXTS[3], capacity={}, opening_hours="問現場", build=Structure.UNDERGROUND)
    (offer,) = find(bare, accessible=True, electric=True, height_m=2.0)
    assert (offer.fee, offer.free, offer.age_s, offer.open_until) == (None, None, None, None)
    assert set(offer.warnings) == {
        ParkingWarning.FEE_UNKNOWN,
        ParkingWarning.HOURS_UNKNOWN,
        ParkingWarning.VEHICLE_UNKNOWN,
        ParkingWarning.HEIGHT_UNKNOWN,
        ParkingWarning.ACCESSIBLE_UNKNOWN,
        ParkingWarning.CHARGER_UNKNOWN,
        ParkingWarning.OCCUPANCY_UNKNOWN,
    }


def test_parking_that_closes_meanwhile_is_told():
    """Open until 22:00: two hours from 20:00 end in time, a second more does not."""
    evening = MONDAY.replace(hour=20)
    (late,) = find(lot("x", opening_hours="08:00-22:00"), arrive=evening, stay_s=7201)
    (fine,) = find(lot("x", opening_hours="08:00-22:00"), arrive=evening)
    assert late.open_until == fine.open_until == evening.replace(hour=22)
    assert ParkingWarning.CLOSES_WHILE_PARKED in late.warnings
    assert ParkingWarning.CLOSES_WHILE_PARKED not in fine.warnings


def test_parking_tells_what_is_free_and_how_old_that_is():
    """Zero is full, absent is unknown, an old count says so; the age is that of the moment of asking."""
    seen = MONDAY - dt.timedelta(minutes=30)
    occupancy = {
        "full": Occupancy("full", {SpaceKind.CAR: 0}, seen, "city"),
        "old": Occupancy("old", {SpaceKind.ANY: 4}, seen - dt.timedelta(hours=1), "city", is_operating=False),
    }
    now = MONDAY - dt.timedelta(minutes=25)
    full, old, none = find(lot("full", 1), lot("old", 2), lot("none", 3), occupancy=occupancy, now=now)
    assert [(offer.free, offer.age_s) for offer in (full, old, none)] == [(0, 300), (4, 3900), (None, None)]
    assert full.warnings == (ParkingWarning.FULL_NOW,)
    assert old.warnings == (ParkingWarning.NOT_OPERATING, ParkingWarning.OCCUPANCY_OLD)
    assert none.warnings == (ParkingWarning.OCCUPANCY_UNKNOWN,)


def test_parking_fee_goes_by_the_clock_of_the_city():
    """An arrival told in UTC is charged by the days of the city: 15:30 UTC is 23:30 in Taipei, over midnight."""
    dear = lot("x", 0, TEXTS[1])
    (offer,) = find(dear, arrive=dt.datetime(2026, 9, 14, 15, 30, tzinfo=dt.UTC), stay_s=3 * 3600)
    assert offer.fee.total == 50 + 100
    assert offer.fee.lines[0].start.hour == 23


@pytest.mark.parametrize(
    "wrong", [{"stay_s": -1}, {"limit": -1}, {"max_walk_s": -1}, {"arrive": MONDAY.replace(tzinfo=None)}]
)
def test_parking_request_is_checked(wrong):
    """Nonsense is refused when it is asked."""
    with pytest.raises(ValueError, match=r"time zone|0 or more"):
        ParkingRequest(**{"to": HERE, "arrive": MONDAY, "stay_s": 0, **wrong})


facilities = st.builds(
    lambda k, north, east, text, hours, cars, motorcycles, height, chargers: Facility(
        f"f{k}",
        {},
        Coordinate(HERE.lat + north * METRE, HERE.lon + east * METRE),
        {kind: n for kind, n in ((SpaceKind.CAR, cars), (SpaceKind.MOTORCYCLE, motorcycles)) if n is not None},
        text,
        parse_tariff(text),
        opening_hours=hours,
        height_limit_m=height,
        chargers=chargers,
    ),
    st.integers(0, 10**9),
    st.integers(-900, 900),
    st.integers(-900, 900),
    st.sampled_from(TEXTS),
    st.sampled_from(HOURS),
    st.sampled_from([None, 0, 5]),
    st.sampled_from([None, 0, 5]),
    st.sampled_from([None, 1.9, 2.5]),
    st.sampled_from([None, 0, 3]),
)


@settings(max_examples=150, deadline=None)
@given(
    st.lists(facilities, max_size=25, unique_by=lambda f: f.facility_id),
    st.sampled_from([Vehicle.CAR, Vehicle.MOTORCYCLE, Vehicle.BUS]),
    st.integers(0, 23),
    st.sampled_from([None, 2.0]),
    st.booleans(),
    st.sampled_from([None, Decimal(60)]),
    st.sampled_from([Sort.WALK, Sort.FEE]),
    st.integers(0, 6),
)
def test_parking_nearest_equals_a_look_at_every_facility(lots, vehicle, hour, height, electric, max_fee, sort, limit):
    """The arrays give what one finds by asking each facility by itself."""
    arrive = MONDAY.replace(hour=hour)
    expected = []
    for number, one in enumerate(lots):
        metres = great_circle_m(np.array([one.at.lat]), np.array([one.at.lon]), HERE.lat, HERE.lon)[0]
        walk_s = metres * (1.3 / 1.2)
        cost = fee(one.tariff, vehicle, arrive, 7200) if one.tariff else None
        fits = (
            walk_s <= 600
            and one.takes(vehicle) is not False
            and OpeningHours(one.opening_hours, "Asia/Taipei").is_open(arrive) is not False
            and not (height and one.height_limit_m and one.height_limit_m < height)
            and not (electric and one.chargers == 0)
            and not (max_fee is not None and (cost is None or cost > max_fee))
        )
        if fits:
            key = (Decimal("Infinity") if cost is None else cost) if sort is Sort.FEE else 0
            expected.append((key, walk_s, number, one.facility_id, cost))
    expected.sort()
    asked = {"vehicle": vehicle, "arrive": arrive, "height_m": height, "electric": electric}
    offers = find(*lots, **asked, max_fee=max_fee, sort=sort, limit=limit, max_walk_s=600)
    assert [(o.facility.facility_id, o.fee.total if o.fee else None) for o in offers] == [
        entry[3:] for entry in expected[:limit]
    ]
