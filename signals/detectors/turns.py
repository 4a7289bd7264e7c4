"""Who wants to go where: what a departure, a head that stays, and a count at an exit tell of a lane's turns.

A vehicle that leaves while only some of its lane's movements may go made one of those. A head that stays through a
green that it could use wants another movement. A count at an exit belongs to a departure as long ago as the crossing
takes; where several qualify each gets its share (the E step of expectation maximisation, with decaying memory).
"""

from __future__ import annotations

from signals.detectors.layout import ENDING, NO_DETECTOR, PERMITTED, PROTECTED, STOP_FIRST, LoopLayout
from signals.detectors.tracks import (
    DISTANCE,
    LEFT_SLOTS,
    MAX_ERROR,
    MOVEMENT,
    SPEED,
    Tracks,
)
from signals.kernels import kernel
from signals.ports import BoolArray, FloatArray, IntArray

MEMORY_VEHICLES = 80.0
MATCH_WITHIN_S = 12.0
_CROSSING_SPREAD_S = 2.0
_GRACE_S = 2.0  # a vehicle's rear leaves the loop so long after its lamp may have changed
_FOE_GAP_S = 4.0
_START_S = 3.0  # a head that may go clears the loop within it
_STAY_FREE, _STAY_PERMITTED, _STAY_FOE, _STAY_BLOCKED = 0.35, 0.6, 0.97, 0.95
_MIN_LIKELY = 1e-4
_REASSIGN_RATIO = 3.0
_NO_MATCH = 0.05


@kernel
def weigh_head(layout: LoopLayout, tracks: Tracks, levels: IntArray, lane: int, chance: FloatArray) -> float:
    """The chance of each movement for a vehicle that leaves now; what they sum up to before they are normalised."""
    total = 0.0
    for p in range(layout.moves.shape[1]):
        chance[p] = 0.0
        m = layout.moves[lane, p]
        if m < 0:
            continue
        may = 0.005
        if levels[m] == PROTECTED or levels[m] == ENDING:
            may = 1.0
        elif levels[m] == PERMITTED:
            may = 0.8
        elif levels[m] == STOP_FIRST:
            may = 0.4
        elif tracks.closed_s[m] <= _GRACE_S:
            may = 0.6
        chance[p] = tracks.weight[m] * tracks.likely[m] * may
        total += chance[p]
    if total > 0.0:
        for p in range(layout.moves.shape[1]):
            chance[p] /= total
    return total


@kernel
def note_departure(layout: LoopLayout, tracks: Tracks, levels: IntArray, lane: int, guess: int) -> None:
    """A vehicle has left; ``guess`` was its movement, -1 where nobody was believed there."""
    slot = tracks.left_next[0]
    if tracks.left_s[slot] >= 0.0:
        settle(layout, tracks, slot)
    weigh_head(layout, tracks, levels, lane, tracks.left_chance[slot])
    tracks.left_s[slot] = 0.0
    tracks.left_lane[slot] = lane
    tracks.left_match[slot] = 0.0
    tracks.left_next[0] = (slot + 1) % LEFT_SLOTS
    for p in range(layout.moves.shape[1]):
        m = layout.moves[lane, p]
        if m < 0:
            break
        tracks.likely[m] = 1.0
        if guess >= 0:
            owed = tracks.error[m] - tracks.left_chance[slot, p] + (1.0 if m == guess else 0.0)
            tracks.error[m] = min(MAX_ERROR, max(-MAX_ERROR, owed))


@kernel
def match_exits(layout: LoopLayout, tracks: Tracks, count: IntArray, usable: BoolArray) -> None:
    """Give each count at an exit to the departures that it may be, and settle those that are long gone."""
    for slot in range(LEFT_SLOTS):
        if tracks.left_s[slot] >= 0.0:
            tracks.left_s[slot] += 1.0
    for x in range(layout.exit_loop.shape[0]):
        loop = layout.exit_loop[x]
        if loop == NO_DETECTOR or not usable[loop]:
            continue
        for _ in range(min(3, count[loop])):
            _match_one(layout, tracks, x)
    for slot in range(LEFT_SLOTS):
        if tracks.left_s[slot] > MATCH_WITHIN_S:
            settle_observed(layout, tracks, slot, usable)


@kernel
def _match_one(layout: LoopLayout, tracks: Tracks, x: int) -> None:
    total = 0.0
    for is_second in range(2):
        for slot in range(LEFT_SLOTS):
            age_s = tracks.left_s[slot]
            if age_s < 1.0:
                continue
            lane = tracks.left_lane[slot]
            taken = 0.0
            for p in range(layout.moves.shape[1]):
                taken += tracks.left_match[slot, p]
            for p in range(layout.moves.shape[1]):
                m = layout.moves[lane, p]
                if m < 0 or layout.exit_of[m] != x:
                    continue
                off = (age_s - tracks.crossing_s[m]) / _CROSSING_SPREAD_S
                fit = tracks.left_chance[slot, p] * max(0.02, 1.0 - taken) / (1.0 + off * off * off * off)
                if is_second == 0:
                    total += fit
                elif total > 1e-9:
                    share = fit / total
                    tracks.left_match[slot, p] += share
                    tracks.crossing_s[m] += 0.05 * share * (min(9.0, age_s) - tracks.crossing_s[m])


@kernel
def settle_observed(layout: LoopLayout, tracks: Tracks, slot: int, usable: BoolArray) -> None:
    """The exits have told all they can: correct the chances of a departure by them, then learn from it."""
    lane = tracks.left_lane[slot]
    seen = 0.0
    for p in range(layout.moves.shape[1]):
        seen += tracks.left_match[slot, p]
    total = 0.0
    for p in range(layout.moves.shape[1]):
        m = layout.moves[lane, p]
        if m < 0:
            continue
        loop = layout.exit_loop[layout.exit_of[m]]
        is_seen = loop != NO_DETECTOR and usable[loop]
        fit = tracks.left_match[slot, p] if is_seen else max(0.0, 1.0 - seen)
        tracks.left_chance[slot, p] *= _NO_MATCH + fit
        total += tracks.left_chance[slot, p]
    if total > 0.0:
        for p in range(layout.moves.shape[1]):
            tracks.left_chance[slot, p] /= total
    settle(layout, tracks, slot)


@kernel
def settle(layout: LoopLayout, tracks: Tracks, slot: int) -> None:
    """Learn from one departure and forget it."""
    lane = tracks.left_lane[slot]
    for p in range(layout.moves.shape[1]):
        m = layout.moves[lane, p]
        if m < 0:
            break
        chance = tracks.left_chance[slot, p]
        tracks.weight[m] += chance - tracks.weight[m] / MEMORY_VEHICLES
        tracks.volume[m] += chance
    tracks.left_s[slot] = -1.0


@kernel
def is_foe_near(layout: LoopLayout, tracks: Tracks, levels: IntArray, movement: int) -> bool:
    """Whether somebody with the right of way moves near the conflict, or will within the gap."""
    for f in range(layout.foes.shape[1]):
        foe = layout.foes[movement, f]
        if foe < 0:
            break
        if levels[foe] < PERMITTED:
            continue
        lane = layout.entry_of[foe]
        if tracks.since_departure_s[lane] <= 3.0 or tracks.on_line[lane] == 1:
            return True
        if tracks.vehicles[lane] > 0 and (
            tracks.cars[lane, 0, DISTANCE] < _FOE_GAP_S * layout.free_mps[lane] and tracks.cars[lane, 0, SPEED] > 1.0
        ):
            return True
    return False


@kernel
def judge_head(layout: LoopLayout, tracks: Tracks, levels: IntArray, lane: int) -> None:
    """A head that stays through green speaks against the movements that could go; it may want another one."""
    if tracks.stand_s[lane] < _START_S or tracks.vehicles[lane] == 0:
        return
    for p in range(layout.moves.shape[1]):
        m = layout.moves[lane, p]
        if m < 0 or levels[m] < PERMITTED or levels[m] == ENDING or tracks.green_s[m] <= _START_S:
            continue
        stay = _STAY_FREE
        if tracks.exit_stand_s[layout.exit_of[m]] >= 2.0:
            stay = _STAY_BLOCKED
        elif levels[m] == PERMITTED:
            stay = _STAY_FOE if is_foe_near(layout, tracks, levels, m) else _STAY_PERMITTED
        tracks.likely[m] = max(_MIN_LIKELY, tracks.likely[m] * stay)
    guess = tracks.tags[lane, 0, MOVEMENT]
    best, best_fit = guess, _REASSIGN_RATIO * tracks.weight[guess] * tracks.likely[guess]
    if tracks.likely[guess] > 0.5:
        return
    for p in range(layout.moves.shape[1]):
        m = layout.moves[lane, p]
        if m >= 0 and tracks.weight[m] * tracks.likely[m] > best_fit:
            best, best_fit = m, tracks.weight[m] * tracks.likely[m]
    if best != guess:
        tracks.error[guess] = min(MAX_ERROR, tracks.error[guess] + 1.0)
        tracks.error[best] = max(-MAX_ERROR, tracks.error[best] - 1.0)
        tracks.tags[lane, 0, MOVEMENT] = best
