"""The cabinet of a chaos street: an emulated controller that writes down its lamps and what it obeys before it answers.

    python -m benchmarks.signals.chaos_cabinet utc-v3 intersection.toml 127.0.0.1 9740 cabinet.jsonl 1.0 7

Each line of the record is a JSON object, written at once and whole, so that a kill loses nothing that was shown:
``{"start": ...}`` when it is switched on, ``{"lamps": ...}`` on each change and each second of its own, and
``{"bytes": ...}`` for each message that it has obeyed. ``up`` are its own seconds since it was switched on, ``at`` the
machine's monotonic ones, ``utc`` those since 1970. Switched on, it shows red to everybody first. The controller of
protocol 3.0 obeys 5F1C at any age of a green, as a published firmware does: there minimum greens are ours to keep.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from signals.cabinet import Cabinet
from signals.hardware.emulated_ports import live, open_udp
from signals.hardware.emulator import CabinetEmulator
from signals.hardware.field_emulator import Happening, Peer
from signals.hardware.ntcip1202.emulator import NtcipEmulator
from signals.hardware.ntcip1202.objects import ControlStatus, FlashStatus
from signals.hardware.street import EmulatedStreet
from signals.hardware.utc_v3.emulator import Misbehaviour, UtcV3Emulator
from signals.hardware.utc_v3.signal_controller import SetReportCycle, SetStrategy, SpecialStep, Strategy
from signals.model import Lamp
from signals.ports import Command, Mode
from signals.runtime.intersection_file import IntersectionFile, load_intersection

PROTOCOLS = ("loopback", "utc-v3", "ntcip1202")
LETTERS = {
    Lamp.RED: "r", Lamp.RED_AMBER: "u", Lamp.YELLOW: "y", Lamp.STOP_THEN_GO: "s",
    Lamp.PERMITTED_GREEN: "g", Lamp.PROTECTED_GREEN: "G",
}  # fmt: skip
START_UP_S = 3.0  # of the loopback cabinet, which has none of its own
_TICKS_A_SECOND = 10


class Record:
    """The file; ``up_s`` is whoever's seconds."""

    def __init__(self, path: Path) -> None:
        self._file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o644)
        size = os.fstat(self._file).st_size
        if size and os.pread(self._file, 1, size - 1) != b"\n":
            os.write(self._file, b"\n")  # what its last life was writing when it was killed
        self._write({"start": True})
        self._shown: tuple[str, bool, bool] | None = None
        self._told_s = 0.0

    def show(self, up_s: float, lamps: tuple[Lamp, ...], *, is_led: bool, is_starting: bool) -> None:
        """What is to be seen now; written when it has changed, or a second has passed."""
        shown = ("".join(LETTERS[lamp] for lamp in lamps), is_led, is_starting)
        if shown != self._shown or up_s - self._told_s >= 1.0:
            self._shown, self._told_s = shown, up_s
            self._write({"up": round(up_s, 1), "lamps": shown[0], "led": is_led, "starting": is_starting})

    def obey(self, up_s: float, peer: str, data: bytes, what: str, *, is_release: bool) -> None:
        """A message that was obeyed, as it came."""
        row = {"up": round(up_s, 1), "peer": peer, "bytes": data.hex(), "what": what}
        self._write({**row, "release": is_release})

    def _write(self, row: dict[str, Any]) -> None:
        os.write(self._file, json.dumps({**row, "at": time.monotonic(), "utc": time.time()}).encode() + b"\n")


class _LoopbackCabinet(Cabinet):
    """Records on each tick and each command; lamps change at no other time."""

    def __init__(self, found: IntersectionFile, record: Record) -> None:
        super().__init__(found.plan)
        self._record = record

    @property
    def up_s(self) -> float:
        """Seconds since it was switched on, the start-up included."""
        return START_UP_S + self.read_state().uptime_s

    def tick(self, seconds: float) -> None:
        """Let time pass."""
        super().tick(seconds)
        self._show()

    def obey(self, wanted: Command) -> None:
        """Do as told."""
        super().obey(wanted)
        self._show()

    def _show(self) -> None:
        is_led = self.read_state().mode is Mode.REMOTE
        self._record.show(self.up_s, self.list_lamps(), is_led=is_led, is_starting=False)


class _LoopbackEmulator(CabinetEmulator):
    """Records each line that was obeyed."""

    def __init__(self, cabinet: _LoopbackCabinet, street: EmulatedStreet, speed: float, record: Record) -> None:
        super().__init__(cabinet, street, speed)
        self._cabinet, self._record = cabinet, record

    def _answer(self, line: bytes, client: object) -> dict[str, object]:
        before_s = self._cabinet.up_s
        answer = super()._answer(line, client)
        if answer == {"ok": True}:
            peer = client.get_extra_info("peername")[0] if isinstance(client, asyncio.StreamWriter) else ""
            what = line.decode(errors="replace").strip()
            self._record.obey(before_s, peer, line, what, is_release=b'"release"' in line)
        return answer


class _Recorded:
    """An ``EmulatedController`` whose lamps and obeyed messages are written down; ``look`` says whether it is led, and
    whether it is starting.
    """

    def __init__(self, inner: Any, record: Record, look: Callable[[], tuple[bool, bool]], street: _Eyes) -> None:
        self._inner, self._record, self._look, self._street = inner, record, look, street
        self._obeyed = inner.obeyed if isinstance(inner, NtcipEmulator) else inner.commands
        self._passed_ticks = 0

    def receive(self, data: bytes, peer: Peer) -> None:
        """A datagram, and what was obeyed of it."""
        last = self._obeyed[-1] if self._obeyed else None
        self._inner.receive(data, peer)
        new = []
        for one in reversed(self._obeyed):
            if one is last:
                break
            new.append(one)
        host = str(peer[0]) if isinstance(peer, tuple) else str(peer)
        for one in reversed(new):
            self._write(one, host, data)
        self._show()

    def tick(self, seconds: float) -> None:
        """Let its time pass."""
        self._inner.tick(seconds)
        self._passed_ticks += 1
        self._show()
        if self._passed_ticks % _TICKS_A_SECOND == 0:
            self._street.tick(self._inner)

    def due(self) -> list[tuple[Peer, bytes]]:
        """What it wants to send."""
        sent: list[tuple[Peer, bytes]] = self._inner.due()
        return sent

    def happen(self, what: Happening) -> None:
        """Let something befall it."""
        self._inner.happen(what)

    def list_lamps(self) -> tuple[Lamp, ...]:
        """What is shown."""
        lamps: tuple[Lamp, ...] = self._inner.list_lamps()
        return lamps

    @property
    def _up_s(self) -> float:
        return self._passed_ticks / _TICKS_A_SECOND

    def _show(self) -> None:
        is_led, is_starting = self._look()
        self._record.show(self._up_s, self.list_lamps(), is_led=is_led, is_starting=is_starting)

    def _write(self, one: Any, host: str, data: bytes) -> None:
        if hasattr(one, "values"):
            is_release = not any(value for _, value in one.values)
            what = " ".join(f"{'.'.join(map(str, name[-4:]))}={value}" for name, value in one.values)
            secret = self._inner.profile.write_community
            kept = data.replace(secret, b"*" * len(secret), 1)  # logs do not keep it
            self._record.obey(self._up_s, host, kept, what, is_release=is_release)
        elif not isinstance(one.command, SetReportCycle):  # a question in all but name; nobody keeps it
            is_release = isinstance(one.command, SetStrategy) and one.command.strategy == Strategy.TIME_OF_DAY
            self._record.obey(self._up_s, host, data, f"{one.command}", is_release=is_release)


class _Eyes:
    """The street before it, and the detectors of a controller that has some."""

    def __init__(self, found: IntersectionFile, seed: int) -> None:
        self._street = EmulatedStreet(found.intersection, found.demand_per_h, seed, found.detectors)
        self._channels = found.channels

    def tick(self, controller: Any) -> None:
        """A second passes."""
        self._street.tick(1.0, controller.list_lamps())
        if not hasattr(controller, "detectors"):
            return
        told = self._street.read_loops()
        for channel, count, occupied_s in zip(self._channels, told.count, told.occupied_s, strict=True):
            controller.detectors.feed(channel, int(count), float(occupied_s))


def _build(protocol: str, found: IntersectionFile, record: Record, seed: int) -> _Recorded:
    if protocol == "utc-v3":
        utc = UtcV3Emulator(found.intersection, found.plan, misbehaviour=Misbehaviour(ignores_min_green=True))
        utc.happen(Happening.POWER_CYCLE)
        engine = utc.engine

        def look_utc() -> tuple[bool, bool]:
            return engine.order is not None, engine.is_dark or engine.special is SpecialStep.START_UP

        return _Recorded(utc, record, look_utc, _Eyes(found, seed))
    ntcip = NtcipEmulator(found.intersection, found.plan, detectors=max(found.channels, default=0))
    ntcip.happen(Happening.POWER_CYCLE)

    def look_ntcip() -> tuple[bool, bool]:
        is_led = ntcip.control_status == ControlStatus.SYSTEM_CONTROL
        return is_led, ntcip.flash_status == FlashStatus.START_UP

    return _Recorded(ntcip, record, look_ntcip, _Eyes(found, seed))


async def _serve_loopback(
    found: IntersectionFile, host: str, port: int, record: Record, speed: float, seed: int
) -> None:
    red = (Lamp.RED,) * len(found.intersection.movements)
    for tenth in range(round(10 * START_UP_S)):
        record.show(tenth / 10, red, is_led=False, is_starting=True)
        await asyncio.sleep(0.1 / speed)
    street = EmulatedStreet(found.intersection, found.demand_per_h, seed)
    await _LoopbackEmulator(_LoopbackCabinet(found, record), street, speed, record).serve(host, port)


async def _serve(protocol: str, file: Path, host: str, port: int, path: Path, speed: float, seed: int) -> None:
    found, record = load_intersection(file), Record(path)
    if protocol == "loopback":
        await _serve_loopback(found, host, port, record, speed, seed)
        return
    async with open_udp(_build(protocol, found, record, seed), host, port) as (emulated, _):
        await live(emulated, speed)


def main() -> None:
    """Be a cabinet until killed."""
    protocol, file, host, port, path, speed, seed = sys.argv[1:]
    asyncio.run(_serve(protocol, Path(file), host, int(port), Path(path), float(speed), int(seed)))


if __name__ == "__main__":
    main()
