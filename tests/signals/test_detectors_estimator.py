"""The estimator: vehicles that loops count are followed to the line, and beliefs that loops contradict are given up."""

import hashlib
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from loop_street import (
    ADV_S,
    BUTTON,
    EXIT_S,
    LEFT,
    MAIN,
    SIDE,
    SOUTH,
    SOUTH_LANE,
    STOP_S,
    STOP_W,
    THROUGH,
    WALK,
    WEST,
    Street,
)  # fmt: skip

from signals.detectors.tracks import MAX_PER_LANE
from signals.model import IntervalKind
from signals.ports import NOBODY_ENTERED, Entered, Mode, Readings, SignalState


def test_a_counted_vehicle_drives_to_the_line_and_stands_there():
    """A vehicle counted 98 m up the street is at the line when the stop-line loop says so, and its delay grows."""
    street = Street()
    street.second(passes=[ADV_S])
    assert street.lane(SOUTH).tolist() == [98.0]
    assert street.seconds(3).speed_mps.tolist() == pytest.approx([14.0])
    assert street.lane(SOUTH).tolist() == pytest.approx([56.0])
    street.seconds(4)
    street.second(counts=[STOP_S])
    seen = street.seconds(10, stands=[STOP_S])
    assert (seen.movement.tolist(), seen.speed_mps.tolist(), seen.delay_s.tolist()) == ([SOUTH], [0.0], [10.0])
    assert seen.distance_m[0] <= 2.0


def test_a_queue_builds_seven_metres_apart_and_leaves_as_measured():
    """Three vehicles queue at red; each falling edge at green takes one away."""
    street = Street()
    for _ in range(3):
        street.second(passes=[ADV_S])
        street.seconds(2)
    street.second(counts=[STOP_S])
    seen = street.seconds(12, stands=[STOP_S])
    assert street.lane(SOUTH).tolist() == pytest.approx([1.0, 8.0, 15.0])
    assert (seen.speed_mps == 0.0).all()
    street.seconds(2, stands=[STOP_S], stage=MAIN)
    for left in (2, 1, 0):
        street.second(counts=[STOP_S] if left else [])
        assert len(street.lane(SOUTH)) == left


def test_an_empty_loop_ends_a_believed_queue():
    """A vehicle that was counted upstream but never came to the line, nor stands there, is given up."""
    street = Street()
    street.second(passes=[ADV_S])
    street.seconds(8)
    assert len(street.lane(SOUTH)) == 1
    street.seconds(8)
    assert len(street.lane(SOUTH)) == 0


def test_an_occupied_loop_makes_somebody():
    """Somebody who came unseen stands at the line all the same."""
    street = Street()
    street.second(counts=[STOP_S])
    street.seconds(3, stands=[STOP_S])
    assert len(street.lane(SOUTH)) == 1


def test_a_full_street_is_a_full_queue():
    """An advance loop that stays occupied says that the queue reaches it."""
    street = Street()
    street.second(counts=[STOP_S, ADV_S])
    street.seconds(30, stands=[STOP_S, ADV_S])
    assert 9 <= len(street.lane(SOUTH)) <= 15


def test_a_neighbours_vehicle_is_counted_once():
    """Who was told by the neighbour and then counted by the loop is one vehicle, and is seen from afar."""
    street = Street()
    street.second(entered=Entered(np.array([SOUTH_LANE]), np.array([1.0]), np.array([280.0])))
    assert street.lane(SOUTH).tolist() == pytest.approx([280.0])
    assert street.seen.sight_m[SOUTH_LANE] == 280.0
    street.seconds(13)
    street.second(passes=[ADV_S])
    assert len(street.lane(SOUTH)) == 1
    street = Street()
    street.second(entered=Entered(np.array([SOUTH_LANE]), np.array([1.0]), np.array([280.0])))
    street.seconds(40)
    assert len(street.lane(SOUTH)) == 0, "a message about nobody must not leave a phantom"


def test_a_push_calls_until_the_walk():
    """A push is a waiting pedestrian until the crossing has been green; a dead button calls always."""
    street = Street()
    street.seconds(6, stage=MAIN)
    assert len(street.lane(WALK)) == 0
    street.second(counts=[BUTTON])
    assert street.seconds(5).delay_s.tolist() == [5.0]
    street.seconds(5, stage=SIDE)
    assert len(street.lane(WALK)) == 0
    street.is_fresh[BUTTON] = False
    street.seconds(5, stage=MAIN)
    assert len(street.lane(WALK)) == 1


def test_a_standing_exit_is_blocked_and_a_moving_one_is_free():
    """Who stands on the exit loop stands in a queue that fills the exit."""
    street = Street()
    street.second(counts=[EXIT_S])
    assert street.seen.exit_speed_mps[0] > 0
    seen = street.seconds(8, stands=[EXIT_S])
    assert (seen.exit_speed_mps[0], seen.exit_count[0]) == (0.0, 14)
    assert street.seconds(2).exit_count[0] == 0


def test_a_short_lane_fills_at_the_learned_rate():
    """Where no loop counts who comes, the queue behind the head grows as experience says, and is checked each green."""
    street = Street()
    for _ in range(40):
        street.second(counts=[STOP_W], stage=SIDE)
        street.seconds(7)
    street.second(counts=[STOP_W], stage=MAIN)
    street.seconds(40, stands=[STOP_W])
    assert 3 <= len(street.lane(WEST)) <= 7
    street.seconds(12, stage=SIDE)
    assert len(street.lane(WEST)) <= 2


def play(readings):
    """The estimates after a sequence of impossible seconds."""
    street = Street()
    for counts, occupied, fresh, stage, distance_m in readings:
        street.now_s += 1.0
        reading = Readings(
            street.now_s,
            np.array(counts, np.int64),
            np.array(occupied, np.float64),
            np.full(street.size, np.nan),
            np.array(fresh, np.bool_),
        )
        state = SignalState(stage, IntervalKind.GREEN, 3.0, None, Mode.REMOTE, street.now_s)
        entered = Entered(np.array([stage, 9, -1]), np.array([street.now_s, np.nan, 0.0]), np.full(3, distance_m))
        yield street.estimator.estimate(reading, state, entered)


SECONDS = st.tuples(
    st.lists(st.integers(-3, 9), min_size=9, max_size=9),
    st.lists(st.floats(allow_nan=True, allow_infinity=True), min_size=9, max_size=9),
    st.lists(st.booleans(), min_size=9, max_size=9),
    st.integers(0, 2),
    st.floats(allow_nan=True, allow_infinity=True),
)


@settings(max_examples=60, deadline=None)
@given(st.lists(SECONDS, min_size=1, max_size=40))
def test_no_reading_breaks_the_estimate(readings):
    """Whatever detectors and neighbours say, every estimate is finite, within bounds and in order."""
    for seen in play(readings):
        for values in (seen.distance_m, seen.speed_mps, seen.delay_s, seen.exit_speed_mps, seen.sight_m):
            assert np.isfinite(values).all()
            assert (values >= 0).all()
        assert np.bincount(seen.movement, minlength=5)[[THROUGH, LEFT]].sum() <= MAX_PER_LANE
        vehicles = seen.movement != WALK
        assert (np.diff(seen.distance_m[vehicles]) >= 0).all()
        assert seen.learned.turn_share[[THROUGH, LEFT]].sum() == pytest.approx(1.0)
        assert ((seen.learned.headway_s > 1.0) & (seen.learned.headway_s < 5.0)).all()


def digest_of_a_run():
    """A fingerprint of the estimates over 300 seconds of made-up traffic."""
    rng = np.random.default_rng(7)
    street, text = Street(), hashlib.sha256()
    for second in range(300):
        busy = rng.random(9) < 0.2
        stage = (second // 20) % 3
        told = (
            Entered(np.array([1]), np.array([street.now_s]), np.array([250.0])) if second % 9 == 0 else NOBODY_ENTERED
        )
        counts = [d for d in range(9) if busy[d]]
        stands = [d for d in range(9) if not busy[d] and rng.random() < 0.4]
        seen = street.second(counts=counts, stands=stands, stage=stage, entered=told)
        for part in (seen.movement, seen.distance_m.round(6), seen.delay_s, seen.learned.turn_share.round(6)):
            text.update(part.tobytes())
    return text.hexdigest()


def test_kernels_and_plain_python_agree():
    """The compiled kernels say what the same functions say in plain Python, and the same twice."""
    here = Path(__file__).parent
    paths = [str(here), str(here.parent / "support")]
    script = f"import sys; sys.path[:0] = {paths!r}; import test_detectors_estimator as t; "
    plain = subprocess.run(
        [sys.executable, "-c", script + "print(t.digest_of_a_run())"],
        env={**os.environ, "NUMBA_DISABLE_JIT": "1"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert plain.stdout.strip() == digest_of_a_run() == digest_of_a_run()
