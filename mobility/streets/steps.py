"""Instructions along a way: where it turns, in the words of the MOTIS API v6 (``relativeDirection``)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from mobility.geodesy import Floats
from mobility.street_use import Step
from mobility.streets.graph import Bools, Ints

DEPART = "DEPART"
CONTINUE = "CONTINUE"
STAIRS = "STAIRS"
ELEVATOR = "ELEVATOR"
_STRAIGHT_DEG, _SLIGHT_DEG, _PLAIN_DEG, _HARD_DEG = 20.0, 45.0, 120.0, 165.0
_ON_STREET, _ON_STAIRS, _IN_ELEVATOR = range(3)
_KINDS = {"steps": _ON_STAIRS, "elevator": _IN_ELEVATOR}
_BEGINS = {_ON_STAIRS: STAIRS, _IN_ELEVATOR: ELEVATOR}


class Stretches(NamedTuple):
    """Segments, or parts of them, as they are travelled, one after the other."""

    name: Ints  # number of the name
    kind: Ints  # of number_kinds
    length_m: Floats
    bearing_in: Floats  # degrees clockwise from north, just after its begin
    bearing_out: Floats  # just before its end
    is_junction: Bools  # at its begin there are other ways to go than on and back


def number_kinds(kinds: Sequence[str]) -> Ints:
    """What instructions make of each value of ``highway``."""
    return np.array([_KINDS.get(kind, _ON_STREET) for kind in kinds], np.int8)


def name_turn(angle_deg: float) -> str:
    """The turn by an angle, clockwise: CONTINUE below 20 degrees, SLIGHTLY_ below 45, LEFT or RIGHT below 120,
    HARD_ below 165, else UTURN_.
    """
    turned = (angle_deg + 180.0) % 360.0 - 180.0
    size, side = abs(turned), "LEFT" if turned < 0 else "RIGHT"
    if size < _STRAIGHT_DEG:
        return CONTINUE
    if size < _SLIGHT_DEG:
        return f"SLIGHTLY_{side}"
    if size < _PLAIN_DEG:
        return side
    return f"HARD_{side}" if size < _HARD_DEG else f"UTURN_{side}"


def list_steps(stretches: Stretches, names: Sequence[str], before_m: float, after_m: float) -> tuple[Step, ...]:
    """A step for every name, for stairs and lifts, and for every turn of 45 degrees or more at a junction.

    The ways between the doors and the street, ``before_m`` and ``after_m``, are part of the first and the last.
    """
    angle = stretches.bearing_in[1:] - stretches.bearing_out[:-1]
    is_turn = np.abs((angle + 180.0) % 360.0 - 180.0) >= _SLIGHT_DEG
    name, kind = stretches.name, stretches.kind
    is_new = (name[1:] != name[:-1]) | (kind[1:] != kind[:-1]) | (is_turn & stretches.is_junction[1:])
    first = np.append(0, np.flatnonzero(is_new) + 1)
    length_m = np.add.reduceat(stretches.length_m, first)
    length_m[0] += before_m
    length_m[-1] += after_m
    turns = [DEPART, *map(name_turn, angle[first[1:] - 1].tolist())]
    rows = zip(name[first].tolist(), length_m.tolist(), kind[first].tolist(), turns, strict=True)
    return tuple(Step(names[label], metres, _BEGINS.get(what, turn)) for label, metres, what, turn in rows)
