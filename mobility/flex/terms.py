"""What a person has to do to get an on-demand ride: by when, where, with how many; as values and as sentences."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from zoneinfo import ZoneInfo

from gtfs.flex import BookingRule, BookingType
from gtfs.service_days import Days
from mobility.flex.booking import book_by, booking_opens

EN, ZH = "en", "zh-Hant"
MONTHS = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)


class BookingState(StrEnum):
    """Where the moment of asking stands: booking has not opened yet, is open, or has closed."""

    EARLY = "early"
    OPEN = "open"
    LATE = "late"


@dataclass(frozen=True, slots=True)
class BookingTerms:
    """How to book one ride. ``opens_at`` and ``book_by`` are None where there is no such limit; ``least_riders`` is 0
    where nothing is said. ``texts`` are our sentences by BCP-47 tag, ``messages`` the agency's own words, under an
    empty tag where the feed does not say its language.
    """

    state: BookingState
    opens_at: dt.datetime | None
    book_by: dt.datetime | None
    phone: str = ""
    url: str = ""
    least_riders: int = 0
    texts: Mapping[str, str] = field(default_factory=dict)
    messages: Mapping[str, str] = field(default_factory=dict)


def settle_booking(
    rules: Sequence[BookingRule],
    ride_at: dt.datetime,
    now: dt.datetime,
    timezone: str,
    *,
    service_date: dt.date | None = None,
    notice_days: Mapping[str, Days] | None = None,
    language: str = "",
) -> BookingTerms:
    """The terms of a ride to which all of ``rules`` apply: the earliest deadline and the latest opening.

    Args:
        rules: Those of the ride's ends; none means that the agency must be asked and nothing else is known.
        ride_at: When one is picked up, aware.
        now: When the person asks, aware.
        timezone: IANA name of the agency's zone, in which the sentences give times.
        service_date: As of ``book_by``.
        notice_days: The days of each service that a rule may name.
        language: That of the feed's own messages.
    """
    opened: list[dt.datetime] = []
    closed: list[dt.datetime] = []
    for rule in rules:
        days = (notice_days or {}).get(rule.service_id) if rule.service_id else None
        opens = booking_opens(rule, ride_at, timezone, service_date=service_date, notice_days=days)
        closes = book_by(rule, ride_at, timezone, service_date=service_date, notice_days=days)
        opened += [opens] if opens else []
        closed += [closes] if closes else []
    opens_at, by = max(opened, default=None), min(closed, default=None)
    state = BookingState.OPEN
    if now > (ride_at if by is None else by):
        state = BookingState.LATE
    elif opens_at is not None and now < opens_at:
        state = BookingState.EARLY
    phone = next((rule.phone for rule in rules if rule.phone), "")
    url = next((address for rule in rules for address in (rule.booking_url, rule.info_url) if address), "")
    least = max((rule.least_riders for rule in rules), default=0)
    needs_notice = any(rule.type is not BookingType.REAL_TIME for rule in rules)
    local = [None if at is None else at.astimezone(ZoneInfo(timezone)) for at in (opens_at, by)]
    texts = {
        EN: _say_en(state, local[0], local[1], phone, url, least, is_known=bool(rules), needs_notice=needs_notice),
        ZH: _say_zh(state, local[0], local[1], phone, url, least, is_known=bool(rules), needs_notice=needs_notice),
    }
    return BookingTerms(state, local[0], local[1], phone, url, least, texts, _join_messages(rules, language))


def _join_messages(rules: Sequence[BookingRule], language: str) -> dict[str, str]:
    found: dict[str, list[str]] = {}
    for rule in rules:
        for tag, text in {language: rule.message, **(rule.messages or {})}.items():
            if text and text not in found.setdefault(tag, []):
                found[tag].append(text)
    return {tag: " ".join(texts) for tag, texts in found.items()}


def _say_en(
    state: BookingState,
    opens_at: dt.datetime | None,
    by: dt.datetime | None,
    phone: str,
    url: str,
    least: int,
    *,
    is_known: bool,
    needs_notice: bool,
) -> str:
    where = f", phone {phone}" if phone else f", {url}" if url else ""
    if not is_known:
        told = "Ask the operator for this ride beforehand; how long before is not known."
    elif state is BookingState.LATE:
        told = f"Booking closed at {_when_en(by)}{where}." if by else "It is too late to book this ride."
    elif not needs_notice or by is None:
        told = f"Book when you want to ride{where}."
    elif state is BookingState.EARLY and opens_at is not None:
        told = f"Book from {_when_en(opens_at)} and by {_when_en(by)}{where}."
    else:
        told = f"Book by {_when_en(by)}{where}."
    return f"{told} It runs only with at least {least} riders." if least > 1 else told


def _say_zh(
    state: BookingState,
    opens_at: dt.datetime | None,
    by: dt.datetime | None,
    phone: str,
    url: str,
    least: int,
    *,
    is_known: bool,
    needs_notice: bool,
) -> str:
    where = f"，電話 {phone}" if phone else f"，{url}" if url else ""
    if not is_known:
        told = "須事先向業者預約，預約期限不明。"
    elif state is BookingState.LATE:
        told = f"預約已於 {_when_zh(by)} 截止{where}。" if by else "已無法預約此班次。"
    elif not needs_notice or by is None:
        told = f"可即時預約{where}。"
    elif state is BookingState.EARLY and opens_at is not None:
        told = f"請於 {_when_zh(opens_at)} 起、{_when_zh(by)} 前預約{where}。"
    else:
        told = f"請於 {_when_zh(by)} 前預約{where}。"
    return f"{told}至少 {least} 人預約才發車。" if least > 1 else told


def _when_en(at: dt.datetime) -> str:
    return f"{at:%H:%M} on {at.day} {MONTHS[at.month - 1]}"


def _when_zh(at: dt.datetime) -> str:
    return f"{at.month} 月 {at.day} 日 {at:%H:%M}"
