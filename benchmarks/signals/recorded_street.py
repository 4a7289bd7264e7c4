"""Records what a run's controllers were given, so that the same seconds can be decided again without SUMO.

Everything that reaches a supervisor is kept: readings, cabinet states, clock and mail; and every command, so that a
replay proves itself by asking for the same ones.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from importlib import import_module
from pathlib import Path
from typing import Any

from signals.controller import AdaptiveController, LoopController
from signals.coordination.conversation import Conversation
from signals.detectors.estimator import LoopEstimator
from signals.ports import Command, NeighbourLink, Readings, SignalState
from signals.safety.guard import Guard
from signals.safety.supervisor import Supervisor
from signals.simulation.run import RunRequest, simulate
from signals.simulation.session import Post
from sumo_scenarios.catalog import find_scenario

_session: Any = import_module("signals.simulation.session")  # whose parts are exchanged while a run is recorded


@dataclass(slots=True)
class Stream:
    """One signal's seconds, in order; ``given`` is what its controller was made from."""

    given: dict[str, Any] = field(default_factory=dict)
    now_s: list[float] = field(default_factory=list)
    readings: list[Readings] = field(default_factory=list)
    states: list[SignalState] = field(default_factory=list)
    mail: list[tuple[bytes, ...]] = field(default_factory=list)
    commands: list[Command | None] = field(default_factory=list)


class ReplayedStreet:
    """The ports of one signal, playing a stream from a second on, round and round; commands are dropped."""

    def __init__(self, stream: Stream, begin: int = 0) -> None:
        self._stream, self._at, self._size = stream, begin - 1, len(stream.now_s)
        self._collected = True

    def turn(self) -> None:
        """The next second."""
        self._at += 1
        self._collected = False

    def now_s(self) -> float:
        """Goes on rising after a whole round."""
        rounds, at = divmod(self._at, self._size)
        return self._stream.now_s[at] + rounds * self._size

    def read(self) -> Readings:
        """The recorded readings, with the clock's time."""
        return replace(self._stream.readings[self._at % self._size], at_s=self.now_s())

    def read_state(self) -> SignalState:
        """The recorded state."""
        return self._stream.states[self._at % self._size]

    def apply(self, _command: object) -> None:
        """The cabinet does as it did."""

    def send(self, message: bytes) -> None:
        """Nobody listens."""

    def receive(self) -> tuple[bytes, ...]:
        """The mail of this second, once."""
        if self._collected:
            return ()
        self._collected = True
        return self._stream.mail[self._at % self._size]


def build_replay(stream: Stream, street: ReplayedStreet) -> Supervisor[Readings]:
    """The whole controller of a signal as the session makes it, on a replayed street."""
    post: Post = stream.given["post"]
    estimator = LoopEstimator(post.intersection, post.plan, post.detectors)
    conversation = Conversation(post.intersection, stream.given["streets"], street, post.detectors)
    maker = _session.MAKERS["adaptive"](replace(post, conversation=conversation, clock=street))
    loops = LoopController(estimator, maker, conversation, estimator.list_trust)
    # the cabinet's class of the port is sealed against everything but the guard, not against a replay
    return Supervisor(loops, street, street, Guard(post.intersection, post.plan), street)


def record(scenario: str, seed: int, minutes: float) -> dict[str, Stream]:
    """Run the adaptive controller on loops and keep every second of every signal. In a process of its own."""
    found = find_scenario(scenario)
    found = replace(found, end_s=min(found.end_s, found.begin_s + 60 * minutes), drain_s=0.0)
    streams: dict[str, Stream] = {}
    with _listening(streams), tempfile.TemporaryDirectory(prefix="changtong-") as folder:
        simulate(RunRequest(found, "adaptive", seed, Path(folder), sensing="loops"))
    return streams


@contextmanager
def _listening(streams: dict[str, Stream]) -> Iterator[None]:
    """Puts listeners where the session builds its parts."""
    own = _session.Conversation, _session.Supervisor
    _session.Conversation, _session.Supervisor = _listen_to_mail(streams), _listen_to_steps(streams)
    try:
        yield
    finally:
        _session.Conversation, _session.Supervisor = own


def _listen_to_mail(streams: dict[str, Stream]) -> type[Conversation]:
    class Listening(Conversation):
        def __init__(self, intersection: Any, streets: Any, link: NeighbourLink, detectors: Any = ()) -> None:
            stream = streams.setdefault(intersection.id, Stream())
            stream.given["streets"] = streets
            super().__init__(intersection, streets, _ListeningLink(link, stream), detectors)

    return Listening


class _ListeningLink:
    def __init__(self, link: NeighbourLink, stream: Stream) -> None:
        self._link, self._stream = link, stream

    def send(self, message: bytes) -> None:
        self._link.send(message)

    def receive(self) -> tuple[bytes, ...]:
        came = self._link.receive()
        if came and self._stream.mail:
            self._stream.mail[-1] += came
        return came


def _listen_to_steps(streams: dict[str, Stream]) -> type[Supervisor[Any]]:
    class Listening(Supervisor[Any]):
        def __init__(self, maker: Any, source: Any, signal: Any, guard: Guard, clock: Any) -> None:
            super().__init__(maker, source, signal, guard, clock)
            adaptive = maker._maker  # noqa: SLF001  (a benchmark looks behind the door)
            if not isinstance(adaptive, AdaptiveController):
                raise TypeError("only the adaptive controller on loops is recorded")
            estimator = maker._estimator  # noqa: SLF001
            crossing, plan = adaptive._intersection, adaptive._plan  # noqa: SLF001
            self.stream = streams[crossing.id]
            self.stream.given["post"] = Post(crossing, plan, {}, estimator._detectors, None, clock)  # noqa: SLF001

        def step(self) -> Any:
            stream = self.stream
            now_s, seen, state = self._clock.now_s(), self._source.read(), self._signal.read_state()
            stream.now_s.append(now_s)
            stream.readings.append(
                Readings(
                    seen.at_s, seen.count.copy(), seen.occupied_s.copy(), seen.speed_mps.copy(), seen.is_fresh.copy()
                )
            )
            stream.states.append(state)
            stream.mail.append(())
            report = super().step()
            stream.commands.append(report.applied)
            return report

    return Listening
