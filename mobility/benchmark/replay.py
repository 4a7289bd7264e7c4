"""An answer played against a timetable: whether each vehicle is where the path says, when it says."""

from __future__ import annotations

from itertools import pairwise

from mobility.network.timetable import Timetable
from mobility.planner.query import Path, Query, Ride


def find_fault(timetable: Timetable, query: Query, path: Path) -> str:
    """What does not fit, empty where everything does. For questions between stops that end in a vehicle or a walk."""
    access = dict(zip(query.access.stop.tolist(), query.access.seconds.tolist(), strict=True))
    egress = dict(zip(query.egress.stop.tolist(), query.egress.seconds.tolist(), strict=True))
    if not path.rides or path.departure_s < query.at_s:
        return "it leaves before it may, or has no vehicle"
    times = [_times_of(timetable, ride) for ride in path.rides]
    if not all(times):
        return "a vehicle does not call where it is boarded or left"
    first, last = path.rides[0], path.rides[-1]
    if path.departure_s + access[first.board_stop] > times[0][0]:
        return "the first vehicle has left"
    for (before, after), ((_, arrival_s), (departure_s, _)) in zip(pairwise(path.rides), pairwise(times), strict=True):
        change_s = _change_s(timetable, before.alight_stop, after.board_stop)
        if change_s is None or arrival_s + change_s > departure_s:
            return "a connection is missed"
    if times[-1][1] + egress[last.alight_stop] != path.arrival_s:
        return "it arrives at another time"
    return ""


def _times_of(timetable: Timetable, ride: Ride) -> tuple[int, ...]:
    """Departure and arrival; nothing where the ride is not of this timetable."""
    if ride.trip >= timetable.trip_count:
        return ()
    stops = timetable.list_stops_of(timetable.get_pattern_of(ride.trip)[0])
    if ride.alight_pos >= len(stops) or ride.board_pos >= ride.alight_pos:
        return ()
    if (stops[ride.board_pos], stops[ride.alight_pos]) != (ride.board_stop, ride.alight_stop):
        return ()
    arrivals, departures = timetable.list_times_of(ride.trip)
    return departures[ride.board_pos], arrivals[ride.alight_pos]


def _change_s(timetable: Timetable, start: int, end: int) -> int | None:
    return int(timetable.arrays.change_s[start]) if start == end else timetable.find_footpath_s(start, end)
