"""``changtong bench availability``: the forecast of bikes, docks and spaces, judged on weeks it has not seen."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from mobility.cli.console import AsJson, answered, print_json, progress_bar


def availability(
    *,
    history: Annotated[
        Path | None, Parameter(help="A folder of recorded days (*.levels); without it a town is simulated.")
    ] = None,
    timezone: Annotated[str, Parameter(help="With --history: its city's, for example Asia/Taipei.")] = "",
    weeks: Annotated[int, Parameter(help="So many weeks; the last quarter is held back.")] = 8,
    stations: Annotated[int, Parameter(help="Of the simulated town, with a fifth as many car parks.")] = 300,
    seed: Annotated[int, Parameter(help="Of the simulation and of the rows that are judged.")] = 1,
    plot: Annotated[Path | None, Parameter(help="Also draw calibration, as FILE.svg or FILE.png.")] = None,
    save: Annotated[Path | None, Parameter(help="Also keep the model, with its figures, as FILE.npz.")] = None,
    json: AsJson = False,
) -> int:
    """Will there still be a bike, a dock, a space? Learn on the first weeks, judge on the last.

    Probabilities at 15, 30 and 60 minutes are compared with **as now** (1 if there is something now, else 0), **mean
    of hour** (how often that place had something in that hour of the week) and **as now, calibrated**, by Brier score;
    levels with as now and same time last week, by mean absolute error. Without `--history` everything is of a
    SIMULATED town, and says so.

    Exit code 1: "as now" or "mean of hour" is better at some horizon.
    """

    def answer() -> int:
        from mobility.availability.model_file import save_model
        from mobility.benchmark.availability import measure, plot_calibration, print_result
        from mobility.benchmark.plot import check_place
        from mobility.benchmark.problem import BenchmarkError
        from mobility.benchmark.report import open_console

        if plot is not None:
            check_place(plot)
        if save is not None and (save.suffix != ".npz" or not save.parent.is_dir()):
            raise BenchmarkError(f"{save}: a model is FILE.npz in a folder that is there")
        result, model = measure(
            history=history, timezone=timezone, weeks=weeks, stations=stations, seed=seed, bars=progress_bar
        )
        if json:
            print_json(result.to_json())
        else:
            print_result(open_console(), result)
        if plot is not None:
            plot_calibration(result, plot)
        if save is not None:
            save_model(model, save)
        return 0 if result.is_better else 1

    return answered(answer, as_json=json)
