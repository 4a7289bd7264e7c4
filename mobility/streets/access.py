"""Who may use a way, in which direction: access tags, one-ways, steps, surfaces.

After the OpenStreetMap wiki, "Key:access" (hierarchy of means of transport, defaults by highway), "Key:oneway",
"Key:smoothness", "Tag:highway=steps". Where the wiki leaves room:

- A tag for the profile itself (``bicycle=yes``) may open what a kind of way is closed for; a general one
  (``access=yes``, ``vehicle=yes``) only narrows.
- destination, customers, delivery, permit and private are one thing: one may begin or end there, and not pass.
  So are drive-throughs, driveways and aisles of car parks for vehicles, unless they are tagged otherwise.
- Motorways are closed to all but cars whatever the tags say; so are roads with ``motorroad=yes`` unless they are
  opened to the profile itself.
- Wheelchairs go where walkers go, but not over steps without a ramp for them, smoothness "bad" or worse, surfaces
  that give way, inclines beyond 1:12, and not on the carriageway of a main road that has no sidewalk or one that
  is mapped on its own, unless ``wheelchair=yes``.
- A bicycle is pushed where it may not be ridden but one may walk (not over steps without a gutter for it, nor
  indoors): against one-ways, too.
- Conditional tags (``access:conditional``) are not read.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import IntEnum
from typing import NamedTuple

from mobility.streets.profiles import Profile
from mobility.streets.tag_values import parse_incline
from mobility.streets.ways import MAIN_ROADS, MOTORWAYS, ROADS, kind_of

Tags = Mapping[str, str]


class Use(IntEnum):
    """What a profile may do in one direction of a way, from least to most."""

    CLOSED = 0
    ENDS = 1  # begin or end there, not pass
    OPEN = 2


class Permission(NamedTuple):
    """Uses along a way and against it; pushed is a bicycle there that may not be ridden."""

    forward: Use
    backward: Use
    pushed_forward: bool = False
    pushed_backward: bool = False


CLOSED = Permission(Use.CLOSED, Use.CLOSED)
MAX_WHEELCHAIR_SLOPE = 1 / 12
"""8.33 %: the steepest ramp of ADA 405.2 and ISO 21542, and the default limit of OpenTripPlanner."""
HIERARCHY = {
    Profile.FOOT: ("foot", "access"),
    Profile.WHEELCHAIR: ("foot", "access"),
    Profile.BICYCLE: ("bicycle", "vehicle", "access"),
    Profile.SCOOTER: ("motorcycle", "moped", "motor_vehicle", "vehicle", "access"),
    Profile.CAR: ("motorcar", "motor_vehicle", "vehicle", "access"),
}
GENERAL = frozenset({"access", "vehicle"})
_CLOSED_VALUES = frozenset(
    {"no", "use_sidepath", "dismount", "agricultural", "forestry", "agricultural;forestry", "military", "emergency",
     "psv", "bus", "taxi", "hgv", "official_vehicles", "restricted"}
)  # fmt: skip
_END_VALUES = frozenset(
    {"destination", "customers", "delivery", "permit", "private", "residents", "residential", "employees", "students"}
)
_END_SERVICES = frozenset({"driveway", "parking_aisle", "drive-through"})
BAD_SMOOTHNESS = frozenset({"bad", "very_bad", "horrible", "very_horrible", "impassable"})
BAD_SURFACES = frozenset(
    {"unhewn_cobblestone", "cobblestone", "gravel", "pebblestone", "rock", "sand", "mud", "grass", "ground", "dirt",
     "earth", "woodchips", "snow", "ice", "unpaved", "stepping_stones"}
)  # fmt: skip


def permission_of(tags: Tags, profile: Profile) -> Permission:
    """What a profile may do on a way with these tags."""
    kind = kind_of(tags)
    if not kind:
        return CLOSED
    if profile is Profile.WHEELCHAIR:
        foot = permission_of(tags, Profile.FOOT)
        return CLOSED if _stops_wheelchairs(tags, kind) else foot
    use = _use_of(tags, kind, profile)
    forward, backward = _directions(tags, profile)
    found = Permission(use if forward else Use.CLOSED, use if backward else Use.CLOSED)
    return _push(tags, kind, found) if profile is Profile.BICYCLE else found


def read_value(text: str) -> Use:
    """A value of an access tag; the most permissive of several with semicolons. Unknown words are taken as yes."""
    values = [value.strip().lower() for value in text.split(";")]
    return max(Use.CLOSED if v in _CLOSED_VALUES else Use.ENDS if v in _END_VALUES else Use.OPEN for v in values)


def find_access(tags: Tags, profile: Profile) -> tuple[str, Use] | None:
    """The most particular access tag that a profile has here, and what it says."""
    for key in HIERARCHY[profile]:
        if key in tags:
            return key, read_value(tags[key])
    return None


def _use_of(tags: Tags, kind: str, profile: Profile) -> Use:
    default = _default_use(tags, kind, profile)
    if kind in MOTORWAYS and profile is not Profile.CAR:
        return Use.CLOSED
    found = find_access(tags, profile)
    if found is None:
        return default
    key, use = found
    return min(use, default) if key in GENERAL else use


def _default_use(tags: Tags, kind: str, profile: Profile) -> Use:
    if profile is not Profile.CAR and tags.get("motorroad") == "yes":
        return Use.CLOSED
    if profile is Profile.FOOT:
        has_no_walk = kind in {"trunk", "trunk_link"} and tags.get("sidewalk") in {"no", "none"}
        return Use.CLOSED if kind in MOTORWAYS or has_no_walk else Use.OPEN
    if profile is Profile.BICYCLE and kind in {"path", "cycleway"}:
        return Use.OPEN
    if kind not in ROADS or tags.get("service") in {"emergency_access", "bus"}:
        return Use.CLOSED
    return Use.ENDS if tags.get("service") in _END_SERVICES and kind == "service" else Use.OPEN


def _stops_wheelchairs(tags: Tags, kind: str) -> bool:
    match tags.get("wheelchair"):
        case "yes" | "designated" | "limited":
            return False
        case "no":
            return True
    if kind == "steps":
        return tags.get("ramp:wheelchair") != "yes"
    if tags.get("smoothness") in BAD_SMOOTHNESS or tags.get("surface") in BAD_SURFACES:
        return True
    if tags.get("tracktype") in {"grade3", "grade4", "grade5"} or tags.get("conveying", "no") != "no":
        return True
    slope = parse_incline(tags.get("incline", ""))
    if slope is not None and abs(slope) > MAX_WHEELCHAIR_SLOPE:
        return True
    sidewalk = tags.get("sidewalk:both") or tags.get("sidewalk")
    return kind in MAIN_ROADS and sidewalk in {"no", "none", "separate"}


def _directions(tags: Tags, profile: Profile) -> tuple[bool, bool]:
    """Whether one may go along the way, and against it."""
    if profile is Profile.FOOT:
        return _read_oneway(tags.get("oneway:foot") or _conveyed(tags.get("conveying", "no")))
    for key in HIERARCHY[profile][:-1]:
        if f"oneway:{key}" in tags:
            return _read_oneway(tags[f"oneway:{key}"])
    implied = tags.get("junction") in {"roundabout", "circular"} or tags.get("highway") == "motorway"
    along, against = _read_oneway(tags.get("oneway") or ("yes" if implied else "no"))
    if profile is Profile.BICYCLE and along != against and _has_contraflow(tags):
        return True, True
    return along, against


def _read_oneway(value: str) -> tuple[bool, bool]:
    match value:
        case "yes" | "true" | "1":
            return True, False
        case "-1" | "reverse":
            return False, True
        case "reversible":  # the map does not say when
            return False, False
    return True, True


def _conveyed(value: str) -> str:
    """The one-way of an escalator; those whose direction the map does not say may be taken both ways."""
    return {"forward": "yes", "backward": "-1"}.get(value, "no")


def _has_contraflow(tags: Tags) -> bool:
    sides = ("cycleway", "cycleway:left", "cycleway:right", "cycleway:both")
    if any(tags.get(side, "").startswith("opposite") for side in sides):
        return True
    return any(tags.get(f"cycleway:{side}:oneway") in {"-1", "no"} for side in ("left", "right"))


def _push(tags: Tags, kind: str, ridden: Permission) -> Permission:
    has_no_gutter = kind == "steps" and "yes" not in {tags.get("ramp:bicycle"), tags.get("ramp:stroller")}
    if has_no_gutter or kind in {"corridor", "elevator"} or tags.get("conveying", "no") != "no":
        return ridden
    on_foot = permission_of(tags, Profile.FOOT)
    forward = ridden.forward or on_foot.forward
    backward = ridden.backward or on_foot.backward
    return Permission(forward, backward, not ridden.forward and forward > 0, not ridden.backward and backward > 0)
