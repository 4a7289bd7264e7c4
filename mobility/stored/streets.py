"""The streets of a store: read from a map extract once, with the hierarchies that searches climb, as mapped arrays.

They belong to one network, whose footpaths lead along them, and are refused beside another.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple

import numpy as np

from gtfs.notices import Notice, Severity
from mobility.network.packing import pack, unpack
from mobility.network.store import AnyArray, StoreError, open_arrays, write_arrays
from mobility.streets.fallback import WithFallback
from mobility.streets.graph import StreetGraph
from mobility.streets.great_circle import GreatCircle
from mobility.streets.hierarchy import Hierarchy
from mobility.streets.notices import StreetNotice
from mobility.streets.profiles import Profile
from mobility.streets.streets_router import StreetNetworkRouter

OURS = "changtong_streets_"
_NONE_YET: Mapping[Profile, Hierarchy] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class StoredStreets:
    """Streets with the hierarchies of their profiles, mapped: nothing is read, nothing is computed."""

    graph: StreetGraph
    hierarchies: Mapping[Profile, Hierarchy]

    def open_router(self) -> WithFallback:
        """A router that answers at once; it keeps a grid over the streets of its own."""
        return open_router(self.graph, self.hierarchies)


class ReadStreets(NamedTuple):
    """Streets that were read from an extract, and what could not be kept of it."""

    router: WithFallback
    notices: tuple[Notice, ...]


def read_streets(path: Path, elevation: Path | None, progress: Callable[[int, int], None]) -> ReadStreets:
    """The streets of an OpenStreetMap extract for every profile; without hierarchies yet.

    Raises:
        StreetsUnreadable: It is missing, no PBF, cut off, or holds no street.
    """
    # osmium and tifffile are not for those who only open
    from mobility.streets.compile import read_streets as read_extract  # noqa: PLC0415

    graph, notices = read_extract(path, elevation=elevation, progress=progress)
    return ReadStreets(open_router(graph), tuple(_as_notice(notice, path) for notice in notices))


def open_router(graph: StreetGraph, hierarchies: Mapping[Profile, Hierarchy] = _NONE_YET) -> WithFallback:
    """Ways along the streets; beyond the end of the extract, straight ones."""
    return WithFallback(StreetNetworkRouter(graph, hierarchies=hierarchies), GreatCircle())


def save_streets(folder: Path, router: WithFallback, network: str) -> int:
    """Write the streets with the hierarchy of every profile; the size in bytes. ``network`` is the fingerprint of the
    network that was walked along them.
    """
    streets, arrays = router.streets, dict[str, AnyArray]()
    hierarchies = {profile: streets.prepare(profile) for profile in streets.graph.profiles}
    plans = {"graph": pack(streets.graph, "graph", arrays), "hierarchies": pack(hierarchies, "hierarchies", arrays)}
    return write_arrays(folder, arrays, {"network": network, **plans})


def load_streets(folder: Path, network: str) -> StoredStreets:
    """The streets of ``save_streets``.

    Raises:
        StoreError: They are missing or damaged, or belong to another network.
    """
    arrays, facts = open_arrays(folder)
    if facts["network"] != network:
        raise StoreError(f"{folder}: streets of another network than the one they lie beside; build it again")
    hierarchies = unpack(facts["hierarchies"], arrays)
    # the keys come back as plain text
    by_profile = {Profile(name): hierarchy for name, hierarchy in hierarchies.items()}
    return StoredStreets(unpack(facts["graph"], arrays), by_profile)


def count_streets(streets: ReadStreets) -> dict[str, Any]:
    """How much of everything there is, whose it is, and what could not be kept; for the facts of a store."""
    graph = streets.router.streets.graph
    usable = {name: int(np.sum((g.fwd_ds >= 0) | (g.bwd_ds >= 0))) for name, g in graph.profiles.items()}
    return {
        "nodes": len(graph.node_lat),
        "nodes_with_height": int(np.isfinite(graph.elevation_m).sum()),
        "segments": len(graph.seg_from),
        "segments_by_profile": {profile.value: count for profile, count in usable.items()},
        "attribution": graph.attribution,
        "notices": [{"code": n.code, "severity": n.severity.value, "message": n.message} for n in streets.notices],
    }


def _as_notice(notice: StreetNotice, path: Path) -> Notice:
    """A notice of the extract among those of the feed, under a code of our own."""
    severity = Severity(notice.severity.value.lower())
    return Notice(OURS + notice.code, severity, path.name, 0, notice.message.removeprefix(f"{path.name}: "))
