"""Everything around a city's stops as one graph: what is in it, what it shows, and what is written and drawn of it."""

import datetime as dt
import json
import math
import re
from collections import defaultdict
from dataclasses import replace
from itertools import pairwise, permutations

import networkx as nx
import numpy as np
import pytest
from drawn_town import CORNER, DATE, STATIONS, STOPS, at, town_parts, town_streets, town_text
from feed_text import feed_zip
from hypothesis import given
from hypothesis import strategies as st

from api.cli import app
from mobility.geodesy import great_circle_m
from mobility.model import Coordinate
from mobility.multimodal import Layer, Parts, build_multimodal, check, count
from mobility.multimodal.checks import list_lonely
from mobility.multimodal.frame import Frame, choose_bar_m, find_frame, find_whole, parse_box
from mobility.multimodal.joins import join_rides, join_walks, points_of
from mobility.multimodal.labels import Box, Label, place_labels
from mobility.multimodal.layers import parse_layers, take_layers
from mobility.multimodal.lettering import choose_letters, find_words
from mobility.multimodal.picture import Look, draw_picture
from mobility.multimodal.refusals import GraphRefused
from mobility.multimodal.side_by_side import shift, turn_east
from mobility.multimodal.strokes import find_colour
from mobility.network.graph import save_graph, to_geojson
from mobility.network.places import distance_between_m
from mobility.service import JourneyPlanner
from mobility.streets.great_circle import GreatCircle
from mobility.streets.profiles import Profile

NEAR = "22.625,120.295,22.645,120.315"


@pytest.fixture(scope="module")
def parts(tmp_path_factory):
    """The invented town."""
    return town_parts(tmp_path_factory.mktemp("town"))


@pytest.fixture(scope="module")
def graph(parts):
    """All of it, on a day when everything runs."""
    return build_multimodal(parts, parts.network.build_timetable(DATE))


@pytest.fixture(scope="module")
def kaohsiung(tmp_path_factory):
    """The embedded city and its timetable of a Wednesday."""
    planner = JourneyPlanner.open("kaohsiung", tmp_path_factory.mktemp("cities"))
    own = planner._network, planner._places, planner._routes, planner._shapes, planner._supply
    return Parts(*own, planner._straight), planner._network.build_timetable(DATE)


def edges_of(graph, kind):
    """(start, end, facts) of the edges of a kind."""
    return [(start, end, data) for start, end, data in graph.edges(data=True) if data["kind"] == kind]


def test_every_layer_is_in_the_graph_with_its_facts(graph):
    """Nodes and edges of every kind carry what a table of them would; readings only where there are some."""
    assert count(graph).nodes == {"car_park": 1, "shared_station": 4, "stop": 4, "street": 25, "zone": 1}
    for _, data in graph.nodes(data=True):
        assert {"kind", "id", "name", "lat", "lon"} <= set(data)
    for *_, data in graph.edges(data=True):
        assert {"kind", "mode", "run_s", "distance_m"} <= set(data)
        assert data["run_s"] >= 0
        assert data["distance_m"] >= 0
    station, silent, park = (graph.nodes[n] for n in ("shared:bikes/S1", "shared:bikes/S3", "parking:P"))
    assert (station["capacity"], station["bikes"], station["docks"], station["color"]) == (20, 3, 17, "f2b600")
    assert "bikes" not in silent
    assert (park["capacity"], park["spaces"]) == (40, 9)
    assert graph.graph["service_date"] == "2026-07-15"


def test_rides_follow_their_shape_and_walks_are_those_of_the_timetable(graph, parts):
    """A ride's line begins and ends at its stops and is as long as it says; a walk is a footpath."""
    rides = {(start, end): data for start, end, data in edges_of(graph, "ride")}
    assert set(rides) == {("stop:A", "stop:B"), ("stop:B", "stop:C"), ("stop:D", "stop:C")}
    assert [rides["stop:A", "stop:B"][key] for key in ("run_s", "runs", "color")] == [110, 2, "E20B65"]
    bent = rides["stop:B", "stop:C"]
    assert [distance_between_m(Coordinate(*bent["line"][i][::-1]), at(*STOPS[s])) < 1 for i, s in ((0, "B"), (-1, "C"))]
    lengths = [distance_between_m(Coordinate(*a[::-1]), Coordinate(*b[::-1])) for a, b in pairwise(bent["line"])]
    assert bent["distance_m"] == pytest.approx(sum(lengths), abs=1) == pytest.approx(540 + 890, abs=2)
    assert "line" not in rides["stop:D", "stop:C"]
    a = parts.network.build_timetable(DATE).arrays
    between_stops = [edge for edge in edges_of(graph, "walk") if edge[0][:4] == edge[1][:4] == "stop"]
    assert len(between_stops) == len(a.fp_to)
    assert sorted(data["run_s"] for *_, data in between_stops) == sorted(a.fp_s.tolist())


def test_names_are_in_the_language_that_is_asked_for(parts, graph):
    """Stops, stations and lines are told in a language where they are translated, else as the feed writes them."""
    timetable = parts.network.build_timetable(DATE)
    english = build_multimodal(parts, timetable, frozenset({Layer.TRANSIT, Layer.BIKES}), language="en")
    own = [graph.nodes[node]["name"] for node in ("stop:A", "shared:bikes/S1")]
    assert own == ["A站", "S1租賃站"]
    assert [english.nodes[node]["name"] for node in ("stop:A", "shared:bikes/S1")] == ["Alpha", "S1 bikes"]
    told = {(data["short_name"], data["long_name"]) for *_, data in edges_of(english, "ride")}
    assert told == {("Red", "Alpha – Gamma"), ("7", "")}


def test_a_zone_is_joined_with_the_stops_that_its_rides_serve(graph, parts):
    """One is driven from the zone to C, which lies in it, and back; it stands in its middle and not in its hole."""
    zone = graph.nodes["zone:Z"]
    assert (zone["name"], zone["is_running"], zone["stops"]) == ("甲區", True, 1)
    pairs = {(start, end) for start, end, _ in edges_of(graph, "on_demand")}
    assert pairs == {("zone:Z", "stop:C"), ("stop:C", "zone:Z")}
    assert parts.supply.zones.contains(Coordinate(zone["lat"], zone["lon"])).all()
    thursday = build_multimodal(parts, parts.network.build_timetable(DATE + dt.timedelta(1)))
    assert not thursday.nodes["zone:Z"]["is_running"]
    assert not edges_of(thursday, "ride")


def test_ways_along_the_streets_of_the_graph_take_as_long_as_the_router_says(graph, parts):
    """Between any two places at different segments the shortest path over streets is the router's, to the second."""
    walked = nx.MultiDiGraph()
    for start, end, data in graph.edges(data=True):
        if data["kind"] in {"street", "link"}:
            walked.add_edge(start, end, run_s=data["run_s"])
    names = [name for name in walked if not name.startswith("street:")]
    assert len(names) == 3 + 3 + 1  # D and S4 are beyond the streets
    lat, lon = (np.array([graph.nodes[name][side] for name in names]) for side in ("lat", "lon"))
    targets = parts.router.link(lat, lon, Profile.FOOT)
    segment = targets.on_streets.places.segment
    lengths = dict(nx.all_pairs_dijkstra_path_length(walked, weight="run_s"))
    compared = 0
    for start, end in permutations(range(len(names)), 2):
        if segment[start] == segment[end]:
            continue
        reached = parts.router.reach(Coordinate(float(lat[start]), float(lon[start])), targets, 7200)
        seconds = dict(zip(reached.number.tolist(), reached.seconds.tolist(), strict=True))[end]
        assert math.ceil(lengths[names[start]][names[end]] - 1e-6) == seconds
        compared += 1
    assert compared > 30


@pytest.mark.parametrize("profile", [Profile.FOOT, Profile.CAR])
def test_streets_are_those_of_one_profile(parts, profile):
    """A one-way street is an edge in one direction for cars and in both for walkers; without streets there are none."""
    asked = frozenset({Layer.STREETS})
    graph = build_multimodal(parts, parts.network.build_timetable(DATE), asked, profile=profile)
    one_way = 4
    expected = 2 * 10 * 4 - (one_way if profile is Profile.CAR else 0)
    assert len(edges_of(graph, "street")) == expected
    bare = build_multimodal(parts._replace(router=GreatCircle()), parts.network.build_timetable(DATE), asked)
    assert count(bare).nodes == {"stop": 4}
    assert not bare.edges


def test_layers_are_taken_out_whole(graph):
    """Who takes some layers has their nodes and edges and no others; who asks for an unknown one is told which."""
    taken = take_layers(graph, parse_layers("transit, bikes"))
    assert count(taken).nodes == {"shared_station": 4, "stop": 4}
    assert set(count(taken).edges) == {"hire", "ride", "walk"}
    assert all("shared" in start + end for start, end, _ in edges_of(taken, "walk"))
    assert nx.utils.graphs_equal(take_layers(graph, parse_layers("")), graph)
    with pytest.raises(GraphRefused, match="'buses' is no layer; there are transit, walks, bikes"):
        parse_layers("transit,buses")


def test_checks_find_what_hangs_apart(graph):
    """Nothing leads to D, by S4 there is nothing, and from C nobody gets back to A."""
    found = check(graph)
    assert found.unreached == ("stop:D",)
    assert found.lonely == ("shared:bikes/S4",)
    assert found.pieces.weak == (4,)
    transit = take_layers(graph, frozenset({Layer.TRANSIT, Layer.WALKS})).subgraph(f"stop:{stop}" for stop in STOPS)
    strong = sorted(map(len, nx.strongly_connected_components(nx.DiGraph(transit))), reverse=True)
    assert list(found.pieces.strong) == strong
    assert len(strong) > 1


@given(st.lists(st.tuples(st.integers(-3000, 3000), st.integers(-3000, 3000)), min_size=1, max_size=12))
def test_lonely_stations_are_those_without_company(places):
    """Every other one a station, the rest stops and streets: the check is that of all distances, and streets do not
    count.
    """
    kinds = ["shared_station", "stop", "shared_station", "street"]
    graph = nx.MultiDiGraph()
    for number, place in enumerate(places):
        point = at(*place)
        graph.add_node(number, kind=kinds[number % 4], lat=point.lat, lon=point.lon)
    nodes = [(node, data) for node, data in graph.nodes(data=True) if data["kind"] != "street"]
    lonely = []
    for node, data in nodes:
        gaps = [
            great_circle_m(np.array([d["lat"]]), np.array([d["lon"]]), data["lat"], data["lon"])[0]
            for other, d in nodes
            if other != node
        ]
        if data["kind"] == "shared_station" and min(gaps, default=math.inf) > 600:
            lonely.append(node)
    assert list_lonely(graph) == tuple(lonely)


@given(
    st.lists(st.tuples(st.integers(0, 2000), st.integers(0, 2000)), max_size=12),
    st.lists(st.tuples(st.integers(0, 2000), st.integers(0, 2000)), max_size=12),
    st.integers(1, 4),
)
def test_the_nearest_few_are_joined_from_either_side(starts, ends, few):
    """A walk is kept if it is among the shortest of its start or of its end, ties by number; a ride, of its start."""
    router = GreatCircle()
    here, there = (points_of({f"{n}": at(*p) for n, p in enumerate(points)}) for points in (starts, ends))

    def list_pairs(first, second, profile, limit_s):
        targets = router.link(second.lat, second.lon, profile)
        return [
            (seconds, start, end)
            for start in range(len(first.names))
            for end, seconds in zip(
                *map(np.ndarray.tolist, router.reach(first.at(start), targets, limit_s)), strict=True
            )
        ]

    walks = list_pairs(here, there, Profile.FOOT, 600)
    kept = set()
    for row in range(max(len(starts), len(ends))):
        kept |= set(sorted(walk for walk in walks if walk[1] == row)[:few])
        kept |= set(sorted(walk for walk in walks if walk[2] == row)[:few])
    found = join_walks(router, here, there, few)
    assert set(zip(found.seconds.tolist(), found.start.tolist(), found.end.tolist(), strict=True)) == kept
    rides = [ride for ride in list_pairs(here, here, Profile.BICYCLE, 900) if ride[1] != ride[2]]
    kept = {ride for row in range(len(starts)) for ride in sorted(r for r in rides if r[1] == row)[:few]}
    found = join_rides(router, here, None, few)
    assert set(zip(found.seconds.tolist(), found.start.tolist(), found.end.tolist(), strict=True)) == kept


def test_the_graph_of_a_city_is_its_arrays(kaohsiung):
    """Every hop of every trip of Kaohsiung is in the graph, the shortest of its line with its seconds, and counted; no
    stop is out of reach.
    """
    parts, timetable = kaohsiung
    ids, hops = parts.network.schedule.stop_ids, defaultdict(list)
    for trip in range(timetable.trip_count):
        stops = timetable.list_stops_of(timetable.get_pattern_of(trip)[0])
        arrivals, departures = timetable.list_times_of(trip)
        route = parts.routes.rides[parts.routes.trip_route[timetable.trips.feed_trip[trip]]].route_id
        for pos in range(timetable.count_own_positions(trip) - 1):
            key = route, f"stop:{ids[stops[pos]]}", f"stop:{ids[stops[pos + 1]]}"
            hops[key].append(arrivals[pos + 1] - departures[pos])
    graph = build_multimodal(parts, timetable)
    rides = {(data["route_id"], start, end): data for start, end, data in edges_of(graph, "ride")}
    assert {key: (data["run_s"], data["runs"]) for key, data in rides.items()} == {
        key: (min(seconds), len(seconds)) for key, seconds in hops.items()
    }
    for (_, *ends), data in rides.items():
        here, there = (Coordinate(graph.nodes[end]["lat"], graph.nodes[end]["lon"]) for end in ends)
        first, *_, last = [Coordinate(*point[::-1]) for point in data.get("line", [])] or [here, there]
        beside_m = distance_between_m(here, first) + distance_between_m(last, there)  # stops stand beside their line
        assert data["distance_m"] + beside_m >= 0.999 * distance_between_m(here, there)
    found = check(graph)
    assert found.unreached == ()
    assert found.pieces.strong == (len(parts.places.stops),)
    assert count(graph).nodes["shared_station"] == len(parts.supply.systems[0].system.stations)


def test_geojson_has_zones_as_polygons_and_rides_as_lines(graph):
    """RFC 7946: longitude first, rings closed, borders counter-clockwise, holes clockwise; shapes are no properties."""
    features = to_geojson(graph, "node")["features"]
    zone = next(f for f in features if f["properties"].get("node") == "zone:Z")
    assert zone["geometry"]["type"] == "Polygon"
    border, hole = zone["geometry"]["coordinates"]
    for ring, turn in ((border, 1), (hole, -1)):
        assert ring[0] == ring[-1]
        assert turn * sum((b[0] - a[0]) * (b[1] + a[1]) for a, b in pairwise(ring)) < 0
        assert all(120 < lon < 121 and 22 < lat < 23 for lon, lat in ring)
    ride = next(f for f in features if f["properties"].get("from") == "stop:B" and f["properties"]["kind"] == "ride")
    assert len(ride["geometry"]["coordinates"]) == 3
    assert not {"line", "area", "lat", "lon"} & set(ride["properties"]) | {"area"} & set(zone["properties"])


def test_graphml_reads_back(graph, tmp_path):
    """All nodes and edges with their facts, each edge under an id of its own, shapes as WKT; letters that XML does not
    know are left out.
    """
    odd = graph.copy()
    odd.nodes["stop:A"]["name"] = "A\x0b & <B>"
    save_graph(odd, tmp_path / "town.graphml", "node")
    back = nx.read_graphml(tmp_path / "town.graphml")
    assert set(back) == set(graph)
    assert len({key for *_, key in back.edges(keys=True)}) == len(graph.edges)
    assert back.nodes["stop:A"]["name"] == "A & <B>"
    assert back.nodes["zone:Z"]["area"].startswith("MULTIPOLYGON (((120.")
    assert back.nodes["zone:Z"]["is_running"] is True
    assert sum(data["run_s"] for *_, data in back.edges(data=True)) == pytest.approx(
        sum(data["run_s"] for *_, data in graph.edges(data=True))
    )


@given(
    st.lists(
        st.builds(
            Label, x=st.floats(0, 400), y=st.floats(0, 300), width=st.floats(5, 120), height=st.floats(5, 14),
            gap=st.floats(0, 8),
        ),
        max_size=25,
    ),
    st.lists(st.tuples(st.floats(0, 400), st.floats(0, 300)), max_size=6),
)  # fmt: skip
def test_no_name_lies_on_another(labels, dots):
    """Names stand within the map, off the dots, off each other; the first of all always has a place if there is one."""
    taken = [Box(x - 3, y - 3, x + 3, y + 3) for x, y in dots]
    placed = place_labels(labels, np.zeros((0, 2)), taken, Box(0, 0, 400, 300))
    boxes = [box for box in placed if box]
    for box in boxes:
        assert 0 <= box.left <= box.right <= 400
        assert 0 <= box.low <= box.high <= 300
    for number, box in enumerate(boxes):
        for other in [*taken, *boxes[number + 1 :]]:
            assert box.left >= other.right or other.left >= box.right or box.low >= other.high or other.low >= box.high
    for label, box in zip(labels, placed, strict=True):
        assert box is None or (box.right - box.left, box.high - box.low) == pytest.approx((label.width, label.height))


def test_a_name_keeps_off_the_lines():
    """Of the free sides of a point the one with the least line below it is taken."""
    line = np.array([(x, 50.0) for x in range(100, 200)])  # to the right of the point
    label, within = Label(100, 50, 40, 10, 5), Box(0, 0, 200, 100)
    assert place_labels([label], np.zeros((0, 2)), [], within) == [Box(105, 45, 145, 55)]
    assert place_labels([label], line, [], within) == [Box(55, 45, 95, 55)]
    assert place_labels([label._replace(gap=0)], np.zeros((0, 2)), [], within) == [Box(80, 45, 120, 55)]


@given(st.floats(-80, 80), st.floats(-170, 170), st.floats(0.01, 0.4), st.floats(0.01, 0.4))
def test_a_map_is_flat_and_true_to_scale(south, west, height, width):
    """Within a city a pixel is as long northward as eastward, to a hundredth; the scale bar is round and fits."""
    frame = Frame(south, west, south + height, west + width)
    middle = (south + height / 2, west + width / 2)
    (x, y), (east, _), (_, north) = frame.flatten(
        [middle[::-1], (middle[1] + 0.005, middle[0]), (middle[1], middle[0] + 0.005)]
    )
    here = Coordinate(*middle)
    assert east - x == pytest.approx(distance_between_m(here, Coordinate(middle[0], middle[1] + 0.005)), rel=0.01)
    assert north - y == pytest.approx(distance_between_m(here, Coordinate(middle[0] + 0.005, middle[1])), rel=0.01)
    bar_m = choose_bar_m(frame.width_m)
    assert frame.width_m / 10.001 <= bar_m <= frame.width_m / 4
    assert f"{bar_m:e}"[0] in "125"
    assert float(f"{bar_m:.0e}") == pytest.approx(bar_m)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("22.6,120.2,22.7", "write south,west,north,east"),
        ("a,b,c,d", "write south,west,north,east"),
        ("nan,120.2,22.7,120.3", "south is below north"),
        ("22.7,120.2,22.6,120.3", "south is below north"),
        ("22.6,120.2,22.7,190", "all of it on a map"),
        ("0,0,40,40", "no map of a city"),
    ],
)
def test_what_is_no_box_is_refused_with_the_remedy(text, told):
    """Four numbers, the right way round, on Earth, small enough to be flat."""
    with pytest.raises(GraphRefused, match=told):
        parse_box(text)


def test_the_map_shows_where_vehicles_run_or_everything(graph, kaohsiung):
    """By default the stops of lines; everything where it is asked for; too wide a network asks for a box."""
    near, whole = find_frame(graph), find_whole(graph)
    s4, d = graph.nodes["shared:bikes/S4"], graph.nodes["stop:D"]
    assert near.west < d["lon"] < near.east < s4["lon"] < whole.east
    assert near.south < CORNER[0] < d["lat"] < near.north
    wide = nx.MultiDiGraph()
    wide.add_node("a", kind="stop", lat=0.0, lon=0.0)
    wide.add_node("b", kind="stop", lat=50.0, lon=0.0)
    with pytest.raises(GraphRefused, match="--bbox south,west,north,east"):
        find_whole(wide)
    one = nx.MultiDiGraph()
    one.add_node("a", kind="stop", lat=10.0, lon=20.0)
    assert find_whole(one).height_m == pytest.approx(400, rel=0.01)


def test_letters_that_no_font_has_are_known_beforehand():
    """The plain font has Latin; what it lacks is looked for in others, and what none has is named."""
    assert choose_letters(["Alpha é"]) == (("DejaVu Sans",), frozenset())
    bare = choose_letters(["Alpha 高雄"], wider=("No Such Family",))
    assert bare == (("DejaVu Sans",), frozenset("高雄"))
    assert bare.has("Alpha")
    assert not bare.has("高")
    assert find_words("zh-TW")["walk"] == "步行"
    assert find_words("pt-BR") == find_words("en")
    assert find_words("en").keys() == find_words("zh").keys()


def test_colours_that_paper_does_not_show_are_replaced():
    """A feed's own colour, yellow too, unless it is missing, no colour, or white."""
    colours = [find_colour(text, "#123456") for text in ("E20B65", "FFFF33", "", "FFFFFF", "GG0000", "E20", "+20B65")]
    assert colours == ["#E20B65", "#FFFF33", *["#123456"] * 5]


@given(st.lists(st.tuples(st.integers(-50, 50), st.integers(-50, 50)), min_size=2, max_size=8), st.floats(-5, 5))
def test_lines_that_share_a_way_lie_side_by_side(points, aside):
    """A shifted line is nowhere farther away than twice the distance; along a straight one it is exactly there."""
    line = np.array(points, float)
    shifted = shift(line, aside)
    kept = line[np.append(True, (np.diff(line, axis=0) != 0).any(axis=1))]
    if len(kept) > 1 and aside:
        gaps = np.hypot(*(shifted - kept).T)
        assert (gaps <= 2 * abs(aside) + 1e-9).all()
        assert gaps[[0, -1]] == pytest.approx(abs(aside))
    east = turn_east(line)
    assert (east == turn_east(line[::-1])).all() or (line[0] == line[-1]).all()
    corner = shift(np.array([(0.0, 0.0), (10.0, 0.0), (10.0, 10.0)]), 1.0)
    assert corner == pytest.approx(np.array([(0.0, 1.0), (9.0, 1.0), (9.0, 10.0)]))


def test_a_picture_has_the_legend_of_what_it_shows(parts, tmp_path):
    """Lines by name, how many there are of everything else, names of stations, title, day and sources; the same graph
    makes the same bytes.
    """
    timetable = parts.network.build_timetable(DATE)
    graph = build_multimodal(parts, timetable, language="en")
    look = Look("Town", "en", "Town's own data")
    drawn = draw_picture(graph, tmp_path / "a.svg", look, find_whole(graph))
    assert drawn.outside == {}
    told = (tmp_path / "a.svg").read_text()
    for words in (
        "Red Alpha – Gamma", "Bus: 1 route", "Station (3)", "Stop (1)", "Bikes: station (4)", "Car park (1)", "Street",
        "On-demand zone (1)", "Town", "Network on 2026-07-15",
        "Town's own data; © OpenStreetMap contributors, ODbL 1.0",
    ):  # fmt: skip
        assert f"<!-- {words} -->" in told, words
    assert "Walk" not in told
    assert draw_picture(graph, tmp_path / "b.svg", look, find_whole(graph)) == drawn
    assert (tmp_path / "b.svg").read_bytes() == (tmp_path / "a.svg").read_bytes()
    near = draw_picture(graph, tmp_path / "c.svg", replace(look, layers=frozenset(Layer)), parse_box(NEAR))
    assert near.outside == {"shared_station": 1, "stop": 1}
    assert near.names + near.unwritten == 4  # three stations and the zone, whose name needs a Chinese font
    assert near.unwritten == (not choose_letters(["甲區"]).has("甲區"))
    told = (tmp_path / "c.svg").read_text()
    for words in ("Bikes: station (3)", "Walk", "Ride to the next stations"):
        assert f"<!-- {words} -->" in told, words


@pytest.mark.parametrize("ending", [".svg", ".png", ".pdf"])
def test_pictures_are_of_the_kind_that_their_name_says(graph, tmp_path, ending):
    """SVG, PNG and PDF, of any choice of layers, even of none of the town."""
    heads = {".svg": b"<?xml", ".png": b"\x89PNG", ".pdf": b"%PDF-"}
    for number, layers in enumerate([frozenset({layer}) for layer in Layer]):
        path = tmp_path / f"{number}{ending}"
        draw_picture(take_layers(graph, layers), path, Look("甲", "zh", "", 60, layers))
        assert path.read_bytes().startswith(heads[ending])
    elsewhere = draw_picture(graph, tmp_path / f"sea{ending}", Look("Sea"), parse_box("10,110,10.1,110.1"))
    assert elsewhere.names == 0
    assert sum(elsewhere.outside.values()) == len(graph)


def test_a_picture_that_cannot_be_written_is_refused(graph, tmp_path):
    """Another ending, a folder that is not there, and one that is a file."""
    for path, told in (("town.html", r"\.svg, \.png or \.pdf"), ("no/town.png", "no folder"), ("x.png", "cannot be")):
        (tmp_path / "x.png").mkdir(exist_ok=True)
        with pytest.raises(GraphRefused, match=told):
            draw_picture(graph, tmp_path / path, Look("Town"))


@pytest.fixture
def command(tmp_path, monkeypatch):
    """Run `changtong network` in an empty folder beside a feed `town.zip` and its streets; its exit code."""
    monkeypatch.chdir(tmp_path)
    feed_zip(town_text(), tmp_path / "town.zip")
    town_streets().write(tmp_path / "town.osm.pbf")
    return lambda *words: app(["network", *words], result_action="return_value")


def test_the_command_draws_a_feed_with_its_streets(command, tmp_path, capsys):
    """It names the file, counts what is in it, and says what hangs apart; --json is the same for machines."""
    words = ("draw", "--gtfs", "town.zip", "--streets", "town.osm.pbf", "--date", "2026-07-15", "--language", "en")
    assert command(*words, "--out", "map.png", "--dpi", "60") == 0
    out = capsys.readouterr().out
    assert re.match(r"map\.png  \d+ kB, the network on 2026-07-15\n", out)
    assert "nodes    4 stops, 25 of streets, 1 on-demand zones" in out
    assert "1 stops that nothing leads to: stop:D" in out
    assert command(*words, "--json") == 0
    facts = json.loads(capsys.readouterr().out)
    assert (tmp_path / facts["file"]).read_text().startswith("<?xml")
    assert facts["nodes"] == {"stop": 4, "street": 25, "zone": 1}
    assert facts["unreached"] == ["stop:D"]
    assert facts["pieces"]["weak"] == [4]
    assert len(facts["bbox"]) == 4


def test_the_command_exports_what_is_asked_for(command, tmp_path, capsys):
    """A map of some layers, or a graph of all; the file holds what was counted."""
    assert command("export", "--gtfs", "town.zip", "--layers", "transit,zones", "--date", "2026-07-15", "--json") == 0
    facts = json.loads(capsys.readouterr().out)
    assert facts["edges"] == {"on_demand": 2, "ride": 3}
    features = json.loads((tmp_path / facts["file"]).read_text())["features"]
    assert len(features) == sum(facts["nodes"].values()) + sum(facts["edges"].values())
    assert (
        command("export", "--gtfs", "town.zip", "--streets", "town.osm.pbf", "--profile", "car", "--out", "t.graphml")
        == 0
    )
    assert len(nx.read_graphml(tmp_path / "t.graphml")) == 4 + 25 + 1


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("draw", "--out", "map.html"), "write a .svg, .png or .pdf file"),
        (("draw", "--out", "no/map.svg"), "there is no folder no"),
        (("draw", "--bbox", "1,2,3"), "'1,2,3' is no box"),
        (("draw", "--layers", "roads"), "'roads' is no layer"),
        (("draw", "--dpi", "5"), "20 to 600"),
        (("draw", "--date", "2020-01-01", "--gtfs", "town.zip"), "valid from 2026-07-01 to 2026-07-29"),
        (("draw", "--streets", "town.osm.pbf"), "--streets belongs to a feed"),
        (("draw", "--gtfs", "nowhere.zip"), "nowhere.zip"),
        (("draw", "--city", "atlantis"), "atlantis"),
        (("draw", "--gtfs", "town.zip", "--streets", "town.zip"), "town.zip"),
        (("export", "--out", "map.svg"), "write a .geojson or .graphml file"),
    ],
)
def test_what_cannot_be_done_is_told_in_one_line(command, capsys, words, told):
    """Exit code 2 and one line with the remedy, before anything long has begun where that is possible."""
    assert command(*words) == 2
    error = capsys.readouterr().err
    assert told in error
    assert len(error.strip().splitlines()) == 1


def test_a_name_without_letters_is_left_out_and_told(graph, tmp_path):
    """Where no font has the letters of the names, the picture is drawn without them and says how many they are."""
    drawn = draw_picture(graph, tmp_path / "town.svg", Look("鎮", "zh"), fonts=())
    assert drawn.unwritten == 4 + len(STATIONS) + 1 + 1
    assert drawn.names == 0
    told = (tmp_path / "town.svg").read_text()
    assert "<!-- □ -->" in told  # the title
    assert "<!-- Car park (1) -->" in told  # the legend is not Chinese, either
