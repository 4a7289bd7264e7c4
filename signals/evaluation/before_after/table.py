"""The study's figures as a table for the terminal."""

from __future__ import annotations

from rich.table import Table

from signals.evaluation.before_after.outcome import StudyOutcome
from signals.evaluation.statistics import PairedChange, compare

_MEASURES = (
    ("waiting_s", "waiting"),
    ("travel_time_s", "travel time"),
    ("stops", "stops"),
    ("co2_g", "CO2"),
    ("speed_kmh", "speed"),
)


def build_table(outcome: StudyOutcome) -> Table:
    """A row per period and one for all of them; changes against the before, paired by seed."""
    overall = outcome.list_overall()
    seeds = f"{len(outcome.seeds)} seeds, [ ] are 95 % intervals" if len(outcome.seeds) > 1 else "1 seed: no intervals"
    table = Table("", title=outcome.definition.title, caption=f"Changes, {seeds}.", caption_justify="left")
    for title in ("waiting before, s", *(title for _, title in _MEASURES), "walkers' p95"):
        table.add_column(title, justify="right")
    rows = [(period.title, (period.name,)) for period in outcome.periods]
    for title, names in [*rows, (f"all {len(overall)} periods", overall)]:
        before, after = (outcome.get_walkers(names, side)[1] for side in ("before", "after"))
        table.add_row(
            title,
            f"{outcome.get_estimate(names, 'before', 'waiting_s').mean:.1f}",
            *(_format(outcome.get_change(names, measure)) for measure, _ in _MEASURES),
            _format(compare(after, before)),
        )
    targets = {target.measure: f"{target.percent:+.0f} %" for target in outcome.definition.targets}
    table.add_section()
    table.add_row("aimed at", "", *(targets.get(measure, "") for measure, _ in _MEASURES), "not more")
    return table


def _format(change: PairedChange) -> str:
    if change.percent is None:
        return "-"
    ends = change.percent_interval
    return f"{change.percent:+.0f} %" + (f" \\[{ends[0]:+.0f}, {ends[1]:+.0f}]" if ends else "")
