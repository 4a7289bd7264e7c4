"""From an OpenStreetMap PBF to the arrays of a street graph."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping
from pathlib import Path

import numpy as np

from mobility.geodesy import Floats
from mobility.streets.arcs import Travel, build_profile, travel_of
from mobility.streets.elevation import heights_at, read_raster
from mobility.streets.graph import Ints, ProfileGraph, Reals, StreetGraph
from mobility.streets.notices import Notices, Severity, StreetNotice, StreetsUnreadable
from mobility.streets.osm import Extract, Progress, read_extract
from mobility.streets.profiles import Profile
from mobility.streets.restrictions import Streets, forbid
from mobility.streets.segments import Segments, cut_ways
from mobility.streets.way_facts import WayFacts, evaluate


def read_streets(
    path: Path,
    *,
    elevation: Path | None = None,
    profiles: Collection[Profile] = tuple(Profile),
    progress: Progress = lambda _done, _of: None,
) -> tuple[StreetGraph, tuple[StreetNotice, ...]]:
    """The streets of an extract for these profiles, and what could not be kept of it.

    ``elevation`` is a GeoTIFF of heights in metres, geographic WGS 84; without it all is level but what ``incline``
    says. ``progress`` is told of the steps: reading, cutting, and one for each profile.

    Raises:
        StreetsUnreadable: No such file, no PBF, cut off, or no street in it; the message names the remedy.
    """
    notices, steps = Notices(path), len(profiles) + 2
    progress(0, steps)
    extract = read_extract(path, notices)
    progress(1, steps)
    facts = evaluate(extract, profiles, notices)
    segments = cut_ways(extract, facts.is_used()[extract.way_tags], notices)
    if not len(segments.seg_from):
        raise StreetsUnreadable(
            f"{path} holds ways but none of their nodes, or none that these profiles may use; "
            "take an extract that is complete (osmium extract --strategy complete_ways)"
        )
    elevation_m = _elevations(extract, segments, elevation, notices)
    travels = {profile: travel_of(profile, extract, segments, facts, elevation_m) for profile in profiles}
    forbidden = _forbid(extract, segments, travels, notices)
    _tell(notices)
    progress(2, steps)
    graphs: dict[Profile, ProfileGraph] = {}
    for profile, travel in travels.items():
        graphs[profile] = build_profile(travel, len(segments.node_row), forbidden[profile])
        progress(2 + len(graphs), steps)
    return _graph(extract, segments, facts, elevation_m, graphs), notices.list_all()


def _graph(
    extract: Extract, segments: Segments, facts: WayFacts, elevation_m: Reals, graphs: Mapping[Profile, ProfileGraph]
) -> StreetGraph:
    way, node = segments.seg_way, segments.node_row
    return StreetGraph(
        node_lat=extract.node_lat[node],
        node_lon=extract.node_lon[node],
        seg_from=segments.seg_from,
        seg_to=segments.seg_to,
        seg_length_m=segments.length_m.astype(np.float32),
        point_off=segments.point_off,
        point_lat=extract.node_lat[segments.point_row],
        point_lon=extract.node_lon[segments.point_row],
        seg_name=extract.way_name[way],
        names=extract.names,
        seg_way_id=extract.way_id[way],
        elevation_m=elevation_m,
        profiles=graphs,
        seg_kind=facts.kind[extract.way_tags[way]],
        kinds=facts.kinds,
        node_osm_id=extract.node_id[node],
    )


def _elevations(extract: Extract, segments: Segments, path: Path | None, notices: Notices) -> Reals:
    raster = read_raster(path, notices) if path else None
    if path is None or raster is None:
        return np.full(len(segments.node_row), np.nan, np.float32)
    lat, lon = extract.node_lat[segments.node_row], extract.node_lon[segments.node_row]
    found: Floats = heights_at(raster, lat, lon)
    unknown = int(np.isnan(found).sum())
    if unknown:
        notices.tell(
            "elevation_missing",
            f"{unknown} of {len(found)} nodes have no height in {path.name} and are taken as level with their "
            "neighbours; take a raster that covers the extract",
            Severity.INFO,
        )
    return found.astype(np.float32)


def _forbid(
    extract: Extract, segments: Segments, travels: Mapping[Profile, Travel], notices: Notices
) -> dict[Profile, set[tuple[int, ...]]]:
    ranges: dict[int, list[tuple[int, int]]] = defaultdict(list)
    ways, begin = np.unique(segments.seg_way, return_index=True)
    for way, low, high in zip(ways.tolist(), begin.tolist(), [*begin[1:].tolist(), len(segments.seg_way)], strict=True):
        ranges[int(extract.way_id[way])].append((low, high))
    named = {ref for one in extract.restrictions for _, is_way, ref in one.members if not is_way}
    osm_id: Ints = extract.node_id[segments.node_row]
    rows = np.flatnonzero(np.isin(osm_id, np.array(list(named), np.int64))).tolist()
    streets = Streets(ranges, {int(osm_id[row]): row for row in rows}, segments.seg_from, segments.seg_to)
    closed = {profile: travel.list_closed() for profile, travel in travels.items()}
    return forbid(extract.restrictions, streets, closed, notices)


def _tell(notices: Notices) -> None:
    notices.tell_counted(
        "way_nodes_missing",
        "ways refer to nodes that are not in the file",
        "The rest of them stays; for whole ways take a complete extract (osmium extract --strategy complete_ways)",
    )
    notices.tell_counted(
        "impossible_node",
        "nodes lie at 0,0 or off the Earth",
        "They are left out of their ways; correct them in the map",
    )
    notices.tell_counted(
        "speed_limit_unreadable",
        "ways have speed limits that are none",
        "The usual speed of their kind is taken; correct the tag in the map",
    )
    notices.tell_counted(
        "conditional_access",
        "ways are open or closed only at times",
        "What holds at such times is not read; they are as their other tags say",
        Severity.INFO,
    )
