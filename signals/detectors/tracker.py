"""One second of the street: readings move, add, correct and remove the virtual vehicles (input-output with resets).

Vehicles drive freely until they stand 7 m behind the one before, which moves one second earlier (Newell 2002). What
leaves is measured at the stop line; there the belief is also corrected: an empty loop means that nobody stands, an
occupied one that somebody does. What enters is measured at the advance loop or told by a neighbour.
"""

from __future__ import annotations

from signals.detectors.approach import MATCH_M, expect_vehicle, is_usable, watch_upstream
from signals.detectors.balance import choose_lane, fade, find_unseen_per_s, share_uncounted
from signals.detectors.layout import CLOSED, ENDING, NO_DETECTOR, PERMITTED, PROTECTED, LoopLayout
from signals.detectors.outcome import TOLD_S
from signals.detectors.tracks import (
    COUNTED,
    DELAY,
    DISTANCE,
    EXPECTED,
    KIND,
    LATE,
    MOVEMENT,
    QUEUED,
    SPEED,
    Tracks,
    draw_movement,
    drop_vehicle,
    put_vehicle,
    take_vehicle,
)
from signals.detectors.turns import is_foe_near, judge_head, match_exits, note_departure
from signals.kernels import kernel
from signals.ports import BoolArray, FloatArray, IntArray

SPACING_M = 7.0
LINE_M = 1.0
_STANDS = 0.98  # occupied for so much of a second: nobody moved
_NEAR_LINE_M = 12.0
_SNAP_M = 60.0  # whoever is believed so near may have been faster than believed
_QUEUE_FRONT_M = 25.0
_EMPTY_RESET_S = 4.0
_EXPECTED_LATE_S = 10.0
_ACCELERATION_MPS2 = 2.5
_ROLLING_MPS = 3.0
_HALTED_MPS = 0.1
_RATE_MEMORY_S = 300.0
_FIRST_RATE_S = 60.0  # the first rates are means over what has passed, and this
_SATURATED_S = 3.5  # who follows so closely at a green came out of a queue, which goes on
_PLATOON = 2
_UNSEEN_M = 100.0
_BLIND_PERMITTED_S = 4.0
_RECALL_S = 30.0
# A loop may miss who stands before it. Red for so long, and so many more would have come by the learned rate:
_DOUBT_S, _DOUBT_VEHICLES = 40.0, 2.0  # who was counted is believed in although the loop at the line is empty
_CALL_S, _CALL_VEHICLES = 60.0, 4.0  # somebody is believed in whom nobody counted
_LAST_CALL_S, _LAST_CALL_VEHICLES = 120.0, 1.0
_UNCOUNTED = 0.3  # a lane whose loop misses more is watched no better than one without


@kernel
def track_second(
    layout: LoopLayout,
    tracks: Tracks,
    levels: IntArray,
    count: IntArray,
    occupied_s: FloatArray,
    usable: BoolArray,
    entered_approach: IntArray,
    entered_m: FloatArray,
) -> None:
    """Take in one second of readings, under the lamps that were shown in it."""
    _pass_time(layout, tracks, levels, count, occupied_s, usable)
    lanes = tracks.vehicles.shape[0]
    for lane in range(lanes):
        if layout.moves[lane, 0] < 0:
            continue
        _watch_departures(layout, tracks, levels, count, occupied_s, usable, lane)
        _drive(layout, tracks, usable, lane)
        _watch_line(layout, tracks, usable, lane)
        _watch_advance(layout, tracks, count, occupied_s, usable, lane)
        _impute(layout, tracks, usable, lane)
    watch_upstream(layout, tracks, count, usable)
    for told in range(entered_approach.shape[0]):
        expect_vehicle(layout, tracks, usable, entered_approach[told], entered_m[told])
    match_exits(layout, tracks, count, usable)
    for lane in range(lanes):
        if layout.moves[lane, 0] >= 0:
            judge_head(layout, tracks, levels, lane)


@kernel
def _pass_time(
    layout: LoopLayout,
    tracks: Tracks,
    levels: IntArray,
    count: IntArray,
    occupied_s: FloatArray,
    usable: BoolArray,
) -> None:
    for m in range(levels.shape[0]):
        tracks.green_s[m] = tracks.green_s[m] + 1.0 if PERMITTED <= levels[m] <= PROTECTED else 0.0
        tracks.closed_s[m] = 0.0 if levels[m] > CLOSED else tracks.closed_s[m] + 1.0
    tracks.clock_s[0] += 1.0
    for approach in range(tracks.told_s.shape[0]):
        tracks.told_s[approach] += 1.0
    for x in range(layout.exit_loop.shape[0]):
        loop = layout.exit_loop[x]
        stands = is_usable(usable, loop) and count[loop] == 0 and occupied_s[loop] >= _STANDS
        tracks.exit_stand_s[x] = tracks.exit_stand_s[x] + 1.0 if stands else 0.0
    for lane in range(tracks.vehicles.shape[0]):
        tracks.since_departure_s[lane] += 1.0


@kernel
def _watch_departures(
    layout: LoopLayout,
    tracks: Tracks,
    levels: IntArray,
    count: IntArray,
    occupied_s: FloatArray,
    usable: BoolArray,
    lane: int,
) -> None:
    """Who has left over the stop-line loop; where it is dead, whoever would have by his lamp."""
    loop = layout.stop[lane]
    tracks.rate_per_s[lane] -= tracks.rate_per_s[lane] * _rate_gain(tracks)
    if not is_usable(usable, loop):
        _depart_blindly(layout, tracks, levels, lane)
        return
    came, before = min(2, count[loop]), tracks.on_line[lane]
    if came == 0 and before == 0 and occupied_s[loop] >= _STANDS:
        came = 1  # somebody stands there whom it did not count
    is_on = came > 0 and occupied_s[loop] > 0.0 if came > 0 else before == 1 and occupied_s[loop] >= _STANDS
    left = before + came - (1 if is_on else 0)
    tracks.on_line[lane] = 1 if is_on else 0
    tracks.stand_s[lane] = tracks.stand_s[lane] + 1.0 if is_on and came == 0 else 0.0
    tracks.empty_s[lane] = 0.0 if is_on or left > 0 else tracks.empty_s[lane] + 1.0
    for _ in range(left):
        _depart(layout, tracks, levels, lane)


@kernel
def _depart(layout: LoopLayout, tracks: Tracks, levels: IntArray, lane: int) -> None:
    guess, was_queued = -1, False
    if tracks.vehicles[lane] > 0 and tracks.cars[lane, 0, DISTANCE] < _SNAP_M:
        was_queued = tracks.cars[lane, 0, QUEUED] > 0.0
        guess = take_vehicle(tracks, lane, 0)
    _measure_headway(layout, tracks, levels, lane, was_queued)
    note_departure(layout, tracks, levels, lane, guess)
    tracks.since_departure_s[lane] = 0.0
    tracks.rate_per_s[lane] += _rate_gain(tracks)
    tracks.left[lane] += 1.0
    tracks.lane_weight[lane] += 1.0
    approach = layout.approach_of[lane]
    for sibling in range(tracks.vehicles.shape[0]):
        if layout.approach_of[sibling] == approach:
            tracks.lane_weight[sibling] *= 0.99


@kernel
def _rate_gain(tracks: Tracks) -> float:
    return float(1.0 / min(_RATE_MEMORY_S, _FIRST_RATE_S + tracks.clock_s[0]))


@kernel
def _measure_headway(layout: LoopLayout, tracks: Tracks, levels: IntArray, lane: int, was_queued: bool) -> None:  # noqa: FBT001
    """Headways from the fourth vehicle of a queue on, the start-up loss from the third."""
    green_s = 0.0
    for p in range(layout.moves.shape[1]):
        m = layout.moves[lane, p]
        if m >= 0 and levels[m] == PROTECTED:
            green_s = max(green_s, tracks.green_s[m])
    is_first = tracks.since_departure_s[lane] >= green_s
    if green_s == 0.0 or not was_queued:
        tracks.run[lane] = -1
        return
    if is_first:
        tracks.run[lane] = 1
        return
    if tracks.run[lane] < 0 or tracks.since_departure_s[lane] > 5.0:
        tracks.run[lane] = -1
        return
    tracks.run[lane] += 1
    if tracks.run[lane] == 3:
        loss_s = green_s - 3.0 * tracks.headway_s[lane]
        tracks.startup_loss_s[lane] += 0.05 * (min(5.0, max(0.0, loss_s)) - tracks.startup_loss_s[lane])
    if tracks.run[lane] > 3:
        tracks.headway_s[lane] += 0.02 * (tracks.since_departure_s[lane] - tracks.headway_s[lane])


@kernel
def _depart_blindly(layout: LoopLayout, tracks: Tracks, levels: IntArray, lane: int) -> None:
    """No stop-line loop: whoever is at the line leaves at the saturation headway; after a while somebody is there."""
    tracks.on_line[lane] = 0
    tracks.stand_s[lane] = 0.0
    tracks.empty_s[lane] = 0.0
    is_open = False
    for p in range(layout.moves.shape[1]):
        m = layout.moves[lane, p]
        is_open |= m >= 0 and tracks.closed_s[m] < _RECALL_S
    if tracks.vehicles[lane] == 0:
        if not is_open:
            put_vehicle(tracks, lane, draw_movement(layout, tracks, lane), COUNTED, LINE_M, 0.0)
        return
    m = tracks.tags[lane, 0, MOVEMENT]
    if tracks.cars[lane, 0, DISTANCE] > 3.0 or levels[m] < PERMITTED or levels[m] == ENDING:
        return
    headway_s = tracks.headway_s[lane]
    if levels[m] == PERMITTED and is_foe_near(layout, tracks, levels, m):
        headway_s = _BLIND_PERMITTED_S
    if tracks.green_s[m] > 2.0 and tracks.since_departure_s[lane] >= headway_s:
        _depart(layout, tracks, levels, lane)


@kernel
def _drive(layout: LoopLayout, tracks: Tracks, usable: BoolArray, lane: int) -> None:
    """Move everybody by a second; a head waits at the line until it is measured leaving."""
    free_mps, ahead_m = layout.free_mps[lane], LINE_M - SPACING_M
    has_stop = is_usable(usable, layout.stop[lane])
    has_advance = is_usable(usable, layout.advance[lane])
    for k in range(tracks.vehicles[lane]):
        car = tracks.cars[lane, k]
        was_m = car[DISTANCE]
        limit_m = max(LINE_M, ahead_m + SPACING_M)
        if has_advance and tracks.tags[lane, k, KIND] == EXPECTED:
            limit_m = max(limit_m, layout.advance_m[lane] + 1.0)
        speed_mps = min(free_mps, car[SPEED] + _ACCELERATION_MPS2)
        now_m = max(min(was_m, limit_m), was_m - speed_mps)
        car[DISTANCE], car[SPEED] = now_m, was_m - now_m
        ahead_m = was_m
        is_at_line = k == 0 and now_m <= LINE_M + 1.0
        if is_at_line and has_stop and tracks.stand_s[lane] == 0.0:
            car[SPEED] = max(car[SPEED], _ROLLING_MPS)  # it has not been seen to stop
        if car[SPEED] < _HALTED_MPS:
            car[DELAY] += 1.0
            car[QUEUED] = 1.0
        else:
            car[DELAY] = 0.0
        waits_for_loop = (
            has_advance and tracks.tags[lane, k, KIND] == EXPECTED and now_m <= layout.advance_m[lane] + 1.5
        )
        car[LATE] = car[LATE] + 1.0 if is_at_line or waits_for_loop else 0.0


@kernel
def _watch_line(layout: LoopLayout, tracks: Tracks, usable: BoolArray, lane: int) -> None:
    """Occupied: somebody is at the line. Empty for long: nobody stands there."""
    if not is_usable(usable, layout.stop[lane]):
        return
    if tracks.on_line[lane] == 1:
        if tracks.vehicles[lane] == 0 or tracks.cars[lane, 0, DISTANCE] > _SNAP_M:
            movement = _take_from_sibling(layout, tracks, lane)
            if movement < 0:
                movement = draw_movement(layout, tracks, lane)
            put_vehicle(tracks, lane, movement, COUNTED, LINE_M, _ROLLING_MPS)
        head = tracks.cars[lane, 0]
        head[DISTANCE] = min(head[DISTANCE], LINE_M)
        head[LATE] = 0.0
        tracks.tags[lane, 0, KIND] = COUNTED
        is_counted = is_usable(usable, layout.advance[lane]) and share_uncounted(tracks, lane) < _UNCOUNTED
        if not is_counted and tracks.since_departure_s[lane] <= _SATURATED_S:
            _continue_queue(layout, tracks, lane)
        if tracks.stand_s[lane] > 0.0:
            head[SPEED], head[QUEUED] = 0.0, 1.0
            head[DELAY] = max(head[DELAY], tracks.stand_s[lane])
        return
    if tracks.empty_s[lane] < _EMPTY_RESET_S:
        return
    closed_s = _RECALL_S * 1e3
    for p in range(layout.moves.shape[1]):
        if layout.moves[lane, p] >= 0:
            closed_s = min(closed_s, tracks.closed_s[layout.moves[lane, p]])
    missed = tracks.rate_per_s[lane] * min(closed_s, tracks.since_departure_s[lane])
    if closed_s >= _DOUBT_S and missed >= _DOUBT_VEHICLES and tracks.vehicles[lane] > 0:
        return
    is_called = closed_s >= _CALL_S and missed >= _CALL_VEHICLES
    is_called |= closed_s >= _LAST_CALL_S and missed >= _LAST_CALL_VEHICLES
    if is_called:
        if tracks.vehicles[lane] == 0 or tracks.cars[lane, 0, DISTANCE] > _SNAP_M:
            place = put_vehicle(tracks, lane, draw_movement(layout, tracks, lane), COUNTED, LINE_M, 0.0)
            if place >= 0:
                tracks.cars[lane, place, QUEUED] = 1.0
        return
    while tracks.vehicles[lane] > 0:
        head = tracks.cars[lane, 0]
        is_overdue = head[LATE] >= _EMPTY_RESET_S
        is_phantom = head[DISTANCE] < _QUEUE_FRONT_M and head[QUEUED] > 0.0
        if not (is_overdue or is_phantom):
            break
        drop_vehicle(tracks, lane, 0)


@kernel
def _continue_queue(layout: LoopLayout, tracks: Tracks, lane: int) -> None:
    """Nobody sees how long the queue is, but it discharges densely: believe in a few more until a gap shows its end."""
    if tracks.vehicles[lane] > _PLATOON or tracks.stand_s[lane] > 0.0:
        return
    behind_m = tracks.cars[lane, tracks.vehicles[lane] - 1, DISTANCE] + SPACING_M
    place = put_vehicle(tracks, lane, draw_movement(layout, tracks, lane), COUNTED, behind_m, _ROLLING_MPS)
    tracks.cars[lane, place, QUEUED] = 1.0


@kernel
def _take_from_sibling(layout: LoopLayout, tracks: Tracks, lane: int) -> int:
    """Somebody came who was believed in a lane beside; the movement it has here, -1 where nobody is missing."""
    for sibling in range(tracks.vehicles.shape[0]):
        if sibling == lane or layout.approach_of[sibling] != layout.approach_of[lane] or tracks.vehicles[sibling] == 0:
            continue
        if tracks.empty_s[sibling] >= 1.0 and tracks.cars[sibling, 0, DISTANCE] < _NEAR_LINE_M:
            drop_vehicle(tracks, sibling, 0)
            return int(draw_movement(layout, tracks, lane))
    return -1


@kernel
def _watch_advance(
    layout: LoopLayout,
    tracks: Tracks,
    count: IntArray,
    occupied_s: FloatArray,
    usable: BoolArray,
    lane: int,
) -> None:
    """Counts bring vehicles; who was expected and did not come is let go; a loop that stays occupied is a queue."""
    loop = layout.advance[lane]
    if not is_usable(usable, loop):
        tracks.advance_stand_s[lane] = 0.0
        return
    stands = count[loop] == 0 and occupied_s[loop] >= _STANDS
    tracks.advance_stand_s[lane] = tracks.advance_stand_s[lane] + 1.0 if stands else 0.0
    for _ in range(min(3, count[loop])):
        _arrive(layout, tracks, lane)
    if tracks.advance_stand_s[lane] >= 3.0:
        _fill_queue(layout, tracks, lane)
        return
    k = 0
    while k < tracks.vehicles[lane]:
        if tracks.tags[lane, k, KIND] == EXPECTED and tracks.cars[lane, k, LATE] > _EXPECTED_LATE_S:
            drop_vehicle(tracks, lane, k)
        else:
            k += 1


@kernel
def _arrive(layout: LoopLayout, tracks: Tracks, lane: int) -> None:
    """A vehicle has crossed the advance loop: the oldest that was expected on the approach, or one more."""
    at_m = layout.advance_m[lane]
    best, best_place, best_m = -1, -1, at_m + MATCH_M
    for other in range(tracks.vehicles.shape[0]):
        if layout.approach_of[other] != layout.approach_of[lane]:
            continue
        for k in range(tracks.vehicles[other]):
            distance_m = tracks.cars[other, k, DISTANCE] + (0.0 if other == lane else 5.0)
            if tracks.tags[other, k, KIND] == EXPECTED and distance_m < best_m:
                best, best_place, best_m = other, k, distance_m
    movement, speed_mps = -1, layout.free_mps[lane]
    bound_for = choose_lane(layout, tracks, lane, False)
    if best == bound_for:
        movement = take_vehicle(tracks, best, best_place)
    elif best >= 0:
        drop_vehicle(tracks, best, best_place)
    if movement < 0:
        movement = draw_movement(layout, tracks, bound_for)
    put_vehicle(tracks, bound_for, movement, COUNTED, at_m, speed_mps)


@kernel
def _fill_queue(layout: LoopLayout, tracks: Tracks, lane: int) -> None:
    """The queue reaches the advance loop: there are as many in it as fit, nearly."""
    at_m, within = layout.advance_m[lane], 0
    for k in range(tracks.vehicles[lane]):
        within += tracks.cars[lane, k, DISTANCE] <= at_m + 2.0
    if within < 0.75 * at_m / SPACING_M:
        put_vehicle(tracks, lane, draw_movement(layout, tracks, lane), COUNTED, at_m, 0.0)


@kernel
def _impute(layout: LoopLayout, tracks: Tracks, usable: BoolArray, lane: int) -> None:
    """Where nobody measures who comes, vehicles come at the learned rate."""
    has_advance = is_usable(usable, layout.advance[lane])
    is_beyond = has_advance and tracks.advance_stand_s[lane] >= 3.0
    is_told = tracks.told_s[layout.approach_of[lane]] < TOLD_S
    fade(tracks, lane)
    if not is_usable(usable, layout.stop[lane]) or (layout.advance[lane] != NO_DETECTOR and not has_advance):
        tracks.came[lane] = tracks.left[lane]  # what fails says nothing of the street
    if is_beyond or (layout.advance[lane] != NO_DETECTOR and not has_advance and not is_told):
        unseen_per_s = tracks.rate_per_s[lane]
    else:
        unseen_per_s = find_unseen_per_s(layout, tracks, lane)
    tracks.due[lane] += unseen_per_s
    if tracks.due[lane] < 1.0:
        return
    tracks.due[lane] -= 1.0
    movement = draw_movement(layout, tracks, lane)
    if is_beyond:
        last = tracks.vehicles[lane] - 1
        behind_m = tracks.cars[lane, last, DISTANCE] + SPACING_M if last >= 0 else layout.advance_m[lane]
        put_vehicle(tracks, lane, movement, EXPECTED, max(behind_m, layout.advance_m[lane] + SPACING_M), 0.0)
    else:
        from_m = min(_UNSEEN_M, max(30.0, layout.length_m[lane]))
        put_vehicle(tracks, lane, movement, COUNTED, from_m, layout.free_mps[lane])
