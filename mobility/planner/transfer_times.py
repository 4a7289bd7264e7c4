"""How long changes take one person: the timetable with every change and every footpath made longer.

A footpath or a change at a stop of ``d`` seconds takes ``max(minimum_s, ceil(factor * d) + additional_s)``, as in
MOTIS (``minTransferTime``, ``transferTimeFactor``, ``additionalTransferTime``). Nothing gets shorter, so that lower
bounds of the timetable stay true, and the footpaths of a stop stay in order of duration. A change that is forbidden
stays so, staying aboard is no change, and the walks at both doors are not touched.
"""

from __future__ import annotations

import numpy as np

from mobility.network.timetable import Arrays, Ints
from mobility.network.transfers import FORBIDDEN_S
from mobility.planner.query import TransferTimes
from mobility.planner.refusals import ImpossibleTransferTimes

LONGEST_S = 24 * 3600
LARGEST_FACTOR = 10.0


def check_transfer_times(times: TransferTimes) -> None:
    """Refuse what makes no sense.

    Raises:
        ImpossibleTransferTimes: The message names the number and its limits, ``field`` the field of ``times``.
    """
    for field, seconds in (("minimum_s", times.minimum_s), ("additional_s", times.additional_s)):
        if not 0 <= seconds <= LONGEST_S:
            message = f"the {field[:-2]} transfer time is {seconds} s; it is 0 to {LONGEST_S} s (24 hours)"
            raise ImpossibleTransferTimes(message, f"transfer.{field}")
    if not 1 <= times.factor <= LARGEST_FACTOR:
        message = (
            f"the factor on transfer times is {times.factor:g}; it is 1 (as the timetable says) to {LARGEST_FACTOR:g}, "
            "since nobody can promise a change faster than the timetable does"
        )
        raise ImpossibleTransferTimes(message, "transfer.factor")


def stretch_changes(arrays: Arrays, times: TransferTimes) -> Arrays:
    """The same timetable for somebody who changes in these times; only ``fp_s`` and ``change_s`` are new."""
    check_transfer_times(times)
    return arrays._replace(fp_s=_stretch(arrays.fp_s, times), change_s=_stretch(arrays.change_s, times))


def _stretch(seconds: Ints, times: TransferTimes) -> Ints:
    longer = np.ceil(seconds * times.factor - 1e-9).astype(np.int64) + times.additional_s
    longer = np.maximum(longer, times.minimum_s)
    return np.where(seconds >= FORBIDDEN_S, seconds, longer).astype(np.int32)
