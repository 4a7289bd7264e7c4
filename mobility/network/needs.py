"""What a traveller needs of vehicles and stops (GTFS Schedule: wheelchair_accessible, wheelchair_boarding,
bikes_allowed).

For a wheelchair what is known to be impossible is left out and what nobody states is kept; a bicycle goes only
where it is known to be allowed.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from gtfs.feed import ABSENT, Feed
from mobility.network.runs import Runs
from mobility.network.schedule import Schedule, lookup
from mobility.network.timetable import Ints

POSSIBLE = 1
IMPOSSIBLE = 2


@dataclass(frozen=True, slots=True)
class Needs:
    """``wheelchair``: no vehicle and no stop where one cannot get in; ``bicycle``: vehicles that take one."""

    wheelchair: bool = False
    bicycle: bool = False


NO_NEEDS = Needs()


def keep_usable(feed: Feed, schedule: Schedule, runs: Runs, needs: Needs) -> tuple[Schedule, Runs]:
    """Only vehicles that the traveller can use, and doors shut where one cannot get in or out."""
    is_kept = np.ones(len(runs.trip), bool)
    if needs.bicycle:
        is_kept &= _get_facts(feed, "bikes_allowed", runs) == POSSIBLE
    if needs.wheelchair:
        is_kept &= _get_facts(feed, "wheelchair_accessible", runs) != IMPOSSIBLE
        closed = list_closed_stops(feed)[schedule.stop_row]
        flags = np.where(closed[schedule.row_stop], 0, schedule.row_flags).astype(np.uint8)
        schedule = replace(schedule, row_flags=flags)
    return schedule, runs if is_kept.all() else Runs(*(column[is_kept] for column in runs))


def _get_facts(feed: Feed, name: str, runs: Runs) -> Ints:
    """A column of trips.txt for every run; nothing is known of trips that were added live."""
    column: Ints = np.append(feed["trips.txt"][name], ABSENT)
    return column[np.minimum(runs.feed_trip, len(column) - 1)]


def list_closed_stops(feed: Feed) -> npt.NDArray[np.bool_]:
    """Per row of stops.txt whether no wheelchair gets in there; a platform that says nothing is as its station."""
    stops = feed["stops.txt"]
    ids = stops["stop_id"].tolist()
    said = stops["wheelchair_boarding"]
    parent = lookup({stop_id: row for row, stop_id in enumerate(ids)}, stops["parent_station"], len(ids))
    inherited = np.where(parent >= 0, said[parent], said)
    closed: npt.NDArray[np.bool_] = np.where(said > 0, said, inherited) == IMPOSSIBLE
    return closed
