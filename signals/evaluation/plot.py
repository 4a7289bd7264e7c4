"""Pictures of an evaluation: before and after with intervals, and what the lamps of a signal showed."""

from __future__ import annotations

from pathlib import Path

import matplotlib as mpl
import numpy as np

from signals.evaluation.report import EvaluationReport
from signals.measures.recording import SignalRecording

mpl.use("Agg")  # before pyplot: a server has no screen

from matplotlib import pyplot as plt
from matplotlib.colors import ListedColormap

_PANELS = (
    ("waiting_s", "Waiting, s per vehicle"),
    ("travel_time_s", "Travel time, s per vehicle"),
    ("stops", "Stops per vehicle"),
    ("co2_kg", "CO2, kg"),
)
# Okabe and Ito's palette, told apart by the colour-blind as well
_COLOURS = ("#999999", "#56B4E9", "#E69F00", "#009E73", "#CC79A7")
# light red, dark green: told apart by brightness
_LAMPS = (("ru", "#ecc4bf"), ("yY", "#f2c037"), ("gs", "#7bc47f"), ("G", "#1b7f3b"), ("oO", "#dddddd"))


def plot_report(report: EvaluationReport, path: Path) -> None:
    """Bars per controller with 95 % intervals for waiting, travel time, stops and CO2."""
    figure, axes = plt.subplots(1, len(_PANELS), figsize=(3.2 * len(_PANELS), 4.0), layout="constrained")
    names = report.labels
    for axis, (measure, title) in zip(axes, _PANELS, strict=True):
        estimates = [report.get_estimate(name, measure) for name in names]
        halves = [e.interval[1] - e.mean if e.interval else 0.0 for e in estimates]
        means = [e.mean for e in estimates]
        axis.bar(
            range(len(names)),
            means,
            yerr=halves,
            capsize=4,
            color=[_COLOURS[i % len(_COLOURS)] for i in range(len(names))],
        )
        axis.set_xticks(range(len(names)), names, rotation=30, ha="right")
        axis.set_title(title, fontsize=10)
        axis.spines[["top", "right"]].set_visible(False)
        for place, (mean, half) in enumerate(zip(means, halves, strict=True)):
            change = report.get_change(names[place], names[0], measure).percent
            label = f"{mean:.3g}" if place == 0 or change is None else f"{mean:.3g}\n{change:+.0f} %"
            axis.annotate(label, (place, mean + half), ha="center", va="bottom", fontsize=8)
        axis.margins(y=0.18)
    titles = ", ".join(f"{arm.label}: {arm.title.splitlines()[0]}" for arm in report.arms)
    seeds = f"{len(report.seeds)} seed{'s' if len(report.seeds) > 1 else ''}, bars are 95 % intervals"
    figure.suptitle(f"{report.scenario} ({seeds})\n{titles}", fontsize=10)
    figure.savefig(path, dpi=130)
    plt.close(figure)


def plot_lamps(recording: SignalRecording, path: Path, begin_s: float, end_s: float) -> None:
    """Time along, one row per link, coloured as the lamp was."""
    code = np.zeros(256, dtype=np.uint8)
    for value, (letters, _) in enumerate(_LAMPS):
        for letter in letters:
            code[ord(letter)] = value
    picture = code[recording.lamps].T
    figure, axis = plt.subplots(figsize=(12, 1 + 0.22 * picture.shape[0]), layout="constrained")
    colours = ListedColormap([colour for _, colour in _LAMPS])
    links = np.arange(picture.shape[0] + 1) - 0.5
    axis.pcolormesh(recording.times_s, links, picture, cmap=colours, vmin=-0.5, vmax=len(_LAMPS) - 0.5)
    axis.set_xlim(begin_s, end_s)
    axis.set_yticks(range(picture.shape[0]))
    axis.invert_yaxis()
    axis.set_xlabel("simulated time, s")
    axis.set_ylabel("link")
    axis.set_title(f"Signal {recording.signal}, as SUMO recorded it")
    figure.savefig(path, dpi=130)
    plt.close(figure)
