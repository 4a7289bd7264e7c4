"""What every emulated controller is: the other end of a driver's wire, in its own seconds and without sockets.

An emulator has lamps, timers, a panel and a conflict monitor of its own, and obeys as its protocol says, or as badly as
it is told to. ``signals.hardware.endpoints`` puts it behind a socket; tests call it directly.
"""

from __future__ import annotations

from collections.abc import Hashable
from enum import StrEnum
from typing import Protocol

from signals.model import Lamp

Peer = Hashable  # whoever has sent a datagram: its address, or the connection


class Happening(StrEnum):
    """What can befall a controller, on command."""

    RAIL = "rail"
    PREEMPT = "preempt"
    POLICE = "police"
    PANEL_FLASH = "panel-flash"
    PANEL_ALL_RED = "panel-all-red"
    CONFLICT = "conflict"  # two lamps that must not burn together do: the monitor has to see it
    LAMP_FAULT = "lamp-fault"
    POWER_CYCLE = "power-cycle"
    DATA_CHANGED = "data-changed"
    CLEAR = "clear"  # whatever it was has gone


class EmulatedController(Protocol):
    """One controller; ``due`` is to be asked after each ``receive`` and each ``tick``."""

    def receive(self, data: bytes, peer: Peer) -> None:
        """A datagram or a piece of a stream. Never raises, whatever it is."""
        ...

    def tick(self, seconds: float) -> None:
        """Let its own time pass; a tenth of a second to a second at once."""
        ...

    def due(self) -> list[tuple[Peer, bytes]]:
        """What it wants to send, and to whom."""
        ...

    def happen(self, what: Happening) -> None:
        """Let something befall it."""
        ...

    def list_lamps(self) -> tuple[Lamp, ...]:
        """What each movement is shown now."""
        ...
