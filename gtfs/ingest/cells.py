"""Text into values: one converter a column, which remembers every text that it has seen.

A feed repeats itself (900,000 stop times know some 40,000 times of day), so that each distinct text is
parsed and checked once and the rest is a dictionary look-up. Field types as in the GTFS Schedule
reference, "Field Types"; codes as in the canonical validator.
"""

from __future__ import annotations

import datetime as dt
import re
import sys
import zoneinfo
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from typing import Any

import numpy as np

from gtfs.feed import ABSENT, Column
from gtfs.notices import Notice, Severity
from gtfs.schema import REAL, WHOLE, Field, Kind

LARGEST_WHOLE = 2**31 - 1
REMEMBERED = 500_000
"""Texts a column remembers before it starts anew; coordinates of shapes hardly repeat."""

TIME = re.compile(r"(\d{1,3}):([0-5]\d):([0-5]\d)", re.ASCII)
INTEGER = re.compile(r"[+-]?\d{1,18}", re.ASCII)
FLOAT = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d{1,3})?", re.ASCII)
DATE = re.compile(r"(\d{4})(\d\d)(\d\d)", re.ASCII)
COLOR = re.compile(r"[0-9a-fA-F]{6}")
CURRENCY = re.compile(r"[A-Z]{3}")
EMAIL = re.compile(r"[^@\s]+@[^@\s.]+(?:\.[^@\s.]+)+")
LANGUAGE = re.compile(r"[a-zA-Z]{2,8}(?:[-_][a-zA-Z0-9]{1,8})*")
URL = re.compile(r"[a-zA-Z][a-zA-Z0-9+.-]*://[^\s/?#]+\S*")


class Fault(Exception):  # noqa: N818  (never leaves this module)
    """A text that is not a value of its type."""

    def __init__(self, code: str, message: str, severity: Severity = Severity.ERROR) -> None:
        super().__init__(message)
        self.code = code
        self.severity = severity


def parse_time(text: str) -> int | None:
    """Seconds of the service day of ``H:MM:SS``, which may exceed 24 h; None where it is not a time."""
    match = TIME.fullmatch(text)
    return int(match[1]) * 3600 + int(match[2]) * 60 + int(match[3]) if match else None


def parse_date(text: str) -> int | None:
    """``YYYYMMDD`` as the same number; None where there is no such day."""
    match = DATE.fullmatch(text)
    if not match:
        return None
    try:
        dt.date(int(match[1]), int(match[2]), int(match[3]))
    except ValueError:
        return None
    return int(text)


def _time(_: Field, text: str) -> int:
    seconds = parse_time(text)
    if seconds is None:
        raise Fault("invalid_time", "is not a time; write H:MM:SS, after midnight 24:00:00 and more")
    return seconds


def _date(_: Field, text: str) -> int:
    date = parse_date(text)
    if date is None:
        raise Fault("invalid_date", "is not a date; write YYYYMMDD")
    return date


def _whole(field: Field, text: str) -> int:
    if not INTEGER.fullmatch(text):
        raise Fault("invalid_integer", "is not a whole number")
    value = int(text)
    _check_range(field, value)
    if abs(value) > LARGEST_WHOLE:
        raise Fault("number_out_of_range", f"is larger than {LARGEST_WHOLE}")
    return value


def _enum(field: Field, text: str) -> int:
    if not INTEGER.fullmatch(text):
        raise Fault("invalid_integer", "is not a whole number")
    value = int(text)
    if not field.allows(value):
        allowed = ", ".join(f"{low}–{high}" if low != high else f"{low}" for low, high in field.values)
        raise Fault("unexpected_enum_value", f"is not one of {allowed}", Severity.WARNING)
    return value


def _float(field: Field, text: str) -> float:
    if not FLOAT.fullmatch(text):
        raise Fault("invalid_float", "is not a number; write the decimal point as .")
    value = float(text)
    _check_range(field, value)
    return value


def _degrees(field: Field, text: str) -> float:
    value = _float(field, text)
    limit = 90.0 if field.kind is Kind.LATITUDE else 180.0
    if abs(value) > limit:
        raise Fault("number_out_of_range", f"is outside -{limit:.0f}..{limit:.0f} degrees")
    return value


def _check_range(field: Field, value: float) -> None:
    if field.low is not None and value < field.low:
        raise Fault("number_out_of_range", f"is below {field.low:g}")
    if field.high is not None and value > field.high:
        raise Fault("number_out_of_range", f"is above {field.high:g}")


@cache
def _time_zones() -> frozenset[str]:
    return frozenset(zoneinfo.available_timezones())


def _check_timezone(text: str) -> None:
    if text not in _time_zones():
        raise Fault("invalid_timezone", "is not a time zone of the IANA data base, such as Asia/Taipei")


def _pattern(code: str, pattern: re.Pattern[str], remedy: str) -> Callable[[str], None]:
    def check(text: str) -> None:
        if not pattern.fullmatch(text):
            raise Fault(code, remedy)

    return check


PARSERS: dict[Kind, Callable[[Field, str], float]] = {
    Kind.TIME: _time,
    Kind.DATE: _date,
    Kind.INTEGER: _whole,
    Kind.SIGNED: _whole,
    Kind.ENUM: _enum,
    Kind.FLOAT: _float,
    Kind.LATITUDE: _degrees,
    Kind.LONGITUDE: _degrees,
}
CHECKS: dict[Kind, Callable[[str], None]] = {
    Kind.TIMEZONE: _check_timezone,
    Kind.COLOR: _pattern("invalid_color", COLOR, "is not a colour; write six hexadecimal digits, without #"),
    Kind.CURRENCY: _pattern("invalid_currency", CURRENCY, "is not a currency code of ISO 4217, such as TWD"),
    Kind.EMAIL: _pattern("invalid_email", EMAIL, "is not an e-mail address"),
    Kind.LANGUAGE: _pattern("invalid_language_code", LANGUAGE, "is not a language tag of BCP 47, such as zh-TW"),
    Kind.URL: _pattern("invalid_url", URL, "is not a URL; write it in full, with https://"),
}
"""Texts that keep their value even where it is faulty, except a time zone, which nothing could use."""


def absent_value(kind: Kind) -> int | float | str:
    """What stands for an empty cell."""
    if kind in WHOLE:
        return ABSENT
    return float("nan") if kind in REAL else ""


def absent_column(kind: Kind, rows: int) -> Column:
    """A column that the file does not have."""
    if kind in WHOLE:
        return np.full(rows, ABSENT, dtype=np.int32)
    if kind in REAL:
        return np.full(rows, np.nan, dtype=np.float64)
    return np.broadcast_to(np.array("", dtype=object), (rows,))


class Converter(dict[str, Any]):
    """Text to value of one column. ``faults`` holds, for a text that has any, what to report."""

    def __init__(self, field: Field) -> None:
        super().__init__()
        self.field = field
        self.absent = absent_value(field.kind)
        self.faults: dict[str, list[Fault]] = {}

    def __missing__(self, raw: str) -> int | float | str:
        faults: list[Fault] = []
        value = self._convert(raw, faults)
        if faults:
            self.faults[raw] = faults
        self[raw] = value
        return value

    def _convert(self, raw: str, faults: list[Fault]) -> int | float | str:
        text = raw.strip()
        if not text:
            if self.field.is_required:
                faults.append(Fault("missing_required_field", "is empty, and every record needs it"))
            return self.absent
        faults.extend(_look_over(raw, text))
        kind = self.field.kind
        try:
            if kind in PARSERS:
                return PARSERS[kind](self.field, text)
            if kind in CHECKS:
                CHECKS[kind](text)
        except Fault as fault:
            faults.append(fault)
            if kind in PARSERS or kind is Kind.TIMEZONE:
                return self.absent
        return sys.intern(text)

    def convert(self, raw: Sequence[str]) -> Column:
        """The values of some cells."""
        if len(self) > REMEMBERED:
            self.clear()
        values = map(self.__getitem__, raw)
        if self.field.kind in WHOLE:
            return np.fromiter(values, dtype=np.int32, count=len(raw))
        if self.field.kind in REAL:
            return np.fromiter(values, dtype=np.float64, count=len(raw))
        column = np.empty(len(raw), dtype=object)
        column[:] = list(values)
        return column

    def list_notices(self, raw: Sequence[str], lines: Column, file: str) -> Iterator[Notice]:
        """The faults of these cells, by line."""
        if not self.faults:
            return
        for text, line in zip(raw, lines, strict=True):
            for fault in self.faults.get(text, ()):
                yield Notice(fault.code, fault.severity, file, int(line), self._describe(text, fault))

    def _describe(self, text: str, fault: Fault) -> str:
        shown = text if len(text) <= 60 else f"{text[:57]}…"
        return f"{self.field.name} {fault}" if not text.strip() else f"{self.field.name} {shown!r} {fault}"


def _look_over(raw: str, text: str) -> Iterator[Fault]:
    """Faults that any text may have."""
    if raw != text:
        yield Fault("leading_or_trailing_whitespaces", "has blanks around it; remove them", Severity.WARNING)
    if "\n" in text or "\r" in text:
        yield Fault("new_line_in_value", "has a line break in it; remove it")
    elif not text.isprintable():
        yield Fault("non_ascii_or_non_printable_char", "has a character that cannot be printed", Severity.WARNING)
    if "\ufffd" in text:
        yield Fault("invalid_character", "has bytes that are not UTF-8; save the file as UTF-8")
