"""The streets of one profile as a networkx graph: for checks, export and drawing, never for answering queries."""

from __future__ import annotations

import networkx as nx

from mobility.streets.graph import StreetGraph
from mobility.streets.profiles import Profile


def to_networkx(graph: StreetGraph, profile: Profile) -> nx.MultiDiGraph:
    """Every search node (``lat``, ``lon``, ``street_node``, ``osm_id``) and arc (key: its number; ``seconds``,
    ``metres``, ``name``, ``kind``, ``osm_way``, ``directed_segment``) of a profile.

    Raises:
        KeyError: The graph was read without this profile.
    """
    arcs = graph.profiles[profile]
    model = nx.MultiDiGraph(profile=str(profile), attribution=graph.attribution)
    for number, node in enumerate(arcs.node_of.tolist()):
        model.add_node(
            number,
            lat=float(graph.node_lat[node]),
            lon=float(graph.node_lon[node]),
            street_node=node,
            osm_id=int(graph.node_osm_id[node]),
        )
    ends = zip(arcs.tail.tolist(), arcs.head.tolist(), arcs.arc_seg.tolist(), arcs.time_ds.tolist(), strict=True)
    for number, (tail, head, directed, time_ds) in enumerate(ends):
        segment = directed >> 1
        model.add_edge(
            tail,
            head,
            key=number,
            seconds=time_ds / 10,
            metres=float(graph.seg_length_m[segment]),
            name=graph.names[graph.seg_name[segment]],
            kind=graph.kinds[graph.seg_kind[segment]],
            osm_way=int(graph.seg_way_id[segment]),
            directed_segment=directed,
        )
    return model
