"""The report as a table for people: a column per controller, changes against the first one."""

from __future__ import annotations

from rich.table import Table

from signals.evaluation.report import EvaluationReport
from signals.simulation.run import CONTROLLERS

_ROWS = (
    ("waiting_s", "waiting, s per vehicle", 1),
    ("p95_waiting_s", "  95 % wait less than, s", 0),
    ("max_waiting_s", "  longest wait, s", 0),
    ("time_loss_s", "time loss, s per vehicle", 1),
    ("travel_time_s", "travel time, s per vehicle", 1),
    ("stops", "stops per vehicle", 2),
    ("co2_kg", "CO2, kg", 0),
    ("nox_g", "NOx, g", 0),
    ("fuel_kg", "fuel, kg", 0),
    ("unserved", "unserved vehicles", 1),
    ("teleports", "teleports", 1),
    ("safety_violations", "safety violations", 1),
)
_COUNTS = frozenset({"unserved", "teleports", "safety_violations"})


def build_table(report: EvaluationReport) -> Table:
    """Means with half-widths of the 95 % intervals; below them the change with its own paired interval."""
    count = len(report.seeds)
    names = report.controllers
    seeds = f"{count} seeds, ± and [ ] are 95 % intervals" if count > 1 else "1 seed: no intervals"
    caption = f"Means of {seeds}; % is the paired change against {names[0]}."
    table = Table("", title=f"{report.scenario}", caption=caption, caption_justify="left")
    for name in names:
        table.add_column(f"{name}\n{CONTROLLERS[name].title}", justify="right")
    for measure, title, digits in _ROWS:
        table.add_row(title, *(_format_cell(report, name, measure, digits) for name in names))
    return table


def _format_cell(report: EvaluationReport, name: str, measure: str, digits: int) -> str:
    value = report.get_estimate(name, measure)
    if measure in _COUNTS:
        text = f"{value.mean:.{digits}f}" if value.mean % 1 else f"{value.mean:.0f}"
        return f"[bold red]{text}[/]" if value.mean else text
    text = f"{value.mean:.{digits}f}"
    if value.interval:
        text += f" ± {value.interval[1] - value.mean:.{digits}f}"
    if name == report.controllers[0]:
        return text
    change = report.get_change(name, report.controllers[0], measure)
    if change.percent is None:
        return text
    colour = "green" if change.percent < 0 else "red" if change.percent > 0 else "default"
    ends = change.percent_interval
    interval = f" \\[{ends[0]:+.0f}, {ends[1]:+.0f}]" if ends else ""
    return f"{text}\n[{colour}]{change.percent:+.0f} %{interval}[/]"
