"""McRAPTOR: the search in rounds with bags of labels in place of single labels.

Delling, Pajor, Werneck: Round-Based Public Transit Routing (ALENEX 2012), section 4. A label beats another
when it is no later, needs no more vehicles, has visited no fewer vias and is no worse in any cost. The number of
vehicles is compared like a cost, so that a stop has one bag for all rounds, and labels are kept from one departure
to the next (self-pruning): what a later departure left beats every earlier one that is not strictly better.

Four sets prune a label: the bag of arrivals at its stop (starts walks), the bag of those ready to board, what has
been ridden in the same trip, and the arrivals at the goal, which it must not meet even with its lower bound. As
in ``raptor`` the two bags of a stop are never mixed. The kernels are plain Python as ``.py_func``.
"""

from __future__ import annotations

from typing import NamedTuple

import numba as nb
import numpy as np
import numpy.typing as npt

from mobility.network.timetable import Arrays, Ints
from mobility.planner.criteria.bags import insert, is_beaten, write
from mobility.planner.criteria.labels import (
    COST,
    EXACT,
    NEXT,
    PARENT,
    POSITIONS,
    RIDE_BOARDED,
    RIDE_COLUMNS,
    RIDE_COST,
    RIDE_EXACT,
    RIDE_PARENT,
    RIDE_TRIP,
    RIDE_VIAS,
    STOP,
    TIME,
    TRIP,
    VEHICLES,
    VIAS,
    Bags,
)
from mobility.planner.workspace import FAR

OVERFLOW = -1
"""The answer when there is no room left: grow, and search again."""


class Ask(NamedTuple):
    """What one query compares and how. Costs that were not asked for are arrays of zeros."""

    lb: npt.NDArray[np.uint16]  # a row of bounds per number of vias visited
    unit_s: int
    via_stay_s: Ints
    walk_s: Ints  # per footpath
    board_price: Ints  # per pattern
    price: Ints  # running sums, per position
    co2: Ints
    risk: Ints  # per second of slack
    shift: Ints  # by how many bits costs are rounded before they are compared
    counts_walking: int  # 0 or 1


class Seeds(NamedTuple):
    """Departures, the latest first, and at each the entries that it begins with."""

    moment_s: Ints
    entry: Ints
    stop: Ints  # per entry
    delay_s: Ints  # from the door until ready to board, stays included
    walk_s: Ints
    vias: Ints
    limit_s: Ints  # rows (one for all, or one per moment) of the latest arrival per number of vehicles
    group: Ints  # of every such row, -1: no latest moments
    latest_ready: Ints  # per group, vehicles and stop, in reflected time
    latest_arrived: Ints


@nb.njit(cache=True, nogil=True)
def collect(a: Arrays, w: Bags, marked: int) -> int:
    """Queue the patterns that can be boarded at marked stops, each with its earliest marked position."""
    queued = 0
    for m in range(marked):
        stop = w.marked[m]
        for b in range(a.brd_off[stop], a.brd_off[stop + 1]):
            pattern = a.brd_pat[b]
            if w.first_pos[pattern] == FAR:
                w.queue[queued] = pattern
                queued += 1
            w.first_pos[pattern] = min(w.first_pos[pattern], a.brd_pos[b])
    return queued


@nb.njit(cache=True, nogil=True)
def arrive(w: Bags, ask: Ask, k: int, departure: int, came: int, top: int, answers: int) -> tuple[int, int]:
    """From the label of an arrival to the goal, if all vias are visited by then."""
    label, shift = w.label, ask.shift
    stop = label[came, STOP]
    mask, vias = w.via_of[stop], np.int64(label[came, VIAS])
    stay_s = np.int64(0)
    while vias < len(ask.via_stay_s) and (mask >> vias) & 1:
        stay_s += ask.via_stay_s[vias]
        vias += 1
    time = label[came, TIME] + stay_s + w.egress_s[stop]
    if vias < len(ask.via_stay_s) or time > w.bound[k]:
        return top, answers
    x0 = label[came, EXACT] + w.egress_s[stop] * ask.counts_walking
    c0, c1, c2, c3 = x0 >> shift[0], label[came, COST + 1], label[came, COST + 2], label[came, COST + 3]
    if is_beaten(label, w.goal[0], time, k, vias, c0, c1, c2, c3):
        return top, answers
    x1, x2, x3 = label[came, EXACT + 1], label[came, EXACT + 2], label[came, EXACT + 3]
    write(label, shift, top, time, k, vias, x0, x1, x2, x3, came, 0, departure, 0)
    at = w.goal[0]
    while at >= 0:
        if (
            label[at, TRIP] == departure
            and time <= label[at, TIME]
            and k <= label[at, VEHICLES]
            and c0 <= label[at, COST]
            and c1 <= label[at, COST + 1]
            and c2 <= label[at, COST + 2]
            and c3 <= label[at, COST + 3]
        ):
            label[at, STOP] = -1
        at = label[at, NEXT]
    insert(w.label, w.goal, 0, top)
    w.answers[answers] = top
    return top + 1, answers + 1


@nb.njit(cache=True, nogil=True)
def board(
    label: Ints, riders: Ints, boarded: Ints, dep: Ints, table: Ints, shift: Ints, column: int, trips: int,
    first_trip: int, fare: int, grams: int, k: int, i: int, at: int, riding: int, top: int,
) -> tuple[int, int]:  # fmt: skip
    """Let a label that is ready at position ``i`` into the pattern: the first trip, and later safer ones.

    Single arrays, not the tuples: handing those over takes longer than all the rest (a count of references each).
    """
    time, vias = label[at, TIME], label[at, VIAS]
    x0 = label[at, EXACT]
    x1 = label[at, EXACT + 1] + fare
    x2 = label[at, EXACT + 2] + grams
    x3 = label[at, EXACT + 3]
    c0, c1, c2, c3 = x0 >> shift[0], x1 >> shift[1], x2 >> shift[2], x3 >> shift[3]
    for r in range(riding):  # beaten by somebody aboard of the first trip there is, or of one that has left
        number = riders[r, RIDE_TRIP]
        if (
            (number == 0 or dep[column + number - 1] < time)
            and riders[r, RIDE_VIAS] >= vias
            and riders[r, RIDE_COST] <= c0
            and riders[r, RIDE_COST + 1] <= c1
            and riders[r, RIDE_COST + 2] <= c2
            and riders[r, RIDE_COST + 3] <= c3
        ):
            return riding, top
    low, high = 0, trips
    while low < high:
        middle = (low + high) >> 1
        if dep[column + middle] < time:
            low = middle + 1
        else:
            high = middle
    for number in range(low, trips):
        slack = dep[column + number] - time
        risk = table[slack] if k > 1 and slack < len(table) else 0
        safer = label[at, EXACT + 3] + risk
        c3 = safer >> shift[3]
        beaten = False
        for r in range(riding):
            if (
                riders[r, RIDE_TRIP] <= number
                and riders[r, RIDE_VIAS] >= vias
                and riders[r, RIDE_COST] <= c0
                and riders[r, RIDE_COST + 1] <= c1
                and riders[r, RIDE_COST + 2] <= c2
                and riders[r, RIDE_COST + 3] <= c3
            ):
                beaten = True
                break
        trip = first_trip + number
        if not beaten and not is_beaten(label, boarded[trip], i, k, vias, c0, c1, c2, c3):
            kept = 0
            for r in range(riding):
                if (
                    number <= riders[r, RIDE_TRIP]
                    and vias >= riders[r, RIDE_VIAS]
                    and c0 <= riders[r, RIDE_COST]
                    and c1 <= riders[r, RIDE_COST + 1]
                    and c2 <= riders[r, RIDE_COST + 2]
                    and c3 <= riders[r, RIDE_COST + 3]
                ):
                    continue
                if kept < r:
                    for column_of in range(RIDE_COLUMNS):
                        riders[kept, column_of] = riders[r, column_of]
                kept += 1
            riding = kept
            if riding == len(riders) or top == len(label):
                return OVERFLOW, top
            riders[riding, RIDE_TRIP], riders[riding, RIDE_BOARDED] = number, i
            riders[riding, RIDE_VIAS], riders[riding, RIDE_PARENT] = vias, at
            riders[riding, RIDE_COST], riders[riding, RIDE_COST + 1] = c0, c1
            riders[riding, RIDE_COST + 2], riders[riding, RIDE_COST + 3] = c2, c3
            riders[riding, RIDE_EXACT], riders[riding, RIDE_EXACT + 1] = x0, x1
            riders[riding, RIDE_EXACT + 2], riders[riding, RIDE_EXACT + 3] = x2, safer
            riding += 1
            write(label, shift, top, i, k, vias, x0, x1, x2, safer, at, 0, 0, 0)
            insert(label, boarded, trip, top)
            top += 1
        if risk < (1 << shift[3]):
            break
    return riding, top


@nb.njit(cache=True, nogil=True)
def scan(
    a: Arrays, w: Bags, ask: Ask, seeds: Seeds, group: int, k: int, departure: int, queued: int, fresh: int, top: int,
    answers: int,
) -> tuple[int, int, int]:  # fmt: skip
    """Ride the queued patterns with the labels from ``fresh`` on: how many stops improved, labels and answers."""
    label, riders = w.label, w.riding
    improved = 0
    bound = w.bound[k]
    vias_asked = len(ask.via_stay_s)
    for q in range(queued):
        pattern = w.queue[q]
        start = w.first_pos[pattern]
        w.first_pos[pattern] = FAR
        off = a.pat_off[pattern]
        trips = np.int64(a.pat_trips[pattern])
        last = a.pat_off[pattern + 1] - off - 1
        riding = 0
        for i in range(start, last + 1):
            stop = a.pat_stop[off + i]
            column = a.time_off[pattern] + i * trips
            mask = w.via_of[stop]
            kept = 0
            for r in range(riding):
                arrival = np.int64(a.arr[column + riders[r, RIDE_TRIP]])
                vias = riders[r, RIDE_VIAS]
                while vias < vias_asked and (mask >> vias) & 1 and ask.via_stay_s[vias] == 0:
                    vias += 1
                reach = arrival + np.int64(ask.lb[vias, stop]) * ask.unit_s
                if reach > bound:
                    continue
                x0 = riders[r, RIDE_EXACT]
                x1 = riders[r, RIDE_EXACT + 1] + ask.price[off + i]
                x2 = riders[r, RIDE_EXACT + 2] + ask.co2[off + i]
                x3 = riders[r, RIDE_EXACT + 3]
                c0, c1, c2, c3 = x0 >> ask.shift[0], x1 >> ask.shift[1], x2 >> ask.shift[2], x3 >> ask.shift[3]
                if is_beaten(label, w.goal[0], reach, k, 0, c0, c1, c2, c3):
                    continue
                riders[r, RIDE_VIAS] = vias
                is_late = group >= 0 and -arrival < seeds.latest_arrived[group, k, stop]
                if (
                    not is_late
                    and a.may_alight[off + i]
                    and not is_beaten(label, w.arrived[stop], arrival, k, vias, c0, c1, c2, c3)
                ):
                    if top + 2 > len(label) or answers == len(w.answers):
                        return OVERFLOW, top, answers
                    trip = a.first_trip[pattern] + riders[r, RIDE_TRIP]
                    positions = riders[r, RIDE_BOARDED] * 65536 + i
                    write(
                        label,
                        ask.shift,
                        top,
                        arrival,
                        k,
                        vias,
                        x0,
                        x1,
                        x2,
                        x3,
                        riders[r, RIDE_PARENT],
                        stop,
                        trip,
                        positions,
                    )
                    insert(label, w.arrived, stop, top)
                    came = top
                    top += 1
                    if not w.is_improved[stop]:
                        w.is_improved[stop] = 1
                        w.improved[improved] = stop
                        improved += 1
                    if w.egress_s[stop] != FAR:
                        top, answers = arrive(w, ask, k, departure, came, top, answers)
                if kept < r:
                    for column_of in range(RIDE_COLUMNS):
                        riders[kept, column_of] = riders[r, column_of]
                kept += 1
            riding = kept
            if w.is_marked[stop] and a.may_board[off + i] and i < last:
                at = w.ready[stop]
                fare, grams = ask.board_price[pattern] - ask.price[off + i], -np.int64(ask.co2[off + i])
                while at >= fresh:
                    riding, top = board(
                        label, riders, w.boarded, a.dep, ask.risk, ask.shift, column, trips,
                        a.first_trip[pattern], fare, grams, k, i, at, riding, top,
                    )  # fmt: skip
                    if riding == OVERFLOW:
                        return OVERFLOW, top, answers
                    at = label[at, NEXT]
    return improved, top, answers


@nb.njit(cache=True, nogil=True)
def walk(
    a: Arrays, w: Bags, ask: Ask, seeds: Seeds, group: int, k: int, improved: int, fresh: int, top: int
) -> tuple[int, int]:
    """Change, stay and walk on from the arrivals from ``fresh`` on: how many stops are marked, and labels."""
    label = w.label
    bound = w.bound[k + 1]
    vias_asked = len(ask.via_stay_s)
    marked = 0
    for m in range(improved):
        here = w.improved[m]
        w.is_improved[here] = 0
        at = w.arrived[here]
        while at >= fresh:
            x0, x1, x2, x3 = label[at, EXACT], label[at, EXACT + 1], label[at, EXACT + 2], label[at, EXACT + 3]
            arrival = np.int64(label[at, TIME])
            stay_s = np.int64(0)
            visited = label[at, VIAS]
            while True:
                while visited < vias_asked and (w.via_of[here] >> visited) & 1 and ask.via_stay_s[visited] == 0:
                    visited += 1
                first = a.fp_off[here]
                for f in range(first - 1, a.fp_off[here + 1]):
                    if f < first:
                        stop, mask, walk_s = here, 0, 0
                        ready = arrival + max(np.int64(a.change_s[here]), stay_s)
                    else:
                        stop = a.fp_to[f]
                        mask = int(w.via_of[stop])
                        walk_s = ask.walk_s[f]
                        ready = arrival + max(np.int64(a.fp_s[f]), stay_s)
                        if ready > bound:
                            break
                        # between copies of one stop one changes, and stays meanwhile
                        if w.place_of[here] < 0 or w.place_of[here] != w.place_of[stop]:
                            ready = arrival + stay_s + a.fp_s[f]
                    vias = visited
                    y0 = x0 + walk_s
                    c0, c1, c2, c3 = y0 >> ask.shift[0], x1 >> ask.shift[1], x2 >> ask.shift[2], x3 >> ask.shift[3]
                    while True:
                        while vias < vias_asked and (mask >> vias) & 1 and ask.via_stay_s[vias] == 0:
                            vias += 1
                        reach = ready + np.int64(ask.lb[vias, stop]) * ask.unit_s
                        if (
                            reach <= bound
                            and (group < 0 or -ready >= seeds.latest_ready[group, k, stop])
                            and not is_beaten(label, w.ready[stop], ready, k, vias, c0, c1, c2, c3)
                            and not is_beaten(label, w.goal[0], reach, k + 1, 0, c0, c1, c2, c3)
                        ):
                            if top == len(label):
                                return OVERFLOW, top
                            write(label, ask.shift, top, ready, k, vias, y0, x1, x2, x3, at, stop, 0, 0)
                            insert(label, w.ready, stop, top)
                            top += 1
                            if not w.is_marked[stop]:
                                w.is_marked[stop] = 1
                                w.marked[marked] = stop
                                marked += 1
                        if vias == vias_asked or not (mask >> vias) & 1:
                            break
                        ready += ask.via_stay_s[vias]
                        vias += 1
                if visited == vias_asked or not (w.via_of[here] >> visited) & 1:
                    break
                stay_s += ask.via_stay_s[visited]
                visited += 1
            at = label[at, NEXT]
    return marked, top


@nb.njit(cache=True, nogil=True)
def begin(w: Bags, ask: Ask, seeds: Seeds, group: int, seed: int, top: int) -> tuple[int, int, int]:
    """The labels of one departure: the next seed, how many stops are marked, and labels."""
    departure = np.int64(seeds.moment_s[seed])
    marked = 0
    while seed < len(seeds.moment_s) and seeds.moment_s[seed] == departure:
        entry = seeds.entry[seed]
        seed += 1
        stop, vias, x0 = seeds.stop[entry], seeds.vias[entry], seeds.walk_s[entry]
        ready = departure + seeds.delay_s[entry]
        reach = ready + np.int64(ask.lb[vias, stop]) * ask.unit_s
        c0 = x0 >> ask.shift[0]
        if (
            reach > w.bound[1]
            or (group >= 0 and -ready < seeds.latest_ready[group, 0, stop])
            or is_beaten(w.label, w.ready[stop], ready, 0, vias, c0, 0, 0, 0)
            or is_beaten(w.label, w.goal[0], reach, 1, 0, c0, 0, 0, 0)
        ):
            continue
        if top == len(w.label):
            return seed, OVERFLOW, top
        write(w.label, ask.shift, top, ready, 0, vias, x0, 0, 0, 0, -1, stop, 0, 0)
        insert(w.label, w.ready, stop, top)
        top += 1
        if not w.is_marked[stop]:
            w.is_marked[stop] = 1
            w.marked[marked] = stop
            marked += 1
    return seed, marked, top


@nb.njit(cache=True, nogil=True)
def search(
    a: Arrays,
    w: Bags,
    ask: Ask,
    seeds: Seeds,
    egress_stop: Ints,
    egress_s: Ints,
    discard_from_s: int,
    longest_s: int,
    max_vehicles: int,
) -> int:
    """All departures, the latest first: how many answers stand in ``w.answers``, or OVERFLOW.

    An answer counts if its label has STOP 0 and leaves before ``discard_from_s``. After OVERFLOW the bags
    are in disorder and must be built anew.
    """
    w.arrived[:] = -1
    w.ready[:] = -1
    w.boarded[:] = -1
    w.goal[:] = -1
    for e in range(len(egress_stop)):
        w.egress_s[egress_stop[e]] = min(w.egress_s[egress_stop[e]], egress_s[e])
    top, answers, seed, row = 0, 0, 0, -1
    while seed < len(seeds.moment_s):
        departure = np.int64(seeds.moment_s[seed])
        row = min(row + 1, len(seeds.limit_s) - 1)
        for k in range(1, max_vehicles + 1):
            w.bound[k] = min(departure + longest_s, seeds.limit_s[row, k])
        group = seeds.group[row]
        fresh = top
        seed, marked, top = begin(w, ask, seeds, group, seed, top)
        if marked == OVERFLOW:
            return OVERFLOW
        for k in range(1, max_vehicles + 1):
            if not marked:
                break
            queued = collect(a, w, marked)
            arrivals = top
            improved, top, answers = scan(a, w, ask, seeds, group, k, departure, queued, fresh, top, answers)
            if improved == OVERFLOW:
                return OVERFLOW
            for m in range(marked):
                w.is_marked[w.marked[m]] = 0
            marked = 0
            if k == max_vehicles:
                for m in range(improved):
                    w.is_improved[w.improved[m]] = 0
                break
            fresh = top
            marked, top = walk(a, w, ask, seeds, group, k, improved, arrivals, top)
            if marked == OVERFLOW:
                return OVERFLOW
    for e in range(len(egress_stop)):
        w.egress_s[egress_stop[e]] = FAR
    live = 0
    for number in range(answers):
        if w.label[w.answers[number], STOP] == 0 and w.label[w.answers[number], TRIP] < discard_from_s:
            w.answers[live] = w.answers[number]
            live += 1
    return live


@nb.njit(cache=True, nogil=True)
def emit(w: Bags, answers: int, journeys: Ints, legs: Ints) -> None:
    """Write journeys (departure, arrival, vehicles, costs) and their legs (trip, positions, stops)."""
    label = w.label
    leg = 0
    for number in range(answers):
        goal = w.answers[number]
        vehicles = label[goal, VEHICLES]
        journeys[number, 0], journeys[number, 1], journeys[number, 2] = label[goal, TRIP], label[goal, TIME], vehicles
        for c in range(4):
            journeys[number, 3 + c] = label[goal, EXACT + c]
        at = label[goal, PARENT]
        for line in range(leg + vehicles - 1, leg - 1, -1):
            ready = label[at, PARENT]
            legs[line, 0] = label[at, TRIP]
            legs[line, 1], legs[line, 2] = label[at, POSITIONS] >> 16, label[at, POSITIONS] & 65535
            legs[line, 3], legs[line, 4] = label[ready, STOP], label[at, STOP]
            at = label[ready, PARENT]
        leg += vehicles
