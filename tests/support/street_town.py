"""Small street maps: drawn in metres, written as OpenStreetMap extracts with osmium, read back as graphs."""

from dataclasses import dataclass, field
from math import cos, inf, radians
from pathlib import Path

import networkx as nx
import osmium

from mobility.streets.check import to_networkx
from mobility.streets.compile import read_streets
from mobility.streets.profiles import Profile

METRES_PER_DEGREE = 111_194.93  # on the sphere of mobility.geodesy


@dataclass
class Town:
    """Nodes by name, metres east and north of ``at``; tags as text: ``highway=residential oneway=yes``, or as a mapping
    where values hold spaces.
    """

    at: tuple[float, float] = (22.63, 120.30)
    nodes: dict = field(default_factory=dict)
    ways: dict = field(default_factory=dict)
    relations: list = field(default_factory=list)

    def node(self, name, east_m, north_m, tags=""):
        """A node; its OSM id is 1, 2, ... in the order of drawing."""
        lat = self.at[0] + north_m / METRES_PER_DEGREE
        lon = self.at[1] + east_m / METRES_PER_DEGREE / cos(radians(self.at[0]))
        return self.node_at(name, lat, lon, tags)

    def node_at(self, name, lat, lon, tags=""):
        """A node at a coordinate."""
        self.nodes[name] = (len(self.nodes) + 1, lat, lon, read_tags(tags))
        return self

    def way(self, nodes, tags="highway=residential", name=""):
        """A way along nodes, as ``"a b c"``; its OSM id is 101, 102, ..., which is returned. Nodes that were not drawn
        are references to nothing.
        """
        way_id = 101 + len(self.ways)
        self.ways[way_id] = (nodes.split(), read_tags(tags) | ({"name": name} if name else {}))
        return way_id

    def restrict(self, kind, start, via, end, tags=""):
        """A turn restriction from a way by a node (its name) or ways (a list of ids) to a way; several ways at either
        end as lists. Its OSM id is 1001, 1002, ...
        """
        starts, ends = ([one] if isinstance(one, int) else one for one in (start, end))
        vias = [("n", self.nodes[via][0], "via")] if isinstance(via, str) else [("w", one, "via") for one in via]
        members = [("w", one, "from") for one in starts] + vias + [("w", one, "to") for one in ends]
        kind = {"restriction": kind} if kind else {}
        self.relations.append((1001 + len(self.relations), members, {"type": "restriction"} | kind | read_tags(tags)))

    def write(self, path: Path) -> Path:
        """The extract, sorted as extracts are."""
        ids = {name: node_id for name, (node_id, *_) in self.nodes.items()}
        with osmium.SimpleWriter(str(path), overwrite=True) as writer:
            for node_id, lat, lon, tags in self.nodes.values():
                writer.add_node(osmium.osm.mutable.Node(id=node_id, location=(lon, lat), tags=tags, version=1))
            for way_id, (names, tags) in self.ways.items():
                refs = [ids.get(name, 900_000 + number) for number, name in enumerate(names)]
                writer.add_way(osmium.osm.mutable.Way(id=way_id, nodes=refs, tags=tags, version=1))
            for relation_id, members, tags in self.relations:
                writer.add_relation(osmium.osm.mutable.Relation(id=relation_id, members=members, tags=tags, version=1))
        return path

    def read(self, folder: Path, **options):
        """The graph of this town, ready to be asked by the names of its nodes."""
        graph, notices = read_streets(self.write(folder / "town.osm.pbf"), **options)
        return ReadTown(graph, notices, {name: node_id for name, (node_id, *_) in self.nodes.items()})


class ReadTown:
    """A graph, and answers from its networkx twin."""

    def __init__(self, graph, notices, ids):
        self.graph, self.notices = graph, notices
        self._ids, self._models = ids, {}

    def number(self, name):
        """The street node that was drawn under this name; None where it is none."""
        found = (self.graph.node_osm_id == self._ids[name]).nonzero()[0]
        return int(found[0]) if len(found) else None

    def model(self, profile):
        """The networkx twin of a profile."""
        if profile not in self._models:
            self._models[profile] = to_networkx(self.graph, profile)
        return self._models[profile]

    def seconds(self, profile, start, end):
        """Travel time between two named nodes, infinite where there is no way."""
        model, goal = self.model(profile), self.number(end)
        times = nx.single_source_dijkstra_path_length(model, self.number(start), weight="seconds")
        return min((s for node, s in times.items() if model.nodes[node]["street_node"] == goal), default=inf)

    def is_linked(self, profile, start, end):
        """Whether there is a way at all."""
        return self.seconds(profile, start, end) < inf

    def who(self, start, end):
        """All profiles that get from one named node to another, by their initials: F, W, B, S, C."""
        return "".join(p.value[0].upper() for p in Profile if self.is_linked(p, start, end))

    def codes(self):
        """The codes of all notices, in order."""
        return [notice.code for notice in self.notices]


def read_tags(tags):
    """Tags from ``key=value key=value``, or a mapping as it is."""
    if not isinstance(tags, str):
        return dict(tags)
    return dict(pair.split("=", 1) for pair in tags.split())
