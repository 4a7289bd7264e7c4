"""feed_info.txt and attributions.txt: who publishes the feed, in which language, until when."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from gtfs.feed import ABSENT
from gtfs.notices import Notice, Severity
from gtfs.rules.subject import Rule, Subject, list_rows
from gtfs.service_days import to_date


def check_dates(subject: Subject) -> Iterator[Notice]:
    """Both dates or none, in order, and not about to pass."""
    info = subject["feed_info.txt"]
    start, end = info["feed_start_date"], info["feed_end_date"]
    yield from list_rows(
        info,
        (start != ABSENT) & (end != ABSENT) & (start > end),
        "start_and_end_range_out_of_order",
        Severity.ERROR,
        lambda place: f"feed_end_date {end[place]} is before feed_start_date {start[place]}",
    )
    yield from list_rows(
        info,
        (start == ABSENT) != (end == ABSENT),
        "missing_feed_info_date",
        Severity.WARNING,
        lambda place: f"feed_{'start' if start[place] == ABSENT else 'end'}_date is missing beside the other",
    )
    for place in np.flatnonzero(end != ABSENT).tolist():
        left = (to_date(int(end[place])) - subject.today).days
        code = "feed_expiration_date7_days" if left < 7 else "feed_expiration_date30_days" if left < 30 else ""
        if code:
            message = f"the feed ends on {to_date(int(end[place]))}; publish the next one"
            yield Notice(code, Severity.WARNING, info.file, int(info.row[place]), message)


def check_single(subject: Subject) -> Iterator[Notice]:
    """``more_than_one_entity``."""
    info = subject["feed_info.txt"]
    message = "feed_info.txt has one record; remove the others"
    yield from list_rows(info, range(1, len(info)), "more_than_one_entity", Severity.WARNING, lambda _: message)


def check_contact(subject: Subject) -> Iterator[Notice]:
    """``missing_feed_contact_email_and_url``."""
    info = subject["feed_info.txt"]
    yield from list_rows(
        info,
        (info["feed_contact_email"] == "") & (info["feed_contact_url"] == ""),
        "missing_feed_contact_email_and_url",
        Severity.WARNING,
        lambda _: "neither feed_contact_email nor feed_contact_url is given, so that nobody can report a fault",
    )


def check_language(subject: Subject) -> Iterator[Notice]:
    """``feed_info_lang_and_agency_lang_mismatch``; ``mul`` agrees with all."""
    info, languages = subject["feed_info.txt"], subject["agency.txt"]["agency_lang"]
    own = {str(tag).lower() for tag in languages} - {""}
    yield from list_rows(
        info,
        [n for n, tag in enumerate(info["feed_lang"]) if tag and tag.lower() != "mul" and own - {tag.lower()}],
        "feed_info_lang_and_agency_lang_mismatch",
        Severity.WARNING,
        lambda place: f"feed_lang is {info['feed_lang'][place]}, but an agency speaks {', '.join(sorted(own))}",
    )


def check_attributions(subject: Subject) -> Iterator[Notice]:
    """``attribution_without_role``."""
    table = subject["attributions.txt"]
    has_role = (table["is_producer"] == 1) | (table["is_operator"] == 1) | (table["is_authority"] == 1)
    yield from list_rows(
        table,
        ~has_role,
        "attribution_without_role",
        Severity.WARNING,
        lambda place: f"{table['organization_name'][place]} is neither producer, operator nor authority",
    )


RULES: tuple[Rule, ...] = (check_dates, check_single, check_contact, check_language, check_attributions)
