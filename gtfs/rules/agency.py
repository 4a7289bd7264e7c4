"""agency.txt: all agencies of a feed share one clock, and are told apart by their ids."""

from __future__ import annotations

from collections.abc import Iterator

from gtfs.notices import Notice, Severity
from gtfs.rules.subject import Rule, Subject, list_rows


def check_timezones(subject: Subject) -> Iterator[Notice]:
    """``inconsistent_agency_timezone``: service-day times would mean two things."""
    agency = subject["agency.txt"]
    zones = agency["agency_timezone"]
    first = next((zone for zone in zones if zone), "")
    yield from list_rows(
        agency,
        [place for place, zone in enumerate(zones) if zone not in {"", first}],
        "inconsistent_agency_timezone",
        Severity.ERROR,
        lambda place: f"agency_timezone is {zones[place]}, but {first} above; all agencies must share one",
    )


def check_languages(subject: Subject) -> Iterator[Notice]:
    """``inconsistent_agency_lang``."""
    agency = subject["agency.txt"]
    languages = agency["agency_lang"]
    first = next((language for language in languages if language), "")
    yield from list_rows(
        agency,
        [place for place, tag in enumerate(languages) if tag and tag.lower() != first.lower()],
        "inconsistent_agency_lang",
        Severity.WARNING,
        lambda place: f"agency_lang is {languages[place]}, but {first} above",
    )


def check_ids(subject: Subject) -> Iterator[Notice]:
    """``missing_required_field``: with several agencies each needs its agency_id."""
    agency = subject["agency.txt"]
    if len(agency) > 1:
        yield from list_rows(
            agency,
            agency["agency_id"] == "",
            "missing_required_field",
            Severity.ERROR,
            lambda _: "agency_id is empty, and the feed has more than one agency",
        )


RULES: tuple[Rule, ...] = (check_timezones, check_languages, check_ids)
