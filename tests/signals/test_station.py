"""From decision to socket: what passes arming, lease, fence and log, and what takes an intersection down to shadow."""

import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from signals.cabinet import Cabinet
from signals.hardware.emulator import CabinetEmulator
from signals.hardware.field_driver import FieldNote, NoteKind
from signals.hardware.loopback import LoopbackDriver
from signals.hardware.loopback_wire import encode_line
from signals.hardware.street import EmulatedStreet
from signals.ports import Hold, Mode
from signals.runtime.audit_log import AuditLog, verify
from signals.runtime.commander import Commander
from signals.runtime.intersection_file import load_intersection
from signals.runtime.lease import Fence, FileLease
from signals.runtime.station import Gate, Station
from signals.safety.arming import Arming, Level
from signals.safety.guard import Guard
from signals.safety.supervisor import Supervisor

FOUND = load_intersection(Path(__file__).resolve().parents[2] / "config/intersection.toml")
TRIAL_S = 5.0


class HoldAlways:
    """The simplest maker of decisions."""

    def decide(self, seen, state):
        """Stay."""
        return Hold()

    def explain(self):
        """Nothing to explain."""
        return ""


class FullDisk:
    """A log that cannot be written any more once ``is_full``."""

    def __init__(self, log):
        self.log, self.is_full = log, False

    def add(self, record):
        """Append, or fail as a full disk does."""
        if self.is_full:
            raise OSError(28, "No space left on device")
        self.log.add(record)


class Rig:
    """A station and an emulated cabinet, second by second, without sockets."""

    def __init__(self, folder):
        self.now, self.said = 0.0, []
        self.emulator = CabinetEmulator(Cabinet(FOUND.plan), EmulatedStreet(FOUND.intersection, FOUND.demand_per_h))
        self.driver, self.path = LoopbackDriver(), folder / "audit.log"
        self.record = FullDisk(AuditLog(self.path))
        self.lease, self.fence = FileLease(folder / "a.lease"), Fence(folder / "a.fence")
        self.pool = ThreadPoolExecutor(1)
        self.arming = Arming(Level.ARMED, TRIAL_S)
        self.commander = Commander(self.lease, self.fence, self, self.pool)
        gate = Gate(self.driver)
        loop = Supervisor(HoldAlways(), self.driver, gate, Guard(FOUND.intersection, FOUND.plan), self)
        self.station = Station(
            "a", self.driver, gate, loop, self.arming, self.commander, self, self.record, self.said.append
        )
        self.written = []

    def now_s(self):
        """The clock of all."""
        return self.now

    def pump(self):
        """What passes the witness reaches the cabinet, and its answers come back at once."""
        for line in self.station.witness(self.driver.due(self.now)):
            self.written.append(json.loads(line))
            self.driver.receive(encode_line(self.emulator._answer(line, "runtime")), self.now)

    def run(self, seconds):
        """Let time pass."""
        for _ in range(seconds):
            self.commander._look_after()
            self.pump()
            self.station.step()
            self.pump()
            self.emulator.cabinet.tick(1.0)
            self.now += 1.0

    def arm(self):
        """Advisory, the trial, armed, and commanded."""
        self.run(3)
        assert self.station.request(Level.ADVISORY, "op", "trial") is None
        self.run(int(TRIAL_S) + 6)
        assert self.station.request(Level.ARMED, "op", "trial over") is None
        self.run(4)
        assert self.emulator.cabinet.read_state().mode is Mode.REMOTE
        return self

    def events(self):
        """What is on record."""
        return [json.loads(line.split(" ", 1)[1]) for line in self.path.read_text(encoding="utf-8").splitlines()]

    def commands(self):
        """What was written that commands."""
        return [line["command"] for line in self.written if "command" in line]

    def close(self):
        """Let go of files."""
        self.commander.close()
        self.record.log.close()
        self.pool.shutdown()


@pytest.fixture
def rig(tmp_path):
    """A station in shadow."""
    made = Rig(tmp_path)
    yield made
    made.close()


@pytest.mark.parametrize("level", [Level.SHADOW, Level.ADVISORY])
def test_nothing_is_sent_before_the_station_is_armed(rig, level):
    """In shadow and advisory the intents are on record and the cabinet hears only questions."""
    rig.station.request(level, "op", "t")
    rig.run(60)
    assert rig.commands() == []
    assert rig.emulator.cabinet.read_state().mode is Mode.LOCAL
    assert "intent" in {event["event"] for event in rig.events()}


def test_every_command_is_on_record_before_it_is_written(rig):
    """With its bytes, its token and the intersection; and the log is whole."""
    rig.arm().run(30)
    sent = [event for event in rig.events() if event["event"] == "sent"]
    assert [bytes.fromhex(event["bytes"]) for event in sent] == [
        encode_line(line) for line in rig.written if "command" in line
    ]
    assert len(sent) > 20
    assert {(event["intersection"], event["token"]) for event in sent} == {("a", rig.commander.token)}
    rig.record.log.write_head()
    assert verify(rig.path).is_whole


def test_without_the_lease_nothing_is_written(rig):
    """The second in which it is gone commands stop, even the release: somebody else may command by now."""
    rig.arm()
    count = len(rig.commands())
    rig.lease.release()
    rig.commander.token = None
    rig.station.step()
    rig.pump()
    assert len(rig.commands()) == count
    refused = [event for event in rig.events() if event["event"] == "refused"]
    assert "no valid lease" in refused[-1]["why"]
    assert rig.arming.level is Level.ARMED, "who stands by for another process stays armed"


def test_a_stale_token_is_stopped_at_the_fence(rig):
    """A process that slept while another commanded does not get past the fence, though it thinks it holds the lease."""
    rig.arm()
    rig.fence.admit(rig.commander.token + 1)
    count = len(rig.commands())
    rig.run(3)
    assert len(rig.commands()) == count
    assert any("stale" in line for line in rig.said)
    assert rig.emulator.cabinet.read_state().mode is Mode.REMOTE
    rig.run(8)
    assert rig.emulator.cabinet.read_state().mode is Mode.LOCAL, "it went back by itself"


def test_what_cannot_be_logged_is_not_sent(rig):
    """A full disk disarms; only the release that hands the cabinet back goes out without a record."""
    rig.arm()
    count, rig.record.is_full = len(rig.commands()), True
    rig.run(8)
    assert rig.commands()[count:] == ["release"]
    assert rig.arming.level is Level.SHADOW
    assert rig.emulator.cabinet.read_state().mode is Mode.LOCAL
    assert "the log cannot be written" in rig.station.request(Level.ADVISORY, "op", "t")


@pytest.mark.parametrize("kind", [NoteKind.FOREIGN, NoteKind.REFUSED, NoteKind.RESTARTED, NoteKind.CHANGED])
def test_a_cabinet_that_is_not_what_we_took_it_for_disarms(rig, kind):
    """To shadow at once, on record with the reason, and the cabinet is handed back."""
    rig.arm()
    rig.driver._notes.append(FieldNote(kind, "something"))
    rig.run(2)
    assert rig.arming.level is Level.SHADOW
    assert "release" in rig.commands()[-1:]
    assert rig.emulator.cabinet.read_state().mode is Mode.LOCAL
    assert "disarmed" in {event["event"] for event in rig.events()}


def test_a_cabinet_that_starts_anew_disarms(rig):
    """Its seconds begin again: whoever wants to command it has to look first."""
    rig.arm()
    rig.emulator.cabinet = Cabinet(FOUND.plan)
    rig.run(3)
    assert rig.arming.level is Level.SHADOW
    assert any("DISARMED" in line for line in rig.said)


def test_a_clock_that_jumps_disarms(rig):
    """Ours or the cabinet's: nobody commands before a person has looked."""
    rig.arm()
    rig.now += 60.0
    rig.run(3)
    assert rig.arming.level is Level.SHADOW


def test_a_person_takes_the_level_down_and_the_cabinet_is_handed_back(rig):
    """With a name and a reason on record."""
    rig.arm()
    assert rig.station.request(Level.SHADOW, "chen", "roadworks") is None
    rig.run(1)
    assert rig.commands()[-1] == "release"
    wish = [event for event in rig.events() if event["event"] == "level"][-1]
    assert (wish["who"], wish["why"], wish["level"]) == ("chen", "roadworks", "shadow")


def test_a_refused_wish_is_on_record_too(rig):
    """Who asked for what, and why not."""
    assert "advisory first" in rig.station.request(Level.ARMED, "mallory", "because")
    wish = [event for event in rig.events() if event["event"] == "level"][-1]
    assert wish["who"] == "mallory"
    assert "advisory first" in wish["refusal"]


def test_who_has_left_hears_no_wish(rig):
    """While the process ends nobody can have it take the cabinet over again."""
    rig.arm()
    assert rig.station.leave("the process ends")
    assert rig.station.request(Level.ARMED, "op", "t") == "the process ends"
    rig.run(5)
    assert rig.commands()[-1] == "release"
    assert rig.emulator.cabinet.read_state().mode is Mode.LOCAL


def test_what_was_drawn_before_a_disarming_does_not_go_out_after_it(rig):
    """The note that disarms comes with the datagrams of the same moment: they are kept back."""
    rig.arm()
    rig.station.step()
    due = rig.driver.due(rig.now)
    assert any(b"hold" in line for line in due)
    rig.driver._notes.append(FieldNote(NoteKind.FOREIGN, "somebody else"))
    assert not [line for line in rig.station.witness(due) if b"hold" in line]


def test_nothing_that_commands_passes_below_armed(rig):
    """The last look asks for the arming too, whatever a driver writes."""
    rig.run(3)
    hold = b'{"command":"hold"}\n'
    assert rig.station.witness([hold]) == []
    refused = [event for event in rig.events() if event["event"] == "refused"]
    assert refused[-1]["why"] == "the intersection is not armed"


def test_a_cabinet_that_is_silent_for_a_minute_is_disarmed(rig):
    """Nobody knows any more what stands there."""
    rig.arm()
    rig.emulator._answer = lambda *_: {"error": "dead"}
    rig.driver.reset_link(rig.now)
    rig.run(58)
    rig.run(8)
    assert rig.arming.level is Level.SHADOW


def test_a_driver_that_lets_go_again_and_again_is_disarmed(rig):
    """Three times in ten minutes by itself, and a person has to look; a train does not count."""
    rig.arm()
    for _ in range(5):
        rig.driver._notes.append(FieldNote(NoteKind.YIELDED, "a train"))
        rig.driver.is_engaged = False
        rig.run(12)
    assert rig.arming.level is Level.ARMED
    for _ in range(4):
        rig.driver.is_engaged = False
        rig.run(12)
    assert rig.arming.level is Level.SHADOW
