"""transfers.txt: changes between places where one can change, with trips that call there."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from gtfs.feed import ABSENT
from gtfs.notices import Notice, Severity
from gtfs.rules.stops import PLATFORM, STATION, TYPE_NAMES
from gtfs.rules.subject import Ints, Rule, Subject, list_rows, measure_distance_m

TIMED, IN_SEAT, NO_IN_SEAT = 2, 4, 5
"""transfer_type: takes min_transfer_time; stay seated; must get off."""
NOTEWORTHY_M, FARTHEST_M = 2_000.0, 10_000.0
"""The canonical validator's limits."""
SIDES = ("from", "to")


def check_stops(subject: Subject) -> Iterator[Notice]:
    """Both stops are given unless passengers stay on the vehicle, and are platforms or stations."""
    table, stops = subject["transfers.txt"], subject["stops.txt"]
    is_linked = np.isin(table["transfer_type"], (IN_SEAT, NO_IN_SEAT))
    kind = np.append(np.maximum(stops["location_type"], PLATFORM), PLATFORM)
    for side in SIDES:
        ids = table[f"{side}_stop_id"]
        yield from list_rows(
            table,
            (ids == "") & ~is_linked,
            "missing_required_field",
            Severity.ERROR,
            lambda _, side=side: f"{side}_stop_id is empty",  # type: ignore[misc]  # a default keeps the loop's value
        )
        own = kind[subject.look_up(ids, "stops.txt", "stop_id")]
        yield from list_rows(
            table,
            ~np.isin(own, (PLATFORM, STATION)),
            "transfer_with_invalid_stop_location_type",
            Severity.ERROR,
            lambda place, side=side, own=own, ids=ids: (  # type: ignore[misc]
                f"{side}_stop_id {ids[place]} is a {TYPE_NAMES[own[place]]}; change at platforms and stations"
            ),
        )


def check_times(subject: Subject) -> Iterator[Notice]:
    """``changtong_timed_transfer_without_time``: type 2 without the time that it is about."""
    table = subject["transfers.txt"]
    yield from list_rows(
        table,
        (table["transfer_type"] == TIMED) & (table["min_transfer_time"] == ABSENT),
        "changtong_timed_transfer_without_time",
        Severity.WARNING,
        lambda _: "transfer_type is 2 (needs a minimum time), but min_transfer_time is empty",
    )


def check_distances(subject: Subject) -> Iterator[Notice]:
    """``transfer_distance_too_large`` and ``transfer_distance_above_2_km``."""
    table, stops = subject["transfers.txt"], subject["stops.txt"]
    lat, lon = np.append(stops["stop_lat"], np.nan), np.append(stops["stop_lon"], np.nan)
    start, end = (subject.look_up(table[f"{side}_stop_id"], "stops.txt", "stop_id") for side in SIDES)
    distance_m = measure_distance_m(lat[start], lon[start], lat[end], lon[end])

    def describe(place: int) -> str:
        ends = " and ".join(table[f"{side}_stop_id"][place] for side in SIDES)
        return f"{ends} are {distance_m[place] / 1000:.1f} km apart"

    is_too_far = distance_m > FARTHEST_M
    yield from list_rows(table, is_too_far, "transfer_distance_too_large", Severity.WARNING, describe)
    is_far = (distance_m > NOTEWORTHY_M) & ~is_too_far
    yield from list_rows(table, is_far, "transfer_distance_above_2_km", Severity.INFO, describe)


def check_trips(subject: Subject) -> Iterator[Notice]:
    """A transfer's trip is of its route, calls at its stop, and is named where passengers stay seated."""
    table = subject["transfers.txt"]
    is_linked = np.isin(table["transfer_type"], (IN_SEAT, NO_IN_SEAT))
    for side in SIDES:
        trip = subject.look_up(table[f"{side}_trip_id"], "trips.txt", "trip_id")
        yield from list_rows(
            table,
            is_linked & (table[f"{side}_trip_id"] == ""),
            "missing_required_field",
            Severity.ERROR,
            lambda _, side=side: f"{side}_trip_id is empty: the type links two trips",  # type: ignore[misc]
        )
        yield from _check_route(subject, side, trip)
        yield from _check_calls(subject, side, trip)


def _check_route(subject: Subject, side: str, trip: Ints) -> Iterator[Notice]:
    table, routes = subject["transfers.txt"], subject["trips.txt"]["route_id"]
    stated = table[f"{side}_route_id"]
    yield from list_rows(
        table,
        [n for n, place in enumerate(trip.tolist()) if place >= 0 and stated[n] and stated[n] != routes[place]],
        "transfer_with_invalid_trip_and_route",
        Severity.ERROR,
        lambda n: f"{side}_trip_id {table[f'{side}_trip_id'][n]} is of route {routes[trip[n]]}, not {stated[n]}",
    )


def _check_calls(subject: Subject, side: str, trip: Ints) -> Iterator[Notice]:
    table, stops, order = subject["transfers.txt"], subject["stops.txt"], subject.travel_order
    named = np.flatnonzero(trip >= 0)
    if not len(named) or not len(stops):
        return
    parent = subject.look_up(stops["parent_station"], "stops.txt", "stop_id")
    of_interest = np.flatnonzero(np.isin(order.trip, trip[named]) & (order.stop >= 0))
    calls = set(zip(order.trip[of_interest].tolist(), order.stop[of_interest].tolist(), strict=True))
    calls |= {(one, int(parent[stop])) for one, stop in calls}
    place = subject.look_up(table[f"{side}_stop_id"], "stops.txt", "stop_id")
    yield from list_rows(
        table,
        [n for n in named.tolist() if place[n] >= 0 and (int(trip[n]), int(place[n])) not in calls],
        "transfer_with_invalid_trip_and_stop",
        Severity.ERROR,
        lambda n: f"trip {table[f'{side}_trip_id'][n]} does not stop at {table[f'{side}_stop_id'][n]}",
    )


RULES: tuple[Rule, ...] = (check_stops, check_times, check_distances, check_trips)
