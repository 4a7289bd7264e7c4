"""How much memory several processes need for one store: what they map is there once (Linux, /proc/PID/smaps)."""

from __future__ import annotations

import multiprocessing as mp
from collections import Counter
from multiprocessing.synchronize import Barrier
from pathlib import Path

from mobility.network.store import ARRAYS, StoreError, open_arrays
from mobility.network.versions import find_current

SMAPS = Path("/proc/self/smaps")
PATIENCE_S = 60.0


def measure_sharing(root: Path, processes: int = 2) -> list[dict[str, int]]:
    """Kilobytes of the store in each of some processes that have all read all of it at the same time: ``Rss`` (what
    it sees), ``Pss`` (its share of that), ``Shared_Clean`` (pages that another sees too), ``Private_Dirty`` (pages
    of its own).

    Raises:
        StoreError: The system does not tell.
    """
    folder = find_current(root)
    if folder is None or not SMAPS.exists():
        raise StoreError(f"{root}: the memory of a store can be told on Linux, once there is one")
    context = mp.get_context("spawn")
    together = context.Barrier(processes)
    with context.Pool(processes, _meet, (together,)) as pool:
        return pool.map(_read_all, [folder] * processes, chunksize=1)


def measure_mapped() -> dict[str, int]:
    """Kilobytes of every store that this process has mapped."""
    total: Counter[str] = Counter()
    is_ours = False
    for line in SMAPS.read_text(encoding="utf-8").splitlines():
        key, *rest = line.split()
        if not key.endswith(":"):
            is_ours = line.endswith(f"/{ARRAYS}")
        elif is_ours and rest[-1] == "kB":
            total[key[:-1]] += int(rest[0])
    return dict(total)


_BARRIERS: list[Barrier] = []


def _meet(together: Barrier) -> None:
    """Barriers are handed to a process when it begins, not later."""
    _BARRIERS.append(together)


def _read_all(folder: Path) -> dict[str, int]:
    kept = [open_arrays(facts.parent)[0] for facts in sorted(folder.rglob(ARRAYS))]
    for arrays in kept:
        for array in arrays.values():
            array.reshape(-1).view("u1").max(initial=0)
    _BARRIERS[0].wait(PATIENCE_S)
    found = measure_mapped()
    _BARRIERS[0].wait(PATIENCE_S)
    return found
