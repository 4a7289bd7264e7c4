"""Signal states as SUMO recorded them (``SaveTLSStates``), as one array per signal.

A lamp is one letter: G protected green, g permissive green (yields), y yellow, u red-yellow, r red, s stop
then go, O and o off. A state holds from its time to the next record's.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from signals.measures.sumo_xml import MeasureError, get_number, iter_elements


@dataclass(frozen=True, slots=True)
class SignalRecording:
    """States of one signal: ``lamps[k, link]`` is the letter's code from ``times_s[k]`` to ``times_s[k + 1]``.

    ``times_s`` has one entry more than ``lamps``: the end of the recording.

    """

    signal: str
    times_s: NDArray[np.float64]
    lamps: NDArray[np.uint8]


def load_recording(path: Path) -> Mapping[str, SignalRecording]:
    """Read every signal's states; equal neighbours are joined, so that arrays hold changes only."""
    changes: dict[str, list[tuple[float, str]]] = {}
    last: dict[str, tuple[float, float]] = {}  # the last two record times: the last state holds one step more
    for element in iter_elements(path, "tlsState"):
        signal, state = element.get("id", ""), element.get("state", "")
        time_s = get_number(element, "time", path)
        if not signal or not state or np.isnan(time_s):
            raise MeasureError(f"{path}: a <tlsState> without id, time or state.")
        history = changes.setdefault(signal, [])
        if history and len(state) != len(history[0][1]):
            raise MeasureError(
                f"{path}: {signal} has {len(state)} lamps at {time_s:g} s and {len(history[0][1])} before."
            )
        if signal in last and time_s <= last[signal][1]:
            raise MeasureError(f"{path}: {signal} goes back in time at {time_s:g} s.")
        last[signal] = (last[signal][1] if signal in last else time_s - 1.0, time_s)
        if not history or history[-1][1] != state:
            history.append((time_s, state))
    if not changes:
        raise MeasureError(f"{path}: no <tlsState>; is it a SaveTLSStates recording?")
    ends = {signal: now + (now - before) for signal, (before, now) in last.items()}
    return {signal: build_recording(signal, history, ends[signal]) for signal, history in changes.items()}


def build_recording(signal: str, changes: list[tuple[float, str]], end_s: float) -> SignalRecording:
    """A recording from its changes of state."""
    lamps = np.frombuffer("".join(state for _, state in changes).encode("ascii"), dtype=np.uint8)
    times_s = np.array([*(time_s for time_s, _ in changes), end_s], dtype=np.float64)
    return SignalRecording(signal, times_s, lamps.reshape(len(changes), -1))
