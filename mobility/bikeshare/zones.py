"""Where a shared vehicle may be taken, left and ridden, and how fast: geofencing zones of GBFS 2.1 to 3.0.

The standard decides each attribute for itself: of all zones around a point whose rules name the vehicle type, in
the order of the file, the first that says something about the attribute; then the global rules (3.0); then no
restriction. Rules hold in the interior of a zone.
"""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import shapely

from mobility.geodesy import great_circle_m

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]

CRUMB_DEG = 1e-9
"""A piece of a way shorter than this (a tenth of a millimetre) is an error of the arithmetic between two zones."""

SAMPLE_M = 25.0
"""Speed limits along a way are looked up every so many metres: half of that is the error at a zone's border."""


@dataclass(frozen=True, slots=True)
class ZoneRule:
    """What holds for some vehicle types, for all where ``type_ids`` is empty; None: the rule does not say.

    ``may_start``, ``may_end`` and ``may_pass`` are GBFS ride_start_allowed, ride_end_allowed and ride_through_allowed;
    ``station_parking``: a ride ends at stations alone.
    """

    type_ids: frozenset[str] = frozenset()
    may_start: bool | None = None
    may_end: bool | None = None
    may_pass: bool | None = None
    max_speed_kph: float | None = None
    station_parking: bool | None = None

    def holds_for(self, type_id: str) -> bool:
        """Whether the rule speaks of this vehicle type."""
        return not self.type_ids or type_id in self.type_ids


@dataclass(frozen=True, slots=True)
class Zone:
    """An area (a shapely Polygon or MultiPolygon, x = longitude) with its rules, active from ``start`` to ``end``."""

    area: Any
    rules: tuple[ZoneRule, ...]
    names: Mapping[str, str]
    start: dt.datetime | None = None
    end: dt.datetime | None = None

    def is_active(self, at: dt.datetime | None) -> bool:
        """Whether the zone counts at an instant; always where none is asked for."""
        if at is None:
            return True
        return not (self.start is not None and at < self.start) and not (self.end is not None and at >= self.end)


class RulesAt(NamedTuple):
    """The rules at n points: bool[n], and float64[n] in km/h with infinity where nothing limits the speed."""

    may_start: Bools
    may_end: Bools
    may_pass: Bools
    max_speed_kph: Floats
    station_parking: Bools


ATTRIBUTES = RulesAt._fields
UNRESTRICTED = (1.0, 1.0, 1.0, math.inf, 0.0)
"""Each attribute, as a number, where nobody says anything."""


@dataclass(frozen=True, slots=True)
class Zones:
    """All zones of a system, in the order of its file, and the rules everywhere else."""

    zones: tuple[Zone, ...] = ()
    global_rules: tuple[ZoneRule, ...] = ()
    _areas: Any = field(init=False, repr=False, compare=False)
    _tree: Any = field(init=False, repr=False, compare=False)
    _said: dict[str, Floats] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        areas = np.array([zone.area for zone in self.zones], dtype=object)
        shapely.prepare(areas)
        object.__setattr__(self, "_areas", areas)
        object.__setattr__(self, "_tree", shapely.STRtree(areas))
        object.__setattr__(self, "_said", {})

    def rules_at(self, lat: Floats, lon: Floats, type_id: str, *, at: dt.datetime | None = None) -> RulesAt:
        """The rules for a vehicle type at n points (degrees, float64[n] each), those active at an aware instant."""
        x, y = np.atleast_1d(np.asarray(lon, float)), np.atleast_1d(np.asarray(lat, float))
        values = self._values(type_id, at)
        counts: Bools = np.asarray(~np.isnan(values).all(axis=1))
        point, zone = self._list_containing(x, y, counts)
        columns = []
        for attribute, elsewhere in enumerate(self._elsewhere(type_id)):
            column = np.full(len(x), elsewhere)
            says = ~np.isnan(values[zone, attribute])
            # of several values for one point the last is kept: the earliest zone, as they come sorted downwards
            column[point[says]] = values[zone[says], attribute]
            columns.append(column)
        start, end, through, speed, parking = columns
        return RulesAt(start > 0, end > 0, through > 0, speed, parking > 0)

    def crosses_forbidden(self, lat: Floats, lon: Floats, type_id: str, *, at: dt.datetime | None = None) -> bool:
        """Whether a way (its points in order, degrees) goes through the interior of where this type may not ride."""
        x, y = np.atleast_1d(np.asarray(lon, float)), np.atleast_1d(np.asarray(lat, float))
        if not len(x):
            return False
        is_point = bool((x == x[0]).all() and (y == y[0]).all())
        way = shapely.points(x[0], y[0]) if is_point else shapely.linestrings(np.column_stack([x, y]))
        values = self._values(type_id, at)[:, ATTRIBUTES.index("may_pass")]
        near = [n for n in np.sort(self._tree.query(way)) if not np.isnan(values[n])]
        left = way
        for number in near:
            area = self._areas[number]
            if values[number] == 0 and shapely.intersects(area, left) and not shapely.touches(area, left):
                return True
            # what lies in this zone is settled: later zones and the global rules do not count there
            left = shapely.difference(left, area)
        is_barred = not self._elsewhere(type_id)[ATTRIBUTES.index("may_pass")]
        return is_barred and not shapely.is_empty(left) and (is_point or bool(shapely.length(left) > CRUMB_DEG))

    def lost_s(
        self, lat: Floats, lon: Floats, type_id: str, speed_mps: float, *, at: dt.datetime | None = None
    ) -> float:
        """Seconds that speed limits add to a way (its points in order) at a speed, to within ``SAMPLE_M``."""
        y, x = np.asarray(lat, float), np.asarray(lon, float)
        if len(y) < 2 or not self._limits_speed(type_id):
            return 0.0
        lengths = great_circle_m(y[:-1], x[:-1], y[1:], x[1:])
        parts = np.maximum(1, np.ceil(lengths / SAMPLE_M)).astype(np.int64)
        leg = np.repeat(np.arange(len(lengths)), parts)
        along = (np.arange(len(leg)) - np.repeat(np.cumsum(parts) - parts, parts) + 0.5) / parts[leg]
        limit_mps = (
            self.rules_at(
                y[leg] + along * (y[leg + 1] - y[leg]), x[leg] + along * (x[leg + 1] - x[leg]), type_id, at=at
            ).max_speed_kph
            / 3.6
        )
        slow = (limit_mps < speed_mps) & (limit_mps > 0)
        metres = (lengths / parts)[leg][slow]
        return float((metres / limit_mps[slow] - metres / speed_mps).sum())

    def tell_type(self, type_id: str) -> tuple[tuple[float, ...], ...]:
        """What distinguishes a vehicle type here: two types with the same answer have the same rules everywhere."""
        rows = [*self._values(type_id, None).tolist(), list(self._elsewhere(type_id))]
        return tuple(tuple(-1.0 if math.isnan(value) else value for value in row) for row in rows)

    def _limits_speed(self, type_id: str) -> bool:
        rules = [rule for zone in self.zones for rule in zone.rules] + list(self.global_rules)
        return any(rule.max_speed_kph is not None and rule.holds_for(type_id) for rule in rules)

    def _values(self, type_id: str, at: dt.datetime | None) -> Floats:
        """float64[zones, attributes] for a type, NaN where the zone does not say or is not active."""
        values = self._said.get(type_id)
        if values is None:
            rows = [_first_said(zone.rules, type_id, [math.nan] * len(ATTRIBUTES)) for zone in self.zones]
            values = self._said[type_id] = np.array(rows, float).reshape(len(rows), len(ATTRIBUTES))
        if at is None:
            return values
        active = np.array([zone.is_active(at) for zone in self.zones], bool)
        return np.where(active[:, None], values, np.nan)

    def _elsewhere(self, type_id: str) -> Sequence[float]:
        return _first_said(self.global_rules, type_id, UNRESTRICTED)

    def _list_containing(self, x: Floats, y: Floats, counts: Bools) -> tuple[Ints, Ints]:
        """Pairs of a point and a zone around it that counts, sorted by zone downwards."""
        if not counts.any():
            return np.zeros(0, np.int64), np.zeros(0, np.int64)
        point, zone = self._tree.query(shapely.points(x, y))
        keep = counts[zone]
        point, zone = point[keep], zone[keep]
        inside = shapely.contains_xy(self._areas[zone], x[point], y[point])
        point, zone = point[inside], zone[inside]
        order = np.argsort(-zone, kind="stable")
        return point[order], zone[order]


def _first_said(rules: Iterable[ZoneRule], type_id: str, otherwise: Sequence[float]) -> Sequence[float]:
    """Each attribute from the first rule for the type that has it."""
    said = list(otherwise)
    missing = set(range(len(ATTRIBUTES)))
    for rule in rules:
        if rule.holds_for(type_id):
            for number in sorted(missing):
                value = getattr(rule, ATTRIBUTES[number])
                if value is not None:
                    said[number] = float(value)
                    missing.discard(number)
    return said
