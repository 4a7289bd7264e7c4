"""The roadside process against an emulated cabinet over a real socket."""

import re
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from signals.hardware.loopback import LoopbackCabinet, NotConnected
from signals.hardware.loopback_wire import (
    MangledLine,
    decode_command,
    decode_detections,
    decode_line,
    decode_state,
    encode_command,
    encode_detections,
    encode_state,
)
from signals.hardware.street import EmulatedStreet
from signals.model import IntervalKind, Lamp
from signals.ports import Advance, Hold, Mode, Release, SignalState
from signals.runtime.intersection_file import IntersectionFileError, load_intersection
from signals.runtime.process import load_config, run_roadside

ROOT = Path(__file__).resolve().parents[2]
FILE = ROOT / "config/intersection.toml"
SPEED = 20.0


@pytest.fixture
def cabinet_port():
    """A cabinet emulator in a process of its own, twenty times as fast as time."""
    command = [sys.executable, "-m", "api.cli", "signals", "emulate", "--intersection", str(FILE), "--port", "0"]
    with subprocess.Popen([*command, "--speed", str(SPEED)], stdout=subprocess.PIPE, text=True, cwd=ROOT) as process:
        try:
            line = process.stdout.readline()
            yield int(re.search(r":(\d+)\s*$", line)[1])
        finally:
            process.terminate()


def write_config(folder, port, armed):
    """A configuration for one cabinet."""
    path = folder / "roadside.toml"
    path.write_text(
        f'[[intersection]]\nfile = "{FILE}"\nhost = "127.0.0.1"\nport = {port}\narmed = {str(armed).lower()}\n',
        encoding="utf-8",
    )
    return path


def test_the_shipped_intersection_file_holds_together():
    """config/intersection.toml loads without a fault and its plan validates."""
    found = load_intersection(FILE)
    assert len(found.plan.stages) == 3
    assert found.intersection.conflicts.sum() == 20
    assert load_config(ROOT / "config/roadside.toml")[0].file == FILE


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


def test_an_armed_process_drives_the_cabinet_and_the_cabinet_survives_its_end(tmp_path, cabinet_port):
    """The loop advances stages of a real cabinet; when the process stops, the local plan returns by itself."""
    lines = []
    run_roadside(write_config(tmp_path, cabinet_port, armed=True), lines.append, speed=SPEED, seconds=90)
    advances = [line for line in lines if "advance to stage" in line]
    assert len(advances) >= 3, lines
    cabinet = LoopbackCabinet("127.0.0.1", cabinet_port)
    assert cabinet.read_state().mode is Mode.REMOTE
    time.sleep(7 / SPEED)
    assert cabinet.read_state().mode is Mode.LOCAL
    cabinet.close()


def test_a_shadow_process_sends_nothing(tmp_path, cabinet_port):
    """Without `armed = true` the cabinet stays on its local plan the whole time."""
    modes = set()
    stop = threading.Event()

    def watch():
        cabinet = LoopbackCabinet("127.0.0.1", cabinet_port)
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
    with pytest.raises(NotConnected):
        LoopbackCabinet("127.0.0.1", 9).read_state()


def test_the_command_refuses_a_missing_configuration_in_one_line():
    """`changtong signals run` on a file that is not there is one line and exit code 1."""
    command = [sys.executable, "-m", "api.cli", "signals", "run", "nowhere.toml"]
    result = subprocess.run(command, check=False, capture_output=True, text=True, cwd=ROOT)
    assert result.returncode == 1
    assert result.stderr.strip().count("\n") == 0
    assert "nowhere.toml" in result.stderr
