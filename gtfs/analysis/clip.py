"""A feed cut to an area. gtfs_kit says which trips touch it; every file is then copied record by record,
so that columns and files that nobody knows stay as they were.
"""

from __future__ import annotations

import csv
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import geopandas  # type: ignore[import-untyped]
from shapely import geometry
from shapely.errors import ShapelyError

from gtfs import schema
from gtfs.analysis.kit import NothingToShow, build_kit_feed, refusals
from gtfs.feed import Feed
from gtfs.ingest import read_feed
from gtfs.ingest.archive import Archive, open_archive, open_text

FIRST = ("trips.txt", "stop_times.txt", "stops.txt", "routes.txt")
"""What others refer to, in the order in which it is decided; agencies and the rest follow."""


@dataclass(frozen=True, slots=True)
class Area:
    """A box in degrees of WGS 84."""

    west: float
    south: float
    east: float
    north: float

    @classmethod
    def parse(cls, text: str) -> Area:
        """``WEST,SOUTH,EAST,NORTH``.

        Raises:
            NothingToShow: It is not such a box.
        """
        try:
            west, south, east, north = (float(part) for part in text.split(","))
        except ValueError:
            raise NothingToShow(
                f"--bbox {text!r} is not WEST,SOUTH,EAST,NORTH, such as 120.2,22.5,120.5,22.8"
            ) from None
        if not (-180 <= west < east <= 180 and -90 <= south < north <= 90):
            raise NothingToShow(f"--bbox {text!r}: west must be less than east and south less than north, in degrees")
        return cls(west, south, east, north)


@dataclass(slots=True)
class _Kept:
    """What stays, by (file, field)."""

    ids: dict[tuple[str, str], set[str]] = field(default_factory=dict)

    def has(self, target: tuple[str, str], value: str) -> bool:
        return target not in self.ids or value in self.ids[target]


def clip_feed(path: str | Path, area: Area, out: Path) -> dict[str, tuple[int, int]]:
    """Write to ``out`` the trips that stop in the area, whole, and what they need.

    Returns:
        What was counted (trips, stops, routes), to how many were kept and how many there were.

    Raises:
        FeedUnreadable: There is no feed there.
        NothingToShow: No trip stops in the area.
    """
    path = Path(path)
    if out.exists() and path.exists() and out.samefile(path):
        raise NothingToShow(f"{out}: is the feed itself; choose another --out")
    feed, _ = read_feed(path)
    kept = _decide(feed, _list_trips(feed, area))
    # under another name until it is whole
    part = out.with_name(f"{out.name}.part")
    try:
        with open_archive(path) as archive, zipfile.ZipFile(part, "w", zipfile.ZIP_DEFLATED) as target:
            _copy(archive, target, kept)
        part.replace(out)
    finally:
        part.unlink(missing_ok=True)
    what = {"trips": ("trips.txt", "trip_id"), "stops": ("stops.txt", "stop_id"), "routes": ("routes.txt", "route_id")}
    return {name: (len(kept.ids[key]), len(feed[key[0]])) for name, key in what.items()}


def _list_trips(feed: Feed, area: Area) -> set[str]:
    box = geometry.box(area.west, area.south, area.east, area.north)
    with refusals(feed):
        inside = build_kit_feed(feed).restrict_to_area(geopandas.GeoDataFrame(geometry=[box], crs="EPSG:4326"))
    trips = {str(trip) for trip in inside.trips["trip_id"]} | _list_flexible_trips(feed, box)
    if not trips:
        shown = f"{area.west:g},{area.south:g},{area.east:g},{area.north:g}"
        raise NothingToShow(f"{feed.source}: no trip stops within {shown} (west, south, east, north)")
    return trips


def _list_flexible_trips(feed: Feed, box: Any) -> set[str]:
    """Trips with a zone that touches the box, or a location group with a stop in it."""
    stops, groups, times = feed["stops.txt"], feed["location_group_stops.txt"], feed["stop_times.txt"]
    points = zip(stops["stop_id"].tolist(), stops["stop_lat"].tolist(), stops["stop_lon"].tolist(), strict=True)
    inside = {stop for stop, lat, lon in points if box.covers(geometry.Point(lon, lat))}
    members = zip(groups["location_group_id"].tolist(), groups["stop_id"].tolist(), strict=True)
    places = {group for group, stop in members if stop in inside}
    for feature in feed.documents.get(schema.LOCATIONS, {}).get("features", []):
        if _touches(feature, box):
            places.add(str(feature["id"]))
    columns = (times[name].tolist() for name in ("trip_id", "location_group_id", "location_id"))
    return {trip for trip, group, zone in zip(*columns, strict=True) if group in places or zone in places}


def _touches(feature: Any, box: Any) -> bool:
    """False too where the zone has no id or no geometry that can be read: validation names it."""
    try:
        return bool(feature["id"] and geometry.shape(feature["geometry"]).intersects(box))
    except (KeyError, TypeError, ValueError, AttributeError, ShapelyError):
        return False


def _decide(feed: Feed, trip_ids: set[str]) -> _Kept:
    """The ids that stay: of the trips, what they use, and the entrances and nodes of their stations."""
    kept = _Kept()
    trips, times, stops, routes = (feed[file] for file in FIRST)
    kept.ids["trips.txt", "trip_id"] = trip_ids
    rows = [row for row, trip in enumerate(trips["trip_id"].tolist()) if trip in trip_ids]
    for file, column in (("routes.txt", "route_id"), ("shapes.txt", "shape_id")):
        kept.ids[file, column] = set(trips[column][rows].tolist())
    services = set(trips["service_id"][rows].tolist())
    kept.ids["calendar.txt", "service_id"] = kept.ids["calendar_dates.txt", "service_id"] = services
    calls = zip(*(times[name].tolist() for name in ("trip_id", "stop_id", "location_group_id")), strict=True)
    used = [(stop, group) for trip, stop, group in calls if trip in trip_ids]
    groups = {group for _, group in used}
    kept.ids["location_groups.txt", "location_group_id"] = groups
    members = feed["location_group_stops.txt"]
    in_group = zip(members["location_group_id"].tolist(), members["stop_id"].tolist(), strict=True)
    served = {stop for stop, _ in used} | {stop for group, stop in in_group if group in groups}
    parents = stops["parent_station"].tolist()
    kept.ids["stops.txt", "stop_id"] = _add_stations(stops["stop_id"].tolist(), parents, served)
    of_agency = zip(routes["route_id"].tolist(), routes["agency_id"].tolist(), strict=True)
    agencies = {agency for route, agency in of_agency if route in kept.ids["routes.txt", "route_id"]}
    if "" in agencies:
        # stands for the only agency
        agencies |= set(feed["agency.txt"]["agency_id"].tolist())
    kept.ids["agency.txt", "agency_id"] = agencies
    return kept


def _add_stations(stop_ids: list[str], parents: list[str], served: set[str]) -> set[str]:
    parent_of = dict(zip(stop_ids, parents, strict=True))
    stations = {parent_of.get(stop, "") for stop in served} - {""}
    stations |= {parent_of.get(stop, "") for stop in stations} - {""}
    inside = {stop for stop, parent in parent_of.items() if parent in stations}
    inside |= {stop for stop, parent in parent_of.items() if parent in inside}
    return (served | stations | inside) & set(stop_ids)


def _copy(archive: Archive, target: zipfile.ZipFile, kept: _Kept) -> None:
    known = {spec.name: spec for spec in schema.list_files()}
    for name, stranger in archive.strangers.items():
        with stranger.open() as source:
            target.writestr(name, source.read())
    # a file comes after those that it refers to, except references to itself
    for name in sorted(archive.members, key=lambda file: _depth(file, known)):
        member = archive.members[name]
        if name not in known:
            with member.open() as source:
                target.writestr(name, source.read())
            continue
        with open_text(member) as text, target.open(name, "w") as raw:
            lines = csv.reader(text)
            header = next((row for row in lines if row), [])
            keep = _choose_records(known[name], [column.strip() for column in header], kept)
            raw.write(_to_line(header))
            for row in lines:
                if len(row) == len(header) and keep(row):
                    raw.write(_to_line(row))


def _depth(file: str, known: Mapping[str, schema.FileSpec], *, above: tuple[str, ...] = ()) -> int:
    """How many files stand between this one and one that refers to none."""
    if file not in known or file in above:
        return 0
    targets = {target for f in known[file].fields for target, _ in f.references} - {file}
    return 1 + max((_depth(target, known, above=(*above, file)) for target in targets), default=0)


def _choose_records(spec: schema.FileSpec, header: list[str], kept: _Kept) -> Callable[[list[str]], bool]:
    """A record stays where its own id and all that it refers to stay; its own ids then count as kept."""
    own = [(header.index(f.name), (spec.name, f.name)) for f in spec.fields if f.name in header]
    decided = [(place, key) for place, key in own if key in kept.ids]
    fields = [(header.index(f.name), f.references) for f in spec.fields if f.references and f.name in header]
    referred = {target for other in schema.list_files() for f in other.fields for target in f.references}
    collected = [(place, kept.ids.setdefault(key, set())) for place, key in own if key in referred - kept.ids.keys()]

    def keep(row: list[str]) -> bool:
        if any(not kept.has(key, row[place].strip()) for place, key in decided):
            return False
        for place, targets in fields:
            value = row[place].strip()
            if value and spec.name not in {file for file, _ in targets}:
                is_known = any(kept.has(target, value) for target in targets)
                if not is_known:
                    return False
        for place, ids in collected:
            ids.add(row[place].strip())
        return True

    return keep


def _to_line(row: list[str]) -> bytes:
    quoted = (f'"{cell.replace(chr(34), chr(34) * 2)}"' if set(cell) & set(',"\r\n') else cell for cell in row)
    return (",".join(quoted) + "\r\n").encode()
