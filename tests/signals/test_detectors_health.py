"""Detectors fail: each way is noticed, healed when over, and meanwhile somebody is assumed to come."""

import pytest
from loop_street import ADV_S, MAIN, SIDE, SOUTH, SOUTH_LANE, STOP_N, STOP_S, Street

from signals.detectors.health import DetectorStatus


def status(street, detector):
    """What the report says of one detector."""
    return street.estimator.health.status[detector]


def run_cycles(street, cycles, *, has_stop=True, has_advance=True, stuck=()):
    """Cycles with three vehicles from the south and one from the north."""
    for _ in range(cycles):
        for k in range(20):
            counts = [STOP_S] if k == 12 and has_stop else []
            passes = [ADV_S] if k in {4, 7, 10} and has_advance else []
            stands = [STOP_S] if k > 12 and has_stop else []
            street.second(counts=counts, passes=passes, stands=[*stands, *stuck], stage=SIDE)
        for k in range(16):
            counts = [STOP_S] if k in {2, 4} and has_stop else []
            passes = [STOP_N] if k == 5 else []
            stands = [STOP_S] if k in {0, 1} and has_stop else []
            street.second(counts=counts, passes=passes, stands=[*stands, *stuck], stage=MAIN)


def test_working_detectors_are_believed():
    """Half an hour of ordinary traffic accuses nobody, and every approach with loops is trusted."""
    street = Street()
    run_cycles(street, 50)
    working = {STOP_S, ADV_S, STOP_N}
    assert all(status(street, d) is DetectorStatus.WORKING for d in working)
    assert street.estimator.health.trust[SOUTH_LANE] == 1.0


def test_a_dead_stop_line_loop_is_noticed_and_its_lane_still_served():
    """The advance loop counts and the stop line does not: dead; the lane then has somebody waiting in each red."""
    street = Street()
    run_cycles(street, 5)
    run_cycles(street, 12, has_stop=False)
    assert status(street, STOP_S) is DetectorStatus.DEAD
    assert street.estimator.health.trust[SOUTH_LANE] == 0.5
    street.seconds(60, stage=SIDE)
    assert SOUTH in street.seen.movement
    street.seconds(40, stage=MAIN)
    run_cycles(street, 4)
    assert status(street, STOP_S) is DetectorStatus.WORKING


def test_a_dead_advance_loop_is_replaced_by_the_learned_rate():
    """The stop line counts and the advance loop does not: dead; arrivals then come at the lane's own rate."""
    street = Street()
    run_cycles(street, 12, has_advance=False)
    assert status(street, ADV_S) is DetectorStatus.DEAD
    street.second(counts=[STOP_S], stage=SIDE)
    street.seconds(50, stands=[STOP_S])
    assert 2 <= (street.seen.movement == SOUTH).sum() <= 8


@pytest.mark.parametrize("detector", [STOP_S, ADV_S])
def test_a_stuck_loop_holds_no_phantom_for_ever(detector):
    """A loop that is always occupied is flagged within ten minutes, and the phantom queue with it goes."""
    street = Street()
    for _ in range(10):
        street.seconds(30, stands=[detector], stage=SIDE)
        street.seconds(30, stands=[detector], stage=MAIN)
    assert status(street, detector) is DetectorStatus.STUCK_ON
    street.seconds(40, stands=[detector], stage=MAIN)
    assert (street.seen.movement == SOUTH).sum() <= 1
    street.seconds(8)
    assert status(street, detector) is DetectorStatus.WORKING


def test_a_chattering_loop_is_not_believed():
    """More vehicles than a lane can pass are no vehicles."""
    street = Street()
    for _ in range(100):
        street.second(passes=[ADV_S, ADV_S, ADV_S])
    assert status(street, ADV_S) is DetectorStatus.CHATTER


def test_missing_data_is_noticed_at_once_and_healed():
    """Three seconds without a reading: no data; five good seconds: working again."""
    street = Street()
    street.seconds(5)
    street.is_fresh[STOP_S] = False
    street.seconds(3)
    assert status(street, STOP_S) is DetectorStatus.NO_DATA
    street.is_fresh[STOP_S] = True
    street.seconds(6)
    assert status(street, STOP_S) is DetectorStatus.WORKING
