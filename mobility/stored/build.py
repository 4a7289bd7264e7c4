"""Building a store, stage by stage, each timed."""

from __future__ import annotations

import datetime as dt
import platform
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from gtfs.merge import read_feeds
from gtfs.service_days import feed_timezone, service_dates
from mobility.network.build import Network, build_network
from mobility.network.packing import pack
from mobility.network.store import Facts, StoreError, fingerprint_of, write_arrays
from mobility.network.stored_feed import save_feed
from mobility.network.versions import publish
from mobility.planner.engine import Engine
from mobility.planner.stored_days import find_part_name, save_day
from mobility.stored.source import Source, code_hash, describe
from mobility.stored.streets import ReadStreets, count_streets, read_streets, save_streets

STORE_FORMAT = 1
"""Raised when the folders or the facts of a version change their meaning."""
NETWORK, DAYS, STREETS = "network", "days", "streets"
FEED = frozenset({"feed"})
LONGEST_SPAN = 366

Progress = Callable[[str, int, int], None]
"""Called with a stage, how much of it is done, and how much there is (0: unknown)."""


def say_nothing(stage: str, done: int, total: int) -> None:
    """Nobody watches."""


@dataclass(frozen=True, slots=True)
class BuildOptions:
    """The service days made ready: from ``first`` to ``last``, or ``days`` of them; by default from today, or from
    the feed's first day where today is none of its days. ``accelerates`` adds trip-based transfers.
    """

    first: dt.date | None = None
    last: dt.date | None = None
    days: int = 3
    accelerates: bool = True


@dataclass(slots=True)
class _Clock:
    """Seconds of every stage, and whom to tell."""

    tell: Progress
    seconds: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        begin = time.perf_counter()
        self.tell(name, 0, 0)
        yield
        self.seconds[name] = round(self.seconds.get(name, 0.0) + time.perf_counter() - begin, 3)


def build_store(source: Source, root: Path, options: BuildOptions, progress: Progress = say_nothing) -> Facts:
    """Build a new version of the store at ``root`` and make it the current one; its facts.

    Raises:
        StoreError: It cannot be written, or the days are not the feed's; what was there stays in use.
        FeedUnreadable: There is no feed.
        StreetsUnreadable: The extract of the streets is none; what was there stays in use.
    """
    facts: dict[str, Any] = {}
    name = dt.datetime.now(dt.UTC).strftime("%Y%m%dT%H%M%SZ")
    folder = publish(root, name, lambda aside: facts.update(_write_version(source, aside, options, progress)))
    return {"version": folder.name, **facts}


def _write_version(source: Source, folder: Path, options: BuildOptions, progress: Progress) -> dict[str, Any]:
    clock = _Clock(progress)
    state = describe(source)  # before it is read: a feed that is replaced meanwhile counts as changed
    with clock.stage("Reading the feed"):
        feed, report = read_feeds(source.feeds, lambda file, done, total: progress(f"Reading {file}", done, total))
    today = dt.datetime.now(ZoneInfo(feed_timezone(feed))).date()
    dates = list_dates(options, today, *service_dates(feed))
    streets = _read_streets(source, clock)
    with clock.stage("Encoding the network"):
        network = build_network(feed, source.walking, streets=streets.router if streets else None)
        arrays: dict[str, Any] = {}
        plan = pack(network, "network", arrays, FEED)
        fingerprint = fingerprint_of(arrays)
    facts: dict[str, Any] = {
        "store_format": STORE_FORMAT,
        "built_at": dt.datetime.now(dt.UTC).isoformat(timespec="seconds"),
        "built_by": {"changtong": version("changtong"), "python": platform.python_version(), "code": code_hash()},
        "source": state,
        "options": {"accelerates": options.accelerates},
        "fingerprint": fingerprint,
        "counts": _count(network),
        "streets": count_streets(streets) if streets else {},
    }
    days = _DayWriter(network, folder / DAYS, fingerprint, options, clock)
    parts = {date.isoformat(): days.write(date) for date in dates}
    sizes = {DAYS: sum(days.sizes)}
    if streets:
        report = report.with_notices(streets.notices)
        with clock.stage("Writing the streets"):
            sizes[STREETS] = save_streets(folder / STREETS, streets.router, fingerprint)
    with clock.stage("Writing the network"):
        stored = {**facts, "days": parts, "network": plan, "feed": save_feed(feed, report, arrays)}
        sizes[NETWORK] = write_arrays(folder / NETWORK, arrays, stored)
    return facts | {"days": parts, "bytes": sizes, "seconds": clock.seconds}


def _read_streets(source: Source, clock: _Clock) -> ReadStreets | None:
    """The streets with their hierarchies, where the source has some."""
    if source.streets is None:
        return None
    reading, ordering = "Reading the streets", "Ordering the streets"
    with clock.stage(reading):
        found = read_streets(source.streets, source.elevation, lambda done, of: clock.tell(reading, done, of))
    with clock.stage(ordering):
        router = found.router.streets
        for number, profile in enumerate(router.graph.profiles):
            clock.tell(ordering, number, len(router.graph.profiles))
            router.prepare(profile)
    return found


def list_dates(options: BuildOptions, today: dt.date, first: dt.date, last: dt.date) -> list[dt.date]:
    """The dates to make ready, of those between the feed's ``first`` and ``last``.

    Raises:
        StoreError: There are none, or too many.
    """
    if options.days < 1:
        raise StoreError("a network is built for 1 day or more; other days are made when somebody asks for them")
    begin = max(options.first or (today if today <= last else first), first)
    end = min(options.last or begin + dt.timedelta(options.days - 1), last)
    count = (end - begin).days + 1
    if count < 1:
        asked = f"from {options.first or begin}" + (f" to {options.last}" if options.last else "")
        raise StoreError(f"no day {asked} is in the timetable, which is valid from {first} to {last}")
    if count > LONGEST_SPAN:
        raise StoreError(f"{count} days are too many to make ready; other days are made when somebody asks for them")
    return [begin + dt.timedelta(number) for number in range(count)]


@dataclass(slots=True)
class _DayWriter:
    """Writes days; one that is equal to another is not written again."""

    network: Network
    folder: Path
    fingerprint: str
    options: BuildOptions
    clock: _Clock
    sizes: list[int] = field(default_factory=list)

    def write(self, date: dt.date) -> str:
        """The name of the date's part."""
        with self.clock.stage(f"Timetable of {date}"):
            timetable = self.network.build_timetable(date)
            part = find_part_name(timetable)
        if (self.folder / part).exists():
            return part
        with self.clock.stage(f"Lower bounds of {date}"):
            engine = Engine(timetable)
            engine.prepare()
        if self.options.accelerates:
            stage = f"Transfers of {date}"
            with self.clock.stage(stage):
                engine.accelerate(lambda done, total: self.clock.tell(stage, done, total), backward=True)
        with self.clock.stage(f"Writing {date}"):
            self.sizes.append(save_day(self.folder / part, engine, self.fingerprint))
        return part


def _count(network: Network) -> dict[str, int]:
    schedule = network.schedule
    return {
        "stops": len(schedule.stop_ids),
        "trips": schedule.trip_count,
        "stop_times": len(schedule.row_stop),
        "footpaths": len(network.footpaths.fp_to),
    }
