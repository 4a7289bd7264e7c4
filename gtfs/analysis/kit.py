"""Our tables as a feed of gtfs_kit, which knows the statistics. Read by our reader, so that a feed with
a nested folder, a byte-order mark or a broken row is described like any other.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import gtfs_kit
import numpy as np
import numpy.typing as npt
import pandas as pd

from gtfs import schema
from gtfs.feed import ABSENT, Column, Feed, Table
from gtfs.rules.subject import format_time
from gtfs.schema import REAL, Kind

NEEDED = ("agency.txt", "routes.txt", "trips.txt", "stop_times.txt", "stops.txt")
OPTIONAL = ("calendar.txt", "calendar_dates.txt", "shapes.txt")
KEYS = {"routes.txt": "route_id", "trips.txt": "trip_id", "stops.txt": "stop_id"}
TAKEN_FOR_GRANTED = frozenset(
    [
        "agency_id",
        "route_short_name",
        "route_long_name",
        "parent_station",
        "shape_id",
        "stop_id",
        "stop_name",
        "stop_lat",
        "stop_lon",
        "arrival_time",
        "departure_time",
    ]
)
"""Columns that gtfs_kit uses without asking, beside the required ones."""


class NothingToShow(LookupError):  # noqa: N818  (named for what the user is told)
    """A feed that can be read, but has nothing of what was asked for."""


@contextmanager
def refusals(feed: Feed) -> Iterator[None]:
    """gtfs_kit expects sound feeds and fails in many ways on others: one line that says so."""
    try:
        yield
    except (AttributeError, IndexError, KeyError, TypeError, ValueError) as error:
        message = f"{feed.source}: gtfs_kit cannot count this feed; mend what `changtong gtfs validate` finds ({error})"
        raise NothingToShow(" ".join(message.split())) from error


def build_kit_feed(feed: Feed, trip_ids: frozenset[str] | None = None) -> Any:
    """The feed as ``gtfs_kit.Feed`` in kilometres; with ``trip_ids`` only those trips and their stop times."""
    frames = {}
    for file in (*NEEDED, *OPTIONAL):
        table = feed[file]
        rows = np.arange(len(table))
        if trip_ids is not None and file in {"trips.txt", "stop_times.txt"}:
            rows = np.flatnonzero([trip in trip_ids for trip in table["trip_id"].tolist()])
        if file == "stops.txt":
            rows = np.flatnonzero(~(np.isnan(table["stop_lat"]) | np.isnan(table["stop_lon"])))
        if file in KEYS:
            # a merge would multiply what a duplicate key refers to
            rows = rows[np.sort(np.unique(table[KEYS[file]][rows].astype(str), return_index=True)[1])]
        if len(rows) or file in NEEDED:
            frames[file.removesuffix(".txt")] = _build_frame(table, rows)
    return gtfs_kit.Feed(dist_units="km", **frames)


def _build_frame(table: Table, rows: npt.NDArray[np.int64]) -> Any:
    spec = schema.get_file(table.file)
    names = [f for f in spec.fields if table.has(f.name) or f.is_required or f.name in TAKEN_FOR_GRANTED]
    return pd.DataFrame({f.name: _build_series(table[f.name][rows], f.kind) for f in names})


def _build_series(values: Column, kind: Kind) -> Any:
    if kind in REAL:
        return pd.Series(values)
    if kind in {Kind.INTEGER, Kind.ENUM}:
        return pd.Series(values).astype("Int32").mask(values == ABSENT)
    if kind is Kind.TIME:
        texts = {number: "" if number == ABSENT else format_time(number) for number in np.unique(values).tolist()}
        values = np.array([texts[number] for number in values.tolist()], dtype=object)
    elif kind is Kind.DATE:
        values = np.array(["" if number == ABSENT else str(number) for number in values.tolist()], dtype=object)
    return pd.Series(values, dtype="string").replace("", pd.NA)
