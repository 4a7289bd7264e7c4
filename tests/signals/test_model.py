"""Stages, lamps and words for movements."""

import pytest

from signals.model import Lamp, Stage
from signals.simulation.network import read_sites
from sumo_scenarios.catalog import find_scenario

STAGE = Stage(0, protected=frozenset({0}), permitted=frozenset({1}), stop_then_go=frozenset({2}))


@pytest.mark.parametrize(
    ("movement", "lamp"),
    [(0, Lamp.PROTECTED_GREEN), (1, Lamp.PERMITTED_GREEN), (2, Lamp.STOP_THEN_GO), (3, Lamp.RED)],
)
def test_a_stage_shows_each_movement_its_lamp(movement, lamp):
    """Protected, permitted, the right-turn arrow, and red for everyone else."""
    assert STAGE.lamp(movement) is lamp
    assert (movement in STAGE.greens) == lamp.is_green


def test_the_lesser_of_two_lamps_is_the_safer():
    """Lamps are ordered by right of way, so that the minimum of two may always be shown."""
    assert sorted(Lamp) == [
        Lamp.RED,
        Lamp.RED_AMBER,
        Lamp.YELLOW,
        Lamp.STOP_THEN_GO,
        Lamp.PERMITTED_GREEN,
        Lamp.PROTECTED_GREEN,
    ]


def test_every_movement_belongs_to_one_lane_of_one_approach():
    """Entries, approaches and movements of a real crossing fit together, and conflicts are mutual."""
    for site in read_sites(find_scenario("corridor").net).values():
        crossing = site.intersection
        assert sorted(lane for a in crossing.approaches for lane in a.lanes) == list(range(len(crossing.entries)))
        assert {m.entry for m in crossing.movements} == set(range(len(crossing.entries)))
        assert {m.exit for m in crossing.movements} == set(range(len(crossing.exits)))
        assert (crossing.conflicts == crossing.conflicts.T).all()
        assert not (crossing.yields & ~crossing.conflicts).any()
        assert "left" in " ".join(crossing.describe(m.index) for m in crossing.movements)
