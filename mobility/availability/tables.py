"""What a model has learned, as arrays: profiles by series, and how a forecast is made of them, by kind."""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np

from mobility.availability.readings import Floats, Kind, Singles
from mobility.availability.week import WEEK_S

SLOT_S: Final = 1800.0
SLOTS: Final = int(WEEK_S / SLOT_S)
"""Half hours of a week, from Monday 00:00 on the wall clock."""
KINDS: Final = (Kind.BIKES, Kind.DOCKS, Kind.SPACES)
"""In the order of their numbers in arrays."""
LEADS_S: Final = (0.0, 600.0, 1200.0, 1800.0, 2700.0, 3600.0, 5400.0, 7200.0, 14400.0)
"""Leads (arrival minus observation) at which coefficients are learned; between two they are read on the line, and
at 0 the level is what was read."""
STRANGE: Final = len(KINDS)
"""Layers of places without history come so many numbers after those of their kind."""


class Profiles(NamedTuple):
    """A row a series, and after these one a kind for places without history (their typical capacity's shares).

    ``rise, fall`` float32[rows, SLOTS + 1]: what comes and goes since Monday 00:00, cumulated, in shares of the
    capacity; ``mean`` float32[rows, SLOTS]: the mean level, a share too, and ``usable`` the logit of the share of
    time with at least one; ``spread`` float32[rows]: the standard deviation of the level, a share;
    ``capacity`` float32[rows]: the usual one.
    """

    rise: Singles
    fall: Singles
    mean: Singles
    usable: Singles
    spread: Singles
    capacity: Singles


class Layers(NamedTuple):
    """How what is known becomes a forecast. K = 2 x kinds (places with history, places without), L leads, all float64.

    ``drift`` [K, L, 4]: the weights of what comes minus what goes, of the change of the mean level, of the flow of
    the last half hour beyond the usual, and of the first times (today's activity - 1); ``pull`` [K, L]: how much of
    the way to the mean level a level goes, in [0, 1); ``variance`` [K, L, 3]: of 1, of what comes and goes, and of its
    square; ``quantile`` [K, L, 3]: 10, 50, 90 % points in standard deviations; ``stack`` [K, L, 5]: constant, and the
    weights of the passage's logit, of the usual share's, of having enough now, and of having more than enough;
    ``knots, told`` [K, L, M]: the calibration, a line in logits; ``silent`` [K, 2]: the share of places at which one
    that is counted cannot be used, and that share among those that have just one.
    """

    leads_s: Floats
    drift: Floats
    pull: Floats
    variance: Floats
    quantile: Floats
    stack: Floats
    knots: Floats
    told: Floats
    silent: Floats


def cumulate(rates: Singles) -> Singles:
    """[rows, SLOTS] per slot as [rows, SLOTS + 1] since Monday."""
    since = np.zeros((len(rates), rates.shape[1] + 1), np.float64)
    np.cumsum(rates, axis=1, out=since[:, 1:])
    return since.astype(np.float32)
