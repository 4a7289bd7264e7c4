"""SNMPv3 for the few devices that demand it (roadside units, some controllers), by way of pysnmp.

User-based security with SHA and AES: who asks is known, what is asked cannot be read or altered, and nothing is played
back after 150 s (RFC 3414, RFC 3826). It costs some 5 ms of a core per request and is not for polling a city. Pass
phrases are passed in and kept nowhere else; they appear in no message of ours. What must not be set through the driver
must not be set here either, except for names that the caller lists.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Self

from pysnmp.hlapi.v3arch.asyncio import (  # type: ignore[import-untyped]
    ContextData,
    ObjectIdentity,
    ObjectType,
    SnmpEngine,
    UdpTransportTarget,
    UsmUserData,
    get_cmd,
    set_cmd,
    usmAesCfb128Protocol,
    usmAesCfb256Protocol,
    usmHMAC192SHA256AuthProtocol,
    usmHMACSHAAuthProtocol,
)
from pysnmp.proto.rfc1902 import Integer32, OctetString  # type: ignore[import-untyped]
from pysnmp.smi.builder import MibBuilder  # type: ignore[import-untyped]
from pysnmp.smi.view import MibViewController  # type: ignore[import-untyped]

from signals.hardware.ntcip1202.objects import may_set

SHORTEST_PHRASE = 8  # RFC 3414 section 11.2
_AUTH = {"sha": usmHMACSHAAuthProtocol, "sha256": usmHMAC192SHA256AuthProtocol}
_PRIVACY = {"aes128": usmAesCfb128Protocol, "aes256": usmAesCfb256Protocol}
V3Value = int | bytes | tuple[int, ...]


class V3Error(Exception):
    """No answer, a wrong user or phrase, or an error of the device; secrets are not in the message."""


@dataclass(frozen=True, slots=True)
class V3User:
    """Who asks, and how it is proved and hidden. ``auth``: sha or sha256; ``privacy``: aes128 or aes256.

    Raises:
        ValueError: another protocol, or a pass phrase of less than eight characters.
    """

    name: str
    auth_phrase: str = field(repr=False)
    privacy_phrase: str = field(repr=False)
    auth: str = "sha256"
    privacy: str = "aes128"

    def __post_init__(self) -> None:
        if self.auth not in _AUTH or self.privacy not in _PRIVACY:
            raise ValueError(f"{self.auth} and {self.privacy}: sha or sha256, and aes128 or aes256, are known")
        if min(len(self.auth_phrase), len(self.privacy_phrase)) < SHORTEST_PHRASE:
            raise ValueError(f"pass phrases have at least {SHORTEST_PHRASE} characters")


class _NoCompiler:
    """Names are numbers here: pysnmp must not look for the text of a module of objects on the network."""

    def compile(self, *modules: str, **_: Any) -> dict[str, str]:
        """Nothing is compiled."""
        return dict.fromkeys(modules, "missing")


class V3Client:
    """One device; use it as an asynchronous context manager.

    ``context``: the device's context, where it has several. ``extra``: names beyond ``may_set`` that may be set.
    """

    def __init__(
        self,
        host: str,
        port: int,
        user: V3User,
        *,
        timeout_s: float = 1.0,
        retries: int = 0,
        context: str = "",
        extra: frozenset[tuple[int, ...]] = frozenset(),
    ) -> None:
        self._address, self._timeout_s, self._retries, self._extra = (host, port), timeout_s, retries, extra
        self._context = ContextData(contextName=context)
        self._user = UsmUserData(
            user.name,
            user.auth_phrase,
            user.privacy_phrase,
            authProtocol=_AUTH[user.auth],
            privProtocol=_PRIVACY[user.privacy],
        )
        self._engine: Any = None
        self._target: Any = None

    async def __aenter__(self) -> Self:
        self._engine = SnmpEngine()
        builder = MibBuilder()
        builder.set_mib_compiler(_NoCompiler(), "")
        self._engine.cache["mibViewController"] = MibViewController(builder)
        self._target = await UdpTransportTarget.create(self._address, timeout=self._timeout_s, retries=self._retries)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._engine.close_dispatcher()
        self._engine = self._target = None

    async def get(self, oids: Sequence[tuple[int, ...]]) -> tuple[V3Value | None, ...]:
        """The values of these names, None where the device has no such object.

        Raises:
            V3Error: nothing, or nothing usable, came back.
        """
        found = await self._ask(get_cmd, [ObjectType(ObjectIdentity(oid)) for oid in oids], oids)
        return tuple(found)

    async def set(self, values: Sequence[tuple[tuple[int, ...], int | bytes]]) -> tuple[V3Value | None, ...]:
        """Set these, all or none; what the device says they are now.

        Raises:
            PermissionError: a name that is not set through us.
            V3Error: it was refused, or nobody knows.
        """
        for oid, _ in values:
            if not may_set(oid) and oid not in self._extra:
                raise PermissionError(f"{'.'.join(map(str, oid))} is not set through us")
        wrapped = [
            ObjectType(ObjectIdentity(oid), Integer32(value) if isinstance(value, int) else OctetString(value))
            for oid, value in values
        ]
        return tuple(await self._ask(set_cmd, wrapped, [oid for oid, _ in values]))

    async def _ask(self, command: Any, wrapped: list[Any], oids: Sequence[tuple[int, ...]]) -> list[V3Value | None]:
        if self._engine is None:
            raise V3Error("not opened; use it with `async with`")
        failed, status, index, bindings = await command(
            self._engine, self._user, self._target, self._context, *wrapped, lookupMib=False
        )
        if failed:
            raise V3Error(f"{self._address[0]}:{self._address[1]}: {failed}")
        if int(status):
            raise V3Error(f"{self._address[0]}:{self._address[1]}: {status.prettyPrint()} at binding {int(index)}")
        if [tuple(name) for name, _ in bindings] != list(oids):
            raise V3Error(f"{self._address[0]}:{self._address[1]}: other names than were asked for")
        return [_unwrap(value) for _, value in bindings]


def _unwrap(value: Any) -> V3Value | None:
    """A plain value of pysnmp's; None for its three ways of saying that there is none."""
    name = type(value).__name__
    if name in ("NoSuchObject", "NoSuchInstance", "EndOfMibView", "Null"):
        return None
    if name == "ObjectIdentifier":
        return tuple(value)
    return bytes(value) if hasattr(value, "asOctets") else int(value)
