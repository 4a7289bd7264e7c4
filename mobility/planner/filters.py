"""From all Pareto-optimal journeys to those that a person wants to read, each rule by name.

* ``slower_than_walking``: somebody who walks all the way from the same moment is there no later.
* ``same_vehicles``: the same vehicles with another change, or left early to walk, which costs at least as much
  more walking as it gains time, and gains less than two minutes at either end.
* ``dominated``: another leaves no earlier, arrives no later, with no more vehicles, and costs no more.
* ``hardly_gains``: more vehicles to gain less than two minutes at both ends.
* ``same_lines``: the same lines between the same stops, at least two minutes longer than the run before or after,
  to gain less than two minutes at one end.
* ``long_way_round``: saves changes at more than ten minutes each, within the time of another journey.

* ``hardly_worth_it``: a shared bike, a car or a taxi more to gain less than five minutes at both ends together.

With criteria that were asked for, only a rival that costs no more in each of them counts (not for the first two). A
journey never drops one that asks for less (``Candidate.burden``), other than on foot all the way.

Rules look at rivals that leave (with ``by_arrival``: arrive) within ``RIVALS_S`` of the journey (``TWINS_S`` where
the vehicles are the same), never at the page that shows it, so that filtering a window is the same as filtering its
halves with ``MARGIN_S`` of neighbours behind and ``MARGIN_BEFORE_S`` before: that is what lets pages be turned without
loss. Nothing is dropped in a circle: ``same_vehicles`` comes first and prefers less walking, and each later rule
prefers the smaller sum of duration and five minutes a vehicle.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum

import numpy as np
import numpy.typing as npt

from mobility.planner.candidates import Candidate

SAME_MOMENT_S = 120
"""Departures and arrivals that people do not tell apart."""
CHANGE_IS_WORTH_S = 600
"""How much longer people travel to save a change: ten minutes, as route planners commonly price it."""
WORTH_A_VEHICLE_S = 300
"""What a bike, a car or a taxi has to save to be proposed beside a journey without it."""
RIVALS_S = 1800
TWINS_S = 600
MARGIN_S = RIVALS_S + TWINS_S
"""How far behind a window its neighbours are needed: the rivals of a journey, and theirs of the same vehicles."""
MARGIN_BEFORE_S = WORTH_A_VEHICLE_S + SAME_MOMENT_S
"""How far before it: by every rule a rival leaves less than ``WORTH_A_VEHICLE_S`` before the journey (with
``by_arrival``: arrives less than that after it), and one of the same vehicles less than ``SAME_MOMENT_S``, or it could
not drop it."""

Numbers = npt.NDArray[np.int64]
Table = npt.NDArray[np.bool_]


class Rule(StrEnum):
    """Why a journey is not shown."""

    SLOWER_THAN_WALKING = "slower_than_walking"
    SAME_VEHICLES = "same_vehicles"
    DOMINATED = "dominated"
    HARDLY_GAINS = "hardly_gains"
    SAME_LINES = "same_lines"
    LONG_WAY_ROUND = "long_way_round"
    HARDLY_WORTH_IT = "hardly_worth_it"


def judge(candidates: Sequence[Candidate], *, walk_s: int | None = None, by_arrival: bool = False) -> list[Rule | None]:
    """The first rule that drops each candidate, None where it stays."""
    verdicts: list[Rule | None] = [None] * len(candidates)
    left = _apply({Rule.SLOWER_THAN_WALKING: _is_slower(candidates, walk_s)}, verdicts, range(len(candidates)))
    if len(left) <= 1:
        return verdicts
    left = _apply(
        {Rule.SAME_VEHICLES: _rides_the_same([candidates[n] for n in left], by_arrival=by_arrival)}, verdicts, left
    )
    _apply(_list_rules([candidates[n] for n in left], by_arrival=by_arrival), verdicts, left)
    return verdicts


def _apply(rules: dict[Rule, Table], verdicts: list[Rule | None], numbers: Sequence[int]) -> list[int]:
    """Write down who is dropped by the first rule that does; who is left."""
    for rule, is_dropped in rules.items():
        for number, drops in zip(numbers, is_dropped.tolist(), strict=True):
            if drops and verdicts[number] is None:
                verdicts[number] = rule
    return [number for number in numbers if verdicts[number] is None]


def _is_slower(candidates: Sequence[Candidate], walk_s: int | None) -> Table:
    return np.array([walk_s is not None and c.duration_s >= walk_s for c in candidates], bool)


class _Rivals:
    """Tables of journeys against rivals: row i, column j says something of journey i beside rival j."""

    def __init__(self, candidates: Sequence[Candidate], *, by_arrival: bool) -> None:
        count = len(candidates)
        times = np.array([(c.departure_s, c.arrival_s) for c in candidates], np.int64).reshape(count, 2)
        departure, arrival = times[:, 0], times[:, 1]
        vehicles = np.array([len(c.lines) for c in candidates], np.int64)
        self.leaves_later_s = departure[:, None] - departure
        self.arrives_earlier_s = arrival - arrival[:, None]
        self.longer_s = -self.leaves_later_s - self.arrives_earlier_s
        self.more_vehicles = vehicles[:, None] - vehicles
        burden = np.array([c.burden for c in candidates], np.int64)
        self.more_burden = burden[:, None] - burden
        apart_s = self.arrives_earlier_s if by_arrival else self.leaves_later_s
        self.apart_s = np.abs(apart_s)
        self.number = np.arange(count)


def _same(keys: list[tuple[tuple[int, ...], ...]]) -> Table:
    numbers = {key: number for number, key in enumerate(dict.fromkeys(keys))}
    group = np.array([numbers[key] for key in keys], np.int64)
    return np.asarray(group[:, None] == group)


def _rides_the_same(candidates: Sequence[Candidate], *, by_arrival: bool) -> Table:
    keys = [c.vehicles for c in candidates]
    if len(set(keys)) == len(keys):
        return np.zeros(len(keys), bool)
    r = _Rivals(candidates, by_arrival=by_arrival)
    walking = np.array([c.walking_s for c in candidates], np.int64)
    further_s = walking[:, None] - walking
    hardly_gains = (r.leaves_later_s < SAME_MOMENT_S) & (r.arrives_earlier_s < SAME_MOMENT_S)
    is_worth_less = (further_s > 0) & (further_s >= -r.longer_s)
    is_tie = (further_s == 0) & ((r.longer_s > 0) | ((r.longer_s == 0) & (r.number[:, None] > r.number)))
    is_rival = _same([*keys]) & (r.apart_s <= TWINS_S) & (r.more_burden >= 0)
    return np.asarray((is_rival & hardly_gains & (is_worth_less | is_tie)).any(axis=1))


def _list_rules(candidates: Sequence[Candidate], *, by_arrival: bool) -> dict[Rule, Table]:
    r = _Rivals(candidates, by_arrival=by_arrival)
    costs_no_less = _costs_no_less(candidates)
    is_rival = (r.apart_s <= RIVALS_S) & costs_no_less & (r.more_burden >= 0)
    lies_within = (r.leaves_later_s <= 0) & (r.arrives_earlier_s <= 0)
    is_twin = (r.longer_s == 0) & (r.more_vehicles == 0) & (r.more_burden == 0) & costs_no_less.T
    is_worth_a_vehicle = r.leaves_later_s + r.arrives_earlier_s >= WORTH_A_VEHICLE_S
    # gaining at one end by losing at the other is another journey, not a better one
    is_near = (r.leaves_later_s < WORTH_A_VEHICLE_S) & (r.arrives_earlier_s < WORTH_A_VEHICLE_S)
    hardly_gains = (r.leaves_later_s < SAME_MOMENT_S) & (r.arrives_earlier_s < SAME_MOMENT_S)
    waits_to_gain = ((r.leaves_later_s <= 0) & (r.arrives_earlier_s < SAME_MOMENT_S)) | (
        (r.arrives_earlier_s <= 0) & (r.leaves_later_s < SAME_MOMENT_S)
    )
    is_same_line = _same([c.lines for c in candidates])
    found = {
        Rule.DOMINATED: lies_within & (r.more_vehicles >= 0) & (~is_twin | (r.number[:, None] > r.number)),
        Rule.HARDLY_GAINS: hardly_gains & (r.more_vehicles > 0),
        Rule.SAME_LINES: is_same_line & waits_to_gain & (r.longer_s >= SAME_MOMENT_S),
        Rule.HARDLY_WORTH_IT: (r.more_burden > 0) & is_near & ~is_worth_a_vehicle,
        Rule.LONG_WAY_ROUND: lies_within & (r.more_vehicles < 0) & (r.longer_s > -r.more_vehicles * CHANGE_IS_WORTH_S),
    }
    return {rule: np.asarray((table & is_rival).any(axis=1)) for rule, table in found.items()}


def _costs_no_less(candidates: Sequence[Candidate]) -> Table:
    """Whether a journey costs as much as its rival or more, in every criterion that was asked for."""
    criteria = len(candidates[0].costs) if candidates else 0
    costs = np.array([c.costs for c in candidates], np.int64).reshape(len(candidates), criteria)
    return np.asarray((costs[:, None, :] >= costs).all(axis=2))
