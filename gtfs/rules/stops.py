"""stops.txt: names, places on Earth, and the hierarchy of stations (GTFS Schedule, stops.txt)."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from gtfs.notices import Notice, Severity
from gtfs.rules.subject import Rule, Subject, list_rows

PLATFORM, STATION, ENTRANCE, NODE, BOARDING_AREA = range(5)
TYPE_NAMES = ("platform", "station", "entrance", "generic node", "boarding area")
NEAR_DEGREES = 1.0
"""Within one degree of 0,0 or of a pole no city lies: the canonical validator's limit."""


def check_names(subject: Subject) -> Iterator[Notice]:
    """``missing_stop_name``: platforms, stations and entrances have names."""
    stops = subject["stops.txt"]
    is_named_type = np.isin(stops["location_type"], (-1, PLATFORM, STATION, ENTRANCE))
    yield from list_rows(
        stops,
        is_named_type & (stops["stop_name"] == ""),
        "missing_stop_name",
        Severity.ERROR,
        lambda place: f"stop {stops['stop_id'][place]} has no stop_name",
    )
    yield from list_rows(
        stops,
        (stops["stop_desc"] != "") & (stops["stop_desc"] == stops["stop_name"]),
        "same_name_and_description_for_stop",
        Severity.WARNING,
        lambda place: f"stop_desc repeats the name {stops['stop_name'][place]!r}; leave it empty",
    )


def check_places(subject: Subject) -> Iterator[Notice]:
    """``stop_without_location``, ``point_near_origin`` and ``point_near_pole``."""
    stops = subject["stops.txt"]
    lat, lon = stops["stop_lat"], stops["stop_lon"]
    is_missing = (np.isnan(lat) | np.isnan(lon)) & np.isin(stops["location_type"], (-1, PLATFORM, STATION, ENTRANCE))
    yield from list_rows(
        stops,
        is_missing,
        "stop_without_location",
        Severity.ERROR,
        lambda place: f"stop {stops['stop_id'][place]} has no usable stop_lat and stop_lon",
    )
    yield from list_rows(
        stops,
        (np.abs(lat) <= NEAR_DEGREES) & (np.abs(lon) <= NEAR_DEGREES),
        "point_near_origin",
        Severity.ERROR,
        lambda place: f"stop {stops['stop_id'][place]} lies at {lat[place]},{lon[place]}, in the sea near 0,0",
    )
    yield from list_rows(
        stops,
        np.abs(lat) >= 90.0 - NEAR_DEGREES,
        "point_near_pole",
        Severity.ERROR,
        lambda place: f"stop {stops['stop_id'][place]} lies at {lat[place]},{lon[place]}, near a pole",
    )


def check_parents(subject: Subject) -> Iterator[Notice]:
    """``station_with_parent_station``, ``location_without_parent_station``, ``wrong_parent_location_type``."""
    stops = subject["stops.txt"]
    kind = np.maximum(stops["location_type"], PLATFORM)
    has_parent = stops["parent_station"] != ""
    yield from list_rows(
        stops,
        (kind == STATION) & has_parent,
        "station_with_parent_station",
        Severity.ERROR,
        lambda place: f"station {stops['stop_id'][place]} has a parent_station; a station has none",
    )
    yield from list_rows(
        stops,
        (kind >= ENTRANCE) & ~has_parent.astype(np.bool_),
        "location_without_parent_station",
        Severity.ERROR,
        lambda place: f"{TYPE_NAMES[kind[place]]} {stops['stop_id'][place]} needs a parent_station",
    )
    parent = subject.look_up(stops["parent_station"], "stops.txt", "stop_id")
    parent_kind = np.where(parent >= 0, kind[parent], -1) if len(kind) else kind
    wanted = np.where(kind == BOARDING_AREA, PLATFORM, STATION)
    yield from list_rows(
        stops,
        (parent >= 0) & (kind != STATION) & (parent_kind != wanted),
        "wrong_parent_location_type",
        Severity.ERROR,
        lambda place: (
            f"the parent of {TYPE_NAMES[kind[place]]} {stops['stop_id'][place]} is "
            f"{TYPE_NAMES[parent_kind[place]]} {stops['parent_station'][place]}, not a {TYPE_NAMES[wanted[place]]}"
        ),
    )


def check_use(subject: Subject) -> Iterator[Notice]:
    """``stop_without_stop_time``, ``location_with_unexpected_stop_time`` and ``unused_station``."""
    stops, times = subject["stops.txt"], subject["stop_times.txt"]
    kind = np.maximum(stops["location_type"], PLATFORM)
    ids = stops["stop_id"].tolist()
    served = set(times["stop_id"].tolist())
    grouped = set(subject["location_group_stops.txt"]["stop_id"].tolist())
    is_served = np.fromiter((stop in served for stop in ids), dtype=np.bool_, count=len(ids))
    is_grouped = np.fromiter((stop in grouped for stop in ids), dtype=np.bool_, count=len(ids))
    yield from list_rows(
        stops,
        is_served & (kind != PLATFORM),
        "location_with_unexpected_stop_time",
        Severity.ERROR,
        lambda place: f"trips stop at {TYPE_NAMES[kind[place]]} {ids[place]}; they can only stop at platforms",
    )
    if not len(times):
        return
    yield from list_rows(
        stops,
        ~is_served & ~is_grouped & (kind == PLATFORM),
        "stop_without_stop_time",
        Severity.WARNING,
        lambda place: f"no trip stops at {ids[place]}",
    )
    parents = set(stops["parent_station"].tolist())
    yield from list_rows(
        stops,
        [place for place in np.flatnonzero(kind == STATION).tolist() if ids[place] not in parents],
        "unused_station",
        Severity.INFO,
        lambda place: f"station {ids[place]} has no platform, entrance or node",
    )


RULES: tuple[Rule, ...] = (check_names, check_places, check_parents, check_use)
