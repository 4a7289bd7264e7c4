"""The shipped programs: a plan's displays as SUMO's ``tlLogic``, and their place in the net and beside it.

A stage with pedestrians is two displays: walk, and the same without its crossings while they clear. Then yellow and
red for whatever does not go on; a green that becomes a permitted one against oncoming traffic ends first.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from sumo_scenarios.build.city.stage_times import Timed
from sumo_scenarios.build.city.timing import Plan

MAX_GREEN_S = 60


def _ending(timed: Timed, k: int) -> set[int]:
    """Links whose green ends after stage ``k``."""
    now, after = timed.stages[k].state, timed.stages[(k + 1) % len(timed.stages)].state
    links = timed.signal.links
    starting = [b for b in links if now[b.number] == "r" and after[b.number] in "Gg"]
    ending = set()
    for link in links:
        if now[link.number] == "r":
            continue
        meets = any(
            timed.signal.is_foe(link, b)
            and not (after[link.number] == "G" and after[b.number] == "g" and timed.signal.yields(b, link))
            for b in starting
        )
        if after[link.number] == "r" or meets or link.is_crossing:
            ending.add(link.number)
    return ending


def list_displays(timed: Timed, plan: Plan) -> list[tuple[int, str, int | None, int | None]]:
    """Duration, state, shortest and longest duration of every display in order."""
    found: list[tuple[int, str, int | None, int | None]] = []
    links = timed.signal.links
    for k, (stage, times) in enumerate(zip(timed.stages, timed.times, strict=True)):
        ending = _ending(timed, k)
        walk_s = plan.greens_s[k] - times.ped_clearance_s
        least_s = max(times.walk_s, times.min_green_s - times.ped_clearance_s)
        found.append((walk_s, stage.state, least_s, max(MAX_GREEN_S, walk_s)))
        cleared = "".join("r" if link.is_crossing else stage.state[link.number] for link in links)
        if times.ped_clearance_s:
            found.append((times.ped_clearance_s, cleared, times.ped_clearance_s, times.ped_clearance_s))
        for duration_s, letter in ((times.yellow_s, "y"), (times.all_red_s, "r")):
            state = "".join(letter if n in ending and s != "r" else s for n, s in enumerate(cleared))
            found.append((duration_s, state, None, None))
    return found


def format_program(timed: Timed, plan: Plan, program: str) -> str:
    """The ``tlLogic`` of one signal."""
    name = timed.signal.name
    lines = [f'    <tlLogic id="{name}" type="static" programID="{program}" offset="{plan.offset_s}">']
    for duration_s, state, least_s, most_s in list_displays(timed, plan):
        bounds = "" if least_s is None else f' minDur="{least_s}" maxDur="{most_s}"'
        lines.append(f'        <phase duration="{duration_s}" state="{state}"{bounds}/>')
    return "\n".join([*lines, "    </tlLogic>"]) + "\n"


def replace_programs(net: str, signals: Mapping[str, Timed], plans: Mapping[str, Plan], program: str) -> str:
    """The net's text with these programs in place of netconvert's."""

    def exchanged(match: re.Match[str]) -> str:
        return format_program(signals[match[1]], plans[match[1]], program)

    return re.sub(r' *<tlLogic id="([^"]+)".*?</tlLogic>\n', exchanged, net, flags=re.DOTALL)
