"""The day of ``pittsburgh50``: who comes when, in three slices of each period; buses and people on foot.

Morning: from the west and the south into the blocks, later from the north. Evening peak: out of the blocks to west
and south, later to the east. Between: shopping in the middle. The numbers are invented; their level is set so that
coordinated actuated control is busy in the peaks and empties the net.
"""

from __future__ import annotations

import random
from dataclasses import dataclass

from sumo_scenarios.build.city.assignment import Weights, Zone
from sumo_scenarios.build.city.layout import District
from sumo_scenarios.build.city.pittsburgh import GATES, SEED

BLOCKS = (
    ("A2", "A3"), ("C2", "D2"), ("D1", "E1"), ("C3", "D3"), ("D4", "D5"), ("F1", "F2"), ("F2", "G2"), ("G3", "H3"),
    ("H2", "H3"), ("G4", "G5"), ("H4", "H5"), ("D6", "D7"), ("C7", "D7"), ("F6", "F7"), ("F7", "G7"), ("A4", "A5"),
)  # fmt: skip
STADIUM = (("G4", "G5"), ("G5", "G4"), ("H4", "H5"), ("H5", "H4"), ("G4", "H4"), ("H4", "G4"))  # its car parks' exits
STADIUM_VPH = {(600, 1200): 1100.0, (1200, 1800): 800.0, (1800, 2400): 200.0}
BREAKDOWN = ("pm", ("F4", "E4"), 1050, 1800)  # period, where, when the vehicle sets out, until when it blocks a lane
_GATE_VPH = {
    "w4": 900, "e4": 520, "sE": 880, "nE": 460, "w6": 820, "e5": 820, "sB": 760, "nC": 760,
    "w2": 230, "e2": 280, "sG": 280, "nG": 260, "w5": 820, "e6": 820, "sC": 760, "nB": 760,
}  # fmt: skip
_BLOCK_VPH = 150.0
SLICES_S = ((0, 1200), (1200, 1800), (1800, 2400))  # the first holds ten minutes of warm-up
WARM_UP_S = 600


@dataclass(frozen=True, slots=True)
class Period:
    """A part of the day.

    ``sides`` and ``draws``: factors of what comes in from and goes out to the west, east, south, north, one tuple a
    slice. ``blocks``: factors of what begins and ends in the blocks. ``factor`` multiplies
    what comes and what begins.
    """

    name: str
    title: str
    factor: float
    level: tuple[float, float, float]
    sides: tuple[tuple[float, float, float, float], ...]
    draws: tuple[tuple[float, float, float, float], ...]
    blocks: tuple[tuple[float, float], ...]
    people_ph: int
    bus_every_s: int


PERIODS = (
    Period(
        "am", "morning peak", 0.95, (0.94, 1.0, 0.92),
        ((1.2, 0.75, 1.15, 0.7), (1.35, 0.8, 1.0, 0.75), (0.9, 0.85, 1.05, 1.2)),
        ((0.7, 1.15, 0.7, 1.1), (0.75, 1.2, 0.7, 1.0), (0.75, 1.0, 0.85, 1.1)),
        ((0.5, 1.5), (0.5, 1.8), (0.6, 1.5)), 900, 480,
    ),
    Period(
        "midday", "midday", 0.72, (0.95, 1.0, 1.0),
        ((0.9, 0.9, 0.9, 0.9), (0.8, 1.0, 1.0, 0.9), (1.0, 0.85, 0.85, 1.0)),
        ((0.9, 0.9, 0.9, 0.9), (1.0, 0.8, 0.9, 1.0), (0.85, 1.0, 1.0, 0.85)),
        ((1.3, 1.3), (1.4, 1.2), (1.2, 1.4)), 1300, 600,
    ),
    Period(
        "pm", "evening peak", 0.79, (0.93, 1.0, 0.95),
        ((0.75, 1.1, 0.75, 1.1), (0.75, 1.2, 0.7, 1.15), (0.9, 1.0, 0.85, 1.0)),
        ((1.2, 0.75, 1.15, 0.75), (1.35, 0.75, 1.05, 0.8), (1.0, 1.15, 1.05, 0.9)),
        ((1.7, 0.7), (2.0, 0.7), (1.6, 0.8)), 1200, 480,
    ),
    Period(
        "evening", "late evening", 0.55, (1.0, 0.95, 0.85),
        ((0.8, 0.9, 0.9, 0.8), (0.8, 0.8, 0.8, 0.8), (0.7, 0.8, 0.8, 0.7)),
        ((0.9, 0.9, 0.9, 0.9), (0.9, 0.9, 0.9, 0.9), (1.0, 0.9, 0.9, 1.0)),
        ((1.2, 0.9), (1.4, 0.8), (1.5, 0.6)), 600, 900,
    ),
)  # fmt: skip


def list_zones(district: District) -> tuple[Zone, ...]:
    """Gates and blocks."""
    gates = [
        Zone(
            gate,
            tuple(way for way in [(gate, node)] if way in district.ways),
            tuple(way for way in [(node, gate)] if way in district.ways),
        )
        for gate, (node, _) in GATES.items()
    ]
    blocks = [Zone(f"{a}{b}", ((a, b), (b, a)), ((a, b), (b, a))) for a, b in BLOCKS]
    return (*gates, *blocks)


def get_weights(period: Period, piece: int) -> Weights:
    """Productions and attractions of one slice, every zone with a liking of its own."""
    number = next(k for k, other in enumerate(PERIODS) if other.name == period.name)
    rng = random.Random(SEED * 1000 + number * 10 + piece)  # noqa: S311  (traffic, not secrets)
    begun, ended = period.blocks[piece]
    sides = dict(zip("wesn", period.sides[piece], strict=True))
    draws = dict(zip("wesn", period.draws[piece], strict=True))
    level = period.level[piece] * period.factor
    out: dict[str, float] = {}
    into: dict[str, float] = {}
    for gate in GATES:
        out[gate] = level * _GATE_VPH[gate] * sides[gate[0]] * rng.uniform(0.9, 1.1)
        into[gate] = _GATE_VPH[gate] * draws[gate[0]] * rng.uniform(0.9, 1.1)
    for a, b in BLOCKS:
        out[a + b] = level * _BLOCK_VPH * begun * rng.uniform(0.6, 1.4)
        into[a + b] = _BLOCK_VPH * 1.4 * ended * rng.uniform(0.6, 1.4)
    return Weights(out, into)


def get_egress(vph: float) -> Weights:
    """People drive home from the stadium: to all gates and some blocks."""
    into = {gate: float(_GATE_VPH[gate]) for gate in GATES} | {a + b: 40.0 for a, b in BLOCKS}
    return Weights({"stadium": vph}, into)
