"""What loading costs an engine: seconds by phase and memory, each engine in a fresh process of its own.

Libraries are imported and kernels compiled before anything counts. ``added`` is what the process grew by
(resident set), ``peak`` its largest size ever, imports included; where the system does not tell (no
``/proc``), memory is left out.
"""

from __future__ import annotations

import datetime as dt
import gc
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from importlib import import_module
from multiprocessing import get_context
from pathlib import Path
from typing import Any, ParamSpec, TypeVar

from gtfs.feed import Feed
from gtfs.ingest import read_feed
from mobility.benchmark.cafein_peer import RULES as CAFEIN_RULES
from mobility.benchmark.cafein_peer import open_cafein
from mobility.benchmark.compare import Peer, rules_of
from mobility.benchmark.nigiri import open_nigiri
from mobility.benchmark.problem import Advance, BenchmarkError, Case, Kind, Rules
from mobility.benchmark.searchers import Ours, Search, build_our_network, open_ours
from mobility.benchmark.synthetic_city import DATE, build_city, list_city_pairs

Given = ParamSpec("Given")
Result = TypeVar("Result")
PROCESS = Path("/proc/self/status")
KIB_PER_MIB = 1024.0
WARM = 10
"""Questions asked before memory is read: what a search allocates once counts."""


@dataclass(frozen=True, slots=True)
class Footprint:
    """Loading one engine with one network. ``phases`` are seconds, in order."""

    engine: str
    phases: dict[str, float] = field(default_factory=dict)
    added_mib: float | None = None
    peak_mib: float | None = None

    @property
    def total_s(self) -> float:
        """From the zip until every kind of question can be asked."""
        return round(sum(self.phases.values()), 3)

    def to_json(self) -> dict[str, Any]:
        """For machines."""
        return asdict(self) | {"total_s": self.total_s}


class Watch:
    """Seconds by phase, and memory from its making on."""

    def __init__(self) -> None:
        gc.collect()
        self.phases: dict[str, float] = {}
        self._resident = read_mib("VmRSS")

    @contextmanager
    def phase(self, name: str) -> Iterator[None]:
        """Times what is done inside."""
        begin = time.perf_counter()
        yield
        self.phases[name] = round(time.perf_counter() - begin, 3)

    def finish(self, engine: str) -> Footprint:
        """What it cost until now."""
        gc.collect()
        now = read_mib("VmRSS")
        added = None if now is None or self._resident is None else round(now - self._resident, 1)
        return Footprint(engine, self.phases, added, read_mib("VmHWM"))


def read_mib(name: str) -> float | None:
    """Resident memory of this process, now (``VmRSS``) or at its largest (``VmHWM``); None where it is not told."""
    if not PROCESS.is_file():
        return None
    line = next(line for line in PROCESS.read_text(encoding="ascii").splitlines() if line.startswith(name + ":"))
    return round(int(line.split()[1]) / KIB_PER_MIB, 1)


def in_fresh_process(work: Callable[Given, Result], *args: Given.args, **kwargs: Given.kwargs) -> Result:
    """The work's result, done by a new interpreter that has nothing in memory yet.

    Raises:
        BenchmarkError: The process died, most likely for want of memory.
    """
    with ProcessPoolExecutor(1, get_context("spawn")) as pool:
        try:
            return pool.submit(work, *args, **kwargs).result()
        except BrokenProcessPool as error:
            raise BenchmarkError("a measuring process died: is there enough memory for this network?") from error


def measure_footprints(case: Case, date: dt.date, peer: Peer, search: Search, advance: Advance) -> list[Footprint]:
    """Ours and the peer's for one network."""
    advance(0, 2)
    footprints = [in_fresh_process(load_ours, case, date, rules_of(peer), search)]
    advance(1, 2)
    if peer is Peer.NIGIRI:
        footprints.append(in_fresh_process(load_nigiri, case, date))
    if peer is Peer.CAFEIN:
        footprints.append(in_fresh_process(load_cafein, case, date))
    return footprints


def load_ours(case: Case, date: dt.date, rules: Rules, search: Search) -> Footprint:
    """Our engine, phase by phase."""
    warm_up(search)
    watch = Watch()
    with watch.phase("read"):
        feed, _ = read_feed(case.gtfs)
    ours = open_feed(feed, date, rules, search, watch)
    for pair in case.pairs[:WARM]:
        ours.ask(Kind.EARLIEST, pair)
    return watch.finish("changtong")


def open_feed(
    feed: Feed, date: dt.date, rules: Rules, search: Search, watch: Watch, *, makes_walks: bool = False
) -> Ours:
    """Our engine from a feed in memory."""
    with watch.phase("network"):
        network = build_our_network(feed, rules, makes_walks=makes_walks)
    return open_ours(network, date, rules, search, watch.phase)


def warm_up(search: Search) -> None:
    """Compile (or load from the cache) every kernel that loading and searching need, on a village."""
    feed = build_city(3000)
    ours = open_ours(build_our_network(feed, Rules(), makes_walks=True), DATE, Rules(), search)
    for pair in list_city_pairs(feed, 3):
        for kind in sorted(ours.kinds):
            ours.ask(kind, pair)


def load_nigiri(case: Case, date: dt.date) -> Footprint:
    """Nigiri: one step for the caller."""
    import_module("pynigiri")  # its import is not its loading
    watch = Watch()
    with watch.phase("load"):
        nigiri = open_nigiri(case.gtfs, date)
    for pair in case.pairs[:WARM]:
        nigiri.ask(Kind.EARLIEST, pair)
    return watch.finish("nigiri")


def load_cafein(case: Case, date: dt.date) -> Footprint:
    """Cafein: the feed, and our footpaths, which are ready before it starts."""
    for module in ("cafein.street_network", "cafein.streets"):
        import_module(module)  # its imports are not its loading
    feed, _ = read_feed(case.gtfs)
    network = build_our_network(feed, CAFEIN_RULES)
    watch = Watch()
    with watch.phase("load"):
        peer = open_cafein(case.gtfs, date, network)
    for pair in case.pairs[:WARM]:
        peer.ask(Kind.EARLIEST, pair)
    return watch.finish("cafein")
