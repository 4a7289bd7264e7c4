"""pathways.txt: ways inside stations that lead from one place to another, so that all can be reached."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

import numpy as np

from gtfs.notices import Notice, Severity
from gtfs.rules.stops import BOARDING_AREA, ENTRANCE, NODE, PLATFORM, STATION, TYPE_NAMES
from gtfs.rules.subject import Rule, Subject, list_rows

ELEVATOR, EXIT_GATE = 5, 7
"""pathway_mode."""
ENDS = ("from_stop_id", "to_stop_id")


def check_ends(subject: Subject) -> Iterator[Notice]:
    """``pathway_loop``, ``pathway_to_wrong_location_type``, ``pathway_to_platform_with_boarding_areas``."""
    table, stops = subject["pathways.txt"], subject["stops.txt"]
    yield from list_rows(
        table,
        (table["from_stop_id"] == table["to_stop_id"]) & (table["from_stop_id"] != ""),
        "pathway_loop",
        Severity.WARNING,
        lambda place: f"pathway {table['pathway_id'][place]} begins and ends at {table['from_stop_id'][place]}",
    )
    kind = np.append(np.maximum(stops["location_type"], PLATFORM), NODE)
    divided = set(stops["parent_station"][stops["location_type"] == BOARDING_AREA].tolist()) - {""}
    for end in ENDS:
        ids = table[end]
        own = kind[subject.look_up(ids, "stops.txt", "stop_id")]
        yield from list_rows(
            table,
            own == STATION,
            "pathway_to_wrong_location_type",
            Severity.ERROR,
            lambda place, end=end, ids=ids: f"{end} {ids[place]} is a station; pathways join the places inside it",  # type: ignore[misc]
        )
        yield from list_rows(
            table,
            [place for place, stop in enumerate(ids) if own[place] == PLATFORM and stop in divided],
            "pathway_to_platform_with_boarding_areas",
            Severity.ERROR,
            lambda place, end=end, ids=ids: f"{end} {ids[place]} has boarding areas; lead the pathway to them",  # type: ignore[misc]
        )


def check_modes(subject: Subject) -> Iterator[Notice]:
    """``bidirectional_exit_gate``, and ``missing_level_id`` at elevators."""
    table, stops = subject["pathways.txt"], subject["stops.txt"]
    yield from list_rows(
        table,
        (table["pathway_mode"] == EXIT_GATE) & (table["is_bidirectional"] == 1),
        "bidirectional_exit_gate",
        Severity.ERROR,
        lambda place: f"exit gate {table['pathway_id'][place]} is_bidirectional; nobody comes in through it",
    )
    lifts = table["pathway_mode"] == ELEVATOR
    reached = {str(stop) for end in ENDS for stop in table[end][lifts]}
    yield from list_rows(
        stops,
        [n for n, stop in enumerate(stops["stop_id"]) if stop in reached and not stops["level_id"][n]],
        "missing_level_id",
        Severity.ERROR,
        lambda place: f"an elevator stops at {stops['stop_id'][place]}, which has no level_id",
    )


def check_reach(subject: Subject) -> Iterator[Notice]:
    """``pathway_unreachable_location`` and ``pathway_dangling_generic_node``.

    In a station that has pathways at all, platforms, boarding areas and nodes are reached from an
    entrance and lead to one.
    """
    table, stops = subject["pathways.txt"], subject["stops.txt"]
    if not len(table) or not len(stops):
        return
    ahead: dict[str, set[str]] = defaultdict(set)
    back: dict[str, set[str]] = defaultdict(set)
    for start, end, both in zip(table["from_stop_id"], table["to_stop_id"], table["is_bidirectional"], strict=True):
        ways = ((start, end), (end, start)) if both == 1 else ((start, end),)
        for one, other in ways:
            ahead[one].add(other)
            back[other].add(one)
    kind = np.maximum(stops["location_type"], PLATFORM)
    entrances = [str(stop) for stop in stops["stop_id"][kind == ENTRANCE]]
    inside, outside = _walk(entrances, ahead), _walk(entrances, back)
    joined = ahead.keys() | back.keys()
    names = stops["stop_id"].tolist()
    lost = [n for n, stop in enumerate(names) if stop in joined and not (stop in inside and stop in outside)]
    yield from list_rows(
        stops,
        [n for n in lost if kind[n] not in {ENTRANCE, STATION}],
        "pathway_unreachable_location",
        Severity.ERROR,
        lambda n: f"{TYPE_NAMES[kind[n]]} {names[n]} cannot be reached from an entrance and left through one",
    )
    yield from list_rows(
        stops,
        [n for n in np.flatnonzero(kind == NODE).tolist() if len(ahead[names[n]] | back[names[n]]) == 1],
        "pathway_dangling_generic_node",
        Severity.WARNING,
        lambda n: f"generic node {names[n]} has only one pathway, so that it leads nowhere",
    )


def _walk(starts: list[str], ways: dict[str, set[str]]) -> set[str]:
    """All that can be reached."""
    seen = set(starts)
    front = list(starts)
    while front:
        for place in ways.get(front.pop(), ()):
            if place not in seen:
                seen.add(place)
                front.append(place)
    return seen


RULES: tuple[Rule, ...] = (check_ends, check_modes, check_reach)
