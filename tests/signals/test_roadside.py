"""The roadside process against an emulated cabinet over a real socket."""

import json
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from contextlib import contextmanager
from pathlib import Path

import pytest

from signals.cabinet import Cabinet
from signals.hardware.emulator import CabinetEmulator
from signals.hardware.field_driver import STALE_S, NotConnected, NoteKind, NotEngaged
from signals.hardware.loopback import LoopbackDriver
from signals.hardware.loopback_wire import (
    MangledLine,
    decode_command,
    decode_detections,
    decode_line,
    decode_state,
    encode_command,
    encode_detections,
    encode_line,
    encode_state,
)
from signals.hardware.street import EmulatedStreet
from signals.model import IntervalKind, Lamp
from signals.ports import Advance, Hold, Mode, Release, SignalState
from signals.runtime.intersection_file import IntersectionFileError, load_intersection
from signals.runtime.process import run_roadside
from signals.runtime.roadside_file import load_config
from signals.runtime.training import Training, emulate
from signals.safety.guard import Guard
from tests.support.loopback_client import LoopbackClient

ROOT = Path(__file__).resolve().parents[2]
FILE = ROOT / "config/intersection.toml"
SPEED = 20.0
PATIENCE_S = 60.0


@pytest.fixture
def cabinet_port(request):
    """A cabinet emulator in a process of its own, twenty times as fast as time unless the test says otherwise."""
    command = [sys.executable, "-m", "api.cli", "signals", "emulate", "--intersection", str(FILE), "--port", "0"]
    speed = str(getattr(request, "param", SPEED))
    with subprocess.Popen([*command, "--speed", speed], stdout=subprocess.PIPE, text=True, cwd=ROOT) as process:
        try:
            line = process.stdout.readline()
            yield int(re.search(r":(\d+)\s*$", line)[1])
        finally:
            process.terminate()


def write_intersection(folder, number):
    """The shipped intersection under a name of its own."""
    path = folder / f"crossing{number}.toml"
    text = FILE.read_text(encoding="utf-8")
    path.write_text(text.replace('id = "demo-crossing"', f'id = "crossing{number}"'), encoding="utf-8")
    return path


def write_config(folder, *ports, armed):
    """A configuration for one cabinet a port."""
    path = folder / "roadside.toml"
    rows = [
        f'[[intersection]]\nfile = "{write_intersection(folder, k)}"\nhost = "127.0.0.1"\nport = {port}\n'
        f'most = "{"armed" if armed else "shadow"}"\ntrial_s = 1.0\n'
        for k, port in enumerate(ports)
    ]
    path.write_text("".join(rows), encoding="utf-8")
    return path


def wait_for(condition, what):
    """Look again and again until it holds; a loaded machine takes longer, and nothing is asked of the time."""
    until_s = time.monotonic() + PATIENCE_S
    while not (found := condition()):
        assert time.monotonic() < until_s, f"{what} did not happen within {PATIENCE_S:g} s"
        time.sleep(0.02)
    return found


@contextmanager
def roadside_process(config, speed=10.0):
    """`changtong signals run` as a process, and the lines it has printed so far."""
    command = [sys.executable, "-m", "api.cli", "signals", "run", str(config), "--speed", str(speed)]
    lines = []
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=ROOT) as process:
        reader = threading.Thread(target=lambda: lines.extend(iter(process.stdout.readline, "")))
        reader.start()
        try:
            yield process, lines
        finally:
            process.kill()
            process.wait()
            reader.join()


def count_advances(lines):
    """How many stages the process has ordered."""
    return sum("advance to stage" in line for line in list(lines))


def test_the_shipped_intersection_file_holds_together():
    """config/intersection.toml loads without a fault and its plan validates."""
    found = load_intersection(FILE)
    assert len(found.plan.stages) == 3
    assert found.intersection.conflicts.sum() == 20
    assert load_config(ROOT / "config/roadside.toml").intersections[0].file == FILE


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('exit = "to-south"', 'exit = "to-mars"', "no exit 'to-mars'"),
        ("yellow_s = 3.0", "yellow_s = three", "line"),
        ("min_green_s = 10.0", "min_green_s = 1.0", "minimum green"),
        ('permitted = ["north-left-turn", "south-left-turn"]', 'protected_too = ["west-through"]', "red"),
        ('id = "demo-crossing"', "", "'id' is missing"),
    ],
)
def test_a_faulty_intersection_file_is_refused_with_its_name_and_the_fault(tmp_path, old, new, said):
    """A wrong name, number, bound or a missing field is one error that names the file and what is wrong."""
    text = FILE.read_text(encoding="utf-8")
    assert old in text
    path = tmp_path / "bad.toml"
    path.write_text(text.replace(old, new), encoding="utf-8")
    if said == "red":
        load_intersection(path)  # a left turn served in its own stage alone is legitimate
        return
    with pytest.raises(IntersectionFileError) as refused:
        load_intersection(path)
    assert str(path) in str(refused.value)
    assert said in str(refused.value)


def test_what_is_sent_is_what_is_read():
    """States, detections and commands survive the wire; anything else is refused."""
    state = SignalState(1, IntervalKind.YELLOW, 2.0, 2, Mode.REMOTE, 99.0)
    assert decode_state(encode_state(state)) == state
    for command in (Hold(), Advance(2), Release("why")):
        assert decode_command(encode_command(command)) == command
    street = EmulatedStreet(load_intersection(FILE).intersection, (3000.0,) * 6)
    for _ in range(20):
        street.tick(1.0, (Lamp.RED,) * 6)
    seen = street.read()
    assert (decode_detections(encode_detections(seen)).movement == seen.movement).all()
    for mangled in (b"\xff\xfe\n", b"[1]\n", b"{"):
        with pytest.raises(MangledLine):
            decode_line(mangled)
    with pytest.raises(MangledLine):
        decode_command({"command": "advance", "stage": "north"})
    with pytest.raises(MangledLine):
        decode_state({"stage": 1})


def test_a_street_loses_nobody():
    """Whoever arrived has been served or is still queueing, and a red light serves nobody."""
    street = EmulatedStreet(load_intersection(FILE).intersection, (900.0,) * 6, seed=3)
    for second in range(600):
        street.tick(1.0, (Lamp.PROTECTED_GREEN if second % 60 < 30 else Lamp.RED,) * 6)
    assert street.served > 100
    assert street.arrived == street.served + len(street.read().movement)
    before = street.served
    for _ in range(60):
        street.tick(1.0, (Lamp.RED,) * 6)
    assert street.served == before


@pytest.mark.parametrize("cabinet_port", [10.0], indirect=True)
def test_an_armed_process_drives_the_cabinet_and_the_cabinet_survives_its_end(tmp_path, cabinet_port):
    """The loop advances stages of a real cabinet; when the process is killed, the local plan returns by itself."""
    cabinet = LoopbackClient("127.0.0.1", cabinet_port, timeout_s=PATIENCE_S)
    with roadside_process(write_config(tmp_path, cabinet_port, armed=True)) as (process, lines):
        wait_for(lambda: count_advances(lines) >= 3, "a third advance")
        wait_for(lambda: cabinet.read_state().mode is Mode.REMOTE, "remote mode")
        assert any("armed" in line for line in lines)
        process.kill()
        process.wait()
        killed_s = cabinet.read_state().uptime_s
        wait_for(lambda: cabinet.read_state().mode is Mode.LOCAL, "the return to local mode")
        assert not [line for line in lines if "released" in line]
    greens = set()

    def both_stages():
        state = cabinet.read_state()
        greens.update({state.stage} if state.uptime_s > killed_s else set())
        return len(greens) >= 2

    wait_for(both_stages, "the local plan's next stage")
    cabinet.close()


@pytest.mark.parametrize("cabinet_port", [10.0], indirect=True)
@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 0), (signal.SIGINT, 130)])
def test_a_process_that_is_told_to_end_releases_first(tmp_path, cabinet_port, number, code):
    """On SIGTERM and SIGINT the cabinet is released to its local plan, the log says so, and the exit is clean."""
    cabinet = LoopbackClient("127.0.0.1", cabinet_port, timeout_s=PATIENCE_S)
    with roadside_process(write_config(tmp_path, cabinet_port, armed=True)) as (process, lines):
        wait_for(lambda: cabinet.read_state().mode is Mode.REMOTE, "remote mode")
        process.send_signal(number)
        assert process.wait(PATIENCE_S) == code
        assert "Traceback" not in process.stderr.read()
        assert cabinet.read_state().mode is Mode.LOCAL
        wait_for(lambda: any("released to its local plan" in line for line in lines), "the line about the release")
    cabinet.close()


@contextmanager
def answering(answer):
    """A peer on a port that answers each line with what ``answer`` makes of it."""
    server = socket.create_server(("127.0.0.1", 0))

    def serve():
        while True:
            try:
                connection, _ = server.accept()
            except OSError:
                return
            with connection, connection.makefile("rb") as stream:
                try:
                    for line in stream:
                        answer(connection, line)
                except OSError:
                    continue

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield server.getsockname()[1]
    finally:
        server.shutdown(socket.SHUT_RDWR)
        server.close()


def test_a_dead_cabinet_delays_no_other(tmp_path):
    """Six cabinets that accept and never answer: the seventh is still read as often as its seconds pass."""
    found = load_intersection(FILE)
    cabinet, street = Cabinet(found.plan), EmulatedStreet(found.intersection, found.demand_per_h)
    reads = []

    def answer(connection, line):
        message = json.loads(line)
        if message.get("read"):
            cabinet.tick(1.0)
            reads.append(time.monotonic())
            seen = {"state": encode_state(cabinet.read_state()), "detections": encode_detections(street.read())}
            connection.sendall(encode_line(seen))
        else:
            connection.sendall(encode_line({"ok": True}))

    silent = [socket.create_server(("127.0.0.1", 0)) for _ in range(6)]
    try:
        with answering(answer) as port:
            ports = [*(s.getsockname()[1] for s in silent), port]
            run_roadside(write_config(tmp_path, *ports, armed=False), [].append, speed=4.0, seconds=16)
    finally:
        for server in silent:
            server.close()
    assert len(reads) >= 4, "one after the other would be a read in three seconds of the wall's: two at most"


def read_reply():
    """An honest answer to a read."""
    found = load_intersection(FILE)
    street = EmulatedStreet(found.intersection, (3000.0,) * 6)
    for _ in range(20):
        street.tick(1.0, (Lamp.RED,) * 6)
    return {
        "state": encode_state(Cabinet(found.plan).read_state()),
        "detections": encode_detections(street.read()),
    }


@pytest.mark.parametrize(
    ("part", "name", "value"),
    [
        *[("state", "elapsed_s", v) for v in ("NaN", "Infinity", "-1", "1e999", '"3"', "true", "null", "[]")],
        *[("state", "uptime_s", v) for v in ("NaN", "-Infinity", "-1", "1e999")],
        *[("state", "stage", v) for v in ("1.5", "true", '"1"', "null", "1e999")],
        *[("state", "target", v) for v in ("0.5", "false", '"1"')],
        *[("state", "mode", v) for v in ('"nobody"', "null", "1")],
        *[("detections", "distance_m", v) for v in ("[NaN]", "[1e999]", "[]", "[[1]]", "3", '"ab"')],
        *[("detections", "movement", v) for v in ("[1.7]", "[-1]", "[1e30]", "[" + "9" * 40 + "]", "null")],
        *[("detections", "at_s", v) for v in ("NaN", '"now"', "null")],
        ("detections", "exit_speed_mps", "[1]"),
    ],
)
def test_a_number_from_the_wire_is_a_number(part, name, value):
    """NaN, infinity, negative seconds, text, booleans and arrays that do not fit are refused, never guessed at."""
    reply = read_reply()
    reply[part][name] = "@"
    line = json.dumps(reply).replace('"@"', value).encode() + b"\n"
    driver = LoopbackDriver()
    driver.receive(line, 0.0)
    with pytest.raises(NotConnected):
        driver.read_state()
    driver.receive(encode_line(read_reply()), 0.0)
    assert driver.read_state().mode is Mode.LOCAL


@pytest.mark.parametrize(
    "line", [b"[" * 100_000 + b"\n", b"x" * 300_000, b"\n", b"null\n", b"9" * 9000 + b"\n", b'{"state":1}\n']
)
def test_a_peer_that_talks_nonsense_is_not_believed(line):
    """Deep nesting, a line without an end, no object: not connected, told, and nothing is kept of it."""
    driver = LoopbackDriver()
    for start in range(0, len(line), 4096):
        driver.receive(line[start : start + 4096], 0.0)
    with pytest.raises(NotConnected):
        driver.read_state()
    assert {note.kind for note in driver.take_notes()} == {NoteKind.REFUSED}
    assert len(driver._rest) < len(line) or len(line) < 4096


def watched_driver():
    """A driver that has just heard an honest answer."""
    driver = LoopbackDriver()
    driver.receive(encode_line(read_reply()), 0.0)
    return driver


def list_sent(driver, now_s):
    """What it writes but for its questions."""
    return [json.loads(line) for line in driver.due(now_s) if b"read" not in line]


def test_a_state_that_is_old_is_no_state():
    """Three seconds without an answer, and the cabinet counts as silent."""
    driver = watched_driver()
    driver.due(STALE_S)
    assert driver.read_state().stage == 0
    driver.due(STALE_S + 0.1)
    with pytest.raises(NotConnected):
        driver.read_state()


def test_a_command_kept_over_a_reconnect_is_not_sent():
    """After the connection was lost nothing is sent that was admitted before; a release is."""
    found, driver = load_intersection(FILE), watched_driver()
    guard = Guard(found.intersection, found.plan)
    driver.engage()
    hold = guard.admit(Hold(), driver.read_state(), 0.0)
    driver.apply(hold)
    assert list_sent(driver, 0.0) == [{"command": "hold", "valid_until_s": 2.0}]
    driver.apply(hold)
    driver.apply(guard.release("enough"))
    driver.reset_link(0.5)
    assert list_sent(driver, 0.5) == [{"command": "release", "reason": "enough"}]
    driver.apply(hold)
    assert list_sent(driver, 0.6) == []
    assert NoteKind.DROPPED in {note.kind for note in driver.take_notes()}


def test_nothing_but_a_release_is_taken_before_the_cabinet_is_engaged():
    """A driver only watches until it is told to take over, and again after it has handed back."""
    found, driver = load_intersection(FILE), watched_driver()
    guard = Guard(found.intersection, found.plan)
    hold = guard.admit(Hold(), driver.read_state(), 0.0)
    with pytest.raises(NotEngaged):
        driver.apply(hold)
    driver.engage()
    driver.disengage("enough")
    assert list_sent(driver, 0.0) == [{"command": "release", "reason": "enough"}]
    with pytest.raises(NotEngaged):
        driver.apply(hold)


@pytest.fixture
def emulator():
    """An emulated cabinet without a socket, to be asked line by line."""
    found = load_intersection(FILE)
    return CabinetEmulator(Cabinet(found.plan), EmulatedStreet(found.intersection, found.demand_per_h))


def test_one_client_commands_at_a_time(emulator):
    """A second client is refused while the first commands; after its release or silence the second may."""
    hold, release = encode_line({"command": "hold"}), encode_line({"command": "release"})
    assert emulator._answer(hold, "first") == {"ok": True}
    assert "another client" in emulator._answer(hold, "second")["error"]
    assert "another client" in emulator._answer(release, "second")["error"]
    assert emulator.cabinet.read_state().mode is Mode.REMOTE
    assert emulator._answer(release, "first") == {"ok": True}
    assert emulator._answer(hold, "second") == {"ok": True}
    for _ in range(7):
        emulator.cabinet.tick(1.0)
    assert emulator.cabinet.read_state().mode is Mode.LOCAL
    assert emulator._answer(hold, "first") == {"ok": True}


def test_an_order_that_comes_too_late_is_not_obeyed(emulator):
    """A command that lay in a buffer past its second is refused and does not keep the cabinet from its local plan."""
    late = encode_line({"command": "advance", "stage": 1, "valid_until_s": 14.0})
    for _ in range(15):
        emulator.cabinet.tick(1.0)
    assert "too late" in emulator._answer(late, "client")["error"]
    assert emulator.cabinet.read_state().mode is Mode.LOCAL
    for mangled in ("NaN", '"14"', "null", "true"):
        line = b'{"command":"hold","valid_until_s":%s}' % mangled.encode()
        assert "error" in emulator._answer(line, "client")


@pytest.mark.parametrize("stage", ["99", "-1", "0", "true", "1.0", "null", "1e999", "9" * 30])
def test_the_emulator_goes_to_no_stage_that_is_none(emulator, stage):
    """Unknown, negative, running or mangled stages change no lamp and break no connection."""
    for _ in range(15):
        emulator.cabinet.tick(1.0)
    emulator._answer(b'{"command":"advance","stage":%s}' % stage.encode(), "client")
    assert emulator.cabinet.read_state().interval is IntervalKind.GREEN
    assert emulator.cabinet.read_state().stage == 0


def test_a_shadow_process_sends_nothing(tmp_path, cabinet_port):
    """Where the configuration allows no more than shadow, the cabinet stays on its local plan the whole time."""
    modes = set()
    stop = threading.Event()

    def watch():
        cabinet = LoopbackClient("127.0.0.1", cabinet_port)
        while not stop.wait(0.02):
            modes.add(cabinet.read_state().mode)
        cabinet.close()

    watcher = threading.Thread(target=watch)
    watcher.start()
    run_roadside(write_config(tmp_path, cabinet_port, armed=False), [].append, speed=SPEED, seconds=40)
    stop.set()
    watcher.join()
    assert modes == {Mode.LOCAL}


def test_a_cabinet_that_is_gone_is_said_once_and_does_not_stop_the_loop(tmp_path):
    """With nobody on the port the process keeps running and logs the trouble once, not every second."""
    lines = []
    run_roadside(write_config(tmp_path, 9, armed=True), lines.append, speed=SPEED, seconds=20)
    assert len([line for line in lines if "NotConnected" in line]) == 1
    assert not [line for line in lines if line.endswith(": armed")]


def test_the_command_refuses_a_missing_configuration_in_one_line():
    """`changtong signals run` on a file that is not there is one line and exit code 1."""
    command = [sys.executable, "-m", "api.cli", "signals", "run", "nowhere.toml"]
    result = subprocess.run(command, check=False, capture_output=True, text=True, cwd=ROOT)
    assert result.returncode == 1
    assert result.stderr.strip().count("\n") == 0
    assert "nowhere.toml" in result.stderr


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        *[("max_red_s = 150.0", f"max_red_s = {v}", "max_red_s") for v in ("inf", "nan", "0", "-1", "true", '"150"')],
        *[("yellow_s = 3.0", f"yellow_s = {v}", "yellow_s") for v in ("nan", "0.0", "2.9", "-3.0", "inf")],
        *[("red_clearance_s = 2.0", f"red_clearance_s = {v}", "red_clearance_s") for v in ("0.5", "nan", "-inf")],
        *[("min_green_s = 10.0", f"min_green_s = {v}", "min_green_s") for v in ("nan", "-1", "1e9", '"10"')],
        *[("max_green_s = 60.0", f"max_green_s = {v}", "max_green_s") for v in ("nan", "inf", "0")],
        *[("green_s = 30.0", f"green_s = {v}", "green_s") for v in ("nan", "inf", "0")],
        *[("demand_per_h = 420", f"demand_per_h = {v}", "demand_per_h") for v in ("nan", "-5", "inf")],
        ("offset_s = 0.0", "offset_s = nan", "offset_s"),
        ("speed_mps = 13.9", "speed_mps = 0", "speed_mps"),
        ("max_red_s = 150.0", "max_rde_s = 150.0", "max_rde_s"),
        ('id = "south-left"', 'id = "south"', "occurs twice"),
        ('id = "south-through"', 'id = "north-through"', "occurs twice"),
        ('["south-left-turn", "east-through"], ', "", "both lead to"),
        ('["north-through", "east-through"]', '["north-through", "north-through"]', "with itself"),
        ("[limits]", "limits = 3\n[limit]", "items"),
    ],
)
def test_a_bound_that_is_none_is_refused(tmp_path, old, new, said):
    """NaN, infinity, zero, negative, quoted or misspelt limits, doubled names and undeclared merges: one error."""
    text = FILE.read_text(encoding="utf-8")
    assert old in text
    path = tmp_path / "bad.toml"
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(IntersectionFileError) as refused:
        load_intersection(path)
    assert str(path) in str(refused.value)
    assert "[limits]" in new or "limit]" in new or said in str(refused.value)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('file = "x"\nhost = "h"\nport = 9740\nmost = true', "has to be one of"),
        ('file = "x"\nhost = "h"\nport = 9740\nmost = "ARMED"', "has to be one of"),
        ('file = "x"\nhost = "h"\nport = 9740\narmed = true', "no 'armed'"),
        ('file = "x"\nhost = "h"\nport = 9740\ntrial_s = 0', "trial_s"),
        ('file = "x"\nhost = "h"\nport = 9740\ndriver = "utc-v4"', "there are loopback, utc-v3"),
        ('file = "x"\nhost = "h"\nport = 9740\ndriver = "ntcip1202"\ntransport = "tcp"', "it goes over udp"),
        ('file = "x"\nhost = "h"\nport = 9740\nmots = "armed"', "mots"),
        ('file = "x"\nhost = "h"\nport = 99999', "65535"),
        ('file = "x"\nhost = "h"\nport = "9740"', "65535"),
        ('file = "x"\nhost = "h"', "'port' is missing"),
        ('file = 3\nhost = "h"\nport = 9740', "roadside.toml"),
        ('file = "x"\nhost = "h"\nport = 1\n[[intersection]]\nfile = "y"\nhost = "h"\nport = 1', "one may command"),
    ],
)
def test_a_configuration_arms_by_no_mistake(tmp_path, text, said):
    """A level has its exact name, keys are spelt right, and a cabinet has one commander."""
    path = tmp_path / "roadside.toml"
    path.write_text(f"[[intersection]]\n{text}\n", encoding="utf-8")
    with pytest.raises(IntersectionFileError, match=re.escape(said)):
        load_config(path)


@pytest.mark.parametrize("content", ["", "intersection = 3", "intersection = []", 'intersection = ["a"]', "\x00"])
def test_a_configuration_without_intersections_is_one_error(tmp_path, content):
    """Nothing, a number, an empty list or text where the intersections belong: no traceback."""
    path = tmp_path / "roadside.toml"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(IntersectionFileError, match=r"roadside\.toml"):
        load_config(path)


@pytest.mark.parametrize("speed", [0.0, -1.0, float("nan"), float("inf")])
def test_a_speed_that_makes_no_seconds_is_refused(tmp_path, speed):
    """Zero, negative or endless speed is one error before anything is started."""
    with pytest.raises(IntersectionFileError, match="speed"):
        run_roadside(write_config(tmp_path, 9, armed=False), [].append, speed=speed)
    with pytest.raises(IntersectionFileError, match="speed"):
        emulate(FILE, Training(port=0, speed=speed), [].append)


def test_a_loop_that_fails_ends_the_process_and_releases(tmp_path, cabinet_port):
    """When a log can no longer be written the process says so by ending, not by going on unseen."""
    said = []

    def log(line):
        said.append(line)
        if "advance" in line and "not sent" not in line:
            raise BrokenPipeError("nobody reads")

    with pytest.raises(BrokenPipeError):
        run_roadside(write_config(tmp_path, cabinet_port, armed=True), log, speed=10.0, seconds=600)
    assert "released" in said[-1]
