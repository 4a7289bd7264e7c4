"""What a feed says of vehicles that go on in another trip (GTFS Schedule: trips.txt, block_id; transfers.txt,
transfer_type 4 and 5; "Linked trips").

Rules only, whatever the date: which trips really follow each other on a day is ``mobility.network.stays``.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from gtfs.feed import Feed
from mobility.network.schedule import Schedule, lookup
from mobility.network.timetable import Ints

STAY_ABOARD = 4
NO_STAYING_ABOARD = 5
NO_PAIRS = np.zeros((0, 2), np.int32)


class StayRules(NamedTuple):
    """Trips are positions of trips.txt. Empty arrays where the feed says nothing."""

    block: Ints
    """Per trip the number of its block, -1 where it has none or where nobody knows its times: trips without
    rows, and those of frequencies.txt."""
    turn: Ints
    """Per trip its place among all trips of all blocks, block by block and planned departure by departure; -1."""
    linked: Ints
    """Rows of transfer_type 4 as (from, to), in the order of the file."""
    parted: Ints
    """Rows of transfer_type 5 as (from, to)."""


NO_RULES = StayRules(np.zeros(0, np.int32), np.zeros(0, np.int32), NO_PAIRS, NO_PAIRS)


def read_stay_rules(feed: Feed, schedule: Schedule) -> StayRules:
    """The rules of a feed; one that has none costs nothing later."""
    names, trips = feed["trips.txt"]["block_id"], feed["trips.txt"]["trip_id"]
    is_timed = np.diff(schedule.row_off) > 0
    is_timed[schedule.headways[:, 0]] = False
    numbers: dict[str, int] = {}
    listed = ((name, timed) for name, timed in zip(names.tolist(), is_timed.tolist(), strict=True))
    block = np.fromiter(
        (numbers.setdefault(name, len(numbers)) if name and timed else -1 for name, timed in listed),
        np.int32,
        len(names),
    )
    table = feed["transfers.txt"]
    index = {trip_id: number for number, trip_id in enumerate(trips.tolist())} if len(table) else {}
    ends = [lookup(index, table[column], len(table)) for column in ("from_trip_id", "to_trip_id")]
    pairs: Ints = np.stack(ends, axis=1)
    is_known = np.append(is_timed, False)[pairs].all(axis=1)  # -1, an unknown trip, is the last
    kind = table["transfer_type"]
    return StayRules(
        block=block if numbers else NO_RULES.block,
        turn=_list_turns(block, schedule) if numbers else NO_RULES.turn,
        linked=pairs[is_known & (kind == STAY_ABOARD)],
        parted=pairs[is_known & (kind == NO_STAYING_ABOARD)],
    )


def _list_turns(block: Ints, schedule: Schedule) -> Ints:
    trips = np.flatnonzero(block >= 0)
    departure_s = schedule.row_dep[schedule.row_off[trips]]
    arrival_s = schedule.row_arr[schedule.row_off[trips + 1] - 1]
    turn = np.full(len(block), -1, np.int32)
    turn[trips[np.lexsort((trips, arrival_s, departure_s, block[trips]))]] = np.arange(len(trips))
    return turn
