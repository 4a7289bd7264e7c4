"""Turns: learned from lamps, exits and heads that stay, without anybody telling them."""

import numpy as np
import pytest
from loop_street import (
    EXIT_E,
    EXIT_S,
    LEFT,
    LEFT_ONLY,
    MAIN,
    SIDE,
    STOP_N,
    STOP_S,
    THROUGH,
    Street,
)


def wait_at_north(street, seconds=10):
    """Somebody comes from the north in red; the movement he is drawn."""
    street.second(counts=[STOP_N], stage=SIDE)
    street.seconds(seconds, stands=[STOP_N])
    return street.seen.movement[0]


def leave_north(street, exit_loop, stage):
    """One vehicle comes in red, leaves in ``stage`` and is counted at an exit four seconds later."""
    wait_at_north(street, 3)
    street.seconds(2, stands=[STOP_N], stage=stage)
    street.seconds(4)
    street.second(passes=[exit_loop])
    street.seconds(3)


def test_who_leaves_on_a_green_for_one_movement_makes_it():
    """Departures in the left-turn stage teach left turns even where exits tell nothing."""
    street = Street()
    for _ in range(30):
        wait_at_north(street, 3)
        street.seconds(3, stands=[STOP_N], stage=LEFT_ONLY)
        street.seconds(4)
    street.seconds(15)
    assert street.seen.learned.turn_share[LEFT] > 0.8


@pytest.mark.parametrize("lefts", [0, 3, 7, 10])
def test_exits_teach_shares_where_all_have_green(lefts):
    """With through and left green together, the counts at the exits tell the share of left turns within 0.12."""
    street = Street()
    rng = np.random.default_rng(3)
    for is_left in rng.permutation([k < lefts for k in range(10)] * 8).tolist():
        leave_north(street, EXIT_E if is_left else EXIT_S, MAIN)
    assert street.seen.learned.turn_share[LEFT] == pytest.approx(lefts / 10, abs=0.12)


def test_a_head_that_stays_through_its_green_wants_to_turn():
    """Nobody comes from the south, yet the head stays: it is no through vehicle and waits for another stage."""
    street = Street()
    assert wait_at_north(street) == THROUGH
    street.stage = MAIN
    street.seconds(12, stands=[STOP_N], stage=MAIN)
    assert street.seen.movement[0] == LEFT


def test_a_head_held_by_oncoming_traffic_is_a_left_turn():
    """South keeps discharging and the head stays: only the yielding left turn does that."""
    street = Street()
    wait_at_north(street)
    for _ in range(5):
        street.second(counts=[STOP_S], stands=[STOP_N], stage=MAIN)
        street.second(stands=[STOP_S, STOP_N])
    assert street.seen.movement[0] == LEFT


def test_a_head_before_a_full_exit_says_nothing():
    """Where the exit is full the head stays whatever it wants: it keeps its movement."""
    street = Street()
    wait_at_north(street)
    street.second(counts=[EXIT_S], stands=[STOP_N])
    street.seconds(3, stands=[STOP_N, EXIT_S])
    street.seconds(10, stands=[STOP_N, EXIT_S], stage=MAIN)
    assert street.seen.movement[0] == THROUGH


def test_drawn_movements_keep_the_learned_shares():
    """Error diffusion: of ten waiting vehicles as many turn left as the share says."""
    street = Street()
    rng = np.random.default_rng(5)
    for is_left in rng.permutation([True] * 30 + [False] * 30).tolist():
        leave_north(street, EXIT_E if is_left else EXIT_S, MAIN)
    street.second(counts=[STOP_N, 1], stage=SIDE)
    for _ in range(9):
        street.second(passes=[1], stands=[STOP_N])
        street.second(stands=[STOP_N])
    movements = street.seen.movement[np.isin(street.seen.movement, [THROUGH, LEFT])]
    assert len(movements) >= 9
    assert 0.3 <= np.mean(movements == LEFT) <= 0.7
    assert street.seen.is_guess[np.isin(street.seen.movement, [THROUGH, LEFT])].all()
