"""A shipped program is held to the clearances of its own transitions, not to the stages between two links."""

from dataclasses import replace

import pytest

from signals.measures.audit import Rule, audit_signal
from signals.measures.limits import get_limits
from signals.measures.recording import build_recording
from signals.measures.right_of_way import Phase, SignalLayout, load_layouts
from signals.measures.shipped import find_clearances
from sumo_scenarios.manifest import Scenario

SCENARIO = Scenario("x", "x", None, (), min_green_s=5, yellow_s=3, red_clearance_s=2, max_red_s=90)
ALL_CROSS = frozenset((i, j) for i in range(3) for j in range(3) if i != j)


def build_layout(*phases, conflicts=ALL_CROSS, walkers=None):
    """A signal whose three links all cross; a phase is (state, seconds) and perhaps the phases that may follow."""
    program = tuple(Phase(state, seconds, seconds, *following) for state, seconds, *following in phases)
    names = dict.fromkeys(range(3), "way")
    return SignalLayout("x", 3, conflicts, frozenset(), names, (program,), walkers or {})


# one stage for each link; only the first transition has an all-red, of 1 s
THREE_STAGES = build_layout(
    ("Grr", 20), ("yrr", 3), ("rrr", 1), ("rGr", 20), ("ryr", 3), ("rrG", 20), ("rry", 3)
)  # fmt: skip


def audit(layout, *changes, is_ours=False):
    """The findings as (rule, link, other, time, measured); the last change ends the recording."""
    recording = build_recording("x", list(changes[:-1]), changes[-1][0])
    found = audit_signal(layout, recording, get_limits(layout, SCENARIO, is_ours=is_ours))
    return [(v.rule, v.link, v.other, v.time_s, v.measured_s) for v in found]


def test_a_stage_that_is_cut_short_takes_nobodys_clearance():
    """Actuated, the second stage lasts 5 s instead of 20 s: link 2 starts 9 s after link 0, and not 24 s. That is sound."""
    start = ((0, "Grr"), (10, "yrr"), (13, "rrr"), (14, "rGr"), (19, "ryr"))
    assert audit(THREE_STAGES, *start, (22, "rrG"), (32, "")) == []


def test_the_all_red_that_a_program_ships_is_kept_by_its_actuated_twin():
    """The 1 s between links 0 and 1 left out is found, however the greens vary."""
    start = ((0, "Grr"), (10, "yrr"), (13, "rGr"), (19, "ryr"))
    assert audit(THREE_STAGES, *start, (22, "rrG"), (32, "")) == [(Rule.RED_CLEARANCE, 1, 0, 13, 0)]


def test_a_start_against_yellow_is_found_between_links_that_never_follow_one_another():
    """Link 2 starts while link 0 has a second of yellow left."""
    assert audit(THREE_STAGES, (0, "Grr"), (10, "yrr"), (12, "yrG"), (13, "rrG"), (30, "")) == [
        (Rule.RED_CLEARANCE, 2, 0, 12, -1)
    ]


def test_a_stage_left_out_does_not_take_the_all_red_with_it():
    """The program never goes from link 0 to link 2; who does so keeps the second that link 0 ships."""
    start = ((0, "Grr"), (10, "yrr"))
    assert audit(THREE_STAGES, *start, (13, "rrG"), (30, "")) == [(Rule.RED_CLEARANCE, 2, 0, 13, 0)]
    assert audit(THREE_STAGES, *start, (13, "rrr"), (14, "rrG"), (30, "")) == []


def test_ours_are_held_to_the_scenario_whatever_is_shipped():
    """2 s are required of our controllers where the program ships 1 s."""
    start = ((0, "Grr"), (10, "yrr"), (13, "rrr"))
    assert audit(THREE_STAGES, *start, (14, "rGr"), (30, "")) == []
    assert audit(THREE_STAGES, *start, (14, "rGr"), (30, ""), is_ours=True) == [(Rule.RED_CLEARANCE, 1, 0, 14, 1)]
    assert audit(THREE_STAGES, *start, (15, "rGr"), (30, ""), is_ours=True) == []


def test_every_branch_of_a_program_is_a_transition():
    """A program that may jump from the first stage to the third ships that clearance too: 4 s beside 1 s."""
    layout = build_layout(
        ("Grr", 20, (1, 7)), ("yrr", 3), ("rrr", 1), ("rGr", 20), ("ryr", 3), ("rrG", 20), ("rry", 3, (0,)),
        ("yrr", 3), ("rrr", 4, (5,)),
    )  # fmt: skip
    clearances_s = find_clearances(layout, SCENARIO.min_green_s)
    assert (clearances_s[0, 1], clearances_s[0, 2]) == (1, 4)
    start = ((0, "Grr"), (10, "yrr"), (13, "rrr"))
    assert audit(layout, *start, (16, "rrG"), (30, "")) == [(Rule.RED_CLEARANCE, 2, 0, 16, 3)]
    assert audit(layout, *start, (17, "rrG"), (30, "")) == []


@pytest.mark.parametrize(("walkers", "shipped_s"), [({2: 12.0}, 9), ({}, 0)])
def test_the_clearance_of_pedestrians_is_no_stage(walkers, shipped_s):
    """Link 2 ends 6 s before link 0: for pedestrians these 6 s and the yellow are clearance, for vehicles a stage."""
    layout = build_layout(
        ("GrG", 20), ("Grr", 6), ("yrr", 3), ("rGr", 20), ("ryr", 3),
        conflicts=frozenset({(0, 1), (1, 0), (1, 2), (2, 1)}), walkers=walkers,
    )  # fmt: skip
    found = find_clearances(layout, SCENARIO.min_green_s)
    assert found.get((2, 1), 0) == shipped_s


def test_a_short_end_of_a_stage_is_a_part_of_the_intergreen():
    """Link 2 ends 4 s before link 0; less than the shortest green, so nobody may shorten it."""
    layout = build_layout(("GrG", 20), ("Gry", 3), ("Grr", 4), ("yrr", 3), ("rGr", 20), ("ryr", 3))
    assert find_clearances(layout, SCENARIO.min_green_s)[2, 1] == 7


def test_a_program_without_a_lamp_for_every_link_ships_nothing():
    """Its states cannot be read; the general rules remain."""
    layout = replace(THREE_STAGES, link_count=4)
    assert find_clearances(layout, SCENARIO.min_green_s) == {}


def test_phases_that_may_follow_are_read_from_the_net(tmp_path):
    """SUMO's ``next`` attribute lists the phases by number."""
    net = tmp_path / "x.net.xml"
    net.write_text(
        '<net><tlLogic id="x"><phase duration="9" minDur="6" state="G" next="1 0"/><phase duration="3" state="y"/>'
        '</tlLogic><connection from="a" to="b" fromLane="0" toLane="0" tl="x" linkIndex="0" dir="s" state="O"/></net>',
        encoding="utf-8",
    )
    assert load_layouts(net)["x"].programs == ((Phase("G", 9, 6, (1, 0)), Phase("y", 3, 3)),)
