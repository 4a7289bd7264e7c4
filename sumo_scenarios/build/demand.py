"""Turns a design's trips into SUMO flows: one Poisson flow per route and period.

``period="exp(rate)"`` lets SUMO draw the headways from ``--seed``, from a generator of its own, so that
equal seeds give equal demand under every controller (a test holds this).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

from sumo_scenarios.build.nets import Streets
from sumo_scenarios.build.streets import Trips

# name, share of the traffic, attributes
VEHICLE_TYPES = (
    (
        "car",
        0.95,
        'vClass="passenger" length="4.6" minGap="2.2" speedDev="0.1" emissionClass="HBEFA4/PC_petrol_Euro-4"',
    ),
    (
        "truck",
        0.05,
        (
            'vClass="delivery" length="8.5" minGap="2.5" accel="1.6" speedDev="0.05"'
            ' emissionClass="HBEFA4/RT_le7.5t_Euro-VI_A-C"'
        ),
    ),
)


def get_volumes(streets: Streets) -> dict[tuple[str, str, str], dict[str, float]]:
    """Vehicles per hour of every movement (from, via, to) in every period."""
    volumes: dict[tuple[str, str, str], dict[str, float]] = defaultdict(lambda: defaultdict(float))
    for trips in streets.design.trips:
        for movement in zip(trips.route, trips.route[1:], trips.route[2:], strict=False):
            for period, flow_vph in trips.flow_vph.items():
                volumes[movement][period] += flow_vph
    return volumes


def _route_edges(streets: Streets, trips: Trips) -> list[str]:
    edges: list[str] = []
    for start, end in zip(trips.route, trips.route[1:], strict=False):
        edges += streets.edges_between(start, end)
    return edges


def _lines(streets: Streets) -> Iterator[str]:
    yield '    <vTypeDistribution id="traffic">'
    for name, share, attributes in VEHICLE_TYPES:
        yield f'        <vType id="{name}" {attributes} probability="{share}"/>'
    yield "    </vTypeDistribution>"
    for index, trips in enumerate(streets.design.trips):
        yield f'    <route id="r{index}" edges="{" ".join(_route_edges(streets, trips))}"/>'
    for period in streets.design.periods:  # SUMO wants flows sorted by begin
        for index, trips in enumerate(streets.design.trips):
            flow_vph = trips.flow_vph[period.name]
            if flow_vph <= 0:
                continue
            yield (
                f'    <flow id="{period.name}{index}" type="traffic" route="r{index}" begin="{period.begin_s}"'
                f' end="{period.end_s}" period="exp({flow_vph / 3600:.6f})" departLane="best" departSpeed="max"/>'
            )


def write_demand(streets: Streets, path: Path) -> None:
    """Write the routes and flows."""
    path.write_text("<routes>\n" + "\n".join(_lines(streets)) + "\n</routes>\n", encoding="utf-8")
