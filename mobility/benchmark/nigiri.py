"""Nigiri, the engine of MOTIS, through pynigiri 0.1.5: the same day, footpaths and rules as ours.

pynigiri searches forwards only (its ``Query.flip_dir`` swaps the ends and still searches forwards), so
nobody can ask it to arrive by a moment. What it is asked instead is its range of departures read
backwards: of all journeys that arrive in time, those that leave last. For the answer it searches from
midnight; what is timed is the narrowest window that holds the answer, which nobody knows beforehand, a
favour to the peer.
"""

from __future__ import annotations

import datetime as dt
import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any, ClassVar

from mobility.benchmark.problem import RANGE_MIN, Answer, BenchmarkError, Kind, Pair


@dataclass(frozen=True, slots=True)
class Nigiri:
    """Nigiri with one service day, whose minute 0 is ``midnight_min`` of its clock."""

    library: Any
    timetable: Any
    midnight_min: int
    locations: dict[str, Any] = field(default_factory=dict)
    windows: dict[Pair, int] = field(default_factory=dict)
    """For arrive-by: the earliest departure of a pair's answer, once it is known."""
    kinds: ClassVar[frozenset[Kind]] = frozenset({Kind.EARLIEST, Kind.RANGE, Kind.ARRIVE_BY})
    limits: ClassVar[Mapping[Kind, int]] = MappingProxyType({})

    def ask(self, kind: Kind, pair: Pair) -> list[Any]:
        """Journeys, with their legs."""
        query = self.library.Query()
        query.start = [self.library.Offset(self._locate(pair.start), 0, 0)]
        query.destination = [self.library.Offset(self._locate(pair.end), 0, 0)]
        query.start_match_mode = self.library.LocationMatchMode.EXACT
        query.dest_match_mode = self.library.LocationMatchMode.EXACT
        query.use_start_footpaths = True
        query.max_transfers = 7
        query.max_travel_time = 1440
        query.start_time = self._start_of(kind, pair)
        journeys = list(self.library.route(self.timetable, query))
        for journey in journeys:
            list(journey.legs)
        return journeys

    def read(self, kind: Kind, pair: Pair, found: list[Any]) -> Answer:
        """Journeys as tuples."""
        times = frozenset(
            (
                int(_value(journey.start_time)) - self.midnight_min,
                int(_value(journey.arrival_time)) - self.midnight_min,
                int(journey.transfers),
            )
            for journey in found
        )
        if kind is Kind.RANGE:
            return times
        if kind is Kind.EARLIEST:
            return frozenset((transfers, arrival) for _, arrival, transfers in times)
        answer = read_backwards(times, pair.latest_min)
        self.windows[pair] = min((departure for _, departure in answer), default=pair.departure_min)
        return answer

    def _start_of(self, kind: Kind, pair: Pair) -> int | tuple[int, int]:
        begin = self.midnight_min + pair.departure_min
        if kind is Kind.EARLIEST:
            return begin
        if kind is Kind.RANGE:
            return begin, begin + RANGE_MIN  # pynigiri's own TimeInterval cannot be used
        return self.midnight_min + self.windows.get(pair, 0), self.midnight_min + pair.latest_min

    def _locate(self, stop_id: str) -> Any:
        if stop_id not in self.locations:
            self.locations[stop_id] = self.timetable.find_location(stop_id)
        return self.locations[stop_id]


def read_backwards(times: frozenset[tuple[int, int, int]], latest_min: int) -> Answer:
    """Of journeys (departure, arrival, transfers) the last to leave that arrive in time: (transfers, departure)."""
    latest: dict[int, int] = {}
    for departure, arrival, transfers in times:
        if arrival <= latest_min:
            latest[transfers] = max(departure, latest.get(transfers, departure))
    best, answer = None, set()
    for transfers in sorted(latest):
        if best is None or latest[transfers] > best:
            best = latest[transfers]
            answer.add((transfers, best))
    return frozenset(answer)


def open_nigiri(gtfs: Path, date: dt.date) -> Nigiri:
    """Nigiri on one day of a feed, without what our feeds do not ask for.

    Raises:
        BenchmarkError: pynigiri is not installed, or refuses the feed.
    """
    try:
        import pynigiri as library  # noqa: PLC0415  (an optional peer)
    except ImportError as error:
        raise BenchmarkError("pynigiri is not installed: pip install 'changtong[bench]'") from error
    loader = library.LoaderConfig()
    loader.link_stop_distance = 0
    loader.default_tz = "Etc/UTC"
    source = library.TimetableSource("feed", str(gtfs))
    source.loader_config = loader
    options = library.FinalizeOptions()
    options.adjust_footpaths = False
    options.merge_dupes_intra_src = False
    options.merge_dupes_inter_src = False
    options.max_footpath_length = 9  # exclusive: keeps walks of up to 8 minutes, as in the oracle's feeds
    days = date.isoformat(), (date + dt.timedelta(1)).isoformat()
    try:
        with _without_its_log():
            timetable = library.load_timetable([source], *days, options)
    except Exception as error:
        message = f"nigiri refuses {gtfs}: {error}"
        raise BenchmarkError(message) from error
    midnight_min = int(dt.datetime.combine(date, dt.time(), dt.UTC).timestamp()) // 60
    return Nigiri(library, timetable, midnight_min)


@contextmanager
def _without_its_log() -> Iterator[None]:
    """Nigiri writes every step of loading to the process's stderr, past Python."""
    sys.stderr.flush()
    kept = os.dup(2)
    try:
        with Path(os.devnull).open("wb") as nowhere:
            os.dup2(nowhere.fileno(), 2)
            yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)


def _value(member: Any) -> Any:
    """Pynigiri has numbers and methods side by side."""
    return member() if callable(member) else member
