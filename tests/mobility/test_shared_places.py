"""Where a journey can take and leave the vehicles of the town's three operators."""

import copy
import pickle

import gbfs_town as town
import numpy as np
import pytest

from mobility.bikeshare.places import UNKNOWN, list_drop_offs, list_groups, list_pick_ups, may_end_at
from mobility.bikeshare.state import UNLIMITED
from mobility.bikeshare.system import BICYCLE_MPS, FormFactor, Propulsion, ReturnConstraint, VehicleType
from mobility.sources.gbfs import decode

NOW = town.NOW


def open_town(documents):
    """The state and the groups of an operator."""
    state = decode(documents, now=NOW).state
    return state, list_groups(state.system)


def ids(state, numbers):
    """Station ids by number."""
    return [state.system.stations[n].station_id if n >= 0 else "" for n in numbers]


def test_docked_bikes():
    """Plain and electric bikes are two groups with speeds of their own; a closed station rents none; docks are told."""
    state, (plain, electric) = open_town(town.bikes())
    assert (plain.type_ids, plain.profile_name, plain.speed_mps, plain.plan_id) == (
        ("plain",),
        "BICYCLE",
        4.2,
        "plain_plan",
    )
    assert electric.speed_mps == 4.7
    found = list_pick_ups(state, plain)
    assert dict(zip(ids(state, found.station), found.vehicles.tolist(), strict=True)) == {
        "harbour": 5,
        "market": 10,
        "park": 0,
    }
    assert (found.vehicle == -1).all()
    assert (found.return_station == -1).all()
    assert found.spoke_at_s[0] == NOW.timestamp()
    found = list_pick_ups(state, electric)
    assert found.vehicles.tolist() == [2, 0, 1]
    docks = list_drop_offs(state, plain)
    assert dict(zip(ids(state, docks.station), docks.docks.tolist(), strict=True)) == {
        "harbour": 13,
        "market": 0,
        "hill": 8,
        "park": UNLIMITED,
    }
    assert not may_end_at(state.system, plain, np.array([22.01]), np.array([119.01])).any()


def test_stations_without_news_are_unknown():
    """Where nobody says what stands there each group has a row with an unknown count: a forecast may know."""
    documents = town.bikes()
    del documents["station_status"]
    state, groups = open_town(documents)
    for group in groups:
        found, docks = list_pick_ups(state, group), list_drop_offs(state, group)
        assert found.vehicles.tolist() == docks.docks.tolist() == [UNKNOWN] * 4
        assert np.isnan(found.spoke_at_s).all()
        assert np.isnan(docks.spoke_at_s).all()


def test_mopeds_in_the_streets():
    """Mopeds are taken where they stand, unless reserved, broken or in a zone that lets none start; they end inside
    the zone, not on the campus, not outside.
    """
    state, (group,) = open_town(town.mopeds())
    assert (group.profile_name, group.speed_mps) == ("SCOOTER", None)
    found = list_pick_ups(state, group)
    assert [state.vehicles[n].vehicle_id for n in found.vehicle] == ["m1", "m5"]
    assert found.range_m.tolist() == [40_000, 33_000.5]
    assert found.vehicles.tolist() == [1, 1]
    assert len(list_drop_offs(state, group).station) == 0
    lat, lon = np.array([22.03, 22.025, 22.06, 22.045]), np.array([119.035, 119.025, 119.02, 119.005])
    assert may_end_at(state.system, group, lat, lon).tolist() == [True, False, False, False]
    assert state.system.zones.crosses_forbidden(np.array([22.045, 22.045]), np.array([119.02, 119.005]), "moped")
    assert not state.system.zones.crosses_forbidden(lat[:2], lon[:2], "moped")
    assert state.system.zones.lost_s(np.array([22.011, 22.014]), np.array([119.012, 119.012]), "moped", 8.0) > 30


def test_cars_come_back():
    """A shared car is returned where it was taken, or at its home; one at a station is counted once."""
    state, (group,) = open_town(town.cars())
    assert group.return_constraint is ReturnConstraint.ROUNDTRIP_STATION
    found = list_pick_ups(state, group)
    assert ids(state, found.station) == ["lot_a", "lot_b", ""]
    assert found.vehicles.tolist() == [2, 1, 1]
    assert ids(state, found.return_station) == ["lot_a", "lot_b", "lot_b"]
    assert ids(state, list_drop_offs(state, group).station) == ["lot_a", "lot_b"]
    assert not may_end_at(state.system, group, np.array([22.01]), np.array([119.02])).any()


def test_vehicles_count_where_their_station_is_silent():
    """Cars that are listed at a station without a count are that station's count."""
    documents = copy.deepcopy(town.cars())
    silent = documents["station_status"]["data"]["stations"][0]
    silent["vehicle_types_available"][0]["count"] = silent["num_vehicles_available"] = -1
    state, (group,) = open_town(documents)
    assert list_pick_ups(state, group).vehicles.tolist() == [1, 1, 1]


def test_a_car_without_a_home_is_nobodys():
    """A vehicle of a round trip that stands in the street and names no home is not offered: where would it go back?"""
    documents = copy.deepcopy(town.cars())
    del documents["vehicle_status"]["data"]["vehicles"][1]["home_station_id"]
    state, (group,) = open_town(documents)
    assert list_pick_ups(state, group).vehicles.tolist() == [2, 1]


def test_states_travel_between_processes():
    """A state is pickled and read back with zones that answer the same."""
    state, (group,) = open_town(town.mopeds())
    again = pickle.loads(pickle.dumps(state))  # noqa: S301  (our own bytes)
    assert again == state
    assert list_pick_ups(again, group).vehicle.tolist() == [0, 4]


def test_docks_for_some_types_only():
    """Docks that take electric bikes alone are none for a plain one; a station whose places fit others has no row."""
    documents = copy.deepcopy(town.bikes())
    documents["station_status"]["data"]["stations"][0]["vehicle_docks_available"] = [
        {"vehicle_type_ids": ["ebike"], "count": 4},
        {"vehicle_type_ids": ["ebike", "plain"], "count": 1},
    ]
    documents["station_information"]["data"]["stations"][2]["vehicle_docks_capacity"] = [
        {"vehicle_type_ids": ["ebike"], "count": 8}
    ]
    state, (plain, electric) = open_town(documents)
    assert ids(state, list_drop_offs(state, plain).station) == ["harbour", "market", "park"]
    assert list_drop_offs(state, plain).docks.tolist() == [1, 0, UNLIMITED]
    assert list_drop_offs(state, electric).docks.tolist() == [5, 0, 8, UNLIMITED]


def test_a_stations_area_overrides_its_zone():
    """Inside the area of a virtual station a ride may end, whatever the zone around it says."""
    documents = copy.deepcopy(town.mopeds())
    area = town.station("bay", 2.5, 2.5, is_virtual_station=True, station_area=town.square(2.4, 2.4, 2.6, 2.6))
    documents["station_information"] = town.document({"stations": [area]})
    state, (group,) = open_town(documents)
    lat, lon = np.array([22.025, 22.021]), np.array([119.025, 119.021])
    assert may_end_at(state.system, group, lat, lon).tolist() == [True, False]


def test_station_parking_closes_the_street():
    """In a zone of station_parking rides of a hybrid system end at its stations alone."""
    documents = copy.deepcopy(town.mopeds())
    documents["vehicle_types"]["data"]["vehicle_types"][0]["return_constraint"] = "hybrid"
    documents["geofencing_zones"]["data"]["geofencing_zones"]["features"][3]["properties"]["rules"][0][
        "station_parking"
    ] = True
    documents["station_information"] = town.document({"stations": [town.station("bay", 4, 4, capacity=3)]})
    state, (group,) = open_town(documents)
    assert not may_end_at(state.system, group, np.array([22.03]), np.array([119.035])).any()
    assert ids(state, list_drop_offs(state, group).station) == ["bay"]


def test_groups_join_types_that_ride_alike():
    """Two models of one kind are one group; a model with a zone or a price of its own is another."""
    documents = copy.deepcopy(town.mopeds())
    kinds = documents["vehicle_types"]["data"]["vehicle_types"]
    kinds += [{**kinds[0], "vehicle_type_id": name} for name in ("moped_b", "moped_c", "moped_d")]
    kinds[3]["default_pricing_plan_id"] = "dear"
    documents["system_pricing_plans"]["data"]["plans"].append(town.plan("dear", 99))
    school = documents["geofencing_zones"]["data"]["geofencing_zones"]["features"][2]["properties"]["rules"][0]
    school["vehicle_type_ids"] = ["moped", "moped_b", "moped_d"]
    _, groups = open_town(documents)
    assert [group.type_ids for group in groups] == [("moped", "moped_b"), ("moped_c",), ("moped_d",)]


@pytest.mark.parametrize(
    ("form", "drive", "profile", "speed"),
    [
        ("bicycle", "human", "BICYCLE", 4.2),
        ("cargo_bicycle", "electric_assist", "BICYCLE", 4.7),
        ("scooter_standing", "electric", "BICYCLE", 4.7),
        ("scooter_seated", "electric", "BICYCLE", 4.7),
        ("moped", "electric", "SCOOTER", None),
        ("car", "combustion", "CAR", None),
        ("other", "electric", "", None),
    ],
)
def test_profiles_and_speeds(form, drive, profile, speed):
    """Each form rides on one street profile; helped bicycles are faster; a permitted speed is not exceeded."""
    kind = VehicleType("k", FormFactor(form), Propulsion(drive), ReturnConstraint.FREE_FLOATING)
    assert (kind.profile_name, kind.speed_mps) == (profile, speed)
    slow = VehicleType("k", FormFactor(form), Propulsion(drive), ReturnConstraint.FREE_FLOATING, max_speed_kph=10.8)
    assert slow.speed_mps == (3.0 if profile == "BICYCLE" else None)
    assert BICYCLE_MPS == 4.2
