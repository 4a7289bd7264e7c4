"""Turn restrictions of the map as forbidden sequences of directed segments.

After the OpenStreetMap wiki, "Relation:restriction". Every rule becomes sequences that nobody may travel from the
first directed segment to the last without leaving it: ``no_`` its own; ``only_`` one for every other way on from its
first segment, and, where it leads by a way (``via``), from each segment of that way. Nobody turns back on the way of a
``no_`` rule either who came from its first: two U-turns there would go round it. ``restriction`` holds for
vehicles, ``restriction:motorcar`` and the like for theirs, ``except`` takes some out. Conditional rules
(``restriction:conditional``, ``day_on``, ``hour_on``) are not kept.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field

from mobility.streets.graph import Ints
from mobility.streets.notices import Notices, Severity
from mobility.streets.osm import Restriction
from mobility.streets.profiles import Profile

Sequences = dict[Profile, set[tuple[int, ...]]]
"""Per profile the forbidden sequences of directed segments, each of two or more."""

_VEHICLES = frozenset({Profile.BICYCLE, Profile.SCOOTER, Profile.CAR})
_MOTORED = frozenset({Profile.SCOOTER, Profile.CAR})
_WHOM = {
    "vehicle": _VEHICLES,
    "motor_vehicle": _MOTORED,
    "motorcar": frozenset({Profile.CAR}),
    "motorcycle": frozenset({Profile.SCOOTER}),
    "moped": frozenset({Profile.SCOOTER}),
    "bicycle": frozenset({Profile.BICYCLE}),
    "foot": frozenset({Profile.FOOT, Profile.WHEELCHAIR}),
    "hgv": frozenset(), "bus": frozenset(), "psv": frozenset(), "caravan": frozenset(), "trailer": frozenset(),
    "agricultural": frozenset(), "emergency": frozenset(), "taxi": frozenset(), "coach": frozenset(),
    "hazmat": frozenset(), "goods": frozenset(), "tourist_bus": frozenset(),
}  # fmt: skip
_TIMES = ("day_on", "day_off", "hour_on", "hour_off")


@dataclass
class Streets:
    """Where segments lie: what a restriction is looked up in."""

    ranges: Mapping[int, list[tuple[int, int]]]  # segments of a way by its OSM id
    node_of: Mapping[int, int]  # street node by OSM id, of the nodes that restrictions name
    seg_from: Ints
    seg_to: Ints
    leaving: Mapping[int, list[int]] = field(default_factory=dict)  # directed segments out of each node, filled here

    def __post_init__(self) -> None:
        leaving = defaultdict(list)
        for segment, (start, end) in enumerate(zip(self.seg_from.tolist(), self.seg_to.tolist(), strict=True)):
            leaving[start].append(2 * segment)
            leaving[end].append(2 * segment + 1)
        self.leaving = leaving

    def tail(self, directed: int) -> int:
        """The node where a directed segment begins."""
        return int((self.seg_to if directed & 1 else self.seg_from)[directed >> 1])

    def head(self, directed: int) -> int:
        """The node where it ends."""
        return self.tail(directed ^ 1)

    def directed_of(self, way_id: int) -> list[int]:
        """All directed segments of a way."""
        segments = (segment for low, high in self.ranges.get(way_id, ()) for segment in range(low, high))
        return [2 * segment + side for segment in segments for side in (0, 1)]

    def paths_along(self, way_id: int, start: int) -> list[list[int]]:
        """From a node along a way, on each side on which the way goes on, up to each of its nodes."""
        own = self.directed_of(way_id)
        paths = []
        for first in (one for one in own if self.tail(one) == start):
            paths.append([first])
            while True:
                following = paths[-1][-1] + (-2 if first & 1 else 2)
                if following not in own or self.tail(following) != self.head(paths[-1][-1]):
                    break
                paths.append([*paths[-1], following])
        return paths


def forbid(
    restrictions: tuple[Restriction, ...], streets: Streets, closed: Mapping[Profile, frozenset[int]], notices: Notices
) -> Sequences:
    """The sequences that restrictions forbid. ``closed`` are directed segments that a profile cannot use anyway: an
    ``only_`` that leads into one does not hold for it.
    """
    found: Sequences = {profile: set() for profile in Profile}
    allowed: dict[tuple[Profile, int], set[int]] = defaultdict(set)
    for one in restrictions:
        for kind, rule in _rules_of(one, notices):
            whom = rule & closed.keys()
            if not whom:
                continue
            if any(ref not in (streets.ranges if is_way else streets.node_of) for _, is_way, ref in one.members):
                notices.count("restriction_outside", str(one.relation_id))
                continue
            # a bicycle is pushed against one-ways, which would leave open from which side a rule is meant
            shut = [frozenset.intersection(*(closed[p] for p in group)) for group in (whom & _MOTORED, whom) if group]
            paths = _paths_of(one, kind, streets, shut)
            if paths is None:
                notices.count("restriction_unclear", str(one.relation_id))
                continue
            if any(len(path) > 2 for path in paths):
                notices.count("restriction_via_way", str(one.relation_id))
            for profile in whom:
                _add(kind, _without(paths, closed[profile]), profile, streets, found, allowed)
    for (profile, first), following in allowed.items():
        found[profile] |= {(first, other) for other in streets.leaving[streets.head(first)] if other not in following}
    _tell(notices)
    return found


def _rules_of(one: Restriction, notices: Notices) -> list[tuple[str, frozenset[Profile]]]:
    """Kinds of turn (no_..., only_...) and for whom."""
    spared: frozenset[Profile] = frozenset()
    for word in one.tags.get("except", "").split(";"):
        spared |= _WHOM.get(word.strip(), frozenset())
    rules = []
    for key, kind in one.tags.items():
        name, _, vehicle = key.partition(":")
        if name != "restriction":
            continue
        if vehicle.endswith("conditional") or any(time in one.tags for time in _TIMES):
            notices.count("restriction_conditional", str(one.relation_id))
        elif not kind.startswith(("no_", "only_")) or vehicle not in {"", *_WHOM}:
            notices.count("restriction_unknown", f"{one.relation_id} {key}={kind}")
        else:
            rules.append((kind, (_WHOM[vehicle] if vehicle else _VEHICLES) - spared))
    # a rule of its own for a vehicle goes before that for all
    own = {profile for kind, whom in rules for profile in whom if whom != _VEHICLES}
    return [(kind, whom - own if whom == _VEHICLES else whom) for kind, whom in rules]


def _paths_of(
    one: Restriction, kind: str, streets: Streets, shut: list[frozenset[int]]
) -> list[tuple[int, ...]] | None:
    """The sequences of directed segments that the members tell, but those that nobody whom it concerns could travel
    (``shut`` for them: motor vehicles first, then all); None where they are no clear path.
    """
    starts = [ref for role, is_way, ref in one.members if role == "from" and is_way]
    ends = [ref for role, is_way, ref in one.members if role == "to" and is_way]
    vias = [(is_way, ref) for role, is_way, ref in one.members if role == "via"]
    many = {"no_entry": (99, 1), "no_exit": (1, 99)}.get(kind, (1, 1))
    if not vias or not 1 <= len(starts) <= many[0] or not 1 <= len(ends) <= many[1]:
        return None
    if not vias[0][0] and len(vias) > 1:
        return None
    found = []
    for start in starts:
        for end in ends:
            if vias[0][0]:
                paths = _by_way(streets, start, [ref for is_way, ref in vias if is_way], end)
            else:
                paths = _by_node(streets, start, streets.node_of[vias[0][1]], end)
            open_paths = next(filter(None, (_without(paths, closed) for closed in shut)), [])
            # a way that passes its via leaves open from which side: better no rule than a wrong one
            if not paths or len(open_paths) > 1:
                return None
            found += open_paths
    return found


def _without(paths: list[tuple[int, ...]], closed: frozenset[int]) -> list[tuple[int, ...]]:
    return [path for path in paths if not closed & set(path)]


def _by_node(streets: Streets, start: int, via: int, end: int) -> list[tuple[int, ...]]:
    arriving = [one for one in streets.directed_of(start) if streets.head(one) == via]
    leaving = [one for one in streets.directed_of(end) if streets.tail(one) == via]
    return [(first, last) for first in arriving for last in leaving]


def _by_way(streets: Streets, start: int, vias: list[int], end: int) -> list[tuple[int, ...]]:
    """From the end of one way along others to one more."""
    paths: list[tuple[int, ...]] = [(one,) for one in streets.directed_of(start)]
    for via in vias:
        paths = [(*path, *more) for path in paths for more in streets.paths_along(via, streets.head(path[-1]))]
    ends = streets.directed_of(end)
    found = [(*path, last) for path in paths for last in ends if streets.tail(last) == streets.head(path[-1])]
    return [path for path in found if path[0] ^ 1 != path[1]]


def _add(
    kind: str,
    paths: list[tuple[int, ...]],
    profile: Profile,
    streets: Streets,
    found: Sequences,
    allowed: dict[tuple[Profile, int], set[int]],
) -> None:
    for path in paths:
        if kind.startswith("no_"):
            found[profile].add(path)
            found[profile] |= {(*path[:place], path[place - 1] ^ 1) for place in range(2, len(path))}
        elif len(path) == 2:
            allowed[profile, path[0]].add(path[1])  # two such rules from one way leave both ends open
        else:
            for place in range(1, len(path)):
                others = streets.leaving[streets.head(path[place - 1])]
                found[profile] |= {(*path[:place], other) for other in others if other != path[place]}


def _tell(notices: Notices) -> None:
    notices.tell_counted(
        "restriction_via_way", "turn restrictions lead by a way", "They are kept as whole sequences", Severity.INFO
    )
    notices.tell_counted(
        "restriction_conditional",
        "turn restrictions hold only at times",
        "They are not kept: turns are always allowed here",
        Severity.INFO,
    )
    notices.tell_counted(
        "restriction_unknown",
        "turn restrictions of a kind or for a vehicle not known here",
        "They are not kept; see the wiki's Relation:restriction for the values in use",
    )
    notices.tell_counted(
        "restriction_outside",
        "turn restrictions name ways or nodes that are no streets of the file",
        "They are not kept; take a larger extract if they matter",
        Severity.INFO,
    )
    notices.tell_counted(
        "restriction_unclear",
        "turn restrictions do not say one path from, via and to",
        "They are not kept; in the map, split ways at the via, and give one from, one via and one to",
    )
