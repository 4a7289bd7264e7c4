"""stop_times.txt: time runs forward, vehicles have possible speeds, trips have ends (GTFS Schedule)."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from gtfs.feed import ABSENT, Column
from gtfs.notices import Notice, Severity
from gtfs.rules.subject import Bools, Ints, Rule, Subject, format_time, list_rows, measure_distance_m

SPEED_LIMIT_KPH = {0: 100, 1: 150, 2: 500, 3: 150, 4: 80, 5: 30, 6: 50, 7: 50, 11: 150, 12: 150}
"""The canonical validator's limits by route_type."""
OTHER_SPEED_LIMIT_KPH = 200
EXTENDED_RAIL = range(100, 200)
"""Railway services among the extended route types."""


def check_times(subject: Subject) -> Iterator[Notice]:
    """Times of one record: both or none, and in order."""
    table = subject["stop_times.txt"]
    arrival, departure = table["arrival_time"], table["departure_time"]
    has_arrival, has_departure = arrival != ABSENT, departure != ABSENT
    yield from list_rows(
        table,
        has_arrival != has_departure,
        "stop_time_with_only_arrival_or_departure_time",
        Severity.ERROR,
        lambda place: f"only {'arrival' if has_arrival[place] else 'departure'}_time is given; give both",
    )
    yield from list_rows(
        table,
        has_arrival & has_departure & (arrival > departure),
        "start_and_end_range_out_of_order",
        Severity.ERROR,
        lambda place: (
            f"departure_time {format_time(int(departure[place]))} is before arrival_time "
            f"{format_time(int(arrival[place]))}"
        ),
    )
    yield from list_rows(
        table,
        (table["timepoint"] == 1) & ~(has_arrival & has_departure),
        "stop_time_timepoint_without_times",
        Severity.ERROR,
        lambda _: "timepoint is 1 (exact), but a time is missing",
    )


def check_ends(subject: Subject) -> Iterator[Notice]:
    """``missing_trip_edge``: the first and last stop of a trip have times, unless they have a window."""
    table, order = subject["stop_times.txt"], subject.travel_order
    has_no_time = (order.arrival == ABSENT) | (order.departure == ABSENT)
    has_no_window = table["start_pickup_drop_off_window"][order.position] == ABSENT
    yield from list_rows(
        table,
        np.sort(order.position[(order.begins | order.ends) & has_no_time & has_no_window]),
        "missing_trip_edge",
        Severity.ERROR,
        lambda place: f"an end of trip {table['trip_id'][place]} has no arrival_time or departure_time",
    )


def check_order(subject: Subject) -> Iterator[Notice]:
    """``stop_time_with_arrival_before_previous_departure_time``, over stops without times."""
    table, order = subject["stop_times.txt"], subject.travel_order
    here, before = _list_timed_pairs(order.begins, (order.arrival != ABSENT) & (order.departure != ABSENT))
    is_wrong = order.arrival[here] < order.departure[before]
    earlier = dict(zip(order.position[here].tolist(), before.tolist(), strict=True))

    def describe(place: int) -> str:
        previous = earlier[place]
        return (
            f"trip {table['trip_id'][place]} arrives at {format_time(int(table['arrival_time'][place]))}, before it "
            f"leaves the stop before at {format_time(int(order.departure[previous]))} "
            f"(row {table.row[order.position[previous]]})"
        )

    places = np.sort(order.position[here[is_wrong]])
    code = "stop_time_with_arrival_before_previous_departure_time"
    yield from list_rows(table, places, code, Severity.ERROR, describe)


def _list_timed_pairs(begins: Bools, is_timed: Bools) -> tuple[Ints, Ints]:
    """Each timed stop time that has a timed one before it in its trip, and that one."""
    timed = np.flatnonzero(is_timed)
    trip = np.cumsum(begins)[timed]
    follows = np.flatnonzero(trip[1:] == trip[:-1]) + 1
    return timed[follows], timed[follows - 1]


def check_distances(subject: Subject) -> Iterator[Notice]:
    """``decreasing_or_equal_stop_time_distance``: shape_dist_traveled grows along a trip."""
    table, order = subject["stop_times.txt"], subject.travel_order
    if not table.has("shape_dist_traveled"):
        return
    distance = table["shape_dist_traveled"][order.position]
    here, before = _list_timed_pairs(order.begins, ~np.isnan(distance))
    is_wrong = distance[here] <= distance[before]
    # a trip may call twice at one place without moving
    is_wrong &= order.stop[here] != order.stop[before]
    yield from list_rows(
        table,
        np.sort(order.position[here[is_wrong]]),
        "decreasing_or_equal_stop_time_distance",
        Severity.ERROR,
        lambda place: (
            f"shape_dist_traveled {table['shape_dist_traveled'][place]:g} of trip {table['trip_id'][place]} is not "
            "more than at the stop before"
        ),
    )


def check_speeds(subject: Subject) -> Iterator[Notice]:
    """``fast_travel_between_consecutive_stops``, along the stops between two times."""
    table, order = subject["stop_times.txt"], subject.travel_order
    speed_kph, here = _measure_speeds(subject)
    limit = _find_limits(subject)
    trip = order.trip[here]
    own_limit = np.where(trip >= 0, limit[trip], OTHER_SPEED_LIMIT_KPH) if len(limit) else np.full(len(here), np.inf)
    is_fast = speed_kph > own_limit
    found = {
        int(order.position[h]): (s, lim)
        for h, s, lim in zip(here[is_fast], speed_kph[is_fast], own_limit[is_fast], strict=True)
    }
    yield from list_rows(
        table,
        sorted(found),
        "fast_travel_between_consecutive_stops",
        Severity.WARNING,
        lambda place: (
            f"trip {table['trip_id'][place]} comes to {table['stop_id'][place]} at {found[place][0]:.0f} km/h; "
            f"its mode does at most {found[place][1]:.0f}"
        ),
    )


def _measure_speeds(subject: Subject) -> tuple[Column, Ints]:
    """Speeds in km/h, and the stop times (in travel order) at which they were reached."""
    stops, order = subject["stops.txt"], subject.travel_order
    is_placed = order.stop >= 0
    lat = np.where(is_placed, stops["stop_lat"][order.stop], np.nan) if len(stops) else np.full(len(is_placed), np.nan)
    lon = np.where(is_placed, stops["stop_lon"][order.stop], np.nan) if len(stops) else lat
    step_m = np.zeros(len(lat))
    step_m[1:] = measure_distance_m(lat[:-1], lon[:-1], lat[1:], lon[1:])
    step_m[order.begins] = 0.0
    way_m = np.cumsum(np.nan_to_num(step_m))
    here, before = _list_timed_pairs(order.begins, (order.arrival != ABSENT) & (order.departure != ABSENT))
    passed_s = np.maximum(order.arrival[here] - order.departure[before], 0)
    # times in whole minutes are rounded: each may be off by half a minute
    is_rounded = (order.arrival[here] % 60 == 0) & (order.departure[before] % 60 == 0)
    passed_s = np.maximum(passed_s + np.where(is_rounded, 60, 0), 1)
    return (way_m[here] - way_m[before]) / passed_s * 3.6, here


def _find_limits(subject: Subject) -> Column:
    """The speed limit of every trip."""
    route = subject.look_up(subject["trips.txt"]["route_id"], "routes.txt", "route_id")
    kinds = subject["routes.txt"]["route_type"].tolist()
    limits = [500 if kind in EXTENDED_RAIL else SPEED_LIMIT_KPH.get(kind, OTHER_SPEED_LIMIT_KPH) for kind in kinds]
    # the last entry is for trips whose route is unknown (-1)
    return np.array([*limits, OTHER_SPEED_LIMIT_KPH])[route]


def check_places(subject: Subject) -> Iterator[Notice]:
    """A record names one place: a stop, a location group or a zone."""
    table = subject["stop_times.txt"]
    names = ("stop_id", "location_group_id", "location_id")
    count = sum(((table[name] != "").astype(np.int8) for name in names), np.zeros(len(table), dtype=np.int8))
    yield from list_rows(
        table,
        count == 0,
        "missing_required_field",
        Severity.ERROR,
        lambda place: f"stop_id is empty, so that trip {table['trip_id'][place]} stops nowhere",
    )
    yield from list_rows(
        table,
        count > 1,
        "forbidden_geography_id",
        Severity.ERROR,
        lambda _: "only one of stop_id, location_group_id and location_id may be given",
    )


def check_windows(subject: Subject) -> Iterator[Notice]:
    """Flexible service: a window has both ends, in order, and no fixed times."""
    table = subject["stop_times.txt"]
    start, end = table["start_pickup_drop_off_window"], table["end_pickup_drop_off_window"]
    has_start, has_end = start != ABSENT, end != ABSENT
    is_zone = (table["location_id"] != "") | (table["location_group_id"] != "")
    has_time = (table["arrival_time"] != ABSENT) | (table["departure_time"] != ABSENT)
    yield from list_rows(
        table,
        (has_start != has_end) | (is_zone.astype(np.bool_) & ~has_start),
        "missing_pickup_or_drop_off_window",
        Severity.ERROR,
        lambda _: "start_pickup_drop_off_window and end_pickup_drop_off_window are both needed",
    )
    yield from list_rows(
        table,
        has_start & has_end & (start >= end),
        "invalid_pickup_drop_off_window",
        Severity.ERROR,
        lambda _: "end_pickup_drop_off_window is not after start_pickup_drop_off_window",
    )
    yield from list_rows(
        table,
        (has_start | has_end) & has_time,
        "forbidden_arrival_or_departure_time",
        Severity.ERROR,
        lambda _: "a stop time with a pick-up and drop-off window has no arrival_time or departure_time",
    )


RULES: tuple[Rule, ...] = (
    check_times,
    check_ends,
    check_order,
    check_distances,
    check_speeds,
    check_places,
    check_windows,
)
