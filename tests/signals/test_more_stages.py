"""Stages beyond the shipped ones: what they may be, and that plans with them are sound."""

from itertools import combinations

import pytest

from signals.model import RoadUser, Turn
from signals.simulation.network import read_sites
from signals.simulation.programs import read_programs
from signals.simulation.shipped_plan import build_plan
from signals.stages import MOST_STAGES
from signals.timing_plan import validate
from sumo_scenarios.catalog import find_scenario


@pytest.fixture(scope="module")
def district():
    """Intersections of the district, each with its plan without and with more stages."""
    scenario = find_scenario("pittsburgh50-am")
    programs, sites = read_programs(scenario), read_sites(scenario.net)
    return {
        signal: (
            site.intersection,
            build_plan(site, programs[signal], scenario, adds_stages=False),
            build_plan(site, programs[signal], scenario),
        )
        for signal, site in sites.items()
    }


def test_no_two_movements_of_an_added_stage_meet(district):
    """Only vehicles, no two from different approaches whose ways cross or merge, and each as the city shows it."""
    for crossing, shipped, more in district.values():
        approach_of = {lane: approach.id for approach in crossing.approaches for lane in approach.lanes}
        for stage in more.stages[len(shipped.stages) :]:
            assert all(crossing.movements[m].user is RoadUser.VEHICLE for m in stage.greens)
            for i, j in combinations(sorted(stage.greens), 2):
                a, b = (approach_of[crossing.movements[m].entry] for m in (i, j))
                assert a == b or not crossing.conflicts[i, j]
            assert all(stage.lamp(m) is max(s.lamp(m) for s in shipped.stages) for m in stage.greens)


def test_added_stages_change_neither_the_others_nor_the_local_plan(district):
    """Stages of the city keep their numbers and times, the sequence is theirs alone, nothing is there twice."""
    for crossing, shipped, more in district.values():
        count = len(shipped.stages)
        assert more.stages[:count] == shipped.stages
        assert more.timings[:count] == shipped.timings
        assert (more.sequence, more.cycle_s, more.offset_s) == (shipped.sequence, shipped.cycle_s, shipped.offset_s)
        assert len({(s.protected, s.permitted) for s in more.stages}) == len(more.stages) <= MOST_STAGES
        assert validate(more, crossing) == ()


def test_a_dual_ring_gets_its_missing_pairs(district):
    """E4 ships lefts by street and throughs by street; each of its four approaches also comes alone."""
    crossing, shipped, more = district["E4"]
    alone = [
        stage
        for stage in more.stages[len(shipped.stages) :]
        if len({crossing.entries[crossing.movements[m].entry].id.rpartition("_")[0] for m in stage.greens}) == 1
    ]
    assert len(alone) == 4
    for stage in alone:
        assert {crossing.movements[m].turn for m in stage.greens} >= {Turn.LEFT, Turn.THROUGH}


def test_movements_of_one_lane_stay_together(district):
    """A lane has one signal head: an added stage shows green to all that its lane is ever shown, or to none."""
    for crossing, shipped, more in district.values():
        lanes = {m.entry: set() for m in crossing.movements if m.user is RoadUser.VEHICLE}
        for m in crossing.movements:
            if m.user is RoadUser.VEHICLE:
                lanes[m.entry].add(m.index)
        for stage in more.stages[len(shipped.stages) :]:
            assert all(not own & stage.greens or own <= stage.greens for own in lanes.values())
