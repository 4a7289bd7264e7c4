"""Which trip a vehicle makes next (GTFS trips.txt, block_id), where riders may stay aboard.

Only where it is certain, and nothing changes for the rider: both trips are of one line, direction and service,
the later leaves from the very stop where the earlier ends, nothing of the block comes between, and staying aboard
is not forbidden (transfers.txt, transfer_type 5).
"""

from __future__ import annotations

from collections import defaultdict
from itertools import pairwise

from gtfs.feed import Feed
from mobility.network.schedule import Schedule

NO_STAYING_ABOARD = 5


def find_next_trips(feed: Feed, schedule: Schedule) -> dict[int, int]:
    """Trips of the feed (rows of trips.txt) to the trip that the same vehicle makes next."""
    trips = feed["trips.txt"]
    blocks: dict[tuple[str, str], list[tuple[int, int, int]]] = defaultdict(list)
    repeated = set(schedule.headways[:, 0].tolist())
    columns = (trips["block_id"].tolist(), trips["service_id"].tolist(), schedule.row_off[:-1].tolist())
    for trip, (block, service, first, end) in enumerate(zip(*columns, schedule.row_off[1:].tolist(), strict=True)):
        if block and end > first and trip not in repeated:
            span = int(schedule.row_dep[first]), int(schedule.row_arr[end - 1])
            blocks[block, service].append((*span, trip))
    forbidden = _list_forbidden(feed)
    ids = trips["trip_id"]
    told = ("route_id", "direction_id", "trip_headsign")
    lines = list(zip(*(trips[column].tolist() for column in told), strict=True))
    return {
        before[2]: after[2]
        for block in blocks.values()
        for before, after in pairwise(sorted(block))
        if before[1] <= after[0]
        and schedule.row_stop[schedule.row_off[before[2] + 1] - 1] == schedule.row_stop[schedule.row_off[after[2]]]
        and lines[before[2]] == lines[after[2]]
        and (ids[before[2]], ids[after[2]]) not in forbidden
    }


def _list_forbidden(feed: Feed) -> set[tuple[str, str]]:
    table = feed["transfers.txt"]
    rows = zip(*(table[c].tolist() for c in ("from_trip_id", "to_trip_id", "transfer_type")), strict=True)
    return {(before, after) for before, after, kind in rows if before and after and kind == NO_STAYING_ABOARD}
