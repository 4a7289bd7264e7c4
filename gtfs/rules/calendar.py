"""calendar.txt and calendar_dates.txt: some service runs on some day, and not only in the past."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from gtfs.feed import ABSENT
from gtfs.notices import Notice, Severity
from gtfs.rules.subject import Rule, Subject, list_rows
from gtfs.service_days import WEEKDAYS, to_date, to_number


def check_files(subject: Subject) -> Iterator[Notice]:
    """``missing_calendar_and_calendar_date_files``."""
    if not {"calendar.txt", "calendar_dates.txt"} & subject.feed.present:
        message = "the feed has neither calendar.txt nor calendar_dates.txt; it needs one of them"
        yield Notice("missing_calendar_and_calendar_date_files", Severity.ERROR, "calendar.txt", 0, message)


def check_ranges(subject: Subject) -> Iterator[Notice]:
    """``start_and_end_range_out_of_order``."""
    calendar = subject["calendar.txt"]
    start, end = calendar["start_date"], calendar["end_date"]
    yield from list_rows(
        calendar,
        (start != ABSENT) & (end != ABSENT) & (start > end),
        "start_and_end_range_out_of_order",
        Severity.ERROR,
        lambda place: f"end_date {end[place]} is before start_date {start[place]}",
    )


def check_weekdays(subject: Subject) -> Iterator[Notice]:
    """``service_has_no_active_day_of_the_week``: legitimate only where calendar_dates.txt adds its days."""
    calendar = subject["calendar.txt"]
    runs = np.zeros(len(calendar), dtype=np.bool_)
    for weekday in WEEKDAYS:
        runs |= calendar[weekday] == 1
    added = set(subject["calendar_dates.txt"]["service_id"].tolist())
    yield from list_rows(
        calendar,
        [place for place in np.flatnonzero(~runs).tolist() if calendar["service_id"][place] not in added],
        "service_has_no_active_day_of_the_week",
        Severity.WARNING,
        lambda place: f"service {calendar['service_id'][place]} runs on no day of the week",
    )


def check_expired(subject: Subject) -> Iterator[Notice]:
    """``expired_calendar``: the last date of the service has passed."""
    calendar = subject["calendar.txt"]
    today = to_number(subject.today)
    ids = calendar["service_id"]
    past = np.flatnonzero((calendar["end_date"] != ABSENT) & (calendar["end_date"] < today)).tolist()
    last = {place: days[-1].item() for place in past if (days := subject.service_days.get(ids[place])) is not None}
    yield from list_rows(
        calendar,
        [place for place, date in last.items() if date < subject.today],
        "expired_calendar",
        Severity.WARNING,
        lambda place: f"service {ids[place]} ran for the last time on {last[place]}",
    )


def check_any_service(subject: Subject) -> Iterator[Notice]:
    """``changtong_no_service_days``: calendars, but no day on which anything runs."""
    if not {"calendar.txt", "calendar_dates.txt"} & subject.feed.present:
        return
    if not subject.service_days:
        message = "no service runs on any day, so that no trip can ever be found"
        yield Notice("changtong_no_service_days", Severity.ERROR, "calendar.txt", 0, message)


def check_feed_info_range(subject: Subject) -> Iterator[Notice]:
    """``changtong_service_outside_feed_dates``: the feed says that it ends before its services begin."""
    info = subject["feed_info.txt"]
    days = subject.service_days.values()
    if not days:
        return
    first, last = min(own[0] for own in days).item(), max(own[-1] for own in days).item()
    for place in range(len(info)):
        start, end = int(info["feed_start_date"][place]), int(info["feed_end_date"][place])
        is_before = start != ABSENT and last < to_date(start)
        is_after = end != ABSENT and first > to_date(end)
        if is_before or is_after:
            message = f"services run from {first} to {last}, not within feed_start_date and feed_end_date"
            code = "changtong_service_outside_feed_dates"
            yield Notice(code, Severity.WARNING, info.file, int(info.row[place]), message)


RULES: tuple[Rule, ...] = (
    check_files,
    check_ranges,
    check_weekdays,
    check_expired,
    check_any_service,
    check_feed_info_range,
)
