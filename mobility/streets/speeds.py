"""How fast a profile gets along a way, in each direction.

On foot 1.33 m/s; on stairs 0.61 m/s up and 0.69 down (Weidmann, Transporttechnik der Fussgänger, 1993), their mean
where the map does not say which way is up. Vehicles by kind of road: our estimates of travel in a town, with waiting
at junctions other than traffic lights in them; a posted limit counts 85 %, and at most half more than the kind's.

Slopes: walkers after Tobler (Three presentations on geographical analysis and modeling, 1993), taken relative to the
level; bicycles lose 1.44 km/h per 1 % uphill and gain 0.86 km/h per 1 % downhill of a mean of 21.6 km/h (Parkin and
Rotheram, Design speeds and acceleration characteristics of bicycle traffic, Transport Policy 17, 2010), taken as
shares, no slower than pushing and at most 1.3 times the level speed. Motor vehicles as on the level.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from mobility.geodesy import Floats
from mobility.streets.profiles import SPEED_MPS, Profile
from mobility.streets.tag_values import KMH, parse_incline, parse_maxspeed_mps
from mobility.streets.ways import kind_of

Tags = Mapping[str, str]

KIND_KMH = {
    "motorway": 90.0, "motorway_link": 45.0, "trunk": 65.0, "trunk_link": 40.0, "primary": 45.0, "primary_link": 30.0,
    "secondary": 40.0, "secondary_link": 28.0, "tertiary": 35.0, "tertiary_link": 25.0, "unclassified": 30.0,
    "residential": 25.0, "road": 25.0, "living_street": 10.0, "service": 15.0, "track": 12.0,
}  # fmt: skip
OTHER_KMH = 10.0
"""Where a motor vehicle was let onto a path or a square."""
SERVICE_KMH = {"parking_aisle": 8.0, "driveway": 8.0, "drive-through": 8.0}
SCOOTER_KMH = 50.0
"""No faster than this, whatever the road."""
LIMIT_SHARE = 0.85
OVER_KIND = 1.5
STEPS_MPS = (0.61, 0.69)
PUSH_MPS = 1.2
RAMP_MPS = 0.5
"""A bicycle pushed along the gutter of a stairway."""
SHARED_MPS = 3.0
"""Ridden among walkers."""
_SURFACE_SHARE = {
    "unpaved": 0.75, "compacted": 0.9, "fine_gravel": 0.85, "gravel": 0.65, "pebblestone": 0.6, "ground": 0.7,
    "dirt": 0.7, "earth": 0.7, "grass": 0.6, "woodchips": 0.6, "sand": 0.4, "mud": 0.4, "snow": 0.5, "ice": 0.5,
    "sett": 0.8, "cobblestone": 0.65, "unhewn_cobblestone": 0.5, "rock": 0.4, "stepping_stones": 0.3,
}  # fmt: skip
_SMOOTHNESS_SHARE = {"bad": 0.75, "very_bad": 0.55, "horrible": 0.4, "very_horrible": 0.3, "impassable": 0.2}
"""Shares of the speed on wheels that the way's condition leaves: our estimates; the lesser of the two counts."""


class Speed(NamedTuple):
    """Metres per second on the level, along the way and against it."""

    forward_mps: float
    backward_mps: float


def speed_of(tags: Tags, profile: Profile) -> Speed:
    """The speed of a profile on a way, whether or not it may go there.

    Raises:
        ValueError: A speed limit cannot be read; the message says which.
    """
    kind = kind_of(tags)
    if kind == "steps":
        return _steps_speed(tags, profile)
    match profile:
        case Profile.FOOT:
            mps = SPEED_MPS[profile]
        case Profile.WHEELCHAIR:
            mps = SPEED_MPS[profile] * condition_share(tags)
        case Profile.BICYCLE:
            is_shared = kind in {"footway", "pedestrian", "platform", "pier", "corridor"}
            mps = (SHARED_MPS if is_shared else SPEED_MPS[profile]) * condition_share(tags)
        case _:
            share = condition_share(tags)
            forward, backward = (_motor_mps(tags, kind, side, profile) for side in ("forward", "backward"))
            return Speed(forward * share, backward * share)
    return Speed(mps, mps)


def condition_share(tags: Tags) -> float:
    """What surface and smoothness leave of the speed on wheels, 0.2 to 1."""
    return min(_SURFACE_SHARE.get(tags.get("surface", ""), 1.0), _SMOOTHNESS_SHARE.get(tags.get("smoothness", ""), 1.0))


def slope_share(slope: Floats, profile: Profile) -> Floats:
    """What of the level speed remains on slopes (rise over run in the direction of travel, NaN unknown)."""
    known = np.nan_to_num(np.asarray(slope, np.float64))
    if profile.is_on_foot:
        share: Floats = np.exp(-3.5 * (np.abs(known + 0.05) - 0.05))
        return np.minimum(share, 1.0) if profile is Profile.WHEELCHAIR else share
    if profile is not Profile.BICYCLE:
        return np.ones_like(known)
    percent = 100 * known
    ridden: Floats = 1 - np.where(percent > 0, 1.44, 0.86) / 21.6 * percent
    return np.clip(ridden, PUSH_MPS / SPEED_MPS[profile], 1.3)


def _steps_speed(tags: Tags, profile: Profile) -> Speed:
    if profile is Profile.BICYCLE:
        return Speed(RAMP_MPS, RAMP_MPS)
    if profile is not Profile.FOOT:
        return Speed(RAMP_MPS, RAMP_MPS)  # on the ramp beside them
    up, down = STEPS_MPS
    slope = parse_incline(tags.get("incline", ""))
    if tags.get("incline") == "up" or (slope or 0) > 0:
        return Speed(up, down)
    if tags.get("incline") == "down" or (slope or 0) < 0:
        return Speed(down, up)
    return Speed((up + down) / 2, (up + down) / 2)


def _motor_mps(tags: Tags, kind: str, side: str, profile: Profile) -> float:
    usual = SERVICE_KMH.get(tags.get("service", "")) if kind == "service" else None
    mps = (usual or KIND_KMH.get(kind, OTHER_KMH)) * KMH
    posted = tags.get(f"maxspeed:{side}") or tags.get("maxspeed")
    limit = parse_maxspeed_mps(posted) if posted else None
    if limit is not None:
        mps = min(limit * LIMIT_SHARE, mps * OVER_KIND)
    return min(mps, SCOOTER_KMH * KMH) if profile is Profile.SCOOTER else mps
