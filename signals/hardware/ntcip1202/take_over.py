"""What a hold, an advance and a release are in control objects, and the one gate through which anything is set.

Every order is absolute: all six masks and systemPatternControl, in one SET, which SNMP obeys whole or not at all
(RFC 1157 section 4.1.5); so that an order that comes twice does nothing new, and one that is lost leaves nothing half.
"""

from __future__ import annotations

from dataclasses import dataclass

from signals.hardware.ntcip1202 import objects
from signals.hardware.ntcip1202.phases import PhaseTable
from signals.hardware.ntcip1202.profile import NtcipProfile
from signals.hardware.ntcip1202.snmp import Binding, Kind, Packet, bind, encode_packet
from signals.hardware.ntcip1202.status import Snapshot, to_mask, to_phases


class Forbidden(Exception):  # noqa: N818  (reads as the fact it reports)
    """An object that nobody sets through us."""


@dataclass(frozen=True, slots=True)
class Order:
    """The control objects as masks of all groups, in the order of ``objects.PHASE_CONTROLS``, and the pattern."""

    omit: int = 0
    ped_omit: int = 0
    hold: int = 0
    force_off: int = 0
    veh_call: int = 0
    ped_call: int = 0
    pattern: int = objects.RELEASED_PATTERN

    @property
    def controls(self) -> tuple[int, ...]:
        """The six masks."""
        return (self.omit, self.ped_omit, self.hold, self.force_off, self.veh_call, self.ped_call)

    def is_read_back(self, seen: Snapshot) -> bool:
        """Whether this is what the cabinet has. A force-off goes by itself when its green has ended."""
        omit, ped_omit, hold, force_off, veh_call, ped_call = seen.controls
        plain = (omit, ped_omit, hold, veh_call, ped_call, seen.system_pattern)
        own = (self.omit, self.ped_omit, self.hold, self.veh_call, self.ped_call, self.pattern)
        return plain == own and not force_off & ~self.force_off


RELEASED = Order()


def order_hold(table: PhaseTable, stage: int, pattern: int) -> Order:
    """Hold a stage's phases. All others are called, so that there is somewhere to go; those that could come on beside
    the stage are omitted.
    """
    members = table.stages[stage]
    beside = frozenset(p.number for p in table.phases if p.number not in members and members <= p.concurrent)
    called = table.everyone - members - beside
    return Order(
        omit=to_mask(beside),
        hold=to_mask(members),
        veh_call=to_mask(called),
        ped_call=to_mask(table.walked - beside),
        pattern=pattern,
    )


def order_advance(table: PhaseTable, greens: int, target: int, pattern: int) -> Order:
    """End what is green and not of the target, keep what is of both, let nobody else come on."""
    members, green = table.stages[target], to_phases(greens)
    return Order(
        omit=to_mask(table.everyone - members),
        hold=to_mask(members & green),
        force_off=to_mask(green - members),
        veh_call=to_mask(members),
        ped_call=to_mask(members & table.walked),
        pattern=pattern,
    )


def bind_order(order: Order, table: PhaseTable, profile: NtcipProfile) -> tuple[Binding, ...]:
    """The bindings of an order, group by group."""
    groups = range(table.groups)
    found = [
        bind(column.at(group + 1), mask >> objects.GROUP * group & 0xFF)
        for column, mask in zip(objects.PHASE_CONTROLS, order.controls, strict=True)
        for group in groups
    ]
    return (*found, bind(profile.objects.name(objects.SYSTEM_PATTERN), order.pattern))


def write_set(bindings: tuple[Binding, ...], request: int, profile: NtcipProfile) -> bytes:
    """The datagram of a SET; nothing that commands leaves in any other way.

    Raises:
        Forbidden: an object that must not be set, or a pattern that flashes.
    """
    flash = objects.SYSTEM_PATTERN.path
    for one in bindings:
        oid = one.oid
        if not objects.may_set(oid) or (oid[: len(flash)] == flash and one.value == objects.FLASH_PATTERN):
            raise Forbidden(f"{'.'.join(map(str, oid))} = {one.value!r} is not set through us")
    return encode_packet(Packet(profile.version, profile.write_community, Kind.SET, request, bindings))


def describe(order: Order) -> str:
    """An order in words, for the log."""
    if order == RELEASED:
        return "release: all masks 0, pattern 0"
    names = ("omit", "ped omit", "hold", "force off", "call", "walk call")
    parts = [f"{name} {sorted(to_phases(mask))}" for name, mask in zip(names, order.controls, strict=True) if mask]
    return f"{', '.join(parts)}, pattern {order.pattern}"
