"""One cabinet of the rig: a driver and an emulated controller with two UDP sockets between them, in simulated seconds.

Simulation and wire keep step: each simulated tenth of a second the controller's time passes, and then both ends speak
until neither has anything to say. Nothing is passed on in the process; what the driver knows came through its socket.
"""

from __future__ import annotations

import re
import socket
from collections import Counter

from signals.hardware.emulated_ports import TICK_S
from signals.hardware.field_driver import FieldDriver, NoteKind, NotEngaged
from signals.hardware.field_emulator import EmulatedController
from signals.model import Lamp
from signals.ports import Capabilities, Clock, SignalState
from signals.safety.command import SafeCommand

_MOST_BYTES = 65_535
_TELLING = frozenset(NoteKind) - {NoteKind.SENT, NoteKind.CONFIRMED}
_NUMBER = re.compile(r"\d+(\.\d+)?")
_MOST_TURNS = 64  # of speaking in one moment; a pair that goes on for longer has lost its wits


class WiredCabinet:
    """Implements ``simulation.racks.SimulatedCabinet`` over the wire. It takes the cabinet over as soon as it may."""

    def __init__(self, driver: FieldDriver, emulator: EmulatedController, clock: Clock) -> None:
        self.driver, self.emulator, self._clock = driver, emulator, clock
        self._ours, self._theirs = _open(), _open()
        self._their_address = self._theirs.getsockname()
        self.notes: Counter[str] = Counter()
        self._ticks = 0
        self.datagrams = 0
        driver.reset_link(self._now_s())
        self._speak()

    @property
    def capabilities(self) -> Capabilities:
        """What the driver says of the cabinet."""
        return self.driver.capabilities

    def read_state(self) -> SignalState:
        """What the driver has heard."""
        return self.driver.read_state()

    def apply(self, command: SafeCommand) -> None:
        """Through the driver, once it has taken over; nothing is sent before."""
        if self.driver.is_engaged:
            self.driver.apply(command)
            self._speak()
            if self._ticks == 0:  # a controller begins its yellow at once, and SUMO is shown lamps once a second
                self._play()

    def list_lamps(self) -> tuple[Lamp, ...]:
        """What the controller's lamps show: what the drivers of SUMO see."""
        return self.emulator.list_lamps()

    def tick(self, seconds: float) -> None:
        """Let time pass at both ends."""
        while self._ticks < round(seconds / TICK_S):
            self._play()
        self._ticks = 0
        self._look_after()

    def close(self) -> None:
        """Let go of the sockets."""
        self._ours.close()
        self._theirs.close()

    def _play(self) -> None:
        self._ticks += 1
        self.emulator.tick(TICK_S)
        self._speak()

    def _look_after(self) -> None:
        """Take over whenever that is allowed: the rig has no operator."""
        for note in self.driver.take_notes():
            if note.kind in _TELLING:
                self.notes[f"{note.kind.value}: {_NUMBER.sub('#', note.text)}"] += 1
        if self.driver.is_engaged:
            return
        try:
            self.driver.engage()
        except NotEngaged as error:
            self.notes[f"not engaged: {_NUMBER.sub('#', str(error))}"] += 1
        else:
            self._speak()

    def _now_s(self) -> float:
        """The simulation's clock stands still within a step; the wire's does not."""
        return self._clock.now_s() + round(self._ticks * TICK_S, 3)  # ten tenths are one, or polls come a tick late

    def _speak(self) -> None:
        for _ in range(_MOST_TURNS):
            said = False
            for peer, data in self.emulator.due():
                said = True
                if isinstance(peer, tuple):
                    self._theirs.sendto(data, peer)
            while answer := _receive(self._ours):
                self.driver.receive(answer[0], self._now_s())
            for message in self.driver.due(self._now_s()):
                said = True
                self._ours.sendto(message, self._their_address)
            while question := _receive(self._theirs):
                self.datagrams += 1
                self.emulator.receive(*question)
            if not said:
                return


def _open() -> socket.socket:
    opened = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    opened.bind(("127.0.0.1", 0))
    opened.setblocking(False)
    return opened


def _receive(opened: socket.socket) -> tuple[bytes, tuple[str, int]] | None:
    try:
        data, address = opened.recvfrom(_MOST_BYTES)
    except BlockingIOError:
        return None
    return data, (str(address[0]), int(address[1]))
