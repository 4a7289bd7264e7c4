"""trips.txt: trips that somebody can ride, once, with one vehicle."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from gtfs.feed import ABSENT
from gtfs.notices import Notice, Severity
from gtfs.rules.subject import Ints, Rule, Subject, factorize, format_time, list_rows

MIX = (0x9E3779B97F4A7C15, 0xBF58476D1CE4E5B9, 0x94D049BB133111EB, 0xD6E8FEB86659FD93)
"""Odd 64-bit constants of splitmix64 and relatives."""


def check_use(subject: Subject) -> Iterator[Notice]:
    """``unused_trip`` and ``unusable_trip``: a trip stops at two places at least, or in one zone."""
    trips, order = subject["trips.txt"], subject.travel_order
    if "stop_times.txt" not in subject.feed.present:
        return
    times = subject["stop_times.txt"]
    known = order.trip[order.trip >= 0]
    calls = np.bincount(known, minlength=len(trips))
    is_zone = (times["location_id"] != "") | (times["location_group_id"] != "")
    flexible = subject.look_up(times["trip_id"][is_zone.astype(np.bool_)], "trips.txt", "trip_id")
    is_flexible = np.isin(np.arange(len(trips)), flexible)
    yield from list_rows(
        trips,
        calls == 0,
        "unused_trip",
        Severity.WARNING,
        lambda place: f"trip {trips['trip_id'][place]} has no stop times",
    )
    yield from list_rows(
        trips,
        (calls == 1) & ~is_flexible,
        "unusable_trip",
        Severity.WARNING,
        lambda place: f"trip {trips['trip_id'][place]} stops only once, so that nobody can ride it",
    )


def check_duplicates(subject: Subject) -> Iterator[Notice]:
    """``changtong_duplicate_trip``: the same route, service, stops and times as an earlier trip.

    Trips of frequencies.txt are templates and may well be equal; flexible trips have no times to compare.
    """
    trips, order = subject["trips.txt"], subject.travel_order
    if not len(order.position):
        return
    starts = order.starts
    trip = order.trip[starts]
    print_of = _fingerprint(subject)
    length = np.diff(np.append(starts, len(order.position)))
    templates = subject.look_up(subject["frequencies.txt"]["trip_id"], "trips.txt", "trip_id")
    is_timed = order.departure[starts] != ABSENT
    real = np.flatnonzero((trip >= 0) & is_timed & ~np.isin(trip, templates) & (length > 1))
    service, route = factorize(trips["service_id"]), factorize(trips["route_id"])
    first: dict[tuple[int, int, int], int] = {}
    earlier: dict[int, int] = {}
    for n in real[np.argsort(trip[real])].tolist():
        place = int(trip[n])
        original = first.setdefault((int(print_of[n]), int(service[place]), int(route[place])), place)
        if original != place:
            earlier[place] = original
    yield from list_rows(
        trips,
        sorted(earlier),
        "changtong_duplicate_trip",
        Severity.WARNING,
        lambda place: (
            f"trip {trips['trip_id'][place]} has the route, service, stops and times of trip "
            f"{trips['trip_id'][earlier[place]]} (row {trips.row[earlier[place]]})"
        ),
    )


def _fingerprint(subject: Subject) -> npt.NDArray[np.uint64]:
    """A number for each trip in travel order that equal stops and times share, and by chance no others."""
    order = subject.travel_order
    length = np.diff(np.append(order.starts, len(order.position)))
    step = np.arange(len(order.position)) - np.repeat(order.starts, length)
    mixed = np.zeros(len(step), dtype=np.uint64)
    for part, constant in zip((order.stop, order.arrival, order.departure, step), MIX, strict=True):
        mixed = (mixed ^ (part + 2).astype(np.uint64)) * np.uint64(constant)
        mixed ^= mixed >> np.uint64(31)
    return np.asarray(np.add.reduceat(mixed, order.starts))


def check_blocks(subject: Subject) -> Iterator[Notice]:
    """``block_trips_with_overlapping_stop_times``: one vehicle on two trips at once, on a common day."""
    trips = subject["trips.txt"]
    if not trips.has("block_id"):
        return
    begin, end = _find_spans(subject)
    blocks: dict[str, list[int]] = defaultdict(list)
    for place, block in enumerate(trips["block_id"].tolist()):
        if block and begin[place] != ABSENT:
            blocks[block].append(place)
    days = subject.service_days
    found: dict[int, int] = {}
    for members in blocks.values():
        members.sort(key=lambda place: (int(begin[place]), int(end[place])))
        for place, other in _list_overlaps(members, begin, end):
            services = trips["service_id"][place], trips["service_id"][other]
            if place in found or not all(service in days for service in services):
                continue
            if services[0] == services[1] or len(np.intersect1d(days[services[0]], days[services[1]])):
                found[place] = other
    yield from list_rows(
        trips,
        sorted(found),
        "block_trips_with_overlapping_stop_times",
        Severity.ERROR,
        lambda place: (
            f"trip {trips['trip_id'][place]} begins at {format_time(int(begin[place]))}, while trip "
            f"{trips['trip_id'][found[place]]} (row {trips.row[found[place]]}) of the same block "
            f"{trips['block_id'][place]} is still on its way until {format_time(int(end[found[place]]))}"
        ),
    )


def _find_spans(subject: Subject) -> tuple[Ints, Ints]:
    """First departure and last arrival of every trip; ABSENT where a trip has no such times."""
    trips, order = subject["trips.txt"], subject.travel_order
    begin = np.full(len(trips), ABSENT, dtype=np.int64)
    end = begin.copy()
    first, last = np.flatnonzero(order.begins), np.flatnonzero(order.ends)
    is_whole = (order.trip[first] >= 0) & (order.departure[first] != ABSENT) & (order.arrival[last] != ABSENT)
    begin[order.trip[first[is_whole]]] = order.departure[first[is_whole]]
    end[order.trip[first[is_whole]]] = order.arrival[last[is_whole]]
    return begin, end


def _list_overlaps(members: list[int], begin: Ints, end: Ints) -> Iterator[tuple[int, int]]:
    """Pairs of trips, sorted by their beginning, of which the second is under way when the first begins."""
    under_way: list[int] = []
    for place in members:
        under_way = [other for other in under_way if end[other] > begin[place]]
        for other in under_way:
            yield place, other
        under_way.append(place)


RULES: tuple[Rule, ...] = (check_use, check_duplicates, check_blocks)
