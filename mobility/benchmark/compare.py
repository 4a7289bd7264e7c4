"""One network, our engine and one peer: opened on the same day, asked the same questions."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from gtfs.feed import Feed
from gtfs.ingest import read_feed
from gtfs.service_days import active_services, service_dates
from mobility.benchmark.cafein_peer import RULES as CAFEIN_RULES
from mobility.benchmark.cafein_peer import open_cafein
from mobility.benchmark.measure import Clock, Outcome, measure
from mobility.benchmark.nigiri import open_nigiri
from mobility.benchmark.problem import Bars, BenchmarkError, Case, Kind, Pair, Rules, silent
from mobility.benchmark.searchers import Search, Searcher, build_our_network, open_ours
from mobility.network.build import Network


class Peer(StrEnum):
    """Who stands beside us."""

    NIGIRI = "nigiri"
    CAFEIN = "cafein"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Options:
    """How a benchmark is run. ``limit`` pairs of a network at most, 0 for all."""

    peer: Peer = Peer.NIGIRI
    search: Search = Search.TRIP_BASED
    kinds: tuple[Kind, ...] = tuple(Kind)
    repeats: int = 5
    limit: int = 0
    clock: Clock = Clock.WALL


@dataclass(frozen=True, slots=True)
class Comparison:
    """What was found on one network."""

    name: str
    date: dt.date
    peer: Peer
    search: Search
    clock: Clock
    outcomes: tuple[Outcome, ...]

    @property
    def is_equal(self) -> bool:
        """No answer differs."""
        return all(outcome.is_equal for outcome in self.outcomes)

    def find(self, kind: Kind) -> Outcome | None:
        """The outcome of a kind of question, where it was asked."""
        return next((outcome for outcome in self.outcomes if outcome.kind is kind), None)

    def to_json(self) -> dict[str, Any]:
        """For machines."""
        return {
            "network": self.name,
            "date": self.date.isoformat(),
            "peer": self.peer,
            "search": self.search,
            "clock": self.clock,
            "kinds": [outcome.to_json() for outcome in self.outcomes],
        }


def rules_of(peer: Peer) -> Rules:
    """The rules that a peer plays by, and we beside it."""
    return CAFEIN_RULES if peer is Peer.CAFEIN else Rules()


def compare(case: Case, options: Options, bars: Bars = silent) -> Comparison:
    """Open both engines on a network and ask every kind of question.

    Raises:
        BenchmarkError: The pairs name stops that the feed lacks, nothing runs on the date, or the peer is missing.
    """
    feed, _ = read_feed(case.gtfs)
    check_stops(case, feed)
    date = find_date(case, feed)
    with bars(f"{case.name}: opening") as advance:
        advance(0, 2)
        network = build_our_network(feed, rules_of(options.peer))
        ours = open_ours(network, date, rules_of(options.peer), options.search)
        advance(1, 2)
        peer = open_peer(options.peer, case, date, network)
    record_holds = rules_of(options.peer) == Rules()
    outcomes = []
    for kind in options.kinds:
        against = peer if peer is not None and kind in peer.kinds else None
        asked = case.pairs if record_holds else tuple(Pair(p.start, p.end, p.departure_min) for p in case.pairs)
        pairs = _first(asked, options.limit, against.limits.get(kind, 0) if against else 0)
        with bars(f"{case.name}: {kind}") as advance:
            outcomes.append(measure(kind, ours, against, pairs, options.repeats, advance, options.clock))
    return Comparison(case.name, date, options.peer, options.search, options.clock, tuple(outcomes))


def open_peer(peer: Peer, case: Case, date: dt.date, network: Network) -> Searcher | None:
    """The peer on the same day of the same feed; ``network`` is ours, for its footpaths."""
    if peer is Peer.NIGIRI:
        return open_nigiri(case.gtfs, date)
    return open_cafein(case.gtfs, date, network) if peer is Peer.CAFEIN else None


def find_date(case: Case, feed: Feed) -> dt.date:
    """The day that was given, or the only one that the feed has."""
    first, last = service_dates(feed)
    if case.date is None and first != last:
        raise BenchmarkError(f"{case.gtfs} is valid from {first} to {last}: say which day, --date YYYY-MM-DD")
    date = case.date or first
    if not active_services(feed, date):
        raise BenchmarkError(f"{case.gtfs}: nothing runs on {date}; the feed is valid from {first} to {last}")
    return date


def check_stops(case: Case, feed: Feed) -> None:
    """Refuse pairs of another feed."""
    known = set(feed["stops.txt"]["stop_id"].tolist())
    unknown = [stop for pair in case.pairs for stop in (pair.start, pair.end) if stop not in known]
    if unknown:
        raise BenchmarkError(f"{case.gtfs} has no stop {unknown[0]!r}: these pairs belong to another feed")


def _first(pairs: tuple[Pair, ...], *limits: int) -> tuple[Pair, ...]:
    return pairs[: min([len(pairs), *(limit for limit in limits if limit > 0)])]
