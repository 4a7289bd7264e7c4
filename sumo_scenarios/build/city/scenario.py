"""Writes ``pittsburgh50``: the net, and for each period its programs and its demand."""

from __future__ import annotations

import gzip
import re
import tempfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from sumo_scenarios.build.city.assignment import Route, Zone, assign, get_trips, get_volumes
from sumo_scenarios.build.city.day import (
    BREAKDOWN,
    PERIODS,
    SLICES_S,
    STADIUM,
    STADIUM_VPH,
    WARM_UP_S,
    Period,
    get_egress,
    get_weights,
    list_zones,
)
from sumo_scenarios.build.city.demand_files import (
    TYPES,
    list_breakdown,
    list_bus_stops,
    list_buses,
    list_flows,
    list_people,
)
from sumo_scenarios.build.city.layout import District
from sumo_scenarios.build.city.links import read_signals
from sumo_scenarios.build.city.pittsburgh import SEED, build_pittsburgh
from sumo_scenarios.build.city.programs import format_program, replace_programs
from sumo_scenarios.build.city.roads import build_net
from sumo_scenarios.build.city.stage_times import Timed, get_times
from sumo_scenarios.build.city.staging import build_stages
from sumo_scenarios.build.city.timing import Plan, build_plans

NAME = "pittsburgh50"
END_S = SLICES_S[-1][1]
_HEADER = re.compile(r"<!--.*?-->\s*", re.DOTALL)  # the time and paths of this machine


@dataclass(frozen=True, slots=True)
class Traffic:
    """A period's routes by slice and its plans."""

    period: Period
    routes: tuple[Mapping[Route, float], ...]
    volumes: Mapping[tuple[str, str, str], float]
    plans: Mapping[str, Plan]

    def describe(self) -> str:
        """Volumes, cycle and the fullest signals, in a line."""
        vph = ", ".join(f"{sum(routes.values()):.0f}" for routes in self.routes)
        cycle_s = next(iter(self.plans.values())).cycle_s
        fullest = sorted(((plan.load, name) for name, plan in self.plans.items()), reverse=True)[:6]
        loads = ", ".join(f"{name} {load:.2f}" for load, name in fullest)
        return f"{vph} vehicles/h; cycle {cycle_s} s; volume to capacity {loads}"


def build_city(folder: Path) -> dict[str, Traffic]:
    """Write everything into ``folder``; returns what the README's figures come from."""
    folder.mkdir(parents=True, exist_ok=True)
    district = build_pittsburgh()
    with tempfile.TemporaryDirectory() as work:
        raw = build_net(district, Path(work))
        signals = {
            name: get_times(district, signal, build_stages(district, signal))
            for name, signal in read_signals(district, raw).items()
        }
        net = _HEADER.sub("", raw.read_text(encoding="utf-8"))
    traffic = {period.name: build_traffic(district, signals, period) for period in PERIODS}
    plain = replace_programs(net, signals, traffic["midday"].plans, "0")  # SUMO wants other names beside the net
    (folder / f"{NAME}.net.xml").write_text(plain, encoding="utf-8")
    for name, found in traffic.items():
        programs = "".join(format_program(signals[s], found.plans[s], name) for s in sorted(signals))
        stops = "\n".join(list_bus_stops(district))
        _write(folder / f"{name}.add.xml", "additional", [TYPES + stops, programs.rstrip("\n")])
        _write_packed(folder / f"{name}.rou.xml.gz", "routes", list_demand(district, found))
    _write_packed(folder / "stadium.rou.xml.gz", "routes", list_egress(district))
    _write(folder / "incident.rou.xml", "routes", list_breakdown(district, *BREAKDOWN[1:]))
    return traffic


def build_traffic(district: District, signals: Mapping[str, Timed], period: Period) -> Traffic:
    """Routes and plans of a period."""
    routes = assign_slices(district, period)
    volumes = get_mean_volumes(routes)
    return Traffic(period, routes, volumes, build_plans(district, signals, volumes))


def assign_slices(district: District, period: Period) -> tuple[Mapping[Route, float], ...]:
    """The routes of each slice."""
    zones = list_zones(district)
    return tuple(
        assign(district, zones, get_trips(district, zones, get_weights(period, piece)), SEED + piece)
        for piece in range(len(SLICES_S))
    )


def get_mean_volumes(routes: Iterable[Mapping[Route, float]]) -> dict[tuple[str, str, str], float]:
    """Vehicles per hour of every movement, over the slices alike."""
    pieces = [get_volumes(one) for one in routes]
    keys = sorted({key for piece in pieces for key in piece})
    return {key: sum(piece.get(key, 0.0) for piece in pieces) / len(pieces) for key in keys}


def list_demand(district: District, traffic: Traffic) -> Iterable[str]:
    """Cars and trucks, buses, people."""
    yield from list_buses(district, traffic.period.bus_every_s, END_S)
    yield from list_people(district, traffic.period.people_ph, 0, END_S, PERIODS.index(traffic.period))
    yield from list_flows(district, list(zip(SLICES_S, traffic.routes, strict=True)), "r")


def list_egress(district: District) -> Iterable[str]:
    """The stadium's cars, which come on top of a period's demand."""
    zones = (*list_zones(district), Zone("stadium", STADIUM, ()))
    slices = [
        (slice_s, assign(district, zones, get_trips(district, zones, get_egress(vph)), SEED))
        for slice_s, vph in STADIUM_VPH.items()
    ]
    yield from list_flows(district, slices, "s")


def _write(path: Path, tag: str, lines: Iterable[str]) -> None:
    path.write_text(f"<{tag}>\n" + "\n".join(lines) + f"\n</{tag}>\n", encoding="utf-8")


def _write_packed(path: Path, tag: str, lines: Iterable[str]) -> None:
    text = f"<{tag}>\n" + "\n".join(lines) + f"\n</{tag}>\n"
    path.write_bytes(gzip.compress(text.encode(), compresslevel=9, mtime=0))


__all__ = ["END_S", "NAME", "WARM_UP_S", "Traffic", "build_city"]
