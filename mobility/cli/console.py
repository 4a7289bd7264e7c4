"""What every command shares: its exit code, progress on stderr, and times as people write them."""

from __future__ import annotations

import datetime as dt
import json
import re
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Annotated, Any

from cyclopts import Parameter

AsJson = Annotated[bool, Parameter(name="--json", negative=(), help="Print JSON, for machines.")]
REFUSED = 2
"""Exit code where a question cannot be answered as asked; 1 is an answer without a journey."""


def answered(work: Callable[[], int], *, as_json: bool) -> int:
    """The exit code. What is wrong with a question is told in one line, never as a traceback."""
    from gtfs.ingest import FeedUnreadable
    from gtfs.service_days import NoServiceDates
    from mobility.cities import CityError
    from mobility.model import PlannerError
    from mobility.streets.notices import StreetsUnreadable

    try:
        return work()
    except (PlannerError, FeedUnreadable, NoServiceDates, CityError, StreetsUnreadable) as error:
        if as_json:
            print_json({"error": {"code": type(error).__name__, "message": str(error)}})
        else:
            print(f"error: {error}", file=sys.stderr)
        return REFUSED


@contextmanager
def status(text: str) -> Iterator[None]:
    """A spinner on stderr while something without steps runs."""
    from rich.console import Console

    with Console(stderr=True).status(text):
        yield


@contextmanager
def progress_bar(text: str) -> Iterator[Callable[[int, int], None]]:
    """A bar on stderr; gone when done."""
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(text, total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)


def parse_clock(text: str) -> int:
    """HH:MM as seconds; hours up to 47 are of the next day."""
    from mobility.model import PlannerError

    clock = re.fullmatch(r"(\d{1,2}):(\d\d)", text)
    if not clock or int(clock[1]) > 47 or int(clock[2]) > 59:
        message = f"{text!r} is not a time: write HH:MM, for example 08:00"
        raise PlannerError(message)
    return int(clock[1]) * 3600 + int(clock[2]) * 60


def parse_date(text: str) -> dt.date:
    """YYYY-MM-DD."""
    from mobility.model import PlannerError

    try:
        return dt.date.fromisoformat(text)
    except ValueError as error:
        message = f"{text!r} is not a date: write YYYY-MM-DD, for example 2026-07-15"
        raise PlannerError(message) from error


def parse_moment(text: str, timezone: str) -> dt.datetime:
    """ISO 8601 (local to the city where it names no zone), HH:MM today, or now."""
    from zoneinfo import ZoneInfo

    from mobility.model import PlannerError

    zone = ZoneInfo(timezone)
    now = dt.datetime.now(zone)
    if not text:
        return now
    if re.fullmatch(r"\d{1,2}:\d\d", text):
        seconds = parse_clock(text)
        day = now.date() + dt.timedelta(seconds // 86_400)
        return dt.datetime.combine(day, dt.time(seconds // 3600 % 24, seconds // 60 % 60), zone)
    try:
        moment = dt.datetime.fromisoformat(text)
    except ValueError as error:
        message = f"{text!r} is not a time: write HH:MM for today, or ISO 8601 such as 2026-07-15T08:00"
        raise PlannerError(message) from error
    return moment if moment.tzinfo else moment.replace(tzinfo=zone)


def print_json(value: Any) -> None:
    """For machines: on stdout, indented, text as it is."""
    print(json.dumps(value, ensure_ascii=False, indent=2))
