"""Live states between processes: one writer puts each in a folder of its own, readers map the newest.

A state becomes visible by one rename, so that nobody sees half of one, and is named by its number, so that nobody
mixes two. Asking whether there is a newer one costs a look at one file.
"""

from __future__ import annotations

import os
from pathlib import Path

from mobility.live.snapshot import Snapshot
from mobility.network.packing import pack, unpack
from mobility.network.store import AnyArray, StoreError, open_arrays, write_arrays
from mobility.network.versions import CURRENT, find_current, publish
from mobility.planner.engine import Engine
from mobility.planner.live_engine import LiveState
from mobility.planner.prepared import Parts, Prepared

TRIES = 20
"""A reader that was slow finds its version gone, and looks again; a new one comes about once a second."""


class SnapshotPublisher:
    """The one writer of a folder. ``network`` names what the states were computed from; readers give the same."""

    def __init__(self, folder: Path, planned: Prepared, network: str) -> None:
        """Parts of ``planned`` are not written again: readers have them."""
        self._folder = folder
        self._planned = planned
        self._network = network

    def publish(self, state: LiveState) -> Path:
        """Write a state and make it the current one.

        Raises:
            StoreError: The folder cannot be written, or another process writes it.
        """
        arrays: dict[str, AnyArray] = {}
        plan = pack(state.snapshot, "snapshot", arrays, frozenset({"notices"}))
        bounds, planned = state.engine.prepare(backward=False).forward.bounds, self._planned.forward.bounds
        has_planned = bounds is not None and planned is not None and bounds.graph is planned.graph
        if not has_planned:
            arrays |= Prepared(Parts(bounds=bounds)).to_arrays()
        facts = {"network": self._network, "snapshot": plan, "planned_bounds": has_planned}

        def write(aside: Path) -> None:
            write_arrays(aside, arrays, facts, is_durable=False)

        return publish(self._folder, f"{state.snapshot.sequence:010d}", write)


class SnapshotReader:
    """A process that asks. ``latest`` is called by every query; ``problem`` says why it answers with an old state."""

    def __init__(self, folder: Path, planned: Prepared, network: str) -> None:
        """Nothing is opened yet; ``planned`` is what the planned day's engine has prepared."""
        self._folder = folder
        self._pointer = os.fspath(folder / CURRENT)
        self._planned = planned
        self._network = network
        self._seen: tuple[int, int] | None = None
        self._state: LiveState | None = None
        self.problem = ""

    def latest(self) -> LiveState | None:
        """The newest state; None where there is none yet.

        Raises:
            StoreError: The first cannot be read, or belongs to another network. Later ones leave the last good in use.
        """
        try:
            found = os.stat(self._pointer)  # noqa: PTH116  (half the cost of Path.stat, in every query)
        except FileNotFoundError:
            return self._state
        key = found.st_ino, found.st_mtime_ns
        if key != self._seen:
            self._renew()
            self._seen = key
        return self._state

    def _renew(self) -> None:
        try:
            self._state = self._open()
            self.problem = ""
        except StoreError as error:
            if self._state is None:
                raise
            self.problem = str(error)

    def _open(self) -> LiveState | None:
        for _ in range(TRIES):
            folder = find_current(self._folder)
            try:
                return None if folder is None else self._read(folder)
            except StoreError:
                if find_current(self._folder) == folder:
                    raise
        raise StoreError(f"{self._folder}: changes faster than it can be read; publish more rarely")

    def _read(self, folder: Path) -> LiveState:
        arrays, facts = open_arrays(folder)
        if facts["network"] != self._network:
            raise StoreError(f"{folder}: is of another network than the one in use; start both from one feed")
        snapshot: Snapshot = unpack(facts["snapshot"], arrays)
        own = Prepared.from_arrays(arrays)
        forward, backward = self._planned.forward, self._planned.backward
        kept = Prepared(
            Parts(forward.walks_into, forward.bounds if facts["planned_bounds"] else own.forward.bounds),
            Parts(backward.walks_into, backward.bounds if facts["planned_bounds"] else None),
        )
        return LiveState(snapshot, Engine(snapshot.timetable, all_pairs=False, prepared=kept))
