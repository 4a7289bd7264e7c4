"""Neighbours: every vehicle is told once, whatever the mail does, and silence is noticed."""

import random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from signals.coordination.clocks import ClockDifference
from signals.coordination.messages import ApproachReport, Message, encode
from signals.coordination.neighbourhood import Neighbourhood
from signals.coordination.peer import STALE_S
from signals.coordination.streets import Street
from signals.model import Approach, Intersection, Lane, Movement, Turn

STREET = Street("A", 0, "B", 0, 400.0, 30.0, lanes=1)


class Box:
    """A mail box: what is sent is kept, what is put in is received."""

    def __init__(self):
        self.sent, self.inbox = [], []

    def send(self, message):
        self.sent.append(message)

    def receive(self):
        messages, self.inbox = tuple(self.inbox), []
        return messages


def build_intersection(name, approaches=1):
    """One lane in, one lane out by approach."""
    lanes = tuple(Lane(f"{name}{k}_0", 400.0, 13.9) for k in range(approaches))
    none = np.zeros((approaches, approaches), np.bool_)
    return Intersection(
        name,
        lanes,
        lanes,
        tuple(Approach(f"{name}{k}", (k,)) for k in range(approaches)),
        tuple(Movement(k, k, k, Turn.THROUGH) for k in range(approaches)),
        none,
        none,
    )


def build_pair(streets=(STREET,)):
    """Sender A, receiver B and their boxes."""
    boxes = Box(), Box()
    return [Neighbourhood(build_intersection(n), streets, box) for n, box in zip("AB", boxes, strict=True)], boxes


def talk(seconds, departures, deliver, skew_s=0.0):
    """Each second A counts and publishes; ``deliver(raw, second)`` lists (second of arrival, raw); B's clock is off."""
    (sender, receiver), (out, inbox) = build_pair()
    post, entered = {}, []
    for second in range(seconds):
        sender.read(float(second))
        sender.count(np.array([departures.get(second, 0)]))
        sender.publish(np.zeros((1, 0)), ())
        for at, raw in deliver(out.sent.pop(), second):
            post.setdefault(at, []).append(raw)
        inbox.inbox += post.pop(second, [])
        receiver.read(second + skew_s)
        entered += receiver.entered().at_s.tolist()
    return entered


def test_a_departure_is_told_with_its_time_and_distance():
    """A vehicle measured upstream at 3 s comes once, with the street's length."""
    (sender, receiver), (out, inbox) = build_pair()
    sender.read(3.0)
    sender.count(np.array([1]))
    sender.publish(np.zeros((1, 0)), ())
    inbox.inbox += out.sent
    receiver.read(3.0)
    entered = receiver.entered()
    assert (entered.approach.tolist(), entered.at_s.tolist(), entered.distance_m.tolist()) == ([0], [3.0], [400.0])
    assert len(receiver.entered().at_s) == 0


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10**6), st.floats(-3.0, 3.0), st.floats(0.0, 0.5))
def test_every_vehicle_comes_once_whatever_the_mail_does(seed, skew_s, loss):
    """With messages lost, doubled, late and out of order and clocks apart, nobody is missed and nobody doubled."""
    rng = random.Random(seed)
    departures = {second: rng.choice((0, 0, 1, 2)) for second in range(100)}

    def deliver(raw, second):
        if rng.random() < loss and second < 100:
            return []
        return [(second + rng.choice((0, 0, 0, 1, 3)), raw) for _ in range(rng.choice((1, 1, 2)))]

    entered = talk(135, departures, deliver, skew_s)
    truth = [float(s) + skew_s for s, number in departures.items() for _ in range(number)]
    assert len(entered) == len(truth)
    assert np.abs(np.sort(entered) - np.sort(truth)).max() <= 3.1  # the longest way of this mail


@pytest.mark.parametrize("skew_s", [-2.0, 0.0, 2.0])
def test_clocks_two_seconds_apart_do_not_move_the_vehicles(skew_s):
    """Times are on the receiver's clock, off by no more than the way of the message."""
    entered = talk(60, {10: 1, 40: 1}, lambda raw, second: [(second + 1, raw)], skew_s)
    assert entered == pytest.approx([11.0 + skew_s, 41.0 + skew_s], abs=1.01)


def test_stamps_told_back_remove_the_way():
    """With both directions known, skew and way are told apart."""
    difference = ClockDifference()
    difference.add(sent_ms=10_000, received_ms=12_700)  # skew 2 s, way 700 ms
    assert difference.estimate_ms(None) == 2_700
    assert difference.estimate_ms(heard_ms=-1_300) == 2_000


def test_a_restart_begins_a_new_count():
    """After a restart of the sender its counts begin at zero; nobody comes twice and a late old message is ignored."""
    (_, receiver), (_, inbox) = build_pair()
    total = 0
    late = []
    for started in (0, 50_000):
        out = Box()
        sender = Neighbourhood(build_intersection("A"), (STREET,), out)
        for second in range(started // 1000, started // 1000 + 5):
            sender.read(float(second))
            sender.count(np.array([1]))
            sender.publish(np.zeros((1, 0)), ())
            inbox.inbox += [out.sent[-1], *late]
            receiver.read(float(second))
            total += len(receiver.entered().at_s)
        late = out.sent[-1:]
    assert total == 10


def test_a_silent_neighbour_is_forgotten():
    """Its promises and queues end some seconds after its last message."""
    (sender, receiver), (out, inbox) = build_pair()
    back = Neighbourhood(build_intersection("B"), (STREET,), Box())
    assert back.list_silent() == ("A",)
    sender.read(0.0)
    sender.publish(np.full((1, 50), 0.5), (ApproachReport(0, 3, 4, 20),))
    inbox.inbox += out.sent
    receiver.read(0.0)
    assert receiver.is_covered() == (True,)
    assert receiver.promised(60).sum() > 0
    receiver.read(STALE_S + 1)
    assert receiver.list_silent() == ("A",)
    assert receiver.is_covered() == (False,)
    assert receiver.promised(60).sum() == 0


def test_promises_are_believed_slowly_and_at_their_second():
    """A plan repeated each second is believed more and more, and its vehicle stays at the same absolute second."""
    (sender, receiver), (out, inbox) = build_pair()
    beliefs = []
    for second in range(8):
        planned = np.zeros((1, 50))
        planned[0, 12 - second] = 1.0
        sender.read(float(second))
        sender.publish(planned, ())
        inbox.inbox += [out.sent[-1]]
        receiver.read(float(second))
        promised = receiver.promised(60)[0]
        assert promised.argmax() == 12 - second + 32  # two seconds to cross, thirty along the street
        beliefs.append(promised.max())
    assert beliefs == sorted(beliefs)
    assert beliefs[0] == pytest.approx(0.3)
    assert beliefs[-1] > 0.9


def test_queues_are_told_upstream():
    """The room beyond an exit is what the queue and those present leave of the street."""
    (upstream, downstream), (inbox, out) = build_pair()
    downstream.read(5.0)
    downstream.publish(np.zeros((1, 0)), (ApproachReport(0, 20, 22, 310),))
    inbox.inbox += out.sent
    assert np.isnan(upstream.downstream().room[0])
    upstream.read(5.0)
    beyond = upstream.downstream()
    assert (beyond.queue[0], beyond.room[0], beyond.reach_m[0]) == (20.0, 12.0, 310.0)


def test_a_strangers_message_and_noise_change_nothing():
    """Only neighbours count; garbled bytes are dropped, a newer version is noted once."""
    (_, receiver), (_, inbox) = build_pair()
    newer = bytearray(encode(Message("A", 0, 1, 0)))
    newer[0] = 9
    inbox.inbox += [b"noise", encode(Message("Z", 0, 1, 0)), bytes(newer)]
    receiver.read(1.0)
    assert len(receiver.entered().at_s) == 0
    assert receiver.list_silent() == ("A",)


def test_a_street_back_to_oneself_needs_no_mail():
    """Where an exit leads to the same signal again, its own count tells."""
    loop = Street("A", 0, "A", 0, 40.0, 4.0)
    own = Neighbourhood(build_intersection("A"), (loop,), Box())
    own.read(1.0)
    own.count(np.array([2]))
    assert own.entered().at_s.tolist() == [1.0, 1.0]
    assert own.list_silent() == ()


def test_shares_carry_their_remainder():
    """Of ten that leave for a street which four in five take, eight are announced."""
    (sender, receiver), (out, inbox) = build_pair((Street("A", 0, "B", 0, 400.0, 30.0, share=0.8),))
    total = 0
    for second in range(10):
        sender.read(float(second))
        sender.count(np.array([1]))
        sender.publish(np.zeros((1, 0)), ())
        inbox.inbox += [out.sent[-1]]
        receiver.read(float(second))
        total += len(receiver.entered().at_s)
    assert total == 8
