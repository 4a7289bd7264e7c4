"""Actuated and delay-based control by SUMO on the shipped stages (SUMO user documentation, "Traffic Lights").

The conversion follows the literature's baselines: the same displays, each stage free between its minimum and its
maximum, 5 and 50 s where none is shipped. Five named settings, so that "the best of five" can be said honestly.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from signals.simulation.conventional.logic_file import Logic
from signals.simulation.conventional.stages import ShippedProgram

ACTUATED_MIN_GREEN_S = 5.0
SETTINGS = ("default", "long_gap", "short_gap", "long_max", "jam")


@dataclass(frozen=True, slots=True)
class ActuatedSettings:
    """SUMO's parameters; zero keeps what the setting or the program has. ``setting`` is one of the named five."""

    setting: str = field(default="default", metadata={"choices": SETTINGS})
    max_gap_s: float = 0.0
    detector_gap_s: float = 0.0
    passing_time_s: float = 0.0
    min_green_s: float = 0.0
    max_green_s: float = 0.0
    jam_threshold_s: float = 0.0


_NAMED: Mapping[str, Mapping[str, Any]] = {
    "default": {},
    "long_gap": {"max_gap_s": 5.0},
    "short_gap": {"max_gap_s": 2.0, "detector_gap_s": 1.0},
    "long_max": {"max_green_s": 90.0},
    "jam": {"jam_threshold_s": 30.0},
}


@dataclass(frozen=True, slots=True)
class DelayBasedSettings:
    """SUMO's ``delay_based``: how far it sees, and the time loss that asks for more green."""

    detector_range_m: float = field(default=0.0, metadata={"most": 1000.0})
    min_time_loss_s: float = 1.0
    max_green_s: float = 0.0


def resolve(settings: ActuatedSettings) -> ActuatedSettings:
    """The named setting's values where none is given."""
    named = _NAMED[settings.setting]
    return replace(settings, **{k: v for k, v in named.items() if getattr(settings, k) == 0.0})


def to_actuated(shipped: ShippedProgram, settings: ActuatedSettings) -> Logic:
    """The actuated twin of a shipped program."""
    chosen = resolve(settings)
    keys = {
        "max-gap": chosen.max_gap_s, "detector-gap": chosen.detector_gap_s,
        "passing-time": chosen.passing_time_s, "jam-threshold": chosen.jam_threshold_s,
    }  # fmt: skip
    return Logic(
        shipped.signal,
        "actuated",
        _list_phases(shipped, chosen.min_green_s, chosen.max_green_s),
        shipped.offset_s,
        {key: f"{value:g}" for key, value in keys.items() if value > 0},
    )


def to_delay_based(shipped: ShippedProgram, settings: DelayBasedSettings) -> Logic:
    """The delay-based twin of a shipped program."""
    parameters = {"minTimeLoss": f"{settings.min_time_loss_s:g}"}
    if settings.detector_range_m > 0:
        parameters["detectorRange"] = f"{settings.detector_range_m:g}"
    return Logic(
        shipped.signal, "delay_based", _list_phases(shipped, 0.0, settings.max_green_s), shipped.offset_s, parameters
    )


def _list_phases(shipped: ShippedProgram, min_s: float, max_s: float) -> tuple[Mapping[str, str], ...]:
    phases: list[Mapping[str, str]] = []
    for k, display in enumerate(shipped.displays):
        phase = {"duration": f"{display.duration_s:g}", "state": display.state}
        if k in shipped.stages:
            at = shipped.stages.index(k)
            least_s = max(shipped.min_s[at], min_s)
            phase |= {"minDur": f"{least_s:g}", "maxDur": f"{max(least_s, max_s or shipped.max_s[at]):g}"}
        phases.append(phase)
    return tuple(phases)
