"""Where and when one can be picked up and dropped off on demand.

A point on the border of a zone lies inside. Zones that cross themselves are mended by the even-odd rule of their
rings, with a notice; those of which nothing is left serve nobody.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt
import shapely

from gtfs import schema
from gtfs.feed import Feed
from gtfs.flex import FlexFeed, FlexPlace, Zone, read_flex
from gtfs.notices import Notice, Severity
from gtfs.service_days import Days, build_service_days, feed_language, list_timezones, to_service_time
from mobility.flex.rides import FlexRide
from mobility.model import Coordinate

DAY_S = 86_400
Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int32]
Bools = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class PlaceStops:
    """Stops of a timetable by place: those of place p are ``stop[offset[p]:offset[p + 1]]``, ascending."""

    offset: Ints
    stop: Ints

    def of(self, place: int) -> Ints:
        """The stops that lie in one of the zones of a place, or that it names."""
        return self.stop[self.offset[place] : self.offset[place + 1]]


class OnDemandZones:
    """The on-demand rides of a feed, by place and date. ``rides`` and ``places`` are numbered by their position;
    ``service_days`` also has those by which notice is counted; ``language`` is that of the feed's messages.
    """

    def __init__(
        self,
        rides: tuple[FlexRide, ...],
        places: tuple[FlexPlace, ...],
        areas: Mapping[str, Any],
        service_days: Mapping[str, Days],
        language: str = "",
        notices: tuple[Notice, ...] = (),
    ) -> None:
        """``areas`` has a shapely (multi)polygon for every usable zone of ``places``, lon and lat as x and y."""
        self.rides, self.places, self.notices = rides, places, notices
        self.service_days, self.language = service_days, language
        self._areas = [_unite([areas[zone] for zone in place.zones if zone in areas]) for place in places]
        self._box = np.array([(*area.bounds,) if area is not None else (np.nan,) * 4 for area in self._areas])
        self._box = self._box.reshape(-1, 4)
        self._pickup = np.array([ride.pickup_place for ride in rides], np.int32)
        self._drop_off = np.array([ride.drop_off_place for ride in rides], np.int32)
        self._latest: dict[str, int] = {}
        for ride in rides:
            self._latest[ride.timezone] = max(ride.latest_s, self._latest.get(ride.timezone, 0))
        self._of_date = lru_cache(maxsize=64)(self._find_running)

    def __len__(self) -> int:
        return len(self.rides)

    @property
    def latest_s(self) -> int:
        """The last second of a service day at which somebody can be picked up; 0 where there are no rides."""
        return max(self._latest.values(), default=0)

    def contains(self, at: Coordinate) -> Bools:
        """Which places have a zone around a point; shape (places,)."""
        inside = np.zeros(len(self.places), np.bool_)
        west, south, east, north = self._box.T
        near = (west <= at.lon) & (at.lon <= east) & (south <= at.lat) & (at.lat <= north)
        for place in np.flatnonzero(near).tolist():
            inside[place] = shapely.intersects_xy(self._areas[place], at.lon, at.lat)
        return inside

    def locate(self, lat: Floats, lon: Floats, stop_ids: Sequence[str] = ()) -> PlaceStops:
        """Which of these stops each place serves: those inside a zone of it, and those that it names, where
        ``stop_ids`` tells their ids. Done once per timetable.
        """
        numbers: dict[str, list[int]] = {}
        for number, stop_id in enumerate(stop_ids):
            numbers.setdefault(stop_id, []).append(number)
        found: list[Ints] = []
        for place, area in zip(self.places, self._areas, strict=True):
            is_in = np.zeros(len(lat), np.bool_) if area is None else shapely.intersects_xy(area, lon, lat)
            is_in[[number for stop_id in place.stops for number in numbers.get(stop_id, ())]] = True
            found.append(np.flatnonzero(is_in).astype(np.int32))
        offset = np.zeros(len(found) + 1, np.int32)
        np.cumsum([len(stops) for stops in found], out=offset[1:])
        return PlaceStops(offset, np.concatenate(found) if found else np.zeros(0, np.int32))

    def rides_on(self, date: dt.date) -> tuple[FlexRide, ...]:
        """The rides of a service date."""
        return self._pick(self._of_date(date))

    def pick_up(self, at: Coordinate, date: dt.date) -> tuple[FlexRide, ...]:
        """Rides of the service date that may begin at this very point (not at a stop that a place names)."""
        return self._pick(self._of_date(date) & self._at(at, self._pickup))

    def drop_off(self, at: Coordinate, date: dt.date) -> tuple[FlexRide, ...]:
        """Rides of the service date that may end at this very point."""
        return self._pick(self._of_date(date) & self._at(at, self._drop_off))

    def direct(self, start: Coordinate, end: Coordinate, date: dt.date) -> tuple[FlexRide, ...]:
        """Rides of the service date from one point to another."""
        return self._pick(self._of_date(date) & self._at(start, self._pickup) & self._at(end, self._drop_off))

    def list_days(self, instant: dt.datetime) -> tuple[dt.date, ...]:
        """The service dates on which somebody could be picked up at an instant (aware): the local date, and earlier
        ones where windows pass midnight. Rides of one feed may be in several zones: all their dates are there.
        """
        dates: set[dt.date] = set()
        for timezone, latest in self._latest.items():
            date = instant.astimezone(ZoneInfo(timezone)).date()
            # one day more: the service day begins at another time than midnight when clocks change
            near = (date - dt.timedelta(days=back) for back in range(-1, latest // DAY_S + 2))
            dates |= {day for day in near if 0 <= to_service_time(instant, day, timezone) <= latest}
        return tuple(sorted(dates))

    def _at(self, at: Coordinate, place_of: Ints) -> Bools:
        inside = self.contains(at)
        return inside[place_of] if len(place_of) else np.zeros(0, np.bool_)

    def _pick(self, mask: Bools) -> tuple[FlexRide, ...]:
        return tuple(self.rides[number] for number in np.flatnonzero(mask).tolist())

    def _find_running(self, date: dt.date) -> Bools:
        day = np.datetime64(date, "D")
        active = {service for service, days in self.service_days.items() if _has(days, day)}
        return np.fromiter((ride.service_id in active for ride in self.rides), np.bool_, len(self.rides))


def build_on_demand(feed: Feed) -> OnDemandZones:
    """The on-demand rides of a feed; an empty ``OnDemandZones`` where it has none. Never raises: see ``notices``."""
    flex = read_flex(feed)
    areas, notices = _build_areas(flex.zones.values() if flex.services else ())
    rides, places = _list_rides(feed, flex)
    days = build_service_days(feed) if rides else {}
    return OnDemandZones(rides, places, areas, days, feed_language(feed), (*flex.notices, *notices))


def _list_rides(feed: Feed, flex: FlexFeed) -> tuple[tuple[FlexRide, ...], tuple[FlexPlace, ...]]:
    zones, _, trip_zone = list_timezones(feed)
    trip_ids = feed["trips.txt"]["trip_id"].tolist() if flex.services else []
    row_of = {trip_id: row for row, trip_id in reversed(list(enumerate(trip_ids)))}
    places: dict[FlexPlace, int] = {}
    rides: list[FlexRide] = []
    for service in flex.services:
        timezone = zones[int(trip_zone[row_of[service.trip_id]])]
        for pickup, drop_off in service.list_rides():
            named = dict.fromkeys((pickup.pickup_rule_id, drop_off.drop_off_rule_id))
            rides.append(
                FlexRide(
                    number=len(rides),
                    trip_id=service.trip_id,
                    route_id=service.route_id,
                    service_id=service.service_id,
                    timezone=timezone,
                    pickup=pickup,
                    drop_off=drop_off,
                    pickup_place=places.setdefault(pickup.place, len(places)),
                    drop_off_place=places.setdefault(drop_off.place, len(places)),
                    rules=tuple(flex.rules[rule_id] for rule_id in named if rule_id in flex.rules),
                    mean=service.mean_of(pickup, drop_off),
                    safe=service.safe_of(pickup, drop_off),
                )
            )
    return tuple(rides), tuple(places)


def _build_areas(zones: Iterable[Zone]) -> tuple[dict[str, Any], list[Notice]]:
    areas: dict[str, Any] = {}
    notices: list[Notice] = []
    for zone in zones:
        area, is_mended = _build_area(zone)
        if area.is_empty:
            message = f"nothing is left of zone {zone.zone_id!r}; nobody is picked up there: draw its border again"
            notices.append(Notice("invalid_geometry", Severity.ERROR, schema.LOCATIONS, 0, message))
            continue
        if is_mended:
            message = f"the border of zone {zone.zone_id!r} crosses itself; it was mended: draw it again"
            notices.append(Notice("invalid_geometry", Severity.WARNING, schema.LOCATIONS, 0, message))
        areas[zone.zone_id] = area
    return areas, notices


def _build_area(zone: Zone) -> tuple[Any, bool]:
    parts = [shapely.Polygon(outer, holes) for outer, *holes in zone.polygons]
    valid = shapely.is_valid(parts)
    mended = [part if is_valid else shapely.make_valid(part) for part, is_valid in zip(parts, valid, strict=True)]
    polygons = [piece for whole in mended for piece in shapely.get_parts(whole) if piece.geom_type.endswith("Polygon")]
    return shapely.union_all(polygons), not all(valid)


def _unite(areas: list[Any]) -> Any:
    if not areas:
        return None
    area = areas[0] if len(areas) == 1 else shapely.union_all(areas)
    shapely.prepare(area)
    return area


def _has(days: Days, day: np.datetime64) -> bool:
    at = int(np.searchsorted(days, day))
    return at < len(days) and bool(days[at] == day)
