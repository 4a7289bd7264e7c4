"""What an engine has computed beside its timetable, as plain arrays: to be stored, mapped or handed on.

An engine opened with them computes nothing. Everything is optional: what is missing is made when first
needed. Parts belong to one timetable; ``keep_for`` says which of them a changed one may still use.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from mobility.network.timetable import Arrays, Ints
from mobility.planner.bounds import BoundParts, HopGraph, bounds_still_hold
from mobility.planner.trip_based.transfer_set import TransferSet

Named = Mapping[str, npt.NDArray[np.generic]]


@dataclass(frozen=True, slots=True)
class Parts:
    """The parts of one direction of time. ``walks_into`` are the footpaths that end at each stop."""

    walks_into: tuple[Ints, Ints, Ints] | None = None
    bounds: BoundParts | None = None
    transfers: TransferSet | None = None


NO_PARTS = Parts()


@dataclass(frozen=True, slots=True)
class Prepared:
    """The parts of both directions; ``reflected`` are the arrays that the backward one searches."""

    forward: Parts = NO_PARTS
    backward: Parts = NO_PARTS
    reflected: Arrays | None = None

    def to_arrays(self) -> dict[str, npt.NDArray[np.generic]]:
        """Every array by a name, for a store that knows only names and arrays."""
        named: dict[str, npt.NDArray[np.generic]] = {}
        for direction, parts in (("forward", self.forward), ("backward", self.backward)):
            if parts.walks_into is not None:
                for field, array in zip(("off", "stop", "s"), parts.walks_into, strict=True):
                    named[f"{direction}.walks_into.{field}"] = array
            if parts.bounds is not None:
                named |= _name_fields(f"{direction}.hops", parts.bounds.graph)
                named[f"{direction}.unit_s"] = np.array([parts.bounds.unit_s], np.int32)
                if parts.bounds.table is not None:
                    named[f"{direction}.bounds"] = parts.bounds.table
            if parts.transfers is not None:
                named |= _name_fields(f"{direction}.transfers", parts.transfers)
        if self.reflected is not None:
            named |= _name_fields("reflected", self.reflected)
        return named

    @classmethod
    def from_arrays(cls, named: Named) -> Prepared:
        """The other way round; other names are not looked at."""
        reflected = _fields_of("reflected", Arrays._fields, named)
        return cls(
            _read_parts("forward", named),
            _read_parts("backward", named),
            None if reflected is None else Arrays._make(reflected),
        )

    def keep_for(self, arrays: Arrays) -> Prepared:
        """What holds for the same stops and footpaths with other vehicles, such as a live day: walks always,
        bounds while no hop got faster than planned, transfers and reflected arrays never.
        """
        bounds = self.forward.bounds
        holds = bounds is not None and bounds_still_hold(bounds.graph, bounds.unit_s, arrays)
        return Prepared(
            Parts(self.forward.walks_into, bounds if holds else None),
            Parts(self.backward.walks_into, self.backward.bounds if holds else None),
        )


NOTHING_PREPARED = Prepared()


def _name_fields(prefix: str, parts: HopGraph | TransferSet | Arrays) -> dict[str, npt.NDArray[np.generic]]:
    return {f"{prefix}.{field}": array for field, array in zip(parts._fields, parts, strict=True)}


def _fields_of(prefix: str, fields: tuple[str, ...], named: Named) -> list[Ints] | None:
    if f"{prefix}.{fields[0]}" not in named:
        return None
    return [np.asarray(named[f"{prefix}.{field}"]) for field in fields]


def _read_parts(direction: str, named: Named) -> Parts:
    walks = _fields_of(f"{direction}.walks_into", ("off", "stop", "s"), named)
    hops = _fields_of(f"{direction}.hops", HopGraph._fields, named)
    transfers = _fields_of(f"{direction}.transfers", TransferSet._fields, named)
    bounds = None
    if hops is not None:
        table = named.get(f"{direction}.bounds")
        unit_s = int(np.asarray(named[f"{direction}.unit_s"])[0])
        bounds = BoundParts(HopGraph(*hops), unit_s, None if table is None else np.asarray(table, np.uint16))
    return Parts(
        walks_into=None if walks is None else (walks[0], walks[1], walks[2]),
        bounds=bounds,
        transfers=None if transfers is None else TransferSet(*transfers),
    )
