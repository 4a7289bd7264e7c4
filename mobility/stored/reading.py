"""Opening a store, looking at it, and checking every byte of it."""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from gtfs.notices import Report
from mobility.cities import City, find_city
from mobility.network.build import Network
from mobility.network.packing import unpack
from mobility.network.store import AnyArray, Facts, StoreError, list_damaged, open_arrays
from mobility.network.stored_feed import load_feed, load_report
from mobility.network.versions import CURRENT, find_current
from mobility.planner.stored_days import StoredDays, load_day
from mobility.stored.build import DAYS, NETWORK, STORE_FORMAT, STREETS, Progress, say_nothing
from mobility.stored.source import code_hash, find_change, format_build
from mobility.stored.streets import StoredStreets, load_streets

LOG = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class StoredNetwork:
    """A store that is open. ``staleness`` says in a sentence, with its remedy, that the feed or a map has changed
    since; ``streets`` are those that the network was built with.
    """

    folder: Path
    facts: Facts
    network: Network
    report: Report
    city: City | None
    days: StoredDays
    staleness: str
    streets: StoredStreets | None = None


def is_store(path: Path) -> bool:
    """Whether a path is a store: it has a current version."""
    return (path / CURRENT).is_file()


def open_store(root: Path) -> StoredNetwork:
    """Open the current version.

    Raises:
        StoreError: There is none, it is damaged, or another version of this program wrote it.
    """
    while True:
        folder = _get_current(root)
        try:
            return _open_version(root, folder)
        except StoreError:
            # a build may have replaced and removed it meanwhile: then there is a newer one
            if find_current(root) == folder:
                raise


def read_facts(root: Path) -> tuple[Path, Facts]:
    """The current version and what it says of itself, even where this program cannot open it.

    Raises:
        StoreError: There is no store.
    """
    folder = _get_current(root)
    return folder, _open_network(folder)[1]


def describe_staleness(root: Path, facts: Facts) -> str:
    """A sentence where the feed or a map is no longer what the store was built from; else empty."""
    change = find_change(facts["source"])
    return (
        f"{change} since {root} was built ({facts['built_at']}); build it again: {remedy_for(root, facts)}"
        if change
        else ""
    )


def remedy_for(root: Path, facts: Facts) -> str:
    """The command that builds a store again."""
    return format_build(facts["source"], root)


def verify_store(root: Path, progress: Progress = say_nothing) -> list[str]:
    """The damaged arrays of the current version; reads all of it.

    Raises:
        StoreError: It is so damaged that it cannot be opened.
    """
    folder, facts = read_facts(root)
    parts = [f"{DAYS}/{part}" for part in sorted(set(facts["days"].values()))]
    places: Sequence[str] = [NETWORK, *([STREETS] if facts.get("streets") else []), *parts]
    damaged = []
    for number, place in enumerate(places):
        progress(f"Reading {place}", number, len(places))
        damaged += [f"{folder / place}: {name}" for name in list_damaged(folder / place)]
    return damaged


def _get_current(root: Path) -> Path:
    folder = find_current(root)
    if folder is None:
        raise StoreError(
            f"{root}: is no network that was built; make one with: changtong network build FEED --out {root}"
        )
    return folder


def _open_network(folder: Path) -> tuple[Mapping[str, AnyArray], Facts]:
    arrays, facts = open_arrays(folder / NETWORK)
    found = facts.get("store_format")
    if found != STORE_FORMAT:
        raise StoreError(f"{folder}: has format {found}, this program reads {STORE_FORMAT}: update it, or build again")
    return arrays, facts


def _open_version(root: Path, folder: Path) -> StoredNetwork:
    arrays, facts = _open_network(folder)
    if facts["built_by"]["code"] != code_hash():
        raise StoreError(
            f"{folder}: was built by another version of this program; build it again: {remedy_for(root, facts)}"
        )
    network = unpack(facts["network"], arrays, feed=load_feed(facts["feed"], arrays))
    days = {}
    for text, part in facts["days"].items():
        date = dt.date.fromisoformat(text)
        days[date] = load_day(folder / DAYS / part, date, facts["fingerprint"])
    streets = load_streets(folder / STREETS, facts["fingerprint"]) if facts["streets"] else None
    city = find_city(facts["source"]["reference"]) if facts["source"]["city"] else None
    staleness = describe_staleness(root, facts)
    if staleness:
        LOG.warning(staleness)
    return StoredNetwork(folder, facts, network, load_report(arrays), city, days, staleness, streets)
