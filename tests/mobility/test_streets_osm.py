"""Reading extracts: what becomes of ways and nodes, and of files that are damaged or strange."""

import numpy as np
import osmium
import pytest
from street_town import Town

from mobility.geodesy import great_circle_m
from mobility.streets.compile import read_streets
from mobility.streets.notices import StreetsUnreadable
from mobility.streets.profiles import Profile


@pytest.fixture
def cross():
    """Two streets that cross in m; the one from west to east has a bend at b."""
    town = Town()
    for name, east, north in (("w", -100, 0), ("m", 0, 0), ("b", 50, 10), ("e", 100, 0), ("n", 0, 100), ("s", 0, -100)):
        town.node(name, east, north)
    town.way("w m b e", name="East Street")
    town.way("n m s", name="North Street")
    return town


def test_nodes_are_where_ways_meet_and_end(cross, tmp_path):
    """A bend is no node but a point of the shape; names and ways stay with the segments."""
    read = cross.read(tmp_path)
    graph = read.graph
    assert read.number("b") is None
    assert len(graph.node_lat) == 5
    assert sorted(graph.names[n] for n in graph.seg_name) == ["East Street"] * 2 + ["North Street"] * 2
    bent = [s for s in range(4) if graph.point_off[s + 1] - graph.point_off[s] == 3]
    assert [int(graph.seg_way_id[s]) for s in bent] == [101]
    assert read.notices == ()


def test_length_and_shape_are_those_of_the_map(cross, tmp_path):
    """Every segment is as long as its shape, which begins and ends at its nodes."""
    graph = cross.read(tmp_path).graph
    for s in range(len(graph.seg_from)):
        lat, lon = (a[graph.point_off[s] : graph.point_off[s + 1]] for a in (graph.point_lat, graph.point_lon))
        assert graph.seg_length_m[s] == pytest.approx(great_circle_m(lat[:-1], lon[:-1], lat[1:], lon[1:]).sum())
        assert (lat[0], lon[0]) == (graph.node_lat[graph.seg_from[s]], graph.node_lon[graph.seg_from[s]])
        assert (lat[-1], lon[-1]) == (graph.node_lat[graph.seg_to[s]], graph.node_lon[graph.seg_to[s]])
    assert graph.seg_length_m.sum() == pytest.approx(200 + 100 + 2 * np.hypot(50, 10), rel=1e-4)


def test_no_segment_begins_where_it_ends(tmp_path):
    """A round that meets nothing, a loop at the end of a street and a way there and back are cut at their middle."""
    town = Town()
    for name, east, north in (("a", 0, 0), ("b", 50, 0), ("c", 50, 50), ("d", 0, 50), ("x", -50, 0), ("y", -90, 0)):
        town.node(name, east, north)
    town.way("a b c d a")
    town.way("x a")
    town.way("x y x")
    graph = town.read(tmp_path).graph
    assert (graph.seg_from != graph.seg_to).all()
    assert graph.seg_length_m.sum() == pytest.approx(200 + 50 + 80, rel=1e-4)


def test_what_is_no_street_is_left_out(cross, tmp_path):
    """Building sites, plans, ferries and houses make no segments."""
    for tags in ("highway=construction", "highway=proposed", "highway=abandoned", "route=ferry", "building=yes"):
        cross.way("n e", tags)
    cross.way("n w", "highway=residential access=no")
    assert len(cross.read(tmp_path).graph.seg_from) == 4


def test_platforms_and_piers_are_walked_on(cross, tmp_path):
    """A way tagged as a platform of a railway or bus, or as a pier, is a street on foot."""
    for tags in ("railway=platform", "public_transport=platform", "man_made=pier"):
        cross.way("n e", tags)
    read = cross.read(tmp_path)
    assert len(read.graph.seg_from) == 7
    assert read.graph.profiles[Profile.CAR].fwd_ds[-1] == -1
    assert read.graph.profiles[Profile.FOOT].fwd_ds[-1] > 0


def test_a_missing_file_says_what_to_give(tmp_path):
    """No file, a folder: named, with the remedy."""
    with pytest.raises(StreetsUnreadable, match=r"gone\.osm\.pbf is no file; give the path"):
        read_streets(tmp_path / "gone.osm.pbf")
    with pytest.raises(StreetsUnreadable, match="is no file"):
        read_streets(tmp_path)


@pytest.mark.parametrize("content", [b"", b"no map at all" * 50, b"\x00\x00\x00\x0d" + b"OSMHeader" * 30])
def test_what_is_no_pbf_is_refused(content, tmp_path):
    """Any other content raises with osmium's reason and the remedy, never another error."""
    path = tmp_path / "other.osm.pbf"
    path.write_bytes(content)
    with pytest.raises(StreetsUnreadable, match=r"other\.osm\.pbf .*fetch the extract again"):
        read_streets(path)


def test_a_file_cut_off_anywhere_is_refused(cross, tmp_path):
    """Half a download is told as such wherever it ends, or it ends between two blocks and holds no street."""
    whole = cross.write(tmp_path / "town.osm.pbf").read_bytes()
    for size in range(1, len(whole), 7):
        path = tmp_path / "half.osm.pbf"
        path.write_bytes(whole[:size])
        with pytest.raises(StreetsUnreadable, match="fetch the extract again"):
            read_streets(path)


def test_a_file_without_streets_is_refused(tmp_path):
    """A map of houses has nothing to route on."""
    town = Town().node("a", 0, 0).node("b", 9, 0)
    town.way("a b", "building=yes")
    with pytest.raises(StreetsUnreadable, match="holds no street"):
        town.read(tmp_path)


def test_ways_without_their_nodes_are_refused(tmp_path):
    """A file of ways only has shapes of nothing."""
    town = Town()
    town.way("a b")
    with pytest.raises(StreetsUnreadable, match="none of their nodes"):
        town.read(tmp_path)


def test_a_clipped_way_keeps_its_rest(cross, tmp_path):
    """Where nodes are missing a way ends, and goes on after them: nothing leaps the gap."""
    cross.node("f", 150, 0).node("g", 200, 0)
    cross.way("e f gone g")
    cross.way("m gone s gone2 gone3 w e")
    read = cross.read(tmp_path)
    assert read.codes() == ["way_nodes_missing"]
    assert "2 ways" in read.notices[0].message
    assert "103, 104" in read.notices[0].message
    assert read.is_linked(Profile.FOOT, "e", "f")
    assert read.number("g") is None  # a single node is no way
    assert read.is_linked(Profile.FOOT, "w", "e")
    assert len(read.graph.seg_from) == 4 + 1 + 1


def test_impossible_coordinates_are_left_out(cross, tmp_path):
    """Nodes at 0,0 count as missing."""
    cross.node_at("null", 0.0, 0.0)
    cross.way("n null e")
    read = cross.read(tmp_path)
    assert read.codes() == ["way_nodes_missing", "impossible_node"]
    assert read.graph.seg_length_m.max() < 110


def test_twice_the_same_node_is_once(cross, tmp_path):
    """A node that follows itself, and two nodes at one place, do no harm."""
    cross.node("n2", 0, 100)
    cross.way("n n n2 e e")
    read = cross.read(tmp_path)
    assert read.notices == ()
    assert read.is_linked(Profile.FOOT, "n", "e")


def test_a_file_of_an_editor_is_read(tmp_path):
    """Numbers below zero, as editors give to what is not yet uploaded, are numbers like others."""
    path = tmp_path / "drawn.osm.pbf"
    with osmium.SimpleWriter(str(path)) as writer:
        for number in (1, 2):
            writer.add_node(osmium.osm.mutable.Node(id=-number, location=(120.3, 22.6 + number / 1000)))
        writer.add_way(osmium.osm.mutable.Way(id=-3, nodes=[-1, -2], tags={"highway": "residential"}))
    graph, notices = read_streets(path)
    assert graph.seg_way_id.tolist() == [-3]
    assert notices == ()


def test_speed_limits_that_are_none_are_told(cross, tmp_path):
    """Limits nobody can drive by are named with their way; words and units that mean something are not."""
    for text in ("fast", "5000", "-30", "0", "50 mph", "RO:urban", "none", "walk", "signals", "DE:zone:30", "50;30"):
        cross.way("n e", {"highway": "residential", "maxspeed": text})
    read = cross.read(tmp_path)
    assert read.codes() == ["speed_limit_unreadable"]
    assert "4 ways" in read.notices[0].message
    assert "103 maxspeed=fast" in read.notices[0].message


def test_conditional_access_is_told(cross, tmp_path):
    """What holds at times only is not read, and that is said."""
    cross.way("n e", {"highway": "residential", "motor_vehicle:conditional": "no @ (07:00-09:00)"})
    assert cross.read(tmp_path).codes() == ["conditional_access"]


def test_progress_goes_up_to_its_end(cross, tmp_path):
    """Every step is told once, in order, of a total that does not change."""
    told = []
    cross.read(tmp_path, progress=lambda done, of: told.append((done, of)))
    assert told == [(step, 7) for step in range(8)]


def test_only_the_profiles_asked_for(cross, tmp_path):
    """Ways that none of them uses are left out."""
    cross.way("n e", "highway=motorway")
    graph = cross.read(tmp_path, profiles=[Profile.FOOT]).graph
    assert list(graph.profiles) == [Profile.FOOT]
    assert len(graph.seg_from) == 4
