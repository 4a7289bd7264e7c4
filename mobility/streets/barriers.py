"""What a node does to who passes it: barriers with their access tags, traffic lights, lifts.

After the OpenStreetMap wiki, "Key:barrier" (what each kind implies where no access tag stands on the node),
"Key:kerb", "Tag:highway=traffic_signals", "Tag:highway=elevator". A barrier shuts the node: one gets up to it from
every side, but from none to another. Kinds that we do not know stop motor vehicles only. Conditional access is not
read.
"""

from __future__ import annotations

from collections.abc import Mapping

from mobility.streets.access import Use, find_access
from mobility.streets.profiles import Profile
from mobility.streets.tag_values import parse_metres

Tags = Mapping[str, str]

_ALL = frozenset(Profile)
_WALKERS = frozenset({Profile.FOOT})
_ROLLING = frozenset({Profile.FOOT, Profile.WHEELCHAIR, Profile.BICYCLE})
_KINDS: dict[frozenset[Profile], str] = {
    _ALL: "gate lift_gate swing_gate sliding_gate sliding_beam hampshire_gate bump_gate toll_booth border_control "
    "cattle_grid entrance sally_port height_restrictor width_restrictor kerb rope spikes coupure no",
    _ROLLING: "bollard block planter chain motorcycle_barrier bar wicket_gate",
    _WALKERS | {Profile.BICYCLE}: "cycle_barrier jersey_barrier log debris tyres",
    _ROLLING | {Profile.SCOOTER}: "sump_buster bus_trap",
    _WALKERS: "stile turnstile kissing_gate full-height_turnstile horse_stile horse_jump",
    frozenset(): "wall fence hedge retaining_wall city_wall guard_rail ditch",
}
_WHO_PASSES = {kind: whom for whom, kinds in _KINDS.items() for kind in kinds.split()}
MAX_KERB_M = 0.03
"""The highest kerb that a wheelchair gets over: what kerb=lowered means."""
SIGNAL_WAIT_S = 11.0
"""Mean wait at traffic lights for vehicles: a cycle C of 90 s, half of it red (r): r² / 2C (uniform arrivals, as the
first term of Webster, Road Research Technical Paper 39, 1958). Waits of walkers at crossings are not counted.
"""
SIGNAL_SPAN_M = 40.0
"""From one light to the next within this distance: one crossroads, one wait."""
LIFT_S = 60.0
"""Wait and ride of a lift: our estimate."""


def barrier_use(tags: Tags, profile: Profile) -> Use:
    """Whether a profile passes a node with these tags; ENDS where it says private or the like."""
    kind = tags.get("barrier")
    if kind is None:
        return Use.OPEN
    if profile is Profile.WHEELCHAIR:
        return _wheelchair_use(tags)
    found = find_access(tags, profile)
    passes = profile in _WHO_PASSES.get(kind, _ROLLING)
    if found is not None:
        key, use = found
        # who may not ride through pushes the bicycle, where there is room for it
        if profile is Profile.BICYCLE and use is Use.CLOSED and passes:
            return barrier_use(_without_vehicles(tags), Profile.FOOT)
        return use if passes or key != "access" else Use.CLOSED
    if tags.get("locked") == "yes":
        return Use.CLOSED
    return Use.OPEN if passes else Use.CLOSED


def _wheelchair_use(tags: Tags) -> Use:
    on_foot = barrier_use(tags, Profile.FOOT)
    match tags.get("wheelchair"):
        case "yes" | "designated" | "limited":
            return on_foot
        case "no":
            return Use.CLOSED
    kind = tags.get("barrier", "")
    if Profile.WHEELCHAIR not in _WHO_PASSES.get(kind, _ROLLING):
        return Use.CLOSED
    if kind != "kerb":
        return on_foot
    height_m = parse_metres(tags.get("kerb:height", tags.get("height", "")))
    if height_m is not None:
        return on_foot if height_m <= MAX_KERB_M else Use.CLOSED
    return on_foot if tags.get("kerb") in {"lowered", "flush", "no"} else Use.CLOSED


def _without_vehicles(tags: Tags) -> Tags:
    return {key: value for key, value in tags.items() if key not in {"bicycle", "vehicle"}}


def wait_s(tags: Tags, profile: Profile) -> float:
    """Seconds that a lift takes; 0 elsewhere (traffic lights: see ``signal_sides``)."""
    return LIFT_S if tags.get("highway") == "elevator" and profile in _ROLLING else 0.0


def signal_sides(tags: Tags, profile: Profile) -> tuple[bool, bool]:
    """Whether vehicles wait here for a green light: coming along the way, and against it."""
    if tags.get("highway") != "traffic_signals" or profile.is_on_foot:
        return False, False
    match tags.get("traffic_signals:direction"):
        case "forward":
            return True, False
        case "backward":
            return False, True
    return True, True
