"""geofencing_zones of 2.1 to 3.x: zones and global rules."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mobility.bikeshare.zones import Zone, ZoneRule, Zones
from mobility.sources.gbfs.documents import Document
from mobility.sources.gbfs.geometry import read_area
from mobility.sources.gbfs.records import Record
from mobility.sources.gbfs.stations import known_types
from mobility.sources.notices import SourceNotice

OUTSIDE = ZoneRule(may_start=False, may_end=False)
"""What is taken to hold outside the operating areas of a 2.x feed."""


def read_zones(document: Document, language: str, types: frozenset[str], notices: list[SourceNotice]) -> Zones:
    """The zones in the order of the document, and its global rules.

    2.x has no global rules and says that outside all zones everything is allowed, yet its publishers draw the area in
    which rides may end as a zone that allows all. Such a type is taken not to start or end outside (told): to be sent
    to leave a vehicle where it may not stand costs more than to be shown one place too few.
    """
    collection = document.data.get("geofencing_zones")
    features = collection.get("features") if isinstance(collection, Mapping) else None
    if not isinstance(features, list):
        message = "has no list `geofencing_zones.features`: no zones are known; publish a FeatureCollection"
        notices.append(SourceNotice("no_list", document.file, "", message))
        features = []
    zones = []
    for number, feature in enumerate(features):
        is_object = isinstance(feature, Mapping)
        record = Record(document.file, f"features[{number}]", feature if is_object else {}, notices)
        if is_object:
            zone = _zone(record, language, types)
            zones += [] if zone is None else [zone]
        else:
            record.tell("not_an_object", "is no Feature: left out; publish one Feature a zone")
    whole = Record(document.file, "global_rules", document.data, notices)
    global_rules = tuple(_rules(whole, "global_rules", types))
    if not global_rules and document.major < 3:
        global_rules = _infer_outside(whole, zones, types)
    return Zones(tuple(zones), global_rules)


def _zone(record: Record, language: str, types: frozenset[str]) -> Zone | None:
    properties: Any = record.raw.get("properties")
    known = Record(record.file, record.label, properties if isinstance(properties, Mapping) else {}, record.notices)
    area = read_area(record, record.raw.get("geometry"), "geometry")
    if area is None:
        return None
    start, end = known.instant("start"), known.instant("end")
    return Zone(area, tuple(_rules(known, "rules", types)), known.texts("name", language), start, end)


def _rules(record: Record, name: str, types: frozenset[str]) -> list[ZoneRule]:
    found = []
    for entry in record.objects(name):
        rule = Record(record.file, record.label, entry, record.notices)
        named = rule.ids("vehicle_type_ids", "vehicle_type_id")
        fitting = known_types(rule, named, types) if types else named
        if named and not fitting:
            continue
        start, end, through, parking = (
            rule.maybe_flag(word)
            for word in ("ride_start_allowed", "ride_end_allowed", "ride_through_allowed", "station_parking")
        )
        both = rule.maybe_flag("ride_allowed")
        speed = rule.number("maximum_speed_kph", least=0)
        if speed == 0:
            rule.tell("zero_speed", "maximum_speed_kph is 0: nobody may ride there; publish ride_through_allowed false")
            speed, through = None, False
        found.append(
            ZoneRule(
                fitting,
                both if start is None else start,
                both if end is None else end,
                through,
                speed,
                parking,
            )
        )
    return found


def _infer_outside(record: Record, zones: list[Zone], types: frozenset[str]) -> tuple[ZoneRule, ...]:
    rules = [rule for zone in zones for rule in zone.rules]
    inside = [rule for rule in rules if rule.may_end and rule.may_pass is not False]
    if not inside:
        return ()
    named = types or frozenset().union(*(rule.type_ids for rule in rules))
    bound = frozenset(type_id for type_id in named if any(rule.holds_for(type_id) for rule in inside))
    record.tell(
        "inferred_operating_area",
        "zones allow rides and nothing says what holds elsewhere: no ride is started or left outside them; "
        "publish GBFS 3.0 with global_rules",
    )
    return (ZoneRule(bound, OUTSIDE.may_start, OUTSIDE.may_end),) if bound or not named else ()
