"""Asks a running process something over its control channel; for the command line, and for the centre."""

from __future__ import annotations

import socket
import ssl
import time
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from signals.runtime.control_line import (
    ALL,
    MOST_ANSWER_BYTES,
    Kind,
    MangledRequest,
    Request,
    encode_request,
    make_nonce,
)
from signals.runtime.control_tls import TlsError, TlsFiles, build_client_context
from signals.signatures import SignatureError, read_object

TIMEOUT_S = 15.0


class ControlClientError(Exception):
    """Nobody answered, or not as this protocol does; the message says who and what to do."""


@dataclass(frozen=True, slots=True)
class ControlAddress:
    """A Unix socket at ``path``, or ``host`` and ``port`` with our certificate; ``name`` is what the process's
    certificate must say, where that is not ``host``.
    """

    path: Path | None = None
    host: str = ""
    port: int = 0
    files: TlsFiles | None = None
    name: str = ""

    def __str__(self) -> str:
        return str(self.path) if self.path else f"{self.host}:{self.port}"


@dataclass(frozen=True, slots=True)
class Answer:
    """``refusal`` says why not, empty where it was done; ``status`` is there where it was asked for."""

    refusal: str
    status: Mapping[str, Any]
    at_s: float


def ask_status(address: ControlAddress) -> Answer:
    """What the process says of itself."""
    return ask(address, Request(Kind.STATUS, make_nonce(), time.time()))


def ask_level(address: ControlAddress, intersection: str, level: str, reason: str) -> Answer:
    """Bring an intersection to ``shadow``, ``advisory`` or ``armed``."""
    return ask(address, Request(Kind.LEVEL, make_nonce(), time.time(), intersection, level, reason))


def ask_disarm(address: ControlAddress, reason: str, intersection: str = ALL) -> Answer:
    """Take one intersection or all of them back to shadow at once."""
    return ask(address, Request(Kind.DISARM, make_nonce(), time.time(), intersection, text=reason))


def ask_note(address: ControlAddress, text: str) -> Answer:
    """Leave a remark in the log."""
    return ask(address, Request(Kind.NOTE, make_nonce(), time.time(), text=text))


def ask(address: ControlAddress, request: Request, *, timeout_s: float = TIMEOUT_S) -> Answer:
    """Send one request on a connection of its own and wait for its answer.

    Raises:
        ControlClientError: the request cannot be said, nobody answered in time, or the answer is none.
        TlsError: our own certificate or key cannot be used.
    """
    try:
        line = encode_request(request)
    except MangledRequest as error:
        raise ControlClientError(f"{error}.") from error
    ends_s = time.monotonic() + timeout_s
    try:
        with closing(_connect(address, timeout_s)) as connection:
            connection.sendall(line)
            answer = _read_line(connection, ends_s)
    except ssl.SSLCertVerificationError as error:
        raise ControlClientError(f"{address}: it is not the process we want: {error.verify_message}.") from error
    except ssl.SSLError as error:
        raise ControlClientError(
            f"{address}: no TLS with it, or it refuses our certificate: {error.reason}."
        ) from error
    except OSError as error:
        raise ControlClientError(f"{address}: {error.strerror or error}; is the process running?") from error
    return _read_answer(answer, request, address)


def _connect(address: ControlAddress, timeout_s: float) -> socket.socket:
    if address.path is not None:
        local = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            local.settimeout(timeout_s)
            local.connect(str(address.path))
        except BaseException:
            local.close()
            raise
        return local
    if address.files is None:
        raise TlsError(f"{address}: a certificate, its key and the CA's certificate are needed.")
    context = build_client_context(address.files)
    plain = socket.create_connection((address.host, address.port), timeout_s)
    try:
        return context.wrap_socket(plain, server_hostname=address.name or address.host)
    except BaseException:
        plain.close()
        raise


def _read_line(connection: socket.socket, ends_s: float) -> bytes:
    kept = bytearray()
    while not kept.endswith(b"\n"):
        connection.settimeout(max(0.001, ends_s - time.monotonic()))
        more = connection.recv(65_536)
        if not more:
            raise ConnectionResetError("it closed the connection without an answer: it may not know us, or is full")
        kept += more
        if len(kept) > MOST_ANSWER_BYTES:
            raise ConnectionResetError("its answer is too long")
    return bytes(kept)


def _read_answer(line: bytes, request: Request, address: ControlAddress) -> Answer:
    try:
        body = read_object(line)
    except SignatureError as error:
        raise ControlClientError(f"{address}: not an answer of this protocol: {error}.") from error
    refusal, status, at_s = body.get("error", ""), body.get("status", {}), body.get("at", 0.0)
    if (
        not isinstance(refusal, str)
        or not isinstance(status, dict)
        or not isinstance(at_s, int | float)
        or bool(refusal) == (body.get("ok") is True)
    ):
        raise ControlClientError(f"{address}: not an answer of this protocol.")
    if body.get("nonce") != request.nonce and not refusal:
        raise ControlClientError(f"{address}: an answer to something else; whether ours was carried out is not known.")
    return Answer("".join(one if one.isprintable() else " " for one in refusal), status, float(at_s))
