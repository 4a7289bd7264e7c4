"""Publishing: the neutral JSON says what is known, every listener gets it, and a dead one delays nobody."""

import asyncio
import json
import math
import socket
import subprocess
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from aiomqtt import Client, MqttError
from hypothesis import given
from hypothesis import strategies as st

from signals.hardware.j2735.groups import Ends, describe_groups
from signals.model import Lamp
from signals.ports import Mode
from signals.runtime.publishing import MOST_PAYLOAD_BYTES, SCHEMA, Outbox, Publication, Publisher, encode_state
from signals.runtime.publishing_sinks import Broker, MqttSink, UdpSink
from tests.support.mqtt_broker import find_broker, serve_mqtt
from tests.support.redis_server import find_port
from tests.support.walked_crossing import build_cabinet, build_crossing, list_all_groups

AT = datetime(2026, 11, 23, 10, 0, 0, 250_000, tzinfo=UTC)
PLAN = build_crossing()[1]
LIMIT_S = 60.0
ATTEMPTS = 2000


def read_state(state, expected=None):
    """A state as a listener reads it."""
    shown = describe_groups(PLAN, list_all_groups(), state, expected)
    return json.loads(encode_state("walked", state, shown, AT, 17))


def test_a_state_says_who_is_shown_what_and_until_when():
    """With time marks, the confidence in what is likely, and null for what is not known."""
    told = read_state(build_cabinet().read_state(), {1: Ends(30.0, 45.0, 33.0, 0.8)})
    assert {key: told[key] for key in ("schema", "intersection", "at", "sequence", "mode", "stage", "interval")} == {
        "schema": SCHEMA,
        "intersection": "walked",
        "at": "2026-11-23T10:00:00.250Z",
        "sequence": 17,
        "mode": "local",
        "stage": 0,
        "interval": "green",
    }
    assert told["groups"][0] == {
        "number": 1,
        "user": "vehicle",
        "movements": [0, 1],
        "lamp": "protected_green",
        "ends": {
            "earliest": "2026-11-23T10:00:14.250Z",
            "latest": "2026-11-23T10:00:45.250Z",
            "likely": "2026-11-23T10:00:33.250Z",
            "confidence": 0.8,
        },
    }
    assert told["groups"][2]["lamp"] == "red"
    assert set(told["groups"][2]["ends"].values()) == {None}


@given(
    st.sampled_from(Mode),
    st.floats(),
    st.integers(-3, 9),
    st.lists(st.sampled_from(Lamp), max_size=8),
    st.builds(Ends, *[st.none() | st.floats()] * 4),
    st.frozensets(st.text(max_size=9)),
)
def test_any_state_is_json_and_nothing_old_is_told_as_new(mode, elapsed_s, stage, lamps, ends, faults):
    """Numbers that are none are null; while somebody outranks us no stage and no end is told."""
    state = replace(
        build_cabinet().read_state(), mode=mode, elapsed_s=elapsed_s, stage=stage, lamps=tuple(lamps), faults=faults
    )
    told = read_state(state, dict.fromkeys(range(1, 6), ends))
    assert told["faults"] == sorted(faults)
    if mode.outranks:
        assert told["stage"] is told["interval"] is told["elapsed_s"] is None
        assert all(set(group["ends"].values()) == {None} for group in told["groups"])
    elif not math.isfinite(elapsed_s):
        assert told["elapsed_s"] is None


@pytest.mark.parametrize(("topic", "size"), [("", 1), ("a/+", 1), ("#", 1), ("a\0b", 1), ("t", MOST_PAYLOAD_BYTES + 1)])
def test_what_a_broker_would_refuse_for_ever_is_no_publication(topic, size):
    """It is refused where it is made, so that it bars nobody's way."""
    with pytest.raises(ValueError):
        Publication(topic, bytes(size))


@given(st.integers(1, 9), st.lists(st.booleans(), max_size=60))
def test_an_outbox_drops_its_oldest_and_counts_them(most, actions):
    """True puts one in, False takes one out; what is left is the newest, in order."""

    async def run():
        outbox, model, put = Outbox(most), [], 0
        for is_put in actions:
            if is_put:
                outbox.put(Publication("t", str(put).encode()))
                model.append(str(put).encode())
                put += 1
                model = model[-most:]
            elif model:
                async with outbox.taking() as publication:
                    assert publication.payload == model.pop(0)
            assert len(outbox) == len(model)
        assert outbox.dropped == put - outbox.sent - len(model)

    asyncio.run(run())


async def break_off(outbox, payload):
    """Take something and fail to send it."""
    async with outbox.taking() as publication:
        assert publication.payload == payload
        raise BrokenPipeError


def test_what_fails_is_sent_again_but_not_for_ever():
    """In its place before the others; after three tries it is dropped."""

    async def run():
        outbox = Outbox(3)
        for name in (b"bad", b"good"):
            outbox.put(Publication("t", name))
        for _ in range(3):
            with pytest.raises(BrokenPipeError):
                await break_off(outbox, b"bad")
        async with outbox.taking() as publication:
            assert publication.payload == b"good"
        assert (outbox.sent, outbox.dropped, len(outbox)) == (1, 1, 0)

    asyncio.run(run())


@asynccontextmanager
async def running(publisher):
    """A publisher at work until the end of the block."""
    task = asyncio.create_task(publisher.run())
    try:
        yield publisher
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def until(condition):
    """Wait for something that others bring about."""
    async with asyncio.timeout(LIMIT_S):
        while not condition():  # noqa: ASYNC110  (processes and sockets set no events)
            await asyncio.sleep(0.01)


def test_datagrams_are_lines_of_json():
    """Each is one; a listener that is not there yet costs nothing but what it missed."""

    async def run():
        with socket.socket(type=socket.SOCK_DGRAM) as listener:
            listener.bind(("127.0.0.1", 0))
            listener.setblocking(False)
            host, port = listener.getsockname()
            async with running(Publisher([UdpSink(host, port)])) as publisher:
                for k in range(3):
                    publisher.publish(Publication("state", json.dumps({"sequence": k}).encode()))
                loop = asyncio.get_running_loop()
                async with asyncio.timeout(LIMIT_S):
                    lines = [await loop.sock_recv(listener, 4096) for _ in range(3)]
        assert lines == [b'{"sequence": 0}\n', b'{"sequence": 1}\n', b'{"sequence": 2}\n']

    asyncio.run(run())


def test_nobody_at_the_other_end_of_a_datagram_is_counted():
    """The system tells; the sink goes on."""

    async def run():
        sink = UdpSink("127.0.0.1", find_port())
        async with running(Publisher([sink])) as publisher:
            for _ in range(ATTEMPTS):
                publisher.publish(Publication("state", b"{}"))
                await asyncio.sleep(0)
                if sink.errors:
                    break
            await until(lambda: sink.errors)
            assert publisher.list_health()[0].trouble == ""

    asyncio.run(run())


class Broken:
    """A sink that always fails, with something that no library would."""

    name = "broken"

    async def carry(self, outbox):
        raise ZeroDivisionError


def test_a_listener_that_fails_is_not_anothers_failure():
    """It is tried again, and told of once."""

    async def run():
        log = []
        with socket.socket(type=socket.SOCK_DGRAM) as listener:
            listener.bind(("127.0.0.1", 0))
            listener.settimeout(LIMIT_S)
            publisher = Publisher(
                [Broken(), UdpSink(*listener.getsockname())],
                most=4,
                first_retry_s=0.001,
                most_retry_s=0.002,
                log=log.append,
            )
            async with running(publisher):
                await until(lambda: publisher.list_health()[0].failures > 3)
                for k in range(6):
                    publisher.publish(Publication("state", b"%d" % k))
                await until(lambda: publisher.list_health()[1].sent == 4)
            broken, working = publisher.list_health()
            assert listener.recv(100) == b"2\n"
        assert (broken.dropped, broken.sent, broken.trouble) == (2, 0, "ZeroDivisionError: ")
        assert (working.dropped, working.sent, working.trouble, working.failures) == (2, 4, "", 0)
        assert log == ["broken: ZeroDivisionError: ; it is tried again"]

    asyncio.run(run())


@asynccontextmanager
async def listening(port, topic="#"):
    """What a broker tells a subscriber, oldest first, as (topic, payload, retained)."""
    heard = []

    async def hear():
        async with Client("127.0.0.1", port) as client:
            await client.subscribe(topic, qos=1)
            ready.set()
            async for message in client.messages:
                heard.append((str(message.topic), message.payload, message.retain))  # noqa: PERF401  (it never ends)

    ready = asyncio.Event()
    task = asyncio.create_task(hear())
    try:
        async with asyncio.timeout(LIMIT_S):
            await ready.wait()
        yield heard
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError, MqttError):
            await task


def make_mqtt(port, **kwargs):
    """A publisher to a broker, impatient."""
    sink = MqttSink(Broker("127.0.0.1", port, status_topic="changtong/status"), timeout_s=5.0, keepalive_s=3)
    return Publisher([sink], first_retry_s=0.02, most_retry_s=0.1, **kwargs)


def test_a_broker_gets_all_in_order_and_keeps_what_is_retained(tmp_path):
    """Who subscribes later is told the last state and that we are online; when we leave, that we are not."""
    port = find_port()

    async def run():
        async with running(make_mqtt(port)) as publisher, listening(port) as heard:
            for k in range(20):
                publisher.publish(Publication("changtong/walked/state", b"%d" % k, is_retained=True))
                publisher.publish(Publication("changtong/walked/events", b"e%d" % k))
            await until(lambda: publisher.list_health()[0].sent == 40)
            await until(lambda: len([h for h in heard if h[0] != "changtong/status"]) == 40)
            states = [payload for topic, payload, _ in heard if topic == "changtong/walked/state"]
            assert states == [b"%d" % k for k in range(20)]
            async with listening(port) as late:
                await until(lambda: len(late) == 2)
                assert sorted(late) == [("changtong/status", b"online", True), ("changtong/walked/state", b"19", True)]
        async with listening(port) as after:
            await until(lambda: ("changtong/status", b"offline", True) in after)

    with serve_mqtt(tmp_path, port):
        asyncio.run(run())


def test_a_broker_that_dies_delays_nobody_and_is_found_again(tmp_path):
    """Meanwhile the newest wait, the oldest are dropped and counted; afterwards they arrive."""
    port = find_port()

    async def run():
        publisher = make_mqtt(port, most=8)
        async with running(publisher):
            with serve_mqtt(tmp_path, port) as broker:
                publisher.publish(Publication("t", b"first"))
                await until(lambda: publisher.list_health()[0].sent == 1)
                broker.kill()
                broker.wait()
            await until(lambda: publisher.list_health()[0].trouble)
            for k in range(100):
                publisher.publish(Publication("t", b"%d" % k, is_retained=True))
            health = publisher.list_health()[0]
            assert (health.waiting, health.dropped) == (8, 92)
            await until(lambda: publisher.list_health()[0].failures >= 3)
            with serve_mqtt(tmp_path, port):
                await until(lambda: publisher.list_health()[0].sent == 9)
                async with listening(port, "t") as heard:
                    await until(lambda: heard)
                    assert heard == [("t", b"99", True)]
                assert publisher.list_health()[0].trouble == ""

    find_broker()
    asyncio.run(run())


def test_a_broker_that_says_nothing_is_left(caplog):
    """It takes the connection and never answers: after the time-out it is tried again, what waits still waits, and no
    socket is left behind.
    """

    async def run():
        connections, ended = [], []

        async def be_silent(reader, writer):
            connections.append(writer)
            await reader.read()
            ended.append(writer)
            writer.close()

        server = await asyncio.start_server(be_silent, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        sink = MqttSink(Broker("127.0.0.1", port), timeout_s=2.5, keepalive_s=1)
        publisher = Publisher([sink], first_retry_s=0.01, most_retry_s=0.02)
        async with server, running(publisher):
            publisher.publish(Publication("t", b"x"))
            await until(lambda: len(connections) >= 2)
            health = publisher.list_health()[0]
            assert (health.sent, health.waiting) == (0, 1)
            assert "timed out" in health.trouble
        server.close()
        await until(lambda: len(ended) == len(connections))

    asyncio.run(run())
    assert not [record for record in caplog.records if record.name == "asyncio" and record.levelname == "ERROR"]
    with pytest.raises(ValueError, match="sockets"):
        MqttSink(Broker("127.0.0.1"), timeout_s=1.0)


def test_a_password_is_not_shown():
    """Not where a broker is printed, and not where its troubles are told of."""
    broker = Broker("127.0.0.1", username="a", password="secret")  # noqa: S106
    assert "secret" not in repr(broker)
    assert "secret" not in MqttSink(broker).name


def test_a_broker_is_really_mosquitto():
    """The tests above speak to a broker that others wrote."""
    version = subprocess.run([find_broker(), "-h"], capture_output=True, text=True, check=False).stdout
    assert version.startswith("mosquitto version")
