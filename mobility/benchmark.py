"""Our search beside a peer's, in one process, on the same queries: times, ratios, and every difference.

The peer is nigiri, the engine of MOTIS, through pynigiri 0.1.5. Both get the same feed and rules: only
the feed's own footpaths, one service day, two minutes to change, at most eight vehicles, whole minutes.
A query is timed as a whole Python call, legs included, the engines taking turns at the whole set; the
median of a query's repeats counts.
"""

from __future__ import annotations

import csv
import datetime as dt
import statistics
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from gtfs.feed import Feed
from gtfs.ingest import read_feed
from gtfs.service_days import active_services, service_dates
from mobility.model import PlannerError
from mobility.network.build import build_network
from mobility.network.transfers import Walking
from mobility.planner.engine import Engine
from mobility.planner.query import Query

Answer = frozenset[tuple[int, int]]
"""A Pareto set: (transfers, arrival in minutes of the service day)."""
Search = Callable[["Pair"], Answer]
Progress = Callable[[int, int], None]

PEERS = ("nigiri", "none")
RECORDED = "pareto(transfers:arr_min)"


class BenchmarkError(PlannerError):
    """The benchmark cannot be run; the message says what is missing."""


@dataclass(frozen=True, slots=True)
class Pair:
    """One query: stop ids and departure; ``recorded`` is the answer in the file, None where it has none."""

    start: str
    end: str
    departure_min: int
    recorded: Answer | None = None


@dataclass(frozen=True, slots=True)
class Times:
    """Milliseconds per query."""

    p50_ms: float
    p95_ms: float


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a run found. ``differing`` counts queries in which the Pareto sets of the two engines (and so
    perhaps the earliest arrivals, ``differing_ea``) are not equal.
    """

    queries: int
    ours: Times
    peer: Times | None = None
    ratio_p50: float | None = None
    ratio_p95: float | None = None
    differing: int | None = None
    differing_ea: int | None = None
    differing_recorded: int | None = None

    def to_json(self) -> dict[str, Any]:
        """The facts that there are."""
        return {key: value for key, value in asdict(self).items() if value is not None}


def list_pairs(path: Path, departure_min: int | None = None) -> list[Pair]:
    """Read a CSV with the columns from, to and (unless given) dep_min.

    Raises:
        BenchmarkError: The file or a row cannot be used.
    """
    try:
        with path.open(encoding="utf-8", newline="") as file:
            rows = list(csv.DictReader(file))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        message = f"{path} cannot be read: {error}"
        raise BenchmarkError(message) from error
    pairs = []
    for line, row in enumerate(rows, start=2):
        try:
            moment = departure_min if departure_min is not None else int(row["dep_min"])
            recorded = _parse_recorded(row[RECORDED]) if RECORDED in row else None
            pairs.append(Pair(row["from"], row["to"], moment, recorded))
        except (KeyError, ValueError, TypeError, AttributeError) as error:
            message = f"{path}:{line}: columns from, to and dep_min are needed (or --at): {error!r}"
            raise BenchmarkError(message) from error
    if not pairs:
        raise BenchmarkError(f"{path} has no pairs")
    return pairs


def _parse_recorded(text: str) -> Answer:
    entries = (entry.split(":") for entry in text.split(";") if entry)
    return frozenset((int(transfers), int(arrival)) for transfers, arrival in entries)


def open_ours(feed: Feed, date: dt.date) -> Search:
    """Our engine on one day of a feed, with the feed's own footpaths only."""
    network = build_network(feed, Walking(makes_walks=False), days=(0,))
    engine = Engine(network.build_timetable(date))
    stops = {stop_id: number for number, stop_id in enumerate(network.schedule.stop_ids)}

    def search(pair: Pair) -> Answer:
        origin, target = stops[pair.start], stops[pair.end]
        access, egress = engine.stop_to_stop(origin, target)
        query = Query(access, egress, pair.departure_min * 60, origin=origin, target=target)
        return frozenset((path.transfers, _to_minutes(path.arrival_s)) for path in engine.find_paths(query))

    return search


def _to_minutes(seconds: int) -> int:
    """Whole minutes; anything else becomes a number that no minute equals."""
    return seconds // 60 if seconds % 60 == 0 else -seconds


def open_nigiri(gtfs: Path, date: dt.date) -> Search:
    """Nigiri on the same day and rules (planner options that turn off what our feeds do not ask for).

    Raises:
        BenchmarkError: pynigiri is not installed, or refuses the feed.
    """
    try:
        import pynigiri as ng  # noqa: PLC0415  (an optional peer)
    except ImportError as error:
        raise BenchmarkError("pynigiri is not installed: pip install 'changtong[bench]'") from error
    loader = ng.LoaderConfig()
    loader.link_stop_distance = 0
    loader.default_tz = "Etc/UTC"
    source = ng.TimetableSource("feed", str(gtfs))
    source.loader_config = loader
    options = ng.FinalizeOptions()
    options.adjust_footpaths = False
    options.merge_dupes_intra_src = False
    options.merge_dupes_inter_src = False
    options.max_footpath_length = 9  # exclusive: keeps walks of up to 8 minutes, as in the oracle's feeds
    try:
        timetable = ng.load_timetable([source], date.isoformat(), (date + dt.timedelta(1)).isoformat(), options)
    except Exception as error:
        message = f"nigiri refuses {gtfs}: {error}"
        raise BenchmarkError(message) from error
    midnight_min = int(dt.datetime.combine(date, dt.time(), dt.UTC).timestamp()) // 60

    def search(pair: Pair) -> Answer:
        query = ng.Query()
        query.start = [ng.Offset(timetable.find_location(pair.start), 0, 0)]
        query.destination = [ng.Offset(timetable.find_location(pair.end), 0, 0)]
        query.start_match_mode = ng.LocationMatchMode.EXACT
        query.dest_match_mode = ng.LocationMatchMode.EXACT
        query.use_start_footpaths = True
        query.max_transfers = 7
        query.max_travel_time = 1440
        query.start_time = midnight_min + pair.departure_min
        found = []
        for journey in ng.route(timetable, query):
            _ = list(journey.legs)
            found.append((int(journey.transfers), int(_value(journey.arrival_time)) - midnight_min))
        return frozenset(found)

    return search


def _value(member: Any) -> Any:
    """Pynigiri has numbers and methods side by side."""
    return member() if callable(member) else member


def run(
    gtfs: Path,
    date: dt.date,
    pairs: list[Pair],
    *,
    peer: str = "nigiri",
    repeats: int = 5,
    progress: Progress | None = None,
) -> Outcome:
    """Load a feed into both engines and measure; ``peer`` is ``nigiri`` or ``none``.

    Raises:
        BenchmarkError: The pairs name stops that the feed lacks, nothing runs on the date, or the peer is missing.
    """
    feed, _ = read_feed(gtfs)
    known = set(feed["stops.txt"]["stop_id"].tolist())
    unknown = [stop for pair in pairs for stop in (pair.start, pair.end) if stop not in known]
    if unknown:
        raise BenchmarkError(f"{gtfs} has no stop {unknown[0]!r}: these pairs belong to another feed")
    if not active_services(feed, date):
        first, last = service_dates(feed)
        raise BenchmarkError(f"{gtfs}: nothing runs on {date}; the feed is valid from {first} to {last}")
    if peer not in PEERS:
        raise BenchmarkError(f"no peer {peer!r}: known are {', '.join(PEERS)}")
    theirs = open_nigiri(gtfs, date) if peer == "nigiri" else None
    return measure(open_ours(feed, date), theirs, pairs, repeats=repeats, progress=progress)


def measure(
    ours: Search,
    peer: Search | None,
    pairs: list[Pair],
    *,
    repeats: int = 5,
    progress: Progress | None = None,
) -> Outcome:
    """Run every query ``repeats`` times with both engines in turn, after one that is not counted."""
    engines = [ours] if peer is None else [ours, peer]
    answers = [[engine(pair) for pair in pairs] for engine in engines]  # compiles, and warms caches
    spent: list[list[list[float]]] = [[[] for _ in pairs] for _ in engines]
    for repeat in range(repeats):
        # an engine answers all pairs, then the other: each works from its own warm caches, as in service
        for engine, sheet in zip(engines, spent, strict=True):
            for pair, times in zip(pairs, sheet, strict=True):
                begin = time.perf_counter()
                engine(pair)
                times.append(time.perf_counter() - begin)
        if progress:
            progress(repeat + 1, repeats)
    return _summarize(pairs, answers, [_to_times(sheet) for sheet in spent])


def _summarize(pairs: list[Pair], answers: list[list[Answer]], times: list[Times]) -> Outcome:
    recorded = [(a, p.recorded) for a, p in zip(answers[0], pairs, strict=True) if p.recorded is not None]
    differing_recorded = sum(mine != theirs for mine, theirs in recorded) if recorded else None
    if len(times) == 1:
        return Outcome(len(pairs), times[0], differing_recorded=differing_recorded)
    both = list(zip(*answers, strict=True))
    return Outcome(
        queries=len(pairs),
        ours=times[0],
        peer=times[1],
        ratio_p50=round(times[1].p50_ms / times[0].p50_ms, 2),
        ratio_p95=round(times[1].p95_ms / times[0].p95_ms, 2),
        differing=sum(mine != theirs for mine, theirs in both),
        differing_ea=sum(_earliest(mine) != _earliest(theirs) for mine, theirs in both),
        differing_recorded=differing_recorded,
    )


def _earliest(answer: Answer) -> int | None:
    return min((arrival for _, arrival in answer), default=None)


def _to_times(sheet: list[list[float]]) -> Times:
    medians = sorted(statistics.median(times) * 1000 for times in sheet)
    return Times(round(_percentile(medians, 0.50), 4), round(_percentile(medians, 0.95), 4))


def _percentile(ordered: list[float], share: float) -> float:
    place = share * (len(ordered) - 1)
    low = int(place)
    high = min(low + 1, len(ordered) - 1)
    return ordered[low] + (place - low) * (ordered[high] - ordered[low])
