"""Green bands along corridors: a mixed-integer programme in the manner of MULTIBAND, solved in the centre.

MAXBAND (Little, Kelson, Gartner 1981) has one band along a corridor, MULTIBAND (Gartner, Assmann, Lasaga, Hou 1991)
one for each link, weighted by its volume. So here: the cycle within its range, an offset for each signal, a band for
each link, in cycles; a band of negative width says how far two greens miss each other. Corridors are chains of the
heaviest streets. What comes out are plain numbers (``guidance``); ortools is never imported at the roadside.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from ortools.linear_solver import pywraplp

MIN_VOLUME_VPH = 200.0  # both ways; a street with less has no platoons to lead
_MAX_NODES = 5_000  # a bound on nodes gives the same answer on every machine, a bound on time does not
_LONGEST_LAPS = 20
_TIE = 1e-5


@dataclass(frozen=True, slots=True)
class Window:
    """A green within its signal's cycle, in cycles: from when, and how long."""

    begin: float
    length: float


@dataclass(frozen=True, slots=True)
class BandLink:
    """Vehicles that leave one signal in one green and should meet another one; ``travel_s`` at free flow."""

    origin: str
    destination: str
    travel_s: float
    volume_vph: float
    leaves: Window
    arrives: Window


@dataclass(frozen=True, slots=True)
class Bands:
    """A corridor's cycle and offsets, and the band of each link: begin at its destination and width, in seconds.

    A band's begin counts from the beginning of a common cycle. ``width_s`` is below zero where no band exists.
    """

    cycle_s: float
    offset_s: Mapping[str, float]
    links: tuple[BandLink, ...]
    begin_s: tuple[float, ...]
    width_s: tuple[float, ...]


def list_corridors(
    links: Iterable[BandLink], min_volume_vph: float = MIN_VOLUME_VPH
) -> tuple[tuple[BandLink, ...], ...]:
    """Chains of signals along the heaviest streets: each signal has at most two neighbours in its chain, and no
    chain closes. Both directions of a street belong together.
    """
    by_pair: dict[tuple[str, str], list[BandLink]] = defaultdict(list)
    for link in links:
        if link.origin != link.destination:
            a, b = sorted((link.origin, link.destination))
            by_pair[a, b].append(link)
    chain_of: dict[str, int] = {}
    members: dict[int, list[BandLink]] = {}
    degree: dict[str, int] = defaultdict(int)
    heaviest = sorted(by_pair.items(), key=lambda item: (-sum(link.volume_vph for link in item[1]), item[0]))
    for number, ((a, b), both) in enumerate(heaviest):
        chain_a, chain_b = chain_of.get(a, -1), chain_of.get(b, -2)
        is_light = sum(link.volume_vph for link in both) < min_volume_vph
        if is_light or degree[a] == 2 or degree[b] == 2 or chain_a == chain_b:
            continue
        degree[a] += 1
        degree[b] += 1
        joined = [*members.pop(chain_a, []), *members.pop(chain_b, []), *both]
        members[number] = joined
        chain_of |= {name: number for link in joined for name in (link.origin, link.destination)}
    return tuple(tuple(members[number]) for number in sorted(members))


def find_bands(links: Sequence[BandLink], min_cycle_s: float, max_cycle_s: float) -> Bands:
    """The cycle and the offsets with the widest bands, each link's weighted by its volume.

    Raises:
        ValueError: no links, or a range of cycles that is none.
    """
    if not links or not 0 < min_cycle_s <= max_cycle_s:
        raise ValueError(f"{len(links)} links and cycles from {min_cycle_s:g} to {max_cycle_s:g} s give no bands")
    solver = pywraplp.Solver.CreateSolver("SCIP")
    solver.SetSolverSpecificParametersAsString(f"limits/nodes = {_MAX_NODES}")
    per_s = solver.NumVar(1.0 / max_cycle_s, 1.0 / min_cycle_s, "cycles per second")
    names = list(dict.fromkeys(name for link in links for name in (link.origin, link.destination)))
    offset = {name: solver.NumVar(0.0, 1.0, f"offset {name}") for name in names}
    solver.Add(offset[names[0]] == 0.0)
    total = sum(link.volume_vph for link in links) or 1.0
    goal = -_TIE * sum(offset.values())
    begins, widths = [], []
    for number, link in enumerate(links):
        width = solver.NumVar(-1.0, min(link.leaves.length, link.arrives.length), f"width {number}")
        start = solver.NumVar(-1.0, 2.0, f"start {number}")
        meets = solver.NumVar(-1.0, 2.0, f"meets {number}")
        laps = solver.IntVar(-2, _LONGEST_LAPS, f"laps {number}")
        for place, window in ((start, link.leaves), (meets, link.arrives)):
            solver.Add(place >= window.begin)
            solver.Add(place + width <= window.begin + window.length)
        solver.Add(offset[link.origin] + start + link.travel_s * per_s == offset[link.destination] + meets + laps)
        goal += link.volume_vph / total * width
        begins.append(meets)
        widths.append(width)
    solver.Maximize(goal)
    if solver.Solve() not in {pywraplp.Solver.OPTIMAL, pywraplp.Solver.FEASIBLE}:
        raise ValueError("no offsets were found within the search's bound")
    cycle_s = 1.0 / per_s.solution_value()
    offset_s = {name: offset[name].solution_value() % 1.0 * cycle_s for name in names}
    return Bands(
        cycle_s,
        offset_s,
        tuple(links),
        tuple(
            (offset_s[link.destination] + meets.solution_value() * cycle_s) % cycle_s
            for link, meets in zip(links, begins, strict=True)
        ),
        tuple(width.solution_value() * cycle_s for width in widths),
    )
