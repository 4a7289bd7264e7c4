"""Pictures of a benchmark: the lead over the peer by network, and growth with stop events."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from mobility.benchmark.compare import Comparison
from mobility.benchmark.growth import Growth
from mobility.benchmark.problem import BenchmarkError
from mobility.benchmark.report import TITLES

DPI = 150
SUFFIXES = frozenset({".png", ".svg", ".pdf"})


def check_place(path: Path) -> None:
    """Refuse a place where no picture can be written, before anything is measured.

    Raises:
        BenchmarkError: The folder is not there, or the name ends in nothing that we draw.
    """
    if path.suffix not in SUFFIXES or not path.parent.is_dir():
        raise BenchmarkError(f"{path}: a picture is FILE.png (or .svg, .pdf) in a folder that is there")


def plot_ratios(comparisons: Sequence[Comparison], path: Path) -> None:
    """How many times as long the peer takes: a group of bars per network, p50 full and p95 pale.

    Raises:
        BenchmarkError: There is no peer to draw, or nothing to draw with.
    """
    told = [kind for kind in TITLES if any((o := c.find(kind)) and o.ratio_p50 for c in comparisons)]
    if not told:
        raise BenchmarkError("no ratio to draw: ask beside a peer (--peer nigiri or cafein)")
    figure, axes = _open_figure()
    width = 0.8 / len(told)
    for number, kind in enumerate(told):
        outcomes = [comparison.find(kind) for comparison in comparisons]
        at = [group + (number - (len(told) - 1) / 2) * width for group in range(len(comparisons))]
        colour = f"C{number}"
        p95 = [outcome.ratio_p95 or 0.0 if outcome else 0.0 for outcome in outcomes]
        p50 = [outcome.ratio_p50 or 0.0 if outcome else 0.0 for outcome in outcomes]
        axes.bar(at, p50, width * 0.9, color=colour, label=f"{TITLES[kind]}, p50")
        axes.plot(at, p95, "_", color="black", markersize=12, label="p95" if number == 0 else None)
    axes.set_xticks(range(len(comparisons)), [comparison.name for comparison in comparisons])
    axes.axhline(1.0, color="grey", linewidth=0.8)
    axes.set_ylabel(f"time of {comparisons[0].peer} / our time")
    axes.legend(frameon=False)
    _save(figure, path)


def plot_growth(growth: Growth, path: Path) -> None:
    """Medians over stop events, both axes logarithmic, with the fitted exponents.

    Raises:
        BenchmarkError: There is nothing to draw with.
    """
    figure, axes = _open_figure()
    events = [city.events for city in growth.cities]
    for number, (kind, exponent) in enumerate(growth.exponents.items()):
        medians = [city.outcomes[number].ours.p50_ms for city in growth.cities]
        axes.loglog(events, medians, "o-", label=f"{TITLES[kind]}: events to the power {exponent:.2f}")
    axes.set_xlabel("stop events a day")
    axes.set_ylabel("p50, ms")
    axes.grid(visible=True, which="major", alpha=0.3)
    axes.legend(frameon=False)
    _save(figure, path)


def _open_figure() -> tuple[Any, Any]:
    try:
        from matplotlib.figure import Figure  # noqa: PLC0415  (only where somebody wants a picture)
    except ImportError as error:
        raise BenchmarkError("--plot needs matplotlib: pip install 'changtong[sim]'") from error
    figure = Figure(figsize=(8, 4.5), layout="constrained")
    return figure, figure.add_subplot()


def _save(figure: Any, path: Path) -> None:
    try:
        figure.savefig(path, dpi=DPI)
    except (OSError, ValueError) as error:
        message = f"{path} cannot be written as a picture: {error}"
        raise BenchmarkError(message) from error
