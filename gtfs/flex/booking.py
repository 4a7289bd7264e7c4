"""booking_rules.txt: how long before a ride one books it, and where (GTFS Schedule reference)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum

from gtfs.feed import ABSENT, Feed

LEAST_RIDERS_COLUMN = "changtong_least_riders"
"""Our own column: a run takes place for so many riders and more. GTFS has no field for it."""


class BookingType(IntEnum):
    """``booking_type``."""

    REAL_TIME = 0
    SAME_DAY = 1
    PRIOR_DAYS = 2


@dataclass(frozen=True, slots=True)
class BookingRule:
    """One rule; a number is None where the feed has none. Minutes count back from the ride, days from its date: on
    days of ``service_id``, on every day where that is empty. Times are seconds of the service day. ``row`` is the
    line in the file; ``least_riders`` is 0 where nothing is said. ``messages`` has translations of ``message`` by
    language tag, without the feed's own language.
    """

    rule_id: str
    type: BookingType
    duration_min_minutes: int | None = None
    duration_max_minutes: int | None = None
    last_day: int | None = None
    last_time_s: int | None = None
    start_day: int | None = None
    start_time_s: int | None = None
    service_id: str = ""
    message: str = ""
    pickup_message: str = ""
    drop_off_message: str = ""
    phone: str = ""
    info_url: str = ""
    booking_url: str = ""
    least_riders: int = 0
    messages: Mapping[str, str] | None = None
    row: int = 0


def read_booking_rules(feed: Feed) -> dict[str, BookingRule]:
    """The rules by id. One without a usable ``booking_type`` is read by what it has: days make it ``PRIOR_DAYS``,
    minutes ``SAME_DAY`` (the reader has told of the missing type).
    """
    table = feed["booking_rules.txt"]
    columns = {name: table[name].tolist() for name in table.columns}
    least = columns.get(LEAST_RIDERS_COLUMN, [""] * len(table))
    messages = _list_translations(feed)

    def number(name: str, row: int) -> int | None:
        value = int(columns[name][row])
        return None if value == ABSENT else value

    rules: dict[str, BookingRule] = {}
    for row, rule_id in enumerate(columns["booking_rule_id"]):
        shortest, last_day = number("prior_notice_duration_min", row), number("prior_notice_last_day", row)
        rules.setdefault(
            rule_id,
            BookingRule(
                rule_id=rule_id,
                type=_find_type(number("booking_type", row), shortest, last_day),
                duration_min_minutes=shortest,
                duration_max_minutes=number("prior_notice_duration_max", row),
                last_day=last_day,
                last_time_s=number("prior_notice_last_time", row),
                start_day=number("prior_notice_start_day", row),
                start_time_s=number("prior_notice_start_time", row),
                service_id=columns["prior_notice_service_id"][row],
                message=columns["message"][row],
                pickup_message=columns["pickup_message"][row],
                drop_off_message=columns["drop_off_message"][row],
                phone=columns["phone_number"][row],
                info_url=columns["info_url"][row],
                booking_url=columns["booking_url"][row],
                least_riders=int(least[row]) if least[row].isdecimal() else 0,
                messages=messages.get(rule_id, {}),
                row=int(table.row[row]),
            ),
        )
    return rules


def _find_type(stated: int | None, shortest: int | None, last_day: int | None) -> BookingType:
    if stated is not None and stated in set(BookingType):
        return BookingType(stated)
    if last_day is not None:
        return BookingType.PRIOR_DAYS
    return BookingType.REAL_TIME if shortest is None else BookingType.SAME_DAY


def _list_translations(feed: Feed) -> dict[str, dict[str, str]]:
    """``message`` of each rule by language."""
    table = feed["translations.txt"]
    found: dict[str, dict[str, str]] = {}
    columns = (table[name].tolist() for name in ("table_name", "field_name", "record_id", "language", "translation"))
    for name, field, record, language, text in zip(*columns, strict=True):
        if (name, field) == ("booking_rules", "message") and record and text:
            found.setdefault(record, {})[language] = text
    return found
