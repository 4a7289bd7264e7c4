"""What may be tuned of each controller, and between which bounds.

Weights that a bureau sets (persons, stops, emissions) and numbers that only cost time (the width of the search) are not
in the space. Defaults are the controllers' own. Steps keep the values readable; the optimum is flat within them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from types import MappingProxyType
from typing import Any

from optuna.trial import Trial

from signals.baselines.max_pressure import MaxPressureSettings
from signals.baselines.surtrac import SurtracSettings
from signals.controller import ControllerSettings
from signals.simulation.conventional.choice import CONVENTIONAL
from signals.tuning.errors import TuningError


@dataclass(frozen=True, slots=True)
class Span:
    """A number from ``low`` to ``high`` in steps; whole where the default is."""

    low: float
    high: float
    step: float


Choice = tuple[Any, ...]
Knobs = Mapping[str, Span | Choice]

_BOTH = (False, True)
_COORDINATED: Knobs = {
    "cycle_factor": Span(0.5, 1.6, 0.05),
    "split_exponent": Span(0.4, 1.6, 0.05),
    "max_gap_s": Span(1.5, 6.0, 0.25),
    "jam_threshold_s": (0.0, 120.0, 300.0),
    "yield_window_s": Span(1.0, 30.0, 1.0),
}
_RANGES: Mapping[str, Knobs] = MappingProxyType(
    {
        "adaptive": {
            "horizon_s": Span(30, 70, 5),
            "headway_s": Span(1.6, 2.4, 0.05),
            "permitted_slower": Span(1.0, 2.0, 0.1),
            "startup_loss_s": Span(0.0, 2.5, 0.1),
            "yellow_use_s": Span(0, 3, 1),
            "gap_s": Span(1.5, 5.0, 0.1),
            "look_ahead_s": Span(5.0, 30.0, 1.0),
            "blocked_s": Span(5, 30, 1),
            "red_head_s": Span(4.0, 24.0, 1.0),
            "delay_unit_s": Span(10.0, 240.0, 10.0),
            "expected_share": Span(0.0, 1.0, 0.05),
            "change_cost_s": Span(0.0, 10.0, 0.5),
        },
        "max_pressure": {
            "slot_s": Span(5.0, 20.0, 1.0),
            "waiting_unit_s": Span(0.0, 120.0, 10.0),
            "permissive": ("computed", "0", "0.25", "0.5", "1"),
            "subtracts_downstream": _BOTH,
            "has_switching_loss": _BOTH,
        },
        "surtrac": {
            "headway_s": Span(1.4, 2.6, 0.05),
            "startup_loss_s": Span(0.0, 3.0, 0.1),
            "cluster_gap_s": Span(1.0, 5.0, 0.25),
            "permitted_factor": Span(1.0, 3.0, 0.1),
            "interruption_s": Span(0.0, 12.0, 1.0),
        },
        "actuated": {"setting": ("default", "long_gap", "short_gap", "long_max", "jam")},
        "delay_based": {"detector_range_m": Span(0.0, 300.0, 25.0), "min_time_loss_s": Span(0.5, 5.0, 0.5)},
        "retimed": {
            "cycle_factor": Span(0.5, 1.6, 0.05),
            "common_cycle": _BOTH,
            "split_exponent": Span(0.4, 1.6, 0.05),
        },
        "coordinated": {
            **_COORDINATED,
            "detector_gap_s": Span(0.5, 4.0, 0.5),
            "detector_length_m": Span(0.0, 40.0, 5.0),
        },
        "nema": _COORDINATED,
    }
)


@dataclass(frozen=True, slots=True)
class Space:
    """The knobs of one controller; ``defaults`` has a value on the grid for each."""

    controller: str
    knobs: Knobs
    defaults: Mapping[str, Any]

    def suggest(self, trial: Trial) -> dict[str, Any]:
        """A value for each knob."""
        return {name: self._suggest(trial, name, knob) for name, knob in self.knobs.items()}

    def _suggest(self, trial: Trial, name: str, knob: Span | Choice) -> Any:
        if not isinstance(knob, Span):
            return trial.suggest_categorical(name, knob)
        if isinstance(self.defaults[name], int):
            return trial.suggest_int(name, int(knob.low), int(knob.high), step=int(knob.step))
        return round(trial.suggest_float(name, knob.low, knob.high, step=knob.step), 6)

    def describe(self, name: str) -> str:
        """What is tried of a knob, in words."""
        knob = self.knobs[name]
        return f"{knob.low:g} to {knob.high:g}" if isinstance(knob, Span) else ", ".join(map(str, knob))

    def to_json(self) -> dict[str, Any]:
        """The bounds, for a study to remember."""
        return {
            name: [knob.low, knob.high, knob.step] if isinstance(knob, Span) else list(knob)
            for name, knob in self.knobs.items()
        }


def list_tunable() -> tuple[str, ...]:
    """The controllers that have something to tune."""
    return tuple(name for name in _RANGES if _find_defaults(name) is not None)


def build_space(controller: str, only: Sequence[str] = ()) -> Space:
    """The space of a controller, of all its knobs or of those named.

    Raises:
        TuningError: nothing to tune, or a knob that the controller does not have.
    """
    found = _find_defaults(controller) if controller in _RANGES else None
    if found is None:
        raise TuningError(f"There is nothing to tune of {controller!r}; choose from {', '.join(list_tunable())}.")
    ranges = _RANGES[controller]
    if unknown := [name for name in only if name not in ranges]:
        raise TuningError(f"{controller} has no {unknown[0]!r} to tune; it has {', '.join(ranges)}.")
    knobs = {name: knob for name, knob in ranges.items() if not only or name in only}
    if gone := [name for name in knobs if name not in found]:
        raise TuningError(f"{controller} has no parameter {gone[0]!r} any more; mend signals/tuning/spaces.py.")
    return Space(controller, knobs, {name: _to_grid(found[name], knob) for name, knob in knobs.items()})


def _find_defaults(controller: str) -> Mapping[str, Any] | None:
    if controller == "adaptive":
        return {**ControllerSettings().search._asdict()}
    ours: dict[str, Any] = {"max_pressure": MaxPressureSettings(), "surtrac": SurtracSettings()}
    settings = ours.get(controller) or CONVENTIONAL.get(controller)
    return None if settings is None else {f.name: getattr(settings, f.name) for f in fields(settings)}


def _to_grid(default: Any, knob: Span | Choice) -> Any:
    if not isinstance(knob, Span):
        if default not in knob:
            raise TuningError(f"The default {default!r} is none of {', '.join(map(repr, knob))}; mend {__name__}.")
        return default
    if not knob.low <= default <= knob.high:
        # the first trial would not be the defaults: a clipped jam threshold once made the "before" a straw man
        raise TuningError(f"The default {default:g} is not between {knob.low:g} and {knob.high:g}; mend {__name__}.")
    steps = round((default - knob.low) / knob.step)
    value = knob.low + steps * knob.step
    return int(value) if isinstance(default, int) else round(value, 6)
