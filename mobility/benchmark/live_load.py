"""Queries without a pause while the timetable is replaced under them: failures, mixed answers, and what it costs.

Processes ask in a closed loop and log every answer with the number of the state that it came from. Blocks with a
new state every second take turns with blocks without, so that whatever else the machine does falls on both. The
writer is nice. Afterwards every state is made once more and every answer played against its own.
"""

from __future__ import annotations

import multiprocessing as mp
import os
import pickle
import sys
import time
from collections import defaultdict
from contextlib import suppress
from ctypes import c_int
from dataclasses import asdict, dataclass
from multiprocessing.sharedctypes import RawValue
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import BrokenBarrierError, Thread, get_native_id
from typing import Any, NamedTuple

import numpy as np

from mobility.benchmark.live_day import LiveDay, draw_updates, rebuild
from mobility.benchmark.problem import Advance, BenchmarkError
from mobility.benchmark.replay import find_fault
from mobility.live.updates import TripUpdate
from mobility.network.store import open_arrays, write_arrays
from mobility.planner.live_engine import LiveState
from mobility.planner.live_store import SnapshotPublisher, SnapshotReader
from mobility.planner.prepared import Prepared
from mobility.planner.query import Path as FoundPath
from mobility.planner.query import Query

STOPPED, QUIET, SWAPPING = -1, 0, 1
BLOCK_S = 5
NICENESS = 2
"""Of the writer: behind the questions, but never starved by them."""
DRAWN = 8
"""Sets of updates, drawn before the questions begin; states take them in turn."""
WARM_QUERIES = 40
NETWORK, PLANNED, STATES = "benchmark", "planned", "states"
EARLIEST_MIN, LATEST_MIN = 6 * 60, 21 * 60
"""Questions are about the day."""
START_WITHIN_S = 120
ASKED_AGAIN = 20
"""Of so many answers one is compared with what its state answers when asked again."""


Drawn = list[list[TripUpdate]]


class Entry(NamedTuple):
    """One question and its answer. ``paths`` None: it failed."""

    phase: int
    sequence: int
    spent_ms: float
    worked_ms: float
    origin: int
    target: int
    at_s: int
    paths: list[FoundPath] | None


class Pace(NamedTuple):
    """Milliseconds a query, and those in which it had a core: the rest it waited for the others."""

    queries: int
    p50_ms: float
    p99_ms: float
    cpu_p50_ms: float
    cpu_p99_ms: float


@dataclass(frozen=True, slots=True)
class Load:
    """What the queries met. ``mixed`` are answers that are not wholly of the state they came from; ``compared`` were
    asked once more of it.
    """

    processes: int
    states: int
    failed: int
    mixed: int
    compared: int
    quiet: Pace
    swapping: Pace
    publish_p50_ms: float

    def to_json(self) -> dict[str, Any]:
        """The facts, flat."""
        facts = asdict(self) | {"quiet": self.quiet._asdict(), "swapping": self.swapping._asdict()}
        for name in ("p50_ms", "p99_ms", "cpu_p99_ms"):
            facts[f"ratio_{name[:-3]}"] = round(facts["swapping"][name] / facts["quiet"][name], 3)
        return facts


def run_load(day: LiveDay, seconds: int, processes: int, seed: int, advance: Advance) -> Load:
    """Ask with ``processes`` processes for ``seconds`` with a new state a second, and as long without.

    Raises:
        BenchmarkError: The processes do not start, or one of them dies.
    """
    with TemporaryDirectory(prefix="changtong-live-") as name:
        folder = Path(name)
        write_arrays(folder / PLANNED, day.prepared.to_arrays(), {}, is_durable=False)
        publisher = SnapshotPublisher(folder / STATES, day.prepared, NETWORK)
        drawn = [draw_updates(day, seed + number) for number in range(DRAWN)]
        publisher.publish(_make(day, drawn, 1))
        context = mp.get_context("spawn")
        phase, barrier = RawValue(c_int, QUIET), context.Barrier(processes + 1)
        served = np.unique(day.timetable.arrays.pat_stop).tolist()
        tasks = [(folder, number, seed, served, phase, barrier) for number in range(processes)]
        workers = [context.Process(target=ask, args=task, daemon=True) for task in tasks]
        for worker in workers:
            worker.start()
        try:
            barrier.wait(START_WITHIN_S)
        except BrokenBarrierError as error:
            raise BenchmarkError(f"the {processes} processes that ask did not start; the error is above") from error
        published_ms: list[float] = []
        writer = Thread(target=_write, args=(day, publisher, phase, seconds, drawn, published_ms, advance))
        writer.start()
        writer.join()
        for worker in workers:
            worker.join(START_WITHIN_S)
        if any(worker.exitcode for worker in workers):
            raise BenchmarkError("a process that asked has died; the error is above")
        entries = [entry for number in range(processes) for entry in _read_log(folder, number)]
    return _summarize(day, entries, processes, published_ms, drawn)


def ask(folder: Path, number: int, seed: int, served: list[int], phase: Any, barrier: Any) -> None:
    """One process: random questions without a pause until the phase says stop; the log is written at the end."""
    planned = Prepared.from_arrays(open_arrays(folder / PLANNED)[0])
    reader = SnapshotReader(folder / STATES, planned, NETWORK)
    random = np.random.default_rng([seed, number])
    for _ in range(WARM_QUERIES):
        _ask_once(reader, random, served, QUIET)
    barrier.wait(START_WITHIN_S)
    entries = []
    while (now := phase.value) != STOPPED:
        entries.append(_ask_once(reader, random, served, now))
    (folder / f"log{number}").write_bytes(pickle.dumps(entries))


def _ask_once(reader: SnapshotReader, random: np.random.Generator, served: list[int], phase: int) -> Entry:
    origin, target = (served[pick] for pick in random.choice(len(served), 2, replace=False).tolist())
    at_s = 60 * int(random.integers(EARLIEST_MIN, LATEST_MIN))
    sequence, paths = -1, None
    begin, busy = time.perf_counter(), time.thread_time()
    try:
        state = reader.latest()
        if state is not None:
            sequence = state.snapshot.sequence
            paths = state.engine.find_paths(_question(state, origin, target, at_s))
    except Exception as error:  # noqa: BLE001  (whatever it is, somebody has got no answer)
        paths, sequence = None, -1
        print(f"a question failed: {error!r}", file=sys.stderr)  # noqa: T201
    spent, worked = time.perf_counter() - begin, time.thread_time() - busy
    return Entry(phase, sequence, spent * 1000, worked * 1000, origin, target, at_s, paths)


def _question(state: LiveState, origin: int, target: int, at_s: int) -> Query:
    access, egress = state.engine.stop_to_stop(origin, target)
    return Query(access, egress, at_s, origin=origin, target=target)


def _make(day: LiveDay, drawn: Drawn, sequence: int) -> LiveState:
    """The state with this number: the same whenever it is made."""
    return rebuild(day, drawn[sequence % DRAWN], sequence)[0]


def _write(
    day: LiveDay,
    publisher: SnapshotPublisher,
    phase: Any,
    seconds: int,
    drawn: Drawn,
    spent_ms: list[float],
    advance: Advance,
) -> None:
    """The writer: blocks of quiet and of a new state a second, in turn. Its thread alone is nice."""
    with suppress(OSError, AttributeError):  # where threads have no priority of their own
        os.setpriority(os.PRIO_PROCESS, get_native_id(), NICENESS)
    done, sequence = 0, 1
    try:
        while done < seconds:
            block_s = min(BLOCK_S, seconds - done)
            phase.value = QUIET
            time.sleep(block_s)
            phase.value = SWAPPING
            end = time.perf_counter() + block_s
            while (begin := time.perf_counter()) < end:
                sequence += 1
                publisher.publish(_make(day, drawn, sequence))
                spent_ms.append((time.perf_counter() - begin) * 1000)
                time.sleep(max(0.0, min(begin + 1, end) - time.perf_counter()))
            done += block_s
            advance(done, seconds)
    finally:
        phase.value = STOPPED


def _read_log(folder: Path, number: int) -> list[Entry]:
    entries: list[Entry] = pickle.loads((folder / f"log{number}").read_bytes())  # noqa: S301  (our own process wrote it)
    return entries


def _summarize(day: LiveDay, entries: list[Entry], processes: int, published_ms: list[float], drawn: Drawn) -> Load:
    of_state: dict[int, list[Entry]] = defaultdict(list)
    for entry in entries:
        if entry.paths is not None:
            of_state[entry.sequence].append(entry)
    mixed, compared = 0, 0
    for sequence in sorted(of_state):
        state = _make(day, drawn, sequence)
        mixed += sum(_is_mixed(state, entry) for entry in of_state[sequence])
        for entry in of_state[sequence][::ASKED_AGAIN]:
            again = state.engine.find_paths(_question(state, entry.origin, entry.target, entry.at_s))
            mixed += again != entry.paths
            compared += 1
    return Load(
        processes=processes,
        states=len(of_state),
        failed=sum(entry.paths is None for entry in entries),
        mixed=mixed,
        compared=compared,
        quiet=_to_pace([entry for entry in entries if entry.phase == QUIET]),
        swapping=_to_pace([entry for entry in entries if entry.phase == SWAPPING]),
        publish_p50_ms=round(float(np.median(published_ms)), 1),
    )


def _to_pace(entries: list[Entry]) -> Pace:
    if not entries:
        raise BenchmarkError("no question was answered: give the run more --seconds")
    wall, cpu = ([entry.spent_ms for entry in entries], [entry.worked_ms for entry in entries])
    numbers = (round(float(quantile), 3) for times in (wall, cpu) for quantile in np.quantile(times, (0.5, 0.99)))
    return Pace(len(entries), *numbers)


def _is_mixed(state: LiveState, entry: Entry) -> bool:
    """Whether an answer does not fit the state that it came from."""
    query = _question(state, entry.origin, entry.target, entry.at_s)
    return any(find_fault(state.snapshot.timetable, query, path) for path in entry.paths or [])
