"""frequencies.txt: headways in intervals that have a length and do not overlap."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from gtfs.feed import ABSENT
from gtfs.notices import Notice, Severity
from gtfs.rules.subject import Rule, Subject, factorize, format_time, list_rows


def check_ranges(subject: Subject) -> Iterator[Notice]:
    """``start_and_end_range_out_of_order`` and ``start_and_end_range_equal``."""
    table = subject["frequencies.txt"]
    start, end = table["start_time"], table["end_time"]
    is_whole = (start != ABSENT) & (end != ABSENT)
    yield from list_rows(
        table,
        is_whole & (start > end),
        "start_and_end_range_out_of_order",
        Severity.ERROR,
        lambda place: f"end_time {format_time(int(end[place]))} is before start_time {format_time(int(start[place]))}",
    )
    yield from list_rows(
        table,
        is_whole & (start == end),
        "start_and_end_range_equal",
        Severity.ERROR,
        lambda place: f"start_time and end_time are both {format_time(int(start[place]))}",
    )


def check_overlaps(subject: Subject) -> Iterator[Notice]:
    """``overlapping_frequency``: two intervals of one trip at the same time."""
    table = subject["frequencies.txt"]
    start, end = table["start_time"], table["end_time"]
    code = factorize(table["trip_id"])
    order = np.lexsort((start, code))
    before, here = order[:-1], order[1:]
    is_wrong = (code[before] == code[here]) & (start[here] != ABSENT) & (start[here] < end[before])
    earlier = dict(zip(here[is_wrong].tolist(), before[is_wrong].tolist(), strict=True))
    yield from list_rows(
        table,
        sorted(earlier),
        "overlapping_frequency",
        Severity.ERROR,
        lambda place: (
            f"trip {table['trip_id'][place]} begins this interval at {format_time(int(start[place]))}, before the one "
            f"in row {table.row[earlier[place]]} ends"
        ),
    )


RULES: tuple[Rule, ...] = (check_ranges, check_overlaps)
