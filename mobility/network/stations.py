"""Stations with pathways: from platform to platform inside, and from the street through entrances.

In a station that has pathways one moves along them and nowhere else (GTFS reference, pathways.txt: they list all
ways): between two of its platforms that no pathways join there is no footpath, and to the street one goes through
entrances. A platform with boarding areas stands for all of them: one uses the best, and none is a way through.

Bad data loses no platform: one that no pathway names, or that no entrance leads to or from on foot, is reached
straight from the street as in a station without pathways, and reported. With a wheelchair, a platform that can
be reached on foot but not without steps is not reached at all.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from gtfs.feed import Feed
from mobility.geodesy import Floats
from mobility.network.findings import Finding
from mobility.network.pathways import WALKER_MPS, Ways, build_ways, list_times
from mobility.network.schedule import Schedule, lookup
from mobility.network.timetable import Ints

ENTRANCE, BOARDING_AREA = 2, 4
"""location_type."""
NOT_ACCESSIBLE = 2
"""wheelchair_boarding."""
FROM_THE_STREET = 1
"""stop_access of stops that are also reached directly, whatever pathways their station has."""
NO_WAY_S = -1
UNREACHABLE = "changtong_platform_without_entrance"


@dataclass(frozen=True, slots=True)
class Entrances:
    """Doors between the street and stations, and how long from each to the stops inside.

    The stops of door e are ``off[e]:off[e+1]``; a time is ``NO_WAY_S`` where one cannot pass in this direction.
    ``is_inside`` has one flag per stop: it is reached through entrances only. ``stop_row`` is of stops.txt.
    """

    stop_row: Ints
    lat: Floats
    lon: Floats
    off: Ints
    stop: Ints
    in_s: Ints
    out_s: Ints
    is_inside: npt.NDArray[np.bool_]

    def list_doors(self, *, outward: bool) -> tuple[Ints, Ints, Ints]:
        """Door, stop and seconds of all ways into the station, or out of it."""
        seconds = self.out_s if outward else self.in_s
        door = np.repeat(np.arange(len(self.lat)), np.diff(self.off))
        is_open = seconds != NO_WAY_S
        return door[is_open], self.stop[is_open], seconds[is_open]


def no_entrances(stop_count: int) -> Entrances:
    """Every stop is in the street."""
    ints, floats = np.zeros(0, np.int32), np.zeros(0)
    return Entrances(ints, floats, floats, np.zeros(1, np.int64), ints, ints, ints, np.zeros(stop_count, bool))


@dataclass(frozen=True, slots=True)
class Stations:
    """``seconds`` between two different stops of stations with pathways. ``is_mapped`` are stops of which pathways
    tell all ways inside the ``station`` (a row of stops.txt).
    """

    seconds: Mapping[tuple[int, int], int]
    is_mapped: npt.NDArray[np.bool_]
    station: Ints
    entrances: Entrances
    findings: tuple[Finding, ...] = ()

    def is_along_pathways(self, start: int, end: int) -> bool:
        """Whether ``seconds`` alone says if one gets from stop to stop inside."""
        is_mapped = self.is_mapped[start] and self.is_mapped[end]
        return bool(is_mapped and self.station[start] == self.station[end])


def build_stations(
    feed: Feed, schedule: Schedule, speed_mps: float = WALKER_MPS, *, wheelchair: bool = False
) -> Stations:
    """Times inside all stations of a feed, for the stops of a schedule that is not split."""
    count = len(schedule.stop_row)
    station = _list_stations(feed)[schedule.stop_row]
    if not len(feed["pathways.txt"]):
        return Stations({}, np.zeros(count, bool), station, no_entrances(count))
    on_foot = build_ways(feed, speed_mps)
    joined = set(on_foot) | {way.to_row for found in on_foot.values() for way in found}
    nodes = {stop: rows for stop, rows in enumerate(_list_nodes(feed, schedule)) if not joined.isdisjoint(rows)}
    doors = [row for row in np.flatnonzero(feed["stops.txt"]["location_type"] == ENTRANCE).tolist() if row in joined]
    times = _measure(on_foot, nodes, doors)
    is_mapped, is_inside = np.zeros(count, bool), np.zeros(count, bool)
    is_mapped[list(nodes)] = True
    is_inside[[stop for _, stop in (*times.into, *times.out)]] = True
    is_open = feed["stops.txt"]["stop_access"][schedule.stop_row] == FROM_THE_STREET
    findings = _list_lost(feed, schedule, station, is_inside | is_open)
    is_inside &= ~is_open
    if wheelchair:
        boarding = feed["stops.txt"]["wheelchair_boarding"]
        usable = [door for door in doors if boarding[door] != NOT_ACCESSIBLE]
        times = _measure(build_ways(feed, speed_mps, wheelchair=True), nodes, usable)
    return Stations(times.inside, is_mapped, station, _make_entrances(feed, times, is_inside), findings)


def _list_stations(feed: Feed) -> Ints:
    """Per row of stops.txt the row of its station, or its own."""
    stops = feed["stops.txt"]
    index = {stop_id: row for row, stop_id in enumerate(stops["stop_id"].tolist())}
    parent = lookup(index, stops["parent_station"], len(stops))
    above = np.where(parent >= 0, parent, np.arange(len(stops), dtype=np.int32))
    stations: Ints = above[above]  # a boarding area's platform has a station
    return stations


def _list_nodes(feed: Feed, schedule: Schedule) -> list[list[int]]:
    """Per stop the rows of stops.txt where one stands when getting off: its own, and its boarding areas."""
    stops = feed["stops.txt"]
    areas: dict[str, list[int]] = defaultdict(list)
    for row in np.flatnonzero(stops["location_type"] == BOARDING_AREA).tolist():
        areas[stops["parent_station"][row]].append(row)
    ids = stops["stop_id"]
    return [[row, *areas.get(ids[row], ())] for row in schedule.stop_row.tolist()]


class _Times(NamedTuple):
    """Seconds by (door, stop), and by pair of stops."""

    into: dict[tuple[int, int], int]
    out: dict[tuple[int, int], int]
    inside: dict[tuple[int, int], int]


def _measure(ways: Ways, nodes: Mapping[int, list[int]], doors: list[int]) -> _Times:
    stops_at: dict[int, list[int]] = defaultdict(list)
    for stop, rows in nodes.items():
        for row in rows:
            stops_at[row].append(stop)
    times = _Times({}, {}, {})
    for door in doors:
        for stop, seconds in _list_nearest(list_times(ways, [door]), stops_at).items():
            times.into[door, stop] = seconds
    is_door = frozenset(doors)
    for stop, rows in nodes.items():
        found = list_times(ways, rows)
        times.out.update(((row, stop), _whole(seconds)) for row, seconds in found.items() if row in is_door)
        for other, seconds in _list_nearest(found, stops_at).items():
            if other != stop:
                times.inside[stop, other] = seconds
    return times


def _list_nearest(found: Mapping[int, float], stops_at: Mapping[int, list[int]]) -> dict[int, int]:
    nearest: dict[int, int] = {}
    for row, seconds in found.items():
        for stop in stops_at.get(row, ()):
            nearest[stop] = min(_whole(seconds), nearest.get(stop, _whole(seconds)))
    return nearest


def _whole(seconds: float) -> int:
    return int(np.ceil(seconds - 1e-6))


def _make_entrances(feed: Feed, times: _Times, is_inside: npt.NDArray[np.bool_]) -> Entrances:
    stops = feed["stops.txt"]
    station = _list_stations(feed)
    pairs = np.array(sorted(times.into.keys() | times.out.keys()), np.int32).reshape(-1, 2)
    doors, first = np.unique(pairs[:, 0], return_index=True)
    lat, lon = (
        np.where(np.isnan(stops[name][doors]), stops[name][station[doors]], stops[name][doors]).astype(np.float64)
        for name in ("stop_lat", "stop_lon")
    )
    in_s, out_s = (
        np.array([side.get((door, stop), NO_WAY_S) for door, stop in pairs.tolist()], np.int32)
        for side in (times.into, times.out)
    )
    off = np.append(first, len(pairs)).astype(np.int64)
    return Entrances(doors, lat, lon, off, pairs[:, 1], in_s, out_s, is_inside)


def _list_lost(feed: Feed, schedule: Schedule, station: Ints, is_inside: npt.NDArray[np.bool_]) -> tuple[Finding, ...]:
    """Stops with departures in stations with pathways to which no entrance leads, though none else says how."""
    stops, table = feed["stops.txt"], feed["pathways.txt"]
    own = _list_stations(feed)
    index = {stop_id: row for row, stop_id in enumerate(stops["stop_id"].tolist())}
    ends = np.concatenate([lookup(index, table[f"{side}_stop_id"], len(table)) for side in ("from", "to")])
    is_served = np.bincount(schedule.row_stop, minlength=len(station)) > 0
    is_lost = is_served & ~is_inside & np.isin(station, own[ends[ends >= 0]])
    return tuple(
        Finding(
            UNREACHABLE,
            "pathways.txt",
            f"no pathways join stop {schedule.stop_ids[stop]} with an entrance of {stops['stop_id'][station[stop]]}; "
            "it is reached straight from the street. Add its pathways",
        )
        for stop in np.flatnonzero(is_lost).tolist()
    )
