"""What the commands share: one clear error, seeds and paths as people write them, consoles, bars, an audit in words."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.console import Console

    from signals.evaluation.experiment import EvaluationProgress
    from signals.measures.audit import Audit

UNSAFE = 2


@contextmanager
def one_clear_error(*expected: type[Exception]) -> Iterator[None]:
    """What can go wrong ends as one line on standard error and exit code 1."""
    try:
        yield
    except KeyboardInterrupt:
        print("changtong signals: stopped", file=sys.stderr)
        sys.exit(130)
    except Exception as error:
        if not isinstance(error, (*expected, *_list_expected_errors())):
            raise
        print(f"changtong signals: {error}", file=sys.stderr)
        sys.exit(1)


def _list_expected_errors() -> tuple[type[Exception], ...]:
    from signals.evaluation.errors import EvaluationError
    from signals.measures.sumo_xml import MeasureError
    from signals.parameter_file import ParameterFileError
    from signals.simulation.connection import SimulationError
    from signals.tuning.errors import TuningError
    from sumo_scenarios.manifest import ScenarioError

    return (EvaluationError, MeasureError, ParameterFileError, ScenarioError, SimulationError, TuningError, OSError)


def read_seeds(text: str, option: str = "--seeds") -> tuple[int, ...]:
    """``3`` is 1 to 3; ``5,9``, ``7,`` and ``21-24`` are the seeds themselves."""
    from signals.evaluation.errors import EvaluationError

    parts = [part.strip() for part in text.split(",") if part.strip()]
    ends = [part.split("-") for part in parts]
    if not parts or not all(len(pair) <= 2 and all(end.isdecimal() for end in pair) for pair in ends):
        raise EvaluationError(
            f"{option} {text!r}: give a number of seeds (3) or the seeds themselves (5,9), also as a range (21-24)."
        )
    numbers = tuple(n for pair in ends for n in range(int(pair[0]), min(int(pair[-1]), int(pair[0]) + 1000) + 1))
    if "," in text or "-" in text:
        if not numbers:
            raise EvaluationError(f"{option} {text!r}: the range is empty; write the smaller seed first.")
        return numbers
    if not 1 <= numbers[0] <= 1000:
        raise EvaluationError(f"{option} {text}: from 1 to 1000 seeds; the single seed {text} is written `{text},`.")
    return tuple(range(1, numbers[0] + 1))


def check_screen() -> None:
    """Without one, traci tries for a minute and says so sixty times."""
    from signals.evaluation.errors import EvaluationError

    if sys.platform.startswith("linux") and not (os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")):
        raise EvaluationError("--gui needs a screen, and neither DISPLAY nor WAYLAND_DISPLAY is set here.")


def check_writable(path: Path | None, suffixes: tuple[str, ...]) -> None:
    """Before the long work, not after it."""
    from signals.evaluation.errors import EvaluationError

    if path is None:
        return
    if path.suffix not in suffixes:
        raise EvaluationError(f"{path}: a picture ends in {', '.join(suffixes)}.")
    if not path.absolute().parent.is_dir():
        raise EvaluationError(f"{path}: there is no folder {path.absolute().parent}.")


def print_audit(found: Audit) -> int:
    """What was looked at and what was found; the exit code."""
    print(
        f"audited {found.signals} signals, {found.links} links, {found.conflicts} conflicts, {found.greens} greens "
        f"over {found.recorded_s:g} s: {len(found.violations)} violations"
    )
    for violation in found.violations[:20]:
        print(f"  {violation}")
    if len(found.violations) > 20:
        print(f"  ... and {len(found.violations) - 20} more (--json lists all)")
    return 0 if found.is_safe else UNSAFE


@contextmanager
def show_runs(title: str, total: int) -> Iterator[Callable[[EvaluationProgress], None]]:
    """A bar over all runs of an evaluation, with the news of each."""
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

    console = get_error_console()
    columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.fields[news]}"), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task(f"{title}: 0 of {total} runs", total=total, news="")
        fractions: dict[tuple[str, int], float] = {}

        def show(news: EvaluationProgress) -> None:
            fractions[news.label, news.seed] = news.fraction
            text = f"{news.label}/{news.seed}"
            if news.run:
                text += f" {news.run.sim_s:.0f} s, waiting {news.run.waiting_s:.1f} s"
            done = f"{title}: {news.done_runs} of {news.total_runs} runs"
            bar.update(task, completed=sum(fractions.values()), description=done, news=text)

        yield show


def get_console() -> Console:
    """Standard output."""
    from rich.console import Console

    # a table cut to the 80 columns of a pipe would lose figures
    return Console(width=None if sys.stdout.isatty() else 160)


def get_error_console() -> Console:
    """Standard error."""
    from rich.console import Console

    return Console(stderr=True, soft_wrap=True)
