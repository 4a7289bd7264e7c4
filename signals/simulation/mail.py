"""The mail between neighbouring signals in a simulated city: delayed by a second, sometimes lost, in no hurry.

What is sent in one second is there in the next one at the earliest, so that the order in which signals have their
turn changes nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeAlias

import numpy as np

from signals.simulation.faults import NO_FAULTS, FaultPlan

_EPSILON_S = 1e-6
_Letter: TypeAlias = tuple[float, str, bytes]  # due, to whom, what


class Mail:
    """The post office. ``addresses``: to whom each signal writes; who is not in it writes to nobody."""

    def __init__(self, addresses: Mapping[str, tuple[str, ...]], faults: FaultPlan = NO_FAULTS) -> None:
        self._addresses, self._faults = addresses, faults
        everyone = sorted({*addresses, *(other for others in addresses.values() for other in others)})
        self._silent = faults.list_silent(everyone)
        self._loss = {
            signal: np.random.default_rng([faults.seed, 2, int(2**53 * faults.draw("mail", signal))])
            for signal in everyone
        }
        self._sent: list[tuple[str, bytes]] = []
        self._under_way: list[_Letter] = []
        self._boxes: dict[str, list[bytes]] = {signal: [] for signal in everyone}

    def link(self, signal: str) -> SimulatedLink:
        """One signal's end; implements ``NeighbourLink``."""
        return SimulatedLink(self, signal)

    def post(self, sender: str, message: bytes) -> None:
        """Take a message for all that the sender writes to."""
        if sender not in self._silent:
            self._sent.append((sender, message))

    def collect(self, signal: str) -> tuple[bytes, ...]:
        """Empty a signal's box."""
        box = self._boxes.get(signal)
        if not box:
            return ()
        letters = tuple(box)
        box.clear()
        return letters

    def deliver(self, now_s: float) -> None:
        """Once a second, before the signals have their turn: what was sent before goes out, what is due arrives."""
        due_s = now_s + self._faults.message_latency_s
        for sender, message in self._sent:
            for address in self._addresses.get(sender, ()):
                if self._faults.message_loss <= 0 or self._loss[sender].random() >= self._faults.message_loss:
                    self._under_way.append((due_s, address, message))
        self._sent.clear()
        late: list[_Letter] = []
        for letter in self._under_way:
            if letter[0] <= now_s + _EPSILON_S:
                self._boxes[letter[1]].append(letter[2])
            else:
                late.append(letter)
        self._under_way = late


class SimulatedLink:
    """One signal's end of the mail."""

    def __init__(self, mail: Mail, signal: str) -> None:
        self._mail, self._signal = mail, signal

    def send(self, message: bytes) -> None:
        """To every neighbour."""
        self._mail.post(self._signal, message)

    def receive(self) -> tuple[bytes, ...]:
        """What has come since the last call."""
        return self._mail.collect(self._signal)
