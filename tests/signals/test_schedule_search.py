"""The search: its kernels, its discharge model, its distance from the optimum."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from signals.scheduling import discharge, search
from signals.scheduling.discharge import begin_stage, cost_to_go, discharge_second, is_foe_near
from signals.scheduling.problem import PERMITTED, PROTECTED, ROOM_UNKNOWN, Layout, Settings, Traffic
from signals.scheduling.search import MAX_CHANGES, is_wanted, search_changes

NORTH, WEST, NORTH_LEFT, SOUTH = range(4)
MAX_PER_LANE = 48


def make_layout(min_green_s=5, max_green_s=50):
    """Stage 0: north and south, north's left permitted; stage 1: north with its left; stage 2: west.

    Lanes: 0 north (through and left share it), 1 west, 2 south. North stays green between stages 0 and 1.
    """
    level = np.zeros((3, 4), np.int8)
    level[0, [NORTH, SOUTH]], level[0, NORTH_LEFT] = PROTECTED, PERMITTED
    level[1, [NORTH, NORTH_LEFT]] = PROTECTED
    level[2, WEST] = PROTECTED
    through = np.zeros((3, 3, 4), np.int8)
    through[0, 1, NORTH] = through[1, 0, NORTH] = PROTECTED
    foes = np.full((4, 1), -1, np.int64)
    foes[NORTH_LEFT, 0] = SOUTH
    return Layout(
        level=level,
        through=through,
        change_s=np.full((3, 3), 4, np.int64),
        min_green_s=np.full(3, min_green_s, np.int64),
        max_green_s=np.full(3, max_green_s, np.int64),
        entry_of=np.array([0, 1, 0, 2], np.int64),
        exit_of=np.array([0, 1, 2, 0], np.int64),
        foes=foes,
        allowed=~np.eye(3, dtype=bool),
    )


def make_traffic(*lanes, blocked=(), held=()):
    """Lanes as lists of (arrival, movement)."""
    vehicles = np.array([len(lane) for lane in lanes], np.int64)
    arrival_s, movement = np.zeros((3, MAX_PER_LANE)), np.zeros((3, MAX_PER_LANE), np.int64)
    for i, lane in enumerate(lanes):
        for k, (at_s, m) in enumerate(sorted(lane, key=lambda v: v[0])):
            arrival_s[i, k], movement[i, k] = at_s, m
    flags = np.zeros((2, 4), bool)
    flags[0, list(blocked)] = flags[1, list(held)] = True
    return Traffic(
        vehicles,
        arrival_s,
        movement,
        weight=np.ones((3, MAX_PER_LANE)),
        blocked=flags[0],
        held=flags[1],
        is_guess=np.zeros((3, MAX_PER_LANE), bool),
        turn_share=np.ones(4),
        headway_s=np.full(3, Settings().headway_s),
        startup_loss_s=np.full(3, Settings().startup_loss_s),
        room=np.full(3, ROOM_UNKNOWN),
        price=np.zeros(4),
        guide_s=np.full((0, 2), np.nan),
    )


arrivals = st.lists(st.integers(0, 25).map(float), max_size=6)


@st.composite
def traffics(draw):
    """Up to six vehicles in each of the three lanes."""
    north = [(at_s, draw(st.sampled_from([NORTH, NORTH, NORTH_LEFT]))) for at_s in draw(arrivals)]
    west = [(at_s, WEST) for at_s in draw(arrivals)]
    south = [(at_s, SOUTH) for at_s in draw(arrivals)]
    return make_traffic(north, west, south)


def anywhere():
    """Every stage may be chosen at once."""
    return np.ones(3, bool)


def start():
    """Nobody served, every lane free."""
    return np.zeros(3, np.int64), np.zeros(3)


def test_a_lane_discharges_at_its_headway():
    """A queue of five on a protected green leaves one vehicle every two seconds."""
    served, free_s = start()
    traffic = make_traffic([], [(0.0, WEST)] * 5, [])
    history = []
    for second in range(10):
        discharge_second(make_layout(), traffic, Settings(), served, free_s, 2, -1, second)
        history.append(int(served[1]))
    assert history == [1, 1, 2, 2, 3, 3, 4, 4, 5, 5]


def test_a_waiting_left_turn_holds_the_through_traffic_behind_it():
    """First in, first out: with oncoming traffic the permitted head blocks its lane."""
    served, free_s = start()
    traffic = make_traffic([(0.0, NORTH_LEFT), (0.0, NORTH)], [], [(float(t), SOUTH) for t in range(0, 20, 2)])
    for second in range(8):
        discharge_second(make_layout(), traffic, Settings(), served, free_s, 0, -1, second)
    assert served[0] == 0
    assert served[2] == 4


def test_foes_behind_the_head_of_their_lane_count():
    """A foe that is second in its lane but due within the gap is seen, as long as the head before it can go."""
    layout = make_layout()._replace(entry_of=np.array([0, 2, 0, 2], np.int64))  # west shares south's lane
    layout.level[0, WEST] = PROTECTED
    traffic = make_traffic([(0.0, NORTH_LEFT)], [], [(0.0, WEST), (0.5, SOUTH)])
    served, free_s = start()
    assert is_foe_near(layout, traffic, Settings(), served, free_s, 0, -1, NORTH_LEFT, 0.0)
    layout.level[0, WEST] = 0  # the head has red and blocks the foe
    assert not is_foe_near(layout, traffic, Settings(), served, free_s, 0, -1, NORTH_LEFT, 0.0)


@pytest.mark.parametrize(("movement", "leaves_at_s"), [(NORTH, 0.0), (NORTH_LEFT, 1.5)])
def test_only_heads_that_were_red_pay_the_start_up(movement, leaves_at_s):
    """A lane whose head is green through the change pays nothing; one whose head starts pays the loss."""
    served, free_s = start()
    traffic = make_traffic([(0.0, movement)], [], [])
    begin_stage(make_layout(), traffic, Settings(), served, free_s, 0, 1, 0)
    assert free_s[0] == leaves_at_s


def test_a_blocked_exit_discharges_nobody_for_a_while():
    """Vehicles into a full exit stay where they are for the first seconds of the plan, then go."""
    served, free_s = start()
    traffic = make_traffic([], [(0.0, WEST)], [], blocked=[WEST])
    for second in range(16):
        discharge_second(make_layout(), traffic, Settings(), served, free_s, 2, -1, second)
        assert served[1] == (1 if second >= Settings().blocked_s else 0)


def test_a_left_turn_that_finds_no_gap_counts_on_its_own_stage_only():
    """A held movement does not discharge on a permitted green but does on a protected one."""
    traffic = make_traffic([(0.0, NORTH_LEFT)], [], [], held=[NORTH_LEFT])
    for stage, expected in ((0, 0), (1, 1)):
        served, free_s = start()
        discharge_second(make_layout(), traffic, Settings(), served, free_s, stage, -1, 0)
        assert served[0] == expected


def test_the_running_stage_is_kept_for_its_own_traffic():
    """With traffic for the running stage alone nothing changes."""
    changes, cost = search_changes(make_layout(), make_traffic([], [(2.0, WEST)] * 3, []), Settings(), 2, 9, anywhere())
    assert len(changes) == 0
    assert cost < 10


def test_a_queue_at_red_is_served_at_once_when_nobody_else_comes():
    """The first change is now, and to the stage of the queue."""
    changes, _ = search_changes(make_layout(), make_traffic([], [(0.0, WEST)] * 3, []), Settings(), 0, 9, anywhere())
    assert changes[0].tolist() == [0, 2]


def test_a_young_green_is_not_left():
    """No change before the minimum green, however long the queue."""
    traffic = make_traffic([], [(0.0, WEST)] * 9, [])
    changes, _ = search_changes(make_layout(), traffic, Settings(), 0, 1, anywhere())
    assert changes[0].tolist() == [4, 2]


def test_the_first_decision_respects_what_is_allowed():
    """A stage that may not be chosen now is not the first change now."""
    traffic = make_traffic([], [(0.0, WEST)] * 3, [])
    only = np.array([True, True, False])
    changes, _ = search_changes(make_layout(), traffic, Settings(), 0, 9, only)
    assert changes[0].tolist() == [2, 2]


@given(traffic=traffics(), stage=st.integers(0, 2), green_s=st.integers(0, 20))
@settings(max_examples=25, deadline=None)
def test_kernel_and_python_agree(traffic, stage, green_s):
    """The compiled search and the same function in plain Python return the same sequence and cost."""
    few = Settings(horizon_s=16, width=9)
    layout = make_layout()
    compiled = search_changes(layout, traffic, few, stage, green_s, anywhere())
    plain = search_changes.py_func(layout, traffic, few, stage, green_s, anywhere())
    assert compiled[0].tolist() == plain[0].tolist()
    assert compiled[1] == pytest.approx(plain[1])


@given(traffic=traffics(), stage=st.integers(0, 2), second=st.integers(0, 20))
@settings(max_examples=100, deadline=None)
def test_discharge_kernels_and_python_agree(traffic, stage, second):
    """One second of discharge, a stage's beginning and the cost to go: equal compiled and plain."""
    layout, outcomes = make_layout(), []
    for second_of, begin, rest in (
        (discharge_second, begin_stage, cost_to_go),
        (discharge_second.py_func, begin_stage.py_func, cost_to_go.py_func),
    ):
        served, free_s = start()
        cost = second_of(layout, traffic, Settings(), served, free_s, stage, -1, second)
        begin(layout, traffic, Settings(), served, free_s, stage, (stage + 1) % 3, second + 1)
        cost += rest(layout, traffic, Settings(), served, stage, 30)
        outcomes.append((cost, served.tolist(), free_s.tolist()))
    assert outcomes[0] == outcomes[1]


def find_optimum(layout, traffic, given_settings, stage, green_s):
    """The cheapest of all sequences, by trying every one: the search without beam, dominance or grouping."""

    def best(second, stage, target, left, green_s, changes, served, free_s):
        if second == given_settings.horizon_s:
            final = target if target >= 0 else stage
            return cost_to_go(layout, traffic, given_settings, served, final, second)
        choices = [(stage, target, left, green_s, changes, served, free_s)]
        may_branch = second % given_settings.branch_every_s == 0 and target < 0 and changes < MAX_CHANGES
        if may_branch and green_s >= layout.min_green_s[stage]:
            choices += [
                (stage, other, 4, green_s, changes + 1, served, free_s)
                for other in range(3)
                if other != stage and is_wanted(layout, traffic, given_settings, served, other, second)
            ]
            if green_s >= layout.max_green_s[stage] and len(choices) > 1:
                choices.pop(0)
        costs = []
        for now, goal, rest, lasted, made, done_before, free_before in choices:
            done, free = done_before.copy(), free_before.copy()
            cost = discharge_second(layout, traffic, given_settings, done, free, now, goal, second)
            if goal < 0:
                cost += best(second + 1, now, goal, rest, lasted + 1, made, done, free)
            elif rest == 1:
                begin_stage(layout, traffic, given_settings, done, free, now, goal, second + 1)
                cost += best(second + 1, goal, -1, 0, 0, made, done, free)
            else:
                cost += best(second + 1, now, goal, rest - 1, lasted, made, done, free)
            costs.append(cost)
        return min(costs)

    return best(0, stage, -1, 0, green_s, 0, *start())


def test_the_search_is_close_to_the_optimum():
    """On 60 random small cases: never cheaper than the exhaustive optimum, equal in 90 %, within 2 % on average."""
    rng = np.random.default_rng(7)
    small, layout = Settings(horizon_s=26, width=40), make_layout(min_green_s=4)
    gaps = []
    for _ in range(60):
        lanes = [
            [(float(rng.integers(0, 20)), int(rng.choice(kinds))) for _ in range(rng.integers(0, 6))]
            for kinds in ((NORTH, NORTH_LEFT), (WEST,), (SOUTH,))
        ]
        traffic, stage, green_s = make_traffic(*lanes), int(rng.integers(0, 3)), int(rng.integers(0, 12))
        found = search_changes(layout, traffic, small, stage, green_s, anywhere())[1]
        optimum = find_optimum(layout, traffic, small, stage, green_s)
        assert found >= optimum - 1e-6
        gaps.append((found - optimum) / max(optimum, 1.0))
    assert np.mean(np.array(gaps) < 1e-9) >= 0.9
    assert np.mean(gaps) <= 0.02


def test_every_kernel_has_its_python_twin():
    """Compiled functions keep the Python function that they were made of."""
    kernels = [f for module in (discharge, search) for f in vars(module).values() if hasattr(f, "py_func")]
    assert len(kernels) >= 8
