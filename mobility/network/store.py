"""Arrays on disk, so that many processes share one copy in memory: a folder of two files.

``arrays.bin`` holds all arrays one behind the other, each on a line of the cache; ``facts.json`` says what they
are (type, shape, place, checksum) and whatever the writer wants to say of them. It is written last: a folder
without it is no store. Opening maps the file once, whatever the number of arrays, and reads nothing.

The mapping is copy-on-write, not read-only: numba types a read-only array differently and would compile every
kernel a second time. Nothing can reach the file; who writes gets a page of his own.
"""

from __future__ import annotations

import hashlib
import json
import mmap
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from mobility.model import PlannerError

FORMAT = 1
"""Raised when an older program could not read what this one writes."""
MAGIC = b"changtong arrays"
LINE_BYTES = 64
ARRAYS, FACTS = "arrays.bin", "facts.json"
BODY = b'"body": '

AnyArray = npt.NDArray[Any]
Facts = Mapping[str, Any]


class StoreError(PlannerError):
    """A store that cannot be written or read. The message names the file and the remedy."""


def write_arrays(folder: Path, arrays: Mapping[str, AnyArray], facts: Facts, *, is_durable: bool = True) -> int:
    """Write a new folder; the size in bytes. ``is_durable`` waits until the disk has it and adds checksums: what
    outlives the machine needs both, a live snapshot neither.

    Raises:
        StoreError: The folder cannot be written: no space, no permission.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with (folder / ARRAYS).open("wb") as file:
            index = dict(_write_all(file, arrays, with_checksums=is_durable))
            size = file.tell()
            _flush(file, is_durable=is_durable)
        with (folder / FACTS).open("wb") as file:
            file.write(_encode_facts({"bytes": size, "facts": facts, "arrays": index}))
            _flush(file, is_durable=is_durable)
        if is_durable:
            sync_folder(folder)
    except OSError as error:
        raise cannot_write(folder, error) from error
    return size


def open_arrays(folder: Path) -> tuple[Mapping[str, AnyArray], Facts]:
    """The arrays, memory-mapped, and the facts.

    Raises:
        StoreError: There is no whole store of a format that we read.
    """
    index = _read_index(folder)
    try:
        with (folder / ARRAYS).open("rb") as file:
            whole = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_COPY)
    except (OSError, ValueError) as error:  # ValueError: an empty file
        raise StoreError(f"{folder / ARRAYS}: cannot be read: {error}; build the store again") from error
    if len(whole) != index["bytes"] or whole[: len(MAGIC)] != MAGIC:
        raise StoreError(f"{folder / ARRAYS}: is cut off or is not ours; build the store again")
    arrays = {
        name: np.ndarray(shape, dtype, whole, offset) for name, (dtype, shape, offset, _) in index["arrays"].items()
    }
    return arrays, index["facts"]


def list_damaged(folder: Path) -> list[str]:
    """Arrays that are not what was written, by their checksums; reads everything.

    Raises:
        StoreError: As ``open_arrays``.
    """
    arrays, _ = open_arrays(folder)
    told = _read_index(folder)["arrays"]
    return [name for name, array in arrays.items() if told[name][3] and checksum_of(array) != told[name][3]]


def checksum_of(array: AnyArray) -> str:
    """What an array's bytes add up to."""
    return _digest(_bytes_of(np.ascontiguousarray(array)))


def fingerprint_of(arrays: Mapping[str, AnyArray]) -> str:
    """One short name for the content of many arrays: equal only where every one of them is."""
    digest = hashlib.blake2b(digest_size=16)
    for name, array in arrays.items():
        digest.update(f"{name} {array.dtype.str} {array.shape} {checksum_of(array)}\n".encode())
    return digest.hexdigest()


def cannot_write(folder: Path, error: OSError) -> StoreError:
    """What to say where the disk refuses."""
    return StoreError(
        f"{folder} cannot be written: {error.strerror or error}; make room or choose another folder with --out",
    )


def sync_folder(folder: Path) -> None:
    """Wait until the names in a folder are on the disk."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _write_all(file: Any, arrays: Mapping[str, AnyArray], *, with_checksums: bool) -> Iterator[tuple[str, list[Any]]]:
    file.write(MAGIC)
    written: dict[int, list[Any]] = {}
    for name, array in arrays.items():
        if id(array) in written:  # an array under two names is stored once
            yield name, written[id(array)]
            continue
        plain = np.ascontiguousarray(array)
        if plain.dtype.hasobject:
            message = f"{name}: an array of Python objects has no place in a file"
            raise TypeError(message)
        file.write(bytes(-file.tell() % LINE_BYTES))
        offset = file.tell()
        if plain.size:
            file.write(_bytes_of(plain))
        checksum = checksum_of(plain) if with_checksums else ""
        written[id(array)] = [plain.dtype.str, array.shape, offset, checksum]
        yield name, written[id(array)]
    file.write(bytes(-file.tell() % LINE_BYTES))


def _bytes_of(array: AnyArray) -> memoryview:
    """Numpy hands out no memory of dates, but of their bytes."""
    return array.reshape(-1).view(np.uint8).data


def _flush(file: Any, *, is_durable: bool) -> None:
    if is_durable:
        file.flush()
        os.fsync(file.fileno())


def _encode_facts(body: Facts) -> bytes:
    """JSON that holds the checksum of its own body."""
    text = json.dumps(body, ensure_ascii=False).encode("utf-8", "surrogatepass")
    head = f'{{"format": {FORMAT}, "checksum": "{_digest(text)}", '.encode()
    return head + BODY + text + b"}"


def _digest(data: bytes | memoryview) -> str:
    return hashlib.blake2b(data, digest_size=16).hexdigest()


def _read_index(folder: Path) -> dict[str, Any]:
    path = folder / FACTS
    try:
        data = path.read_bytes()
        whole = json.loads(data)
    except FileNotFoundError as error:
        raise StoreError(f"{folder}: is not a store of arrays: it has no {FACTS}") from error
    except (OSError, ValueError) as error:
        raise StoreError(f"{path}: cannot be read: {error}; build the store again") from error
    found = whole.get("format") if isinstance(whole, dict) else None
    if found != FORMAT:
        raise StoreError(
            f"{path}: has format {found}, this program reads {FORMAT}: update it, or build the store again"
        )
    if whole.get("checksum") != _digest(data.partition(BODY)[2][:-1]):
        raise StoreError(f"{path}: is damaged; build the store again")
    index: dict[str, Any] = whole["body"]
    return index
