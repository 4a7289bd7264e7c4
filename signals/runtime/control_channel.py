"""The way of operators and of the centre into a running process: who may ask, how often, and nothing twice.

It listens on TCP with mutual TLS (``runtime.control_tls``), or, for a lone cabinet, on a Unix socket that its owner
alone may use. What is said is ``runtime.control_line``. A request is refused when its sender's role does not allow it,
when it is older than ``freshness_s`` or as much ahead, when its nonce was used before, and when its sender asks too
often; after that, or after a line that is none, the sender is cut off. Each request is told to the log before it is
carried out; where the log cannot take it, only what takes commands away is carried out. Refusals are told as well, but
so many a second at most: who is refused must not fill the disk.

A connection costs little and ends by itself: so many at a time, so many in a handshake, a line in ``idle_s``, an hour
in all.
"""

from __future__ import annotations

import asyncio
import inspect
import socket
import ssl
import time
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from signals.runtime.control_line import (
    MOST_LINE_BYTES,
    Kind,
    MangledRequest,
    Request,
    Role,
    decode_request,
    encode_line,
)
from signals.runtime.control_tls import TlsFiles, build_server_context, find_peer_name
from signals.runtime.control_turns import Refused, Turns
from signals.runtime.local_socket import LocalSocketError, bind_local, find_local_name, remove_stale

Record = Callable[[Mapping[str, Any]], None]
_BACKLOG = 16
_ANSWER_TIMEOUT_S = 10.0
_PAUSE_S = 0.1
_MOST_REFUSALS, _REFUSALS_PER_S = 50, 1.0


class ControlError(Exception):
    """The channel cannot be opened; the message says why."""


class ControlTarget(Protocol):
    """What can be asked of the process. Each method may be a coroutine; each is called in the channel's own loop. What
    refuses says why in words; None is consent.
    """

    def status(self) -> Mapping[str, Any] | Awaitable[Mapping[str, Any]]:
        """All there is to see, as JSON values."""
        ...

    def request_level(self, intersection: str, level: str, who: str, reason: str) -> str | Awaitable[str | None] | None:
        """Bring an intersection to ``shadow``, ``advisory`` or ``armed``."""
        ...

    def disarm(self, intersection: str, who: str, reason: str) -> str | Awaitable[str | None] | None:
        """Take an intersection, or with ``*`` every one, back to shadow at once."""
        ...

    def note(self, who: str, text: str) -> str | Awaitable[str | None] | None:
        """Keep somebody's remark; the log has it already."""
        ...


@dataclass(frozen=True, slots=True)
class ControlSettings:
    """``roles`` by the name in a certificate, ``URI=...`` or ``CN=...``; nobody else is heard."""

    roles: Mapping[str, Role] = field(default_factory=dict)
    most_connections: int = 8
    most_handshakes: int = 8
    requests_per_s: float = 2.0
    burst: int = 10
    idle_s: float = 60.0
    handshake_s: float = 5.0
    longest_s: float = 3600.0
    freshness_s: float = 30.0


class ControlServer:
    """Serves one target; ``record`` takes what is to be logged and may raise, whereupon nothing upward is done.

    ``now_s`` is Unix time, ``steady_s`` never goes back.
    """

    def __init__(
        self,
        target: ControlTarget,
        settings: ControlSettings,
        record: Record,
        *,
        now_s: Callable[[], float] = time.time,
        steady_s: Callable[[], float] = time.monotonic,
    ) -> None:
        self._target, self._settings, self._record = target, settings, record
        self._now_s, self._steady_s = now_s, steady_s
        self._turns = Turns(settings.requests_per_s, settings.burst, settings.freshness_s, began_at_s=now_s())
        self._refusals = Turns(_REFUSALS_PER_S, _MOST_REFUSALS, settings.freshness_s)
        self._untold = 0
        self._greeting: set[socket.socket] = set()
        self._connections = 0
        self._tasks: set[asyncio.Task[None]] = set()
        self._listening: list[socket.socket] = []
        self._local: list[Path] = []

    async def listen_tls(self, host: str, port: int, files: TlsFiles) -> int:
        """Serve who shows a certificate; the port, also where ``port`` is 0 for any.

        Raises:
            ControlError: the address cannot be had.
            TlsError: a certificate or a key cannot be used.
        """
        context = build_server_context(files)
        try:
            family = socket.AF_INET6 if ":" in host else socket.AF_INET
            listening = socket.create_server((host, port), family=family, backlog=_BACKLOG)
        except OSError as error:
            raise ControlError(f"{host}:{port}: {error.strerror}") from error
        self._accept(listening, context, Role.OBSERVER)
        return int(listening.getsockname()[1])

    async def listen_unix(self, path: Path, role: Role = Role.ENGINEER) -> None:
        """Serve this process's own user, and root, on a socket of mode 0600.

        Raises:
            ControlError: the path is taken by something else, or by a process that runs.
        """
        try:
            listening = bind_local(path)
        except LocalSocketError as error:
            raise ControlError(str(error)) from error
        self._local.append(path)
        self._accept(listening, None, role)

    async def close(self) -> None:
        """Let go of every address and of everybody."""
        for listening in self._listening:
            asyncio.get_running_loop().remove_reader(listening)
            listening.close()
        for task in tuple(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for peer in self._greeting:  # of whom nobody has taken care yet
            peer.close()
        for path in self._local:
            remove_stale(path)
        self._listening.clear()
        self._local.clear()

    def _accept(self, listening: socket.socket, context: ssl.SSLContext | None, role: Role) -> None:
        listening.setblocking(False)
        self._listening.append(listening)
        self._watch(listening, context, role)

    def _watch(self, listening: socket.socket, context: ssl.SSLContext | None, role: Role) -> None:
        if listening.fileno() >= 0:
            asyncio.get_running_loop().add_reader(listening, self._take, listening, context, role)

    def _take(self, listening: socket.socket, context: ssl.SSLContext | None, role: Role) -> None:
        """Somebody is at the door."""
        try:
            peer, _ = listening.accept()
        except (BlockingIOError, InterruptedError, ConnectionAbortedError):
            return
        except OSError:  # too many open files: look again when some may have been closed
            loop = asyncio.get_running_loop()
            loop.remove_reader(listening)
            loop.call_later(_PAUSE_S, self._watch, listening, context, role)
            return
        if len(self._greeting) >= self._settings.most_handshakes:
            self._refuse("nobody yet", "too many handshakes at once")
            peer.close()
            return
        self._greeting.add(peer)
        self._start(self._greet(peer, context, role))

    def _start(self, work: Any) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _greet(self, peer: socket.socket, context: ssl.SSLContext | None, role: Role) -> None:
        """The handshake: who it is, and whether there is room."""
        place = "a local user" if context is None else _tell_place(peer)
        reader = asyncio.StreamReader(limit=MOST_LINE_BYTES)
        protocol = asyncio.StreamReaderProtocol(reader)
        has_room = False
        try:
            try:
                peer.setblocking(False)
                who = None if context is not None else find_local_name(peer)
                transport, _ = await asyncio.get_running_loop().connect_accepted_socket(
                    lambda: protocol,
                    peer,
                    ssl=context,
                    ssl_handshake_timeout=self._settings.handshake_s if context else None,
                    ssl_shutdown_timeout=self._settings.handshake_s if context else None,
                )
            except (OSError, ssl.SSLError, TimeoutError) as error:
                self._refuse(place, f"no handshake: {_tell_error(error)}")
                peer.close()
                return
            except BaseException:
                peer.close()
                raise
            finally:
                self._greeting.discard(peer)
            writer = asyncio.StreamWriter(transport, protocol, reader, asyncio.get_running_loop())
            try:
                if context is not None:
                    who = find_peer_name(transport.get_extra_info("peercert"))
                    known = self._settings.roles.get(who) if who else None
                    if known is None:
                        self._refuse(f"{who or 'somebody without one name'} at {place}", "not in the configuration")
                        return
                    role = known
                if who is None:
                    self._refuse(place, "another user than the process's own")
                    return
                if self._connections >= self._settings.most_connections:
                    self._refuse(who, "too many connections")
                    return
                has_room, self._connections = True, self._connections + 1
                await self._serve(reader, writer, who, role)
            finally:
                writer.close()
                with suppress(TimeoutError, OSError):
                    async with asyncio.timeout(self._settings.handshake_s):
                        await writer.wait_closed()
                transport.abort()  # who does not take its leave may not hold what is left
        finally:
            if has_room:
                self._connections -= 1

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, who: str, role: Role) -> None:
        """Line by line, until it ends, one side is tired of it, or a line is none."""
        ends_s = self._steady_s() + self._settings.longest_s
        while (left_s := ends_s - self._steady_s()) > 0:
            try:
                async with asyncio.timeout(min(self._settings.idle_s, left_s)):
                    line = await reader.readuntil(b"\n")
            except (asyncio.IncompleteReadError, TimeoutError, OSError):
                return
            except asyncio.LimitOverrunError:
                self._refuse(who, f"a line of more than {MOST_LINE_BYTES} bytes")
                return
            answer, goes_on = await self._answer(line, who, role)
            try:
                async with asyncio.timeout(self._settings.handshake_s):
                    writer.write(answer)
                    await writer.drain()
            except (TimeoutError, OSError):
                return
            if not goes_on:
                return

    async def _answer(self, line: bytes, who: str, role: Role) -> tuple[bytes, bool]:
        """The answer, and whether we go on listening to who has sent that."""
        try:
            self._turns.take(who, self._steady_s())
            request = decode_request(line)
        except (MangledRequest, Refused) as error:
            self._refuse(who, str(error))
            nonce = error.nonce if isinstance(error, MangledRequest) else ""
            return self._encode(nonce, {"error": str(error)}), False
        try:
            self._turns.check_fresh(who, request.nonce, request.at_s, self._now_s(), self._steady_s())
        except Refused as error:
            self._refuse(who, str(error), request)
            return self._encode(request.nonce, {"error": str(error)}), True
        if role < request.needs:
            why = f"{request.needs.name.lower()} is needed, and {who} is {role.name.lower()}"
            self._refuse(who, why, request)
            return self._encode(request.nonce, {"error": why}), True
        return self._encode(request.nonce, await self._obey(request, who, role)), True

    async def _obey(self, request: Request, who: str, role: Role) -> dict[str, Any]:
        trouble = self._log({"event": "control", **_tell(request), "who": who, "role": role.name.lower()})
        if trouble and request.kind is not Kind.STATUS and not request.is_downward:
            return {"error": f"it cannot be logged, and is not done: {trouble}"}
        try:
            async with asyncio.timeout(_ANSWER_TIMEOUT_S):
                found = await _wait(self._call(request, who))
            body = {"ok": True, **({"status": dict(found)} if request.kind is Kind.STATUS else {})}
            if request.kind is not Kind.STATUS and found is not None:
                body = {"error": str(found) or "refused, and it is not said why"}
            encode_line(body)
        except Exception as error:  # noqa: BLE001  (whatever fails there, this channel is the way to take it back)
            body = {"error": f"it failed: {type(error).__name__}"}
            self._log({"event": "control failed", **_tell(request), "who": who, "fault": repr(error)[:500]})
        if "error" in body and request.kind is not Kind.STATUS:
            self._log({"event": "control refused", **_tell(request), "who": who, "why": body["error"]})
        return body

    def _call(self, request: Request, who: str) -> Any:
        match request.kind:
            case Kind.STATUS:
                return self._target.status()
            case Kind.LEVEL:
                return self._target.request_level(request.intersection, request.level, who, request.text)
            case Kind.DISARM:
                return self._target.disarm(request.intersection, who, request.text)
            case Kind.NOTE:
                return self._target.note(who, request.text)

    def _encode(self, nonce: str, body: Mapping[str, Any]) -> bytes:
        return encode_line({"nonce": nonce, "at": self._now_s(), **body})

    def _refuse(self, who: str, why: str, request: Request | None = None) -> None:
        """Tell the log, unless it is told too much already: then how many, with the next."""
        try:
            self._refusals.take("", self._steady_s())
        except Refused:
            self._untold += 1
            return
        untold, self._untold = self._untold, 0
        more = {"untold_before": untold} if untold else {}
        self._log({"event": "control refused", **(_tell(request) if request else {}), "who": who, "why": why, **more})

    def _log(self, body: Mapping[str, Any]) -> str:
        """What went wrong with the log, in words; empty where it was told."""
        try:
            self._record(body)
        except Exception as error:  # noqa: BLE001  (a full disk must not take the way to disarm with it)
            return str(error)[:200] or type(error).__name__
        return ""


async def _wait(found: Any) -> Any:
    return await found if inspect.isawaitable(found) else found


def _tell(request: Request) -> dict[str, Any]:
    body = {
        "request": request.kind.value,
        "intersection": request.intersection,
        "level": request.level,
        "text": request.text,
        "nonce": request.nonce,
    }
    return {name: value for name, value in body.items() if value}


def _tell_place(peer: socket.socket) -> str:
    with suppress(OSError):
        return str(peer.getpeername()[0])
    return "an address that is gone"


def _tell_error(error: Exception) -> str:
    return str(getattr(error, "reason", "") or error or type(error).__name__)[:200]
