"""The rules of transfers.txt, and stops split into copies so that a search can keep those for routes and trips.

GTFS reference, transfers.txt: for a pair of an arriving and a departing trip the most specific rule holds.
From the most specific: both trips; one trip and the other's route; one trip; both routes; one route; only the
stops. A trip stands for its own route too. Of rules that are alike in this, one that names the stops themselves
comes before one that names their station, and of rules alike in everything (the reference wants none) the first.

A *copy* of a stop is another stop number with the same ``stop_row``: trips that the same rules concern share one,
and copies that no pair of trips can tell apart are one. A walk between copies, or a change at one, then lasts what
its rule says and no kernel knows of rules. The first copy is the number that the stop had before: it is that of
trips which no rule names, and of people who come from outside.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

import numpy as np

from gtfs.feed import Feed
from mobility.network.findings import Finding
from mobility.network.schedule import Schedule, group_trips, lookup
from mobility.network.timetable import Ints

RECOMMENDED, GUARANTEED, TIMED, FORBIDDEN = 0, 1, 2, 3
"""transfer_type; 4 and 5 are not about changes."""
MOST_COPIES = 16
"""Of one stop. Walks between copies grow with the square; real feeds that were looked at need up to 6."""
LEFT_OUT = "changtong_transfer_rules_left_out"
ANY = -1
STOPS_ONLY, ROUTE, TRIP = 0, 1, 2
"""What one side of a rule names."""
_RANKS = {(2, 2): 5, (2, 1): 4, (1, 2): 4, (2, 0): 3, (0, 2): 3, (1, 1): 2, (1, 0): 1, (0, 1): 1, (0, 0): 0}


class Side(NamedTuple):
    """Where a rule's change begins or ends: stops, and which trips of them."""

    stops: tuple[int, ...]
    route: int
    trip: int

    @property
    def level(self) -> int:
        """``TRIP``, ``ROUTE`` or ``STOPS_ONLY``."""
        return TRIP if self.trip != ANY else ROUTE if self.route != ANY else STOPS_ONLY


class Rule(NamedTuple):
    """A row of transfers.txt that is about changing."""

    kind: int
    minimum_s: int
    """-1 where the row has none."""
    rank: tuple[int, int]
    """Greater is more specific."""
    start: Side
    end: Side

    @property
    def effect(self) -> tuple[int, int]:
        """What it does, whomever it concerns."""
        if self.kind == TIMED:
            return (TIMED, self.minimum_s) if self.minimum_s >= 0 else (RECOMMENDED, -1)
        return self.kind, -1


@dataclass(frozen=True, slots=True)
class TransferRules:
    """``general`` name stops only, the most specific first; ``special`` are by pair of copies and come before."""

    general: tuple[Rule, ...] = ()
    special: Mapping[tuple[int, int], Rule] = field(default_factory=dict)
    findings: tuple[Finding, ...] = ()


def split_stops(feed: Feed, schedule: Schedule) -> tuple[Schedule, TransferRules]:
    """The schedule with every stop split as its rules ask, and the rules on the copies."""
    ordered = sorted(_list_rules(feed, schedule), key=lambda rule: rule.rank, reverse=True)
    general = tuple(rule for rule in ordered if not rule.rank[0])
    named = [rule for rule in ordered if rule.rank[0]]
    if not named:
        return schedule, TransferRules(general)
    limits = dict.fromkeys((stop for rule in named for side in (rule.start, rule.end) for stop in side.stops), TRIP)
    while True:
        split = _split(feed, schedule, named, limits)
        crowded = [stop for stop, count in split.counts.items() if count > MOST_COPIES]
        if not crowded:
            break
        limits.update((stop, limits[stop] - 1) for stop in crowded)
    findings = tuple(_describe(schedule, stop, limit) for stop, limit in sorted(limits.items()) if limit < TRIP)
    return _apply(schedule, split), TransferRules(general, split.rules, findings)


def _list_rules(feed: Feed, schedule: Schedule) -> list[Rule]:
    table = feed["transfers.txt"]
    names = ("stop_id", "route_id", "trip_id")
    start_words, end_words = (
        list(zip(*(table[f"{side}_{name}"].tolist() for name in names), strict=True)) for side in ("from", "to")
    )
    sides = _read_sides(feed, schedule, {*start_words, *end_words})
    own = frozenset(schedule.stop_ids)
    rules = []
    facts = table["transfer_type"].tolist(), table["min_transfer_time"].tolist()
    for kind, minimum_s, first, last in zip(*facts, start_words, end_words, strict=True):
        start, end = sides.get(first), sides.get(last)
        if kind <= FORBIDDEN and start is not None and end is not None:
            rank = _RANKS[start.level, end.level], (first[0] in own) + (last[0] in own)
            rules.append(Rule(max(0, kind), minimum_s, rank, start, end))
    return rules


def _read_sides(feed: Feed, schedule: Schedule, words: set[tuple[str, ...]]) -> dict[tuple[str, ...], Side]:
    """Sides of rules by their words: stop, route, trip. One that the feed does not have concerns nobody."""
    platforms = list_platforms(feed, schedule)
    routes = {route_id: number for number, route_id in enumerate(feed["routes.txt"]["route_id"].tolist())}
    trips = {trip_id: number for number, trip_id in enumerate(feed["trips.txt"]["trip_id"].tolist())}
    sides = {}
    for side in words:
        stop, route, trip = side
        if stop and stop in platforms and (not route or route in routes) and (not trip or trip in trips):
            sides[side] = Side(platforms[stop], routes[route] if route else ANY, trips[trip] if trip else ANY)
    return sides


def list_platforms(feed: Feed, schedule: Schedule) -> dict[str, tuple[int, ...]]:
    """Ids of stops and stations to stop numbers, all copies."""
    parents = feed["stops.txt"]["parent_station"]
    own = frozenset(schedule.stop_ids)
    platforms: dict[str, list[int]] = defaultdict(list)
    for number, (stop_id, row) in enumerate(zip(schedule.stop_ids, schedule.stop_row.tolist(), strict=True)):
        platforms[stop_id].append(number)
        if parents[row] and parents[row] not in own:
            platforms[parents[row]].append(number)
    return {name: tuple(numbers) for name, numbers in platforms.items()}


class _Group(NamedTuple):
    """Trips at a stop that the same rules name: numbers of rules, as the arriving trip and as the departing."""

    stop: int
    arriving: tuple[int, ...]
    departing: tuple[int, ...]


class _Split(NamedTuple):
    """``rows`` of the schedule go to ``copies``; ``counts`` are the copies of a stop, ``stops`` the added ones'."""

    rows: Ints
    copies: Ints
    stops: tuple[int, ...]
    counts: Counter[int]
    rules: dict[tuple[int, int], Rule]


def _split(feed: Feed, schedule: Schedule, rules: list[Rule], limits: Mapping[int, int]) -> _Split:
    rows, group_of_row, groups = _group_calls(feed, schedule, rules, limits)
    holding = _hold(rules, groups)
    copy_of, stops = _merge(rules, groups, holding, len(schedule.stop_ids))
    return _Split(
        rows,
        np.array(copy_of, np.int32)[group_of_row],
        stops,
        Counter(stops) + Counter(limits.keys()),
        {(copy_of[start], copy_of[end]): rules[number] for (start, end), number in holding.items()},
    )


def _group_calls(
    feed: Feed, schedule: Schedule, rules: list[Rule], limits: Mapping[int, int]
) -> tuple[Ints, Ints, list[_Group]]:
    """Rows at stops with rules, the group of each, and the groups; those of nobody named come first."""
    index: tuple[dict[tuple[int, int, int], list[int]], ...] = (defaultdict(list), defaultdict(list))
    for number, rule in enumerate(rules):
        for named, side in zip(index, (rule.start, rule.end), strict=True):
            for stop in side.stops:
                if STOPS_ONLY < side.level <= limits[stop]:
                    key = (stop, ANY, side.trip) if side.level == TRIP else (stop, side.route, ANY)
                    named[key].append(number)
    rows = np.flatnonzero(np.isin(schedule.row_stop, list(limits)))
    trip = np.repeat(np.arange(schedule.trip_count), np.diff(schedule.row_off))[rows]
    table = feed["trips.txt"]
    routes = {route_id: number for number, route_id in enumerate(feed["routes.txt"]["route_id"].tolist())}
    route = lookup(routes, table["route_id"], len(table))[trip]
    own = [side.trip for rule in rules for side in (rule.start, rule.end) if side.level == TRIP]
    named_trip = np.where(np.isin(trip, own), trip, ANY)
    calls = np.stack([schedule.row_stop[rows], route, named_trip], axis=1).astype(np.int64)
    distinct, inverse = np.unique(calls, axis=0, return_inverse=True)
    numbers = {_Group(stop, (), ()): number for number, stop in enumerate(sorted(limits))}
    group_of_call = np.zeros(len(distinct), np.int64)
    for number, (stop, of_route, of_trip) in enumerate(distinct.tolist()):
        keys = ((stop, of_route, ANY), (stop, ANY, of_trip))
        sides = (tuple(n for key in keys for n in named.get(key, ())) for named in index)
        group_of_call[number] = numbers.setdefault(_Group(stop, *sides), len(numbers))
    return rows, group_of_call[inverse.reshape(-1)], list(numbers)


def _hold(rules: list[Rule], groups: list[_Group]) -> dict[tuple[int, int], int]:
    """The rule that holds between two groups, where there is one. ``rules`` come with the most specific first."""
    at_stop: dict[int, list[int]] = defaultdict(list)
    arriving: dict[int, list[int]] = defaultdict(list)
    departing: dict[int, list[int]] = defaultdict(list)
    for number, group in enumerate(groups):
        at_stop[group.stop].append(number)
        for named in group.arriving:
            arriving[named].append(number)
        for named in group.departing:
            departing[named].append(number)
    holding: dict[tuple[int, int], int] = {}
    for number, rule in enumerate(rules):
        starts = arriving[number] if rule.start.level else [g for s in rule.start.stops for g in at_stop[s]]
        ends = departing[number] if rule.end.level else [g for s in rule.end.stops for g in at_stop[s]]
        for start in starts:
            for end in ends:
                holding.setdefault((start, end), number)
    return holding


def _merge(
    rules: list[Rule], groups: list[_Group], holding: Mapping[tuple[int, int], int], stop_count: int
) -> tuple[list[int], tuple[int, ...]]:
    """The stop number of every group, and the stops of those added: groups alike to all others are one copy."""
    leaving: list[list[tuple[int, tuple[int, int]]]] = [[] for _ in groups]
    coming: list[list[tuple[int, tuple[int, int]]]] = [[] for _ in groups]
    for (start, end), number in holding.items():
        leaving[start].append((end, rules[number].effect))
        coming[end].append((start, rules[number].effect))
    seen: dict[tuple[int, frozenset[Any], frozenset[Any]], int] = {}
    copy_of: list[int] = []
    added: list[int] = []
    for number, group in enumerate(groups):
        key = group.stop, frozenset(leaving[number]), frozenset(coming[number])
        is_first = not group.arriving and not group.departing
        if key not in seen:
            seen[key] = group.stop if is_first else stop_count + len(added)
            added += [] if is_first else [group.stop]
        copy_of.append(seen[key])
    return copy_of, tuple(added)


def _apply(schedule: Schedule, split: _Split) -> Schedule:
    stops = np.append(np.arange(len(schedule.stop_ids)), split.stops).astype(np.int64)
    row_stop = schedule.row_stop.copy()
    row_stop[split.rows] = split.copies
    return replace(
        schedule,
        stop_ids=tuple(schedule.stop_ids[stop] for stop in stops.tolist()),
        stop_row=schedule.stop_row[stops],
        lat=schedule.lat[stops],
        lon=schedule.lon[stops],
        row_stop=row_stop,
        trip_group=group_trips(schedule.row_off, row_stop, schedule.row_flags),
    )


def _describe(schedule: Schedule, stop: int, limit: int) -> Finding:
    kept = "for stops" if limit == STOPS_ONLY else "for stops and routes"
    message = (
        f"the rules at stop {schedule.stop_ids[stop]} tell more than {MOST_COPIES} kinds of trips apart; only those "
        f"{kept} are kept there. Write rules for routes in place of single trips"
    )
    return Finding(LEFT_OUT, "transfers.txt", message)
