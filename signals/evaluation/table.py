"""The report as a table for people: a column per arm, changes against the first one, and where parameters came from."""

from __future__ import annotations

from rich.table import Table

from signals.evaluation.arm import Arm
from signals.evaluation.report import EvaluationReport

_ROWS = (
    ("waiting_s", "waiting, s per vehicle", 1),
    ("p95_waiting_s", "  95 % wait less than, s", 0),
    ("max_waiting_s", "  longest wait, s", 0),
    ("time_loss_s", "time loss, s per vehicle", 1),
    ("travel_time_s", "travel time, s per vehicle", 1),
    ("stops", "stops per vehicle", 2),
    ("speed_kmh", "speed, km/h", 1),
    ("total_time_h", "total time in system, h", 1),
    ("throughput", "arrived by the end of demand", 0),
    ("free_flow_share", "free-flow share of travel time", 2),
    ("co2_kg", "CO2, kg", 0),
    ("nox_g", "NOx, g", 0),
    ("fuel_kg", "fuel, kg", 0),
    ("pedestrian_waiting_s", "pedestrians: waiting, s", 1),
    ("p95_pedestrian_waiting_s", "  95 % wait less than, s", 0),
    ("unserved", "unserved vehicles", 1),
    ("teleports", "teleports", 1),
    ("safety_violations", "safety violations", 1),
)
_MORE_IS_BETTER = frozenset({"speed_kmh", "throughput", "free_flow_share"})
_COUNTS = frozenset({"unserved", "teleports", "safety_violations"})


def build_table(report: EvaluationReport) -> Table:
    """Means with half-widths of the 95 % intervals; below them the change with its own paired interval."""
    count = len(report.seeds)
    names = report.labels
    seeds = f"{count} seeds, ± and [ ] are 95 % intervals" if count > 1 else "1 seed: no intervals"
    caption = f"Means of {seeds}; % is the paired change against {names[0]}."
    table = Table("", title=f"{report.scenario}", caption=caption, caption_justify="left")
    for arm in report.arms:
        table.add_column(f"{arm.label}\n{arm.title}", justify="right")
    for measure, title, digits in _ROWS:
        if "pedestrian" in measure and not any(report.list_values(names[0], "pedestrians")):
            continue
        table.add_row(title, *(_format_cell(report, name, measure, digits) for name in names))
    return table


def list_parameters(report: EvaluationReport) -> tuple[str, ...]:
    """One line per arm that has parameters of its own: which, and where they came from."""
    return tuple(
        f"{arm.label}: {', '.join(f'{k} {_round(v)}' for k, v in sorted(arm.parameters.items()))} ({_tell_origin(arm)})"
        for arm in report.arms
        if arm.parameters
    )


def _tell_origin(arm: Arm) -> str:
    if not arm.training_seeds:
        return "set by hand"
    return f"{arm.origin}; chosen on the seeds {', '.join(map(str, arm.training_seeds))}"


def _round(value: object) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def _format_cell(report: EvaluationReport, name: str, measure: str, digits: int) -> str:
    value = report.get_estimate(name, measure)
    if measure in _COUNTS:
        text = f"{value.mean:.{digits}f}" if value.mean % 1 else f"{value.mean:.0f}"
        return f"[bold red]{text}[/]" if value.mean else text
    text = f"{value.mean:.{digits}f}"
    if value.interval:
        text += f" ± {value.interval[1] - value.mean:.{digits}f}"
    if name == report.labels[0]:
        return text
    change = report.get_change(name, report.labels[0], measure)
    if change.percent is None:
        return text
    gain = change.percent if measure in _MORE_IS_BETTER else -change.percent
    colour = "green" if gain > 0 else "red" if gain < 0 else "default"
    ends = change.percent_interval
    interval = f" \\[{ends[0]:+.0f}, {ends[1]:+.0f}]" if ends else ""
    return f"{text}\n[{colour}]{change.percent:+.0f} %{interval}[/]"
