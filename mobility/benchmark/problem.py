"""What a benchmark asks: the kinds of question, stop pairs, the rules, and the answers on record.

A folder of networks holds ``<name>.zip`` (one service day, its own transfers.txt), ``<name>_nigiri.csv``
(from, to, dep_min and the recorded Pareto sets) and ``<name>_nigiri_range.json`` (the recorded journeys of
two hours, where there are any).
"""

from __future__ import annotations

import csv
import datetime as dt
import json
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field, replace
from enum import StrEnum
from pathlib import Path
from typing import Any

from mobility.model import PlannerError

Answer = frozenset[tuple[int, ...]]
"""Minutes of the service day; what the numbers are depends on the kind of question."""
Advance = Callable[[int, int], None]
Bars = Callable[[str], AbstractContextManager[Advance]]
"""Opens a progress bar with a title; what it yields is told how much of how much is done."""

BESIDE_THE_CHECKOUT = Path(__file__).resolve().parents[3] / "shared" / "data" / "oracle"
"""Where networks are looked for when nobody says where."""
RANGE_MIN = 120
LATEST_AFTER_MIN = 120
"""Arrive-by asks to be there two hours after the pair's departure."""
RECORDED_SUFFIX = "_nigiri.csv"
RECORDED_COLUMN = "pareto(transfers:arr_min)"


class BenchmarkError(PlannerError):
    """The benchmark cannot be run; the message says what is missing."""


class Kind(StrEnum):
    """What is asked of a pair, and of what numbers an answer's tuples are."""

    EARLIEST = "earliest"
    """Pareto set for one departure: (transfers, arrival)."""
    RANGE = "range"
    """All Pareto journeys that leave within two hours, the end not included: (departure, arrival, transfers)."""
    ARRIVE_BY = "arrive-by"
    """Pareto set for a latest arrival: (transfers, departure)."""
    ONE_TO_ALL = "one-to-all"
    """Earliest arrival at every stop that can be reached: (number of the stop, arrival)."""


@dataclass(frozen=True, slots=True)
class Rules:
    """What differs between the problems of the peers; everything else is in the feed."""

    change_s: int = 120
    walks_first: bool = True
    """Whether the first vehicle may be boarded one footpath away from the origin."""


@dataclass(frozen=True, slots=True)
class Pair:
    """One query: stop ids and departure; None where nothing is on record."""

    start: str
    end: str
    departure_min: int
    recorded: Answer | None = field(default=None, compare=False)
    recorded_range: Answer | None = field(default=None, compare=False)

    @property
    def latest_min(self) -> int:
        """When arrive-by wants to be there."""
        return self.departure_min + LATEST_AFTER_MIN

    def find_recorded(self, kind: Kind) -> Answer | None:
        """The answer on record, which no engine of this run gave."""
        return {Kind.EARLIEST: self.recorded, Kind.RANGE: self.recorded_range}.get(kind)


@dataclass(frozen=True, slots=True)
class Case:
    """A network and what is asked of it. ``date`` None: the feed's only service day."""

    name: str
    gtfs: Path
    pairs: tuple[Pair, ...]
    date: dt.date | None = None


def silent(_: str) -> AbstractContextManager[Advance]:
    """A progress bar for those who want none."""
    return nullcontext(lambda _done, _total: None)


def list_cases(folder: Path, names: tuple[str, ...] = ()) -> list[Case]:
    """The networks of a folder, all or those named, in order of size.

    Raises:
        BenchmarkError: The folder has none, or not the one that was asked for.
    """
    zips = sorted(folder.glob("*.zip"), key=lambda path: path.stat().st_size)
    found = {path.stem: path for path in zips if _pairs_of(path).is_file()}
    if not found:
        raise BenchmarkError(
            f"{folder} holds no network: a network NAME is NAME.zip with NAME{RECORDED_SUFFIX} "
            f"(columns from, to, dep_min) beside it. Give --folder DIR, or --gtfs ZIP with --pairs CSV"
        )
    missing = [name for name in names if name not in found]
    if missing:
        raise BenchmarkError(f"{folder} has no network {missing[0]!r}; it has {', '.join(found)}")
    return [Case(name, path, _list_recorded_pairs(path)) for name, path in found.items() if not names or name in names]


def _pairs_of(gtfs: Path) -> Path:
    return gtfs.with_name(gtfs.stem + RECORDED_SUFFIX)


def _list_recorded_pairs(gtfs: Path) -> tuple[Pair, ...]:
    pairs = list_pairs(_pairs_of(gtfs))
    ranges = gtfs.with_name(gtfs.stem + "_nigiri_range.json")
    return tuple(_with_ranges(pairs, ranges) if ranges.is_file() else pairs)


def _with_ranges(pairs: list[Pair], path: Path) -> list[Pair]:
    try:
        recorded = {
            number: frozenset(tuple(journey) for journey in journeys)
            for number, _, _, journeys in json.loads(path.read_text(encoding="utf-8"))
        }
    except (OSError, ValueError, TypeError) as error:
        message = f"{path} is not a list of [pair, from, to, [[departure, arrival, transfers], ...]]: {error}"
        raise BenchmarkError(message) from error
    return [replace(pair, recorded_range=recorded.get(number)) for number, pair in enumerate(pairs)]


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
            # what is on record holds for the file's own departure
            recorded = _parse_recorded(row) if moment == _parse_departure(row) else None
            pairs.append(Pair(row["from"], row["to"], moment, recorded))
        except (KeyError, ValueError, TypeError, AttributeError) as error:
            message = f"{path}:{line}: columns from, to and dep_min are needed (or --at): {error!r}"
            raise BenchmarkError(message) from error
    if not pairs:
        raise BenchmarkError(f"{path} has no pairs")
    return pairs


def _parse_departure(row: dict[str, Any]) -> int | None:
    text = row.get("dep_min")
    return int(text) if text else None


def _parse_recorded(row: dict[str, Any]) -> Answer | None:
    if RECORDED_COLUMN not in row:
        return None
    entries = (entry.split(":") for entry in row[RECORDED_COLUMN].split(";") if entry)
    return frozenset((int(transfers), int(arrival)) for transfers, arrival in entries)
