"""The control channel hears whom it knows, once, and not too often; whatever else comes leaves it whole."""

import asyncio
import json
import socket
import ssl
import threading
import time
from contextlib import closing, contextmanager, suppress
from dataclasses import replace

import pytest
from certificates import DAY, Authority
from hypothesis import given, settings
from hypothesis import strategies as st

from signals.runtime.control_channel import ControlError, ControlServer, ControlSettings
from signals.runtime.control_client import (
    ControlAddress,
    ControlClientError,
    ask,
    ask_disarm,
    ask_level,
    ask_note,
    ask_status,
)
from signals.runtime.control_line import (
    MOST_LINE_BYTES,
    Kind,
    MangledRequest,
    Request,
    Role,
    decode_request,
    encode_request,
    make_nonce,
)
from signals.runtime.control_tls import TlsError, build_client_context, find_peer_name
from signals.runtime.control_turns import Refused, Turns

HOST = "127.0.0.1"
NAME = "cabinet.test"
ENGINEER, OPERATOR, OBSERVER = "CN=chen", "URI=changtong:operator:lin", "CN=board"
SETTINGS = ControlSettings(
    {ENGINEER: Role.ENGINEER, OPERATOR: Role.OPERATOR, OBSERVER: Role.OBSERVER}, requests_per_s=1000.0, burst=1000
)


class Street:
    """What is controlled: keeps what it was asked, refuses what it is told to refuse."""

    def __init__(self):
        self.asked, self.refusal = [], None

    def status(self):
        """Of one intersection."""
        return {"demo": "shadow", "name": "左轉"}

    async def request_level(self, intersection, level, who, reason):
        """A coroutine, as it may be."""
        await asyncio.sleep(0)
        self.asked.append((intersection, level, who, reason))
        return self.refusal

    def disarm(self, intersection, who, reason):
        """At once."""
        self.asked.append((intersection, "disarm", who, reason))

    def note(self, who, text):
        """Something is wrong with it."""
        self.asked.append(("note", who, text))
        if text == "break":
            raise RuntimeError("broken")


class Log:
    """What the audit log was told; ``trouble`` makes it a full disk."""

    def __init__(self):
        self.records, self.trouble = [], False

    def __call__(self, record):
        """One record."""
        if self.trouble:
            raise OSError("No space left on device")
        self.records.append(json.loads(json.dumps(record)))

    def list_refusals(self):
        """Whom it refused, and why."""
        return [(one["who"], one["why"]) for one in self.records if one["event"] == "control refused"]


@contextmanager
def serve(chosen=SETTINGS, files=None, path=None, role=Role.ENGINEER):
    """A channel in a thread with a loop of its own; yields the street, its log and the port."""
    street, log, loop = Street(), Log(), asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()

    def run(work):
        return asyncio.run_coroutine_threadsafe(work, loop).result(30)

    async def build():
        return ControlServer(street, chosen, log)

    server = run(build())
    try:
        port = run(server.listen_tls(HOST, 0, files)) if files else 0
        if path:
            run(server.listen_unix(path, role))
        yield street, log, port
    finally:
        run(server.close())
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    """The CA of these tests."""
    return Authority(tmp_path_factory.mktemp("ca"))


@pytest.fixture(scope="module")
def keys(authority):
    """Certificates of the cabinet and of three people."""
    return {
        "cabinet": authority.issue("cabinet", dns=[NAME], is_server=True),
        ENGINEER: authority.issue("chen"),
        OPERATOR: authority.issue("lin", uris=[OPERATOR.removeprefix("URI=")]),
        OBSERVER: authority.issue("board"),
    }


@pytest.fixture
def channel(keys):
    """A channel on TCP, and who asks it."""
    with serve(files=keys["cabinet"]) as (street, log, port):
        yield street, log, lambda who: ControlAddress(None, HOST, port, keys[who], NAME)


def test_each_role_is_given_what_it_may_ask_for(channel):
    """An observer looks; an operator takes down, notes and shows advice; only an engineer arms."""
    street, log, at = channel
    assert ask_status(at(OBSERVER)).status == {"demo": "shadow", "name": "左轉"}
    for refused in (
        ask_level(at(OBSERVER), "demo", "shadow", "x"),
        ask_disarm(at(OBSERVER), "x"),
        ask_note(at(OBSERVER), "x"),
    ):
        assert refused.refusal == f"operator is needed, and {OBSERVER} is observer"
    assert ask_level(at(OPERATOR), "demo", "armed", "peak").refusal == f"engineer is needed, and {OPERATOR} is operator"
    assert street.asked == []
    assert ask_level(at(OPERATOR), "demo", "advisory", "尖峰").refusal == ""
    assert ask_level(at(ENGINEER), "demo", "armed", "peak").refusal == ""
    assert ask_disarm(at(OPERATOR), "crash").refusal == ""
    assert ask_note(at(OPERATOR), "a crane stands here").refusal == ""
    assert street.asked == [
        ("demo", "advisory", OPERATOR, "尖峰"),
        ("demo", "armed", ENGINEER, "peak"),
        ("*", "disarm", OPERATOR, "crash"),
        ("note", OPERATOR, "a crane stands here"),
    ]
    assert len(log.list_refusals()) == 4
    armed = [one for one in log.records if one.get("level") == "armed" and one["event"] == "control"]
    assert [(one["who"], one["role"], one["intersection"], one["text"]) for one in armed] == [
        (ENGINEER, "engineer", "demo", "peak")
    ]


def test_the_targets_refusal_comes_back_and_is_logged(channel):
    """In its own words; what breaks in the target breaks nothing else."""
    street, log, at = channel
    street.refusal = "its trial is not over"
    assert ask_level(at(ENGINEER), "demo", "armed", "peak").refusal == "its trial is not over"
    assert log.list_refusals() == [(ENGINEER, "its trial is not over")]
    assert ask_note(at(ENGINEER), "break").refusal == "it failed: RuntimeError"
    assert log.records[-2]["fault"] == "RuntimeError('broken')"
    assert ask_status(at(ENGINEER)).refusal == ""


def test_what_cannot_be_logged_is_not_done_unless_it_takes_commands_away(channel):
    """With a full disk nobody arms, and everybody who may disarms."""
    street, log, at = channel
    log.trouble = True
    assert "cannot be logged, and is not done: No space left" in ask_level(at(ENGINEER), "demo", "armed", "x").refusal
    assert street.asked == []
    assert ask_level(at(OPERATOR), "demo", "shadow", "down").refusal == ""
    assert ask_disarm(at(OPERATOR), "down").refusal == ""
    assert len(street.asked) == 2


def refuse_all(address):
    """Nothing is heard from who asks like this."""
    with pytest.raises(ControlClientError) as caught:
        ask_status(address)
    return str(caught.value)


def test_strangers_are_not_heard(keys, authority, tmp_path):
    """Another CA, an expired certificate, one not valid yet, a server's, a revoked one, an unknown name, two names."""
    revoked = authority.issue("chen")
    cabinet = replace(keys["cabinet"], revoked=authority.revoke(revoked))
    strangers = [
        replace(Authority(tmp_path / "other", "test CA").issue("chen"), ca=keys["cabinet"].ca),
        authority.issue("chen", begins=-2 * DAY, ends=-DAY / 24),
        authority.issue("chen", begins=DAY / 24),
        authority.issue("chen", is_server=True),
        revoked,
        authority.issue("mallory"),
        authority.issue("chen", uris=["changtong:operator:lin", "changtong:operator:chen"]),
        authority.issue("chen", uris=["changtong:operator:nobody"]),
        authority.issue(""),
    ]
    with serve(files=cabinet) as (street, log, port):
        for files in strangers:
            refuse_all(ControlAddress(None, HOST, port, files, NAME))
        assert street.asked == []
        told = [why for _, why in log.list_refusals()]
        assert sum("no handshake" in why for why in told) == 5
        assert told.count("not in the configuration") == 4
        assert not any(one["event"] == "control" for one in log.records)
        assert ask_status(ControlAddress(None, HOST, port, keys[ENGINEER], NAME)).refusal == ""


def test_without_a_certificate_or_with_an_older_tls_nobody_is_heard(channel, keys):
    """Neither is TLS 1.2, which would hide less; nor plain text."""
    street, log, at = channel
    port = at(ENGINEER).port
    nobody = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    nobody.load_verify_locations(keys[ENGINEER].ca)
    older = build_client_context(keys[ENGINEER])
    older.minimum_version = ssl.TLSVersion.TLSv1_2
    older.maximum_version = ssl.TLSVersion.TLSv1_2
    line = encode_request(Request(Kind.DISARM, make_nonce(), time.time(), "*", text="x"))
    for context in (nobody, older):
        heard = b""
        with (
            suppress(OSError),
            closing(socket.create_connection((HOST, port), 10)) as plain,
            context.wrap_socket(plain, server_hostname=NAME) as connection,
        ):
            connection.sendall(line)
            heard = connection.recv(1000)
        assert heard == b""
    with socket.create_connection((HOST, port), 10) as plain:
        plain.sendall(line)
        with suppress(OSError):
            assert b"ok" not in plain.recv(1000)
    assert street.asked == []
    assert not any(one["event"] == "control" for one in log.records)
    assert all("no handshake" in why for _, why in log.list_refusals())


def test_the_client_knows_the_process_it_speaks_to(channel, keys, authority):
    """Another name, or another CA, and nothing is said; a key that others may read is not used."""
    street, _, at = channel
    assert "not the process we want" in refuse_all(replace(at(ENGINEER), name="other.test"))
    foreign = Authority(authority.folder / "foreign").issue("chen")
    assert "not the process we want" in refuse_all(replace(at(ENGINEER), files=replace(keys[ENGINEER], ca=foreign.ca)))
    loose = authority.issue("chen")
    loose.key.chmod(0o640)
    with pytest.raises(TlsError, match="others than its owner may read it"):
        ask_status(replace(at(ENGINEER), files=loose))
    with pytest.raises(TlsError, match="not that of the key"):
        ask_status(replace(at(ENGINEER), files=replace(keys[ENGINEER], certificate=keys[OBSERVER].certificate)))
    with pytest.raises(TlsError, match="are needed"):
        ask_status(replace(at(ENGINEER), files=None))
    assert street.asked == []


@contextmanager
def talk(address):
    """A connection on which anything can be said."""
    with socket.create_connection((address.host, address.port), 20) as plain:
        context = build_client_context(address.files)
        with context.wrap_socket(plain, server_hostname=NAME) as connection, connection.makefile("rb") as answers:
            yield connection, answers


def test_nothing_is_heard_twice_or_late(channel):
    """The same line again, also on another connection; one of half a minute ago or ahead."""
    street, log, at = channel
    line = encode_request(Request(Kind.DISARM, make_nonce(), time.time(), "demo", text="x"))
    for expected in (b'"ok":true', b"was made before", b"was made before"):
        with talk(at(OPERATOR)) as (connection, answers):
            connection.sendall(line)
            assert expected in answers.readline()
    for at_s, why in ((time.time() - 40, "40 s old"), (time.time() + 40, "s ahead")):
        answer = ask(at(OPERATOR), Request(Kind.DISARM, make_nonce(), at_s, "demo", text="x"))
        assert why in answer.refusal
        assert "the two clocks differ" in answer.refusal
    before = ask(at(OPERATOR), Request(Kind.DISARM, make_nonce(), time.time() - 20, "demo", text="x"))
    assert before.refusal == "the request is from before this process; ask again"
    assert len(street.asked) == 1
    assert len(log.list_refusals()) == 5


def test_who_floods_is_cut_off_and_the_log_is_spared(keys):
    """Some of a thousand requests are heard, then the line is closed; others are heard as before."""
    chosen = replace(SETTINGS, requests_per_s=0.01, burst=5)
    with serve(chosen, files=keys["cabinet"]) as (_, log, port):
        chen, lin = (ControlAddress(None, HOST, port, keys[who], NAME) for who in (ENGINEER, OPERATOR))
        for _ in range(3):
            with talk(chen) as (connection, answers), suppress(OSError):
                for _ in range(1000):
                    connection.sendall(encode_request(Request(Kind.STATUS, make_nonce(), time.time())))
                assert sum(b'"ok"' in answer for answer in answers) <= 5
        assert sum(one["event"] == "control" for one in log.records) == 5
        assert ask_status(lin).refusal == ""
        refuse_or_cut(chen)
        for _ in range(100):
            with suppress(OSError), socket.create_connection((HOST, port), 10) as plain:
                plain.sendall(b"x" * 100)
                plain.recv(100)
        assert len(log.list_refusals()) <= 60
        assert ask_status(lin).refusal == ""


def refuse_or_cut(address):
    """Told that it asks too often, or cut off before it could be told."""
    with suppress(ControlClientError):
        assert "requests a second" in ask_status(address).refusal


GARBAGE = [
    b"\0" * 100 + b"\n", b"{}\n", b"[]\n", b"[" * 4000 + b"\n", b'{"request":"level"}\n', b"\xff\xfe\n", b"\n",
    b"x" * (2 * MOST_LINE_BYTES), b"GET / HTTP/1.1\r\n\r\n",
]  # fmt: skip


def test_no_session_is_resumed_and_none_lasts_for_ever(keys):
    """A certificate that was revoked meanwhile would not be shown again; so none is spared, and all end."""
    chosen = replace(SETTINGS, longest_s=0.5, requests_per_s=1e6, burst=10**6)
    with serve(chosen, files=keys["cabinet"]) as (_, log, port):
        with talk(ControlAddress(None, HOST, port, keys[ENGINEER], NAME)) as (connection, answers):
            asked = 0
            with suppress(OSError):
                for _ in range(10**6):
                    asked += 1
                    connection.sendall(encode_request(Request(Kind.STATUS, make_nonce(), time.time())))
                    if not answers.readline():
                        break
                    assert connection.version() == "TLSv1.3"
                    assert not (connection.session and connection.session.has_ticket)
        assert 1 < asked < 10**6
        assert not any("a second" in why for _, why in log.list_refusals())


@pytest.mark.parametrize("garbage", GARBAGE)
def test_garbage_is_told_and_ends_the_line(channel, garbage):
    """Nothing raises, nothing is done, and the next who asks is heard."""
    street, log, at = channel
    with talk(at(ENGINEER)) as (connection, answers), suppress(OSError):
        connection.sendall(garbage)
        assert b'"ok"' not in answers.read()
    assert street.asked == []
    assert log.list_refusals()
    assert ask_status(at(ENGINEER)).refusal == ""


def test_who_is_slow_is_let_go(keys):
    """A line that never ends, a handshake that never comes, a full house: each ends by itself, and others are heard."""
    chosen = replace(SETTINGS, idle_s=0.3, handshake_s=0.3, most_connections=2, most_handshakes=2)
    with serve(chosen, files=keys["cabinet"]) as (street, log, port):
        chen = ControlAddress(None, HOST, port, keys[ENGINEER], NAME)
        with talk(chen) as (connection, answers):
            connection.sendall(b'{"request":')
            assert answers.read() == b""
        silent = [socket.create_connection((HOST, port), 20) for _ in range(4)]
        for one in silent:
            with closing(one), suppress(ConnectionResetError):
                while one.recv(100):
                    pass
        assert ask_status(chen).refusal == ""
        assert street.asked == []
        assert any("too many handshakes" in why or "no handshake" in why for _, why in log.list_refusals())


def test_there_is_room_for_so_many(keys):
    """One more is sent away, and comes in when somebody has left."""
    with serve(replace(SETTINGS, most_connections=1), files=keys["cabinet"]) as (_, log, port):
        chen = ControlAddress(None, HOST, port, keys[ENGINEER], NAME)
        with talk(chen) as (connection, answers):
            connection.sendall(encode_request(Request(Kind.STATUS, make_nonce(), time.time())))
            assert b'"ok"' in answers.readline()
            refuse_all(chen)
            assert log.list_refusals()[-1] == (ENGINEER, "too many connections")
        for _ in range(1000):
            with suppress(ControlClientError):
                assert ask_status(chen).refusal == ""
                break
        else:
            raise AssertionError("nobody came in after that")


def test_a_unix_socket_is_for_its_owner_alone(tmp_path):
    """Mode 600, its own user's name in the log; a socket left by a killed process is replaced, another's is not."""
    path = tmp_path / "control.sock"
    with socket.socket(socket.AF_UNIX) as left:
        left.bind(str(path))
    with serve(path=path) as (street, log, _):
        assert path.stat().st_mode & 0o777 == 0o600
        assert ask_level(ControlAddress(path), "demo", "armed", "peak").refusal == ""
        assert street.asked[0][2].startswith("uid ")
        assert log.records[0]["role"] == "engineer"
        with pytest.raises(ControlError, match="another process listens there"), serve(path=path):
            pass
    assert not path.exists()
    path.write_text("something", encoding="utf-8")
    with pytest.raises(ControlError, match="it is no socket"), serve(path=path):
        pass
    assert path.read_text(encoding="utf-8") == "something"
    with pytest.raises(ControlClientError, match="is the process running"):
        ask_status(ControlAddress(tmp_path / "none.sock"))


def test_a_unix_socket_has_the_role_it_was_given(tmp_path):
    """An observer's cabinet arms nobody."""
    with serve(path=tmp_path / "c.sock", role=Role.OBSERVER) as (street, _, _):
        assert "engineer is needed" in ask_level(ControlAddress(tmp_path / "c.sock"), "demo", "armed", "x").refusal
        assert street.asked == []


TEXTS = st.text(min_size=1, max_size=80).filter(lambda text: text.isprintable() and text.strip())
TIMES = st.floats(0, 1e11)
NONCES = st.binary(min_size=16, max_size=16).map(bytes.hex)
REQUESTS = st.one_of(
    st.builds(Request, st.just(Kind.STATUS), NONCES, TIMES),
    st.builds(
        Request, st.just(Kind.LEVEL), NONCES, TIMES, TEXTS, st.sampled_from(["shadow", "advisory", "armed"]), TEXTS
    ),
    st.builds(Request, st.just(Kind.DISARM), NONCES, TIMES, TEXTS, text=TEXTS),
    st.builds(Request, st.just(Kind.NOTE), NONCES, TIMES, text=TEXTS),
)


@settings(deadline=None)
@given(REQUESTS)
def test_any_request_comes_back(request):
    """Whatever printable text is in it."""
    assert decode_request(encode_request(request)) == request


@settings(deadline=None, max_examples=300)
@given(
    st.binary(max_size=200)
    | st.recursive(
        st.none() | st.booleans() | st.floats() | st.text(),
        lambda more: (
            st.lists(more) | st.dictionaries(st.sampled_from(["request", "nonce", "at", "level", "reason"]), more)
        ),
    ).map(lambda body: json.dumps(body).encode())
)
def test_any_other_line_is_refused(line):
    """Bytes or JSON: MangledRequest and nothing else."""
    with pytest.raises(MangledRequest):
        decode_request(line)


def test_a_request_has_what_its_kind_has_and_nothing_else():
    """A level on a note, a second intersection: somebody means something that would not be done."""
    body = json.loads(encode_request(Request(Kind.NOTE, make_nonce(), 1.0, text="x")))
    for more in ({"level": "armed"}, {"who": "chen"}):
        with pytest.raises(MangledRequest, match="and nothing else"):
            decode_request(json.dumps(body | more).encode())
    with pytest.raises(MangledRequest, match="what its kind has not"):
        encode_request(Request(Kind.STATUS, make_nonce(), 1.0, level="armed"))


@pytest.mark.parametrize("text", ["", " ", "a\nb", "a\x1b[2J", "x" * 501, "\u2028"])
def test_a_reason_cannot_forge_the_log(text):
    """No line ends, no escape sequences, nothing endless, and something must be said."""
    with pytest.raises(MangledRequest, match="printable characters"):
        encode_request(Request(Kind.NOTE, make_nonce(), 1.0, text=text))


@settings(deadline=None)
@given(st.lists(st.tuples(st.sampled_from("ab"), st.floats(0, 5))))
def test_a_bucket_lets_through_no_more_than_it_says(steps):
    """Over any time: the burst and what has dripped in since, and one sender takes nothing from another."""
    turns, now_s, passed = Turns(2.0, 4, 30.0), 0.0, {"a": 0, "b": 0}
    for who, more_s in steps:
        now_s += more_s
        with suppress(Refused):
            turns.take(who, now_s)
            passed[who] += 1
        assert passed[who] <= 4 + 2.0 * now_s + 1e-6


@settings(deadline=None)
@given(st.lists(st.tuples(st.integers(0, 5), st.floats(-40, 40), st.floats(0, 20))))
def test_no_request_passes_twice(steps):
    """Whatever the times that are written on it, while both clocks run."""
    turns, now_s, passed = Turns(1.0, 1, 30.0), 1000.0, set()
    for nonce, ahead_s, more_s in steps:
        now_s += more_s
        at_s = now_s + ahead_s
        with suppress(Refused):
            turns.check_fresh("a", f"{nonce} {at_s}", at_s, now_s, now_s)
            assert (nonce, at_s) not in passed
            passed.add((nonce, at_s))
            assert abs(ahead_s) <= 30.0 + 1e-6
    for nonce, at_s in passed:
        with pytest.raises(Refused):
            turns.check_fresh("a", f"{nonce} {at_s}", at_s, now_s, now_s)


def test_what_was_said_to_the_process_before_is_not_obeyed_by_this_one():
    """Its nonces are forgotten, so that only what is said after the start is heard."""
    turns = Turns(1.0, 1, 30.0, began_at_s=1000.0)
    with pytest.raises(Refused, match="from before this process"):
        turns.check_fresh("a", "n", 999.0, 1001.0, 5.0)
    turns.check_fresh("a", "n", 1000.5, 1001.0, 5.0)


@pytest.mark.parametrize(
    ("certificate", "name"),
    [
        (None, None),
        ({}, None),
        ({"subject": ((("commonName", "chen"),),)}, "CN=chen"),
        ({"subject": ((("commonName", "URI=x"),),)}, "CN=URI=x"),
        ({"subject": ((("commonName", "chen"),), (("commonName", "lin"),))}, None),
        ({"subject": ((("commonName", "chen"),),), "subjectAltName": (("URI", "a:b"), ("DNS", "c"))}, "URI=a:b"),
        ({"subject": ((("commonName", "chen\n"),),)}, None),
        ({"subject": ((("commonName", "c" * 300),),)}, None),
    ],
)
def test_a_certificate_has_one_name_or_none(certificate, name):
    """The kind of name is part of it: no common name can pass for a URI."""
    assert find_peer_name(certificate) == name
