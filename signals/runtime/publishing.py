"""What the world is told of an intersection: a neutral JSON of its state, to as many listeners as there are.

``encode_state`` writes version 1 of the schema; a field may be added under the same version, none changes its meaning:

    schema        "changtong.intersection-state/1"
    intersection  its id
    at            when this was so, UTC, ISO 8601 with milliseconds
    sequence      counts the publications of this process, so that a listener sees what it has missed
    mode          who decides: remote (we), local (the cabinet's own plan), rail, preempted, manual, flash, fault
    stage, target, interval, elapsed_s   null while somebody else decides and nobody can know, or where there is none
    faults        what the cabinet says is wrong with it
    groups        number (the signal group of SPaT and MAP), user, movements, lamp (null: not known), and ends:
                  earliest, latest, likely (UTC, null: not known) and the confidence, 0 to 1, in likely; an earliest
                  end is a promise and never beyond the minimum green, the others are none

Publishing never delays control: ``Publisher.publish`` puts into bounded queues, of which each drops its oldest and
counts it when its listener is slow or dead, and the sinks work in tasks of the same event loop. A listener's failure is
that listener's: it is tried again, less and less often.
"""

from __future__ import annotations

import asyncio
import json
import math
import random
from collections import deque
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol

from signals.hardware.j2735.groups import GroupState
from signals.ports import SignalState

SCHEMA = "changtong.intersection-state/1"
MOST_WAITING = 256
MOST_PAYLOAD_BYTES = 262_144
_MOST_TOPIC, _MOST_TRIES = 256, 3


@dataclass(frozen=True, slots=True)
class Publication:
    """Something to tell. ``is_retained``: who comes later is told the last one, where the sink can do that."""

    topic: str
    payload: bytes
    is_retained: bool = False

    def __post_init__(self) -> None:
        """Refuse what a broker would refuse for ever.

        Raises:
            ValueError: a topic that is none, or a payload that is too long.
        """
        if not 0 < len(self.topic) <= _MOST_TOPIC or not self.topic.isprintable() or set(self.topic) & set("+#"):
            raise ValueError(f"{self.topic[:80]!r} is no topic")
        if len(self.payload) > MOST_PAYLOAD_BYTES:
            raise ValueError(f"{len(self.payload)} bytes are more than the {MOST_PAYLOAD_BYTES} that are published")


def encode_state(
    intersection: str, state: SignalState, shown: Iterable[GroupState], at: datetime, sequence: int
) -> bytes:
    """The state as JSON.

    Raises:
        ValueError: ``at`` has no time zone.
    """
    if at.tzinfo is None:
        raise ValueError(f"{at} has no time zone")
    known = not state.mode.outranks
    value = {
        "schema": SCHEMA,
        "intersection": intersection,
        "at": _to_text(at),
        "sequence": sequence,
        "mode": state.mode.value,
        "stage": state.stage if known else None,
        "target": state.target if known else None,
        "interval": state.interval.value if known else None,
        "elapsed_s": round(state.elapsed_s, 1) if known and math.isfinite(state.elapsed_s) else None,
        "faults": sorted(state.faults),
        "groups": [_describe(group, at) for group in shown],
    }
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode()


def _describe(shown: GroupState, at: datetime) -> dict[str, Any]:
    ends = shown.ends
    return {
        "number": shown.group.number,
        "user": shown.group.user.value,
        "movements": list(shown.group.movements),
        "lamp": None if shown.lamp is None else shown.lamp.name.lower(),
        "ends": {
            "earliest": _after(at, ends.earliest_s),
            "latest": _after(at, ends.latest_s),
            "likely": _after(at, ends.likely_s),
            "confidence": ends.confidence,
        },
    }


def _after(at: datetime, seconds: float | None) -> str | None:
    is_time = seconds is not None and math.isfinite(seconds) and abs(seconds) < 86_400.0
    return _to_text(at + timedelta(seconds=seconds)) if is_time and seconds is not None else None


def _to_text(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


class Outbox:
    """What waits for one sink: at most ``most``, the newest of all."""

    def __init__(self, most: int = MOST_WAITING) -> None:
        if most < 1:
            raise ValueError(f"an outbox for {most} publications holds none")
        self._waiting: deque[tuple[Publication, int]] = deque()
        self._most, self._filled = most, asyncio.Event()
        self.sent = self.dropped = 0

    def __len__(self) -> int:
        return len(self._waiting)

    def put(self, publication: Publication) -> None:
        """Add one, in the place of the oldest where it is full."""
        if len(self._waiting) >= self._most:
            self._waiting.popleft()
            self.dropped += 1
        self._waiting.append((publication, 0))
        self._filled.set()

    @asynccontextmanager
    async def taking(self) -> AsyncIterator[Publication]:
        """The oldest, when there is one: sent if the block ends, back in its place if it fails, dropped after
        ``_MOST_TRIES`` such failures, so that nothing that a listener cannot bear bars the way.
        """
        while not self._waiting:
            self._filled.clear()
            await self._filled.wait()
        publication, tries = self._waiting.popleft()
        try:
            yield publication
        except asyncio.CancelledError:
            self._put_back(publication, tries)
            raise
        except BaseException:
            self._put_back(publication, tries + 1)
            raise
        self.sent += 1

    def _put_back(self, publication: Publication, tries: int) -> None:
        if tries >= _MOST_TRIES or len(self._waiting) >= self._most:
            self.dropped += 1
        else:
            self._waiting.appendleft((publication, tries))
            self._filled.set()


class Sink(Protocol):
    """A way to one listener."""

    @property
    def name(self) -> str:
        """What it is called where its troubles are told of."""
        ...

    async def carry(self, outbox: Outbox) -> None:
        """Connect and send what the outbox has until something fails, which is raised."""
        ...


@dataclass(frozen=True, slots=True)
class SinkHealth:
    """How one sink does: ``trouble`` is empty while it works, ``failures`` counts its lost or failed connections."""

    name: str
    sent: int
    dropped: int
    waiting: int
    failures: int
    trouble: str


class Publisher:
    """Hands every publication to every sink; make it and call it in one event loop. ``run`` works until cancelled."""

    def __init__(
        self,
        sinks: Sequence[Sink],
        *,
        most: int = MOST_WAITING,
        first_retry_s: float = 0.5,
        most_retry_s: float = 30.0,
        log: Callable[[str], None] | None = None,
    ) -> None:
        self._ways = [_Way(sink, Outbox(most)) for sink in sinks]
        self._first_retry_s, self._most_retry_s, self._log = first_retry_s, most_retry_s, log or _be_silent

    def publish(self, publication: Publication) -> None:
        """Have it told; returns at once, whatever the sinks do. Only from the thread of the event loop."""
        for way in self._ways:
            way.outbox.put(publication)

    def list_health(self) -> tuple[SinkHealth, ...]:
        """How the sinks do."""
        return tuple(
            SinkHealth(
                way.sink.name, way.outbox.sent, way.outbox.dropped, len(way.outbox), way.failures, way.shown_trouble
            )
            for way in self._ways
        )

    async def run(self) -> None:
        """Keep every sink going."""
        async with asyncio.TaskGroup() as tasks:
            for way in self._ways:
                tasks.create_task(self._keep(way))

    async def _keep(self, way: _Way) -> None:
        retry_s = self._first_retry_s
        while True:
            way.sent_before = way.outbox.sent
            try:
                await way.sink.carry(way.outbox)
                trouble = "it ended"
            except Exception as error:  # noqa: BLE001  (one listener's failure must not be another's, or ours)
                trouble = f"{type(error).__name__}: {error}"
            if way.outbox.sent > way.sent_before:
                retry_s = self._first_retry_s
            way.failures += 1
            if way.shown_trouble != trouble:
                self._log(f"{way.sink.name}: {trouble}; it is tried again")
            way.trouble, way.sent_before = trouble, way.outbox.sent
            await asyncio.sleep(retry_s * random.uniform(0.5, 1.0))  # noqa: S311  (so that not all come at once)
            retry_s = min(2.0 * retry_s, self._most_retry_s)


def _be_silent(line: str) -> None:
    del line


class _Way:
    """A sink, what waits for it, and how it does."""

    def __init__(self, sink: Sink, outbox: Outbox) -> None:
        self.sink, self.outbox = sink, outbox
        self.failures = self.sent_before = 0
        self.trouble = ""

    @property
    def shown_trouble(self) -> str:
        """The last trouble, unless something has been sent since."""
        return "" if self.outbox.sent > self.sent_before else self.trouble
