"""Ways, nodes and turn restrictions of an OpenStreetMap PBF, as they stand there.

Two passes: ways and restrictions first, then only the nodes that those ways use.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np
import osmium

from mobility.geodesy import Floats
from mobility.streets.graph import Ints
from mobility.streets.notices import Notices, StreetsUnreadable
from mobility.streets.ways import WAY_KEYS, kind_of

Progress = Callable[[int, int], None]
"""Told how many steps are done, of how many."""
Tags = Mapping[str, str]
NODE_KINDS = frozenset({"traffic_signals", "elevator"})
"""Values of highway on a node that matter to who passes it."""
ROLES = frozenset({"from", "via", "to"})
FETCH_AGAIN = "fetch the extract again and compare its size with the server's"


class Restriction(NamedTuple):
    """A relation type=restriction; ``members`` are (role, is_way, OSM id), those from, via and to."""

    relation_id: int
    tags: Tags
    members: tuple[tuple[str, bool, int], ...]


@dataclass(frozen=True, slots=True)
class Extract:
    """w ways with r references to nodes, of which those in the file are known: d nodes, by ascending OSM id."""

    way_id: Ints  # int64[w]
    ref_off: Ints  # int64[w+1]
    ref: Ints  # int64[r], OSM ids of nodes
    way_tags: Ints  # int32[w] into tag_sets
    tag_sets: tuple[Tags, ...]  # distinct, of the keys that matter here
    way_name: Ints  # int32[w] into names
    names: tuple[str, ...]
    node_id: Ints  # int64[d]
    node_lat: Floats  # [d]
    node_lon: Floats
    node_tags: Mapping[int, Tags]  # by OSM id: barriers, traffic lights, lifts
    restrictions: tuple[Restriction, ...]


def read_extract(path: Path, notices: Notices) -> Extract:
    """Everything of a PBF that streets are made of.

    Raises:
        StreetsUnreadable: There is no such file, it is not a PBF, it is cut off, or it holds no street.
    """
    if not path.is_file():
        raise StreetsUnreadable(f"{path} is no file; give the path of an OpenStreetMap extract (.osm.pbf)")
    try:
        ways = _Ways()
        for entity in osmium.FileProcessor(_pbf(path), osmium.osm.WAY | osmium.osm.RELATION).with_filter(
            osmium.filter.KeyFilter("highway", "railway", "public_transport", "man_made", "restriction", "type")
        ):
            ways.take(entity, notices)
        if not ways.way_id:
            raise StreetsUnreadable(
                f"{path} holds no street; take an extract whose ways and nodes are not filtered, or {FETCH_AGAIN}"
            )
        return _read_nodes(path, ways, notices)
    except (RuntimeError, ValueError) as error:
        raise StreetsUnreadable(f"{path} cannot be read as an OpenStreetMap PBF ({error}); {FETCH_AGAIN}") from error


def _pbf(path: Path) -> osmium.io.File:
    return osmium.io.File(str(path), "pbf")


class _Ways:
    """Columns that grow while the file is read."""

    def __init__(self) -> None:
        self.way_id, self.ref, self.ref_end = array("q"), array("q"), array("q")
        self.way_tags, self.way_name = array("i"), array("i")
        self.tag_sets: dict[tuple[tuple[str, str], ...], int] = {}
        self.names: dict[str, int] = {"": 0}
        self.restrictions: list[Restriction] = []

    def take(self, entity: object, notices: Notices) -> None:
        if isinstance(entity, osmium.osm.Relation) and not entity.deleted:
            if entity.tags.get("type") == "restriction":
                # what is neither node nor way has no number that any of these has
                members = tuple(
                    (member.role, member.type == "w", member.ref if member.type in "nw" else 0)
                    for member in entity.members
                    if member.role in ROLES
                )
                self.restrictions.append(Restriction(entity.id, dict(entity.tags), members))
        elif isinstance(entity, osmium.osm.Way) and not entity.deleted and kind_of(entity.tags):
            self._take_way(entity, notices)

    def _take_way(self, way: osmium.osm.Way, notices: Notices) -> None:
        tags = dict(way.tags)
        facts = tuple(sorted((key, tags[key]) for key in WAY_KEYS & tags.keys()))
        if any(key.endswith(":conditional") for key in tags):
            notices.count("conditional_access", str(way.id))
        self.way_id.append(way.id)
        self.ref.extend(node.ref for node in way.nodes)
        self.ref_end.append(len(self.ref))
        self.way_tags.append(self.tag_sets.setdefault(facts, len(self.tag_sets)))
        name = tags.get("name") or tags.get("ref") or ""
        self.way_name.append(self.names.setdefault(name, len(self.names)))


def _read_nodes(path: Path, ways: _Ways, notices: Notices) -> Extract:
    ids, lat, lon = array("q"), array("d"), array("d")
    node_tags: dict[int, Tags] = {}
    wanted = set(ways.ref)  # trap: osmium's own filter by id takes up to a gigabyte whatever the extract
    for node in osmium.FileProcessor(_pbf(path), osmium.osm.NODE):
        if node.id not in wanted:
            continue
        where = node.location  # type: ignore[union-attr]  # only nodes are read
        if not where.valid() or (where.lat == 0.0 and where.lon == 0.0):
            notices.count("impossible_node", str(node.id))
            continue
        ids.append(node.id)
        lat.append(where.lat)
        lon.append(where.lon)
        if len(node.tags) and ("barrier" in node.tags or node.tags.get("highway") in NODE_KINDS):
            node_tags[node.id] = dict(node.tags)
    node_id = np.frombuffer(ids, np.int64) if ids else np.zeros(0, np.int64)
    _, at = np.unique(node_id, return_index=True)
    return Extract(
        way_id=np.array(ways.way_id, np.int64),
        ref_off=np.array([0, *ways.ref_end], np.int64),
        ref=np.array(ways.ref, np.int64),
        way_tags=np.array(ways.way_tags, np.int32),
        tag_sets=tuple(dict(facts) for facts in ways.tag_sets),
        way_name=np.array(ways.way_name, np.int32),
        names=tuple(ways.names),
        node_id=node_id[at],
        node_lat=np.array(lat, np.float64)[at],
        node_lon=np.array(lon, np.float64)[at],
        node_tags=node_tags,
        restrictions=tuple(ways.restrictions),
    )
