"""What the rules look at: a feed, the day on which it is judged, and the stop times in travel order."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import numpy.typing as npt

from gtfs.feed import Column, Feed, Table
from gtfs.notices import Notice, Severity
from gtfs.service_days import Days, build_service_days

Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]
EARTH_RADIUS_M = 6_371_008.8
"""Mean radius (IUGG)."""


@dataclass(frozen=True, slots=True)
class TravelOrder:
    """The stop times sorted by trip and stop_sequence; every array has one entry a stop time.

    ``position`` is the place in stop_times.txt's table, ``trip`` and ``stop`` the place in trips.txt
    and stops.txt (-1 where there is none), ``begins`` marks the first stop time of each trip.
    """

    position: Ints
    trip: Ints
    stop: Ints
    arrival: Ints
    departure: Ints
    begins: Bools

    @property
    def ends(self) -> Bools:
        """The last stop time of each trip."""
        return np.append(self.begins[1:], np.ones(min(1, len(self.begins)), dtype=np.bool_))

    @property
    def starts(self) -> Ints:
        """Where each trip begins."""
        return np.flatnonzero(self.begins)


@dataclass(frozen=True)
class Subject:
    """A feed under validation."""

    feed: Feed
    today: dt.date
    places: dict[tuple[str, str], Mapping[str, int]] = field(default_factory=dict)

    def __getitem__(self, file: str) -> Table:
        return self.feed[file]

    def index_of(self, file: str, column: str) -> Mapping[str, int]:
        """Id to the place of the first record that has it."""
        if (file, column) not in self.places:
            ids = self.feed[file][column].tolist()
            index = {text: len(ids) - 1 - n for n, text in enumerate(reversed(ids))}
            index.pop("", None)
            self.places[file, column] = index
        return self.places[file, column]

    def look_up(self, ids: Column, file: str, column: str) -> Ints:
        """The places of these ids in that file; -1 where it has no such record."""
        index = self.index_of(file, column)
        return np.fromiter((index.get(text, -1) for text in ids.tolist()), dtype=np.int64, count=len(ids))

    @cached_property
    def service_days(self) -> Mapping[str, Days]:
        """The days of every service that runs at all."""
        return build_service_days(self.feed)

    @cached_property
    def travel_order(self) -> TravelOrder:
        """The stop times in travel order."""
        table = self.feed["stop_times.txt"]
        code = factorize(table["trip_id"])
        order = np.lexsort((table["stop_sequence"], code))
        code = code[order]
        begins = np.ones(len(order), dtype=np.bool_)
        begins[1:] = code[1:] != code[:-1]
        return TravelOrder(
            position=order,
            trip=self.look_up(table["trip_id"], "trips.txt", "trip_id")[order],
            stop=self.look_up(table["stop_id"], "stops.txt", "stop_id")[order],
            arrival=table["arrival_time"][order].astype(np.int64),
            departure=table["departure_time"][order].astype(np.int64),
            begins=begins,
        )


Rule = Callable[[Subject], Iterable[Notice]]


def factorize(column: Column) -> Ints:
    """Equal values to equal small numbers, in the order in which they appear."""
    values = column.tolist()
    codes = {value: n for n, value in enumerate(dict.fromkeys(values))}
    return np.fromiter(map(codes.__getitem__, values), dtype=np.int64, count=len(values))


def list_rows(
    table: Table, rows: Iterable[int] | Column, code: str, severity: Severity, describe: Callable[[int], str]
) -> Iterator[Notice]:
    """One notice for each of the records (places in the table, or a mask)."""
    if isinstance(rows, np.ndarray):
        rows = (np.flatnonzero(rows) if rows.dtype == np.bool_ else rows).tolist()
    for place in rows:
        yield Notice(code, severity, table.file, int(table.row[place]), describe(int(place)))


def measure_distance_m(lat: Column, lon: Column, other_lat: Column, other_lon: Column) -> npt.NDArray[np.float64]:
    """Great-circle distances (haversine)."""
    phi, other_phi = np.radians(lat), np.radians(other_lat)
    half = np.sin((other_phi - phi) / 2) ** 2
    half = half + np.cos(phi) * np.cos(other_phi) * np.sin(np.radians(other_lon - lon) / 2) ** 2
    return np.asarray(2 * EARTH_RADIUS_M * np.arcsin(np.sqrt(np.minimum(half, 1.0))))


def format_time(seconds: int) -> str:
    """Service-day seconds as H:MM:SS."""
    return f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}"
