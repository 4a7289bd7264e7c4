"""A feed into its on-demand trips, of today's GTFS-Flex and, where they can only mean one thing, of its drafts."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from gtfs import schema
from gtfs.feed import ABSENT, Column, Feed, Table
from gtfs.flex.booking import BookingRule, read_booking_rules
from gtfs.flex.places import FlexPlace, Places, read_places
from gtfs.flex.service import Duration, FlexCall, FlexService
from gtfs.flex.zones import Zone, read_zones
from gtfs.notices import Notice, Severity

DIALECT = "changtong_flex_dialect"
UNKNOWN_PLACE = "changtong_flex_unknown_place"
WITHOUT_RIDE = "changtong_flex_without_ride"
OLD_NAMES = {
    "start_pickup_drop_off_window": "start_pickup_dropoff_window",
    "end_pickup_drop_off_window": "end_pickup_dropoff_window",
    "drop_off_booking_rule_id": "dropoff_booking_rule_id",
}
"""Fields of stop_times.txt and what drafts called them."""
LONGEST_OFFSET_MINUTES = 60
"""The drafts gave offsets in minutes, today they are seconds: an offset in stop_times.txt below this is minutes."""
SHOWN_IDS = 3
_CLOCK = re.compile(r"(\d{1,3}):([0-5]\d):([0-5]\d)")


@dataclass(frozen=True, slots=True)
class FlexFeed:
    """What a feed offers on demand. ``zones`` by id; ``rules`` by id; ``notices`` name what was left out."""

    services: tuple[FlexService, ...]
    zones: Mapping[str, Zone]
    rules: Mapping[str, BookingRule]
    notices: tuple[Notice, ...] = ()


def read_flex(feed: Feed) -> FlexFeed:
    """The on-demand trips of a feed; none where it has none. Never raises: what cannot be used is a notice."""
    times = feed["stop_times.txt"]
    start, end = (_read_times(times, name) for name in ("start_pickup_drop_off_window", "end_pickup_drop_off_window"))
    has_window = (start != ABSENT) & (end != ABSENT) & (end >= start)
    zones, notices = read_zones(feed)
    if not has_window.any():
        return FlexFeed((), zones, {}, tuple(notices))
    reader = _Reader(feed, times, start, end, has_window, read_places(feed, zones))
    services = tuple(reader.list_services())
    notices += reader.list_notices()
    return FlexFeed(services, zones, read_booking_rules(feed), tuple(notices))


class _Reader:
    """The rows of trips that have a window somewhere."""

    def __init__(
        self, feed: Feed, times: Table, start: Column, end: Column, has_window: Column, places: Places
    ) -> None:
        self._times, self._start, self._end, self._places = times, start, end, places
        self._has_window = has_window
        trips = feed["trips.txt"]
        self._trips = trips
        self._trip_row = {trip_id: row for row, trip_id in reversed(list(enumerate(trips["trip_id"].tolist())))}
        self._old_names = [new for new, old in OLD_NAMES.items() if not times.has(new) and old in times.columns]
        self._minutes = 0
        self._lone: list[str] = []
        self._idle: list[str] = []

    def list_services(self) -> Iterator[FlexService]:
        """The trips from which a ride can be made, in the order of stop_times.txt."""
        ids = self._times["trip_id"].tolist()
        rows: dict[str, list[int]] = {ids[row]: [] for row in np.flatnonzero(self._has_window).tolist()}
        for row, trip_id in enumerate(ids):
            if trip_id in rows:
                rows[trip_id].append(row)
        for trip_id, own in rows.items():
            if trip_id in self._trip_row:
                service = self._read_service(trip_id, own)
                if service is not None:
                    yield service

    def _read_service(self, trip_id: str, rows: list[int]) -> FlexService | None:
        sequence = self._times["stop_sequence"]
        ordered = sorted(rows, key=lambda row: (int(sequence[row]), row))
        calls = [call for call in map(self._read_call, ordered) if call is not None]
        if len(rows) == 1 and calls and calls[0].can_board and calls[0].can_leave and calls[0].place.zones:
            # in the drafts one row was a service inside one zone; today it takes two
            self._lone.append(trip_id)
            calls = [calls[0], replace(calls[0], sequence=calls[0].sequence + 1)]
        row = self._trip_row[trip_id]
        route_id, service_id = str(self._trips["route_id"][row]), str(self._trips["service_id"][row])
        mean, safe = (_duration(self._trips, row, name) for name in ("mean", "safe"))
        service = FlexService(trip_id, route_id, service_id, tuple(calls), mean, safe)
        if next(service.list_rides(), None) is None:
            self._idle.append(trip_id)
            return None
        return service

    def _read_call(self, row: int) -> FlexCall | None:
        place = self._find_place(row)
        if place is None:
            return None
        times = self._times
        window = (int(self._start[row]), int(self._end[row])) if self._has_window[row] else None
        arrival, departure = int(times["arrival_time"][row]), int(times["departure_time"][row])
        return FlexCall(
            place=place,
            window_s=window,
            arrival_s=arrival if arrival != ABSENT and window is None else None,
            departure_s=departure if departure != ABSENT and window is None else None,
            pickup_type=max(0, int(times["pickup_type"][row])),
            drop_off_type=max(0, int(times["drop_off_type"][row])),
            pickup_rule_id=str(times["pickup_booking_rule_id"][row]),
            drop_off_rule_id=str(_column(times, "drop_off_booking_rule_id")[row]),
            mean=self._call_duration(row, "mean"),
            safe=self._call_duration(row, "safe"),
            sequence=int(times["stop_sequence"][row]),
            row=int(times.row[row]),
        )

    def _find_place(self, row: int) -> FlexPlace | None:
        ids = (str(self._times[name][row]) for name in ("location_id", "location_group_id", "stop_id"))
        place = self._places.find(*ids)
        if place is None or place.zones or place.stops:
            return place
        self._places.lost[place.place_id] = self._places.lost.get(place.place_id, 0) + 1
        return None

    def _call_duration(self, row: int, name: str) -> Duration | None:
        found = _duration(self._times, row, name)
        if found is None or not 0 < abs(found.offset_s) < LONGEST_OFFSET_MINUTES:
            return found
        self._minutes += 1
        return Duration(found.factor, found.offset_s * 60)

    def list_notices(self) -> Iterator[Notice]:
        """What was understood although it is not today's form, and what was left out."""
        file = self._times.file
        if self._old_names:
            pairs = ", ".join(f"{OLD_NAMES[name]} for {name}" for name in self._old_names)
            yield Notice(
                DIALECT, Severity.WARNING, file, 1, f"old names of fields were understood: {pairs}; rename them"
            )
        for form in self._places.old_forms:
            message = f"a draft of GTFS-Flex has {form}; it was understood: write it in today's form"
            yield Notice(DIALECT, Severity.WARNING, file, 0, message)
        if self._minutes:
            message = (
                f"{self._minutes} duration offsets below {LONGEST_OFFSET_MINUTES} were taken for minutes, as in the "
                "drafts: put seconds into safe_duration_offset of trips.txt"
            )
            yield Notice(DIALECT, Severity.WARNING, file, 0, message)
        if self._lone:
            message = (
                f"{_shorten(self._lone)} with one row was taken for rides inside one zone: today that takes two rows"
            )
            yield Notice(DIALECT, Severity.WARNING, file, 0, message)
        for place_id, count in self._places.lost.items():
            message = (
                f"{place_id!r} is no zone, location group or stop that can be used; {count} rows of on-demand trips "
                f"were left out: add it to {schema.LOCATIONS}, location_group_stops.txt or stops.txt, or mend it there"
            )
            yield Notice(UNKNOWN_PLACE, Severity.WARNING, file, 0, message)
        if self._idle:
            message = (
                f"{_shorten(self._idle)} cannot be ridden on demand: an earlier call must let people on and a later "
                "one off, and one of the two must have a window"
            )
            yield Notice(WITHOUT_RIDE, Severity.WARNING, file, 0, message)


def _column(table: Table, name: str) -> Column:
    """A field, by the name of the drafts where the file has only that."""
    old = OLD_NAMES[name]
    return table[old] if not table.has(name) and old in table.columns else table[name]


def _read_times(table: Table, name: str) -> Column:
    column = _column(table, name)
    if column.dtype != object:
        return column
    found = {text: _CLOCK.fullmatch(text.strip()) for text in set(column.tolist())}
    seconds = {text: _seconds(match) for text, match in found.items()}
    return np.array([seconds[text] for text in column.tolist()], dtype=np.int32)


def _seconds(match: re.Match[str] | None) -> int:
    if match is None:
        return ABSENT
    hours, minutes, seconds = map(int, match.groups())
    return hours * 3600 + minutes * 60 + seconds


def _duration(table: Table, row: int, name: str) -> Duration | None:
    """``<name>_duration_factor`` and ``_offset``; None where the row has neither."""
    factor, offset = (_real(table, f"{name}_duration_{part}", row) for part in ("factor", "offset"))
    if factor is None and offset is None:
        return None
    return Duration(1.0 if factor is None else factor, offset or 0.0)


def _real(table: Table, name: str, row: int) -> float | None:
    if name not in table.columns:
        return None
    value: Any = table[name][row]
    try:
        number = float(value)
    except ValueError:
        return None
    return number if np.isfinite(number) else None


def _shorten(trip_ids: list[str]) -> str:
    counted = Counter(trip_ids)
    shown = ", ".join(repr(trip_id) for trip_id in list(counted)[:SHOWN_IDS])
    more = len(counted) - SHOWN_IDS
    return f"{'trip' if len(counted) == 1 else 'trips'} {shown}{f' and {more} more' if more > 0 else ''}"
