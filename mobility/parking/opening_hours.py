"""Whether a facility is open, and until when. Texts are OSM's opening_hours syntax, or Chinese (``hours_text``).

opening-hours-py evaluates the syntax; it knows no public holidays of ours, so that ``PH`` is written out as the
dates that are given. A text that neither reads is unknown, which is not closed.
"""

from __future__ import annotations

import datetime as dt
import re
from zoneinfo import ZoneInfo

from opening_hours import OpeningHours as Expression
from opening_hours import ParserError, State  # type: ignore[attr-defined]  # its stub forgets the error

from mobility.parking.hours_text import translate_hours

_PUBLIC = re.compile(
    r"^(?P<before>(?:[A-Z][a-z](?:-[A-Z][a-z])?,)*)PH(?P<after>(?:,[A-Z][a-z](?:-[A-Z][a-z])?)*)(?P<rest>\s.*|$)"
)
_LOOKS_OSM = re.compile(r"24/7|\d:\d\d|\b(?:Mo|Tu|We|Th|Fr|Sa|Su|PH)\b|sunrise|dawn")
_MOST_CHANGES = 50


class OpeningHours:
    """The hours of one facility. ``expression`` is empty where the text is not understood."""

    def __init__(self, text: str, timezone: str, holidays: frozenset[dt.date] = frozenset()) -> None:
        """Read ``text``; a zone name that does not exist raises ``zoneinfo.ZoneInfoNotFoundError``."""
        self.text = text
        self.expression = translate_hours(text) or (text.strip() if _LOOKS_OSM.search(text) else "")
        self._zone = ZoneInfo(timezone)
        self._compiled = self._compile(holidays) if self.expression else None
        if self._compiled is None:
            self.expression = ""

    @property
    def is_known(self) -> bool:
        """Whether the text was understood."""
        return self._compiled is not None

    def is_open(self, at: dt.datetime) -> bool | None:
        """Whether it is open at an aware instant; None where that is unknown."""
        if self._compiled is None:
            return None
        state, _ = self._compiled.state(self._local(at))
        return None if state == State.UNKNOWN else state == State.OPEN

    def open_until(self, at: dt.datetime) -> dt.datetime | None:
        """The end of the opening that ``at`` lies in; None where it has none, or is not known to be open then."""
        if self._compiled is None or not self.is_open(at):
            return None
        moment: dt.datetime | None = self._local(at)
        for _ in range(_MOST_CHANGES):  # a change of the comment only is no end
            moment = self._compiled.next_change(moment)
            if moment is None or not self.is_open(moment):
                return moment
        return None

    def _local(self, at: dt.datetime) -> dt.datetime:
        if at.tzinfo is None:
            raise ValueError("the moment needs a time zone")
        return at.astimezone(self._zone)

    def _compile(self, holidays: frozenset[dt.date]) -> Expression | None:
        expression = "; ".join(
            rule for part in self.expression.split(";") for rule in _with_dates(part.strip(), holidays)
        )
        try:
            return Expression(expression, timezone=self._zone)
        except ParserError:
            return None


def _with_dates(rule: str, holidays: frozenset[dt.date]) -> list[str]:
    """A rule with ``PH`` as one for the other days and one for the dates; a later rule goes above an earlier."""
    match = _PUBLIC.match(rule)
    if not match:
        return [rule]
    others = ",".join(part for part in (match["before"].rstrip(","), match["after"].lstrip(",")) if part)
    dates = ",".join(f"{day:%Y} {_MONTHS[day.month - 1]} {day:%d}" for day in sorted(holidays))
    return [f"{days}{match['rest']}" for days in (others, dates) if days]


_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
