"""Documents that real systems published and other planners test with: every record is read or told."""

import datetime as dt
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from mobility.bikeshare.places import list_drop_offs, list_groups, list_pick_ups, may_end_at
from mobility.sources.gbfs import decode, read_folder

SHARED = Path(__file__).resolve().parents[2].parent / "shared" / "data" / "gbfs"
OTHERS = SHARED / "otp_and_motis"

pytestmark = [
    pytest.mark.shared,
    pytest.mark.skipif(not SHARED.is_dir(), reason="no shared reference data beside the checkout"),
]


def read(folder, now, prefix=""):
    """A folder at a moment: its state and how often each notice came."""
    decoded = decode(read_folder(folder, prefix), now=dt.datetime.fromisoformat(now))
    return decoded.state, Counter(notice.code for notice in decoded.notices)


def test_bay_wheels():
    """1.x of Bay Wheels: all stations, their status and the bikes in the streets; regions that repeat are told."""
    state, told = read(SHARED, "2022-09-16T01:47:50+00:00", "baywheels_")
    assert (len(state.system.stations), len(state.states), len(state.vehicles)) == (496, 496, 720)
    assert told == {"duplicate_id": 6, "unknown_region": 19, "old_report": 4}
    (group,) = list_groups(state.system)
    assert (group.form_factor, group.return_constraint, group.is_return_guessed) == ("bicycle", "any_station", True)
    found = list_pick_ups(state, group)
    assert np.count_nonzero(found.vehicle >= 0) == sum(not v.is_reserved and not v.is_disabled for v in state.vehicles)
    assert (found.vehicles >= 0).all()
    assert (list_drop_offs(state, group).docks >= 0).all()


@pytest.mark.parametrize(("folder", "now"), [("v2", "2021-09-10T07:25:00+00:00"), ("v3", "2025-11-05T12:00:30+00:00")])
def test_duplicate_stations(folder, now):
    """Two records for one station: the one that reported last counts."""
    state, told = read(OTHERS / f"duplicate-stations-{folder}", now)
    assert told == {"duplicate_id": 1}
    assert (len(state.system.stations), len(state.states)) == (3, 3)
    assert (state.states["station_duplicate"].bikes, state.states["station_duplicate"].docks) == ({"bicycle": 8}, 7)


def test_helsinki():
    """1.x with records without id, name and place: seven of ten stations are used, two of them by their id."""
    state, told = read(OTHERS / "helsinki", "2021-09-13T07:22:00+00:00")
    assert (len(state.system.stations), len(state.states)) == (7, 7)
    assert told == {"no_id": 2, "no_name": 2, "no_position": 1, "unknown_station": 3}


def test_lillestrom():
    """2.2 whose counts exceed the capacity: used, and told for each."""
    state, told = read(OTHERS / "lillestrombysykkel", "2021-09-10T07:24:00+00:00")
    assert (len(state.system.stations), len(state.states), len(state.system.plans)) == (6, 6, 2)
    assert told == {"over_capacity": 12}


def test_call_a_bike():
    """2.3, hybrid: a station without docks takes any number, and bikes stand in the street."""
    state, told = read(OTHERS, "2024-10-21T08:52:20+00:00")
    assert told == {}
    (group,) = list_groups(state.system)
    assert (group.return_constraint, group.is_return_guessed) == ("hybrid", False)
    assert list_pick_ups(state, group).vehicles.tolist() == [48, 1]
    assert list_drop_offs(state, group).docks.tolist() == [1_000_000]


def test_check_almere():
    """3.0 mopeds with zones: two zones without geometry are told; rides end in hubs and nowhere else."""
    state, told = read(OTHERS / "ridecheck" / "almere", "2025-05-21T07:48:00+00:00")
    assert told == {"not_a_polygon": 2}
    assert (len(state.vehicles), len(state.system.zones.zones)) == (6, 14)
    (group,) = list_groups(state.system)
    inside = [zone.area.representative_point() for zone in state.system.zones.zones]
    lat, lon = np.array([p.y for p in inside] + [52.3]), np.array([p.x for p in inside] + [5.3])
    ends = may_end_at(state.system, group, lat, lon)
    assert not ends[0]
    assert ends[1]
    assert not ends[-1]


def test_tier_oslo():
    """2.3 zones without vehicles: the zone that allows rides bounds them, the park in it lets none end."""
    state, told = read(OTHERS / "tieroslo", "2022-12-05T10:00:00+00:00")
    assert told == {"nothing_to_rent": 1, "inferred_operating_area": 1}
    zones = state.system.zones
    points = [zone.area.representative_point() for zone in zones.zones]
    lat, lon = np.array([p.y for p in points] + [60.5]), np.array([p.x for p in points] + [10.7])
    rules = zones.rules_at(lat, lon, "YTI:VehicleType:escooter_oslo")
    assert rules.may_end.tolist()[0::2] == [True, False]
    assert rules.may_pass.all()
