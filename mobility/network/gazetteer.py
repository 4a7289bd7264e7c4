"""Finding places by what people type: exact, prefix, part of a name, nearly spelt.

Nearly spelt means edit distance (Levenshtein 1966), with insertions, deletions and replacements.
"""

from __future__ import annotations

from dataclasses import dataclass

import numba as nb
import numpy as np
import numpy.typing as npt

from mobility.model import Place
from mobility.network.places import SAME_PLACE_M, StopPlaces, distance_between_m, fold
from mobility.network.timetable import Ints

EXACT, CODE, PREFIX, PART, SPELLING = 1.0, 0.98, 0.9, 0.75, 0.6
WORST_SPELLING = 0.34
"""Edits per letter beyond which two names are different names."""


@nb.njit(cache=True, nogil=True)
def edit_distances(query: Ints, letters: Ints, offset: Ints) -> Ints:
    """Edits from the query to every name; names are slices of ``letters``."""
    distances = np.empty(len(offset) - 1, np.int32)
    width = len(query) + 1
    row = np.empty(width, np.int32)
    for name in range(len(offset) - 1):
        for i in range(width):
            row[i] = i
        for at in range(offset[name], offset[name + 1]):
            diagonal = row[0]
            row[0] += 1
            for i in range(1, width):
                replaced = diagonal + (query[i - 1] != letters[at])
                diagonal = row[i]
                row[i] = min(replaced, row[i] + 1, row[i - 1] + 1)
        distances[name] = row[width - 1]
    return distances


@dataclass(frozen=True, slots=True)
class Gazetteer:
    """``names[i]``, folded, is a name of ``places[owner[i]]``; stations stand before their platforms."""

    places: tuple[Place, ...]
    weights: Ints
    names: tuple[str, ...]
    owner: Ints
    codes: dict[str, tuple[int, ...]]
    ids: dict[str, int]
    letters: Ints
    offset: Ints

    def find_exact(self, text: str) -> Place | None:
        """The place with this id, code or name; of several the one with the most departures."""
        if text in self.ids:
            return self.places[self.ids[text]]
        folded = fold(text)
        if not folded:
            return None
        for found in (self.codes.get(folded, ()), self._named(folded)):
            if found:
                return self.places[max(found, key=lambda number: (self.weights[number], -number))]
        return None

    def _named(self, folded: str) -> tuple[int, ...]:
        return tuple(int(self.owner[i]) for i, name in enumerate(self.names) if name == folded)

    def search(self, text: str, limit: int) -> list[tuple[float, Place]]:
        """Places by score, best first; several stops that are one place for people appear once."""
        folded = fold(text)
        if not folded or limit <= 0:
            return []
        best: dict[int, float] = {}
        for number, score in zip(self.owner.tolist(), self._score(folded).tolist(), strict=True):
            if score > best.get(number, 0.0):
                best[number] = score
        for code, numbers in self.codes.items():
            if code.startswith(folded):
                score = CODE if code == folded else PREFIX - 0.01 * (len(code) - len(folded))
                for number in numbers:
                    best[number] = max(best.get(number, 0.0), score)
        heaviest = max(1, int(self.weights.max())) if len(self.weights) else 1
        ranked = sorted(best, key=lambda n: (-best[n] - 0.05 * self.weights[n] / heaviest, n))
        return self._merge(ranked, best, limit)

    def _merge(self, ranked: list[int], best: dict[int, float], limit: int) -> list[tuple[float, Place]]:
        kept: list[tuple[float, Place]] = []
        for number in ranked:
            place = self.places[number]
            twins = (p for _, p in kept if fold(p.name) == fold(place.name))
            if any(distance_between_m(p.at, place.at) <= SAME_PLACE_M for p in twins):
                continue
            kept.append((round(best[number], 4), place))
            if len(kept) == limit:
                break
        return kept

    def _score(self, folded: str) -> npt.NDArray[np.float64]:
        size = len(folded)
        lengths = np.maximum(np.diff(self.offset), 1)
        edits = edit_distances(_letters(folded), self.letters, self.offset) / np.maximum(lengths, size)
        score = np.where(edits <= WORST_SPELLING, SPELLING * (1 - edits), 0.0)
        for number, name in enumerate(self.names):
            if folded in name:
                share = size / len(name)
                start = PREFIX if name.startswith(folded) else PART
                score[number] = EXACT if share == 1 else start - 0.1 * (1 - share)
        return score


def _letters(text: str) -> Ints:
    return np.frombuffer(text.encode("utf-32-le"), np.int32)


def build_gazetteer(stop_places: StopPlaces) -> Gazetteer:
    """Index the names and codes of all places where a vehicle stops."""
    places = stop_places.stations + stop_places.list_served()
    names: list[str] = []
    owner: list[int] = []
    codes: dict[str, list[int]] = {}
    for number, place in enumerate(places):
        for name in sorted({fold(name) for name in (place.name, *place.names.values())} - {""}):
            names.append(name)
            owner.append(number)
        for code in {fold(part) for part in (place.code, *place.code.split("/"))} - {""}:
            codes.setdefault(code, []).append(number)
    offset = np.zeros(len(names) + 1, np.int64)
    np.cumsum([len(name) for name in names], out=offset[1:])
    return Gazetteer(
        places=places,
        weights=np.array([stop_places.weight_of(place) for place in places], np.int64),
        names=tuple(names),
        owner=np.array(owner, np.int32),
        codes={code: tuple(numbers) for code, numbers in codes.items()},
        ids={place.stop_id: number for number, place in enumerate(places)},
        letters=_letters("".join(names)),
        offset=offset,
    )
