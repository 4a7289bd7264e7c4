"""Emulated controllers for training, demos and tests: an intersection's file makes a cabinet with a street before it.

The cabinet speaks the protocol that it is asked for over UDP, TCP or a serial line, misbehaves as told, and suffers
what is typed: each line on standard input that names a ``Happening`` befalls it. ``record`` is a file that gets a JSON
line for each change of its lamps, written before anything is sent: what stood in the street is known even if it is
killed.
"""

from __future__ import annotations

import asyncio
import json
import math
import os
import socket
import sys
from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from signals.cabinet import Cabinet
from signals.hardware.emulated_ports import TICK_S, live, open_serial, open_tcp, open_udp
from signals.hardware.emulator import CabinetEmulator
from signals.hardware.field_emulator import EmulatedController, Happening
from signals.hardware.street import EmulatedStreet
from signals.model import Lamp
from signals.runtime.intersection_file import IntersectionFile, IntersectionFileError, load_intersection

Say = Callable[[str], None]
PROTOCOLS = ("loopback", "utc-v3", "ntcip1202")
_KINDS: dict[str, Callable[[str], Any]] = {
    "bool": lambda value: value != "false",
    "float": lambda value: float(value or 1),
    "int": lambda value: int(value or 1),
}
_TICKS_A_SECOND = round(1.0 / TICK_S)


@dataclass(frozen=True, slots=True)
class Training:
    """What is emulated. ``readings``: host and port that get the street's detectors as JSON, where the protocol has no
    word for them; ``misbehaviour``: `name` or `name=value`, of the protocol's ``Misbehaviour``.
    """

    protocol: str = "loopback"
    transport: str = ""
    host: str = "127.0.0.1"
    port: int = 9740
    address: int = 1
    profile: str = "standard"
    misbehaviour: Sequence[str] = ()
    readings: tuple[str, int] | None = None
    record: Path | None = None
    speed: float = 1.0
    seed: int = 1


def emulate(file: Path, wanted: Training, say: Say) -> None:
    """Be a cabinet until interrupted.

    Raises:
        IntersectionFileError: a file, a profile or a misbehaviour that cannot be used.
    """
    if not (math.isfinite(wanted.speed) and wanted.speed > 0):
        raise IntersectionFileError(f"a speed of {wanted.speed:g} makes no seconds; give a number above zero.")
    found = load_intersection(file)
    street = EmulatedStreet(found.intersection, found.demand_per_h, wanted.seed, found.detectors)
    name = found.intersection.id

    def tell(place: object) -> None:
        say(f"{name}: listening on {place}")

    if wanted.protocol == "loopback":
        emulator = CabinetEmulator(Cabinet(found.plan), street, wanted.speed)
        asyncio.run(emulator.serve(wanted.host, wanted.port, lambda bound: tell(f"{wanted.host}:{bound}")))
        return
    asyncio.run(_serve(_build(found, wanted), found, street, wanted, tell, say))


def _build(found: IntersectionFile, wanted: Training) -> Any:
    """The emulated controller of a protocol."""
    try:
        if wanted.protocol == "utc-v3":
            from signals.hardware.utc_v3 import emulator as utc_v3  # noqa: PLC0415  (one protocol a process)
            from signals.hardware.utc_v3.profile import find_profile as find_utc_v3  # noqa: PLC0415

            return utc_v3.UtcV3Emulator(
                found.intersection,
                found.plan,
                wanted.address,
                find_utc_v3(wanted.profile),
                read_misbehaviour(utc_v3.Misbehaviour, wanted.misbehaviour),
            )
        from signals.hardware.ntcip1202 import emulator as ntcip  # noqa: PLC0415
        from signals.hardware.ntcip1202.profile import find_profile as find_ntcip  # noqa: PLC0415

        return ntcip.NtcipEmulator(
            found.intersection,
            found.plan,
            find_ntcip(wanted.profile),
            read_misbehaviour(ntcip.Misbehaviour, wanted.misbehaviour),
            detectors=max(found.channels, default=0),
        )
    except ValueError as error:
        raise IntersectionFileError(f"{found.intersection.id}: {error}") from error


def read_misbehaviour(kind: Any, words: Sequence[str]) -> Any:
    """A misbehaviour from words such as `ignores_min_green` and `loses_acks=0.1`.

    Raises:
        ValueError: it has no such name, or the value is none of its kind.
    """
    known = {field.name: field.type for field in fields(kind)}
    values: dict[str, Any] = {}
    for word in words:
        name, _, value = word.partition("=")
        name = name.replace("-", "_")
        convert = _KINDS.get(str(known.get(name, "")))
        if convert is None:
            raise ValueError(f"no misbehaviour {name!r}; there are {', '.join(sorted(known))}")
        try:
            values[name] = convert(value)
        except ValueError as error:
            raise ValueError(f"{word!r}: {error}") from error
    return kind(**values)


async def _serve(
    controller: Any,
    found: IntersectionFile,
    street: EmulatedStreet,
    wanted: Training,
    tell: Callable[[object], None],
    say: Say,
) -> None:
    async with AsyncExitStack() as open_:
        place: object
        if wanted.transport == "serial":
            emulated, place = await open_.enter_async_context(open_serial(controller))
        elif wanted.transport == "tcp":
            emulated, bound = await open_.enter_async_context(open_tcp(controller, wanted.host, wanted.port))
            place = f"{wanted.host}:{bound}"
        else:
            emulated, bound = await open_.enter_async_context(open_udp(controller, wanted.host, wanted.port))
            place = f"{wanted.host}:{bound}"
        life = _Life(controller, found, street, wanted)
        open_.callback(life.close)
        _listen_to_input(controller, say)
        tell(place)
        await live(emulated, wanted.speed, life.after_tick)


class _Life:
    """What goes on around a controller each tenth of a second: its lamps recorded, its street, its detectors."""

    def __init__(self, controller: Any, found: IntersectionFile, street: EmulatedStreet, wanted: Training) -> None:
        self._controller, self._found, self._street = controller, found, street
        self._ticks, self._shown = 0, tuple[Lamp, ...]()
        self._record = os.open(wanted.record, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o640) if wanted.record else -1
        self._readings = wanted.readings
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.setblocking(False)

    def after_tick(self) -> None:
        """A tenth of a second has passed."""
        lamps = self._controller.list_lamps()
        self._ticks += 1
        if lamps != self._shown and self._record >= 0:
            row = {"uptime_s": round(self._controller.uptime_s, 1), "lamps": [int(lamp) for lamp in lamps]}
            os.write(self._record, json.dumps(row).encode() + b"\n")
        self._shown = lamps
        if self._ticks % _TICKS_A_SECOND == 0:
            self._street.tick(1.0, lamps)
            self._feed()

    def close(self) -> None:
        """Let go of what is open."""
        self._socket.close()
        if self._record >= 0:
            os.close(self._record)

    def _feed(self) -> None:
        """To the controller's own detectors, and to whoever wants readings."""
        told = self._street.read_loops()
        rows = zip(
            self._found.detectors, self._found.channels, told.count, told.occupied_s, told.speed_mps, strict=True
        )
        readings = []
        for detector, channel, count, occupied_s, speed_mps in rows:
            if hasattr(self._controller, "detectors"):
                self._controller.detectors.feed(channel, int(count), float(occupied_s))
            speed = None if math.isnan(speed_mps) else round(float(speed_mps), 1)
            readings.append({"id": detector.id, "count": int(count), "occupied": float(occupied_s), "speed_mps": speed})
        if self._readings is not None:
            try:
                self._socket.sendto(json.dumps({"readings": readings}).encode(), self._readings)
            except OSError:
                return  # nobody listens yet


def _listen_to_input(controller: EmulatedController, say: Say) -> None:
    """Each line on standard input that names a happening befalls the controller."""

    def read() -> None:
        line = sys.stdin.readline()
        if not line:
            asyncio.get_running_loop().remove_reader(sys.stdin)
            return
        try:
            controller.happen(Happening(line.strip()))
        except ValueError:
            say(f"there is no {line.strip()!r}; there are {', '.join(Happening)}")
        else:
            say(f"it has happened: {line.strip()}")

    try:
        asyncio.get_running_loop().add_reader(sys.stdin, read)
    except (OSError, ValueError):
        return  # standard input is a file, or closed: nothing will be typed
