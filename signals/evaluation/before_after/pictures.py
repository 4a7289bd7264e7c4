"""The pictures of a study as SVG to stand inside the page: nothing is loaded from anywhere."""

from __future__ import annotations

import io
import re
from collections.abc import Sequence

import matplotlib as mpl

from signals.evaluation.before_after.outcome import StudyOutcome

mpl.use("Agg")  # before pyplot: a server has no screen

from matplotlib import pyplot as plt
from matplotlib.figure import Figure

BEFORE, AFTER = "#8c8c8c", "#00785a"  # told apart by brightness as well
# the same study gives the same picture, byte for byte; text stays text
_STYLE = {"svg.hashsalt": "changtong", "svg.fonttype": "none", "font.family": "sans-serif", "font.size": 11}


def draw_waiting(outcome: StudyOutcome) -> str:
    """Waiting before and after, by period, with intervals: the picture of the first screen."""
    return _draw_pairs(outcome, "waiting_s", "Waiting, seconds per vehicle", (7.6, 3.4))


def draw_measure(outcome: StudyOutcome, measure: str, title: str) -> str:
    """Another measure by period, smaller."""
    return _draw_pairs(outcome, measure, title, (4.6, 2.7))


def draw_changes(outcome: StudyOutcome, classes: Sequence[tuple[str, str]]) -> str:
    """The change of waiting by class of trip, (name, title) each, with paired intervals."""
    names = outcome.list_overall()
    found = [(title, outcome.get_change(names, "waiting_s", name)) for name, title in classes]
    rows = [(title, change) for title, change in found if change.percent is not None]
    with mpl.rc_context(_STYLE):
        figure, axis = plt.subplots(figsize=(7.6, 0.6 + 0.32 * len(rows)), layout="constrained")
        for place, (_, change) in enumerate(rows):
            ends = change.percent_interval
            if ends:
                axis.plot(ends, (place, place), color=AFTER, linewidth=3, alpha=0.4, solid_capstyle="round")
            axis.plot([change.percent], [place], "o", color=AFTER)
        axis.axvline(0, color="#444444", linewidth=1)
        axis.set_yticks(range(len(rows)), [title for title, _ in rows])
        axis.invert_yaxis()
        axis.set_xlabel("change of waiting, %")
        axis.spines[["top", "right", "left"]].set_visible(False)
        return _to_svg(figure, "The change of waiting by class of trip")


def _draw_pairs(outcome: StudyOutcome, measure: str, title: str, size: tuple[float, float]) -> str:
    with mpl.rc_context(_STYLE):
        figure, axis = plt.subplots(figsize=size, layout="constrained")
        for offset, side, colour in ((-0.2, "before", BEFORE), (0.2, "after", AFTER)):
            found = [outcome.get_estimate((period.name,), side, measure) for period in outcome.periods]
            halves = [e.interval[1] - e.mean if e.interval else 0.0 for e in found]
            bars = {"yerr": halves, "capsize": 3} if any(halves) else {}
            places = [k + offset for k in range(len(found))]
            means = [e.mean for e in found]
            axis.bar(places, means, 0.38, color=colour, label=side, **bars)
            for place, mean, half in zip(places, means, halves, strict=True):
                axis.annotate(f"{mean:.3g}", (place, mean + half), ha="center", va="bottom", fontsize=9)
        axis.set_xticks(range(len(outcome.periods)), [_wrap(period.title) for period in outcome.periods])
        axis.set_title(title, fontsize=11, loc="left")
        axis.spines[["top", "right"]].set_visible(False)
        axis.margins(y=0.15)
        figure.legend(frameon=False, loc="outside upper right", ncols=2, fontsize=9)
        return _to_svg(figure, f"{title}, before and after, by period")


def _wrap(title: str) -> str:
    words = title.split()
    half = (len(words) + 1) // 2
    return title if len(title) < 14 else f"{' '.join(words[:half])}\n{' '.join(words[half:])}"


def _to_svg(figure: Figure, description: str) -> str:
    stream = io.StringIO()
    figure.savefig(stream, format="svg", metadata={"Date": None, "Creator": None})
    plt.close(figure)
    svg = stream.getvalue()
    svg = svg[svg.index("<svg") :]
    svg = re.sub(r'(width|height)="[\d.]+pt"', "", svg, count=2)  # the view box remains: as wide as the page has room
    svg = re.sub(r"<metadata>.*?</metadata>", "", svg, flags=re.DOTALL)
    return svg.replace("<svg", f'<svg role="img" aria-label="{description}"', 1)
