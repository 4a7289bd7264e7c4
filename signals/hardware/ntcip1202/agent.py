"""The SNMP side of an emulated controller: names, who may read and write them, and what a request gets in answer.

GET, GETNEXT and SET of SNMPv1 and v2c with their different error codes (RFC 1157 section 4.1, RFC 3416 section 4.2); a
SET is obeyed whole or not at all. What is no message, or has a foreign community, gets no answer.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Generic, TypeVar

from signals.hardware.ntcip1202 import ber
from signals.hardware.ntcip1202.ber import MangledPacket
from signals.hardware.ntcip1202.snmp import (
    Binding,
    ErrorStatus,
    Kind,
    Packet,
    Value,
    Version,
    decode_packet,
    encode_packet,
)

MOST_BYTES = 1472  # of a datagram that Ethernet carries whole
DeviceT = TypeVar("DeviceT")


@dataclass(frozen=True, slots=True)
class Leaf(Generic[DeviceT]):
    """One object of a device: how it is read and, where that is possible, written; ``least`` to ``most`` are taken."""

    oid: tuple[int, ...]
    read: Callable[[DeviceT], Value]
    write: Callable[[DeviceT, int], None] | None = None
    tag: int = ber.INTEGER
    least: int = 0
    most: int = 255


class View(Generic[DeviceT]):
    """All objects of a kind of device, in the order of their names; devices of one kind share it."""

    def __init__(self, leaves: Iterable[Leaf[DeviceT]]) -> None:
        ordered = sorted(leaves, key=lambda leaf: leaf.oid)
        self._order = [leaf.oid for leaf in ordered]
        self._names = [ber.write_oid(oid) for oid in self._order]
        self._leaves = dict(zip(self._names, ordered, strict=True))
        self._writable = {leaf.oid[:-1] for leaf in ordered if leaf.write}

    def find(self, name: bytes) -> Leaf[DeviceT] | None:
        """The object of exactly this name."""
        return self._leaves.get(name)

    def find_after(self, oid: tuple[int, ...]) -> Leaf[DeviceT] | None:
        """The first object after a name."""
        at = bisect_right(self._order, oid)
        return self._leaves[self._names[at]] if at < len(self._order) else None

    def could_be_written(self, oid: tuple[int, ...]) -> bool:
        """Whether a neighbour of this name can be."""
        return oid[:-1] in self._writable


@dataclass(frozen=True, slots=True)
class Written:
    """What a SET that was obeyed has set."""

    values: tuple[tuple[tuple[int, ...], int], ...]


@dataclass(frozen=True, slots=True)
class Agent(Generic[DeviceT]):
    """Who may ask what; ``versions`` it knows, others get no answer."""

    view: View[DeviceT]
    read_community: bytes
    write_community: bytes
    versions: frozenset[int] = frozenset(Version)

    def answer(self, device: DeviceT, data: bytes) -> tuple[bytes | None, Written | None]:
        """The answer to a datagram, if it gets one, and what it has set; whatever the bytes are."""
        try:
            asked = decode_packet(data)
        except MangledPacket:
            return None, None
        allowed = {self.write_community} if asked.kind is Kind.SET else {self.read_community, self.write_community}
        if asked.version not in self.versions or asked.kind is Kind.RESPONSE or asked.community not in allowed:
            return None, None
        if asked.kind is Kind.SET:
            return self._set(device, asked)
        found = []
        for index, one in enumerate(asked.bindings, 1):
            binding = self._get(device, asked, one)
            if binding is None:
                return _refuse(asked, ErrorStatus.NO_SUCH_NAME, index), None
            found.append(binding)
        try:
            reply = encode_packet(replace(asked, kind=Kind.RESPONSE, error=0, index=0, bindings=tuple(found)))
        except ValueError:
            return None, None
        return (reply if len(reply) <= MOST_BYTES else _refuse(asked, ErrorStatus.TOO_BIG, 0)), None

    def _get(self, device: DeviceT, asked: Packet, one: Binding) -> Binding | None:
        """The binding with its value; None where SNMPv1 has none."""
        if asked.kind is Kind.GET:
            leaf, name, missing = self.view.find(one.name), one.name, ber.NO_SUCH_OBJECT
        else:
            leaf, name, missing = self.view.find_after(one.oid), one.name, ber.END_OF_VIEW
        if leaf is None:
            return None if asked.version == Version.V1 else Binding(name, missing)
        if asked.kind is Kind.GET_NEXT:
            name = ber.write_oid(leaf.oid)
        return Binding(name, leaf.tag, leaf.read(device))

    def _set(self, device: DeviceT, asked: Packet) -> tuple[bytes | None, Written | None]:
        """Everything is looked at before anything is written."""
        is_old = asked.version == Version.V1
        todo: list[tuple[Leaf[DeviceT], int]] = []
        for index, one in enumerate(asked.bindings, 1):
            leaf = self.view.find(one.name)
            if leaf is None or leaf.write is None:
                if is_old:
                    error = ErrorStatus.NO_SUCH_NAME
                elif leaf is None and self.view.could_be_written(one.oid):
                    error = ErrorStatus.NO_CREATION
                else:
                    error = ErrorStatus.NOT_WRITABLE
                return _refuse(asked, error, index), None
            if one.tag != leaf.tag or not isinstance(one.value, int):
                return _refuse(asked, ErrorStatus.BAD_VALUE if is_old else ErrorStatus.WRONG_TYPE, index), None
            if not leaf.least <= one.value <= leaf.most:
                return _refuse(asked, ErrorStatus.BAD_VALUE if is_old else ErrorStatus.WRONG_VALUE, index), None
            todo.append((leaf, one.value))
        for leaf, value in todo:
            if leaf.write is not None:
                leaf.write(device, value)
        return _refuse(asked, ErrorStatus.NO_ERROR, 0), Written(tuple((leaf.oid, value) for leaf, value in todo))


def _refuse(asked: Packet, error: ErrorStatus, index: int) -> bytes | None:
    """The request sent back, with what is wrong with it if anything is; nothing where even that cannot be written."""
    try:
        return encode_packet(replace(asked, kind=Kind.RESPONSE, error=error, index=index))
    except ValueError:
        return None
