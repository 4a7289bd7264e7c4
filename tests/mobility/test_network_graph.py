"""The readable graph and the arrays are the same network."""

import json

import networkx as nx
import numpy as np
import pytest

from mobility.network.graph import build_graph, save_graph, to_geojson
from mobility.network.transfers import Walking
from mobility.planner.bounds import LowerBounds

FEED = """
# agency.txt
agency_id,agency_name,agency_url,agency_timezone
X,Example,https://example.org,Etc/UTC
# stops.txt
stop_id,stop_name,stop_lat,stop_lon
A,Alpha,0.000,0.000
B,Beta,0.000,0.020
C,Gamma,0.000,0.022
D,Delta,0.000,0.060
# routes.txt
route_id,agency_id,route_short_name,route_type
R1,X,1,3
R2,X,2,0
# calendar.txt
service_id,monday,tuesday,wednesday,thursday,friday,saturday,sunday,start_date,end_date
W,0,0,1,0,0,0,0,20260701,20260731
# trips.txt
route_id,service_id,trip_id
R1,W,t1
R1,W,t2
R2,W,u1
# stop_times.txt
trip_id,arrival_time,departure_time,stop_id,stop_sequence
t1,08:00:00,08:00:00,A,1
t1,08:10:00,08:11:00,B,2
t1,08:30:00,08:30:00,D,3
t2,08:20:00,08:20:00,A,1
t2,08:28:00,08:28:00,B,2
t2,08:50:00,08:50:00,D,3
u1,09:00:00,09:00:00,A,1
u1,09:05:00,09:05:00,B,2
"""


@pytest.fixture
def town(net):
    """Two lines, a walk, and their graph."""
    network = net(FEED, Walking())
    timetable = network.timetable()
    parts = network.reconstructor
    return network, timetable, build_graph(network.network, timetable, parts.places, parts.routes)


def test_rides_carry_run_time_and_headway(town):
    """A route's hop has its shortest run time, its runs and their mean headway."""
    _, _, graph = town
    rides = {(u, v, d["route_id"]): d for u, v, d in graph.edges(data=True) if d["kind"] == "ride"}
    assert set(rides) == {("A", "B", "R1"), ("B", "D", "R1"), ("A", "B", "R2")}
    ride = rides["A", "B", "R1"]
    assert (ride["run_s"], ride["runs"], ride["headway_s"], ride["mode"]) == (480, 2, 1200.0, "BUS")
    assert rides["A", "B", "R2"]["mode"] == "TRAM"


def test_graph_and_arrays_are_one_network(town):
    """Shortest times in the graph are the lower bounds of the arrays, from every stop to every stop."""
    network, timetable, graph = town
    bounds = LowerBounds.build(timetable.arrays)
    lengths = dict(nx.all_pairs_dijkstra_path_length(graph, weight="run_s"))
    for target, number in network.stops.items():
        row = bounds.row_to(number).astype(np.int64) * bounds.unit_s
        for stop, other in network.stops.items():
            exact = lengths[stop].get(target)
            if exact is None:
                assert bounds.row_to(number)[other] == 65535
            else:  # rounded down per edge
                assert exact - bounds.unit_s * len(graph) < row[other] <= exact
    walks = [d for _, _, d in graph.edges(data=True) if d["kind"] == "walk"]
    assert len(walks) == len(timetable.arrays.fp_to) == 2
    assert sum(d["runs"] for _, _, d in graph.edges(data=True) if d["kind"] == "ride") == 5


def test_export_for_maps_and_graph_tools(town, tmp_path):
    """GeoJSON has longitude first; GraphML reads back; another ending is refused by name."""
    _, _, graph = town
    features = to_geojson(graph)["features"]
    assert features[1]["geometry"] == {"type": "Point", "coordinates": [0.02, 0.0]}
    save_graph(graph, tmp_path / "town.geojson")
    assert len(json.loads((tmp_path / "town.geojson").read_text())["features"]) == 4 + len(graph.edges)
    save_graph(graph, tmp_path / "town.graphml")
    assert len(nx.read_graphml(tmp_path / "town.graphml").edges) == len(graph.edges)
    with pytest.raises(ValueError, match=r"town\.png"):
        save_graph(graph, tmp_path / "town.png")


def test_copies_of_a_stop_are_one_node(net):
    """A stop that rules for routes have split is one node, with one edge per line and one per walk."""
    rules = "from_stop_id,to_stop_id,transfer_type,min_transfer_time,from_route_id,to_route_id\nB,C,2,90,R1,\nB,B,3,,R1,R2\n"
    network = net(FEED + "# transfers.txt\n" + rules, Walking())
    assert len(network.copies["B"]) == 3
    parts = network.reconstructor
    graph = build_graph(network.network, network.timetable(), parts.places, parts.routes)
    assert sorted(graph) == ["A", "B", "C", "D"]
    edges = sorted((u, v, d["kind"], d.get("route_id"), d["run_s"]) for u, v, d in graph.edges(data=True))
    assert edges == [
        ("A", "B", "ride", "R1", 480),
        ("A", "B", "ride", "R2", 300),
        ("B", "C", "walk", None, 90),
        ("B", "D", "ride", "R1", 1140),
        ("C", "B", "walk", None, 218),
    ]
