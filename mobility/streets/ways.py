"""Which ways of a map are streets, and of which kind."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

MOTORWAYS = frozenset({"motorway", "motorway_link"})
MAIN_ROADS = frozenset({"trunk", "trunk_link", "primary", "primary_link", "secondary", "secondary_link"})
ROADS = (
    MOTORWAYS
    | MAIN_ROADS
    | {"tertiary", "tertiary_link", "unclassified", "residential", "living_street", "service", "road", "track"}
)
"""Made for vehicles."""
FOOTWAYS = frozenset({"footway", "pedestrian", "steps", "corridor", "platform", "pier", "elevator"})
PATHS = frozenset({"path", "cycleway", "bridleway"})
KINDS = ROADS | FOOTWAYS | PATHS
"""Values of highway; all others (proposed, construction, abandoned, busway, raceway, ...) are no streets to us.
Besides, platforms of railways and buses, and piers: one walks on them. Of areas (``area=yes``, platforms) only the
outline is a street, and areas drawn as multipolygon relations are none.
"""
WAY_KEYS = frozenset(
    {
        "highway", "railway", "public_transport", "man_made", "service", "junction", "motorroad", "tunnel", "bridge",
        "oneway", "oneway:foot", "oneway:bicycle", "oneway:motorcycle", "oneway:moped", "oneway:motorcar",
        "oneway:motor_vehicle", "oneway:vehicle", "conveying",
        "cycleway", "cycleway:left", "cycleway:right", "cycleway:both", "cycleway:left:oneway", "cycleway:right:oneway",
        "access", "foot", "wheelchair", "bicycle", "vehicle", "motor_vehicle", "motorcar", "motorcycle", "moped",
        "sidewalk", "sidewalk:both", "ramp", "ramp:wheelchair", "ramp:bicycle", "ramp:stroller",
        "surface", "smoothness", "tracktype", "incline", "kerb", "barrier",
        "maxspeed", "maxspeed:forward", "maxspeed:backward",
    }
)  # fmt: skip
"""All that is read of a way besides its name."""


class Tagged(Protocol):
    """What both a mapping and osmium's list of tags can do."""

    def get(self, key: str, default: str = "") -> str | None:
        """The value of a tag."""


def kind_of(tags: Tagged | Mapping[str, str]) -> str:
    """The kind of street (one of KINDS), empty where a way is none."""
    highway = tags.get("highway", "") or ""
    if highway in KINDS:
        return highway
    if highway:
        return ""
    if tags.get("railway", "") == "platform" or tags.get("public_transport", "") == "platform":
        return "platform"
    return "pier" if tags.get("man_made", "") == "pier" else ""
