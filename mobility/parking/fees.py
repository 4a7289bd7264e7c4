"""The exact fee of a stay, with the lines that make it up.

How a tariff is read where the published texts leave room (the golden ones are Taiwan's, see ``tariff_text``):

- A started period costs a whole one, and a stay of no length has started one. A period belongs to the rate, the
  calendar day and the windows of the caps in which it starts; it runs on over the end of a rate's hours, and
  whatever holds then begins after it. After time that costs nothing, a new period begins when the charging does.
- The first blocks of a rate (first hour 40, then 20 per half hour) are the first paid minutes of the stay: they do
  not come again on the next day.
- A fee per entry pays for the whole stay; "again on every new day", once per calendar day touched; with hours of
  its own, once per occurrence of these hours touched. One that pays for a whole stay but is met only after
  something else was charged is not understood: there is no fee.
- Free minutes run on the clock from entry, whether time is charged or not, once per stay. They are those of the
  rate on entry or, entering in time that costs nothing, of the first that charges. A stay that ends within them
  costs nothing; a longer one is charged from its entry, or from their end where they are deducted.
- Hours over midnight belong to the day on which they begin: Friday's night is charged as Friday until it ends.
- A stay of which any second is covered by no rate, or that is longer than allowed, has no fee: never a guess.
- A concession takes off first minutes (deducted), then a share, then an amount, of the capped total; of several
  that are held the one that leaves least to pay counts, and none is taken that would cost more.

By these rules a charge, once due, does not depend on how long the stay goes on: a longer stay never costs less.
Days are those of the clock of ``start``; periods are counted in real time, also when clocks change.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass, replace
from decimal import ROUND_HALF_UP, Decimal
from enum import StrEnum

from mobility.parking.rate_clock import RateClock, Spell
from mobility.parking.tariffs import Cap, CapPer, Concession, Holder, Rate, Tariff, Vehicle

_ZERO = Decimal(0)


class LineKind(StrEnum):
    """What a line of a fee is: free time, started periods, an entry, what a concession takes off, rounding."""

    FREE = "free"
    PERIOD = "period"
    ENTRY = "entry"
    CONCESSION = "concession"
    ROUNDING = "rounding"


@dataclass(frozen=True, slots=True)
class FeeLine:
    """From ``start`` to ``end`` of the stay ``periods`` of ``period_min`` (None: entries) at ``rate`` each make
    ``amount``, less than their product where ``cap`` was reached. A last period that outlasts the stay is shown to
    the stay's end.
    """

    start: dt.datetime
    end: dt.datetime
    kind: LineKind
    amount: Decimal
    rate: Decimal = _ZERO
    period_min: int | None = None
    periods: int = 0
    cap: Cap | None = None


@dataclass(frozen=True, slots=True)
class FeeBreakdown:
    """A fee and its lines: those of time follow one another from entry to exit; all amounts sum to ``total``.
    ``concession`` is the one that was used.
    """

    total: Decimal
    lines: tuple[FeeLine, ...]
    concession: Concession | None = None


def fee(
    tariff: Tariff,
    vehicle: Vehicle,
    start: dt.datetime,
    stay_s: int,
    holidays: frozenset[dt.date] = frozenset(),
    held: frozenset[Holder] = frozenset(),
) -> Decimal | None:
    """What a stay costs; None where the tariff does not say. Arguments and errors are those of ``fee_breakdown``."""
    breakdown = fee_breakdown(tariff, vehicle, start, stay_s, holidays, held)
    return breakdown.total if breakdown else None


def fee_breakdown(
    tariff: Tariff,
    vehicle: Vehicle,
    start: dt.datetime,
    stay_s: int,
    holidays: frozenset[dt.date] = frozenset(),
    held: frozenset[Holder] = frozenset(),
) -> FeeBreakdown | None:
    """What a stay costs, line by line; None where the tariff does not say.

    Args:
        tariff: The facility's rates.
        vehicle: Whose stay it is.
        start: Entry, aware.
        stay_s: Seconds from entry to exit.
        holidays: Public holidays.
        held: What the driver may show to pay less.

    Raises:
        ValueError: A stay of negative length, or a start without time zone.
    """
    if stay_s < 0:
        raise ValueError(f"a stay cannot last {stay_s} s")
    if start.tzinfo is None:
        raise ValueError("the start of a stay needs a time zone")
    if tariff.max_stay_min is not None and stay_s > tariff.max_stay_min * 60:
        return None
    clock = RateClock(tariff, vehicle, start, holidays)
    best = _with_concession(_Stay(clock, stay_s).charge(0), None)
    for concession in tariff.concessions:
        if best is not None and concession.holder in held and concession.vehicle in (vehicle, Vehicle.ANY):
            other = _with_concession(_Stay(clock, stay_s).charge(concession.free_min * 60), concession)
            best = other if other is not None and other.total < best.total else best
    return _rounded(best, tariff.unit) if best and tariff.unit else best


@dataclass(slots=True)
class _Run:
    """A line in the making, in seconds of the stay."""

    begin_s: int
    end_s: int
    kind: LineKind
    amount: Decimal = _ZERO
    rate: Decimal = _ZERO
    period_min: int | None = None
    periods: int = 0
    cap: Cap | None = None

    def takes_on(self, other: _Run) -> bool:
        """Whether another, which follows, says the same: free time again, a period charged or capped alike."""
        if self.kind is LineKind.FREE or self.kind is not other.kind:
            return self.kind is other.kind
        is_alike = (self.kind, self.rate, self.period_min) == (LineKind.PERIOD, other.rate, other.period_min)
        return is_alike and self.cap == other.cap and (other.cap is None or not other.amount)


class _Stay:
    """One stay, charged from its entry to its exit."""

    def __init__(self, clock: RateClock, stay_s: int) -> None:
        self._clock = clock
        self._stay_s, self._horizon_s = stay_s, max(stay_s, 1)
        self._charged: dict[tuple[Cap, object], Decimal] = {}
        self._runs: list[_Run] = []

    def charge(self, free_s: int) -> list[FeeLine] | None:
        """The lines of the stay, of which the first ``free_s`` are free in any case; None where it has no fee."""
        first = self._first_that_charges()
        if first is None:
            return None
        own_free_s = first.free_min * 60
        if any(limit_s and self._stay_s <= limit_s for limit_s in (own_free_s, free_s)):
            self._add(_Run(0, self._stay_s, LineKind.FREE))
        else:
            begin_s = max(free_s, own_free_s if first.is_free_deducted else 0)
            if begin_s:
                self._add(_Run(0, begin_s, LineKind.FREE))
            if not self._charge_from(begin_s):
                return None
        return [self._tell(run) for run in self._runs]

    def _charge_from(self, offset_s: int) -> bool:
        """Charge the rest of the stay; False where its fee is not understood."""
        entries: set[tuple[int, int]] = set()
        paid_s = 0
        while offset_s < self._horizon_s:
            spell = self._clock.spell_at(offset_s)
            rate = spell.rate
            assert rate is not None  # noqa: S101  (``charge`` has looked at every second)
            if rate.is_free:
                run = _Run(offset_s, spell.end_s, LineKind.FREE)
            elif rate.period_min is not None:
                block = rate.find_block(paid_s)
                amount, period_min = (block.amount, block.period_min) if block else (rate.amount, rate.period_min)
                end_s = offset_s + period_min * 60
                run = self._pay(rate, spell, _Run(offset_s, end_s, LineKind.PERIOD, amount, amount, period_min, 1))
                paid_s += period_min * 60
            elif rate.band is None and not rate.is_per_day:
                if any(run.kind is not LineKind.FREE for run in self._runs):
                    return False
                run = _Run(offset_s, self._horizon_s, LineKind.ENTRY, rate.amount, rate.amount, None, 1)
                run = self._pay(rate, spell, run)
            elif (spell.number, spell.day) in entries:
                run = _Run(offset_s, spell.end_s, LineKind.ENTRY)
            else:
                entries.add((spell.number, spell.day))
                run = _Run(offset_s, spell.end_s, LineKind.ENTRY, rate.amount, rate.amount, None, 1)
                run = self._pay(rate, spell, run)
            self._add(run)
            offset_s = run.end_s
        return True

    def _first_that_charges(self) -> Rate | None:
        """The rate whose free minutes count (a free one where none charges); None where some second has no rate."""
        offset_s, found = 0, None
        while offset_s < self._horizon_s:
            spell = self._clock.spell_at(offset_s)
            if spell.rate is None:
                return None
            if found is None or (found.is_free and not spell.rate.is_free):
                found = spell.rate
            offset_s = spell.end_s
        return found

    def _pay(self, rate: Rate, spell: Spell, run: _Run) -> _Run:
        """Lower what a run costs to what the caps leave of it."""
        keys = dict.fromkeys((cap, _window(cap, rate, spell, run.begin_s)) for cap in rate.caps)
        for key in keys:
            left = key[0].amount - self._charged.get(key, _ZERO)
            if left < run.amount:
                run.cap, run.amount = key[0], left
        for key in keys:
            self._charged[key] = self._charged.get(key, _ZERO) + run.amount
        return run

    def _add(self, run: _Run) -> None:
        last = self._runs[-1] if self._runs else None
        if last is not None and last.takes_on(run):
            last.end_s, last.amount, last.periods = run.end_s, last.amount + run.amount, last.periods + run.periods
        else:
            self._runs.append(run)

    def _tell(self, run: _Run) -> FeeLine:
        """The line, shown within the stay."""
        start, end = (self._clock.wall(min(at_s, self._stay_s)) for at_s in (run.begin_s, run.end_s))
        return FeeLine(start, end, run.kind, run.amount, run.rate, run.period_min, run.periods, run.cap)


def _window(cap: Cap, rate: Rate, spell: Spell, at_s: int) -> object:
    """Which of the days, nights or windows of a cap a charge belongs to."""
    if cap.window_min is not None:
        return at_s // (cap.window_min * 60)
    if cap.per is CapPer.BAND:
        return rate.band, spell.day
    return spell.date if cap.per is CapPer.DAY else 0


def _with_concession(lines: list[FeeLine] | None, concession: Concession | None) -> FeeBreakdown | None:
    if lines is None:
        return None
    total = _sum(lines)
    if concession is None:
        return FeeBreakdown(total, tuple(lines))
    off = total * concession.percent_off / 100
    off = min(total, off + concession.amount_off)
    if off:
        lines = [*lines, _extra(lines, LineKind.CONCESSION, -off)]
    return FeeBreakdown(total - off, tuple(lines), concession)


def _rounded(breakdown: FeeBreakdown, unit: Decimal) -> FeeBreakdown:
    total = (breakdown.total / unit).quantize(Decimal(1), ROUND_HALF_UP) * unit
    if total == breakdown.total:
        return breakdown
    line = _extra(breakdown.lines, LineKind.ROUNDING, total - breakdown.total)
    return replace(breakdown, total=total, lines=(*breakdown.lines, line))


def _extra(lines: Iterable[FeeLine], kind: LineKind, amount: Decimal) -> FeeLine:
    *_, last = lines
    return FeeLine(last.end, last.end, kind, amount)


def _sum(lines: Iterable[FeeLine]) -> Decimal:
    return sum((line.amount for line in lines), _ZERO)
