"""Trips that the timetable does not have, and trips that do something else today: rows made of an update's stops."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from mobility.live.columns import LONGEST_S
from mobility.live.index import LiveIndex
from mobility.live.updates import StopRelation, StopUpdate, TripRelation, TripUpdate
from mobility.network.routes import RouteTable
from mobility.network.timetable import Ints

Complain = Callable[[str, str], None]
"""Code and message of what is wrong with an update."""


@dataclass(frozen=True, slots=True)
class NewTrip:
    """What an added trip is to riders. Its number follows those of trips.txt, in the order of the updates."""

    trip_id: str
    route: int
    """Position in routes.txt, -1 unknown."""
    headsign: str


def to_new_trip(update: TripUpdate, index: LiveIndex) -> NewTrip:
    """What an added trip, or a copy of one, is to riders."""
    trip_id = update.new_trip_id or update.trip_id
    original = index.trip_index.get(update.trip_id, -1)
    route, headsign = index.route_index.get(update.route_id, -1), update.headsign
    if original >= 0 and update.relation is TripRelation.DUPLICATED:
        route = int(index.trip_route[original]) if route < 0 else route
        headsign = headsign or str(index.network.feed["trips.txt"]["trip_headsign"][original])
    return NewTrip(trip_id, route, headsign)


def tell_new_trips(routes: RouteTable, new_trips: tuple[NewTrip, ...]) -> RouteTable:
    """The table that knows the added trips too."""
    if not new_trips:
        return routes
    return replace(
        routes,
        trip_route=np.append(routes.trip_route, [trip.route for trip in new_trips]).astype(np.int32),
        trip_ids=(*routes.trip_ids, *(trip.trip_id for trip in new_trips)),
        trip_headsigns=(*routes.trip_headsigns, *(trip.headsign for trip in new_trips)),
    )


def build_rows(update: TripUpdate, index: LiveIndex, complain: Complain) -> Ints | None:
    """Lines of stop, arrival, departure: all that the trip does; None where it leads nowhere."""
    rows: list[tuple[int, int, int]] = []
    before = -LONGEST_S
    for number, call in enumerate(update.stops, start=1):
        if call.relation is StopRelation.SKIPPED:
            continue
        place = index.place_index.get(call.assigned_stop_id or call.stop_id, -1)
        stop = int(index.stop_of_place[place]) if place >= 0 else -1
        times = _times_of(call)
        if stop < 0:
            complain("unknown_stop", f"call {number} at {call.stop_id!r}: not a stop with departures")
        elif times is None:
            complain("time_missing", f"call {number} at {call.stop_id!r} has no time; it is left out")
        else:
            arrival = max(times[0], before)
            before = max(times[1], arrival)
            rows.append((stop, arrival, before))
    if len(rows) < 2:
        complain("trip_too_short", "fewer than two usable calls; nobody can ride it")
        return None
    return np.array(rows, np.int32)


def _times_of(call: StopUpdate) -> tuple[int, int] | None:
    known = [time for time in (call.arrival_s, call.departure_s) if time is not None and abs(time) <= LONGEST_S]
    return (known[0], known[-1]) if known else None
