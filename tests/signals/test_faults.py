"""What fails between the street and the controller, and the mail between neighbours."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from signals.simulation.faults import NO_FAULTS, DetectorFaults, FaultPlan, Pulses, SkewedClock
from signals.simulation.mail import Mail

NAMES = [f"loop{n}" for n in range(2000)]
CITY = {"a": ("b", "c"), "b": ("a",), "c": ("a",)}


def second(size, count=1, occupied_s=0.5):
    """A second in which every detector says the same."""
    return Pulses(np.full(size, count), np.full(size, occupied_s), np.ones(size, np.bool_))


def test_nothing_fails_without_a_plan():
    """A plan of zeros leaves every second as it is."""
    told = DetectorFaults(NO_FAULTS, NAMES).spoil(0.0, second(len(NAMES)))
    assert told.count.tolist() == [1] * len(NAMES)
    assert told.occupied_s.tolist() == [0.5] * len(NAMES)
    assert told.is_fresh.all()


def test_the_shares_are_kept_and_no_detector_fails_twice():
    """Of two thousand detectors about as many fail in each way as is asked, each in one way."""
    plan = FaultPlan(share_dead=0.1, share_stuck_on=0.2, share_stuck_off=0.05, share_chatter=0.15, seed=4)
    faults = DetectorFaults(plan, NAMES)
    ways = np.array([faults.dead, faults.stuck_on, faults.stuck_off, faults.chatter])
    assert ways.sum(axis=0).max() == 1
    assert ways.mean(axis=1) == pytest.approx([0.1, 0.2, 0.05, 0.15], abs=0.03)


def test_each_failure_shows_as_it_does_in_the_street():
    """Dead ones say nothing; stuck ones always or never something; the others what they see."""
    faults = DetectorFaults(FaultPlan(share_dead=0.2, share_stuck_on=0.2, share_stuck_off=0.2), NAMES)
    told = faults.spoil(0.0, second(len(NAMES)))
    assert not told.is_fresh[faults.dead].any()
    assert told.is_fresh[~faults.dead].all()
    assert set(told.occupied_s[faults.stuck_on]) == {1.0}
    assert set(told.occupied_s[faults.stuck_off]) == {0.0}
    works = ~(faults.dead | faults.stuck_on | faults.stuck_off)
    assert not told.count[~works].any()
    assert set(told.count[works]) == {1}


def test_who_fails_depends_on_name_and_seed_alone():
    """A detector fails or not whatever others there are; another seed picks others."""
    plan = FaultPlan(share_dead=0.3)
    whole, half = DetectorFaults(plan, NAMES), DetectorFaults(plan, NAMES[::2])
    assert whole.dead[::2].tolist() == half.dead.tolist()
    assert DetectorFaults(FaultPlan(share_dead=0.3, seed=1), NAMES).dead.tolist() != whole.dead.tolist()
    assert round(plan.draw("detector", "loop0"), 6) == 0.196157  # a draw that must not change from release to release


def test_chatter_counts_what_is_not_there():
    """On an empty street chattering detectors count, the others do not."""
    faults = DetectorFaults(FaultPlan(share_chatter=0.5), NAMES)
    counted = sum(faults.spoil(float(t), second(len(NAMES), 0, 0.0)).count for t in range(60))
    assert counted[faults.chatter].min() > 0
    assert counted[~faults.chatter].max() == 0


def test_drop_outs_take_the_share_of_time_that_is_asked_and_last_ten_seconds():
    """A healthy detector is silent for a tenth of the time, never for less than ten seconds."""
    faults = DetectorFaults(FaultPlan(drop_out=0.1), NAMES)
    fresh = np.array([faults.spoil(float(t), second(len(NAMES))).is_fresh for t in range(300)])
    assert 1 - fresh[20:].mean() == pytest.approx(0.1, abs=0.02)
    for column in fresh.astype(int).T[:200]:
        changes = np.flatnonzero(np.diff(column))
        if len(changes) > 1:
            begins = 0 if column[changes[0]] else 1
            assert min(np.diff(changes)[begins::2], default=10) >= 10


def test_latency_loses_no_pulse():
    """Readings that come three seconds late say what was three seconds ago, and all counts arrive."""
    faults = DetectorFaults(FaultPlan(latency_s=3.0), NAMES[:1])
    told = [faults.spoil(float(t), second(1, count=t)) for t in range(20)]
    assert [int(one.count[0]) for one in told] == [0, 0, 0, *range(17)]
    assert [bool(one.is_fresh[0]) for one in told] == [False] * 3 + [True] * 17


@pytest.mark.parametrize(
    "values",
    [{"share_deaf": 0.1}, {"miss": 1.2}, {"drop_out": -0.1}, {"latency_s": float("nan")}, {"miss": "many"},
     {"share_dead": 0.6, "share_stuck_on": 0.6}],
)  # fmt: skip
def test_impossible_plans_are_refused_by_name(values):
    """An unknown fault or an impossible number is one clear error that names it."""
    with pytest.raises(ValueError, match=f"{min(values)}|more than"):
        FaultPlan.from_values(values)


def test_a_plan_is_made_of_a_mapping_of_numbers():
    """As a file or a command line would have it."""
    assert FaultPlan.from_values({"miss": 0.2, "silent": ["a"]}) == FaultPlan(miss=0.2, silent=("a",))


def test_clocks_are_off_by_no_more_than_asked():
    """Each signal's clock has its own error, both ways."""
    plan = FaultPlan(clock_skew_s=2.0)
    skews_s = [plan.skew_s(f"signal{n}") for n in range(500)]
    assert -2.0 <= min(skews_s) < -1.5
    assert 1.5 < max(skews_s) <= 2.0

    class Clock:
        def now_s(self):
            return 100.0

    assert SkewedClock(Clock(), 1.5).now_s() == 101.5


def test_mail_comes_in_the_next_second_to_every_address():
    """Not in the same second, whoever sends or receives first, and once only."""
    mail = Mail(CITY)
    mail.deliver(0.0)
    mail.link("a").send(b"x")
    assert mail.link("b").receive() == ()
    mail.deliver(1.0)
    assert mail.link("b").receive() == mail.link("c").receive() == (b"x",)
    assert mail.link("b").receive() == mail.link("a").receive() == ()


def test_who_has_no_neighbour_writes_to_nobody():
    """A lone signal's messages go nowhere, without an error."""
    mail = Mail({})
    mail.link("lonely").send(b"x")
    mail.deliver(1.0)
    assert mail.link("lonely").receive() == ()


@given(loss=st.floats(0.0, 1.0), seed=st.integers(0, 50), latency_s=st.floats(0.0, 5.0))
def test_mail_is_lost_and_late_as_planned_and_the_same_each_time(loss, seed, latency_s):
    """Two runs of one seed lose the same messages; what arrives is in order and not before it is due."""

    def run():
        mail = Mail(CITY, FaultPlan(message_loss=loss, message_latency_s=latency_s, seed=seed))
        came = []
        for t in range(40):
            mail.deliver(float(t))
            came += [(t, int(message)) for message in mail.link("b").receive()]
            mail.link("a").send(str(t).encode())
        return came

    came = run()
    assert came == run()
    assert [sent for _, sent in came] == sorted(sent for _, sent in came)
    assert all(t >= sent + 1 + latency_s - 1e-3 for t, sent in came)
    if loss == 0.0:
        assert len(came) >= 40 - 1 - 6


def test_a_fifth_of_the_messages_is_lost():
    """Over many messages the share lost is that of the plan."""
    mail = Mail(CITY, FaultPlan(message_loss=0.2))
    came = 0
    for t in range(2000):
        mail.deliver(float(t))
        came += len(mail.link("b").receive())
        mail.link("a").send(b"x")
    assert came / 2000 == pytest.approx(0.8, abs=0.03)


@pytest.mark.parametrize("silent", [1, ("b",)])
def test_silent_neighbours_send_nothing_and_still_receive(silent):
    """One by number or by name; the others go on."""
    mail = Mail(CITY, FaultPlan(silent=silent))
    for signal in CITY:
        mail.link(signal).send(signal.encode())
    mail.deliver(1.0)
    heard = {m for signal in CITY for m in mail.link(signal).receive()}
    assert len(heard) == 2
    if silent == ("b",):
        assert heard == {b"a", b"c"}
