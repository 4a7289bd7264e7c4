"""Compiled kernels of the network answer as the same source in plain Python."""

import numpy as np
import pytest

from mobility.network import distance, gazetteer, patterns, schedule
from mobility.network.transfers import Walking
from mobility.planner import bounds
from mobility.planner.bounds import LowerBounds

HEAD = """
# agency.txt
agency_id,agency_name,agency_url,agency_timezone
X,Example,https://example.org,Etc/UTC
# routes.txt
route_id,agency_id,route_short_name,route_type
R1,X,1,3
# calendar.txt
service_id,monday,tuesday,wednesday,thursday,friday,saturday,sunday,start_date,end_date
W,1,1,1,1,1,1,1,20260701,20260731
"""
KERNELS = {
    distance: ["_pairs_in_cells"],
    patterns: ["split_overtaking", "fill_times"],
    schedule: ["repair_times", "_keep_longest_chain", "_interpolate"],
    bounds: ["list_hops", "search_back", "search_all_back"],
}


def random_feed(seed):
    """Twelve stops near each other, forty trips on five lines, some with bad times."""
    random = np.random.default_rng(seed)
    stops = [f"s{n},S{n},{lat:.5f},{lon:.5f}" for n, (lat, lon) in enumerate(random.uniform(0, 0.02, (12, 2)))]
    trips, times = [], []
    lines = [random.integers(0, 12, random.integers(2, 6)) for _ in range(5)]
    for trip in range(40):
        trips.append(f"R1,W,t{trip}")
        clock = 8 * 3600 + int(random.integers(0, 3600))
        for position, stop in enumerate(lines[trip % 5]):
            clock += int(random.integers(-60, 600)) if position else 0
            text = f"{clock // 3600:02d}:{clock // 60 % 60:02d}:{clock % 60:02d}"
            times.append(f"t{trip},{text},{text},s{stop},{position}")
    return "\n".join(
        [HEAD.rstrip(), "# stops.txt", "stop_id,stop_name,stop_lat,stop_lon", *stops,
         "# trips.txt", "route_id,service_id,trip_id", *trips,
         "# stop_times.txt", "trip_id,arrival_time,departure_time,stop_id,stop_sequence", *times],
    )  # fmt: skip


@pytest.mark.parametrize("seed", range(4))
def test_timetable_and_bounds_are_the_same_without_numba(net, monkeypatch, seed):
    """Cleaning, patterns, walks and lower bounds, compiled and plain."""
    text = random_feed(seed)
    compiled = net(text, Walking()).timetable()
    table = LowerBounds.build(compiled.arrays)._table
    for module, names in KERNELS.items():
        for name in names:
            monkeypatch.setattr(module, name, getattr(module, name).py_func)
    plain = net(text, Walking()).timetable()
    for name, array in compiled.arrays._asdict().items():
        assert np.array_equal(array, getattr(plain.arrays, name)), name
    assert np.array_equal(LowerBounds.build(plain.arrays)._table, table)
    assert compiled.pattern_count > 5


def test_edit_distance_is_the_same_without_numba():
    """Distances to three names, compiled and plain, and as counted by hand."""
    names = ["kitten", "sitting", ""]
    letters = gazetteer._letters("".join(names))
    offset = np.array([0, 6, 13, 13], np.int64)
    query = gazetteer._letters("sitten")
    found = gazetteer.edit_distances(query, letters, offset)
    assert found.tolist() == [1, 2, 6]
    assert gazetteer.edit_distances.py_func(query, letters, offset).tolist() == found.tolist()
