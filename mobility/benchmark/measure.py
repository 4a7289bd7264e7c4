"""Two engines answer the same questions in turn: times, ratios, and every answer that differs."""

from __future__ import annotations

import gc
import itertools
import statistics
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any

from mobility.benchmark.problem import Advance, Answer, Kind, Pair
from mobility.benchmark.searchers import Searcher

QUANTILES = (0.50, 0.95, 0.99)


@dataclass(frozen=True, slots=True)
class Times:
    """Milliseconds per query."""

    p50_ms: float
    p95_ms: float
    p99_ms: float


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a run found for one kind of question; ``ratio_*`` is the peer's time over ours.

    ``differing`` counts the questions whose answers are not equal sets, ``differing_earliest`` those in which
    the earliest arrival itself differs, ``differing_recorded`` those that differ from the answer on record.
    """

    kind: Kind
    queries: int
    ours: Times
    peer: Times | None = None
    ratio_p50: float | None = None
    ratio_p95: float | None = None
    ratio_p99: float | None = None
    differing: int | None = None
    differing_earliest: int | None = None
    differing_recorded: int | None = None
    recorded: int | None = None

    @property
    def is_equal(self) -> bool:
        """No answer differs from the peer's or from the record."""
        return not self.differing and not self.differing_recorded

    def to_json(self) -> dict[str, Any]:
        """The facts that there are."""
        return {key: value for key, value in asdict(self).items() if value is not None}


class Clock(StrEnum):
    """Which time a query takes: that of a caller's watch, or what the process spent computing.

    On a quiet machine they are one. On a shared one the first measures its neighbours too, at p95 above all.
    """

    WALL = "wall"
    CPU = "cpu"


def measure(
    kind: Kind,
    ours: Searcher,
    peer: Searcher | None,
    pairs: tuple[Pair, ...],
    repeats: int,
    advance: Advance,
    clock: Clock = Clock.WALL,
) -> Outcome:
    """Ask every question ``repeats`` times of both, after once that is not timed (it compiles, and warms caches)."""
    engines = [ours] if peer is None else [ours, peer]
    now = time.perf_counter if clock is Clock.WALL else time.process_time
    tick = _count_to(len(engines) * (repeats + 1) * len(pairs), advance)
    answers: list[list[Answer]] = []
    for engine in engines:
        answers.append([])
        for pair in pairs:
            answers[-1].append(engine.read(kind, pair, engine.ask(kind, pair)))
            tick()
    spent: list[list[list[float]]] = [[[] for _ in pairs] for _ in engines]
    for repeat in range(repeats):
        # One engine answers all pairs, then the other, first the one, next time the other: each works from its
        # own warm caches, as in service.
        turns = list(zip(engines, spent, strict=True))
        for engine, sheet in turns if repeat % 2 == 0 else reversed(turns):
            gc.collect()
            for pair, times in zip(pairs, sheet, strict=True):
                begin = now()
                found = engine.ask(kind, pair)
                times.append(now() - begin)
                del found
                tick()
    return _summarize(kind, pairs, answers, [to_times(sheet) for sheet in spent])


def _count_to(total: int, advance: Advance) -> Callable[[], None]:
    """Tells every hundredth of the way, so that telling costs nothing."""
    numbers = itertools.count(1)

    def tick() -> None:
        done = next(numbers)
        if done % max(1, total // 100) == 0:
            advance(done, total)

    return tick


def _summarize(kind: Kind, pairs: tuple[Pair, ...], answers: list[list[Answer]], times: list[Times]) -> Outcome:
    expected = [(mine, pair.find_recorded(kind)) for mine, pair in zip(answers[0], pairs, strict=True)]
    recorded = [mine != record for mine, record in expected if record is not None]
    alone = Outcome(
        kind,
        len(pairs),
        times[0],
        differing_recorded=sum(recorded) if recorded else None,
        recorded=len(recorded) or None,
    )
    if len(times) == 1:
        return alone
    both = list(zip(*answers, strict=True))
    ours, peer = times
    is_earliest = kind is Kind.EARLIEST
    return Outcome(
        kind,
        len(pairs),
        ours,
        peer,
        round(peer.p50_ms / ours.p50_ms, 2),
        round(peer.p95_ms / ours.p95_ms, 2),
        round(peer.p99_ms / ours.p99_ms, 2),
        differing=sum(mine != theirs for mine, theirs in both),
        differing_earliest=sum(_earliest(mine) != _earliest(theirs) for mine, theirs in both) if is_earliest else None,
        differing_recorded=alone.differing_recorded,
        recorded=alone.recorded,
    )


def _earliest(answer: Answer) -> int | None:
    return min((arrival for _, arrival in answer), default=None)


def to_times(sheet: list[list[float]]) -> Times:
    """Quantiles over the queries of the median of each one's repeats, given in seconds."""
    medians = sorted(statistics.median(times) * 1000 for times in sheet)
    return Times(*(round(_quantile(medians, share), 4) for share in QUANTILES))


def _quantile(ordered: list[float], share: float) -> float:
    place = share * (len(ordered) - 1)
    low = int(place)
    high = min(low + 1, len(ordered) - 1)
    return ordered[low] + (place - low) * (ordered[high] - ordered[low])
