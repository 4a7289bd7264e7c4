"""What a feed holds, and one of its days: trips, headways and speeds by route, counted by gtfs_kit.

Speed is distance along the shape, or from stop to stop where the feed has no shapes, by time from the
first to the last departure. Headways are of 07:00 to 19:00, gtfs_kit's window.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from gtfs.analysis.kit import NothingToShow, build_kit_feed, refusals
from gtfs.feed import ABSENT, Feed
from gtfs.ingest import read_feed
from gtfs.rules.subject import format_time
from gtfs.service_days import (
    NoServiceDates,
    active_services,
    build_service_days,
    feed_language,
    feed_timezone,
    service_dates,
)

MODES = {
    0: "tram",
    1: "subway",
    2: "rail",
    3: "bus",
    4: "ferry",
    5: "cable tram",
    6: "aerial lift",
    7: "funicular",
    11: "trolleybus",
    12: "monorail",
}
EXTENDED_MODES = {
    1: "rail",
    2: "coach",
    4: "subway",
    5: "subway",
    6: "subway",
    7: "bus",
    8: "trolleybus",
    9: "tram",
    10: "ferry",
    11: "air",
    12: "ferry",
    13: "aerial lift",
    14: "funicular",
    15: "taxi",
}
"""By hundreds of the extended route types."""


@dataclass(frozen=True, slots=True)
class RouteDay:
    """One route on the day. ``headway_min`` and ``speed_kph`` are None where they cannot be known."""

    route_id: str
    name: str
    mode: str
    trips: int
    first_departure: str
    last_departure: str
    headway_min: float | None
    speed_kph: float | None


@dataclass(frozen=True, slots=True)
class Description:
    """A feed and one of its days. ``trips_on_day`` counts every run of a frequency."""

    source: str
    agencies: tuple[str, ...]
    timezone: str
    language: str
    first_date: dt.date
    last_date: dt.date
    counts: dict[str, int]
    routes_by_mode: dict[str, int]
    date: dt.date
    trips_on_day: int
    routes: tuple[RouteDay, ...]

    def to_json(self) -> dict[str, Any]:
        """The same as plain JSON values."""
        document = asdict(self)
        return document | {name: str(document[name]) for name in ("first_date", "last_date", "date")}

    def __str__(self) -> str:
        """The description as text, a line a route."""
        counts = ", ".join(f"{number:,} {what}" for what, number in self.counts.items())
        modes = ", ".join(f"{number} {mode}" for mode, number in self.routes_by_mode.items())
        place = ", ".join(part for part in (self.timezone, self.language) if part)
        head = [
            f"{self.source}: {'; '.join(self.agencies)} ({place})",
            f"service {self.first_date} to {self.last_date}; {counts}",
            f"routes: {modes}",
            f"{self.date} ({self.date:%A}): {self.trips_on_day:,} trips",
            "",
            f"{'route':24} {'mode':12} {'trips':>6}  {'first':8}  {'last':8}  {'headway':>8}  {'speed':>9}",
        ]
        return "\n".join(head + [_format_route(route) for route in self.routes])


def _format_route(route: RouteDay) -> str:
    headway = f"{route.headway_min:.1f} min" if route.headway_min is not None else ""
    speed = f"{route.speed_kph:.1f} km/h" if route.speed_kph is not None else ""
    name = route.name if len(route.name) <= 24 else f"{route.name[:23]}…"
    return (
        f"{name:24} {route.mode:12} {route.trips:6,}  {route.first_departure:8}  {route.last_departure:8}  "
        f"{headway:>8}  {speed:>9}"
    )


def describe_feed(path: str | Path, date: dt.date | None = None) -> Description:
    """The feed at ``path``, and ``date`` or, without one, its day with the most trips.

    Raises:
        FeedUnreadable: There is no feed there.
        NothingToShow: Nothing ever runs.
    """
    feed, _ = read_feed(path)
    try:
        first, last = service_dates(feed)
    except NoServiceDates as error:
        raise NothingToShow(str(error)) from error
    day = date or _find_busiest_day(feed)
    trips = feed["trips.txt"]
    services = active_services(feed, day)
    running = frozenset(
        trip for trip, service in zip(trips["trip_id"], trips["service_id"], strict=True) if service in services
    )
    runs = _count_runs(feed, running)
    modes = Counter(find_mode(kind) for kind in feed["routes.txt"]["route_type"].tolist())
    files = {"stops": "stops.txt", "routes": "routes.txt", "trips": "trips.txt", "stop times": "stop_times.txt"}
    return Description(
        source=str(path),
        agencies=tuple(feed["agency.txt"]["agency_name"].tolist()),
        timezone=feed_timezone(feed),
        language=feed_language(feed),
        first_date=first,
        last_date=last,
        counts={what: len(feed[file]) for what, file in files.items()},
        routes_by_mode=dict(modes.most_common()),
        date=day,
        trips_on_day=sum(runs.values()),
        routes=_describe_routes(feed, running, runs),
    )


def find_mode(route_type: int) -> str:
    """The mode in one word, of plain and extended route types."""
    return MODES.get(route_type) or EXTENDED_MODES.get(route_type // 100, "other")


def _find_busiest_day(feed: Feed) -> dt.date:
    trips = Counter(feed["trips.txt"]["service_id"].tolist())
    days: Counter[dt.date] = Counter()
    for service, own in build_service_days(feed).items():
        if trips[service]:
            days.update(dict.fromkeys(own.tolist(), trips[service]))
    if not days:
        raise NothingToShow(f"{feed.source}: no trip ever runs on any date; see `changtong gtfs validate`")
    return min(days, key=lambda day: (-days[day], day))


def _count_runs(feed: Feed, running: frozenset[str]) -> dict[str, int]:
    """Trip to the times it runs on the day: one, or what its frequencies make."""
    runs = dict.fromkeys(running, 1)
    table = feed["frequencies.txt"]
    counts: Counter[str] = Counter()
    for trip, start, end, headway in _list_frequencies(feed):
        counts[trip] += -(-(end - start) // headway)
    return runs | {trip: counts[trip] for trip in set(table["trip_id"].tolist()) & running}


def _list_frequencies(feed: Feed) -> list[tuple[str, int, int, int]]:
    table = feed["frequencies.txt"]
    rows = zip(*(table[name].tolist() for name in ("trip_id", "start_time", "end_time", "headway_secs")), strict=True)
    return [(trip, start, end, headway) for trip, start, end, headway in rows if 0 <= start < end and headway > 0]


def _describe_routes(feed: Feed, running: frozenset[str], runs: dict[str, int]) -> tuple[RouteDay, ...]:
    with refusals(feed):
        stats = _compute_stats(feed, _select_measurable(feed, running))
    frequencies = _add_up_frequencies(feed, running)
    trips, routes = feed["trips.txt"], feed["routes.txt"]
    count: Counter[str] = Counter()
    for trip, route in zip(trips["trip_id"].tolist(), trips["route_id"].tolist(), strict=True):
        count[route] += runs.get(trip, 0)
    described: list[RouteDay] = []
    for place, route in enumerate(routes["route_id"].tolist()):
        if count[route]:
            name = routes["route_short_name"][place] or routes["route_long_name"][place]
            mode = find_mode(int(routes["route_type"][place]))
            own, often = stats.get(route, {}), frequencies.get(route)
            described.append(_describe_route((route, name, mode), count[route], own, often))
    return tuple(described)


def _describe_route(
    names: tuple[str, str, str], trips: int, stats: dict[str, Any], often: _Frequencies | None
) -> RouteDay:
    """Speed is gtfs_kit's; so are times and headway, unless frequencies.txt states them."""
    first, last = str(stats.get("start_time", "")), str(stats.get("last_departure", ""))
    headway = _to_float(stats.get("mean_headway"))
    if often is not None:
        first, last, headway = format_time(often.first), format_time(often.last), often.headway_min
    return RouteDay(*names, trips, first, last, headway, _to_float(stats.get("service_speed")))


def _to_float(value: Any) -> float | None:
    return None if value is None or not np.isfinite(value) else round(float(value), 2)


def _select_measurable(feed: Feed, running: frozenset[str]) -> frozenset[str]:
    """The trips of known routes, with times at both ends and only stops that have a place: all that can be measured."""
    trips, routes = feed["trips.txt"], frozenset(feed["routes.txt"]["route_id"].tolist())
    pairs = zip(trips["trip_id"].tolist(), trips["route_id"].tolist(), strict=True)
    running = running & {trip for trip, route in pairs if route in routes}
    stops, times = feed["stops.txt"], feed["stop_times.txt"]
    is_placed = ~(np.isnan(stops["stop_lat"]) | np.isnan(stops["stop_lon"]))
    placed = set(stops["stop_id"][is_placed].tolist())
    order = np.lexsort((times["stop_sequence"], times["trip_id"].astype(str))) if len(times) else np.empty(0, int)
    departures: dict[str, list[int]] = {}
    columns = (times[name][order].tolist() for name in ("trip_id", "stop_id", "departure_time"))
    for trip, stop, departure in zip(*columns, strict=True):
        if trip in running:
            departures.setdefault(trip, []).append(departure if stop in placed else ABSENT - 1)
    return frozenset(
        trip
        for trip, calls in departures.items()
        if len(calls) > 1 and ABSENT not in {calls[0], calls[-1]} and ABSENT - 1 not in calls
    )


def _compute_stats(feed: Feed, trip_ids: frozenset[str]) -> dict[str, dict[str, Any]]:
    """gtfs_kit's statistics by route_id."""
    if not trip_ids:
        return {}
    kit = build_kit_feed(feed, trip_ids)
    shapes = set(feed["shapes.txt"]["shape_id"].tolist())
    if kit.shapes is None or not set(kit.trips.get("shape_id", [None])) <= shapes:
        kit = kit.create_shapes(all_trips=True)
    stats = kit.compute_trip_stats(compute_dist_from_shapes=True)
    # imported late on purpose: it is gtfs_kit that is slow, not this module
    from gtfs_kit.routes import compute_route_stats_0  # noqa: PLC0415

    table = compute_route_stats_0(stats)
    # gtfs_kit's end_time is that of the arrival; riders ask for the last departure
    last = stats.groupby("route_id")["start_time"].max()
    rows = table.to_dict(orient="records")
    return {str(row["route_id"]): row | {"last_departure": last[row["route_id"]]} for row in rows}


@dataclass(slots=True)
class _Frequencies:
    """What the frequencies of one route's trips add up to on the day."""

    time_s: int = 0
    departures: float = 0.0
    first: int = 2**31
    last: int = 0

    def add(self, start: int, end: int, headway: int) -> None:
        """One interval; the last departure is before its end."""
        self.time_s += end - start
        self.departures += (end - start) / headway
        self.first = min(self.first, start)
        self.last = max(self.last, start + (end - start - 1) // headway * headway)

    @property
    def headway_min(self) -> float:
        """Mean headway, weighted by time."""
        return round(self.time_s / self.departures / 60, 2)


def _add_up_frequencies(feed: Feed, running: frozenset[str]) -> dict[str, _Frequencies]:
    """By route_id, of the routes that run by frequency."""
    trips = feed["trips.txt"]
    route_of = dict(zip(trips["trip_id"].tolist(), trips["route_id"].tolist(), strict=True))
    routes: dict[str, _Frequencies] = {}
    for trip, start, end, headway in _list_frequencies(feed):
        if trip in running:
            routes.setdefault(route_of[trip], _Frequencies()).add(start, end, headway)
    return routes
