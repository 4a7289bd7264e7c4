"""A bad network in virtual time: datagrams are lost, doubled, late and so overtake each other; parts are cut off.

What becomes of a datagram is drawn when it is sent, from the ``Weather`` of that moment, or told by ``fates`` that a
test has chosen. A network ``as_stream`` is a TCP connection's: nothing is lost, doubled or overtaken on it, only late.
"""

from dataclasses import dataclass, field
from heapq import heappop, heappush

LATEST_S = 3.0  # no datagram is under way for longer


@dataclass(frozen=True, slots=True)
class Weather:
    """Shares of datagrams that are lost and doubled, and the longest delay; each datagram draws its own."""

    lost: float = 0.0
    doubled: float = 0.0
    latest_s: float = 0.0

    def __post_init__(self):
        assert 0.0 <= self.latest_s <= LATEST_S


CALM = Weather()
SOME_WEATHERS = (
    CALM,
    Weather(0.0, 0.0, 0.3),
    Weather(0.2, 0.2, 0.5),
    Weather(0.1, 0.5, LATEST_S),
    Weather(0.5, 0.3, 1.5),
    Weather(0.0, 1.0, LATEST_S),
    Weather(0.8, 0.0, 0.2),
)


@dataclass(frozen=True, slots=True, order=True)
class Datagram:
    """One copy on its way. ``token``: under which its sender commands, None where it commands nothing."""

    at_s: float
    number: int
    sent_s: float = field(compare=False)
    sender: str = field(compare=False)
    receiver: str = field(compare=False)
    data: bytes = field(compare=False)
    token: int | None = field(compare=False, default=None)


class Network:
    """Between one cabinet and those who speak to it; ``random`` draws, so that a seed repeats a run."""

    def __init__(self, random, *, as_stream=False):
        self.weather, self._random, self._as_stream = CALM, random, as_stream
        self.fates = {}  # by receiver: the delays of each copy (none: lost), in place of the weather
        self.cut = set()  # names of those whom nothing reaches
        self._under_way = []
        self._sent = 0
        self._last_s = {}
        self.counts = {"sent": 0, "lost": 0, "doubled": 0, "late": 0}

    def send(self, now_s, sender, receiver, data, token=None):
        """One datagram; what becomes of it is decided now."""
        self.counts["sent"] += 1
        if {sender, receiver} & self.cut:
            self.counts["lost"] += 1
            return
        delays_s = self.fates[receiver] if receiver in self.fates else self._draw()
        self.counts["lost"] += not delays_s
        self.counts["doubled"] += len(delays_s) > 1
        for delay_s in delays_s:
            self.counts["late"] += delay_s > 0.0
            at_s = now_s + delay_s
            if self._as_stream:
                at_s = self._last_s[sender, receiver] = max(at_s, self._last_s.get((sender, receiver), at_s))
            self._sent += 1
            heappush(self._under_way, Datagram(at_s, self._sent, now_s, sender, receiver, data, token))

    def deliver(self, now_s):
        """What arrives by now, in the order of arrival."""
        while self._under_way and self._under_way[0].at_s <= now_s + 1e-9:
            datagram = heappop(self._under_way)
            if not {datagram.sender, datagram.receiver} & self.cut:
                yield datagram

    def drop(self, name):
        """A stream that breaks: what is under way from or to somebody is lost."""
        self._under_way = sorted(d for d in self._under_way if name not in (d.sender, d.receiver))

    def fingerprint(self, now_s):
        """What is under way, as something that can be hashed."""
        return tuple(
            (round(d.at_s - now_s, 3), round(now_s - d.sent_s, 3), d.sender, d.receiver, d.data, d.token)
            for d in sorted(self._under_way)
        )

    def _draw(self):
        weather, random = self.weather, self._random
        if self._as_stream:
            return (random.uniform(0.0, weather.latest_s),)
        if weather is CALM:
            return (0.0,)
        if random.random() < weather.lost:
            return ()
        copies = 2 if random.random() < weather.doubled else 1
        return tuple(random.uniform(0.0, weather.latest_s) for _ in range(copies))
