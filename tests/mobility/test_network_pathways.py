"""Ways inside stations: times of pathways, who can pass, and what they make of footpaths and doors."""

import math
from pathlib import Path

import networkx as nx
import numpy as np
import pytest
from feed_text import feed_folder

from gtfs.ingest import read_feed
from mobility.model import Coordinate
from mobility.network.pathways import build_ways, find_way, list_times
from mobility.network.schedule import encode_schedule
from mobility.network.stations import build_stations
from mobility.network.transfers import Walking, build_footpaths
from mobility.planner.access_egress import list_walks

KINGS_CROSS = Path(__file__).resolve().parents[2].parent / "shared" / "data" / "gtfs-misc" / "pathways"
needs_kings_cross = pytest.mark.skipif(not KINGS_CROSS.exists(), reason="the reference feeds are not here")
STATION = """
# agency.txt
agency_id,agency_name,agency_url,agency_timezone
X,Example,https://example.org,Etc/UTC
# levels.txt
level_id,level_index
L0,0
L2,-2
# stops.txt
stop_id,stop_name,stop_lat,stop_lon,location_type,parent_station,level_id,wheelchair_boarding
S,Station,0.000,0.000,1,,,
P,One,0.000,0.000,0,S,L2,
Q,Two,0.000,0.000,0,S,L2,
N,,,,3,S,L0,
E,Door,0.000,0.001,2,S,L0,
F,Street,0.000,0.002,0,,,
"""
COLUMNS = (
    "pathway_id,from_stop_id,to_stop_id,pathway_mode,is_bidirectional,length,traversal_time,stair_count,max_slope,"
    "min_width,signposted_as,reversed_signposted_as"
)


def read(folder, *pathways, more=""):
    """The station with pathways, and more stops."""
    text = STATION + more + "\n".join(["# pathways.txt", COLUMNS, *pathways])
    return read_feed(feed_folder(text, folder))[0]


def row_of(feed, stop_id):
    """The row of stops.txt."""
    return feed["stops.txt"]["stop_id"].tolist().index(stop_id)


def seconds_of(feed, **facts):
    """Seconds of the only pathway, None where one cannot pass."""
    found = [way for ways in build_ways(feed, **facts).values() for way in ways]
    return round(found[0].seconds, 3) if found else None


@pytest.mark.parametrize(
    ("pathway", "on_foot", "with_wheelchair"),
    [
        ("w,P,N,1,0,133,90,,,,,", 90, 149.625),  # stated for a walker of 1.33 m/s
        ("w,P,N,1,0,133,,,,,,", 100, 166.25),
        ("w,P,E,1,0,,,,,,,", 83.606, 138.994),  # 111.2 m between its ends
        ("w,P,N,1,0,,,,,,,", 30, 30),
        ("w,P,N,1,0,133,,,0.05,,,", 100, 166.25),
        ("w,P,N,1,0,133,,,-0.1,,,", 100, None),
        ("w,P,N,1,0,133,,,,0.7,,", 100, None),
        ("w,P,N,2,0,,60,,,,,", 60, None),
        ("w,P,N,2,0,,,-40,,,,", 12.03, None),
        ("w,P,N,2,0,,,,,,,", 12.03, None),  # two levels of 20 steps
        ("w,P,N,3,0,,60,,,,,", 60, 60),
        ("w,P,N,4,0,20,,,,,,", 40, None),
        ("w,P,N,4,0,,,,,,,", 28, None),
        ("w,P,N,5,0,,75,,,,,", 75, 75),
        ("w,P,N,5,0,,,,,,,", 130, 130),
        ("w,P,N,6,0,,,,,,,", 5, 5),
        ("w,P,N,7,0,13.3,,,,,,", 10, 16.625),
    ],
)
def test_time_of_a_pathway(tmp_path, pathway, on_foot, with_wheelchair):
    """The stated time, else the length, else what its kind, its steps and its levels tell; None is no way."""
    feed = read(tmp_path, pathway)
    assert seconds_of(feed) == pytest.approx(on_foot, abs=0.01)
    found = seconds_of(feed, speed_mps=0.8, wheelchair=True)
    assert found == (with_wheelchair if with_wheelchair is None else pytest.approx(with_wheelchair, abs=0.01))


def test_exit_gates_lead_out_only(tmp_path):
    """An exit gate is one-way even where a feed says that it is not."""
    ways = build_ways(read(tmp_path, "w,P,E,7,1,,,,,,,", "v,P,N,1,1,10,,,,,,"))
    feed = read(tmp_path / "again")
    assert [way.to_row for way in ways[row_of(feed, "P")]] == [row_of(feed, "E"), row_of(feed, "N")]
    assert row_of(feed, "E") not in ways


def test_a_way_tells_its_signs(tmp_path):
    """The fastest way is told pathway by pathway, with the signs of the direction one goes."""
    feed = read(
        tmp_path, "a,P,N,4,1,,20,,,,Way out,Line 1", "b,N,E,1,1,,10,,,,High Street,Trains", "c,P,E,2,1,,60,,,,,"
    )
    p, e = row_of(feed, "P"), row_of(feed, "E")
    ways = build_ways(feed)
    assert [(way.mode, way.signposted_as) for way in find_way(ways, [p], [e])] == [(4, "Way out"), (1, "High Street")]
    assert [way.signposted_as for way in find_way(ways, [e], [p])] == ["Trains", "Line 1"]
    assert find_way(ways, [p], [row_of(feed, "F")]) is None
    assert find_way(ways, [p], [p]) == ()


def test_boarding_areas_are_no_way_through(tmp_path):
    """One gets off at the best end of a platform, and does not cross another platform for nothing."""
    more = "b1,,,,4,Q,L2,\nb2,,,,4,Q,L2,\n"
    paths = ["a,P,b1,1,1,,100,,,,,", "b,b2,E,1,1,,40,,,,,", "c,b1,b2,1,1,,50,,,,,"]
    feed = read(tmp_path, *paths, more=more)
    stations = build_stations(feed, encode_schedule(feed))
    numbers = encode_schedule(feed).list_copies()
    (p,), (q,) = numbers["P"], numbers["Q"]
    assert stations.seconds == {(p, q): 100, (q, p): 100}
    doors = dict(zip(stations.entrances.stop.tolist(), stations.entrances.in_s.tolist(), strict=True))
    assert doors == {p: 190, q: 40}


def test_a_platform_without_pathways_is_reached_straight_and_reported(tmp_path):
    """A platform that the pathways forgot keeps its walks; who looks after the feed is told."""
    more = """# routes.txt
route_id,agency_id,route_short_name,route_type
R1,X,1,3
# calendar_dates.txt
service_id,date,exception_type
W,20260715,1
# trips.txt
route_id,service_id,trip_id
R1,W,t
# stop_times.txt
trip_id,stop_id,stop_sequence,arrival_time,departure_time
t,Q,1,08:00:00,08:00:00
t,F,2,08:10:00,08:10:00
"""
    feed = read(tmp_path, "a,P,E,1,1,,100,,,,,", more=more)
    schedule = encode_schedule(feed)
    footpaths = build_footpaths(feed, schedule, Walking())
    (finding,) = footpaths.findings
    assert finding.code == "changtong_platform_without_entrance"
    assert "stop Q" in finding.message
    (p,), (q,), (f,) = (schedule.list_copies()[name] for name in "PQF")
    walks = {
        (start, int(footpaths.fp_to[n])): int(footpaths.fp_s[n])
        for start in range(len(schedule.stop_ids))
        for n in range(footpaths.fp_off[start], footpaths.fp_off[start + 1])
    }
    assert walks[q, f] == walks[f, q] == 218  # 222 m at 1.3 / 1.33
    assert walks[p, f] == walks[f, p] == 100 + 109  # through the door halfway
    at = Coordinate(0.0, 0.001)
    near = list_walks(at, schedule, Walking(), 900, np.ones(3, bool), footpaths.entrances)
    assert dict(zip(near.stop.tolist(), near.seconds.tolist(), strict=True)) == {p: 100, q: 109, f: 109}


def test_a_stop_may_be_open_to_the_street(tmp_path):
    """stop_access 1: a kerb of the station is reached directly, and by pathways from the other platforms."""
    feed = read(tmp_path, "a,P,E,1,1,,100,,,,,", "b,P,Q,1,1,,200,,,,,")
    feed["stops.txt"]["stop_access"][row_of(feed, "Q")] = 1
    stations = build_stations(feed, encode_schedule(feed))
    (p,), (q,), (f,) = (encode_schedule(feed).list_copies()[name] for name in "PQF")
    assert stations.entrances.is_inside[[p, q, f]].tolist() == [True, False, False]
    assert stations.seconds[q, p] == 200


@needs_kings_cross
def test_times_inside_a_real_station_are_shortest_paths():
    """King's Cross St. Pancras: from every platform to every other and every entrance as networkx finds."""
    feed, _ = read_feed(KINGS_CROSS)
    for wheelchair in (False, True):
        ways = build_ways(feed, wheelchair=wheelchair)
        graph = nx.DiGraph()
        for way in (way for found in ways.values() for way in found):
            known = graph.get_edge_data(way.from_row, way.to_row, {"s": math.inf})["s"]
            graph.add_edge(way.from_row, way.to_row, s=min(known, way.seconds))
        for source in sorted(graph)[::5]:
            expected = nx.single_source_dijkstra_path_length(graph, source, weight="s")
            assert list_times(ways, [source]) == pytest.approx(expected)


@needs_kings_cross
def test_a_real_station_on_foot_and_with_a_wheelchair():
    """On foot each of the 8 platforms is 1 to 8 minutes from each entrance and from each other; with a wheelchair
    there are fewer ways, none is shorter, and two platforms have none.
    """
    feed, _ = read_feed(KINGS_CROSS)
    schedule = encode_schedule(feed)
    walk, roll = (build_stations(feed, schedule, speed, wheelchair=w) for speed, w in ((1.33, False), (0.8, True)))
    assert len(walk.seconds) == 8 * 7
    assert walk.entrances.is_inside.all()
    assert not walk.findings
    times = walk.entrances.in_s
    assert 60 < times.min() <= times.max() < 480
    assert roll.seconds.keys() < walk.seconds.keys()
    assert all(seconds >= walk.seconds[pair] for pair, seconds in roll.seconds.items())
    reached = set(roll.entrances.stop.tolist())
    assert len(reached) == 6
    assert (roll.entrances.is_inside == walk.entrances.is_inside).all()
