"""Detectors that are not the cabinet's: readings as JSON over UDP, from cameras, radars and counters with a computer.

A datagram is ``{"readings": [{"id": "north-stop", "count": 1, "occupied": 0.4, "speed_mps": 9.5}, ...]}``: what came
onto the detector since the last datagram, how much of the last second it was occupied (0 to 1), and the mean speed
where it is measured. Ids are those of the intersection's file. A detector that is not told of within ``FRESH_S`` counts
as silent, which the estimator's health monitor deals with. Nothing authenticates a datagram: the port belongs behind
the cabinet's door or a tunnel, and false readings can waste green but not make the street unsafe, since the guard
believes no detector.
"""

from __future__ import annotations

import asyncio
import json
from typing import Any

import numpy as np

from signals.model import Detector
from signals.ports import Clock, Readings

FRESH_S = 3.0
MOST_BYTES = 16_384
_MOST_COUNT = 20  # vehicles that one detector can have counted since the last reading


class ReadingsPort(asyncio.DatagramProtocol):
    """Implements ``DetectorSource[Readings]`` for one intersection. ``mangled`` counts what was none."""

    def __init__(self, detectors: tuple[Detector, ...], clock: Clock) -> None:
        self._rows = {detector.id: k for k, detector in enumerate(detectors)}
        size = len(detectors)
        self._count, self._occupied, self._speed = np.zeros(size, np.int64), np.zeros(size), np.full(size, np.nan)
        self._heard_s, self._clock = np.full(size, -np.inf), clock
        self._transport: asyncio.BaseTransport | None = None
        self.mangled = 0

    async def open(self, host: str, port: int) -> int:
        """Listen; the port, useful where 0 was asked for."""
        transport, _ = await asyncio.get_running_loop().create_datagram_endpoint(lambda: self, local_addr=(host, port))
        self._transport = transport
        return int(transport.get_extra_info("sockname")[1])

    def close(self) -> None:
        """Listen no more."""
        if self._transport is not None:
            self._transport.close()

    def datagram_received(self, data: bytes, addr: tuple[str | Any, int]) -> None:
        """Take one datagram in, whole or not at all."""
        del addr
        try:
            rows = [self._read(row) for row in json.loads(data[:MOST_BYTES])["readings"]]  # cut, it is no JSON
        except (AttributeError, KeyError, OverflowError, TypeError, ValueError, RecursionError):
            self.mangled += 1
            return
        now_s = self._clock.now_s()
        for k, count, occupied, speed_mps in rows:
            self._count[k] = min(_MOST_COUNT, self._count[k] + count)
            self._occupied[k], self._speed[k], self._heard_s[k] = occupied, speed_mps, now_s

    def read(self) -> Readings:
        """What has come since the last call."""
        now_s = self._clock.now_s()
        is_fresh = now_s - self._heard_s <= FRESH_S
        readings = Readings(now_s, self._count.copy(), self._occupied.copy(), self._speed.copy(), is_fresh)
        self._count[:], self._speed[:] = 0, np.nan
        return readings

    def _read(self, row: dict[str, Any]) -> tuple[int, int, float, float]:
        count, occupied, speed_mps = row.get("count", 0), row.get("occupied", 0.0), row.get("speed_mps")
        if isinstance(count, bool) or not isinstance(count, int) or not 0 <= count <= _MOST_COUNT:
            raise ValueError(f"count {count!r}")
        if isinstance(occupied, bool) or not 0.0 <= float(occupied) <= 1.0:
            raise ValueError(f"occupied {occupied!r}")
        if speed_mps is not None and (isinstance(speed_mps, bool) or not 0.0 <= float(speed_mps) <= 100.0):
            raise ValueError(f"speed {speed_mps!r}")
        return self._rows[row["id"]], count, float(occupied), float("nan") if speed_mps is None else float(speed_mps)
