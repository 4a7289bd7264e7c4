"""``python -m sumo_scenarios.build [NAME ...] [--out FOLDER] [--pictures]`` rebuilds the committed scenarios."""

from __future__ import annotations

import argparse
import re
import sys
import tempfile
from pathlib import Path

from sumo_scenarios.build.city.scenario import NAME as CITY
from sumo_scenarios.build.city.scenario import build_city
from sumo_scenarios.build.demand import write_demand
from sumo_scenarios.build.designs import DESIGNS
from sumo_scenarios.build.nets import Streets, build_net, netconvert
from sumo_scenarios.build.pictures import draw_net
from sumo_scenarios.build.plans import Plan, write_programs
from sumo_scenarios.build.streets import Design

HOME = Path(__file__).resolve().parents[1]
_HEADER = re.compile(r"<!--.*?-->\s*", re.DOTALL)  # netconvert writes the time and paths of this machine into it


_GREEN_PHASE = re.compile(r'<phase duration="(\d+)"( +)state="([rGg]*[Gg][rGg]*)"/>')


def _with_green_bounds(net: str, design: Design) -> str:
    """Give every green its minimum and maximum: netconvert drops them from programs of type static."""

    def bounded(match: re.Match[str]) -> str:
        duration_s, gap, state = match.groups()
        max_s = max(design.max_green_s, int(duration_s))
        return f'<phase duration="{duration_s}"{gap}state="{state}" minDur="{design.min_green_s}" maxDur="{max_s}"/>'

    return _GREEN_PHASE.sub(bounded, net)


def build_scenario(name: str, folder: Path) -> dict[str, Plan]:
    """Write NAME.net.xml and NAME.rou.xml into ``folder``."""
    streets = Streets(DESIGNS[name]())
    folder.mkdir(parents=True, exist_ok=True)
    net = folder / f"{name}.net.xml"
    with tempfile.TemporaryDirectory() as work:
        default = build_net(streets, Path(work))
        programs = Path(work) / "programs.tll.xml"
        plans = write_programs(streets, default, programs)
        netconvert("-s", str(default), "-i", str(programs), "-o", str(net))
    text = _HEADER.sub("", net.read_text(encoding="utf-8"))
    net.write_text(_with_green_bounds(text, streets.design), encoding="utf-8")
    write_demand(streets, folder / f"{name}.rou.xml")
    return plans


def main(arguments: list[str]) -> int:
    """Build the scenarios named, or all."""
    parser = argparse.ArgumentParser(prog="python -m sumo_scenarios.build", description=__doc__)
    known = [*DESIGNS, CITY]
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"{', '.join(known)}; without a name all")
    parser.add_argument("--out", type=Path, help="folder to write NAME/ into (default: beside this package)")
    parser.add_argument("--pictures", action="store_true", help="also draw NAME.png for the README")
    chosen = parser.parse_args(arguments)
    if unknown := [name for name in chosen.names if name not in known]:
        parser.error(f"no design named {unknown[0]!r}; there are {', '.join(known)}")
    for name in chosen.names or known:
        folder = (chosen.out or HOME) / name
        if name == CITY:
            for period, traffic in build_city(folder).items():
                sys.stdout.write(f"{name} {period}: {traffic.describe()}\n")
            if chosen.pictures:
                draw_net(folder / f"{name}.net.xml", folder / f"{name}.png")
            continue
        plans = build_scenario(name, folder)
        if chosen.pictures:
            draw_net(folder / f"{name}.net.xml", folder / f"{name}.png")
        for signal, plan in sorted(plans.items()):
            greens = "+".join(str(g) for g in plan.greens_s)
            sys.stdout.write(f"{name} {signal}: cycle {plan.cycle_s} s, greens {greens} s, offset {plan.offset_s} s\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
