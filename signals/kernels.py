"""How hot loops are compiled: cached on disk, and without counting references.

Numba counts a reference to every array that is taken out of a tuple or sliced, and cannot leave that out in loops with
several ends: it took five sixths of a schedule search. A kernel borrows what it is given, so it may neither make arrays
nor return any: it writes into memory that its caller keeps. Without compiler it is the same function in plain Python.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, cast

import numpy as np
import numpy.typing as npt
from numba import njit

FunctionT = TypeVar("FunctionT", bound=Callable[..., Any])


def kernel(function: FunctionT) -> FunctionT:
    """Compile a function that only reads and writes arrays of others; its plain twin is ``.py_func``."""
    return cast(FunctionT, njit(cache=True, _nrt=False)(function))


@kernel
def sort_stably(
    keys: npt.NDArray[np.float64], size: int, order: npt.NDArray[np.int64], spare: npt.NDArray[np.int64]
) -> None:
    """Fill ``order`` with the places of the first ``size`` keys, least first and equal ones as they are; a merge sort.

    Neither array of places may be shorter than that.
    """
    for place in range(size):
        order[place] = place
    width = 1
    while width < size:
        for begin in range(0, size, 2 * width):
            middle, end = min(begin + width, size), min(begin + 2 * width, size)
            left, right = begin, middle
            for place in range(begin, end):
                if left < middle and (right == end or keys[order[left]] <= keys[order[right]]):
                    spare[place] = order[left]
                    left += 1
                else:
                    spare[place] = order[right]
                    right += 1
        for place in range(size):
            order[place] = spare[place]
        width *= 2
