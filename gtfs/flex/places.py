"""What a row of stop_times.txt stops at: a zone, a group of stops, or a stop, whatever dialect names it.

Today's form has ``location_id``, ``location_group_id`` and ``stop_id``. The drafts before March 2024 put the id of a
zone or of a group into ``stop_id``, listed the members of a group (stops and zones) in ``location_groups.txt:
location_id``, or took areas of stop_areas.txt for groups. An id that only one kind of place has is understood.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from gtfs.feed import Feed
from gtfs.flex.zones import Zone

OLD_MEMBER_COLUMN = "location_id"
"""Of location_groups.txt, in the drafts."""


@dataclass(frozen=True, slots=True)
class FlexPlace:
    """Zones (ids of locations.geojson) and stops (ids of stops.txt); either may be empty. ``place_id`` is the id of
    the zone, the group or the stop, ``name`` what people call it, empty where nothing is said.
    """

    place_id: str
    name: str
    zones: tuple[str, ...] = ()
    stops: tuple[str, ...] = ()


@dataclass(slots=True)
class Places:
    """Finds places by the ids of a row. ``old_forms`` counts what was said in a way that today's form has not."""

    zones: Mapping[str, Zone]
    groups: Mapping[str, FlexPlace]
    areas: Mapping[str, FlexPlace]
    stop_names: Mapping[str, str]
    old_forms: dict[str, int] = field(default_factory=dict)
    lost: dict[str, int] = field(default_factory=dict)
    """Ids that lead nowhere, and the rows that name them."""

    def find(self, location_id: str, group_id: str, stop_id: str) -> FlexPlace | None:
        """The place of a row of stop_times.txt; None where there is none that can be used."""
        if location_id and location_id in self.zones:
            return self._zone(location_id)
        if group_id and group_id in self.groups:
            return self.groups[group_id]
        if stop_id and not location_id and not group_id:
            if stop_id in self.stop_names:
                return FlexPlace(stop_id, self.stop_names[stop_id], stops=(stop_id,))
            return self._find_old(stop_id)
        named = location_id or group_id or stop_id
        self.lost[named] = self.lost.get(named, 0) + 1
        return None

    def _find_old(self, stop_id: str) -> FlexPlace | None:
        kinds = {
            "a zone in stop_id": stop_id in self.zones,
            "a location group in stop_id": stop_id in self.groups,
            "an area of stop_areas.txt in stop_id": stop_id in self.areas,
        }
        meant = [form for form, is_there in kinds.items() if is_there]
        if len(meant) != 1:
            self.lost[stop_id] = self.lost.get(stop_id, 0) + 1
            return None
        self.old_forms[meant[0]] = self.old_forms.get(meant[0], 0) + 1
        if stop_id in self.zones:
            return self._zone(stop_id)
        return self.groups.get(stop_id) or self.areas[stop_id]

    def _zone(self, zone_id: str) -> FlexPlace:
        return FlexPlace(zone_id, self.zones[zone_id].name, zones=(zone_id,))


def read_places(feed: Feed, zones: Mapping[str, Zone]) -> Places:
    """The groups and areas of the feed, over its zones and stops."""
    stops = feed["stops.txt"]
    stop_names = dict(zip(stops["stop_id"].tolist(), stops["stop_name"].tolist(), strict=True))
    places = Places(zones, {}, {}, stop_names)
    members: dict[str, list[str]] = {}
    groups = feed["location_groups.txt"]
    names = dict(zip(groups["location_group_id"].tolist(), groups["location_group_name"].tolist(), strict=True))
    for group_id in names:
        members[group_id] = []
    table = feed["location_group_stops.txt"]
    for group_id, stop_id in zip(table["location_group_id"].tolist(), table["stop_id"].tolist(), strict=True):
        members.setdefault(group_id, []).append(stop_id)
    if OLD_MEMBER_COLUMN in groups.columns:
        for group_id, member in zip(groups["location_group_id"].tolist(), groups[OLD_MEMBER_COLUMN], strict=True):
            if member:
                members[group_id].append(member)
                places.old_forms["members of a group in location_groups.txt"] = 1
    areas: dict[str, list[str]] = {}
    table = feed["stop_areas.txt"]
    for area_id, stop_id in zip(table["area_id"].tolist(), table["stop_id"].tolist(), strict=True):
        areas.setdefault(area_id, []).append(stop_id)
    places.groups = {key: _group(key, names.get(key, ""), ids, zones, stop_names) for key, ids in members.items()}
    places.areas = {key: _group(key, "", ids, zones, stop_names) for key, ids in areas.items()}
    return places


def _group(
    group_id: str, name: str, members: list[str], zones: Mapping[str, Zone], stop_names: Mapping[str, str]
) -> FlexPlace:
    stops = tuple(dict.fromkeys(member for member in members if member in stop_names))
    areas = tuple(dict.fromkeys(member for member in members if member in zones and member not in stop_names))
    return FlexPlace(group_id, name, areas, stops)
