"""Footpaths, near pairs and distances."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from mobility.geodesy import great_circle_m
from mobility.network.distance import list_near_pairs
from mobility.network.transfers import FORBIDDEN_S, Walking

POINTS = st.lists(st.tuples(st.floats(-0.02, 0.02), st.floats(-0.02, 0.02)), min_size=0, max_size=30)


@settings(max_examples=100, deadline=None)
@given(POINTS, st.sampled_from([(0.0, 0.0), (89.99, 10.0), (22.6, 120.3), (-33.0, 180.0)]), st.floats(1, 2500))
def test_near_pairs_are_those_of_all_pairs(points, centre, limit_m):
    """The grid finds exactly the pairs that comparing everything finds, near poles and longitude 180 too."""
    lat = np.clip(np.array([centre[0] + p[0] for p in points]), -90, 90)
    lon = (np.array([centre[1] + p[1] for p in points]) + 180) % 360 - 180
    start, end, distance = list_near_pairs(lat, lon, limit_m)
    found = set(zip(start.tolist(), end.tolist(), strict=True))
    assert len(found) == len(start)
    for i in range(len(points)):
        gaps = great_circle_m(lat, lon, float(lat[i]), float(lon[i]))
        for j in range(len(points)):
            if i != j and abs(gaps[j] - limit_m) > 0.01:
                assert ((i, j) in found) == (gaps[j] < limit_m)
    assert (distance <= limit_m + 0.01).all()


STOPS = """
# agency.txt
agency_id,agency_name,agency_url,agency_timezone
X,Example,https://example.org,Etc/UTC
# stops.txt
stop_id,stop_name,stop_lat,stop_lon,location_type,parent_station
S,Station,0.000,0.000,1,
P1,One,0.000,0.000,0,S
P2,Two,0.000,0.001,0,S
Q,Near,0.000,0.004,0,
Z,Far,0.000,0.100,0,
# routes.txt
route_id,agency_id,route_short_name,route_type
R1,X,1,3
# calendar.txt
service_id,monday,tuesday,wednesday,thursday,friday,saturday,sunday,start_date,end_date
W,0,0,1,0,0,0,0,20260701,20260731
# trips.txt
route_id,service_id,trip_id
R1,W,t1
# stop_times.txt
trip_id,arrival_time,departure_time,stop_id,stop_sequence
t1,08:00:00,08:00:00,P1,1
t1,08:10:00,08:10:00,Z,2
"""


def footpaths_of(network):
    """Seconds by pair of stop ids."""
    timetable, names = network.timetable(), network.network.schedule.stop_ids
    a = timetable.arrays
    return {
        (names[s], names[int(a.fp_to[f])]): int(a.fp_s[f])
        for s in range(len(names))
        for f in range(int(a.fp_off[s]), int(a.fp_off[s + 1]))
    }


def test_walks_are_made_between_near_stops(net):
    """Stops within ten minutes are joined both ways, by distance, never faster than a change."""
    walks = footpaths_of(net(STOPS, Walking()))
    metres = float(great_circle_m(np.zeros(1), np.zeros(1), 0.0, 0.004)[0])
    assert walks["P1", "Q"] == walks["Q", "P1"] == int(np.ceil(metres * 1.3 / 1.33))
    assert walks["P1", "P2"] == 120
    assert not any("Z" in pair for pair in walks)


def test_a_feed_may_keep_to_its_own_walks(net):
    """Without made walks there are those of transfers.txt and no other."""
    text = STOPS + "# transfers.txt\nfrom_stop_id,to_stop_id,transfer_type,min_transfer_time\nP1,Z,2,900\n"
    assert footpaths_of(net(text)) == {("P1", "Z"): 900}


def test_transfers_decide_where_they_speak(net):
    """A station's row holds for its platforms, type 3 forbids, a row for one route concerns nobody else."""
    rows = "S,Q,3,,\nP1,P2,2,300,\nQ,P1,0,,\nP1,Z,2,60,R1\nP2,P2,2,45,"
    text = STOPS + f"# transfers.txt\nfrom_stop_id,to_stop_id,transfer_type,min_transfer_time,from_route_id\n{rows}\n"
    network = net(text, Walking())
    walks = footpaths_of(network)
    assert ("P1", "Q") not in walks
    assert ("P2", "Q") not in walks
    timetable = network.timetable()
    plain, of_route = network.network.schedule.list_copies()["P1"]
    assert timetable.find_footpath_s(plain, network.stops["Z"]) is None
    assert timetable.find_footpath_s(of_route, network.stops["Z"]) == 60
    assert walks["P1", "P2"] == 300
    assert ("Q", "P1") in walks
    change_s = timetable.arrays.change_s
    assert change_s[network.stops["P2"]] == 45
    assert change_s[[plain, of_route]].tolist() == [120, 120]
    assert FORBIDDEN_S > 86_400
