"""One commander: who may speak to a cabinet, and how the last process before the socket knows.

Whoever wants to command takes a lease and gets a token, higher than every token before it. The lease ends by itself
when it is not renewed, and the holder stops speaking before that: it counts from when it began to ask, on its own
clock that never goes back. A process that slept through the end of its lease does not know that; so the ``Fence``
before the socket remembers the highest token it has let pass, on disk, and refuses every lower one (leases: Gray and
Cheriton 1989; tokens: the sequencers of Burrows 2006, section 2.4).

A lone cabinet has its lease in a file (``FileLease``); where several machines may command, it is in Redis
(``runtime.redis_lease``).
"""

from __future__ import annotations

import fcntl
import os
from contextlib import suppress
from pathlib import Path
from typing import Protocol

LEASE_S = 6.0
RENEW_EVERY_S = LEASE_S / 3.0
MARGIN_S = 0.5  # for the two clocks' difference in speed, and for the command's own way


class LeaseError(Exception):
    """A file of a lease or a fence cannot be read or written."""


class StaleTokenError(Exception):
    """A command of somebody who is no longer the commander; it is not sent."""


class Lease(Protocol):
    """The right to command one cabinet."""

    def acquire(self, now_s: float, at_least: int = 0) -> int | None:
        """A token above ``at_least`` and above all before it, or None while somebody else holds the lease."""
        ...

    def renew(self, now_s: float) -> bool:
        """Hold it for ``LEASE_S`` more; False where it is lost."""
        ...

    def is_held(self, now_s: float) -> bool:
        """Whether it is safe to speak in this second, as far as this process knows."""
        ...

    def release(self) -> None:
        """Let somebody else have it at once."""
        ...


class FileLease:
    """A lease in a file that one process at a time can lock; the lock goes with the process, however it ends."""

    def __init__(self, path: Path) -> None:
        self._path, self._file = path, -1

    def acquire(self, now_s: float, at_least: int = 0) -> int | None:
        """Lock the file and count it up."""
        del now_s
        if self._file >= 0:
            raise LeaseError(f"{self._path}: this process holds the lease already")
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            file = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o640)
        except OSError as error:
            raise LeaseError(f"{self._path}: {error.strerror}") from error
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(file)
            return None
        try:
            token = max(_read_number(self._path), at_least) + 1
            os.pwrite(file, b"%020d\n" % token, 0)
            os.fsync(file)
        except BaseException:
            os.close(file)
            raise
        self._file = file
        return token

    def renew(self, now_s: float) -> bool:
        """A lock needs no renewal."""
        return self.is_held(now_s)

    def is_held(self, now_s: float) -> bool:
        """From ``acquire`` to ``release``, as long as the file is the one that others would lock."""
        del now_s
        if self._file < 0:
            return False
        try:
            return os.path.samestat(os.fstat(self._file), self._path.stat())
        except OSError:
            return False

    def release(self) -> None:
        """Unlock the file."""
        if self._file >= 0:
            os.close(self._file)
            self._file = -1


class Fence:
    """The highest token that has passed, kept in a file that one process at a time holds: it survives the process."""

    def __init__(self, path: Path) -> None:
        self._path = path
        path.parent.mkdir(parents=True, exist_ok=True)
        self._file = os.open(path, os.O_RDWR | os.O_CREAT, 0o640)
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            self._highest = _read_number(path)
        except OSError as error:
            os.close(self._file)
            raise LeaseError(f"{path}: another process stands before this socket") from error
        except BaseException:
            os.close(self._file)
            raise

    @property
    def highest(self) -> int:
        """No lower one passes."""
        return self._highest

    def admit(self, token: int) -> None:
        """Let a command with this token pass; a higher one than before is on disk when this returns.

        Raises:
            StaleTokenError: somebody with a higher token has commanded since.
        """
        if token < self._highest:
            raise StaleTokenError(f"token {token} is stale: token {self._highest} has commanded since")
        if token > self._highest:
            os.pwrite(self._file, b"%020d\n" % token, 0)  # always as long: a torn write mixes digits, and no length
            os.fsync(self._file)
            self._highest = token

    def close(self) -> None:
        """Let another process stand here."""
        os.close(self._file)


def _read_number(path: Path) -> int:
    """The number of a file; 0 where there is none yet.

    Raises:
        LeaseError: something else is in it: rather no commander than two.
    """
    text = ""
    with suppress(FileNotFoundError):
        text = path.read_text(encoding="ascii", errors="replace").strip()
    if text and not text.isdecimal():
        raise LeaseError(
            f"{path}: {text[:20]!r} is no token; stop every process that commands this cabinet, then remove it."
        )
    return int(text or 0)
