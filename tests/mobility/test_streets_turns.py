"""Turn restrictions and ways for residents: the split graph allows exactly the paths that the rules allow."""

from math import inf

import networkx as nx
import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from street_town import Town

from mobility.streets.profiles import Profile
from mobility.streets.turns import Directed, split_nodes

FW, BS, C = (Profile.FOOT, Profile.WHEELCHAIR), (Profile.BICYCLE, Profile.SCOOTER), (Profile.CAR,)
OPEN, ENDS, CLOSED = 2, 1, 0


@st.composite
def street_rules(draw):
    """Segments between few nodes, uses and times of both directions, and forbidden sequences that are paths."""
    count = draw(st.integers(2, 5))
    node = st.integers(0, count - 1)
    ends = draw(st.lists(st.tuples(node, node).filter(lambda e: e[0] != e[1]), min_size=1, max_size=7))
    uses = draw(
        st.lists(st.sampled_from([OPEN, OPEN, OPEN, ENDS, CLOSED]), min_size=2 * len(ends), max_size=2 * len(ends))
    )
    times = draw(st.lists(st.integers(1, 9), min_size=2 * len(ends), max_size=2 * len(ends)))
    tail = [e for pair in ends for e in pair]
    forbidden = set()
    for _ in range(draw(st.integers(0, 8))):
        path = [draw(st.integers(0, len(tail) - 1))]
        for _ in range(draw(st.integers(1, 3))):
            following = [d for d in range(len(tail)) if tail[d] == tail[path[-1] ^ 1]]
            path.append(draw(st.sampled_from(following)))
        forbidden.add(tuple(path))
    return count, tail, uses, times, forbidden


def allows(path, uses, forbidden):
    """The rules as they are said: no forbidden sequence within, and residents' ways only at both ends."""
    if any(path[i : i + len(f)] == f for f in forbidden for i in range(len(path))):
        return False
    kinds = "".join("e" if uses[d] == ENDS else "o" for d in path)
    return "o" not in kinds or "e" not in kinds.strip("e")


def oracle(tail, uses, times, forbidden, start):
    """Shortest times from the end of a directed segment to the end of every other: networkx on the line graph, whose
    nodes are the last segments of a path and where it has been.
    """
    memory = max((len(f) for f in forbidden), default=2) - 1
    model = nx.DiGraph()
    first = ((start,), "e" if uses[start] == ENDS else "o")
    model.add_node(first)
    waiting, seen = [first], {first}
    while waiting:
        here = waiting.pop()
        history, been = here
        for d in range(len(tail)):
            if tail[d] != tail[history[-1] ^ 1] or uses[d] == CLOSED:
                continue
            kind = "e" if uses[d] == ENDS else "o"
            where = been if been[-1] == kind else been + kind
            if where in ("oeo", "eoeo") or any((*history, d)[-len(f) :] == f for f in forbidden):
                continue
            there = ((*history, d)[-memory:], where)
            model.add_edge(here, there, weight=times[d])
            if there not in seen:
                seen.add(there)
                waiting.append(there)
    best = {}
    for (history, _), time in nx.single_source_dijkstra_path_length(model, first).items():
        best[history[-1]] = min(best.get(history[-1], inf), time)
    return best


@settings(max_examples=300, deadline=None)
@given(street_rules())
@example((2, [0, 1], [OPEN, OPEN], [1, 1], {(0, 1)}))
@example((3, [0, 1, 1, 2], [ENDS, ENDS, OPEN, OPEN], [1, 1, 1, 1], {(0, 2, 3), (2, 3)}))
def test_the_split_graph_is_the_line_graph_with_its_rules(drawn):
    """From within every directed segment to every other the shortest time is that of networkx on the line graph."""
    count, tail, uses, times, forbidden = drawn
    ways = Directed(
        np.array(tail), np.array(tail).reshape(-1, 2)[:, ::-1].ravel(),
        np.array(uses) == OPEN, np.array(uses) == ENDS,
    )  # fmt: skip
    arcs = split_nodes(ways, count, forbidden)
    model = nx.DiGraph()
    model.add_nodes_from(range(len(arcs.node_of)))
    for a, b, d in zip(arcs.tail.tolist(), arcs.head.tolist(), arcs.directed.tolist(), strict=True):
        assert (arcs.node_of[a], arcs.node_of[b]) == (tail[d], tail[d ^ 1])
        if not model.has_edge(a, b) or model[a][b]["weight"] > times[d]:
            model.add_edge(a, b, weight=times[d])
    assert arcs.node_of[:count].tolist() == list(range(count))
    for start in range(len(tail)):
        if uses[start] == CLOSED:
            assert arcs.start_head[start] == -1
            continue
        wanted = oracle(tail, uses, times, forbidden, start)
        reached = nx.single_source_dijkstra_path_length(model, int(arcs.start_head[start]))
        for end in range(len(tail)):
            tails = arcs.tail[arcs.directed == end].tolist()
            found = min((reached[t] + times[end] for t in tails if t in reached), default=inf)
            if end != start:
                assert found == wanted.get(end, inf), (start, end)


@settings(max_examples=100, deadline=None)
@given(street_rules())
def test_every_path_in_the_split_graph_keeps_the_rules(drawn):
    """A walk through the arcs never holds a forbidden sequence nor passes a way for residents."""
    count, tail, uses, _, forbidden = drawn
    ways = Directed(
        np.array(tail), np.array(tail).reshape(-1, 2)[:, ::-1].ravel(),
        np.array(uses) == OPEN, np.array(uses) == ENDS,
    )  # fmt: skip
    arcs = split_nodes(ways, count, forbidden)
    paths = [((d,), int(arcs.start_head[d])) for d in range(len(tail)) if uses[d]]
    for _ in range(3):
        paths = [
            ((*path, d), b)
            for path, at in paths[:200]
            for a, b, d in zip(arcs.tail.tolist(), arcs.head.tolist(), arcs.directed.tolist(), strict=True)
            if a == at
        ]
        assert all(allows(path, uses, forbidden) for path, _ in paths)


@pytest.fixture
def junction():
    """Four streets a, b, c, d (west, south, east, north) of 100 m that meet in m, each on to a far end."""
    town = Town()
    for name, east, north in (("m", 0, 0), ("w", -100, 0), ("s", 0, -100), ("e", 100, 0), ("n", 0, 100)):
        town.node(name, east, north)
    return town, {name: town.way(f"{name} m") for name in "wsen"}


def turns(read, profile, start):
    """Which of the other ends one reaches from inside a street, each by exactly two segments."""
    graph = read.graph.profiles[profile]
    segment = next(s for s, n in enumerate(read.graph.seg_from) if n == read.number(start))
    node = graph.start_head[2 * segment]
    ends = {read.number(name): name for name in "wsen"}
    heads = graph.head[graph.offset[node] : graph.offset[node + 1]]
    return "".join(sorted(ends[int(graph.node_of[h])] for h in heads))


def test_a_forbidden_turn(junction, tmp_path):
    """A no_ turn holds for vehicles from its way only; walkers go as they like."""
    town, ways = junction
    town.restrict("no_left_turn", ways["w"], "m", ways["n"])
    read = town.read(tmp_path)
    for profile in (*BS, *C):
        assert turns(read, profile, "w") == "esw"
        assert turns(read, profile, "s") == "ensw"
    for profile in FW:
        assert turns(read, profile, "w") == "ensw"
    assert read.notices == ()


def test_an_only_turn(junction, tmp_path):
    """An only_ turn forbids every other one, the U-turn too; a second one from the same way leaves both."""
    town, ways = junction
    town.restrict("only_straight_on", ways["w"], "m", ways["e"])
    assert turns(town.read(tmp_path), Profile.CAR, "w") == "e"
    town.restrict("only_right_turn", ways["w"], "m", ways["s"])
    assert turns(town.read(tmp_path), Profile.CAR, "w") == "es"


def test_a_forbidden_u_turn(junction, tmp_path):
    """One may turn back anywhere but where that is forbidden."""
    town, ways = junction
    town.restrict("no_u_turn", ways["w"], "m", ways["w"])
    read = town.read(tmp_path)
    assert turns(read, Profile.CAR, "w") == "ens"
    assert turns(read, Profile.CAR, "e") == "ensw"


@pytest.mark.parametrize(
    ("key", "value", "tags", "whom"),
    [
        ("restriction", "no_left_turn", "except=bicycle", "SC"),
        ("restriction", "no_left_turn", "except=psv;motorcycle", "BC"),
        ("restriction:motorcar", "no_left_turn", "", "C"),
        ("restriction:motorcycle", "no_left_turn", "", "S"),
        ("restriction:motor_vehicle", "no_left_turn", "", "SC"),
        ("restriction:bicycle", "no_left_turn", "", "B"),
        ("restriction:foot", "no_left_turn", "", "FW"),
        ("restriction:hgv", "no_left_turn", "", ""),
    ],
)
def test_whom_a_restriction_holds_for(junction, tmp_path, key, value, tags, whom):
    """Vehicles unless the key or ``except`` say otherwise."""
    town, ways = junction
    town.restrict("", ways["w"], "m", ways["n"], f"{key}={value} {tags}")
    read = town.read(tmp_path)
    assert "".join(p.value[0].upper() for p in Profile if "n" not in turns(read, p, "w")) == whom
    assert read.notices == ()


def test_a_rule_for_one_vehicle_goes_before_that_for_all(junction, tmp_path):
    """Cars must take the one street that all others may not."""
    town, ways = junction
    town.restrict("no_left_turn", ways["w"], "m", ways["n"], "restriction:motorcar=only_straight_on")
    read = town.read(tmp_path)
    assert turns(read, Profile.CAR, "w") == "n"
    assert turns(read, Profile.SCOOTER, "w") == "esw"


def test_entries_and_exits_of_many_ways(junction, tmp_path):
    """no_entry has many ways before, no_exit many after its node."""
    town, ways = junction
    town.restrict("no_entry", [ways["w"], ways["s"]], "m", ways["n"])
    town.restrict("no_exit", ways["e"], "m", [ways["w"], ways["s"]])
    read = town.read(tmp_path)
    assert [turns(read, Profile.CAR, name) for name in "wsen"] == ["esw", "esw", "en", "ensw"]


@pytest.fixture
def dual(tmp_path):
    """A dual carriageway: west to east in the south (a b c), back in the north (d e f), joined by the way b e."""
    town = Town()
    for name, east, north in (("a", -99, 0), ("b", 0, 0), ("c", 99, 0), ("d", 99, 20), ("e", 0, 20), ("f", -99, 20)):
        town.node(name, east, north)
    names = {pair: town.way(" ".join(pair), "highway=primary oneway=yes") for pair in ("ab", "bc", "de", "ef")}
    return town, names | {"be": town.way("b e", "highway=primary_link")}


def test_a_restriction_by_a_way(dual, tmp_path):
    """no_u_turn over the link: one may take the link, and leave it, but not as that one path."""
    town, ways = dual
    assert town.read(tmp_path).is_linked(Profile.CAR, "a", "f")
    town.restrict("no_u_turn", ways["ab"], [ways["be"]], ways["ef"])
    read = town.read(tmp_path)
    assert not read.is_linked(Profile.CAR, "a", "f")
    assert read.is_linked(Profile.CAR, "a", "e")
    assert read.is_linked(Profile.CAR, "b", "f")
    assert read.is_linked(Profile.CAR, "d", "c")
    assert read.codes() == ["restriction_via_way"]
    assert "1001" in read.notices[0].message


def test_an_only_by_a_way(dual, tmp_path):
    """Who comes by the first way must follow the whole path; who joins it later need not."""
    town, ways = dual
    town.node("g", 0, 60)
    ways["eg"] = town.way("e g", "highway=residential oneway=yes")
    town.restrict("only_straight_on", ways["ab"], [ways["be"]], ways["eg"])
    read = town.read(tmp_path)
    assert read.is_linked(Profile.CAR, "a", "g")
    assert not read.is_linked(Profile.CAR, "a", "c")
    assert read.is_linked(Profile.CAR, "b", "f")


def test_a_via_way_of_several_segments(dual, tmp_path):
    """A way between that is itself crossed is one path from end to end."""
    town, ways = dual
    town.node("x", 0, 10).node("y", 40, 10)
    town.ways[ways["be"]] = (["b", "x", "e"], {"highway": "primary_link"})
    town.way("x y")
    town.restrict("no_u_turn", ways["ab"], [ways["be"]], ways["ef"])
    read = town.read(tmp_path)
    # a detour over the side street and back is another path
    straight = town.read(tmp_path).seconds(Profile.CAR, "b", "f")
    assert read.seconds(Profile.CAR, "a", "f") > straight + read.seconds(Profile.CAR, "a", "b")
    assert read.is_linked(Profile.CAR, "a", "y")
    assert read.is_linked(Profile.CAR, "y", "f")


def test_a_side_street_in_a_block(junction, tmp_path):
    """A forbidden turn is driven around, if there is a block to drive around."""
    town, ways = junction
    town.restrict("no_left_turn", ways["w"], "m", ways["n"])
    town.restrict("no_u_turn", ways["e"], "m", ways["e"])
    for tags in ("highway=residential",):
        town.way("e n", tags)
    read = town.read(tmp_path)
    direct = read.seconds(Profile.CAR, "w", "m") + read.seconds(Profile.CAR, "m", "n")
    around = sum(read.seconds(Profile.CAR, a, b) for a, b in ("wm", "me", "en"))
    assert read.seconds(Profile.CAR, "w", "n") == pytest.approx(
        min(around, direct + 2 * read.seconds(Profile.CAR, "m", "s"))
    )
    assert read.seconds(Profile.CAR, "w", "n") > direct


def test_the_direction_of_a_street_settles_an_unclear_rule(junction, tmp_path):
    """A one-way street that goes on through the via is meant before it; hints of where the sign stands do no harm."""
    town, ways = junction
    through = town.way("w m e", "highway=residential oneway=yes")
    for name in "we":
        del town.ways[ways[name]]
    town.restrict("no_left_turn", through, "m", ways["n"])
    town.relations[-1][1].append(("n", 77, "location_hint"))
    read = town.read(tmp_path)
    assert read.notices == ()
    assert turns(read, Profile.CAR, "w") == "es"
    assert turns(read, Profile.CAR, "s") == "ens"


def test_restrictions_that_cannot_be_kept_are_told(junction, tmp_path):
    """At times only, of unknown kind, from a way that passes its via, to what is no street: each has its notice."""
    town, ways = junction
    through = town.way("w m e")
    river = town.way("w n", "waterway=river")
    town.restrict("", ways["w"], "m", ways["n"], {"restriction:conditional": "no_left_turn @ (07:00-09:00)"})
    town.restrict("no_left_turn", ways["w"], "m", ways["n"], "day_on=Monday")
    town.restrict("give_way", ways["w"], "m", ways["n"])
    town.restrict("no_left_turn", through, "m", ways["n"])
    town.restrict("no_left_turn", ways["w"], "m", river)
    town.restrict("no_left_turn", ways["w"], "m", [])
    read = town.read(tmp_path)
    counts = {notice.code: notice.message.split(": ")[1].split()[0] for notice in read.notices}
    assert counts == {
        "restriction_conditional": "2",
        "restriction_unknown": "1",
        "restriction_outside": "1",
        "restriction_unclear": "2",
    }
    assert turns(read, Profile.CAR, "s") == "eensww"


def test_an_only_into_a_closed_way_binds_nobody_who_cannot_take_it(junction, tmp_path):
    """Cars must turn into the street for cars only; scooters, which may not, go as they like."""
    town, ways = junction
    town.ways[ways["e"]] = (["e", "m"], {"highway": "residential", "motorcycle": "no"})
    town.restrict("only_straight_on", ways["w"], "m", ways["e"])
    read = town.read(tmp_path)
    assert turns(read, Profile.CAR, "w") == "e"
    assert turns(read, Profile.SCOOTER, "w") == "nsw"


def test_residents_ways_are_no_short_cut(junction, tmp_path):
    """A private way between two streets is reached from both and left to both, and never passed."""
    town, _ = junction
    town.node("p", 90, -90).node("q", 95, -95)
    town.way("s p e", "highway=service access=private")
    town.way("p q", "highway=service access=private")
    read = town.read(tmp_path)
    model = read.model(Profile.CAR)
    for end in "se":
        assert read.is_linked(Profile.CAR, end, "q")
        assert read.is_linked(Profile.CAR, "q", end)
    by_street = read.seconds(Profile.CAR, "s", "m") + read.seconds(Profile.CAR, "m", "e")
    assert read.seconds(Profile.CAR, "s", "e") == pytest.approx(by_street)
    assert nx.number_of_nodes(model) > len(read.graph.node_lat)


def test_a_shut_node_is_reached_from_all_sides_and_passed_from_none(junction, tmp_path):
    """A wall across a junction: all four streets end there."""
    town, _ = junction
    town.nodes["m"] = (*town.nodes["m"][:3], {"barrier": "wall"})
    read = town.read(tmp_path)
    for profile in Profile:
        assert [turns(read, profile, name) for name in "wsen"] == ["w", "s", "e", "n"]
