"""The availability forecast beside "as now" and "the mean of that hour", on weeks that it has not seen."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import numpy as np
from rich.console import Console
from rich.table import Table

from mobility.availability.evaluate import HORIZONS_MIN, Evaluation, Scored, evaluate
from mobility.availability.fit import TooLittleHistory, fit
from mobility.availability.history import HistoryStore, HistoryUnreadable
from mobility.availability.model import AvailabilityModel
from mobility.availability.readings import Grid, Kind, Levels
from mobility.availability.simulated import SimulatedHistory, simulate
from mobility.availability.week import DAY_S, WEEK_S, WeekClock
from mobility.benchmark.plot import DPI, check_place
from mobility.benchmark.problem import Bars, BenchmarkError, silent

HELD_BACK: Final = 0.25
"""The share of the weeks, the last, on which a model is judged; at least one week."""
PLACES: Final = 3_000
"""A forecast of so many places is timed."""
LEAST_STATIONS, MOST_STATIONS, MOST_WEEKS = 10, 3_000, 52
FORECASTERS: Final = {"model": "model", "now": "as now", "hour": "of hour", "level": "calib. now"}
LEVEL_ROWS: Final = ("all", *(kind.value for kind in Kind))
LEGEND: Final = (
    "As now: 1 if there is something, else 0. Of hour: how often that place has something in that hour of the week. "
    "Calib. now: how often places of the kind with that level have something so much later. Skill: what the model "
    "saves of the better of the first two; strict: of the best of the three. Gap: expected calibration error."
)
GOALS: Final = {15: 0.03, 30: 0.05, 60: 0.08}
"""Mean absolute error as a share of the capacity, by horizon (the goals for parking; bikes and docks are told beside
them), and 15 % better than the better of persistence and same time last week.
"""


@dataclass(frozen=True)
class Result:
    """What a run found. ``note`` says that a history is simulated, or which recording it is."""

    note: str
    is_simulated: bool
    weeks: float
    held_back_days: float
    places: Mapping[str, int]
    fit_s: float
    forecast_ms: float
    evaluation: Evaluation
    notices: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """For machines."""
        return {
            "note": self.note,
            "is_simulated": self.is_simulated,
            "weeks": self.weeks,
            "held_back_days": self.held_back_days,
            "places": dict(self.places),
            "fit_s": self.fit_s,
            f"forecast_{PLACES}_places_ms": self.forecast_ms,
            "goals": [_judge_goal(scored) for scored in self.evaluation.scores if scored.name in LEVEL_ROWS],
            "scores": [scored.to_json() for scored in self.evaluation.scores],
            "reliability": {
                str(horizon): {name: column.tolist() for name, column in told._asdict().items()}
                for horizon, told in self.evaluation.reliability.items()
            },
            "notices": list(self.notices),
        }

    @property
    def is_better(self) -> bool:
        """Whether the model beats "as now" and "mean of that hour" at every horizon."""
        told = [self.evaluation.find("all", horizon) for horizon in HORIZONS_MIN]
        return all(one is not None and one.skill > 0 for one in told)


def measure(
    *, history: Path | None = None, timezone: str = "", weeks: int = 8, stations: int = 300, seed: int = 1,
    bars: Bars = silent,
) -> tuple[Result, AvailabilityModel]:  # fmt: skip
    """Learn on the first weeks of a recorded history, or of a simulated one where ``history`` is None, and judge on the
    last; the model that was judged carries its figures.

    Raises:
        BenchmarkError: There is no such history, it is too short, or a size makes no sense.
    """
    if history is None:
        if not LEAST_STATIONS <= stations <= MOST_STATIONS or not 2 <= weeks <= MOST_WEEKS:
            raise BenchmarkError(
                f"--stations is from {LEAST_STATIONS} to {MOST_STATIONS} and --weeks from 2 to {MOST_WEEKS}, "
                f"not {stations} and {weeks}"
            )
        with bars("Simulating a town") as advance:
            advance(0, 1)
            told = simulate(stations, weeks, seed)
            advance(1, 1)
        notices: tuple[str, ...] = ()
    else:
        told, notices = _open(history, timezone, weeks, bars)
    grid, usable = told.grid, told.usable if history is None else None
    span_s = grid.moments * grid.step_s
    if span_s < 2 * WEEK_S:
        raise BenchmarkError(f"{span_s / DAY_S:.1f} days are too few to learn and to judge: two weeks at least")
    first = grid.moments - int(max(WEEK_S, span_s * HELD_BACK) / grid.step_s)
    begun = time.perf_counter()
    try:
        with bars("Learning") as advance:
            model = fit(grid.cut(0, first), told.clock, seed=seed, advance=advance)
    except TooLittleHistory as error:
        raise BenchmarkError(str(error)) from error
    fit_s = time.perf_counter() - begun
    with bars("Judging") as advance:
        evaluation = evaluate(model, grid, first, usable=usable, seed=seed, advance=advance)
    held_days = (grid.moments - first) * grid.step_s / DAY_S
    places = {kind.value: len(grid.list_rows(kind)) for kind in Kind}
    result = Result(
        told.note, history is None, span_s / WEEK_S, held_days, places, fit_s, _time_forecast(model, grid), evaluation,
        notices,
    )  # fmt: skip
    evidence = {"note": told.note, "scores": [one.to_json() for one in evaluation.scores if one.name == "all"]}
    return result, replace(model, facts={**model.facts, "evidence": evidence})


def _open(folder: Path, timezone: str, weeks: int, bars: Bars) -> tuple[SimulatedHistory, tuple[str, ...]]:
    if not timezone:
        raise BenchmarkError("a recorded history needs the time zone of its city: --timezone, for example Asia/Taipei")
    try:
        clock = WeekClock(timezone)
    except (KeyError, ValueError, OSError) as error:
        raise BenchmarkError(f"{timezone!r} is no time zone: write an IANA name such as Asia/Taipei") from error
    try:
        with bars("Reading the history"):
            grid, found = HistoryStore(folder).read()
    except HistoryUnreadable as error:
        raise BenchmarkError(f"{error} Without --history a town is simulated.") from error
    grid = grid.cut(max(0, grid.moments - int(weeks * WEEK_S / grid.step_s)), grid.moments)
    notices = tuple(f"{one.file}, block {one.record}: {one.message} ({one.code})" for one in found)
    nothing: Levels = np.zeros((0, 0), np.int16)
    return SimulatedHistory(grid, nothing, clock, f"recorded: {folder.name}"), notices


def _time_forecast(model: AvailabilityModel, grid: Grid) -> float:
    """Milliseconds for ``PLACES`` places and one arrival moment, the median of many."""
    rows = [series.place_id for series in grid.series if series.kind is Kind.BIKES] or ["?"]
    places = model.bind([rows[number % len(rows)] for number in range(PLACES)], Kind.BIKES)
    random = np.random.default_rng(0)
    level, capacity = random.integers(0, 20, PLACES), np.full(PLACES, 20)
    at_s = grid.start_s + grid.moments * grid.step_s
    observed_s = at_s - random.uniform(0, 600, PLACES)
    taken = []
    for minute in range(60):
        begun = time.perf_counter()
        places.forecast(level, capacity, observed_s, at_s, at_s + 60.0 * minute)
        taken.append(time.perf_counter() - begun)
    return float(np.median(taken) * 1e3)


def _judge_goal(scored: Scored) -> dict[str, Any]:
    goal, mae = GOALS[scored.horizon_min], scored.mae
    peer = min(mae["now"], mae["last week"])
    return {
        "rows": scored.name,
        "horizon_min": scored.horizon_min,
        "mae": mae["model"],
        "goal": goal,
        "is_met": mae["model"] <= goal,
        "better_by": 1.0 - mae["model"] / peer,
        "is_15_percent_better": mae["model"] <= 0.85 * peer,
    }


def print_result(console: Console, result: Result) -> None:
    """Tables for people: probabilities, then levels."""
    places = ", ".join(f"{count} of {kind}" for kind, count in result.places.items())
    console.print(result.note)
    console.print(
        f"{result.weeks:.1f} weeks, the last {result.held_back_days:.0f} days held back; series: {places}; learned in "
        f"{result.fit_s:.1f} s; {PLACES} places forecast in {result.forecast_ms:.2f} ms"
    )
    table = Table(title="Something usable on arrival: Brier score, less is better", title_justify="left")
    table.add_column("rows", no_wrap=True)
    for name in ("min", "number", "usable", *FORECASTERS.values(), "skill", "strict", "gap"):
        table.add_column(name, justify="right", no_wrap=True)
    for horizon in HORIZONS_MIN:
        for scored in (one for one in result.evaluation.scores if one.horizon_min == horizon):
            cells = [f"{scored.brier[name]:.4f}" for name in FORECASTERS]
            told = (
                f"{scored.count}",
                f"{scored.usable:.3f}",
                *cells,
                f"{scored.skill:+.1%}",
                f"{scored.strict_skill:+.1%}",
            )
            table.add_row(scored.name, str(horizon), *told, f"{scored.calibration_error:.4f}")
        table.add_section()
    console.print(table)
    console.print(LEGEND)
    if result.is_simulated:
        console.print(
            "Really usable: broken ones told apart, as only a simulation can; then the same with them counted."
        )
    levels = Table(title="Level on arrival: mean absolute error, % of capacity", title_justify="left")
    levels.add_column("rows", no_wrap=True)
    for name in ("min", "model", "as now", "last week", "goal", "better by", "10-90 % holds", "log score", "of as now"):
        levels.add_column(name, justify="right", no_wrap=True)
    for scored in (one for one in result.evaluation.scores if one.name in LEVEL_ROWS):
        goal = _judge_goal(scored)
        told = tuple(f"{100 * scored.mae[name]:.2f}" for name in ("model", "now", "last week"))
        told += (f"{100 * goal['goal']:.0f} {'met' if goal['is_met'] else 'missed'}", f"{goal['better_by']:+.1%}")
        told += (f"{scored.covered:.1%}", f"{scored.log['model']:.3f}", f"{scored.log['now']:.3f}")
        levels.add_row(scored.name, str(scored.horizon_min), *told)
    console.print(levels)
    for notice in result.notices:
        console.print(notice)


def plot_calibration(result: Result, path: Path) -> None:
    """What was forecast and what happened, by horizon, with how often each was forecast below.

    Raises:
        BenchmarkError: There is nothing to draw with, or no place for it.
    """
    check_place(path)
    try:
        from matplotlib import rc_context  # noqa: PLC0415
        from matplotlib.figure import Figure  # noqa: PLC0415  (only where somebody wants a picture)
    except ImportError as error:
        raise BenchmarkError("--plot needs matplotlib: pip install 'changtong[sim]'") from error
    figure = Figure(figsize=(9, 4.6), layout="constrained")
    axes = figure.subplots(2, len(HORIZONS_MIN), height_ratios=(3, 1), sharex=True, squeeze=False)
    for column, horizon in enumerate(HORIZONS_MIN):
        told = result.evaluation.reliability.get(horizon)
        above, below = axes[0][column], axes[1][column]
        above.plot([0, 1], [0, 1], color="grey", linewidth=0.8)
        if told is not None:
            margin = 2 * np.sqrt(told.happened * (1 - told.happened) / told.rows)
            above.errorbar(told.forecast, told.happened, yerr=margin, fmt="o", markersize=3.5, linewidth=0.9)
            below.bar(told.forecast, told.rows, width=0.04)
            below.set_yscale("log")
        scored = result.evaluation.find("all", horizon)
        gap = f", calibration error {scored.calibration_error:.3f}" if scored else ""
        above.set_title(f"{horizon} min{gap}", fontsize=9)
        below.set_xlabel("forecast probability", fontsize=8)
    axes[0][0].set_ylabel("share that happened", fontsize=8)
    axes[1][0].set_ylabel("forecasts", fontsize=8)
    figure.suptitle(result.note, fontsize=9)
    try:
        with rc_context({"svg.hashsalt": "changtong"}):  # the same figures give the same file
            figure.savefig(path, dpi=DPI, metadata={"Date": None} if path.suffix == ".svg" else None)
    except (OSError, ValueError) as error:
        raise BenchmarkError(f"{path} cannot be written as a picture: {error}") from error
