"""The search: its kernels, its discharge model, its distance from the optimum."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from signals.scheduling import changes, discharge, futures, outlook, search, survival
from signals.scheduling.discharge import begin_stage, cost_to_go, discharge_second, is_foe_near
from signals.scheduling.exhaustive import find_optimum
from signals.scheduling.futures import build_workspace
from signals.scheduling.outlook import build_outlook, fill_outlook
from signals.scheduling.problem import PERMITTED, PROTECTED, ROOM_UNKNOWN, Layout, Settings, Traffic
from signals.scheduling.search import find_changes, search_changes

NORTH, WEST, NORTH_LEFT, SOUTH = range(4)
MAX_PER_LANE = 48
WEST_STAGE = 2
SETTINGS = Settings()


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
        keeps_s=np.zeros((3, 3, 4), np.int64),
        early_s=np.zeros((3, 3, 4), np.int64),
        change_s=np.full((3, 3), 4, np.int64),
        min_green_s=np.full(3, min_green_s, np.int64),
        max_green_s=np.full(3, max_green_s, np.int64),
        entry_of=np.array([0, 1, 0, 2], np.int64),
        exit_of=np.array([0, 1, 2, 0], np.int64),
        foes=foes,
        allowed=~np.eye(3, dtype=bool),
        lanes=3,
        exits=3,
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


def look(layout, traffic, given_settings=SETTINGS):
    """What all futures share."""
    shared = build_outlook(3, 3, MAX_PER_LANE, given_settings.horizon_s)
    fill_outlook(layout, traffic, given_settings, shared)
    return shared


def pass_seconds(layout, traffic, stage, seconds, given_settings=SETTINGS):
    """Vehicles served by lane after each second of one stage."""
    (served, free_s), room, history = start(), traffic.room.copy(), []
    shared = look(layout, traffic, given_settings)
    for second in range(seconds):
        discharge_second(layout, traffic, given_settings, shared, served, free_s, room, stage, -1, 0, second)
        history.append(served.tolist())
    return history


def find(traffic, stage, green_s, may_change=None, given_settings=SETTINGS, layout=None):
    """Search with the layout above."""
    layout = layout or make_layout()
    space = build_workspace(layout, given_settings)
    everywhere = anywhere() if may_change is None else may_change
    return search_changes(layout, traffic, given_settings, space, stage, green_s, everywhere)


def test_a_lane_discharges_at_its_headway():
    """A queue of five on a protected green leaves one vehicle every two seconds."""
    history = pass_seconds(make_layout(), make_traffic([], [(0.0, WEST)] * 5, []), 2, 10)
    assert [served[1] for served in history] == [1, 1, 2, 2, 3, 3, 4, 4, 5, 5]


def test_a_lane_has_its_own_headway():
    """What was learnt of a lane counts, not what the settings say."""
    traffic = make_traffic([], [(0.0, WEST)] * 5, [])._replace(headway_s=np.full(3, 4.0))
    assert [served[1] for served in pass_seconds(make_layout(), traffic, 2, 9)] == [1, 1, 1, 1, 2, 2, 2, 2, 3]


def test_a_waiting_left_turn_holds_the_through_traffic_behind_it():
    """First in, first out: with oncoming traffic the permitted head blocks its lane."""
    traffic = make_traffic([(0.0, NORTH_LEFT), (0.0, NORTH)], [], [(float(t), SOUTH) for t in range(0, 20, 2)])
    assert pass_seconds(make_layout(), traffic, 0, 8)[-1] == [0, 0, 4]


def test_who_stands_in_the_wrong_lane_waits_for_a_gap_in_his_own():
    """In the southern lane one stands who is bound for the northern exit: until three northerners have left and three
    seconds are free behind them, he blocks those behind him, and then he takes his turn in the northern lane.
    """
    queue = [(0.0, NORTH)] * 3
    traffic = make_traffic([*queue, (9.0, NORTH)], [], [(0.0, NORTH), (0.0, SOUTH)])
    history = pass_seconds(make_layout(), traffic, 0, 13)
    assert [(north, south) for north, _, south in history[4:]] == [
        (3, 0), (3, 0), (3, 1), (3, 1), (3, 2), (4, 2), (4, 2), (4, 2), (4, 2),
    ]  # fmt: skip


def test_a_guessed_head_leaves_as_fast_as_its_share():
    """Half of the lane goes left and has red: heads of unknown turn leave half as fast, known ones hold the lane."""
    layout = make_layout()
    layout.level[0, NORTH_LEFT] = 0
    traffic = make_traffic([(0.0, NORTH_LEFT)] * 4, [], [])._replace(turn_share=np.array([0.5, 1.0, 0.5, 1.0]))
    assert pass_seconds(layout, traffic, 0, 9)[-1][0] == 0
    traffic.is_guess[:] = True
    assert [served[0] for served in pass_seconds(layout, traffic, 0, 9)] == [1, 1, 1, 1, 2, 2, 2, 2, 3]


def test_an_exit_takes_no_more_than_it_has_room_for():
    """The third vehicle into an exit with room for two stays, until nobody knows any more how full it is."""
    traffic = make_traffic([], [(0.0, WEST)] * 3, [])
    traffic.room[1] = 2
    history = [served[1] for served in pass_seconds(make_layout(), traffic, 2, 16)]
    assert history[SETTINGS.blocked_s - 1 :] == [2, 3]


def test_what_a_departure_costs_downstream_is_charged_once():
    """Two vehicles at a price of five cost ten more than at no price; a negative price takes it off again."""
    traffic = make_traffic([], [(0.0, WEST)] * 2, [])
    free = find(traffic, 2, 9)[1]
    assert find(traffic._replace(price=np.full(4, 5.0)), 2, 9)[1] == pytest.approx(free + 10.0)
    assert find(traffic._replace(price=np.full(4, -5.0)), 2, 9)[1] == pytest.approx(free - 10.0)


def test_a_band_is_followed_where_nothing_speaks_against_it():
    """Nobody there, a band that wants the west from second ten: its stage comes by then; with queues it need not."""
    guide_s = np.full((3, 2), np.nan)
    guide_s[2] = 10.0, 30.0
    guided = SETTINGS._replace(guide_cost=2.0)
    late = make_traffic([], [(29.0, WEST)], [])._replace(guide_s=guide_s)
    changes, cost = find(late, 0, 9, given_settings=guided)
    assert changes[0, 0] <= 6
    assert changes[0, 1] == 2
    assert cost == pytest.approx(0.0)
    busy = make_traffic([(float(t), NORTH) for t in range(30)], [], [])._replace(guide_s=guide_s)
    assert WEST_STAGE not in find(busy, 0, 9, given_settings=guided._replace(guide_cost=0.1))[0][:, 1].tolist()


def test_stops_and_emissions_are_paid_for_as_set():
    """One vehicle that has to stop costs the stop and its fuel beside its delay."""
    traffic = make_traffic([], [(20.0, WEST)], [])
    only_wait = find(traffic, 0, 9, np.zeros(3, bool), SETTINGS._replace(horizon_s=24, look_ahead_s=0.0))[1]
    dearer = SETTINGS._replace(horizon_s=24, look_ahead_s=0.0, stop_cost_s=4.0, co2_cost_s_per_g=0.1)
    assert find(traffic, 0, 9, np.zeros(3, bool), dearer)[1] > only_wait + 4.0 + 0.1 * dearer.stop_g


def test_foes_behind_the_head_of_their_lane_count():
    """A foe that is second in its lane but due within the gap is seen, as long as the head before it can go."""
    layout = make_layout()._replace(entry_of=np.array([0, 2, 0, 2], np.int64))  # west shares south's lane
    layout.level[0, WEST] = PROTECTED
    traffic = make_traffic([(0.0, NORTH_LEFT)], [], [(0.0, WEST), (0.5, SOUTH)])
    served, free_s = start()
    assert is_foe_near(layout, traffic, SETTINGS, served, free_s, 0, -1, 0, NORTH_LEFT, 0.0)
    layout.level[0, WEST] = 0  # the head has red and blocks the foe
    assert not is_foe_near(layout, traffic, SETTINGS, served, free_s, 0, -1, 0, NORTH_LEFT, 0.0)


@pytest.mark.parametrize(("movement", "leaves_at_s"), [(NORTH, 0.0), (NORTH_LEFT, 1.5)])
def test_only_heads_that_were_red_pay_the_start_up(movement, leaves_at_s):
    """A lane whose head is green through the change pays nothing; one whose head starts pays the loss."""
    served, free_s = start()
    traffic = make_traffic([(0.0, movement)], [], [])
    begin_stage(make_layout(), traffic, served, free_s, 0, 1, 0)
    assert free_s[0] == leaves_at_s


def test_a_blocked_exit_discharges_nobody_for_a_while():
    """Vehicles into a full exit stay where they are for the first seconds of the plan, then go."""
    history = pass_seconds(make_layout(), make_traffic([], [(0.0, WEST)], [], blocked=[WEST]), 2, 16)
    assert [served[1] for served in history] == [0] * SETTINGS.blocked_s + [1]


@pytest.mark.parametrize(("stage", "expected"), [(0, 0), (1, 1)])
def test_a_left_turn_that_finds_no_gap_counts_on_its_own_stage_only(stage, expected):
    """A held movement does not discharge on a permitted green but does on a protected one."""
    traffic = make_traffic([(0.0, NORTH_LEFT)], [], [], held=[NORTH_LEFT])
    assert pass_seconds(make_layout(), traffic, stage, 1)[-1][0] == expected


def test_the_running_stage_is_kept_for_its_own_traffic():
    """With traffic for the running stage alone nothing changes before its maximum green."""
    changes, cost = find(make_traffic([], [(2.0, WEST)] * 3, []), 2, 9)
    assert changes[:, 0].tolist() == [50 - 9]
    assert cost < 10


def test_a_queue_at_red_is_served_at_once_when_nobody_else_comes():
    """The first change is now, and to the stage of the queue."""
    assert find(make_traffic([], [(0.0, WEST)] * 3, []), 0, 9)[0][0].tolist() == [0, 2]


def test_a_young_green_is_not_left():
    """No change before the minimum green, and then at once, however long the queue."""
    assert find(make_traffic([], [(0.0, WEST)] * 9, []), 0, 1)[0][0].tolist() == [4, 2]
    assert find(make_traffic([], [(0.0, WEST)] * 9, []), 0, 2)[0][0].tolist() == [3, 2]


def test_a_full_stage_is_left_even_for_nobody():
    """The guard ends a green at its maximum anyway; so the search chooses what follows."""
    changes, _ = find(make_traffic([(0.0, NORTH)] * 9, [], []), 0, 50)
    assert changes[0, 0] == 0
    assert changes[0, 1] == 1  # north stays green there, as it would not in stage 2


def test_the_first_decision_respects_what_is_allowed():
    """A stage that may not be chosen now is not the first change now."""
    changes, _ = find(make_traffic([], [(0.0, WEST)] * 3, []), 0, 9, np.array([True, True, False]))
    assert changes[0].tolist() == [1, 2]


@given(traffic=traffics(), stage=st.integers(0, 2), green_s=st.integers(0, 20))
@settings(max_examples=25, deadline=None)
def test_kernel_and_python_agree(traffic, stage, green_s):
    """The compiled search and the same function in plain Python return the same sequence and cost."""
    few, layout = Settings(horizon_s=16, width=9), make_layout()
    space = build_workspace(layout, few)
    given_now = (layout, traffic, few, space, stage, green_s, anywhere(), False)
    compiled, cost = find_changes(*given_now)
    sequence = space.found[:compiled].tolist()
    plain, plain_cost = find_changes.py_func(*given_now)
    assert space.found[:plain].tolist() == sequence
    assert plain_cost == pytest.approx(cost)


@given(traffic=traffics(), stage=st.integers(0, 2), green_s=st.integers(0, 20))
@settings(max_examples=100, deadline=None)
def test_a_search_that_ends_when_decided_decides_the_same(traffic, stage, green_s):
    """Ending once nobody leaves now any more: the same change now as the whole search's, or none as there."""
    layout = make_layout()
    space = build_workspace(layout, SETTINGS)
    whole = search_changes(layout, traffic, SETTINGS, space, stage, green_s, anywhere())[0].tolist()
    short = search_changes(layout, traffic, SETTINGS, space, stage, green_s, anywhere(), until_decided=True)[0].tolist()
    is_now = bool(whole) and whole[0][0] == 0
    assert short == whole if is_now else not short or short[0][0] > 0


@given(traffic=traffics(), stage=st.integers(0, 2), second=st.integers(0, 20))
@settings(max_examples=100, deadline=None)
def test_discharge_kernels_and_python_agree(traffic, stage, second):
    """One second of discharge, a stage's beginning and the cost to go: equal compiled and plain."""
    layout, outcomes = make_layout(), []
    shared = look(layout, traffic)
    for second_of, begin, rest in (
        (discharge_second, begin_stage, cost_to_go),
        (discharge_second.py_func, begin_stage.py_func, cost_to_go.py_func),
    ):
        (served, free_s), room = start(), traffic.room.copy()
        cost = second_of(layout, traffic, SETTINGS, shared, served, free_s, room, stage, -1, 0, second)
        begin(layout, traffic, served, free_s, stage, (stage + 1) % 3, second + 1)
        cost += rest(layout, traffic, SETTINGS, shared, served, stage, 30)
        outcomes.append((cost, served.tolist(), free_s.tolist(), room.tolist()))
    assert outcomes[0] == outcomes[1]


def test_memory_that_was_used_changes_nothing():
    """Two searches in the same workspace, in either order, find what each finds in a fresh one."""
    layout = make_layout()
    cases = [(make_traffic([], [(0.0, WEST)] * 9, []), 0), (make_traffic([(3.0, NORTH)], [], [(1.0, SOUTH)]), 2)]
    fresh = [find(traffic, stage, 9) for traffic, stage in cases]
    space = build_workspace(layout, SETTINGS)
    for k in (0, 1, 0, 1):
        traffic, stage = cases[k]
        again = search_changes(layout, traffic, SETTINGS, space, stage, 9, anywhere())
        assert again[0].tolist() == fresh[k][0].tolist()
        assert again[1] == fresh[k][1]


def test_the_search_is_close_to_the_optimum():
    """On 60 random small cases: never cheaper than the exhaustive optimum, equal in 95 %, never 10 % dearer."""
    rng = np.random.default_rng(7)
    small, layout = Settings(horizon_s=18, width=40, fine_s=0), make_layout(min_green_s=4)
    gaps = []
    for _ in range(60):
        lanes = [
            [(float(rng.integers(0, 20)), int(rng.choice(kinds))) for _ in range(rng.integers(0, 6))]
            for kinds in ((NORTH, NORTH_LEFT), (WEST,), (SOUTH,))
        ]
        traffic, stage, green_s = make_traffic(*lanes), int(rng.integers(0, 3)), int(rng.integers(0, 12))
        found = find(traffic, stage, green_s, given_settings=small, layout=layout)[1]
        optimum = find_optimum(layout, traffic, small, stage, green_s)
        assert found >= optimum - 1e-6
        gaps.append((found - optimum) / max(optimum, 1.0))
    assert np.mean(np.array(gaps) < 1e-9) >= 0.95
    assert np.mean(gaps) <= 0.005
    assert max(gaps) <= 0.1


def test_every_kernel_has_its_python_twin():
    """Compiled functions keep the Python function that they were made of."""
    modules = (changes, discharge, search, survival, futures, outlook)
    kernels = {name for module in modules for name, f in vars(module).items() if hasattr(f, "py_func")}
    assert len(kernels) >= 14
