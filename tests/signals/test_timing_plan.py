"""Transitions from what ends and what starts, and plans judged in words."""

import math
from dataclasses import replace
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from signals.model import Approach, Intersection, Interval, IntervalKind, Lamp, Lane, Movement, RoadUser, Stage, Turn
from signals.timing_plan import (
    Clearances,
    LocalStep,
    SafetyLimits,
    StageTiming,
    TimingPlan,
    build_transition,
    build_transitions,
    judge_transition,
    sum_cycle_s,
    validate,
)

NORTH, SOUTH, NORTH_LEFT, WEST, WALK = range(5)


def crossing():
    """North and south through, north's left (gives way to south), west through, a crossing over the west leg."""
    size = 5
    conflicts, yields = np.zeros((size, size), bool), np.zeros((size, size), bool)
    for a, b in ((NORTH, WEST), (SOUTH, WEST), (NORTH_LEFT, WEST), (NORTH_LEFT, SOUTH), (WALK, WEST)):
        conflicts[a, b] = conflicts[b, a] = True
    yields[NORTH_LEFT, SOUTH] = True
    lanes = tuple(Lane(f"in{m}", 200, 14) for m in range(size))
    turns = (Turn.THROUGH, Turn.THROUGH, Turn.LEFT, Turn.THROUGH, Turn.CROSSING)
    return Intersection(
        "x",
        lanes,
        tuple(Lane(f"out{m}", 200, 14) for m in range(size)),
        tuple(Approach(f"a{m}", (m,)) for m in range(size)),
        tuple(
            Movement(m, m, m, turn, RoadUser.PEDESTRIAN if m == WALK else RoadUser.VEHICLE, 8.0 if m == WALK else 0.0)
            for m, turn in enumerate(turns)
        ),
        conflicts,
        yields,
    )


STAGES = (
    Stage(0, frozenset({NORTH, SOUTH, WALK}), frozenset({NORTH_LEFT})),
    Stage(1, frozenset({NORTH, NORTH_LEFT, WALK})),
    Stage(2, frozenset({WEST})),
)


LIMITS = SafetyLimits()


def clearances(yellow=(3.0,) * 5, red=1.0):
    """Yellow by movement, 8 s for pedestrians, the same red for every pair."""
    return Clearances(tuple(yellow), (0, 0, 0, 0, 8.0), np.full((5, 5), red), red)


def plan(limits=LIMITS, **changes):
    """A sound plan of the three stages, or one changed to be unsound."""
    transitions = build_transitions(crossing(), STAGES, clearances())
    sequence = (LocalStep(0, 20), LocalStep(1, 8), LocalStep(2, 15))
    made = TimingPlan(
        STAGES, (StageTiming(5, 50),) * 3, sequence, transitions, limits, sum_cycle_s(sequence, transitions)
    )
    return replace(made, **changes)


def shown(intervals):
    """Intervals as kind, seconds and one letter per movement (a: right-turn arrow)."""
    return [(i.kind.value, i.duration_s, "".join("ruyagG"[lamp] for lamp in i.lamps)) for i in intervals]


def test_only_what_ends_turns_yellow():
    """From stage 0 to 1 only the southern through ends; north stays green and its left stays permitted until then."""
    intervals = build_transition(crossing(), STAGES[0], STAGES[1], clearances())
    assert shown(intervals) == [("yellow", 3, "GygrG"), ("red clearance", 1, "GrgrG")]


def test_a_left_turn_that_loses_its_protection_is_cleared_before_oncoming_traffic_starts():
    """From stage 1 to 0 the left turn is green in both, and still goes through yellow and red."""
    intervals = build_transition(crossing(), STAGES[1], STAGES[0], clearances())
    assert shown(intervals) == [("yellow", 3, "GryrG"), ("red clearance", 1, "GrrrG")]


def test_oncoming_traffic_ends_with_the_left_turn_that_gives_way_to_it():
    """No yellow trap: where the left's green ends, the southern through ends no later, though it is green again next,
    and though it could stay longer for whoever starts.
    """
    south_only = Stage(3, frozenset({SOUTH, WALK}))
    assert shown(build_transition(crossing(), STAGES[0], south_only, clearances())) == [
        ("yellow", 3, "yyyrG"),
        ("red clearance", 1, "rrrrG"),
    ]
    red = np.full((5, 5), 1.0)
    red[NORTH_LEFT, WEST] = 4.0
    slow_left = Clearances((3.0,) * 5, (0.0,) * 5, red, 1.0)
    assert shown(build_transition(crossing(), STAGES[0], STAGES[2], slow_left)) == [
        ("yellow", 3, "GyyrG"),
        ("yellow", 3, "yrrrG"),
        ("red clearance", 1, "rrrrr"),
    ]


def test_one_lamp_ends_as_one():
    """North and its right turn share a lane: where only the through has to end for a start, the turn ends with it,
    though both are green again next. Where a stage serves only one of the two, they have lamps of their own; where one
    only loses its protection, that was an arrow.
    """
    right = SOUTH
    lone = replace_conflicts(crossing(), {(NORTH, WALK)})
    shared = replace(lone, movements=tuple(replace(m, entry=NORTH) if m.index == right else m for m in lone.movements))
    yields = np.zeros((5, 5), bool)
    a, b = Stage(0, frozenset({NORTH, right})), Stage(1, frozenset({NORTH, right}), frozenset({WALK}))
    for place, lamps in ((shared, "yyrrr"), (lone, "yGrrr")):
        change = shown(build_transition(replace(place, yields=yields), a, b, clearances()))
        assert change == [("yellow", 3, lamps), ("red clearance", 1, lamps.replace("y", "r"))]
    turns = [replace(m, turn=Turn.RIGHT) if m.index == right else m for m in shared.movements]
    turning = replace(replace_conflicts(shared, {(right, WALK)}), movements=tuple(turns))
    arrow, none_keeps = Stage(3, frozenset({NORTH}), frozenset({right, WALK})), Stage(4, frozenset(), b.greens)
    assert shown(build_transition(turning, a, arrow, clearances()))[0][2] == "Gyrrr"
    assert shown(build_transition(turning, a, none_keeps, clearances()))[0][2] == "yyrrr"
    one_lamp = replace(clearances(), heads=((NORTH, right),))
    assert shown(build_transition(turning, a, arrow, one_lamp))[0][2] == "yyrrr"
    alone = Stage(2, frozenset({right, WEST}))
    assert shown(build_transition(shared, a, alone, clearances()))[0][2] == "yGrGr"


def test_pedestrians_clear_while_others_go_on():
    """A crossing that ends is red first; vehicles end so late that everyone is cleared at the same second."""
    intervals = build_transition(crossing(), STAGES[1], STAGES[2], clearances())
    assert shown(intervals) == [
        ("pedestrian clearance", 5, "GrGrr"),
        ("yellow", 3, "yryrr"),
        ("red clearance", 1, "rrrrr"),
    ]


def test_each_movement_keeps_its_own_yellow_and_ends_as_late_as_it_may():
    """The longest pair decides how long the change lasts; whoever is cleared faster stays green until it has to end."""
    red = np.full((5, 5), 1.0)
    red[SOUTH, WEST] = 4.0
    times = Clearances((5.0, 3.0, 3.0, 3.0, 0.0), (0.0,) * 5, red, 1.0)
    intervals = build_transition(crossing(), STAGES[0], STAGES[2], times)
    assert shown(intervals) == [
        ("yellow", 1, "GygrG"),
        ("yellow", 2, "yygrG"),
        ("yellow", 3, "yryrG"),
        ("red clearance", 1, "rrrrr"),
    ]


def test_a_start_waits_only_for_what_it_meets():
    """West starts when north is cleared; a movement that meets nobody starts at once, one of its lane with it."""
    lone = replace_conflicts(crossing(), {(NORTH, WEST), (SOUTH, NORTH_LEFT)})
    a, b = Stage(0, frozenset({NORTH})), Stage(1, frozenset({WEST, SOUTH}))
    assert shown(build_transition(lone, a, b, clearances())) == [("yellow", 3, "yGrrr"), ("red clearance", 1, "rGrrr")]
    one_head = replace(clearances(), heads=((SOUTH, WEST),))
    assert shown(build_transition(lone, a, b, one_head)) == [("yellow", 3, "yrrrr"), ("red clearance", 1, "rrrrr")]
    lanes = [replace(m, entry=WEST) if m.index == SOUTH else m for m in lone.movements]
    assert shown(build_transition(replace(lone, movements=tuple(lanes)), a, b, clearances()))[0][2] == "yrrrr"


def replace_conflicts(intersection, pairs):
    """The same place with other ways that meet."""
    conflicts = np.zeros((5, 5), bool)
    for a, b in pairs:
        conflicts[a, b] = conflicts[b, a] = True
    return replace(intersection, conflicts=conflicts)


def test_red_amber_announces_each_green():
    """A second of red-amber before every start, also where nothing ends; validation holds it to one to three seconds."""
    german = replace(clearances(), red_amber_s=(1.0, 1.0, 1.0, 1.0, 0.0))
    assert shown(build_transition(crossing(), STAGES[2], STAGES[1], german)) == [
        ("yellow", 3, "rrryr"),
        ("red clearance", 1, "ururr"),
    ]
    less, more = Stage(3, frozenset({SOUTH})), Stage(4, frozenset({SOUTH, NORTH}))
    assert shown(build_transition(crossing(), less, more, german)) == [("red clearance", 1, "uGrrr")]
    transitions = build_transitions(crossing(), STAGES, german)
    assert validate(plan(transitions=transitions, cycle_s=sum_cycle_s(plan().sequence, transitions)), crossing()) == ()
    for wrong_s, code in ((0.4, "red_amber_length"), (5.0, "red_amber_length")):
        long = build_transitions(crossing(), STAGES, replace(german, red_amber_s=(wrong_s,) * 5))
        assert code in faults(plan(transitions=long))


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_any_clearances_give_sound_transitions_without_a_second_to_spare(data):
    """Random ways, stages and clearance times: every change is sound, and no start could be a second earlier after the
    ends that it shows, nor the whole be shorter.
    """
    size = 5
    pairs = data.draw(st.sets(st.sampled_from([(i, j) for i in range(size) for j in range(i)]), max_size=8))
    place = replace_conflicts(crossing(), pairs)
    independent = [
        frozenset(s)
        for n in (1, 2, 3)
        for s in combinations(range(size), n)
        if not any(place.conflicts[i, j] for i in s for j in s)
    ]
    greens = data.draw(st.lists(st.sampled_from(independent), min_size=2, max_size=2, unique=True))
    a, b = (Stage(k, g) for k, g in enumerate(greens))
    seconds = st.integers(1, 5).map(float)
    red = np.array(data.draw(st.lists(st.lists(seconds, min_size=5, max_size=5), min_size=5, max_size=5)))
    yellow = tuple(data.draw(st.lists(st.integers(3, 5).map(float), min_size=5, max_size=5)))
    amber = data.draw(st.sampled_from([(), (1.0,) * 5, (2.0,) * 5]))
    times = Clearances(yellow, (0.0, 0.0, 0.0, 0.0, 8.0), red, 1.0, amber)
    change = build_transition(place, a, b, times)
    assert list(judge_transition(change, place, a, b, LIMITS)) == []
    whole_s = sum(i.duration_s for i in change)
    starts = {j: next(iter(_starts(change, j)), whole_s) for j in b.greens - a.greens}
    ending = a.greens - b.greens
    clear_s = {(i, j): 9.0 if i == WALK else yellow[i] + red[i, j] for i in ending for j in starts}
    alone_s = {i: 9.0 if i == WALK else yellow[i] + 1.0 for i in ending}
    ends_s = {i: next(_ends(change, i), 0.0) for i in ending}
    amber_s = amber[0] if amber else 0.0
    for j, start_s in starts.items():
        met = [ends_s[i] + clear_s[i, j] for i in ending if place.conflicts[i, j]]
        assert start_s == max([amber_s, *met])
    needs_s = [clear_s[i, j] for i, j in clear_s if place.conflicts[i, j]]
    assert whole_s == max([*needs_s, *alone_s.values(), *([amber_s] if starts else [])], default=0.0)


def _ends(change, movement):
    """Seconds from the beginning of a change at which a movement is no longer green."""
    at_s = 0.0
    for interval in change:
        if not interval.lamps[movement].is_green:
            yield at_s
        at_s += interval.duration_s


def _starts(change, movement):
    passed_s = 0.0
    for interval in change:
        if interval.lamps[movement].is_green:
            yield passed_s
        passed_s += interval.duration_s


def test_a_change_that_ends_nothing_takes_no_time():
    """Going to a stage that only adds greens needs no clearance."""
    more = Stage(3, STAGES[1].protected)
    less = Stage(4, frozenset({NORTH, WALK}))
    assert build_transition(crossing(), less, more, clearances()) == ()


def test_a_sound_plan_has_no_faults():
    """The plan of this file is used elsewhere as sound, and is."""
    assert validate(plan(), crossing()) == ()


def faults(bad):
    """Messages by code."""
    return {fault.code: fault.message for fault in validate(bad, crossing())}


def test_a_movement_without_green_is_named():
    """A movement that no stage serves is named with its lane."""
    message = faults(plan(stages=(STAGES[0], STAGES[1], Stage(2, frozenset()))))["movement_missing"]
    assert "movement 3 (through from lane in3)" in message


def test_conflicting_greens_are_named():
    """Two protected greens whose ways cross are both named."""
    bad = Stage(2, frozenset({WEST, NORTH}))
    message = faults(plan(stages=(STAGES[0], STAGES[1], bad)))["conflicting_greens"]
    assert "movement 0" in message
    assert "movement 3" in message


def test_a_permitted_green_that_does_not_give_way_is_a_conflict():
    """A permitted green is fine only where it yields to the other one by right of way."""
    bad = Stage(2, frozenset({WEST}), frozenset({NORTH}))
    assert "conflicting_greens" in faults(plan(stages=(STAGES[0], STAGES[1], bad)))


@pytest.mark.parametrize(
    ("limits", "code", "words"),
    [
        (SafetyLimits(yellow_s=4), "yellow_too_short", "3 s of yellow; 4 s is required"),
        (SafetyLimits(red_clearance_s=2), "red_clearance_too_short", "2 s of red is required"),
        (SafetyLimits(min_green_s=6), "min_green_too_short", "at least 6 s is required"),
        (SafetyLimits(max_red_s=20), "max_red_too_short", "cannot be kept"),
    ],
)
def test_limits_are_enforced_in_words(limits, code, words):
    """Each limit that a plan misses is one fault with the figures."""
    assert words in faults(plan(limits))[code]


def test_a_cycle_that_does_not_add_up_says_by_how_much():
    """The message tells the engineer what to add."""
    sound = plan()
    assert "change a green by +3 s" in faults(plan(cycle_s=sound.cycle_s + 3))["cycle_does_not_add_up"]


def test_a_green_below_its_minimum_in_the_sequence_is_found():
    """The local sequence may not undercut a stage's minimum green."""
    sequence = (LocalStep(0, 20), LocalStep(1, 3), LocalStep(2, 15))
    assert "step 2" in faults(plan(sequence=sequence))["green_below_minimum"].lower()


def test_a_maximum_below_its_minimum_is_found():
    """A stage whose maximum green is below its minimum cannot be timed."""
    assert "max_green_below_min" in faults(plan(timings=(StageTiming(5, 4), StageTiming(5, 50), StageTiming(5, 50))))


def test_a_hand_made_transition_is_judged_as_well():
    """Validation plays transitions whoever made them: a missing one and a green without yellow are found."""
    transitions = dict(plan().transitions)
    del transitions[0, 1]
    transitions[0, 2] = (Interval(IntervalKind.RED_CLEARANCE, 5.0, (Lamp.RED,) * 5),)
    found = faults(plan(transitions=transitions))
    assert {"transition_missing", "yellow_too_short"} <= set(found)


def test_a_yellow_that_lasts_until_the_next_green_leaves_no_red():
    """Whoever starts in the second in which a yellow ends is found, whatever the order of the movements."""
    yellow = Interval(IntervalKind.YELLOW, 3.0, (Lamp.RED,) * 3 + (Lamp.YELLOW, Lamp.RED))
    found = faults(plan(transitions={**plan().transitions, (2, 1): (yellow,)}))
    assert "0 s after the yellow of movement 3" in found["red_clearance_too_short"]


def test_every_pair_of_stages_has_a_sound_transition():
    """Any stage to any stage: n (n - 1) transitions, all of which pass."""
    assert len(plan().transitions) == 6
    assert validate(plan(), crossing()) == ()


@pytest.mark.parametrize("value_s", [math.nan, math.inf, -math.inf, -1.0])
def test_a_time_that_is_none_is_refused_wherever_it_stands(value_s):
    """NaN passes every comparison and an infinite bound is none: each number of a plan is looked at first."""
    sound = plan()
    yellow = replace(sound.transitions[0, 2][0], duration_s=value_s)
    changed = [replace(sound, limits=replace(LIMITS, **{name: value_s})) for name in LIMITS.__dataclass_fields__]
    changed += [
        replace(sound, cycle_s=value_s),
        replace(sound, timings=(StageTiming(value_s, 50), *sound.timings[1:])),
        replace(sound, timings=(StageTiming(5, value_s), *sound.timings[1:])),
        replace(sound, sequence=(LocalStep(0, value_s), *sound.sequence[1:])),
        replace(sound, transitions={**sound.transitions, (0, 2): (yellow, *sound.transitions[0, 2][1:])}),
    ]
    for unsound in changed:
        assert [f.code for f in validate(unsound, crossing())] == ["not_a_time"]
    if not math.isfinite(value_s):
        assert [f.code for f in validate(replace(sound, offset_s=value_s), crossing())] == ["not_a_time"]


@pytest.mark.parametrize("name", ["min_green_s", "max_red_s"])
def test_a_bound_of_zero_is_no_bound(name):
    """A minimum green or maximum red of zero is refused."""
    faults = validate(plan(limits=replace(LIMITS, **{name: 0.0})), crossing())
    assert [f.code for f in faults] == ["not_a_time"]


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"sequence": ()}, "no_stages"),
        ({"sequence": (LocalStep(0, 20), LocalStep(3, 20))}, "unknown_stage"),
        ({"sequence": (LocalStep(0, 20), LocalStep(-1, 20))}, "unknown_stage"),
        ({"sequence": (LocalStep(0, 20), LocalStep(1, 8), LocalStep(0, 20), LocalStep(2, 9))}, "stage_repeated"),
        ({"sequence": (LocalStep(0, 20), LocalStep(1, 8))}, "movement_not_local"),
        ({"timings": (StageTiming(5, 50),) * 2}, "timings_missing"),
    ],
)
def test_a_sequence_that_cannot_be_followed_is_refused(changes, code):
    """No step, unknown stages, one stage twice, a movement left out, or timings missing: a fault, no traceback."""
    assert code in {f.code for f in validate(plan(**changes), crossing())}


def test_a_transition_shows_no_green_interval():
    """A part of a transition that calls itself green would be taken for a stage."""
    sound = plan()
    green = replace(sound.transitions[0, 2][0], kind=IntervalKind.GREEN)
    faults = validate(
        replace(sound, transitions={**sound.transitions, (0, 2): (green, *sound.transitions[0, 2][1:])}), crossing()
    )
    assert "green_in_transition" in {f.code for f in faults}
