"""Which trip a vehicle of a circular line makes next, so that riders may stay aboard where the circle closes.

No timetable says it. Where a vehicle arrives at the first station and one leaves from there at once or within
a short wait, in the same direction on the same day type, it is taken to be the same: first in, first out.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from mobility.cities.timed_trip import TimedTrip


def link_blocks(trips: Iterable[TimedTrip], *, max_wait_s: int, basis: str) -> list[TimedTrip]:
    """The trips, those of one vehicle with one block id (its first trip's id) and ``basis`` among their codes."""
    trips = list(trips)
    ends: dict[tuple[str, int, str, str], list[TimedTrip]] = {}
    starts: dict[tuple[str, int, str, str], list[TimedTrip]] = {}
    for trip in trips:
        day = (trip.route_id, trip.direction, trip.service_id)
        ends.setdefault((*day, trip.stop_ids[-1]), []).append(trip)
        starts.setdefault((*day, trip.stop_ids[0]), []).append(trip)
    followers: dict[str, str] = {}
    for key, group in ends.items():
        arriving = sorted(group, key=lambda t: t.arrivals_s[-1])
        leaving = sorted(starts.get(key, ()), key=lambda t: t.departures_s[0])
        followers |= {a.trip_id: b.trip_id for a, b in _list_pairs(arriving, leaving, max_wait_s)}
    block_of = _list_blocks(trips, followers)
    return [_in_block(trip, block_of.get(trip.trip_id, ""), basis) for trip in trips]


def _list_blocks(trips: Sequence[TimedTrip], followers: Mapping[str, str]) -> dict[str, str]:
    block_of: dict[str, str] = {}
    for trip in sorted(trips, key=lambda t: t.departures_s[0]):
        if trip.trip_id in followers:
            block_of[followers[trip.trip_id]] = block_of.setdefault(trip.trip_id, trip.trip_id)
    return block_of


def _list_pairs(
    ends: Sequence[TimedTrip], starts: Sequence[TimedTrip], max_wait_s: int
) -> list[tuple[TimedTrip, TimedTrip]]:
    pairs, waiting = [], iter(starts)
    after = next(waiting, None)
    for before in ends:
        arrival_s = before.arrivals_s[-1]
        while after is not None and after.departures_s[0] < arrival_s:
            after = next(waiting, None)
        if after is not None and after.departures_s[0] - arrival_s <= max_wait_s:
            pairs.append((before, after))
            after = next(waiting, None)
    return pairs


def _in_block(trip: TimedTrip, block_id: str, basis: str) -> TimedTrip:
    return replace(trip, block_id=block_id, basis=trip.basis | {basis}) if block_id else trip
