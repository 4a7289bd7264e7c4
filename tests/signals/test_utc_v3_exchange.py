"""Stop and wait over a line that loses, repeats, delays and breaks: told once, and what is said of it is true."""

import heapq

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from signals.hardware.utc_v3.exchange import TRIES, Exchange, Heard, LinkBusy, Outcome, Sent
from signals.hardware.utc_v3.link import Acknowledged, FrameReader, LinkError, Message, Refused, decode_frame

ADDRESS = 0x1230


class Line:
    """Two ends, and between them whatever a draw says happens to each frame: a delay, none, or two; or a broken bit."""

    def __init__(self, draw):
        self.ends = [Exchange(ADDRESS, sequence=7), Exchange(ADDRESS, sequence=200)]
        self.readers = [FrameReader(), FrameReader()]
        self.heard, self.sent = [[], []], [[], []]
        self._draw, self._under_way, self._count = draw, [], 0

    def run(self, until_s, fate):
        """Let time pass in tenths of a second."""
        for tick in range(round(until_s * 10)):
            now_s = tick / 10.0
            while self._under_way and self._under_way[0][0] <= now_s:
                _, _, to, data = heapq.heappop(self._under_way)
                for found in self.readers[to].feed(data):
                    self._note(to, self.ends[to].take(found, now_s))
            for side in (0, 1):
                frames, given_up = self.ends[side].due(now_s)
                for sent in given_up:
                    self._note(side, sent)
                for data in frames:
                    for delay_s, broken in self._draw(fate):
                        self._count += 1
                        changed = bytearray(data)
                        if broken:
                            changed[broken % len(data)] ^= 0x10
                        heapq.heappush(self._under_way, (now_s + delay_s, self._count, 1 - side, bytes(changed)))

    def _note(self, side, event):
        if isinstance(event, Heard):
            self.heard[side].append(event.info)
        elif isinstance(event, Sent):
            self.sent[side].append(event)


BROKEN = st.sampled_from([0, 0, 0, 0, 3, 9])
FATES = st.lists(st.tuples(st.sampled_from([0.1, 0.3, 0.9, 1.5, 4.0]), BROKEN), max_size=2)
PROMPT = st.lists(st.tuples(st.sampled_from([0.1, 0.2, 0.3]), BROKEN), max_size=2)
SURE = st.just([(0.1, 0)])
QUEUES = st.lists(st.tuples(st.binary(min_size=2, max_size=6), st.booleans()), max_size=3)


@settings(deadline=None, max_examples=80)
@given(st.data(), QUEUES, QUEUES, st.sampled_from(["any", "prompt"]))
def test_whatever_the_line_does_nothing_is_told_twice(data, here, there, kind):
    """What is heard was sent, each once; what was acknowledged was heard; what must not be repeated was sent once. On a
    line that delivers soon or never, also in order: what is given up elsewhere may still come later than the next.
    """
    line = Line(data.draw)
    queues = [[info + bytes((0, n)) for n, (info, _) in enumerate(q)] for q in (here, there)]
    for side, queue in enumerate((here, there)):
        for info, (_, is_repeatable) in zip(queues[side], queue, strict=True):
            line.ends[side].send(info, is_repeatable=is_repeatable)
    line.run(22.0, FATES if kind == "any" else PROMPT)
    for side, queue in enumerate((here, there)):
        heard = line.heard[1 - side]
        places = [queues[side].index(info) for info in heard]
        assert len(set(places)) == len(places)
        assert kind == "any" or places == sorted(places)
        assert [event.ticket for event in line.sent[side]] == list(range(1, len(queue) + 1))
        for event, (_, is_repeatable), info in zip(line.sent[side], queue, queues[side], strict=True):
            assert event.tries <= (TRIES if is_repeatable else 1)
            assert info in heard or event.outcome is not Outcome.ACKNOWLEDGED


@settings(deadline=None, max_examples=40)
@given(st.data(), QUEUES)
def test_a_line_that_works_carries_everything(data, queue):
    """Without loss every message is heard and acknowledged at the first try."""
    line = Line(data.draw)
    for info, is_repeatable in queue:
        line.ends[0].send(info, is_repeatable=is_repeatable)
    line.run(10.0, SURE)
    assert line.heard[1] == [info for info, _ in queue]
    assert [(e.outcome, e.tries) for e in line.sent[0]] == [(Outcome.ACKNOWLEDGED, 1)] * len(queue)


def test_a_dead_line_is_given_up_after_five_tries():
    """Five times in five seconds; what must not be repeated, once; and the next message has another number."""
    end = Exchange(ADDRESS, sequence=0)
    end.send(b"\x5f\x40")
    end.send(b"\x5f\x1c\x00\x00\x00", is_repeatable=False)
    written = []
    for tick in range(80):
        frames, given_up = end.due(tick / 10.0)
        written += [(tick / 10.0, decode_frame(data)) for data in frames]
        written += [(tick / 10.0, sent) for sent in given_up]
    first, second = Message(1, ADDRESS, b"\x5f\x40"), Message(2, ADDRESS, b"\x5f\x1c\x00\x00\x00")
    assert written == [
        *((float(second_s), first) for second_s in range(5)),
        (5.0, second),
        (5.0, Sent(1, Outcome.UNANSWERED, 5)),
        (6.0, Sent(2, Outcome.UNANSWERED, 1)),
    ]
    assert end.wakes_at_s == float("inf")


def test_a_refusal_sends_again_at_once_or_ends():
    """A NAK says that the frame came broken; what must not be repeated fails all the same."""
    end = Exchange(ADDRESS)
    for is_repeatable, outcome in ((True, None), (False, Outcome.REFUSED)):
        ticket = end.send(b"\x5f\x40", is_repeatable=is_repeatable)
        frame = decode_frame(end.due(0.0)[0][0])
        event = end.take(Refused(frame.sequence, ADDRESS, LinkError.CHECKSUM), 0.2)
        assert event == (Sent(ticket, outcome, 1) if outcome else None)
        if outcome is None:
            assert decode_frame(end.due(0.2)[0][0]) == frame
            assert end.take(Acknowledged(frame.sequence, ADDRESS), 0.3) == Sent(ticket, Outcome.ACKNOWLEDGED, 2)


def test_frames_for_others_are_not_ours():
    """Another device's frames are not answered; a broadcast is heard and not acknowledged."""
    end = Exchange(ADDRESS)
    assert end.take(Message(1, ADDRESS + 1, b"\x5f\x40"), 0.0) is None
    assert end.take(Acknowledged(1, ADDRESS), 0.0) is None
    assert end.ignored == 2
    assert end.take(Message(3, 0xFFFF, b"\x0f\x12"), 0.0) == Heard(b"\x0f\x12", 3)
    assert end.due(0.0) == ([], [])


def test_a_jam_is_told():
    """More than a line will ever carry is refused, not kept."""
    end = Exchange(ADDRESS)
    for _ in range(64):
        end.send(b"\x5f\x40")
    with pytest.raises(LinkBusy, match="64 messages wait for device 0x1230"):
        end.send(b"\x5f\x40")
    assert len(end.cancel()) == 64
    assert end.wakes_at_s == float("inf")
