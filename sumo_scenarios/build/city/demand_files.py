"""What SUMO reads of the traffic: vehicle types, flows by origin and slice, buses with their stops, people on foot.

``period="exp(rate)"`` lets SUMO draw the headways from ``--seed``: equal seeds are equal demand under every
controller.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise

from sumo_scenarios.build.city.assignment import Route
from sumo_scenarios.build.city.layout import District, Section
from sumo_scenarios.build.city.pittsburgh import GATES, SEED

TYPES = """    <vTypeDistribution id="traffic">
        <vType id="car" vClass="passenger" length="4.6" minGap="2.2" speedDev="0.1"\
 emissionClass="HBEFA4/PC_petrol_Euro-4" probability="0.96"/>
        <vType id="truck" vClass="delivery" length="8.5" minGap="2.5" accel="1.6" speedDev="0.05"\
 emissionClass="HBEFA4/RT_le7.5t_Euro-VI_A-C" probability="0.04"/>
    </vTypeDistribution>
    <vType id="bus" vClass="bus" length="12" minGap="2.5" accel="1.2"\
 emissionClass="HBEFA4/UBus_Std_gt15-18t_Euro-VI_A-C"/>
    <vType id="breakdown" vClass="delivery" length="9" emissionClass="HBEFA4/RT_le7.5t_Euro-VI_A-C"/>
"""
_STOP_FROM_M, _STOP_TO_M = 22.0, 38.0  # behind the crossing, so that the signal does not hold a bus twice
_DWELL_S = 18
PEOPLE_PAIRS = 90


def _list_edges(district: District, route: Route) -> list[str]:
    return [section.edge for way in route for section in district.sections(district.ways[way])]


def list_flows(
    district: District, slices: Sequence[tuple[tuple[int, int], Mapping[Route, float]]], prefix: str
) -> Iterator[str]:
    """A flow for each beginning and slice, which draws each vehicle's route; sorted by their begin.

    Not a flow for each route: SUMO scales every flow for itself, and rounds down.
    """
    for piece, ((begin_s, end_s), routes) in enumerate(slices, 1):
        for start in sorted({route[0] for route in routes}):
            name = f"{prefix}{piece}.{start[0]}.{start[1]}"
            own = {route: vph for route, vph in routes.items() if route[0] == start}
            total_vph = sum(own.values())
            yield f'    <routeDistribution id="{name}">'
            for k, (route, vph) in enumerate(own.items()):
                edges = " ".join(_list_edges(district, route))
                yield f'        <route id="{name}.{k}" edges="{edges}" probability="{vph / total_vph:.5f}"/>'
            yield "    </routeDistribution>"
            yield (
                f'    <flow id="{name}" type="traffic" route="{name}" begin="{begin_s}" end="{end_s}"'
                f' period="exp({total_vph / 3600:.5f})" departLane="best" departSpeed="max"/>'
            )


def list_lines(district: District) -> dict[str, tuple[str, ...]]:
    """Bus lines by name: along each arterial, both ways."""
    across, along = district.bands
    return {"east": across, "west": across[::-1], "north": along, "south": along[::-1]}


def _list_stops(district: District, line: Sequence[str]) -> list[tuple[str, Section]]:
    """A stop at the beginning of about every second block that is long enough."""
    found: list[tuple[str, Section]] = []
    since_m = 0.0
    for a, b in pairwise(line):
        first = district.sections(district.ways[a, b])[0]
        since_m += district.length_m(a, b)
        if a not in GATES and since_m > 300 and first.length_m > 60:
            found.append((f"stop.{a}.{b}", first))
            since_m = 0.0
    return found


def list_bus_stops(district: District) -> Iterator[str]:
    """The stops of all lines."""
    for line in list_lines(district).values():
        for name, section in _list_stops(district, line):
            yield (
                f'    <busStop id="{name}" lane="{section.edge}_1" startPos="{_STOP_FROM_M:g}" endPos="{_STOP_TO_M:g}"'
                ' friendlyPos="true"/>'
            )


def list_buses(district: District, every_s: int, end_s: int) -> Iterator[str]:
    """Each line by its timetable."""
    for k, (name, line) in enumerate(list_lines(district).items()):
        route = tuple(pairwise(line))
        yield f'    <route id="line.{name}" edges="{" ".join(_list_edges(district, route))}"/>'
        yield (
            f'    <flow id="bus.{name}" type="bus" line="{name}" route="line.{name}"'
            f' begin="{20 + 45 * k}" end="{end_s}" period="{every_s}" departLane="best" departSpeed="max">'
        )
        for stop, _ in _list_stops(district, line):
            yield f'        <stop busStop="{stop}" duration="{_DWELL_S}"/>'
        yield "    </flow>"


def list_breakdown(district: District, way: tuple[str, str], depart_s: int, until_s: int) -> Iterator[str]:
    """A vehicle that comes along the arterial and stands before the stop line until a given time."""
    line = next(line for line in list_lines(district).values() if way in set(pairwise(line)))
    after = line[line.index(way[1]) + 1]
    section, lane = district.sections(district.ways[way])[-1], district.turn_lanes(*way)[after][0]
    yield f'    <vehicle id="breakdown" type="breakdown" depart="{depart_s}" departLane="best" departSpeed="max">'
    yield f'        <route edges="{" ".join(_list_edges(district, tuple(pairwise(line))))}"/>'
    yield f'        <stop lane="{section.edge}_{lane + 1}" endPos="{section.length_m - 25:.0f}" until="{until_s}"/>'
    yield "    </vehicle>"


def list_people(district: District, per_hour: float, begin_s: int, end_s: int, seed: int) -> Iterator[str]:
    """Walks of one to four blocks; more of them in the middle."""
    rng = random.Random(SEED * 100 + seed)  # noqa: S311  (walks, not secrets)
    signals = [s for s in district.signals if len(district.rule(s).no_crossing) < 2]
    pairs: list[tuple[str, str, float]] = []
    while len(pairs) < PEOPLE_PAIRS:
        start = rng.choice(signals)
        here = start
        seen = [start]
        for _ in range(rng.randint(2, 4)):
            onward = [n for n in district.legs(here) if n in signals and n not in seen]
            if not onward:
                break
            here = rng.choice(onward)
            seen.append(here)
        first = (
            [(a, b) for a, b in ((seen[0], seen[1]), (seen[1], seen[0])) if (a, b) in district.ways] if seen[1:] else []
        )
        last = (
            [(a, b) for a, b in ((seen[-2], seen[-1]), (seen[-1], seen[-2])) if (a, b) in district.ways]
            if seen[2:]
            else []
        )
        if first and last:
            weight = 1.0 + 1.5 * sum(name[0] in "CDEF" and name[1] in "345" for name in (seen[0], seen[-1]))
            pairs.append((_edge(district, rng.choice(first)), _edge(district, rng.choice(last)), weight))
    total = sum(weight for *_, weight in pairs)
    for k, (start, end, weight) in enumerate(pairs):
        rate = per_hour / 3600 * weight / total
        yield f'    <personFlow id="p{k}" begin="{begin_s}" end="{end_s}" period="exp({rate:.6f})">'
        yield f'        <walk from="{start}" to="{end}"/>'
        yield "    </personFlow>"


def _edge(district: District, way: tuple[str, str]) -> str:
    return district.sections(district.ways[way])[0].edge
