"""What the planner promises beside its peers, and which outcomes break it. The only place with these numbers.

The promise, as the planner's issue words it: "earliest arrival at least 8 times as fast as nigiri at p50 and
5 times at p95, the two-hour range 15 times at p50 and 8 times at p95, on kaohsiung and cdmx; ahead of cafein
at p50 and p95; no answer differs, on any network".
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from mobility.benchmark.compare import Comparison, Peer
from mobility.benchmark.problem import Kind


@dataclass(frozen=True, slots=True)
class Promise:
    """At least so many times as fast."""

    p50: float
    p95: float


LARGE = frozenset({"kaohsiung", "cdmx"})
BESIDE_NIGIRI = {Kind.EARLIEST: Promise(8.0, 5.0), Kind.RANGE: Promise(15.0, 8.0)}
BESIDE_CAFEIN = Promise(1.0, 1.0)


def list_broken(comparison: Comparison) -> Iterator[str]:
    """One sentence for everything that does not hold."""
    for outcome in comparison.outcomes:
        place = f"{comparison.name}, {outcome.kind}"
        if not outcome.is_equal:
            differing = (
                f"{outcome.differing or 0} from {comparison.peer}, {outcome.differing_recorded or 0} from the record"
            )
            yield f"{place}: answers differ, {differing}"
        promise = _find_promise(comparison, outcome.kind)
        if promise is None or outcome.ratio_p50 is None or outcome.ratio_p95 is None:
            continue
        for quantile, ratio, least in (
            ("p50", outcome.ratio_p50, promise.p50),
            ("p95", outcome.ratio_p95, promise.p95),
        ):
            if ratio < least:
                yield f"{place}: {ratio} times as fast as {comparison.peer} at {quantile}, {least} are promised"


def _find_promise(comparison: Comparison, kind: Kind) -> Promise | None:
    if comparison.peer is Peer.CAFEIN:
        return BESIDE_CAFEIN
    if comparison.peer is Peer.NIGIRI and comparison.name in LARGE:
        return BESIDE_NIGIRI.get(kind)
    return None
