"""What the tags of all ways come to, as columns: uses and speeds per profile, slopes that the map gives."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import NamedTuple

import numpy as np

from mobility.geodesy import Floats
from mobility.streets.access import Use, permission_of
from mobility.streets.graph import Bools, Ints
from mobility.streets.notices import Notices
from mobility.streets.osm import Extract
from mobility.streets.profiles import Profile
from mobility.streets.speeds import PUSH_MPS, RAMP_MPS, speed_of
from mobility.streets.tag_values import parse_incline, parse_maxspeed_mps
from mobility.streets.ways import kind_of

Tags = Mapping[str, str]
_LIMITS = ("maxspeed", "maxspeed:forward", "maxspeed:backward")


class Uses(NamedTuple):
    """One profile on every kind of way that the extract tells apart (t distinct sets of tags): along it, against it."""

    use: Ints  # int8[t, 2], values of Use
    mps: Floats  # [t, 2]
    is_pushed: Bools  # bool[t, 2]


class WayFacts(NamedTuple):
    """All profiles, and what ways have by themselves; indices are those of the extract's tag sets."""

    uses: dict[Profile, Uses]
    slope: Floats  # [t], of the tag incline, NaN where it gives no number
    is_steps: Bools  # bool[t]
    is_lift: Bools  # bool[t]: a lift drawn as a way
    is_structure: Bools  # bool[t]: on a bridge or in a tunnel, where the ground's height says nothing
    kind: Ints  # int16[t] into kinds
    kinds: tuple[str, ...]

    def is_used(self) -> Bools:
        """Whether any profile may use such a way, bool[t]."""
        found: Bools = np.any([(one.use > Use.CLOSED).any(axis=1) for one in self.uses.values()], axis=0)
        return found


def evaluate(extract: Extract, profiles: Collection[Profile], notices: Notices) -> WayFacts:
    """Uses and speeds of every distinct set of tags; speed limits that cannot be read are told and left out."""
    tag_sets = [_drop_bad_limits(tags, row, extract, notices) for row, tags in enumerate(extract.tag_sets)]
    kinds = [kind_of(tags) for tags in tag_sets]
    names = tuple(sorted(set(kinds)))
    number = {name: index for index, name in enumerate(names)}
    slopes = [parse_incline(tags.get("incline", "")) for tags in tag_sets]
    return WayFacts(
        uses={profile: _uses(tag_sets, profile) for profile in profiles},
        slope=np.array([np.nan if slope is None else slope for slope in slopes], np.float64),
        is_steps=np.array([kind == "steps" for kind in kinds], bool),
        is_lift=np.array([kind == "elevator" for kind in kinds], bool),
        is_structure=np.array([_is_structure(tags) for tags in tag_sets], bool),
        kind=np.array([number[kind] for kind in kinds], np.int16),
        kinds=names,
    )


def _uses(tag_sets: list[Tags], profile: Profile) -> Uses:
    use = np.zeros((len(tag_sets), 2), np.int8)
    mps = np.ones((len(tag_sets), 2))
    is_pushed = np.zeros((len(tag_sets), 2), bool)
    for row, tags in enumerate(tag_sets):
        permission, speed = permission_of(tags, profile), speed_of(tags, profile)
        use[row] = permission.forward, permission.backward
        mps[row] = speed
        is_pushed[row] = permission.pushed_forward, permission.pushed_backward
        if is_pushed[row].any():
            mps[row, is_pushed[row]] = RAMP_MPS if kind_of(tags) == "steps" else PUSH_MPS
    return Uses(use, mps, is_pushed)


def _drop_bad_limits(tags: Tags, row: int, extract: Extract, notices: Notices) -> Tags:
    bad = []
    for key in _LIMITS:
        try:
            parse_maxspeed_mps(tags.get(key, "none"))
        except ValueError:
            bad.append(key)
    if not bad:
        return tags
    for way in extract.way_id[extract.way_tags == row].tolist():
        notices.count("speed_limit_unreadable", f"{way} {bad[0]}={tags[bad[0]]}")
    return {key: value for key, value in tags.items() if key not in bad}


def _is_structure(tags: Tags) -> bool:
    return tags.get("bridge", "no") != "no" or tags.get("tunnel", "no") not in {"no", "building_passage"}
