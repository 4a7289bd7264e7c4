"""The forecast of many places in one pass: features, drift and variance, passage, calibration. Twin of every fit.

All moments are places in the week of the wall clock (seconds since Monday); leads are real seconds.
"""

from __future__ import annotations

import math
from typing import Final

import numba as nb
import numpy as np

from mobility.availability.passage import EDGE, compute_reach
from mobility.availability.readings import Floats, Ints, Singles
from mobility.availability.tables import SLOT_S, SLOTS, STRANGE, Layers, Profiles

FEATURES: Final = 6
"""Of ``describe``: net flow, change of the mean, excess of the recent flow, net flow times today's excess activity,
the mean level now, activity."""
P_USABLE, LOW, EXPECTED, HIGH = range(4)
"""Columns of ``forecast_rows``."""
NORMAL_POINTS: Final = (-1.2816, 0.0, 1.2816)
"""The 10, 50 and 90 % points of the normal distribution."""
RECENT_S: Final = 1800.0
"""The recent flow is that of so long before the reading."""
LONGEST_S: Final = 86_400.0
"""Flows are cumulated over no more than a day."""
SURE: Final = 0.999
SPARE: Final = 4
EVIDENCE: Final = 0.5
"""How much one that should have gone and did not counts: riders come in bunches, so less than 1 (Poisson)."""
FORGOTTEN_S: Final = 43_200.0
"""A reading so long before the arrival says nothing any more: beyond the last lead it fades into what is usual."""


@nb.njit(cache=True, nogil=True, error_model="numpy")
def read_cumulated(table: Singles, row: int, at_s: float) -> float:
    """What a cumulated table says at a moment, which may lie beyond the week."""
    slot = at_s / SLOT_S
    weeks = math.floor(slot / SLOTS)
    slot -= weeks * SLOTS
    whole = min(int(slot), SLOTS - 1)
    share = slot - whole
    inside = table[row, whole] * (1.0 - share) + table[row, whole + 1] * share
    return float(inside + weeks * table[row, SLOTS])


@nb.njit(cache=True, nogil=True, error_model="numpy")
def read_slot(table: Singles, row: int, at_s: float) -> float:
    """What a table says at a moment, on the line between the middles of two slots."""
    slot = at_s / SLOT_S - 0.5
    whole = math.floor(slot)
    share = slot - whole
    first = int(whole) % SLOTS
    return float(table[row, first] * (1.0 - share) + table[row, (first + 1) % SLOTS] * share)


@nb.njit(cache=True, nogil=True, error_model="numpy")
def describe(
    profiles: Profiles, row: int, capacity: float, now_s: float, lead_s: float, then_s: float,
    flow: float, pulse: float, out: Floats,
) -> None:  # fmt: skip
    """Fill ``out`` (``FEATURES``). ``flow`` is the change of the level in the last ``RECENT_S``, ``pulse`` today's
    activity in the last hour as a multiple of the usual (NaN: unknown).
    """
    far_s = min(lead_s, LONGEST_S)
    rise = capacity * (read_cumulated(profiles.rise, row, now_s + far_s) - read_cumulated(profiles.rise, row, now_s))
    fall = capacity * (read_cumulated(profiles.fall, row, now_s + far_s) - read_cumulated(profiles.fall, row, now_s))
    mean = capacity * read_slot(profiles.mean, row, now_s)
    out[0] = rise - fall
    out[1] = capacity * read_slot(profiles.mean, row, then_s) - mean
    out[2] = 0.0
    if not math.isnan(flow):
        usual = read_cumulated(profiles.rise, row, now_s) - read_cumulated(profiles.rise, row, now_s - RECENT_S)
        usual -= read_cumulated(profiles.fall, row, now_s) - read_cumulated(profiles.fall, row, now_s - RECENT_S)
        out[2] = flow - capacity * usual
    out[3] = 0.0 if math.isnan(pulse) else (rise - fall) * (min(max(pulse, 0.2), 3.0) - 1.0)
    out[4] = mean
    out[5] = rise + fall


@nb.njit(cache=True, nogil=True, error_model="numpy")
def measure_usual(profiles: Profiles, row: Ints, capacity: Floats, now_s: float, lead_s: float) -> float:
    """How much usually comes and goes at all of these places together, ``lead_s`` long from ``now_s``."""
    total = 0.0
    for i in range(len(row)):
        rise = read_cumulated(profiles.rise, row[i], now_s + lead_s) - read_cumulated(profiles.rise, row[i], now_s)
        fall = read_cumulated(profiles.fall, row[i], now_s + lead_s) - read_cumulated(profiles.fall, row[i], now_s)
        total += capacity[i] * (rise + fall)
    return total


@nb.njit(cache=True, nogil=True, error_model="numpy")
def weigh(layers: Layers, lead_s: float) -> tuple[int, float]:
    """The lead at or before, and how far the way to the next is gone."""
    leads_s = layers.leads_s
    last = len(leads_s) - 1
    if lead_s >= leads_s[last]:
        return last - 1, 1.0
    at = 0
    while leads_s[at + 1] <= lead_s:
        at += 1
    return at, (lead_s - leads_s[at]) / (leads_s[at + 1] - leads_s[at])


@nb.njit(cache=True, nogil=True, error_model="numpy")
def move(layers: Layers, kind: int, at: int, share: float, told: Floats) -> tuple[float, float, float]:
    """The drift, the variance, and the pull to the mean level, for features ``told``."""
    drift, variance = 0.0, 0.0
    for weight in range(4):
        drift += told[weight] * _mix(layers.drift[kind, at, weight], layers.drift[kind, at + 1, weight], share)
    activity = 1.0
    for weight in range(3):
        variance += activity * _mix(layers.variance[kind, at, weight], layers.variance[kind, at + 1, weight], share)
        activity *= told[5]
    pull = _mix(layers.pull[kind, at], layers.pull[kind, at + 1], share)
    return drift, variance, pull


@nb.njit(cache=True, nogil=True, error_model="numpy")
def compute_usual(
    profiles: Profiles, row: int, capacity: float, then_s: float, needed: float
) -> float:  # fmt: skip
    """The logit of the share of time with at least ``needed`` at this time of the week; for more than one, that with
    at least one times what a normal level's tail beyond it loses.
    """
    usable = read_slot(profiles.usable, row, then_s)
    if needed <= 1.0:
        return float(usable)
    mean, spread = capacity * read_slot(profiles.mean, row, then_s), max(capacity * profiles.spread[row], 0.5)
    tail = math.erfc((needed - 0.5 - mean) / (spread * math.sqrt(2.0)))
    kept = tail / max(math.erfc((0.5 - mean) / (spread * math.sqrt(2.0))), 1e-300)
    return float(compute_logit(min(kept, 1.0) / (1.0 + math.exp(-usable))))


@nb.njit(cache=True, nogil=True, error_model="numpy")
def compute_logit(probability: float) -> float:
    """Kept from infinity."""
    inside = min(max(probability, EDGE), 1.0 - EDGE)
    return math.log(inside / (1.0 - inside))


@nb.njit(cache=True, nogil=True, error_model="numpy")
def calibrate(layers: Layers, kind: int, lead: int, stacked: float) -> float:
    """The calibrated logit of a stacked one, on the line that was learned for a lead."""
    knots, told = layers.knots[kind, lead], layers.told[kind, lead]
    last = len(knots) - 1
    if lead == 0:
        return stacked
    if stacked <= knots[0]:
        return float(told[0] + stacked - knots[0])
    if stacked >= knots[last]:
        return float(told[last] + stacked - knots[last])
    at = 0
    while knots[at + 1] <= stacked:
        at += 1
    return float(_mix(told[at], told[at + 1], (stacked - knots[at]) / (knots[at + 1] - knots[at])))


@nb.njit(cache=True, nogil=True, error_model="numpy")
def compute_silent(layers: Layers, kind: int, level: float, goes: float) -> float:
    """The probability that one of ``level`` cannot be used. ``goes``: how many should have gone since the level last
    changed (0: unknown); where there is just one, each that did not makes it likelier that it never will.
    """
    if level < 1.0:
        return 0.0
    usual, alone = layers.silent[kind, 0], layers.silent[kind, 1]
    if level > 1.0:
        return float(usual)
    if goes <= 0.0:
        return float(alone)
    return float(1.0 - 1.0 / (1.0 + usual / (1.0 - usual) * math.exp(min(EVIDENCE * goes, 6.0))))


@nb.njit(cache=True, nogil=True, error_model="numpy")
def stack(layers: Layers, kind: int, lead: int, passage: float, usual: float, level: float, needed: float) -> float:
    """The logit of a lead that was learned, before its calibration."""
    weights = layers.stack[kind, lead]
    stacked = weights[0] + weights[1] * passage + weights[2] * usual
    if level >= needed:
        stacked += weights[3]
    if level >= needed + 1.0:
        stacked += weights[4]
    return float(stacked)


@nb.njit(cache=True, nogil=True, error_model="numpy")
def _compute_usable(
    layers: Layers, kind: int, at: int, share: float, motion: tuple[float, float, float], mean: float, level: float,
    needed: float, usual: float,
) -> float:  # fmt: skip
    """The logit of at least ``needed`` from ``level``, for a ``motion`` (drift, variance, pull to the mean)."""
    drift, variance, pull = motion
    start = level + pull * (mean - level)
    passage = compute_logit(compute_reach(start, drift, variance, needed))
    first = calibrate(layers, kind, at, stack(layers, kind, at, passage, usual, level, needed))
    second = calibrate(layers, kind, at + 1, stack(layers, kind, at + 1, passage, usual, level, needed))
    return float(_mix(first, second, share))


@nb.njit(cache=True, nogil=True, error_model="numpy")
def _mix(first: float, second: float, share: float) -> float:
    return first + (second - first) * share


@nb.njit(cache=True, nogil=True, error_model="numpy")
def forecast_rows(
    profiles: Profiles, layers: Layers, kind: int, row: Ints, level: Ints, capacity: Floats, now_s: Floats,
    lead_s: Floats, then_s: Floats, needed: int, flow: Floats, quiet_s: Floats, pulse: Floats,
) -> Floats:  # fmt: skip
    """float64[places, 4]: ``P_USABLE, LOW, EXPECTED, HIGH``. Where ``level`` is below 0 there is no reading: then
    history alone speaks.

    ``now_s`` and ``then_s`` are the places in the week of the reading and of the arrival, ``quiet_s`` how long the
    level has not changed (0: unknown), ``capacity`` 0 where it is not known.
    """
    out = np.empty((len(row), 4))
    told = np.empty(FEATURES)
    strangers, last_s = len(profiles.capacity) - STRANGE, layers.leads_s[-1]
    for i in range(len(row)):
        layer = kind if row[i] < strangers else kind + STRANGE
        size = capacity[i] if capacity[i] > 0 else float(profiles.capacity[row[i]])
        usual = compute_usual(profiles, row[i], size, then_s[i], float(needed))
        middle, spread = size * read_slot(profiles.mean, row[i], then_s[i]), size * profiles.spread[row[i]]
        most, logit = max(size, float(level[i])), usual
        fade, centre, deviation, share, at = 1.0, 0.0, 0.0, 0.0, 0
        if level[i] >= 0:
            here = float(level[i])
            fade = min(max((lead_s[i] - last_s) / (FORGOTTEN_S - last_s), 0.0), 1.0)
            describe(profiles, row[i], size, now_s[i], lead_s[i], then_s[i], flow[i], pulse[i], told)
            at, share = weigh(layers, lead_s[i])
            motion = move(layers, layer, at, share, told)
            centre = here + motion[2] * (told[4] - here) + motion[0]
            deviation = math.sqrt(max(motion[1], 0.0))
            logit = _compute_usable(layers, layer, at, share, motion, told[4], here, float(needed), usual)
            logit = _mix(logit, usual, fade)
        out[i, P_USABLE] = 1.0 / (1.0 + math.exp(-logit)) if needed <= most else 0.0
        # with many more than enough, and all but certain, one more or less changes nothing
        is_sure = level[i] >= needed + SPARE and out[i, P_USABLE] > SURE
        if level[i] >= 1 and not is_sure and needed <= most and layers.silent[layer, 0] > 0.0:
            quiet, goes = min(quiet_s[i], LONGEST_S), 0.0
            if level[i] == 1 and quiet > 0.0:
                goes = read_cumulated(profiles.fall, row[i], now_s[i])
                goes = size * (goes - read_cumulated(profiles.fall, row[i], now_s[i] - quiet))
            silent = compute_silent(layers, layer, here, goes)
            less = _compute_usable(layers, layer, at, share, motion, told[4], here - 1.0, float(needed), usual)
            # the broken one stays: what can be used starts from one less, above a floor that is one higher
            less = 1.0 / (1.0 + math.exp(-_mix(less, usual, fade)))
            out[i, P_USABLE] = _mix(out[i, P_USABLE], less, silent)
        for column in (LOW, EXPECTED, HIGH):
            point = layers.quantile[layer, at, column - 1], layers.quantile[layer, at + 1, column - 1]
            near = centre + deviation * _mix(point[0], point[1], share)
            told_level = _mix(near, middle + NORMAL_POINTS[column - 1] * spread, fade)
            out[i, column] = min(max(told_level, 0.0), most)
    return out
