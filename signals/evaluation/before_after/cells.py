"""Figures as a page writes them: means with half-widths, changes with intervals, tables."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape

from signals.evaluation.statistics import Estimate, PairedChange

NOTHING = "–"


def write_mean(value: Estimate, digits: int) -> str:
    """A mean, with half the width of its interval."""
    text = f"{value.mean:,.{digits}f}"
    return text if value.interval is None else f"{text} ± {value.interval[1] - value.mean:,.{digits}f}"


def write_percent(value: float | None, digits: int = 0) -> str:
    """A change in percent; always with its sign."""
    return NOTHING if value is None else f"{value:+.{digits}f} %".replace("-", "−")


def write_interval(change: PairedChange, digits: int = 0) -> str:
    """The ends in percent."""
    ends = change.percent_interval
    return f"{ends[0]:+.{digits}f} to {ends[1]:+.{digits}f} %".replace("-", "−") if ends else "one seed: no interval"


def write_change(change: PairedChange, *, more_is_better: bool = False) -> str:
    """A table's cell: coloured where the interval excludes zero."""
    if change.percent is None:
        return NOTHING
    is_gain = (change.percent > 0) == more_is_better
    kind = f' class="{"good" if is_gain else "bad"}"' if change.is_significant else ""
    ends = change.percent_interval
    interval = f" [{ends[0]:+.0f}, {ends[1]:+.0f}]".replace("-", "−") if ends else ""
    return f"<span{kind}>{write_percent(change.percent)}{interval}</span>"


def write_table(heads: Sequence[str], rows: Iterable[Sequence[str]], caption: str = "") -> str:
    """A table that scrolls by itself on a narrow screen. Cells are HTML already; heads and caption are not."""
    head = "".join(f"<th>{escape(text)}</th>" for text in heads)
    body = "".join(f"<tr>{''.join(f'<td>{cell}</td>' for cell in row)}</tr>" for row in rows)
    told = f"<caption>{escape(caption)}</caption>" if caption else ""
    return f'<div class="scroll"><table>{told}<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>'
