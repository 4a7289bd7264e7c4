"""One number for all that a world of ``field_rig`` will still be driven by, so that two alike are explored once.

What is left out is only what was noted for people, names that are drawn at random, and what never changes. Times are
taken as they are: worlds are compared at the same second. Two worlds that differ in something left out would behave
alike; two that are alike but hash differently are merely explored twice.
"""

import hashlib
from collections import deque
from enum import Enum
from functools import partial
from random import Random
from types import BuiltinMethodType, FunctionType, MethodType

import numpy as np

from tests.support.field_street import CONSTANT

_NOTED = {
    "_world", "_notes", "record", "_record", "said", "_say", "counts", "refusals", "_commands", "commands", "obeyed",
    "report", "spoken", "heard", "_holder", "_tells", "_pool", "view", "wants", "whim", "_last_intent", "_trouble",
    "_objection", "faults", "samples", "requests", "garbled",
}  # fmt: skip


def hash_world(world):
    """A digest of a world's emulator, processes, network, lease server and judge."""
    digest = hashlib.blake2b(digest_size=16)
    now_s = world.now_s()
    holders = [runtime.lease._holder == world.server._holder for runtime in world.runtimes.values()]
    highest = [max((one.token or 0 for one in said), default=0) for said in (world.spoken, world.heard)]
    seen = (
        world.ticks, world.network.fingerprint(now_s), world.server.fingerprint(now_s), holders, highest,
        world.judge.fingerprint(now_s), sorted(world._shelves.items()),
    )  # fmt: skip
    digest.update(repr(seen).encode())
    _walk(world.emulator, digest.update, set())
    for name, runtime in sorted(world.runtimes.items()):
        digest.update(name.encode())
        _walk(runtime, digest.update, set())
    return digest.digest()


def _walk(one, write, above):
    if one is None or isinstance(one, bool | int | str | bytes | Enum):
        write(repr(one).encode())
    elif isinstance(one, float):
        write(b"%.4f" % one)
    elif isinstance(one, np.ndarray):
        write(one.tobytes())
    elif isinstance(one, Random):
        write(repr(hash(one.getstate())).encode())
    elif isinstance(one, (*CONSTANT, FunctionType, MethodType, BuiltinMethodType, type, partial)):
        return
    elif id(one) in above:
        write(b"^")
    else:
        _walk_inside(one, write, above | {id(one)})


def _walk_inside(one, write, above):
    write(type(one).__name__.encode())
    if isinstance(one, tuple | list | deque):
        parts = list(one)
    elif isinstance(one, set | frozenset):
        parts = sorted(one, key=repr)
    elif hasattr(one, "items"):
        parts = [part for pair in one.items() for part in pair]
    else:
        parts = []
        names = [
            *getattr(one, "__dict__", ()),
            *(n for kind in type(one).__mro__ for n in getattr(kind, "__slots__", ())),
        ]
        for name in names:
            if name not in _NOTED and hasattr(one, name):
                parts += [name, getattr(one, name)]
    write(b"(%d" % len(parts))
    for part in parts:
        _walk(part, write, above)
    write(b")")
