"""J2735: known bytes there and back, nothing claimed that is not sure, and no bytes that do harm."""

import math
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from signals.hardware.j2735.frame import MOST_BYTES, MangledMessage, MessageId, decode, encode, unwrap, wrap
from signals.hardware.j2735.groups import ROUNDING_S, Ends, describe_groups, find_sure_s, list_shown
from signals.hardware.j2735.map_message import LaneNumbers, NoGeometry, encode_map
from signals.hardware.j2735.marks import (
    BEYOND_AN_HOUR_MARK,
    LEAST_AHEAD_S,
    UNKNOWN_MARK,
    to_earliest_mark,
    to_latest_mark,
    to_minute_of_year,
    to_moment,
    to_ms_of_minute,
)
from signals.hardware.j2735.priority import Receipt, decode_requests, encode_answers
from signals.hardware.j2735.spat import IntersectionName, Operation, encode_spat
from signals.model import IntervalKind, Lamp
from signals.ports import Advance, Hold, Mode, Release
from signals.priority import (
    FARTHEST_S,
    KEPT_AFTER_S,
    UNDATED_KEPT_S,
    BookLimits,
    Budget,
    PriorityAnswer,
    PriorityClass,
    PriorityRequest,
    RequestBook,
    RequestKind,
    Standing,
)
from tests.support.walked_crossing import (
    EAST,
    NORTH,
    NORTH_LEFT,
    WALK_WEST,
    build_cabinet,
    build_crossing,
    list_all_groups,
    measure_crossing,
)

PUBLISHED_SPAT = bytes.fromhex("00130b0000003781000000000005")
NAME = IntersectionName(1201, 886, "walked")
AT = datetime(2026, 11, 23, 10, 59, 58, 400_000, tzinfo=UTC)
INTERSECTION, PLAN = build_crossing()
GROUPS = list_all_groups()
NUMBERS = LaneNumbers(INTERSECTION)


def build_srm(*requests, role="transit", **requestor):
    """A frame with an SRM of a bus; each request is a lane and what else to put in."""
    packages = [
        {"request": {"id": {"id": 1201}, "requestID": k, "requestType": "priorityRequest", "inBoundLane": lane}, **more}
        for k, (lane, more) in enumerate(requests, 1)
    ]
    content = {
        "second": 0,
        "sequenceNumber": 7,
        "requests": packages,
        "requestor": {"id": ("entityID", b"\x01\x02\x03\x04"), "type": {"role": role}, "routeName": "R52", **requestor},
    }
    return encode(MessageId.SIGNAL_REQUEST, content)


def test_a_published_spat_is_read_and_written_bit_for_bit():
    """One intersection, one group that is permitted to go."""
    value = decode(PUBLISHED_SPAT, MessageId.SPAT)
    state = value["intersections"][0]
    assert state["id"] == {"id": 111}
    assert state["states"][0]["state-time-speed"][0]["eventState"] == "permissive-Movement-Allowed"
    assert encode(MessageId.SPAT, value) == PUBLISHED_SPAT


@given(st.integers(0, 0x7FFF), st.binary(min_size=1, max_size=MOST_BYTES - 4))
def test_a_frame_gives_back_what_was_put_in(message, payload):
    """Of any number and length, also where the length takes two bytes."""
    assert unwrap(wrap(message, payload)) == (message, payload)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        PUBLISHED_SPAT[:-1],
        PUBLISHED_SPAT + b"\0",
        b"\x80" + PUBLISHED_SPAT[1:],
        b"\x00\x13\xc1" + bytes(20),
        b"\x00\x13\x80\x0b" + PUBLISHED_SPAT[3:],
        b"\x00\x13" + (0x8000 | MOST_BYTES).to_bytes(2, "big") + bytes(MOST_BYTES),
        b"\x00\x1d" + PUBLISHED_SPAT[2:],
    ],
    ids=["nothing", "short", "long", "extended", "fragmented", "length not as PER has it", "too long", "another"],
)
def test_what_is_no_frame_of_the_kind_is_refused(data):
    """With the one exception that there is for it."""
    with pytest.raises(MangledMessage):
        decode(data, MessageId.SPAT)


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=400), st.sampled_from(MessageId))
@example(b"\xff" * 400, MessageId.SIGNAL_REQUEST)
@example(bytes(400), MessageId.MAP)
def test_random_bytes_are_refused_or_read_and_nothing_else(payload, message):
    """Whatever the codec stumbles over is told as one exception."""
    data = wrap(message, payload) if payload else b""
    with suppress(MangledMessage):
        assert isinstance(decode(data, message), dict)


@settings(max_examples=400, deadline=None)
@given(st.data())
def test_a_request_with_altered_bits_is_refused_or_a_value(data):
    """A real SRM with some bits turned, as an attacker or a bad channel has it."""
    whole = bytearray(build_srm((("lane", 1), {"minute": 3, "second": 4, "duration": 5}), (("approach", 2), {})))
    for bit in data.draw(st.lists(st.integers(0, len(whole) * 8 - 1), max_size=6)):
        whole[bit // 8] ^= 1 << bit % 8
    book = RequestBook()
    try:
        requests = decode_requests(bytes(whole), NAME, NUMBERS, Receipt(AT, 100.0))
    except MangledMessage:
        return
    for request in requests:
        assert not request.is_proven
        assert book.take(request, 100.0) in Standing
        assert request.entries <= set(range(len(INTERSECTION.entries)))


def show(state, expected=None, at=AT, **operation):
    """The SPaT of a state as its groups, by number."""
    shown = describe_groups(PLAN, GROUPS, state, expected)
    data = encode_spat(NAME, Operation(state.mode, **operation), shown, at, 1)
    intersection = decode(data, MessageId.SPAT)["intersections"][0]
    groups = {movement["signalGroup"]: movement["state-time-speed"][0] for movement in intersection["states"]}
    status = {bit for bit in range(16) if intersection["status"][0] >> (15 - bit) & 1}
    return groups, status, intersection


def run_to(kind, target=1):
    """A cabinet's report in an interval of the change to a stage, and the seconds before it."""
    cabinet = build_cabinet()
    for _ in range(20):
        cabinet.obey(Hold())
        cabinet.tick(1.0)
    cabinet.obey(Advance(target))
    while cabinet.read_state().interval is not kind:
        cabinet.tick(1.0)
    return cabinet.read_state()


def test_movements_that_are_always_shown_the_same_share_a_group():
    """Of one kind of road user; a permitted turn and each crossing have their own."""
    assert [group.movements for group in GROUPS] == [(0, 1), (2,), (3,), (4,), (5,)]
    assert [group.number for group in GROUPS] == [1, 2, 3, 4, 5]


def test_lamps_become_event_states():
    """A yellow is told apart by the green that it ends; on foot, what is not green is stop."""
    green = build_cabinet().read_state()
    groups, status, whole = show(green)
    words = {n: group["eventState"] for n, group in groups.items()}
    assert words == {
        1: "protected-Movement-Allowed",
        2: "permissive-Movement-Allowed",
        3: "stop-And-Remain",
        4: "protected-Movement-Allowed",
        5: "stop-And-Remain",
    }
    assert status == {12}
    assert (whole["id"], whole["name"]) == ({"region": 886, "id": 1201}, "walked")
    yellow, _, _ = show(run_to(IntervalKind.YELLOW))
    assert [yellow[n]["eventState"] for n in (1, 2)] == ["protected-clearance", "permissive-clearance"]
    told, _, _ = show(replace(green, lamps=(Lamp.RED_AMBER, Lamp.RED_AMBER, Lamp.STOP_THEN_GO, *[Lamp.RED] * 3)))
    assert [told[n]["eventState"] for n in (1, 2)] == ["pre-Movement", "stop-Then-Proceed"]
    broken, _, _ = show(replace(green, lamps=(Lamp.RED, Lamp.PROTECTED_GREEN, *[Lamp.RED] * 4)))
    assert broken[1] == {"eventState": "unavailable"}, "lamps of one group that differ are nothing to rely on"


@pytest.mark.parametrize(
    ("mode", "bits"),
    [
        (Mode.REMOTE, {6}),
        (Mode.LOCAL, {5}),
        (Mode.RAIL, {3, 13}),
        (Mode.PREEMPTED, {3, 13}),
        (Mode.MANUAL, {0, 13}),
        (Mode.FLASH, {2, 13}),
        (Mode.FAULT, {8, 13}),
    ],
)
def test_who_decides_is_told_and_what_nobody_knows_is_not(mode, bits):
    """While somebody outranks us the cabinet's stage may be old: no lamp and no time is told."""
    state = replace(build_cabinet().read_state(), mode=mode)
    groups, status, _ = show(state, {1: Ends(10.0, 20.0, 15.0)}, has_map=True, has_fixed_times=True)
    assert status == bits
    if mode.outranks:
        assert all(group == {"eventState": "unavailable"} for group in groups.values())


def test_lamps_that_the_cabinet_tells_are_shown_while_it_is_outranked_but_never_while_it_flashes():
    """And no time is promised with them."""
    lamps = (Lamp.PROTECTED_GREEN, Lamp.PROTECTED_GREEN, *[Lamp.RED] * 4)
    rail = replace(build_cabinet().read_state(), mode=Mode.RAIL, lamps=lamps)
    groups, status, _ = show(rail, {1: Ends(10.0, 20.0, 15.0)})
    assert groups[1]["eventState"] == "protected-Movement-Allowed"
    assert groups[1]["timing"] == {"minEndTime": UNKNOWN_MARK}
    assert 13 not in status
    flashing, _, _ = show(replace(rail, mode=Mode.FLASH))
    assert flashing[1] == {"eventState": "unavailable"}


@settings(max_examples=200, deadline=None)
@given(
    st.floats(0.0, 80.0),
    st.none() | st.floats(0.0, 300.0),
    st.none() | st.floats(0.0, 300.0),
    st.none() | st.floats(0.0, 300.0),
    st.integers(0, 86_399),
)
def test_no_green_is_claimed_beyond_the_minimum_that_the_guard_keeps(elapsed_s, earliest_s, latest_s, likely_s, second):
    """Whoever expects more; a mark is never so near that it can be read as the next hour's; unknown stays unknown."""
    at = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(seconds=second)
    state = replace(build_cabinet().read_state(), mode=Mode.REMOTE, elapsed_s=elapsed_s)
    groups, _, _ = show(state, {1: Ends(earliest_s, latest_s, likely_s, 0.9)}, at)
    timing = groups[1]["timing"]
    left_s = max(0.0, PLAN.timings[0].min_green_s - elapsed_s - ROUNDING_S)
    if timing["minEndTime"] == UNKNOWN_MARK:
        assert earliest_s is None or min(earliest_s, left_s, 300.0 if latest_s is None else latest_s) < LEAST_AHEAD_S
    else:
        ahead_s = (timing["minEndTime"] / 10.0 - second) % 3600.0
        assert LEAST_AHEAD_S - 0.1 <= ahead_s <= min(left_s, earliest_s) + 1e-6
    assert ("maxEndTime" in timing) == (latest_s is not None)
    if latest_s is not None:
        assert (timing["maxEndTime"] / 10.0 - second) % 3600.0 >= latest_s - 1e-6
    if likely_s is None:
        assert not {"likelyTime", "confidence"} & set(timing)
    elif "confidence" in timing:
        assert timing["confidence"] == 10


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(0, 9), min_size=1, max_size=60), st.integers(0, 5))
def test_what_is_sure_comes_true(wishes, movement):
    """However the cabinet is led: what a movement is surely shown for a time, it is shown for that time."""
    cabinet = build_cabinet()
    promises = []
    for wish in wishes:
        cabinet.obey(Advance(1 - cabinet.read_state().stage) if wish == 0 else Hold())
        for _ in range(2):
            state, lamp = cabinet.read_state(), cabinet.list_lamps()[movement]
            assert list_shown(PLAN, state, 6)[movement] is lamp
            for until_s, promised in promises:
                assert state.uptime_s >= until_s - 1e-6 or lamp is promised
            sure_s = find_sure_s(PLAN, state, movement, lamp)
            promises.append((state.uptime_s + sure_s, lamp))
            cabinet.tick(1.0)


def test_the_green_of_a_stage_and_the_red_after_it_are_sure_for_known_times():
    """A green to its minimum; who waits, also through the change; a yellow to its end; nothing without a target."""
    state = replace(build_cabinet().read_state(), elapsed_s=5.0)
    assert find_sure_s(PLAN, state, NORTH, Lamp.PROTECTED_GREEN) == 10.0
    assert find_sure_s(PLAN, state, EAST, Lamp.RED) == 20.0
    assert find_sure_s(PLAN, run_to(IntervalKind.YELLOW), NORTH_LEFT, Lamp.YELLOW) == 3.0
    assert find_sure_s(PLAN, replace(state, interval=IntervalKind.YELLOW), WALK_WEST, Lamp.RED) is None
    assert find_sure_s(PLAN, state, EAST, Lamp.PROTECTED_GREEN) is None
    assert find_sure_s(PLAN, replace(state, stage=9), NORTH, Lamp.PROTECTED_GREEN) is None
    assert find_sure_s(PLAN, replace(state, elapsed_s=math.nan), NORTH, Lamp.PROTECTED_GREEN) is None


def test_a_moment_is_told_by_minute_millisecond_and_tenth():
    """Of the year, of the minute, of the hour; marks run over the hour, and beyond one there is only "later"."""
    assert to_minute_of_year(AT) == (326 * 24 + 10) * 60 + 59
    assert to_ms_of_minute(AT) == 58_400
    assert to_earliest_mark(AT, 1.0) == 35_994
    assert to_earliest_mark(AT, 3.25) == 16
    assert to_latest_mark(AT, 3.25) == 17
    assert to_earliest_mark(AT, 0.4) == UNKNOWN_MARK
    assert to_earliest_mark(AT, math.nan) == to_latest_mark(AT, math.nan) == UNKNOWN_MARK
    assert to_latest_mark(AT, 0.0) == 35_989
    assert to_latest_mark(AT, math.inf) == to_earliest_mark(AT, 3600.0) == BEYOND_AN_HOUR_MARK
    with pytest.raises(ValueError, match="time zone"):
        to_minute_of_year(datetime(2026, 1, 1))  # noqa: DTZ001


@given(st.datetimes(datetime(2000, 1, 2), datetime(2098, 12, 30), timezones=st.just(UTC)), st.integers(-3600, 3600))  # noqa: DTZ001
def test_a_moment_of_the_year_is_found_again_from_any_moment_near_it(at, seconds):
    """Over New Year as well, in leap years and others."""
    moment = at.replace(microsecond=at.microsecond // 1000 * 1000)
    assert to_moment(to_minute_of_year(moment), to_ms_of_minute(moment), moment + timedelta(seconds=seconds)) == moment


def test_a_map_tells_lanes_groups_and_ways():
    """Each lane that is used, where it leads, and the group that SPaT has for it."""
    content = decode(encode_map(NAME, INTERSECTION, GROUPS, measure_crossing(), 3), MessageId.MAP)
    intersection = content["intersections"][0]
    assert intersection["refPoint"] == {"lat": 226_273_000, "long": 1_203_014_000}
    lanes = {lane["laneID"]: lane for lane in intersection["laneSet"]}
    assert set(lanes) == {1, 2, 3, 4, 6, 7, 8, 9, 11, 12}
    (left,) = lanes[3]["connectsTo"]
    assert left == {"connectingLane": {"lane": 8, "maneuver": (1 << 10, 12)}, "signalGroup": 2, "connectionID": 3}
    assert lanes[1]["ingressApproach"] == lanes[3]["ingressApproach"] == 1
    deltas = [node["delta"][1] for node in lanes[1]["nodeList"][1]]
    assert [(sum(d["x"] for d in deltas[:k]), sum(d["y"] for d in deltas[:k])) for k in (1, 2, 3)] == [
        (0, 1000),
        (50, 6000),
        (300, 21_000),
    ]
    assert NUMBERS.find_entries("lane", 3) == NUMBERS.find_entries("connection", 3) == {2}
    assert NUMBERS.find_entries("approach", 1) == {0, 2}
    assert NUMBERS.find_exits("lane", 8) == NUMBERS.find_exits("connection", 3) == {2}


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"entries": (None,) * 4}, "entry n "),
        ({"exits": ()}, "exit to-s"),
        ({"crossings": ()}, "walk"),
        ({"latitude_deg": math.nan}, "latitude"),
        ({"lane_width_m": 0.0}, "width"),
    ],
)
def test_there_is_no_map_of_what_nobody_has_measured(change, word):
    """It is refused, and what is missing is named."""
    with pytest.raises(NoGeometry, match=word if word != "walk" else "crossing"):
        encode_map(NAME, INTERSECTION, GROUPS, replace(measure_crossing(), **change), 0)
    with pytest.raises(NoGeometry, match="no positions"):
        encode_map(NAME, INTERSECTION, GROUPS, None, 0)


def test_a_request_becomes_who_from_where_and_when():
    """The estimated arrival in our monotonic seconds, with its window; lanes, approaches and connections as ours."""
    arrival = AT + timedelta(seconds=20.0)
    when = {"minute": to_minute_of_year(arrival), "second": to_ms_of_minute(arrival), "duration": 4000}
    data = build_srm(
        (("lane", 3), when), (("approach", 1), {}), (("connection", 4), {"minute": 527_040}), (("lane", 9), {})
    )
    first, second, third, fourth = decode_requests(data, NAME, NUMBERS, Receipt(AT, 500.0))
    assert first == PriorityRequest(
        "entity:01020304",
        1,
        RequestKind.NEW,
        frozenset({2}),
        earliest_s=pytest.approx(520.0),
        latest_s=pytest.approx(524.0),
        priority=PriorityClass.TRANSIT,
        sequence=7,
    )
    assert (second.entries, second.earliest_s, second.latest_s) == ({0, 2}, None, None)
    assert (third.entries, third.exits, third.earliest_s) == ({3}, frozenset(), None)
    assert fourth.entries == frozenset(), "lane 9 leads out"
    assert decode_requests(data, replace(NAME, number=7), NUMBERS, Receipt(AT, 0.0)) == ()
    assert decode_requests(data, replace(NAME, region=0), NUMBERS, Receipt(AT, 0.0, is_proven=True))[0].is_proven


def test_a_request_is_cancelled_and_answered_by_the_messages():
    """The status tells each vehicle which of its requests got what."""
    content = decode(build_srm((("lane", 1), {})), MessageId.SIGNAL_REQUEST)
    content["requests"][0]["request"]["requestType"] = "priorityCancellation"
    content["requestor"]["id"] = ("stationID", 4_000_000_000)
    (request,) = decode_requests(encode(MessageId.SIGNAL_REQUEST, content), NAME, NUMBERS, Receipt(AT, 0.0))
    assert (request.kind, request.vehicle) == (RequestKind.CANCEL, "station:4000000000")
    lost = replace(request, vehicle="entity:0a0b0c0d", entries=frozenset(), number=9)
    answers = [PriorityAnswer(request, Standing.GRANTED), PriorityAnswer(lost, Standing.REJECTED)]
    status = decode(encode_answers(answers, NAME, NUMBERS, AT, 5), MessageId.SIGNAL_STATUS)["status"][0]
    assert status["sequenceNumber"] == 5
    first, second = status["sigStatus"]
    assert (first["status"], first["inboundOn"], first["requester"]["sequenceNumber"]) == ("granted", ("lane", 1), 7)
    assert (second["status"], second["requester"]["id"]) == ("rejected", ("entityID", b"\x0a\x0b\x0c\x0d"))
    with pytest.raises(ValueError, match="answers"):
        encode_answers([], NAME, NUMBERS, AT, 0)
    with pytest.raises(ValueError, match="named"):
        encode_answers([PriorityAnswer(replace(request, vehicle="x"), Standing.GRANTED)], NAME, NUMBERS, AT, 0)


requests = st.builds(
    PriorityRequest,
    vehicle=st.sampled_from("abcdef"),
    number=st.integers(0, 9),
    kind=st.sampled_from(RequestKind),
    entries=st.frozensets(st.integers(0, 3), max_size=2),
    earliest_s=st.none() | st.floats(),
    latest_s=st.none() | st.floats(),
    priority=st.sampled_from(PriorityClass),
    is_proven=st.booleans(),
)


@given(st.lists(st.tuples(requests, st.floats(0.0, 2.0)), max_size=120))
def test_a_book_keeps_few_and_none_that_is_past(asked):
    """Whatever is asked, and however often."""
    limits, now_s = BookLimits(most=6, most_of_one=3, per_s=5.0, burst=10), 0.0
    book = RequestBook(limits)
    taken = 0
    for request, pause_s in asked:
        now_s += pause_s
        taken += book.take(request, now_s) is Standing.RECEIVED
        kept = book.list_open(now_s)
        assert len(kept) <= limits.most
        assert len({(r.vehicle, r.number) for r in kept}) == len(kept)
        for r in kept:
            last_s = r.latest_s if r.latest_s is not None else r.earliest_s
            assert r.entries
            assert last_s is None or (math.isfinite(last_s) and now_s < last_s + KEPT_AFTER_S)
            assert r.earliest_s is None or r.earliest_s <= now_s + FARTHEST_S
    assert taken <= 2 * (limits.burst + limits.per_s * now_s)
    assert taken + book.refused == len(asked)
    assert book.list_open(now_s + 3 * FARTHEST_S + UNDATED_KEPT_S) == ()


def ask(vehicle="bus", number=1, *, kind=RequestKind.NEW, proven=False, **more):
    """A request from lane 0."""
    return PriorityRequest(vehicle, number, kind, frozenset({0}), is_proven=proven, **more)


def test_a_repeated_request_is_one_and_a_cancelled_one_is_none():
    """An update takes the place of what it updates."""
    book = RequestBook()
    book.take(ask(earliest_s=10.0), 0.0)
    book.take(ask(earliest_s=12.0, kind=RequestKind.UPDATE), 1.0)
    assert [r.earliest_s for r in book.list_open(1.0)] == [12.0]
    book.take(ask(kind=RequestKind.CANCEL), 2.0)
    assert book.list_open(2.0) == ()


def test_nobody_can_keep_out_or_alter_what_is_proven():
    """Not by flooding, not by names, not by cancelling; and what is proven comes first."""
    book = RequestBook(BookLimits(most=4, most_of_one=2, burst=10, per_s=1.0))
    for k in range(50):
        book.take(ask(f"spoofed {k % 7}", k, priority=PriorityClass.EMERGENCY), 0.0)
    for k in range(2):
        book.take(ask("bus", 100 + k), 5.0)
    assert book.take(ask("bus", 1, proven=True), 6.0) is Standing.RECEIVED
    assert book.take(ask("bus", 1, kind=RequestKind.CANCEL), 7.0) is Standing.REJECTED
    assert book.list_open(7.0)[0] == ask("bus", 1, proven=True)
    book.settle(ask("bus", 1, proven=True))
    assert not any(r.is_proven for r in book.list_open(7.0))


def test_an_old_report_promises_less_and_a_stale_one_says_nothing():
    """Seconds on the wire and in queues count against the minimum green."""
    state = replace(build_cabinet().read_state(), elapsed_s=5.0)
    ends = [describe_groups(PLAN, GROUPS, state, {1: Ends(60.0)}, age_s=s)[0].ends.earliest_s for s in (0.0, 2.5)]
    assert ends == [10.0 - ROUNDING_S, 7.5 - ROUNDING_S]
    for age_s in (3.5, -1.0, math.nan):
        assert {shown.lamp for shown in describe_groups(PLAN, GROUPS, state, age_s=age_s)} == {None}


def test_a_flood_is_counted_before_it_is_read():
    """A budget lets a burst through and then so many a second."""
    budget = Budget(2.0, 5)
    assert [budget.spend(0.0) for _ in range(7)] == [True] * 5 + [False] * 2
    assert [budget.spend(1.0) for _ in range(3)] == [True, True, False]


def test_a_release_promises_nothing_more():
    """Under its local plan the cabinet keeps the same minimum greens, and the same clearances."""
    cabinet = build_cabinet()
    cabinet.obey(Release("test"))
    groups, _, _ = show(cabinet.read_state(), {1: Ends(earliest_s=100.0)})
    assert groups[1]["timing"] == {"minEndTime": to_earliest_mark(AT, 15.0 - ROUNDING_S)}
