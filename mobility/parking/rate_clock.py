"""Which rate of a tariff holds at which second of a stay: day types, hours of the day, and clock changes.

Where several rates fit an instant, the vehicle's own stands above that for any, then the narrowest days, then hours
of the clock above the rest of the day, then hours that began yesterday until they end: never two are left.

A stay is cut into spells, in each of which one rate (or none) holds. Their limits are midnights, the hours at which
rates begin and end, and the instants at which the clock is put forward or back, all in real seconds from the start.
"""

from __future__ import annotations

import datetime as dt
from typing import NamedTuple

from mobility.parking.tariffs import DAY_MIN, Band, Days, Rate, Tariff, Vehicle, ranks_of

_NARROWNESS = {
    Days.PUBLIC_HOLIDAY: 0,
    Days.SATURDAY: 1,
    Days.SUNDAY: 1,
    Days.HOLIDAY: 2,
    Days.WEEKDAY: 2,
    Days.EVERY: 3,
}


class Spell(NamedTuple):
    """Seconds ``begin_s`` to ``end_s`` of a stay. ``number`` is the rate's place in the tariff, -1 where none holds;
    ``date`` the calendar day; ``day`` the one to which the rate's band belongs (its beginning, over midnight);
    both as ordinals.
    """

    rate: Rate | None
    number: int
    date: int
    day: int
    begin_s: int
    end_s: int


class RateClock:
    """The spells of one stay, asked forward in time. ``start`` is aware; days are those of its clock."""

    def __init__(
        self, tariff: Tariff, vehicle: Vehicle, start: dt.datetime, holidays: frozenset[dt.date] = frozenset()
    ) -> None:
        ranks = {kind: rank for rank, kind in enumerate(ranks_of(vehicle))}
        self._rates = [
            (ranks[rate.vehicle], number, rate) for number, rate in enumerate(tariff.rates) if rate.vehicle in ranks
        ]
        bands = [rate.band for _, _, rate in self._rates if rate.band is not None]
        self._limits = sorted({0, *(minute % DAY_MIN for b in bands for minute in (b.from_min, b.until_min))})
        self._start, self._zone, self._holidays = start.astimezone(dt.UTC), start.tzinfo, holidays
        self._spell: Spell | None = None

    def spell_at(self, offset_s: int) -> Spell:
        """The spell that second ``offset_s`` of the stay lies in."""
        spell = self._spell
        if spell is None or not spell.begin_s <= offset_s < spell.end_s:
            spell = self._spell = self._find(offset_s)
        return spell

    def wall(self, offset_s: int) -> dt.datetime:
        """The wall clock at that second: adding to the start directly would ignore clock changes."""
        return (self._start + dt.timedelta(seconds=offset_s)).astimezone(self._zone)

    def _find(self, offset_s: int) -> Spell:
        wall = self.wall(offset_s)
        date = wall.toordinal()
        minute = wall.hour * 60 + wall.minute
        best: tuple[tuple[int, int, bool, int], Rate, int, int] | None = None
        for rank, number, rate in self._rates:
            day = _day_of(rate.band, date, minute)
            if day is not None and rate.days in self._types(day):
                key = (rank, _NARROWNESS[rate.days], rate.band is None, day)
                if best is None or key < best[0]:
                    best = (key, rate, number, day)
        end_s = self._next_limit(offset_s, wall.date())
        if best is None:
            return Spell(None, -1, date, date, offset_s, end_s)
        return Spell(best[1], best[2], date, best[3], offset_s, end_s)

    def _types(self, day: int) -> tuple[Days, ...]:
        """The day types of a day."""
        date = dt.date.fromordinal(day)
        weekend = {5: (Days.SATURDAY,), 6: (Days.SUNDAY,)}.get(date.weekday(), ())
        public = (Days.PUBLIC_HOLIDAY,) if date in self._holidays else ()
        return (*public, *weekend, Days.HOLIDAY if public or weekend else Days.WEEKDAY, Days.EVERY)

    def _next_limit(self, offset_s: int, date: dt.date) -> int:
        """The first second after ``offset_s`` at which another rate may hold."""
        tomorrow = date + dt.timedelta(days=1)
        limits = [self._offset(date, minute, fold) for minute in self._limits for fold in (0, 1)]
        limits += [self._offset(tomorrow, 0, fold) for fold in (0, 1)]
        if self._utc_offset(date) != self._utc_offset(tomorrow):
            limits.append(self._clock_change(date, tomorrow))
        return min(limit for limit in limits if limit > offset_s)

    def _offset(self, date: dt.date, minute: int, fold: int = 0) -> int:
        """Seconds from the start to a time of day; to either of the two where the clock shows it twice."""
        clock = dt.time(minute // 60, minute % 60, fold=fold)
        instant = dt.datetime.combine(date, clock, self._zone).astimezone(dt.UTC)
        return -int((self._start - instant) // dt.timedelta(seconds=1))  # a fraction of a second counts as begun

    def _utc_offset(self, date: dt.date) -> dt.timedelta | None:
        return dt.datetime.combine(date, dt.time(), self._zone).utcoffset()

    def _clock_change(self, date: dt.date, tomorrow: dt.date) -> int:
        """The second at which the clock is changed between two midnights: times that it skips have no instant."""
        low, high = self._offset(date, 0), self._offset(tomorrow, 0)
        before = self.wall(low).utcoffset()
        while high - low > 1:
            middle = (low + high) // 2
            if self.wall(middle).utcoffset() == before:
                low = middle
            else:
                high = middle
        return high


def _day_of(band: Band | None, date: int, minute: int) -> int | None:
    """The day to which a time of day belongs under a band; None outside it."""
    if band is None:
        return date
    if band.from_min < band.until_min:
        return date if band.from_min <= minute < band.until_min else None
    if minute >= band.from_min:
        return date
    return date - 1 if minute < band.until_min else None
