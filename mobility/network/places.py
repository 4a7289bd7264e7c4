"""Stops and stations as places: names in every language of the feed, and what stops there.

Knows which platforms belong to one place for a person: those of a station, and stops of one name close
to each other (``SAME_PLACE_M``), so that a journey to a name may end at any of them.
"""

from __future__ import annotations

import math
import unicodedata
from collections import defaultdict
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from gtfs.feed import Feed
from mobility.geodesy import EARTH_M
from mobility.model import Coordinate, Mode, Place, mode_of_route_type
from mobility.network.schedule import STATION, Schedule, lookup
from mobility.network.timetable import Ints
from mobility.network.translations import Translations, build_translations

SAME_PLACE_M = 300.0


@dataclass(frozen=True, slots=True)
class StopPlaces:
    """``stops[i]`` is the place of stop i; ``stations`` those that are no stop themselves. The copies of a stop
    (``transfer_rules``) are one place.
    """

    stops: tuple[Place, ...]
    stations: tuple[Place, ...]
    platforms: dict[str, tuple[int, ...]]
    """Stop ids, of stops and stations, to stops."""
    modes: tuple[frozenset[Mode], ...]
    departures: Ints
    """Per stop: rows of stop_times.txt, a measure of its weight."""
    by_name: dict[str, tuple[int, ...]]
    """Folded names to stops."""
    first_copy: Ints
    """Per stop the lowest number of its copies."""

    def list_served(self) -> tuple[Place, ...]:
        """Every stop where a vehicle calls, once."""
        served = np.unique(self.first_copy[np.flatnonzero(self.departures)])
        return tuple(self.stops[number] for number in served.tolist())

    def list_same_place(self, place: Place) -> list[int]:
        """Stops that are this place: its own platforms, and those of its name within 300 m."""
        own = self.platforms.get(place.stop_id, ())
        if not own:
            return []
        names = {fold(name) for name in (place.name, *place.names.values()) if name}
        namesakes = {stop for name in names for stop in self.by_name.get(name, ())}
        near = [stop for stop in sorted(namesakes - set(own)) if self._is_near(stop, place)]
        return [*own, *near]

    def _is_near(self, stop: int, place: Place) -> bool:
        at = self.stops[stop].at
        return distance_between_m(at, place.at) <= SAME_PLACE_M

    def weight_of(self, place: Place) -> int:
        """How many departures the feed lists there."""
        return int(sum(self.departures[stop] for stop in self.platforms.get(place.stop_id, ())))


def distance_between_m(start: Coordinate, end: Coordinate) -> float:
    """Great-circle metres between two coordinates."""
    # as ``great_circle_m``, which takes ten times as long for a single pair
    y1, y2 = math.radians(start.lat), math.radians(end.lat)
    across = math.sin((math.radians(end.lon) - math.radians(start.lon)) / 2) ** 2
    half = math.sin((y2 - y1) / 2) ** 2 + math.cos(y1) * math.cos(y2) * across
    return 2 * EARTH_M * math.asin(min(1.0, math.sqrt(half)))


@lru_cache(maxsize=65_536)
def fold(text: str) -> str:
    """A name without what people write differently: case, width, blanks, punctuation, 台 for 臺."""
    plain = unicodedata.normalize("NFKD", text).casefold().replace("台", "臺")
    kept = [letter for letter in plain if unicodedata.category(letter)[0] not in "ZPCM"]
    return unicodedata.normalize("NFKC", "".join(kept))


def build_places(feed: Feed, schedule: Schedule) -> StopPlaces:
    """Read names, translations and modes of all stops and stations."""
    stops = feed["stops.txt"]
    translations = build_translations(feed)
    places = tuple(_make_place(feed, row, translations) for row in schedule.stop_row.tolist())
    own = schedule.list_copies()
    children: dict[str, list[int]] = defaultdict(list)
    for number, row in enumerate(schedule.stop_row.tolist()):
        parent = stops["parent_station"][row]
        if parent and parent not in own:
            children[parent].append(number)
    stations = []
    for row in np.flatnonzero(stops["location_type"] == STATION).tolist():
        platforms = children.get(stops["stop_id"][row])
        if platforms:
            at = places[platforms[0]].at
            stations.append(_make_place(feed, row, translations, at))
    by_name: dict[str, list[int]] = defaultdict(list)
    for number, place in enumerate(places):
        for name in {fold(name) for name in (place.name, *place.names.values())}:
            by_name[name].append(number)
    return StopPlaces(
        stops=places,
        stations=tuple(stations),
        platforms=own | {station: tuple(platforms) for station, platforms in children.items()},
        modes=_list_modes(feed, schedule),
        departures=np.bincount(schedule.row_stop, minlength=len(places)),
        by_name={name: tuple(numbers) for name, numbers in by_name.items()},
        first_copy=schedule.list_first_copies(),
    )


def _make_place(
    feed: Feed,
    row: int,
    translations: Translations,
    fallback: Coordinate | None = None,
) -> Place:
    stops = feed["stops.txt"]
    stop_id, name = stops["stop_id"][row], stops["stop_name"][row]
    lat, lon = float(stops["stop_lat"][row]), float(stops["stop_lon"][row])
    at = fallback if fallback and not (-90 <= lat <= 90 and -180 <= lon <= 180) else None
    if at is None:
        at = _coordinate_of(feed, row) if np.isnan(lat) or np.isnan(lon) else Coordinate(lat, lon)
    names = translations.list_texts("stops", "stop_name", stop_id, name)
    return Place(name or stop_id, at, stop_id, stops["stop_code"][row], names)


def _coordinate_of(feed: Feed, row: int) -> Coordinate:
    """The parent's coordinate: a platform may have none of its own."""
    stops = feed["stops.txt"]
    parent = int(np.flatnonzero(stops["stop_id"] == stops["parent_station"][row])[0])
    return Coordinate(float(stops["stop_lat"][parent]), float(stops["stop_lon"][parent]))


def _list_modes(feed: Feed, schedule: Schedule) -> tuple[frozenset[Mode], ...]:
    routes, trips = feed["routes.txt"], feed["trips.txt"]
    index = {route_id: number for number, route_id in enumerate(routes["route_id"].tolist())}
    route = lookup(index, trips["route_id"], len(trips))
    modes = [mode_of_route_type(int(kind)) for kind in routes["route_type"]]
    kinds = list(dict.fromkeys(modes))
    kind_of_trip = np.array([*(kinds.index(mode) for mode in modes), -1])[route]
    row_kind = np.repeat(kind_of_trip, np.diff(schedule.row_off))
    known = row_kind >= 0
    calls = np.zeros((len(schedule.stop_ids), len(kinds)), bool)
    calls[schedule.row_stop[known], row_kind[known]] = True
    return tuple(frozenset(mode for mode, has in zip(kinds, row, strict=True) if has) for row in calls.tolist())
