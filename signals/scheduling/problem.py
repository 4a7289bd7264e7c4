"""What the search is given, as arrays: the intersection's layout, the traffic of this moment, the settings."""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from signals.model import Intersection, Lamp, RoadUser
from signals.ports import FloatArray, IntArray, Learned
from signals.prediction.arrivals import LaneArrivals
from signals.prediction.queues import StuckMovements
from signals.timing_plan import TimingPlan

Int8Array = npt.NDArray[np.int8]
BoolArray = npt.NDArray[np.bool_]

NO_GREEN, PERMITTED, PROTECTED = 0, 1, 2
ROOM_UNKNOWN = 1_000_000
_WALKERS_HEADWAY_S = 0.1  # they step off side by side
_IMPATIENT_TIMES = 10.0


class Layout(NamedTuple):
    """Fixed by intersection and plan. Axes: s, t stages; m movements.

    ``level[s, m]``: no green, permitted, protected. ``through[s, t, m]``: the level that a movement keeps while s
    changes to t; where it keeps none, it is still green for the first ``keeps_s[s, t, m]`` of the change (vehicles
    while pedestrians clear) and green already for the last ``early_s[s, t, m]``. ``foes[m]``: movements that m gives
    way to, -1 where the row is not full.
    """

    level: Int8Array
    through: Int8Array
    keeps_s: IntArray
    early_s: IntArray
    change_s: IntArray
    min_green_s: IntArray
    max_green_s: IntArray
    entry_of: IntArray
    exit_of: IntArray
    foes: IntArray
    allowed: BoolArray
    lanes: int
    exits: int


class Traffic(NamedTuple):
    """Vehicles by entry lane, nearest first; ``weight`` is what a second of each one's delay costs.

    For the first ``Settings.blocked_s``, ``blocked`` movements discharge nobody, ``held`` ones nobody on a permitted
    green, and each exit takes no more than ``room`` vehicles. ``price[m]``: seconds of cost for each vehicle that m
    discharges, negative where that helps downstream. ``guide_s[s]``: from when to when stage s is wanted green by a
    band, NaN where none wants it; ``Settings.guide_cost`` is paid for each second without a wanted stage.
    """

    vehicles: IntArray
    arrival_s: FloatArray
    movement: IntArray
    weight: FloatArray
    blocked: BoolArray
    held: BoolArray
    is_guess: BoolArray
    turn_share: FloatArray
    headway_s: FloatArray
    startup_loss_s: FloatArray
    room: IntArray
    price: FloatArray
    guide_s: FloatArray


class Settings(NamedTuple):
    """Parameters of discharge, search and objective; sources: prototypes on SUMO 1.28 with default car following.

    The objective is in weighted seconds, and these are a bureau's to set. Each second that a vehicle waits costs
    ``vehicle_weight`` (a person on foot: ``pedestrian_weight``), more by what it has waited already: twice that after
    ``delay_unit_s``, and ten times for people on foot beyond their patience. A stop costs ``stop_cost_s`` such seconds.
    Emissions enter by one price, ``co2_cost_s_per_g``: HBEFA's passenger car emits some ``stop_g`` more CO2 for a
    stop from 50 km/h and ``idle_g_per_s`` while it stands. ``change_cost_s`` makes each change of stage dearer.

    ``spreads_guesses``: let a head whose turn is only guessed leave at its lane's share of green. Off: whoever stands
    there as a guess would always seem about to leave, and the search put off for ever whom the guess was wrong about
    (cologne8 with loops: 46.8 s of waiting instead of 6.6); the estimator corrects wrong heads instead.
    """

    horizon_s: int = 50
    width: int = 40
    fine_s: int = 10
    branch_every_s: int = 2
    coarse_s: int = 30
    headway_s: float = 2.0
    permitted_slower: float = 1.3
    startup_loss_s: float = 1.5
    yellow_use_s: int = 0
    gap_s: float = 3.0
    look_ahead_s: float = 20.0
    blocked_s: int = 15
    rest_factor: float = 1.0
    red_head_s: float = 12.0
    delay_unit_s: float = 60.0
    expected_share: float = 0.5
    guide_cost: float = 0.0
    spreads_guesses: bool = False
    vehicle_weight: float = 1.0
    pedestrian_weight: float = 1.0
    pedestrian_patience_s: float = 40.0
    change_cost_s: float = 0.0
    stop_cost_s: float = 0.0
    co2_cost_s_per_g: float = 0.0
    stop_g: float = 30.0
    idle_g_per_s: float = 0.6


def build_layout(intersection: Intersection, plan: TimingPlan, *, can_skip: bool = True) -> Layout:
    """The arrays of one plan."""
    stages, size = plan.stages, len(intersection.movements)
    level = np.zeros((len(stages), size), np.int8)
    for stage in stages:
        level[stage.index] = [_to_level(stage.lamp(m)) for m in range(size)]
    shape = (len(stages), len(stages), size)
    through, keeps_s, early_s = np.zeros(shape, np.int8), np.zeros(shape, np.int64), np.zeros(shape, np.int64)
    change_s = np.zeros((len(stages), len(stages)), np.int64)
    for (a, b), intervals in plan.transitions.items():
        change_s[a, b] = round(sum(i.duration_s for i in intervals))
        shown = np.array([[_to_level(lamp) for lamp in i.lamps[:size]] for i in intervals], np.int8).reshape(-1, size)
        lasts_s = [i.duration_s for i in intervals]
        through[a, b] = np.minimum(np.minimum(level[a], level[b]), shown.min(axis=0, initial=PROTECTED))
        keeps_s[a, b] = _sum_while_green(shown, lasts_s)
        early_s[a, b] = _sum_while_green(shown[::-1], lasts_s[::-1])
    foes = [np.flatnonzero(intersection.yields[m] & intersection.conflicts[m]) for m in range(size)]
    padded = np.full((size, max(1, *(len(f) for f in foes))), -1, np.int64)
    for m, row in enumerate(foes):
        padded[m, : len(row)] = row
    allowed = np.ones((len(stages), len(stages)), np.bool_)
    if not can_skip:
        allowed[:] = False
        for stage in stages:
            allowed[stage.index, plan.next_local(stage.index)] = True
    np.fill_diagonal(allowed, val=False)
    return Layout(
        level=level,
        through=through,
        keeps_s=keeps_s,
        early_s=early_s,
        change_s=change_s,
        min_green_s=np.array([round(t.min_green_s) for t in plan.timings], np.int64),
        max_green_s=np.array([round(t.max_green_s) for t in plan.timings], np.int64),
        entry_of=np.array([m.entry for m in intersection.movements], np.int64),
        exit_of=np.array([m.exit for m in intersection.movements], np.int64),
        foes=padded,
        allowed=allowed,
        lanes=len(intersection.entries),
        exits=len(intersection.exits),
    )


def _sum_while_green(shown: Int8Array, lasts_s: list[float]) -> IntArray:
    """By movement: how long it is green from the first interval on."""
    is_green = np.ones(shown.shape[1], np.bool_)
    total_s = np.zeros(shown.shape[1])
    for lamps, duration_s in zip(shown, lasts_s, strict=True):
        is_green &= lamps > NO_GREEN
        total_s += np.where(is_green, duration_s, 0.0)
    whole_s: IntArray = np.floor(total_s + 0.01).astype(np.int64)
    return whole_s


def build_traffic(
    arrivals: LaneArrivals,
    blocked_exits: BoolArray,
    stuck: StuckMovements,
    intersection: Intersection,
    settings: Settings,
    *,
    learned: Learned | None = None,
    room: IntArray | None = None,
    price: FloatArray | None = None,
    guide_s: FloatArray | None = None,
) -> Traffic:
    """Weigh each user by kind and by what it has already waited, so that nobody starves.

    What nobody has learned is taken from the settings; no ``room`` means room enough, no ``guide_s`` no band.
    """
    lanes, size = len(intersection.entries), len(intersection.movements)
    exit_of, walks, footways = _list_kinds(intersection)
    headway_s = np.full(lanes, settings.headway_s) if learned is None else learned.headway_s.copy()
    startup_loss_s = np.full(lanes, settings.startup_loss_s) if learned is None else learned.startup_loss_s.copy()
    headway_s[footways], startup_loss_s[footways] = _WALKERS_HEADWAY_S, 0.0
    return Traffic(
        vehicles=arrivals.count,
        arrival_s=arrivals.arrival_s,
        movement=arrivals.movement,
        weight=_weigh(arrivals, walks, settings),
        blocked=blocked_exits[exit_of] | stuck.protected,
        held=stuck.permitted,
        is_guess=arrivals.is_guess
        if settings.spreads_guesses and arrivals.is_guess.size
        else np.zeros(arrivals.movement.shape, np.bool_),
        turn_share=np.zeros(size) if learned is None else learned.turn_share,
        headway_s=headway_s,
        startup_loss_s=startup_loss_s,
        room=np.full(len(intersection.exits), ROOM_UNKNOWN) if room is None else room,
        price=np.zeros(size) if price is None else price,
        guide_s=np.full((0, 2), np.nan) if guide_s is None else guide_s,
    )


def _weigh(arrivals: LaneArrivals, walks: BoolArray, settings: Settings) -> FloatArray:
    weight: FloatArray = settings.vehicle_weight * (1.0 + arrivals.delay_s / settings.delay_unit_s)
    if walks.any():
        on_foot = walks[arrivals.movement]
        weight[on_foot] *= settings.pedestrian_weight / settings.vehicle_weight
        weight[on_foot & (arrivals.delay_s > settings.pedestrian_patience_s)] *= _IMPATIENT_TIMES
    return weight


@lru_cache(maxsize=4096)
def _list_kinds(intersection: Intersection) -> tuple[IntArray, BoolArray, IntArray]:
    """The exit of each movement, which of them are on foot, and the entries where only people on foot wait."""
    exit_of = np.array([m.exit for m in intersection.movements], np.int64)
    walks = np.array([m.user is RoadUser.PEDESTRIAN for m in intersection.movements], np.bool_)
    driven = {m.entry for m in intersection.movements if m.user is not RoadUser.PEDESTRIAN}
    return exit_of, walks, np.array(sorted({*range(len(intersection.entries))} - driven), np.int64)


def _to_level(lamp: Lamp) -> int:
    if lamp is Lamp.PROTECTED_GREEN:
        return PROTECTED
    # stop-then-go counts as red: who uses the arrow stops first, and a search that takes it for a free way leaves
    # whole lanes of right turns to it (grid4x4: a third more waiting, half as many stops again)
    return PERMITTED if lamp is Lamp.PERMITTED_GREEN else NO_GREEN
