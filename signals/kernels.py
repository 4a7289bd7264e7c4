"""How hot loops are compiled: cached on disk, and without counting references.

Numba counts a reference to every array that is taken out of a tuple or sliced, and cannot leave that out in loops with
several ends: it took five sixths of a schedule search. A kernel borrows what it is given, so it may neither make arrays
nor return any: it writes into memory that its caller keeps. Without compiler it is the same function in plain Python.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, cast

from numba import njit

FunctionT = TypeVar("FunctionT", bound=Callable[..., Any])


def kernel(function: FunctionT) -> FunctionT:
    """Compile a function that only reads and writes arrays of others; its plain twin is ``.py_func``."""
    return cast(FunctionT, njit(cache=True, _nrt=False)(function))
