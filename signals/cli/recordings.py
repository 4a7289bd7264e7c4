"""``changtong signals audit`` and ``diagram``: what SUMO recorded of the lamps."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from signals.cli.output import UNSAFE, check_writable, one_clear_error, print_audit


def audit(
    recording: Path,
    /,
    *,
    scenario: str,
    shipped: Annotated[bool, Parameter(negative=())] = False,
    json: Annotated[bool, Parameter(negative=())] = False,
) -> int:
    """Audit a recording of signal states (SUMO's SaveTLSStates) for safety; exit code 2 when unsafe.

    Checks minimum greens, yellows, red clearances, conflicting greens and longest reds against the net's
    right-of-way matrix and the scenario's numbers.

    Args:
        recording: The XML file, plain or gzipped.
        scenario: The scenario that was run: its net and its safety numbers.
        shipped: Hold the signals to the clearances and greens of the scenario's own programs.
        json: Print the findings as JSON.
    """
    import json as codec
    from dataclasses import asdict

    from signals.measures.audit import audit_run
    from sumo_scenarios.catalog import find_scenario

    with one_clear_error():
        found = audit_run(recording, find_scenario(scenario), is_ours=not shipped)
    if json:
        print(codec.dumps({**asdict(found), "is_safe": found.is_safe}, indent=1))
        return 0 if found.is_safe else UNSAFE
    return print_audit(found)


def diagram(
    recording: Path, /, *, signal: str, out: Path, begin_s: float | None = None, end_s: float | None = None
) -> int:
    """Draw what the lamps of one signal showed over time.

    Args:
        recording: SUMO's SaveTLSStates file (`evaluate --keep` leaves one per run, tls_states.xml).
        signal: The signal's id in the net.
        out: Picture to write (.png, .svg or .pdf).
        begin_s: From this simulated second (default: the recording's first).
        end_s: To this one (default: five minutes later).
    """
    with one_clear_error():
        check_writable(out, (".png", ".svg", ".pdf"))
        from signals.evaluation.plot import plot_lamps
        from signals.measures.recording import load_recording
        from signals.measures.sumo_xml import MeasureError

        recordings = load_recording(recording)
        if signal not in recordings:
            raise MeasureError(
                f"{recording}: there is no signal {signal!r}; recorded: {', '.join(sorted(recordings))}."
            )
        first_s = float(recordings[signal].times_s[0]) if begin_s is None else begin_s
        plot_lamps(recordings[signal], out, first_s, first_s + 300 if end_s is None else end_s)
    print(out)
    return 0
