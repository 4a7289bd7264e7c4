"""The auditor finds every planted violation in a recording, and nothing in a sound one."""

import importlib.util
import itertools
import re
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from signals.measures.audit import Rule, audit_run, audit_signal
from signals.measures.limits import get_limits
from signals.measures.recording import build_recording, load_recording
from signals.measures.right_of_way import load_layouts
from signals.measures.sumo_xml import MeasureError
from sumo_scenarios.catalog import find_scenario
from sumo_scenarios.manifest import Scenario

# link 0: through from the west; 1: through from the south, crosses 0; 2: left from the east, crosses 0 and
# yields to it; 3: right from the west beside 0, crosses nobody. The program ships 1 s of all-red and 4 s of
# green for link 1.
NET = """<net>
  <tlLogic id="x" type="static" programID="0" offset="0">
    <phase duration="20" state="GrgG"/><phase duration="3" state="yryy"/><phase duration="1" state="rrrr"/>
    <phase duration="4" state="rGrr"/><phase duration="3" state="ryrr"/><phase duration="1" state="rrrr"/>
  </tlLogic>
  <junction id="x" type="traffic_light" incLanes="w_0 s_0 e_0" intLanes=":x_0_0 :x_1_0 :x_2_0 :x_3_0">
    <request index="0" response="0000" foes="1100" cont="0"/>
    <request index="1" response="0000" foes="0000" cont="0"/>
    <request index="2" response="0001" foes="0001" cont="0"/>
    <request index="3" response="0001" foes="0001" cont="0"/>
  </junction>
  <connection from="w" to="e2" fromLane="0" toLane="0" via=":x_0_0" tl="x" linkIndex="0" dir="s" state="O"/>
  <connection from="w" to="s2" fromLane="0" toLane="0" via=":x_1_0" tl="x" linkIndex="3" dir="r" state="O"/>
  <connection from="s" to="n2" fromLane="0" toLane="0" via=":x_2_0" tl="x" linkIndex="1" dir="s" state="o"/>
  <connection from="e" to="s2" fromLane="0" toLane="0" via=":x_3_0" tl="x" linkIndex="2" dir="l" state="o"/>
</net>"""

SOUND = ((0, "Grgr"), (10, "yryr"), (13, "rrrr"), (15, "rGrG"), (25, "ryry"), (28, "rrrr"), (30, "Grgr"), (40, "Grgr"))


@pytest.fixture
def crossing(tmp_path):
    """A scenario around the hand-written net: 5 s of green, 3 s of yellow, 2 s of clearance, 60 s of red."""
    (tmp_path / "x.net.xml").write_text(NET, encoding="utf-8")
    return Scenario(
        "x", "x", tmp_path / "x.net.xml", (), min_green_s=5, yellow_s=3, red_clearance_s=2, max_red_s=60
    )  # fmt: skip


def write_recording(folder, changes):
    """SUMO writes one line per signal and second; the last change ends the recording."""
    lines = []
    for (start_s, state), (end_s, _) in itertools.pairwise(changes):
        lines += [
            f'<tlsState time="{t}.00" id="x" programID="0" phase="0" state="{state}"/>' for t in range(start_s, end_s)
        ]
    path = folder / "states.xml"
    path.write_text("<tlsStates>" + "\n".join(lines) + "</tlsStates>", encoding="utf-8")
    return path


def audit(scenario, changes, *, is_ours=True):
    """The violations of a recording as (rule, link, other, time, measured)."""
    path = write_recording(scenario.net.parent, changes)
    found = audit_run(path, scenario, is_ours=is_ours)
    return [(v.rule, v.link, v.other, v.time_s, v.measured_s) for v in found.violations]


def test_the_layout_comes_from_the_right_of_way_matrix(crossing):
    """Requests follow the incoming lanes, not the link indices: 0 crosses 1 and 2, and both yield to 0."""
    layout = load_layouts(crossing.net)["x"]
    assert layout.link_count == 4
    assert layout.conflicts == {(0, 1), (1, 0), (0, 2), (2, 0)}
    assert layout.yields == {(1, 0), (2, 0)}
    assert layout.names[3] == "w_0 to s2_0"


def test_a_sound_recording_passes(crossing):
    """Minimum greens, yellows and clearances kept: no finding, and the audit says how much it looked at."""
    found = audit_run(write_recording(crossing.net.parent, SOUND), crossing, is_ours=True)
    assert found.is_safe
    assert (found.signals, found.links, found.conflicts, found.recorded_s) == (1, 4, 2, 40)
    assert found.greens == 6


def test_a_short_green_is_found(crossing):
    """Link 1 and 3 green for 4 s where 5 s are required."""
    changes = (
        (0, "Grgr"),
        (10, "yryr"),
        (13, "rrrr"),
        (15, "rGrG"),
        (19, "ryry"),
        (22, "rrrr"),
        (24, "Grgr"),
        (30, ""),
    )
    assert audit(crossing, changes) == [(Rule.MIN_GREEN, 1, -1, 15, 4), (Rule.MIN_GREEN, 3, -1, 15, 4)]


def test_a_missing_and_a_short_yellow_are_found(crossing):
    """Link 0 goes from green to red at once, link 2 after 2 s of yellow."""
    changes = ((0, "Grgr"), (10, "rryr"), (12, "rrrr"), (40, ""))
    assert audit(crossing, changes) == [(Rule.YELLOW, 0, -1, 10, 0), (Rule.YELLOW, 2, -1, 10, 2)]


AMBERS = ((0, "Grgr"), (10, "yryr"), (13, "rrrr"), (15, "rurr"), (16, "rGrr"), (25, "ryrr"), (28, "rrrr"), (40, ""))


def test_a_red_amber_of_a_second_is_sound_and_serves_nobody(crossing):
    """One second before the green is nothing to report; it counts as red for clearances and for the longest red."""
    assert audit(crossing, AMBERS) == []
    early = ((0, "Grgr"), (10, "yryr"), (13, "rurr"), (14, "rGrr"), (25, "ryrr"), (28, "rrrr"), (40, ""))
    assert audit(crossing, early) == [(Rule.RED_CLEARANCE, 1, 0, 14, 1)]
    waiting = ((0, "rrrr"), (30, "rrru"), (31, "rrrr"), (62, ""))
    assert (Rule.MAX_RED, 3, -1, 0, 62) in audit(crossing, waiting)


@pytest.mark.parametrize(
    ("changes", "found"),
    [
        (((0, "Grgr"), (10, "yryr"), (13, "rrrr"), (14, "rurr"), (18, "rGrr"), (40, "")), (1, 14, 4)),  # too long
        (((0, "Grgr"), (10, "yryr"), (13, "rrrr"), (15, "rurr"), (16, "rrrr"), (40, "")), (1, 15, 1)),  # then red
        (((0, "rGrr"), (10, "ryrr"), (13, "rurr"), (14, "rGrr"), (40, "")), (1, 13, 1)),  # from yellow
        (((0, "rGrr"), (10, "rurr"), (11, "rGrr"), (40, "")), (1, 10, 1)),  # in the middle of a green
    ],
)
def test_a_red_amber_out_of_place_or_too_long_is_found(crossing, changes, found):
    """It comes after red, ends in green and lasts one to three seconds; shipped programs are not held to it."""
    link, time_s, length_s = found
    assert (Rule.RED_AMBER, link, -1, time_s, length_s) in audit(crossing, changes)
    assert Rule.RED_AMBER not in [v[0] for v in audit(crossing, changes, is_ours=False)]


def test_an_early_start_is_held_to_its_own_pairs_only(crossing):
    """Link 3 crosses nobody and starts while 0 is yellow; link 1 a second before its clearance from 0 is found."""
    early = ((0, "Grgr"), (10, "yryG"), (13, "rrrG"), (15, "rGrG"), (25, "ryry"), (28, "rrrr"), (40, ""))
    assert audit(crossing, early) == []
    too_early = ((0, "Grgr"), (10, "yryG"), (13, "rrrG"), (14, "rGrG"), (25, "ryry"), (28, "rrrr"), (40, ""))
    assert audit(crossing, too_early) == [(Rule.RED_CLEARANCE, 1, 0, 14, 1)]


def test_a_late_end_into_a_crossing_green_is_found(crossing):
    """A movement may stay green longer than the others of its stage, but not until a crossing one has started."""
    late = ((0, "Grgr"), (10, "Gryr"), (13, "yrrr"), (15, "yGrr"), (16, "rGrr"), (25, "ryrr"), (28, "rrrr"), (40, ""))
    assert (Rule.RED_CLEARANCE, 1, 0, 15, -1) in audit(crossing, late)


def test_a_link_that_is_only_ever_an_arrow_is_served_by_it(crossing):
    """Where the shipped program never gives a green but a stop-then-go, that is what the longest red looks at."""
    net = crossing.net
    net.write_text(net.read_text().replace("GrgG", "Grgs").replace("yryy", "yrys"), encoding="utf-8")
    round_s = ((0, "Grgs"), (20, "yryr"), (23, "rrrr"), (25, "rGrr"), (40, "ryrr"), (43, "rrrr"))
    changes = [(t + 45 * k, state) for k in range(3) for t, state in round_s]
    assert audit(crossing, (*changes, (135, ""))) == []
    never = [(t, state.replace("s", "r")) for t, state in changes]
    assert [(rule, link) for rule, link, *_ in audit(crossing, (*never, (135, "")))] == [(Rule.MAX_RED, 3)]


def test_a_yellow_that_turns_green_again_is_found_for_ours(crossing):
    """Yellow promises red; shipped programs that break the promise are only tolerated."""
    changes = ((0, "Grgr"), (10, "yrgr"), (13, "Grgr"), (30, ""))
    assert audit(crossing, changes) == [(Rule.YELLOW_THEN_GREEN, 0, -1, 13, 3)]
    assert audit(crossing, changes, is_ours=False) == []


def test_a_short_clearance_is_found(crossing):
    """Link 1 starts 1 s after the end of link 0's yellow: ours must keep 2 s, the shipped program keeps 1 s."""
    changes = ((0, "Grrr"), (10, "yrrr"), (13, "rrrr"), (14, "rGrr"), (24, ""))
    assert audit(crossing, changes) == [(Rule.RED_CLEARANCE, 1, 0, 14, 1)]
    assert audit(crossing, changes, is_ours=False) == []


def test_less_clearance_than_shipped_is_found_for_shipped_programs_too(crossing):
    """A start in the very second in which the other ends is less than the program's own 1 s."""
    changes = ((0, "Grrr"), (10, "yrrr"), (13, "rGrr"), (24, ""))
    assert audit(crossing, changes, is_ours=False) == [(Rule.RED_CLEARANCE, 1, 0, 13, 0)]


def test_a_start_against_yellow_is_found(crossing):
    """Link 1 turns green while link 0 still has 2 s of yellow."""
    changes = ((0, "Grrr"), (10, "yrrr"), (11, "yGrr"), (13, "rGrr"), (24, ""))
    assert audit(crossing, changes) == [(Rule.RED_CLEARANCE, 1, 0, 11, -2)]
    assert audit(crossing, changes, is_ours=False) == [(Rule.RED_CLEARANCE, 1, 0, 11, -2)]


def test_a_permissive_green_that_becomes_protected_needs_clearance(crossing):
    """Link 2 yields to link 0; it may not take the right of way the moment link 0's yellow ends."""
    changes = ((0, "Grgr"), (10, "yrgr"), (13, "rrGr"), (24, ""))
    assert audit(crossing, changes) == [(Rule.RED_CLEARANCE, 2, 0, 13, 0)]
    assert audit(crossing, ((0, "Grgr"), (10, "yrgr"), (13, "rrgr"), (15, "rrGr"), (24, ""))) == []


def test_two_protected_crossing_greens_are_found(crossing):
    """Links 0 and 1 both protected for 3 s, whoever ships it."""
    changes = ((0, "Grrr"), (10, "GGrr"), (13, "Grrr"), (24, ""))
    found = audit(crossing, changes, is_ours=False)
    assert (Rule.CONFLICTING_GREENS, 0, 1, 10, 3) in found
    assert (Rule.CONFLICTING_GREENS, 0, 1, 10, 3) in audit(crossing, changes)


def test_a_permissive_green_is_allowed_only_where_the_net_yields(crossing):
    """Link 2 yields to 0, so g beside G is sound; link 0 yields to nobody, so g for it beside G is not."""
    assert audit(crossing, ((0, "Grgr"), (20, ""))) == []
    assert audit(crossing, ((0, "grGr"), (20, ""))) == [(Rule.CONFLICTING_GREENS, 0, 2, 0, 20)]
    assert audit(crossing, ((0, "grgr"), (20, ""))) == []


def test_too_long_a_red_is_found_also_at_the_ends(crossing):
    """Link 1 is never green in 61 s; a red that began before the recording is measured from its start."""
    assert audit(crossing, ((0, "Grgr"), (61, ""))) == [(Rule.MAX_RED, 1, -1, 0, 61), (Rule.MAX_RED, 3, -1, 0, 61)]
    assert audit(crossing, ((0, "Grgr"), (60, ""))) == []


@pytest.mark.parametrize("is_ours", [True, False])
def test_a_lamp_that_controls_nothing_starves_nobody(crossing, is_ours):
    """Programs have lamps left over from connections that the net no longer has: always red, and nobody waits there."""
    net = crossing.net.read_text(encoding="utf-8").replace('linkIndex="3"', 'linkIndex="5"')
    crossing.net.write_text(re.sub(r'state="(\w{3})(\w)"', r'state="\1rr\2"', net), encoding="utf-8")
    layout = load_layouts(crossing.net)["x"]
    assert (layout.link_count, sorted(layout.names)) == (6, [0, 1, 2, 5])
    states = [
        (0, "GrgrrG"),
        (30, "yryrry"),
        (33, "rrrrrr"),
        (35, "rGrrrr"),
        (60, "ryrrrr"),
        (63, "rrrrrr"),
        (65, "GrgrrG"),
    ]
    assert audit(crossing, (*states, (90, "")), is_ours=is_ours) == []
    starved = [(at, state[:5] + "r") for at, state in states]
    assert audit(crossing, (*starved, (90, "")), is_ours=is_ours) == [(Rule.MAX_RED, 5, -1, 0, 90)]


def test_shipped_short_greens_are_held_to_what_is_shipped(crossing):
    """The program ships 4 s for link 1: 4 s pass, 3 s do not; links it gives longer greens keep the minimum."""
    limits = get_limits(load_layouts(crossing.net)["x"], crossing, is_ours=False)
    assert limits.shipped_green_s == {1: 4}
    assert limits.clearance_s == {(0, 1): 1, (1, 0): 1, (0, 2): 1}  # 2 never ends for 0, which starts with it
    start, tail = ((0, "Grrr"), (10, "yrrr"), (13, "rrrr"), (14, "rGrr")), ((30, "rrrr"), (40, ""))
    assert audit(crossing, (*start, (18, "ryrr"), (21, "rrrr"), *tail), is_ours=False) == []
    assert audit(crossing, (*start, (17, "ryrr"), (20, "rrrr"), *tail), is_ours=False) == [
        (Rule.MIN_GREEN, 1, -1, 14, 3)
    ]


def test_a_signal_without_recording_is_an_error_not_a_pass(crossing):
    """Nothing recorded is nothing known."""
    path = crossing.net.parent / "states.xml"
    path.write_text('<tlsStates><tlsState time="0" id="other" state="r"/></tlsStates>', encoding="utf-8")
    with pytest.raises(MeasureError, match="no states of signal x"):
        audit_run(path, crossing, is_ours=True)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("<tlsStates>", "not complete XML"),
        ("<tlsStates/>", "no <tlsState>"),
        ('<t><tlsState time="0" id="x"/></t>', "without id, time or state"),
        ('<t><tlsState time="soon" id="x" state="r"/></t>', "'soon', not a number"),
        ('<t><tlsState time="0" id="x" state="rr"/><tlsState time="1" id="x" state="r"/></t>', "1 lamps at 1 s"),
        ('<t><tlsState time="3" id="x" state="r"/><tlsState time="1" id="x" state="r"/></t>', "back in time"),
        ('<t><tlsState time="0" id="x" state="rr"/></t>', "is it a recording of this net"),
    ],
)
def test_a_broken_recording_is_explained(crossing, text, message):
    """A recording that is cut off, empty or of another net is named, never passed."""
    path = crossing.net.parent / "states.xml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(MeasureError, match=message):
        audit_run(path, crossing, is_ours=True)


def test_half_second_steps_are_measured_as_such(crossing):
    """2.5 s of yellow recorded every half second are 2.5 s."""
    states = ["Grrr"] * 20 + ["yrrr"] * 5 + ["rrrr"] * 20
    lines = [f'<tlsState time="{k / 2}" id="x" state="{state}"/>' for k, state in enumerate(states)]
    path = crossing.net.parent / "states.xml"
    path.write_text("<t>" + "".join(lines) + "</t>", encoding="utf-8")
    assert load_recording(path)["x"].times_s[-1] == 22.5
    found = audit_run(path, crossing, is_ours=True).violations
    assert [(v.rule, v.time_s, v.measured_s) for v in found] == [(Rule.YELLOW, 10, 2.5)]


def list_by_brute_force(states, limits, conflicts, yields):
    """An oracle that looks at every second of every link; simple and slow."""
    length, found = len(states), set()
    lamp = [[s[link] for s in states] for link in range(4)]
    is_green = lambda c: c in "Gg"  # noqa: E731
    for link in range(4):
        for t in range(1, length):
            if is_green(lamp[link][t]) and not is_green(lamp[link][t - 1]):
                end = next((u for u in range(t, length) if not is_green(lamp[link][u])), None)
                if end is not None and end - t < limits.min_green_s:
                    found.add((Rule.MIN_GREEN, link, -1, t))
            if is_green(lamp[link][t - 1]) and lamp[link][t] == "r":
                found.add((Rule.YELLOW, link, -1, t))
            if lamp[link][t] == "y" and lamp[link][t - 1] != "y":
                end = next((u for u in range(t, length) if lamp[link][u] != "y"), None)
                if end is not None and lamp[link][end] == "r" and end - t < limits.yellow_s:
                    found.add((Rule.YELLOW, link, -1, t))
            if lamp[link][t - 1] == "y" and is_green(lamp[link][t]):
                found.add((Rule.YELLOW_THEN_GREEN, link, -1, t))
        for t in range(length):
            if lamp[link][t] == "r" and (t == 0 or lamp[link][t - 1] != "r"):
                end = next((u for u in range(t, length) if lamp[link][u] != "r"), length)
                if end - t > limits.max_red_s:
                    found.add((Rule.MAX_RED, link, -1, t))
    for i, j in conflicts:
        for t in range(length):
            pair = lamp[i][t] + lamp[j][t]
            is_wrong = (
                pair == "GG"
                or (pair == "gG" and (i, j) not in yields)
                or (pair == "Gg" and (j, i) not in yields)
                or (pair == "gg" and not {(i, j), (j, i)} & yields)
            )
            if i < j and is_wrong:
                found.add((Rule.CONFLICTING_GREENS, i, j, t))
        for t in range(1, length):
            starts = is_green(lamp[j][t]) and not is_green(lamp[j][t - 1])
            promoted = lamp[j][t] == "G" and lamp[j][t - 1] == "g"
            if not (starts or promoted):
                continue
            if lamp[i][t] == "y":
                found.add((Rule.RED_CLEARANCE, j, i, t))
            if lamp[i][t] == "r":
                used = [u for u in range(t) if lamp[i][u] != "r"]
                if used and t - (used[-1] + 1) < limits.red_clearance_s:
                    found.add((Rule.RED_CLEARANCE, j, i, t))
    return found


segment = st.tuples(st.text("rrgGy", min_size=4, max_size=4), st.integers(1, 7))


@settings(max_examples=300, deadline=None)
@given(st.lists(segment, min_size=1, max_size=9))
def test_the_auditor_agrees_with_looking_at_every_second(crossing_limits, segments):
    """Whatever the lamps do, the findings are those of a brute-force look at every second."""
    layout, limits = crossing_limits
    states = [state for state, seconds in segments for _ in range(seconds)]
    changes = [(0.0, states[0])] + [(float(t), s) for t, s in enumerate(states) if t and s != states[t - 1]]
    recording = build_recording("x", changes, float(len(states)))
    found = {(v.rule, v.link, v.other, v.time_s) for v in audit_signal(layout, recording, limits)}
    expected = list_by_brute_force(states, limits, layout.conflicts, layout.yields)
    # the oracle names every second of a conflict, the auditor each stretch once
    conflicts = {f for f in expected if f[0] is Rule.CONFLICTING_GREENS}
    firsts = {f for f in conflicts if (*f[:3], f[3] - 1) not in conflicts}
    assert found == (expected - conflicts) | firsts


@pytest.fixture(scope="module")
def crossing_limits(tmp_path_factory):
    """Layout and limits of the hand-written crossing, 20 s of longest red."""
    net = tmp_path_factory.mktemp("net") / "x.net.xml"
    net.write_text(NET, encoding="utf-8")
    layout = load_layouts(net)["x"]
    scenario = Scenario("x", "x", net, (), min_green_s=5, yellow_s=3, red_clearance_s=2, max_red_s=20)
    return layout, get_limits(layout, scenario, is_ours=True)


def play_program(layout, seconds):
    """The shipped program of a layout as a recording."""
    changes, now_s = [], 0.0
    while now_s < seconds:
        for phase in layout.programs[0]:
            if not changes or changes[-1][1] != phase.state:
                changes.append((now_s, phase.state))
            now_s += phase.duration_s
    return build_recording(layout.signal, changes, now_s)


@pytest.mark.parametrize("name", ["isolated", "corridor", "grid"])
def test_our_shipped_programs_pass_as_strictly_as_our_controllers(name):
    """Played for ten minutes, every fixed plan keeps 2 s of clearance and all else."""
    scenario = find_scenario(name)
    for layout in load_layouts(scenario.net).values():
        recording = play_program(layout, 600)
        assert audit_signal(layout, recording, get_limits(layout, scenario, is_ours=True)) == []
        strict = replace(scenario, red_clearance_s=3)
        found = audit_signal(layout, recording, get_limits(layout, strict, is_ours=True))
        assert {v.rule for v in found} == {Rule.RED_CLEARANCE}  # the auditor is not blind here


@pytest.mark.skipif(importlib.util.find_spec("sumo_rl") is None, reason="sumo-rl is not installed (extra bench)")
@pytest.mark.parametrize("name", ["cologne3", "cologne8", "ingolstadt7", "grid4x4"])
def test_resco_programs_are_sound_as_shipped_and_not_by_our_clearance(name):
    """The RESCO plans have no all-red: nothing is found as shipped, and missing clearance is all over them as ours."""
    scenario = find_scenario(name)
    rules = set()
    for layout in load_layouts(scenario.net).values():
        recording = play_program(layout, 300)
        assert audit_signal(layout, recording, get_limits(layout, scenario, is_ours=False)) == []
        rules |= {v.rule for v in audit_signal(layout, recording, get_limits(layout, scenario, is_ours=True))}
    assert Rule.RED_CLEARANCE in rules
    assert Rule.CONFLICTING_GREENS not in rules


def test_every_pair_of_crossing_streets_is_known_as_conflict():
    """At isolated, every link from the north conflicts with some link from the west; none is unaccounted."""
    layout = load_layouts(find_scenario("isolated").net)["c"]
    start = {link: name[0] for link, name in layout.names.items()}
    through = {
        link: name
        for link, name in layout.names.items()
        if name[0] + name.split(" to ")[1][2] in ("ns", "we", "sn", "ew")
    }
    for a in through:
        for b in through:
            crosses = {start[a], start[b]} not in ({"n", "s"}, {"w", "e"}, {"n"}, {"s"}, {"w"}, {"e"})
            assert ((a, b) in layout.conflicts) == crosses
    assert np.all([any((a, b) in layout.conflicts for b in layout.names) for a in layout.names])
