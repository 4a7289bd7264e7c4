"""Flexible service: booking_rules.txt, location_groups.txt and the zones of locations.geojson."""

from __future__ import annotations

from collections.abc import Iterator

from gtfs import schema
from gtfs.feed import ABSENT
from gtfs.flex.zones import read_zones
from gtfs.notices import Notice, Severity
from gtfs.rules.subject import Rule, Subject, list_rows

REAL_TIME, SAME_DAY, PRIOR_DAYS = range(3)
"""booking_type."""


def check_booking_rules(subject: Subject) -> Iterator[Notice]:
    """What a kind of booking needs, and what contradicts it."""
    table = subject["booking_rules.txt"]
    kind = table["booking_type"]
    has = {
        name: table[name] != ABSENT for name in table.columns if name.startswith("prior_notice_") and name[-2:] != "id"
    }
    shortest, longest = table["prior_notice_duration_min"], table["prior_notice_duration_max"]
    last_day, start_day = table["prior_notice_last_day"], table["prior_notice_start_day"]
    any_notice = sum(mask.astype(int) for mask in has.values()) > 0
    is_real_time, is_same_day, is_prior = (kind == one for one in (REAL_TIME, SAME_DAY, PRIOR_DAYS))
    has_last, has_start = has["prior_notice_last_day"], has["prior_notice_start_day"]
    found = (
        (
            "forbidden_real_time_booking_field_value",
            is_real_time & any_notice,
            "real-time booking takes no prior notice",
        ),
        (
            "forbidden_same_day_booking_field_value",
            is_same_day & has_last,
            "same-day booking has no prior_notice_last_day",
        ),
        (
            "missing_prior_notice_duration_min",
            is_same_day & (shortest == ABSENT),
            "prior_notice_duration_min is missing: booking on the same day",
        ),
        (
            "missing_prior_notice_last_day",
            is_prior & ~has_last,
            "prior_notice_last_day is missing: booking on days before",
        ),
        (
            "missing_prior_notice_last_time",
            has_last & ~has["prior_notice_last_time"],
            "prior_notice_last_time is missing",
        ),
        (
            "missing_prior_notice_start_time",
            has_start & ~has["prior_notice_start_time"],
            "prior_notice_start_time is missing",
        ),
        (
            "invalid_prior_notice_duration_min",
            (longest != ABSENT) & (longest < shortest),
            "prior_notice_duration_max is less than the minimum",
        ),
        (
            "prior_notice_last_day_after_start_day",
            has_last & has_start & (last_day > start_day),
            "prior_notice_last_day comes before booking opens",
        ),
    )
    for code, mask, message in found:
        yield from list_rows(table, mask, code, Severity.ERROR, lambda _, message=message: message)  # type: ignore[misc]


def check_geography_ids(subject: Subject) -> Iterator[Notice]:
    """``duplicate_geography_id``: stops, location groups and zones share one space of ids."""
    stops = set(subject["stops.txt"]["stop_id"].tolist())
    groups = subject["location_groups.txt"]
    yield from list_rows(
        groups,
        [n for n, name in enumerate(groups["location_group_id"]) if name in stops],
        "duplicate_geography_id",
        Severity.ERROR,
        lambda place: f"location_group_id {groups['location_group_id'][place]} is also a stop_id",
    )
    taken = stops | set(groups["location_group_id"].tolist())
    for number, feature in enumerate(subject.feed.documents.get(schema.LOCATIONS, {}).get("features", []), start=1):
        name = str(feature.get("id", "")) if isinstance(feature, dict) else ""
        if not name:
            message = f"feature {number} has no id"
            yield Notice("missing_required_element", Severity.ERROR, schema.LOCATIONS, 0, message)
        elif name in taken:
            message = f"the id {name} of feature {number} is taken by a stop, a location group or another zone"
            yield Notice("duplicate_geography_id", Severity.ERROR, schema.LOCATIONS, 0, message)
        taken.add(name)


def check_zones(subject: Subject) -> Iterator[Notice]:
    """Zones that have no shape in which somebody could be picked up."""
    yield from read_zones(subject.feed)[1]


RULES: tuple[Rule, ...] = (check_booking_rules, check_geography_ids, check_zones)
