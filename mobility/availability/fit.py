"""Learning a model from a history. The same history gives the same model."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Final

from mobility.availability.layers import fit_layers
from mobility.availability.model import AvailabilityModel
from mobility.availability.rates import count, learn_profiles
from mobility.availability.readings import Grid, Kind
from mobility.availability.samples import prepare
from mobility.availability.week import DAY_S, WeekClock

LEAST_DAYS: Final = 2.0
"""Of a shorter history nothing is learned."""
LAYER_SHARE: Final = 1 / 3
"""So much of a history, its end, at most two weeks, is kept from the profiles while the layers are learned."""
LONGEST_LAYERS_S: Final = 14.0 * DAY_S
STEPS: Final = 4
Advance = Callable[[int, int], None]


class TooLittleHistory(Exception):  # noqa: N818  (named as its siblings)
    """A history too short to learn from; the message says how much there is."""


def fit(grid: Grid, clock: WeekClock, *, seed: int = 0, advance: Advance | None = None) -> AvailabilityModel:
    """Learn profiles on the first weeks, layers on the last, then profiles again on everything.

    Raises:
        TooLittleHistory: It spans less than ``LEAST_DAYS`` days; ``AvailabilityModel.prior`` needs none.
    """
    span_s = grid.moments * grid.step_s
    if span_s < LEAST_DAYS * DAY_S or not len(grid.series):
        raise TooLittleHistory(
            f"{len(grid.series)} series over {span_s / DAY_S:.1f} days are too few to learn from: record at least "
            f"{LEAST_DAYS:.0f} days, until then AvailabilityModel.prior answers"
        )
    say = advance or (lambda _done, _total: None)
    kept = int(min(span_s * LAYER_SHARE, LONGEST_LAYERS_S) / grid.step_s)
    first = grid.moments - kept
    early = grid.cut(0, first)
    profiles = learn_profiles(early, count(early, clock))
    say(1, STEPS)
    moments = prepare(grid, clock, profiles)
    say(2, STEPS)
    layers = fit_layers(moments, profiles, first, grid.moments, seed)
    say(3, STEPS)
    profiles = learn_profiles(grid, count(grid, clock))
    say(STEPS, STEPS)
    facts = {
        "basis": "history",
        "trained_from": _tell(grid.start_s),
        "trained_to": _tell(grid.start_s + span_s),
        "series": {kind.value: len(grid.list_rows(kind)) for kind in Kind},
        "readings": int((grid.level >= 0).sum()),
        "step_s": grid.step_s,
        "seed": seed,
    }
    return AvailabilityModel(clock, profiles, layers, dict(grid.rows), facts)


def _tell(time_s: float) -> str:
    return dt.datetime.fromtimestamp(time_s, dt.UTC).isoformat()
