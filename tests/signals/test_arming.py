"""Shadow, advisory, armed: up by people and one step at a time, down by itself."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from signals.safety.arming import TRIAL_S, Arming, Level


def arm(arming, now_s=0.0):
    """All the way up, with nothing in the way."""
    assert arming.ask(Level.ADVISORY, (), now_s, "t") is None
    assert arming.ask(Level.ARMED, (), now_s + TRIAL_S, "t") is None
    return arming


def test_every_process_begins_in_shadow():
    """Whatever the configuration allows; by itself it allows no more."""
    arming = Arming(Level.ARMED)
    assert (arming.level, arming.why) == (Level.SHADOW, "the process has begun")
    assert Arming().most is Level.SHADOW


def test_nobody_is_armed_from_shadow_or_before_the_trial_is_over():
    """One step at a time, and the trial in advisory in full."""
    arming = Arming(Level.ARMED)
    first = arming.ask(Level.ARMED, (), 0.0, "t")
    assert first == "it is in shadow; ask for advisory first and watch what it would do"
    assert arming.ask(Level.ADVISORY, (), 10.0, "t") is None
    early = arming.ask(Level.ARMED, (), 10.0 + TRIAL_S - 1.0, "t")
    assert early == "1 s of its trial of 60 s are left; ask again then"
    assert (arming.level, arming.why) == (Level.ADVISORY, "t")
    assert arming.ask(Level.ARMED, (), 10.0 + TRIAL_S, "t") is None
    assert arming.level is Level.ARMED


@pytest.mark.parametrize("most", [Level.SHADOW, Level.ADVISORY])
def test_the_configuration_has_the_last_word(most):
    """What it does not allow cannot be asked for."""
    arming = Arming(most)
    arming.ask(Level.ADVISORY, (), 0.0, "t")
    refusal = arming.ask(Level(most + 1), (), 1000.0, "t")
    assert refusal == (f"the configuration allows {most.name.lower()} at most; it has to be changed and signed anew")
    assert arming.level <= most


def test_an_obstacle_forbids_arming_alone():
    """Its first one is told; advisory is where obstacles are looked at."""
    arming = Arming(Level.ARMED)
    assert arming.ask(Level.ADVISORY, ("the dead-man timer is off",), 0.0, "t") is None
    assert arming.ask(Level.ARMED, ("the dead-man timer is off",), 1000.0, "t") == "the dead-man timer is off"
    assert arming.level is Level.ADVISORY


def test_a_disturbance_disarms_and_begins_the_trial_anew():
    """Down to shadow at once with its reason; in advisory the trial has to be quiet from the beginning."""
    arming = arm(Arming(Level.ARMED))
    assert arming.disturb("the cabinet has started anew", 100.0)
    assert (arming.level, arming.why) == (Level.SHADOW, "the cabinet has started anew")
    assert not arming.disturb("again", 101.0)
    arming.ask(Level.ADVISORY, (), 110.0, "t")
    arming.disturb("again", 110.0 + TRIAL_S - 1.0)
    assert "left" in arming.ask(Level.ARMED, (), 110.0 + TRIAL_S, "t")
    assert arming.ask(Level.ARMED, (), 110.0 + 2 * TRIAL_S, "t") is None


def test_down_is_always_open():
    """No obstacle, no trial, no configuration holds anybody up."""
    arming = arm(Arming(Level.ARMED))
    assert arming.ask(Level.ADVISORY, ("something",), 60.0, "night shift") is None
    assert arming.ask(Level.SHADOW, ("something",), 60.0, "night shift") is None
    assert (arming.level, arming.why) == (Level.SHADOW, "night shift")


def test_a_level_that_it_has_is_asked_for_in_vain_and_without_harm():
    """No refusal, whatever stands in the way now: nothing changes but the reason, and a trial that runs goes on."""
    arming = Arming(Level.ARMED)
    arming.ask(Level.ADVISORY, (), 0.0, "t")
    assert arming.ask(Level.ADVISORY, ("something",), 30.0, "again") is None
    assert arming.ask(Level.ARMED, (), TRIAL_S, "t") is None
    assert arming.ask(Level.ARMED, ("something",), TRIAL_S + 1.0, "still") is None
    assert (arming.level, arming.why) == (Level.ARMED, "still")


def test_a_step_down_to_advisory_is_no_disturbance():
    """Who steps down by a person's wish, with nothing amiss, may be armed again without another trial."""
    arming = arm(Arming(Level.ARMED))
    assert arming.ask(Level.ADVISORY, (), TRIAL_S + 5.0, "lunch") is None
    assert arming.ask(Level.ARMED, (), TRIAL_S + 6.0, "back") is None


@given(st.lists(st.tuples(st.sampled_from([*Level, "disturb"]), st.floats(0, 100), st.booleans())))
def test_armed_has_always_had_a_quiet_trial(steps):
    """Whatever is asked in whatever order: armed comes after a whole trial in advisory without a disturbance."""
    arming, now_s, quiet_s, before = Arming(Level.ARMED), 0.0, 0.0, Level.SHADOW
    for what, passed_s, is_blocked in steps:
        now_s += passed_s
        quiet_s += passed_s
        if what == "disturb":
            arming.disturb("t", now_s)
            quiet_s = 0.0
        else:
            arming.ask(what, ("blocked",) if is_blocked else (), now_s, "t")
        if arming.level is Level.ARMED and before is not Level.ARMED:
            assert before is Level.ADVISORY
            assert quiet_s >= TRIAL_S - 1e-6
            assert not is_blocked
        if before is Level.SHADOW:
            quiet_s = 0.0
        before = arming.level
