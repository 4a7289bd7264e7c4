"""The append-only log of what was asked of the street, in which nothing can be changed without being noticed.

Each line is ``MAC JSON``. The MAC is HMAC-SHA256 over the MAC before and the JSON, so that a record that was changed,
taken out, put in or moved breaks the chain there; without a key it is a plain chain, which notices accidents but not
somebody who writes it anew from there on. Lines taken from the end break no chain: beside the log stands ``NAME.head``
with how many there must be at least and the last MAC. One process writes a log. What a process was writing when it was
killed is a torn line; the next to open the log sets it aside in ``NAME.torn`` and says so in a record, as it does where
the head knows of more records than there are: after a failure of the power, or since somebody took them.
"""

from __future__ import annotations

import fcntl
import hashlib
import hmac
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Any, NoReturn, Self

KEY_FILE_VARIABLE = "CHANGTONG_AUDIT_KEY_FILE"
LEAST_KEY_BYTES = 32
_START = b"changtong audit 1"
_MAC_CHARACTERS = 64
_HEAD_EVERY = 50


class AuditLogError(Exception):
    """The log cannot be read, or is written by somebody else."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """How far a log can be believed: ``records`` are, and at ``line`` (from 1) the first that cannot be, with why."""

    records: int
    line: int | None = None
    fault: str = ""

    @property
    def is_whole(self) -> bool:
        """Whether nothing was found."""
        return self.line is None


class AuditLog:
    """Appends records; use it as a context. A record is on its way to the disk when ``add`` returns: nothing is lost
    with the process. With ``is_synced`` it is on the disk, and not even lost with the power.
    """

    def __init__(self, path: Path, *, key: bytes = b"", is_synced: bool = False) -> None:
        self._path, self._key, self._is_synced = path, key, is_synced
        path.parent.mkdir(parents=True, exist_ok=True)
        self._file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o640)
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            os.close(self._file)
            raise AuditLogError(f"{path}: another process writes this log") from error
        try:
            torn = self._set_torn_aside()
            chain, self._mac, missing = _inspect(path, key)
            if not chain.is_whole:
                _refuse(path, chain)
            self._count = chain.records
            if torn:
                self.add({"event": "torn line set aside", "bytes": torn})
            if missing:
                self.add({"event": "opened although records may be missing", "fault": missing})
        except BaseException:
            os.close(self._file)
            raise

    @property
    def records(self) -> int:
        """How many records there are."""
        return self._count

    def add(self, record: Mapping[str, Any]) -> None:
        """Append a record, with its number and the time.

        Raises:
            TypeError, ValueError: not JSON; nothing is written.
            OSError: the disk is full or gone: nothing may be commanded that cannot be logged. What was written of the
                record is taken back; where even that fails, the log takes no more.
            AuditLogError: it is closed, or takes no more.
        """
        if self._file < 0:
            raise AuditLogError(f"{self._path}: the log is closed")
        body = {**record, "n": self._count + 1, "at": datetime.now(UTC).isoformat(timespec="milliseconds")}
        text = json.dumps(body, ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode()
        mac = _chain(self._mac, text, self._key)
        size = os.fstat(self._file).st_size
        try:
            _write_all(self._file, mac.encode() + b" " + text + b"\n")
            if self._is_synced:
                os.fsync(self._file)
        except OSError:
            try:
                os.ftruncate(self._file, size)
            except OSError:
                self._shut()
            raise
        self._mac, self._count = mac, self._count + 1
        if self._count % _HEAD_EVERY == 0:
            self.write_head()

    def write_head(self) -> None:
        """Note how many records there are; less often than each record, since it is another file."""
        head = _head_of(self._path)
        new = head.with_suffix(".new")
        new.write_text(_seal_head(self._count, self._mac, self._key), encoding="ascii")
        new.replace(head)

    def close(self) -> None:
        """Write the head and let others write; once is enough."""
        if self._file >= 0:
            try:
                self.write_head()
            finally:
                self._shut()

    def _shut(self) -> None:
        os.close(self._file)
        self._file = -1

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def _set_torn_aside(self) -> int:
        """Cut off what follows the last line's end; how many bytes that were."""
        whole = self._path.read_bytes()
        kept = whole.rfind(b"\n") + 1
        torn = whole[kept:]
        if torn:
            with _beside(self._path, ".torn").open("ab") as aside:
                aside.write(torn + b"\n")
            os.ftruncate(self._file, kept)
        return len(torn)


def verify(path: Path, *, key: bytes = b"") -> Verdict:
    """Follow the chain from the first record to the last, and compare its end with the head.

    Raises:
        AuditLogError: there is no such log.
    """
    try:
        chain, _, missing = _inspect(path, key)
    except OSError as error:
        raise AuditLogError(f"{path}: {error.strerror}") from error
    return Verdict(chain.records, chain.records + 1, missing) if missing else chain


def load_key(environment: Mapping[str, str]) -> bytes:
    """The key of the file that ``CHANGTONG_AUDIT_KEY_FILE`` names; empty where it names none.

    Raises:
        AuditLogError: the file cannot be read, or holds too little for a key.
    """
    name = environment.get(KEY_FILE_VARIABLE, "")
    if not name:
        return b""
    try:
        key = Path(name).read_bytes().strip()
    except OSError as error:
        raise AuditLogError(f"{KEY_FILE_VARIABLE}={name}: {error.strerror}") from error
    if len(key) < LEAST_KEY_BYTES:
        raise AuditLogError(f"{name}: {len(key)} bytes are too few for a key; at least {LEAST_KEY_BYTES}.")
    return key


def _refuse(path: Path, chain: Verdict) -> NoReturn:
    raise AuditLogError(f"{path}, line {chain.line}: {chain.fault}; keep it and begin a new log.")


def _inspect(path: Path, key: bytes) -> tuple[Verdict, str, str]:
    """The chain's verdict and last MAC, and where the chain holds what its head says against its end; read once."""
    head = _head_of(path)
    text = head.read_text(encoding="ascii", errors="replace") if head.is_file() else ""
    told = text.split(" ")[0]
    count = int(told) if told.isdecimal() and len(told) < _MAC_CHARACTERS else -1
    chain, macs = _follow(path, key, {count})
    missing = ""
    if chain.is_whole and (text or chain.records):
        if not text:
            missing = f"{head.name} is missing: records may be, at the end"
        elif count > chain.records:
            missing = f"{count - chain.records} records are missing at the end: {head.name} knows of {count}"
        elif text != _seal_head(count, macs.get(count, ""), key):
            missing = f"{head.name} does not belong to this log"
    return chain, macs.get(chain.records, ""), missing


def _follow(path: Path, key: bytes, wanted: set[int]) -> tuple[Verdict, dict[int, str]]:
    """The verdict on the lines, and the MACs of the wanted records and of the last."""
    mac, number, macs = "", 0, {0: ""}
    with path.open("rb") as stream:
        for number, line in enumerate(stream, 1):
            told, text = line[:_MAC_CHARACTERS], line[_MAC_CHARACTERS + 1 : -1]
            if line[_MAC_CHARACTERS : _MAC_CHARACTERS + 1] != b" " or line[-1:] != b"\n":
                return Verdict(number - 1, number, "not a whole line of the log"), macs
            mac = _chain(mac, text, key)
            if not hmac.compare_digest(told, mac.encode()):
                return Verdict(number - 1, number, "this is not the record that was written here"), macs
            if number in wanted:
                macs[number] = mac
    macs[number] = mac
    return Verdict(number), macs


def _chain(before: str, text: bytes, key: bytes) -> str:
    content = _START + before.encode() + b" " + text
    return hmac.new(key, content, hashlib.sha256).hexdigest()


def _seal_head(count: int, mac: str, key: bytes) -> str:
    return f"{count} {mac} {_chain(mac, f'head {count}'.encode(), key)}\n"


def _write_all(file: int, data: bytes) -> None:
    while data:
        data = data[os.write(file, data) :]


def _head_of(path: Path) -> Path:
    return _beside(path, ".head")


def _beside(path: Path, ending: str) -> Path:
    return path.with_name(path.name + ending)
