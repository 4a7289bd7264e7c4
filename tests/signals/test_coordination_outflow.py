"""What is promised downstream is what the chosen schedule does, and promises shape who is expected."""

import numpy as np
import pytest

from signals.coordination.conversation import Conversation, count_standing
from signals.coordination.expected import add_promised, spread_rates
from signals.coordination.outflow import plan_outflow
from signals.model import RoadUser
from signals.ports import Detections
from signals.prediction.arrivals import MAX_PER_LANE, LaneArrivals, predict_arrivals
from signals.prediction.flows import add_expected
from signals.prediction.queues import StuckMovements
from signals.scheduling.discharge import cost_to_go
from signals.scheduling.futures import LEFT, STAGE, TARGET, build_workspace
from signals.scheduling.problem import Settings, build_layout, build_traffic
from signals.scheduling.search import search_changes
from signals.simulation.network import read_sites
from signals.simulation.programs import read_programs
from signals.simulation.shipped_plan import build_plan
from signals.simulation.streets import read_streets
from sumo_scenarios.catalog import find_scenario


@pytest.fixture(scope="module")
def corridor():
    """Sites, streets and the plan of one signal in the middle of our corridor."""
    scenario = find_scenario("corridor")
    sites = read_sites(scenario.net)
    streets = read_streets(scenario.net, sites)
    name = sorted(sites)[2]
    return sites, streets, name, build_plan(sites[name], read_programs(scenario)[name], scenario)


def see(intersection, rng, size=25):
    """Some vehicles anywhere on the approaches."""
    driven = [m.index for m in intersection.movements if m.user is RoadUser.VEHICLE]
    distance_m = np.sort(rng.uniform(0, 300, size))
    speed_mps = np.where(distance_m < 60, 0.0, 13.0)
    exits = len(intersection.exits)
    return Detections(
        0.0,
        rng.choice(driven, size),
        distance_m,
        speed_mps,
        np.zeros(size),
        np.zeros(exits, np.int64),
        np.zeros(exits, np.int64),
        np.zeros(exits),
        np.zeros(len(intersection.movements), np.int64),
    )


@pytest.mark.parametrize("seed", range(6))
def test_a_replay_costs_what_the_search_said(corridor, seed):
    """The replay of the found changes has the search's own cost, and lets nobody out twice."""
    sites, _, name, plan = corridor
    crossing, settings = sites[name].intersection, Settings()
    seen = see(crossing, np.random.default_rng(seed))
    size = len(crossing.movements)
    free = StuckMovements(np.zeros(size, np.bool_), np.zeros(size, np.bool_))
    arrivals = predict_arrivals(crossing, seen)
    traffic = build_traffic(arrivals, np.zeros(len(crossing.exits), np.bool_), free, crossing, settings)
    layout = build_layout(crossing, plan)
    space = build_workspace(layout, settings)
    changes, best = search_changes(layout, traffic, settings, space, 0, 8, np.ones(len(plan.stages), np.bool_))
    planned, cost = plan_outflow(layout, traffic, settings, space, 0, 8, changes)
    last, served = space.spare.state[0], space.spare.served[0]
    final = last[TARGET] if last[TARGET] >= 0 else last[STAGE]
    rest = cost_to_go(layout, traffic, settings, space.outlook, served, final, settings.horizon_s)
    assert last[LEFT] >= 0
    assert cost + rest == pytest.approx(best)
    assert 0 < planned.sum() == served.sum() <= len(seen.movement)


def test_with_no_trust_the_flow_is_even(corridor):
    """Promises that are not trusted leave exactly the arrivals of an even flow."""
    sites, streets, name, _ = corridor
    crossing = sites[name].intersection
    rng = np.random.default_rng(1)
    seen, flow_per_s = see(crossing, rng, 5), rng.uniform(0, 0.1, len(crossing.movements))
    talk = Conversation(crossing, streets, Silence())
    talk.listen(0.0)
    ours = talk.expect(predict_arrivals(crossing, seen), seen, flow_per_s, 60, 0.0)
    even = add_expected(crossing, predict_arrivals(crossing, seen), flow_per_s, 60)
    assert ours.count.tolist() == even.count.tolist()
    for lane, count in enumerate(ours.count.tolist()):
        assert ours.movement[lane, :count].tolist() == even.movement[lane, :count].tolist()
        assert np.abs(ours.arrival_s[lane, :count] - even.arrival_s[lane, :count]).max(initial=0) <= 1.0


def test_promises_move_arrivals_to_their_seconds():
    """A platoon promised for second 40 is expected then and no sooner; beyond its bound it is not multiplied."""
    promised = np.zeros((1, 60))
    promised[0, 40:46] = 1.0
    zero, one = np.zeros(1), np.ones(1)
    rates = spread_rates(np.array([0.2]), np.zeros(1, np.int64), zero + 20.0, promised, zero, one)
    assert rates[0, :40].sum() == 0.0
    assert rates[0].sum() == pytest.approx(6 * 0.6)
    arrivals = predict_arrivals_of_nobody()
    add_promised(arrivals, rates, np.zeros(1, np.int64))
    assert arrivals.count[0] == 4
    assert arrivals.arrival_s[0, 0] >= 40.0


def test_a_queue_ends_at_its_gap():
    """Who stands far behind the last of the queue is counted, but the queue does not reach him."""
    distance_m = np.array([2.0, 9.0, 60.0, 100.0])
    speed_mps = np.array([0.0, 0.0, 0.0, 13.0])
    standing = count_standing(np.zeros(1, np.int64), np.zeros(4, np.int64), distance_m, speed_mps, 1)
    assert standing.tolist() == [[3, 4, 9]]


class Silence:
    """A link on which nothing comes."""

    def send(self, _message):
        """Lost."""

    def receive(self):
        """Nothing."""
        return ()


def predict_arrivals_of_nobody():
    """One empty lane."""
    return LaneArrivals(
        np.zeros(1, np.int64),
        np.zeros((1, MAX_PER_LANE)),
        np.zeros((1, MAX_PER_LANE), np.int64),
        np.zeros((1, MAX_PER_LANE)),
    )
