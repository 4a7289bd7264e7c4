"""Offsets of a common cycle: green bands along the arterials, elsewhere where the platoons meet green.

Along an arterial the widest band both ways (``sumo_scenarios.build.plans``); the second arterial is shifted to fit
the first where they cross. All other signals are set one after the other, one-way streets downstream, each to the
offset at which the platoons from and to its neighbours wait least, three times around.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from sumo_scenarios.build.city.layout import District, Turn
from sumo_scenarios.build.city.stage_times import Timed
from sumo_scenarios.build.plans import find_offsets

_START_UP_S = 2
_PLATOON_FACTOR = 2.2  # seconds of green that a queued vehicle takes
_SAMPLES = (0.1, 0.3, 0.5, 0.7, 0.9)
_ROUNDS = 3


@dataclass(frozen=True, slots=True)
class Windows:
    """The greens of all signals in a common cycle."""

    signals: Mapping[str, Timed]
    greens_s: Mapping[str, Sequence[int]]
    cycle_s: int

    def get(self, name: str, leg: str, end: str) -> tuple[int, int]:
        """Begin (from that of the first stage) and length of the first green of a movement."""
        timed, greens_s = self.signals[name], self.greens_s[name]
        number = next(link.number for link in timed.signal.links if link.leg == leg and link.end == end)
        serving = [k for k, stage in enumerate(timed.stages) if stage.state[number] in "Gg"]
        last = serving[0]
        while last + 1 in serving:
            last += 1
        starts_s = timed.starts_s(greens_s)
        return starts_s[serving[0]], starts_s[last] + greens_s[last] - starts_s[serving[0]]


@dataclass(frozen=True, slots=True)
class _Stream:
    """What goes through one signal and arrives at the next: when it leaves, and when the next one is open."""

    here: str
    there: str
    vph: float
    leave_s: float
    platoon_s: float
    travel_s: float
    open_s: int
    length_s: int

    def get_waiting(self, offsets: Mapping[str, int], cycle_s: int) -> float:
        """Vehicle-seconds."""
        total = 0.0
        for share in _SAMPLES:
            arrival_s = offsets[self.here] + self.leave_s + share * self.platoon_s + self.travel_s
            late_s = (arrival_s - offsets[self.there] - self.open_s) % cycle_s
            total += self.vph * (cycle_s - late_s if late_s > self.length_s else 0.0)
        return total


def find_all_offsets(
    district: District, windows: Windows, volumes: Mapping[tuple[str, str, str], float]
) -> dict[str, int]:
    """Begin of each signal's first stage in the cycle."""
    offsets: dict[str, int] = {}
    for chain in district.bands:
        _add_band(district, windows, chain, offsets)
    streams = list(_list_streams(district, windows, volumes))
    near = {name: [s for s in streams if name in {s.here, s.there}] for name in windows.signals}
    order = [name for chain in district.one_way_bands for name in chain] + sorted(windows.signals)
    free = [name for name in dict.fromkeys(order) if name not in offsets]
    for _ in range(_ROUNDS):
        for name in free:
            offsets[name] = _find_best(name, near[name], offsets, windows.cycle_s)
    return offsets


def _add_band(district: District, windows: Windows, chain: tuple[str, ...], offsets: dict[str, int]) -> None:
    inner = chain[1:-1]
    common = []
    for before, name, after in zip(chain, inner, chain[2:], strict=False):
        begins_s, ends_s = zip(
            *((b, b + n) for b, n in (windows.get(name, before, after), windows.get(name, after, before))), strict=True
        )
        common.append((max(begins_s), min(ends_s) - max(begins_s)))
    times_s = [0.0]
    for a, b in pairwise(inner):
        times_s.append(times_s[-1] + district.length_m(a, b) / district.ways[a, b].speed_mps)
    starts_s = find_offsets([round(t) for t in times_s], [length for _, length in common], windows.cycle_s)
    own = {name: start - begin for name, start, (begin, _) in zip(inner, starts_s, common, strict=True)}
    shift_s = next((offsets[name] - own[name] for name in inner if name in offsets), 0)
    for name, offset_s in own.items():
        offsets.setdefault(name, (offset_s + shift_s) % windows.cycle_s)


def _list_streams(
    district: District, windows: Windows, volumes: Mapping[tuple[str, str, str], float]
) -> Iterator[_Stream]:
    for (leg, here, there), vph in sorted(volumes.items()):
        if there not in windows.signals or vph < 1:
            continue
        onward = [end for end in district.ends(here, there) if district.turn(here, there, end) is Turn.THROUGH]
        if not onward:
            continue
        leave_s, length_s = windows.get(here, leg, there)
        platoon_s = min(length_s, vph / 3600 * windows.cycle_s * _PLATOON_FACTOR)
        travel_s = district.length_m(here, there) / district.ways[here, there].speed_mps + _START_UP_S
        yield _Stream(here, there, vph, leave_s, platoon_s, travel_s, *windows.get(there, here, onward[0]))


def _find_best(name: str, streams: Sequence[_Stream], offsets: Mapping[str, int], cycle_s: int) -> int:
    def waiting(offset_s: int) -> tuple[float, int]:
        trial = {**offsets, name: offset_s}
        known = (s for s in streams if s.here in trial and s.there in trial)
        return round(sum(s.get_waiting(trial, cycle_s) for s in known), 6), offset_s

    return min(range(cycle_s), key=waiting)
