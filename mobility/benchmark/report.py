"""What a benchmark found, for people: tables on a terminal, the same as plain text elsewhere."""

from __future__ import annotations

import math
from collections.abc import Iterable

from rich.console import Console
from rich.table import Table

from mobility.benchmark.compare import Comparison, Peer
from mobility.benchmark.door_to_door import DoorsReport
from mobility.benchmark.footprint import Footprint
from mobility.benchmark.growth import Growth
from mobility.benchmark.measure import Clock, Outcome, Times
from mobility.benchmark.problem import Kind

TITLES = {
    Kind.EARLIEST: "earliest arrival",
    Kind.RANGE: "2-hour range",
    Kind.ARRIVE_BY: "arrive by",
    Kind.ONE_TO_ALL: "one to all",
}
PLAIN_WIDTH = 130
BACKWARDS = (
    "Arrive by: pynigiri searches forwards only, so the peer is its range read backwards, timed over the narrowest "
    "window that holds the answer."
)
EASIER = "Both by cafein's rules: no time to change at a stop, no walk before the first vehicle."


def open_console() -> Console:
    """Stdout: colours on a terminal, plain text of a fixed width elsewhere."""
    console = Console(highlight=False)
    return console if console.is_terminal else Console(highlight=False, width=PLAIN_WIDTH, color_system=None)


def find_note(peer: Peer, kinds: tuple[Kind, ...]) -> str | None:
    """What one must know to read the table."""
    if peer is Peer.CAFEIN:
        return EASIER
    return BACKWARDS if peer is Peer.NIGIRI and Kind.ARRIVE_BY in kinds else None


def print_comparison(console: Console, comparison: Comparison) -> None:
    """A row for every kind of question."""
    peer = comparison.peer
    against = f" beside {peer}" if peer is not Peer.NONE else ""
    console.print(
        _build_times(f"{comparison.name}, {comparison.date}: changtong ({comparison.search}){against}", comparison)
    )


def _build_times(title: str, comparison: Comparison) -> Table:
    table = Table(title=title, caption=_caption(comparison.clock), title_justify="left", caption_justify="left")
    table.add_column("question", no_wrap=True)
    for column in ("queries", "ours, ms", f"{comparison.peer}, ms", "× p50", "× p95", "× p99", "differ", "from record"):
        table.add_column(column, justify="right", no_wrap=True)
    for outcome in comparison.outcomes:
        table.add_row(TITLES[outcome.kind], f"{outcome.queries}", *_list_cells(outcome))
    return table


def _caption(clock: Clock) -> str:
    return f"{clock} time: p50 / p95 / p99"


def _list_cells(outcome: Outcome) -> list[str]:
    ratios = [outcome.ratio_p50, outcome.ratio_p95, outcome.ratio_p99]
    return [
        _format_times(outcome.ours),
        _format_times(outcome.peer),
        *("-" if ratio is None else f"{ratio:.1f}" for ratio in ratios),
        "-" if outcome.differing is None else f"{outcome.differing}",
        "-" if outcome.differing_recorded is None else f"{outcome.differing_recorded} of {outcome.recorded}",
    ]


def _format_times(times: Times | None) -> str:
    if times is None:
        return "-"
    return " / ".join(_format_ms(value) for value in (times.p50_ms, times.p95_ms, times.p99_ms))


def _format_ms(value: float) -> str:
    """Three digits that count."""
    return f"{value:.{max(0, min(3, 2 - math.floor(math.log10(max(value, 1e-3)))))}f}"


def print_footprints(console: Console, name: str, footprints: Iterable[Footprint]) -> None:
    """Loading and memory, a row for every engine."""
    table = Table(title=f"{name}: loading and memory", title_justify="left")
    for column in ("engine", "from zip to ready, s", "of which", "memory added, MiB", "peak, MiB"):
        table.add_column(column, justify="left" if column in {"engine", "of which"} else "right")
    for footprint in footprints:
        phases = ", ".join(f"{phase} {seconds:.2f}" for phase, seconds in footprint.phases.items())
        memory = (_format_mib(footprint.added_mib), _format_mib(footprint.peak_mib))
        table.add_row(footprint.engine, f"{footprint.total_s:.2f}", phases, *memory)
    console.print(table)


def print_growth(console: Console, growth: Growth) -> None:
    """A row for every size, and the exponents below."""
    title = f"Growth of changtong ({growth.search}) on a synthetic city"
    table = Table(title=title, caption=_caption(growth.clock), title_justify="left", caption_justify="left")
    for column in ("stop events", "stops", "trips", "patterns", "build, s", "timetable, MiB", "added, MiB"):
        table.add_column(column, justify="right")
    for kind in growth.exponents:
        table.add_column(f"{TITLES[kind]}, ms", justify="right", no_wrap=True)
    for city in growth.cities:
        size = [f"{number:,}" for number in (city.events, city.stops, city.trips, city.patterns)]
        cost = [f"{city.footprint.total_s:.2f}", f"{city.arrays_mib:.0f}", _format_mib(city.footprint.added_mib)]
        times = [_format_times(outcome.ours) for outcome in city.outcomes]
        table.add_row(*size, *cost, *times)
    console.print(table)
    for kind, exponent in growth.exponents.items():
        console.print(f"{TITLES[kind]}: p50 grows with stop events to the power {exponent:.2f}")


def _format_mib(amount: float | None) -> str:
    return "-" if amount is None else f"{amount:.0f}"


def print_doors(console: Console, report: DoorsReport) -> None:
    """Times of journeys from door to door, and the walks that differ most from the peer's."""
    table = Table(
        title=f"{report.answered} of {report.queries} pairs answered, {report.journeys} journeys; "
        f"{report.nodes:,} street nodes, {report.stops:,} stops",
        title_justify="left",
        caption="milliseconds per query, median of its repeats",
    )
    for column in ("clock", "p50", "p95", "p99"):
        table.add_column(column, justify="left" if column == "clock" else "right")
    for name, times in (("wall", report.times), ("processor", report.cpu)):
        table.add_row(name, *(f"{value:.2f}" for value in (times.p50_ms, times.p95_ms, times.p99_ms)))
    console.print(table)
    if report.median is None or report.median_absolute is None:
        return
    console.print(
        f"{report.walks} walks to a first stop beside Valhalla's: median difference {report.median:+.1%}, "
        f"median of the absolute difference {report.median_absolute:.1%}"
    )
    worst = Table(title="The ones that differ most", title_justify="left")
    for column in ("difference", "ours", "theirs", "from", "to", "why"):
        worst.add_column(column, justify="right" if column in {"difference", "ours", "theirs"} else "left")
    for one in report.worst:
        worst.add_row(f"{one.relative:+.0%}", f"{one.ours_s} s", f"{one.theirs_s} s", one.start, one.end, one.why)
    console.print(worst)
