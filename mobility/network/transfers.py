"""Footpaths between stops, and the time a change at one stop takes.

Between stops near each other a walk is made from the great circle and a detour factor, and in stations with
pathways along these (``stations``); neither is shorter than a change. ``transfers.txt`` decides where it speaks
(``transfer_rules`` says which of its rules holds): type 0 is such a walk however far; for type 1, where the
departing vehicle waits, it is the bare walk, 0 s at one stop; type 2 has its minimum time, type 3 forbids.
Footpaths are not closed transitively: one is walked at a time.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace

import numpy as np

from gtfs.feed import Feed
from mobility.geodesy import Floats, great_circle_m
from mobility.network.distance import list_near_pairs
from mobility.network.findings import Finding
from mobility.network.pathways import WALKER_MPS
from mobility.network.schedule import Schedule
from mobility.network.stations import Entrances, Stations, build_stations, no_entrances
from mobility.network.timetable import Ints, pack_footpaths
from mobility.network.transfer_rules import FORBIDDEN, GUARANTEED, TIMED, Rule, TransferRules
from mobility.streets.profiles import Profile
from mobility.streets.router import StreetRouter

FORBIDDEN_S = 10_000_000
"""A change that nobody can make: longer than any journey, far from the end of int32."""
WHEELCHAIR_MPS = 0.8
"""The speed of MOTIS's street router (osr, foot profile for wheelchairs)."""


@dataclass(frozen=True, slots=True)
class Walking:
    """How people walk. Defaults: 1.33 m/s, streets 1.3 times as long as the line, ten minutes at most
    between two vehicles, two minutes to change at a stop.
    """

    speed_mps: float = WALKER_MPS
    detour: float = 1.3
    max_transfer_s: int = 600
    change_s: int = 120
    makes_walks: bool = True
    """False keeps to the walks of transfers.txt and pathways.txt."""
    wheelchair: bool = False
    """Only step-free ways inside stations, and no change in less than the way takes."""

    def for_wheelchair(self) -> Walking:
        """The same for somebody in a wheelchair, at most ``WHEELCHAIR_MPS``."""
        return replace(self, speed_mps=min(self.speed_mps, WHEELCHAIR_MPS), wheelchair=True)

    def duration_s(self, distance_m: Floats) -> Ints:
        """Seconds to walk the great-circle distances."""
        return np.ceil(distance_m * self.detour / self.speed_mps - 1e-9).astype(np.int32)

    @property
    def profile(self) -> Profile:
        """How they move along streets."""
        return Profile.WHEELCHAIR if self.wheelchair else Profile.FOOT

    @property
    def transfer_reach_m(self) -> float:
        """The great-circle distance walked in the longest transfer."""
        return self.max_transfer_s * self.speed_mps / self.detour


@dataclass(frozen=True, slots=True)
class Footpaths:
    """``fp_*`` and ``change_s`` of the planner arrays; ``entrances`` of stations with pathways, for doors."""

    fp_off: Ints
    fp_to: Ints
    fp_s: Ints
    change_s: Ints
    entrances: Entrances = field(default_factory=lambda: no_entrances(0))
    findings: tuple[Finding, ...] = ()


NO_RULES = TransferRules()
_Pairs = tuple[Ints, Ints, Ints]
"""From, to and seconds."""


def build_footpaths(
    feed: Feed,
    schedule: Schedule,
    walking: Walking,
    rules: TransferRules = NO_RULES,
    streets: StreetRouter | None = None,
) -> Footpaths:
    """All footpaths of a feed, between the copies of a schedule that ``rules`` have split; along ``streets`` where they
    are known.
    """
    first, whole = schedule.list_first_copies(), schedule.without_copies()
    stations = build_stations(feed, whole, walking.speed_mps, wheelchair=walking.wheelchair)
    walks = _Walks(whole, stations, walking, streets)
    change_s: Ints = np.full(len(whole.stop_ids), walking.change_s, np.int32)
    between = _override(walks.list_made(), change_s, _measure_general(rules.general, walks))
    if len(whole.stop_ids) < len(first):
        between, change_s = _spread(between, change_s, first)
        special = {pair: walks.measure_s(rule, *first[list(pair)].tolist()) for pair, rule in rules.special.items()}
        between = _override(between, change_s, special)
    entrances = _copy_entrances(stations.entrances, first)
    packed = pack_footpaths(len(first), *between)
    return Footpaths(*packed, change_s, entrances, (*rules.findings, *stations.findings))


def _measure_general(rules: Iterable[Rule], walks: _Walks) -> dict[tuple[int, int], int]:
    """Seconds by pair of stops; the first rule holds."""
    measured: dict[tuple[int, int], int] = {}
    for rule in rules:
        for start in rule.start.stops:
            for end in rule.end.stops:
                if (start, end) not in measured:
                    measured[start, end] = walks.measure_s(rule, start, end)
    return measured


class _Walks:
    """What one walks between the stops of a schedule that is not split."""

    def __init__(self, schedule: Schedule, stations: Stations, walking: Walking, streets: StreetRouter | None) -> None:
        self._schedule, self._stations, self._walking, self._streets = schedule, stations, walking, streets
        self._doors_of = tuple(_list_doors_of(stations.entrances, outward=outward) for outward in (True, False))

    def list_made(self) -> _Pairs:
        """The walks that there are without any rule, none shorter than a change."""
        parts = [self._list_inside()]
        if self._walking.makes_walks:
            parts += self._list_outside()
        joined = [np.concatenate(column) for column in zip(*parts, strict=True)]
        order = np.lexsort((joined[2], joined[1], joined[0]))
        start, end, seconds = (column[order] for column in joined)
        is_first = np.append(True, (start[1:] != start[:-1]) | (end[1:] != end[:-1]))[: len(start)]
        # changing takes its time, however near the other platform is
        return start[is_first], end[is_first], np.maximum(seconds[is_first], self._walking.change_s)

    def measure_s(self, rule: Rule, start: int, end: int) -> int:
        """How long a change lasts by a rule that holds."""
        kind, minimum_s = rule.effect
        if kind == FORBIDDEN:
            return FORBIDDEN_S
        if start == end:
            return {TIMED: minimum_s, GUARANTEED: 0}.get(kind, self._walking.change_s)
        if kind == TIMED and not self._walking.wheelchair:
            return minimum_s
        walk_s = self._find_s(start, end)
        if walk_s is None:
            return FORBIDDEN_S
        return max(walk_s, {TIMED: minimum_s, GUARANTEED: 0}.get(kind, self._walking.change_s))

    def _find_s(self, start: int, end: int) -> int | None:
        """The bare walk, however far. A rule of the feed tells that there is one on foot where pathways have none."""
        stations = self._stations
        if stations.is_along_pathways(start, end):
            seconds = stations.seconds.get((start, end))
        else:
            seconds = self._find_outside_s(start, end)
        if seconds is None and not self._walking.wheelchair:
            seconds = self._straight_s(self._at(start), self._at(end))
        return seconds

    def _find_outside_s(self, start: int, end: int) -> int | None:
        ways = (
            out_s + self._straight_s(here, there) + in_s
            for here, out_s in self._list_ways(start, outward=True)
            for there, in_s in self._list_ways(end, outward=False)
        )
        return min(ways, default=None)

    def _list_ways(self, stop: int, *, outward: bool) -> list[tuple[tuple[float, float], int]]:
        """Where one stands in the street beside a stop, and the seconds between."""
        entrances = self._stations.entrances
        if not entrances.is_inside[stop]:
            return [(self._at(stop), 0)]
        doors = self._doors_of[0 if outward else 1].get(stop, ())
        return [((float(entrances.lat[door]), float(entrances.lon[door])), seconds) for door, seconds in doors]

    def _at(self, stop: int) -> tuple[float, float]:
        return float(self._schedule.lat[stop]), float(self._schedule.lon[stop])

    def _straight_s(self, here: tuple[float, float], there: tuple[float, float]) -> int:
        distance_m = great_circle_m(np.array([here[0]]), np.array([here[1]]), *there)
        return int(self._walking.duration_s(distance_m)[0])

    def _list_inside(self) -> _Pairs:
        rows = [(*pair, seconds) for pair, seconds in self._stations.seconds.items()]
        table = np.array(rows, np.int32).reshape(-1, 3)
        return table[:, 0], table[:, 1], table[:, 2]

    def _list_outside(self) -> list[_Pairs]:
        """Walks in the street, and those through entrances."""
        entrances = self._stations.entrances
        street = np.flatnonzero(~entrances.is_inside)
        lat = np.concatenate([self._schedule.lat[street], entrances.lat])
        lon = np.concatenate([self._schedule.lon[street], entrances.lon])
        here, there, seconds = self._list_near(lat, lon)
        is_plain = (here < len(street)) & (there < len(street))
        plain = street[here[is_plain]], street[there[is_plain]], seconds[is_plain]
        stations = self._stations
        is_along = stations.is_mapped[plain[0]] & stations.is_mapped[plain[1]]
        is_along &= stations.station[plain[0]] == stations.station[plain[1]]
        plain = plain[0][~is_along], plain[1][~is_along], plain[2][~is_along]
        if is_plain.all():
            return [plain]
        doors = zip(here[~is_plain].tolist(), there[~is_plain].tolist(), seconds[~is_plain].tolist(), strict=True)
        through = np.array(list(self._list_through(street, doors)), np.int32).reshape(-1, 3)
        return [plain, (through[:, 0], through[:, 1], through[:, 2])]

    def _list_near(self, lat: Floats, lon: Floats) -> _Pairs:
        """All walks between different points that a transfer has time for."""
        if self._streets is None:
            here, there, distance_m = list_near_pairs(lat, lon, self._walking.transfer_reach_m)
            return here, there, self._walking.duration_s(distance_m)
        points = self._streets.link(lat, lon, self._walking.profile)
        found = self._streets.table(points, points, self._walking.max_transfer_s, speed_mps=self._walking.speed_mps)
        here = np.repeat(np.arange(len(found), dtype=np.int32), [len(reached.number) for reached in found])
        none = [np.zeros(0, np.int32)]
        there = np.concatenate([reached.number for reached in found] or none)
        seconds = np.concatenate([reached.seconds for reached in found] or none)
        is_other = here != there
        return here[is_other], there[is_other], seconds[is_other]

    def _list_through(self, street: Ints, near: Iterable[tuple[int, int, int]]) -> Iterator[tuple[int, int, int]]:
        """Stops that a walk between two places joins; places are those of ``street``, then entrances."""
        stops_of = [_list_stops_of(self._stations.entrances, outward=outward) for outward in (True, False)]
        count = len(street)
        for here, there, walk_s in near:
            starts = [(int(street[here]), 0)] if here < count else stops_of[0].get(here - count, ())
            ends = [(int(street[there]), 0)] if there < count else stops_of[1].get(there - count, ())
            for start, out_s in starts:
                for end, in_s in ends:
                    seconds = out_s + walk_s + in_s
                    is_short = seconds <= self._walking.max_transfer_s
                    if is_short and start != end and not self._stations.is_along_pathways(start, end):
                        yield start, end, seconds


def _list_doors_of(entrances: Entrances, *, outward: bool) -> dict[int, list[tuple[int, int]]]:
    doors_of: dict[int, list[tuple[int, int]]] = defaultdict(list)
    for door, stop, seconds in zip(*(c.tolist() for c in entrances.list_doors(outward=outward)), strict=True):
        doors_of[stop].append((door, seconds))
    return doors_of


def _list_stops_of(entrances: Entrances, *, outward: bool) -> dict[int, list[tuple[int, int]]]:
    stops_of: dict[int, list[tuple[int, int]]] = defaultdict(list)
    for door, stop, seconds in zip(*(c.tolist() for c in entrances.list_doors(outward=outward)), strict=True):
        stops_of[door].append((stop, seconds))
    return stops_of


def _override(between: _Pairs, change_s: Ints, ruled: Mapping[tuple[int, int], int]) -> _Pairs:
    """The walks with those of ``ruled`` in their place; those at one stop go to ``change_s``."""
    if not ruled:
        return between
    start, end, _ = between
    count = len(change_s)
    is_free = ~np.isin(start.astype(np.int64) * count + end, [a * count + b for a, b in ruled])
    for (here, there), seconds in ruled.items():
        if here == there:
            change_s[here] = seconds
    rows = [(a, b, s) for (a, b), s in ruled.items() if a != b and s < FORBIDDEN_S]
    extra = np.array(rows, np.int32).reshape(-1, 3)
    joined = [np.concatenate([column[is_free], extra[:, n]]) for n, column in enumerate(between)]
    return joined[0], joined[1], joined[2]


def _list_numbers(first: Ints) -> list[list[int]]:
    """Per stop that is not split off the numbers of all its copies."""
    numbers: list[list[int]] = [[] for _ in range(int(first.max(initial=-1)) + 1)]
    for number, base in enumerate(first.tolist()):
        numbers[base].append(number)
    return numbers


def _spread(between: _Pairs, change_s: Ints, first: Ints) -> tuple[_Pairs, Ints]:
    """Walks between all copies, and changes between those of one stop, as long as between the stops."""
    numbers = _list_numbers(first)
    is_split = np.array([len(copies) > 1 for copies in numbers], bool)
    start, end, seconds = between
    touched = is_split[start] | is_split[end]
    rows = [
        (here, there, duration)
        for a, b, duration in zip(
            start[touched].tolist(), end[touched].tolist(), seconds[touched].tolist(), strict=True
        )
        for here in numbers[a]
        for there in numbers[b]
    ]
    rows += [
        (here, there, int(change_s[base]))
        for base in np.flatnonzero(is_split & (change_s < FORBIDDEN_S)).tolist()
        for here in numbers[base]
        for there in numbers[base]
        if here != there
    ]
    extra = np.array(rows, np.int32).reshape(-1, 3)
    kept = (column[~touched] for column in between)
    spread = tuple(np.concatenate([column, extra[:, n]]) for n, column in enumerate(kept))
    return (spread[0], spread[1], spread[2]), change_s[first]


def _copy_entrances(entrances: Entrances, first: Ints) -> Entrances:
    """The same with every stop in all its copies."""
    if not len(entrances.is_inside) or len(entrances.is_inside) == len(first):
        return entrances
    numbers = _list_numbers(first)
    copies = [numbers[stop] for stop in entrances.stop.tolist()]
    counts = np.array([len(found) for found in copies], np.int64)
    off = np.append(0, np.cumsum(counts))[entrances.off]
    return replace(
        entrances,
        off=off,
        stop=np.array([number for found in copies for number in found], np.int32),
        in_s=np.repeat(entrances.in_s, counts),
        out_s=np.repeat(entrances.out_s, counts),
        is_inside=entrances.is_inside[first],
    )
