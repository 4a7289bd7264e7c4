"""What stands around an intersection in the roadside process: foreign detectors, watchdog, desk, metrics, emulators."""

import json
import math
import socket
import threading
from pathlib import Path
from urllib.request import urlopen

import pytest

from signals.hardware.utc_v3.emulator import Misbehaviour
from signals.runtime.desk import Desk
from signals.runtime.intersection_file import IntersectionFileError, load_intersection
from signals.runtime.metrics import serve_metrics
from signals.runtime.readings_port import FRESH_S, ReadingsPort
from signals.runtime.training import Training, emulate, read_misbehaviour
from signals.runtime.watchdog import Watchdog

FILE = Path(__file__).resolve().parents[2] / "config/intersection.toml"
FOUND = load_intersection(FILE)


class Clock:
    """Stands still unless it is moved."""

    now = 0.0

    def now_s(self):
        """The time."""
        return self.now


def tell(port, *rows):
    """A datagram of readings."""
    port.datagram_received(json.dumps({"readings": list(rows)}).encode(), ("127.0.0.1", 1))


def test_readings_of_foreign_detectors_are_gathered_until_they_are_read():
    """Counts add up, the last occupancy and speed count, and what was read is not read again."""
    port = ReadingsPort(FOUND.detectors, Clock())
    tell(port, {"id": "north-stop", "count": 1, "occupied": 0.2, "speed_mps": 9.0})
    tell(port, {"id": "north-stop", "count": 2, "occupied": 0.4})
    first, second = port.read(), port.read()
    assert (first.count[0], first.occupied_s[0], math.isnan(first.speed_mps[0])) == (3, 0.4, True)
    assert first.is_fresh.tolist() == [True] + [False] * (len(FOUND.detectors) - 1)
    assert second.count[0] == 0


def test_a_detector_that_says_nothing_for_seconds_is_silent():
    """Then it is for the health monitor to deal with."""
    clock = Clock()
    port = ReadingsPort(FOUND.detectors, clock)
    tell(port, {"id": "north-stop"})
    clock.now = FRESH_S
    assert port.read().is_fresh[0]
    clock.now = FRESH_S + 0.1
    assert not port.read().is_fresh[0]


@pytest.mark.parametrize(
    "data",
    [
        b"", b"\xff", b"[1]", b"{}", b'{"readings": 3}', b'{"readings": [3]}', b'{"readings": [{"id": "mars"}]}',
        b'{"readings": [{"id": "north-stop", "count": -1}]}', b'{"readings": [{"id": "north-stop", "count": 1e9}]}',
        b'{"readings": [{"id": "north-stop", "count": true}]}', b'{"readings": [{"id": "north-stop", "occupied": NaN}]}',
        b'{"readings": [{"id": "north-stop", "occupied": 2}]}', b'{"readings": [{"id": "north-stop", "speed_mps": -1}]}',
        b'{"readings": [{"id": "north-stop", "occupied": %s}]}' % (b"9" * 400), b"[" * 20_000,
        b'{"readings": [{"id": "north-stop", "count": 1}, {"id": "mars"}]}',
    ],
)  # fmt: skip
def test_a_mangled_datagram_is_counted_and_nothing_of_it_is_taken(data):
    """Whole or not at all."""
    port = ReadingsPort(FOUND.detectors, Clock())
    port.datagram_received(data, ("127.0.0.1", 1))
    assert port.mangled == 1
    assert not port.read().is_fresh.any()


def test_a_loop_that_stands_still_ends_the_process():
    """The watchdog calls the end when nobody beats, and not before."""
    died = threading.Event()
    watchdog = Watchdog(stuck_s=0.5, environment={}, die=died.set)
    watchdog.start()
    for _ in range(10):
        watchdog.beat()
        assert not died.wait(0.1)
    assert died.wait(30.0)


def test_systemd_is_told_of_each_beat(tmp_path):
    """READY at the start, WATCHDOG while the loop beats, STOPPING in the end (sd_notify)."""
    path = str(tmp_path / "notify.sock")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listener:
        listener.bind(path)
        listener.settimeout(30.0)
        watchdog = Watchdog(stuck_s=5.0, environment={"NOTIFY_SOCKET": path})
        watchdog.start()
        heard = [listener.recv(64), listener.recv(64)]
        watchdog.stop()
        heard.append(listener.recv(64))
    assert heard == [b"READY=1", b"WATCHDOG=1", b"STOPPING=1"]


def test_the_desk_knows_what_there_is():
    """An unknown intersection or level is refused with those that there are."""
    desk = Desk({}, [].append, ("sealed by chen",))
    assert "there is no intersection 'mars'" in desk.request_level("mars", "armed", "chen", "t")
    assert desk.status() == {"notices": ["sealed by chen"], "intersections": {}}
    assert desk.disarm("*", "chen", "t") is None


def test_metrics_are_told_to_whoever_asks_on_this_machine():
    """Prometheus' text form; the server ends when it is told to."""
    server, thread = serve_metrics({}, 0)
    with urlopen(f"http://127.0.0.1:{server.server_port}/metrics", timeout=30) as answer:
        text = answer.read().decode()
    server.shutdown()
    server.server_close()
    thread.join()
    assert "changtong_level" in text


def test_misbehaviour_is_named_exactly():
    """Names and values of their kinds; anything else is refused with what there is."""
    found = read_misbehaviour(Misbehaviour, ["ignores-min-green", "loses_acks=0.25", "seed=7"])
    assert (found.ignores_min_green, found.loses_acks, found.seed) == (True, 0.25, 7)
    with pytest.raises(ValueError, match="late_s"):
        read_misbehaviour(Misbehaviour, ["lates"])
    with pytest.raises(ValueError, match="loses_acks=often"):
        read_misbehaviour(Misbehaviour, ["loses_acks=often"])


@pytest.mark.parametrize("protocol", ["utc-v3", "ntcip1202"])
def test_an_emulator_of_an_unknown_make_is_one_error(protocol):
    """With the profiles that there are."""
    with pytest.raises(IntersectionFileError, match="standard"):
        emulate(FILE, Training(protocol, port=0, profile="acme"), [].append)
