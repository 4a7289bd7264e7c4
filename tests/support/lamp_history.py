"""What was wrong with lamps over time, found from the lamps alone; knows neither controllers nor protocols."""

from itertools import combinations, groupby

from signals.model import Lamp, RoadUser
from signals.timing_plan import may_share

SLACK_S = 0.15  # one sampling interval and a little


def list_faults(intersection, plan, history):
    """Everything wrong in a list of (second, lamps) that begins and ends anywhere; no lamp may be cut off in it."""
    faults = []
    for at_s, lamps in history:
        faults += [
            f"{at_s:.1f}: {i} and {j} are green together"
            for i, j in combinations(range(len(lamps)), 2)
            if not may_share(intersection, lamps[i], lamps[j], i, j)
        ]
    faults += _list_short_stages(plan, history)
    ended_s = {}
    for m in intersection.movements:
        runs = _list_runs(history, m.index)
        faults += _list_short_yellows(plan, m, runs)
        ended_s[m.index] = runs
    faults += _list_early_starts(intersection, plan, ended_s)
    return faults


def _list_runs(history, m):
    """(class, from, to) of one movement: green, yellow, red."""
    classes = [
        (("green" if lamps[m].is_green else "yellow" if lamps[m] is Lamp.YELLOW else "red"), s) for s, lamps in history
    ]
    runs = []
    for kind, group in groupby(classes, key=lambda one: one[0]):
        seconds = [s for _, s in group]
        if runs:
            runs[-1][2] = seconds[0]
        runs.append([kind, seconds[0], seconds[-1]])
    return runs


def _list_short_yellows(plan, movement, runs):
    if movement.user is not RoadUser.VEHICLE:
        return
    for k, (kind, begin_s, end_s) in enumerate(runs):
        if kind == "green" and k + 1 < len(runs) and runs[k + 1][0] != "yellow":
            yield f"{end_s:.1f}: the green of {movement.index} has no yellow"
        if kind == "yellow" and 0 < k < len(runs) - 1 and end_s - begin_s < plan.limits.yellow_s - SLACK_S:
            yield f"{begin_s:.1f}: {end_s - begin_s:.1f} s of yellow for {movement.index}"
        if kind == "yellow" and k + 1 < len(runs) and runs[k + 1][0] == "green":
            yield f"{end_s:.1f}: {movement.index} goes from yellow to green"


def _list_early_starts(intersection, plan, runs_of):
    for j, runs in runs_of.items():
        for kind, begin_s, _ in runs[1:]:
            if kind != "green":
                continue
            for i in range(len(intersection.movements)):
                lit = [
                    end
                    for other, begin, end in runs_of[i]
                    if other in ("green", "yellow") and begin < begin_s - SLACK_S
                ]
                if intersection.conflicts[i, j] and lit and lit[-1] <= begin_s + SLACK_S:
                    gap_s = begin_s - lit[-1]
                    if gap_s < plan.limits.red_clearance_s - SLACK_S:
                        yield f"{begin_s:.1f}: {j} starts {gap_s:.1f} s after {i}"


def _list_short_stages(plan, history):
    """Each stage's own display lasts its minimum green, except where the history begins or ends in it."""
    stage_of = {}
    for stage in plan.stages:
        stage_of[tuple(stage.lamp(m) for m in range(len(history[0][1])))] = stage.index
    runs = []
    for stage, group in groupby(history, key=lambda one: stage_of.get(tuple(one[1]))):
        begin_s = next(group)[0]
        if runs:
            runs[-1][2] = begin_s
        runs.append([stage, begin_s, None])
    for stage, begin_s, end_s in runs[1:-1]:
        if stage is not None and end_s - begin_s < plan.timings[stage].min_green_s - SLACK_S:
            yield f"{begin_s:.1f}: {end_s - begin_s:.1f} s of green for stage {stage}"
