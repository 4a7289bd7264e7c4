"""Fares v2: timeframes.txt and fare_transfer_rules.txt, what one record may and must say."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from gtfs.feed import ABSENT
from gtfs.notices import Notice, Severity
from gtfs.rules.subject import Rule, Subject, factorize, list_rows

DAY_S = 86_400


def check_timeframes(subject: Subject) -> Iterator[Notice]:
    """Both times or none, within one day, without overlap in a group and service."""
    table = subject["timeframes.txt"]
    start, end = table["start_time"], table["end_time"]
    yield from list_rows(
        table,
        (start == ABSENT) != (end == ABSENT),
        "timeframe_only_start_or_end_time_specified",
        Severity.ERROR,
        lambda _: "start_time and end_time are given both or not at all",
    )
    yield from list_rows(
        table,
        (start > DAY_S) | (end > DAY_S),
        "timeframe_start_or_end_time_greater_than_twenty_four_hours",
        Severity.ERROR,
        lambda _: "a timeframe ends at 24:00:00 at the latest; begin another for the hours after midnight",
    )
    # absent times stand for the whole day
    begin, finish = np.where(start == ABSENT, 0, start), np.where(end == ABSENT, DAY_S, end)
    group, service = factorize(table["timeframe_group_id"]), factorize(table["service_id"])
    order = np.lexsort((begin, service, group))
    before, here = order[:-1], order[1:]
    is_same = (group[before] == group[here]) & (service[before] == service[here])
    yield from list_rows(
        table,
        np.sort(here[is_same & (begin[here] < finish[before])]),
        "timeframe_overlap",
        Severity.ERROR,
        lambda place: f"group {table['timeframe_group_id'][place]} has two timeframes at this time",
    )


def check_transfer_rules(subject: Subject) -> Iterator[Notice]:
    """Which fields of fare_transfer_rules.txt go together."""
    table = subject["fare_transfer_rules.txt"]
    has_limit, has_type = table["duration_limit"] != ABSENT, table["duration_limit_type"] != ABSENT
    count = table["transfer_count"]
    is_same_group = (table["from_leg_group_id"] == table["to_leg_group_id"]) & (table["from_leg_group_id"] != "")
    has_count = ~np.isnan(count)
    found = (
        ("fare_transfer_rule_duration_limit_without_type", has_limit & ~has_type, "duration_limit_type is missing"),
        (
            "fare_transfer_rule_duration_limit_type_without_duration_limit",
            has_type & ~has_limit,
            "duration_limit is missing",
        ),
        (
            "fare_transfer_rule_missing_transfer_count",
            is_same_group & ~has_count,
            "transfer_count is missing: both legs are of one group",
        ),
        (
            "fare_transfer_rule_with_forbidden_transfer_count",
            has_count & ~is_same_group,
            "transfer_count is only for legs of one group",
        ),
        (
            "fare_transfer_rule_invalid_transfer_count",
            is_same_group & (count == 0),
            "transfer_count is -1 (no limit) or more than 0",
        ),
    )
    for code, mask, message in found:
        yield from list_rows(table, mask, code, Severity.ERROR, lambda _, message=message: message)  # type: ignore[misc]


RULES: tuple[Rule, ...] = (check_timeframes, check_transfer_rules)
