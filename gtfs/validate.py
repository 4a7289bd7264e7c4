"""All rules over a feed that was read, in a stable order: reading first, then file by file."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

from gtfs.feed import Feed
from gtfs.notices import Report
from gtfs.rules import (
    agency,
    any_file,
    calendar,
    fares,
    feed_info,
    flex,
    frequencies,
    pathways,
    routes,
    shapes,
    stop_times,
    stops,
    transfers,
    translations,
    trips,
)
from gtfs.rules.subject import Rule, Subject

RULES: tuple[Rule, ...] = (
    *any_file.RULES,
    *agency.RULES,
    *stops.RULES,
    *routes.RULES,
    *trips.RULES,
    *stop_times.RULES,
    *calendar.RULES,
    *frequencies.RULES,
    *shapes.RULES,
    *transfers.RULES,
    *pathways.RULES,
    *fares.RULES,
    *flex.RULES,
    *translations.RULES,
    *feed_info.RULES,
)


def validate(
    feed: Feed,
    report: Report,
    *,
    today: dt.date | None = None,
    on_progress: Callable[[int, int], None] | None = None,
) -> Report:
    """The report of reading ``feed``, and what the rules find in it.

    Args:
        feed: What ``read_feed`` gave.
        report: What ``read_feed`` gave beside it; its notices come first.
        today: The day for the rules about expiry; the clock's where it is not given.
        on_progress: Called with the number of rules done and the number there are.
    """
    subject = Subject(feed, today or dt.datetime.now(dt.UTC).date())
    for done, rule in enumerate(RULES, start=1):
        report = report.with_notices(rule(subject))
        if on_progress:
            on_progress(done, len(RULES))
    return report
