"""A controller, the processes that would command it, their lease server and the network, tenth by tenth.

Everything between decision and socket is the real thing: driver, gate, guard, supervisor, arming, station, commander,
lease, fence and log. Made for the test are the clock, the network, a lease server without sockets, and a maker of
decisions who wants whatever the test wants. A process can be killed and started anew, sleep, have its clock jump, and
lose the lease server. Two processes are on two machines: each has its own fence and log, and one lease.
"""

import copy
import copyreg
from contextlib import contextmanager
from dataclasses import dataclass
from random import Random

from redis import RedisError

from signals.hardware.utc_v3.emulator_answers import Answers
from signals.ports import Hold
from signals.runtime.audit_log import AuditLog
from signals.runtime.commander import Commander
from signals.runtime.lease import RENEW_EVERY_S, Fence, StaleTokenError
from signals.runtime.redis_lease import _ACQUIRE, _RELEASE, _RENEW, RedisLease
from signals.runtime.station import Gate, Station
from signals.safety.arming import Arming, Level
from signals.safety.guard import Guard
from signals.safety.supervisor import Supervisor
from tests.support.field_network import Network
from tests.support.field_street import CONSTANT, build_street
from tests.support.lamp_judge import LampJudge

TICK_S = 0.1
TRIAL_S = 2.0
CABINET = "cabinet"
_RESTED_S = 1e-6


class LeaseServer:
    """What ``RedisLease``'s scripts do in Redis, on the world's clock; ``unreachable`` clients get no answer."""

    def __init__(self, world):
        self._world = world
        self._holder, self._until_s, self._last = "", -1.0, 0
        self.unreachable = set()

    def run(self, script, arguments):
        """One script, whole."""
        now_s = self._world.now_s()
        if now_s >= self._until_s:
            self._holder = ""
        if script == _ACQUIRE:
            at_least, life_ms, holder = arguments
            if self._holder:
                return 0
            self._last = max(self._last, int(at_least), round(now_s * 1000)) + 1
            self._holder, self._until_s = holder, now_s + int(life_ms) / 1000
            return self._last
        if self._holder != arguments[0]:
            return 0
        if script == _RENEW:
            self._until_s = now_s + int(arguments[1]) / 1000
        else:
            assert script == _RELEASE
            self._holder = ""
        return 1

    def fingerprint(self, now_s):
        """What may still matter."""
        return (bool(self._holder), round(self._until_s - now_s, 1), self._last, tuple(sorted(self.unreachable)))


class _Redis:
    """One machine's client."""

    def __init__(self, server, name):
        self._server, self._name = server, name

    def eval(self, script, count, *keys_and_arguments):
        """As ``redis.Redis.eval``."""
        if self._name in self._server.unreachable:
            raise RedisError("timeout")
        return self._server.run(script, keys_and_arguments[count:])


class MemoryFence:
    """A fence whose number is kept with the machine and not on a disk, for worlds that branch."""

    def __init__(self, shelf):
        self._shelf = shelf

    @property
    def highest(self):
        """No lower one passes."""
        return self._shelf["fence"]

    def admit(self, token):
        """As ``Fence.admit``."""
        if token < self._shelf["fence"]:
            raise StaleTokenError(f"token {token} is stale")
        self._shelf["fence"] = token

    def close(self):
        """Nothing to let go of."""


class NoLog:
    """A log that takes everything and keeps nothing."""

    def add(self, record):
        """Accept it."""

    def close(self):
        """Nothing to let go of."""


class Whim:
    """Wants what the test wants, and sees nothing, or breaks."""

    def __init__(self):
        self.wish, self.is_broken = Hold(), False

    def read(self):
        """Nothing is seen."""

    def decide(self, seen, state):
        """What is wished for; a callable is asked each second."""
        if self.is_broken:
            raise RuntimeError("the maker of decisions is broken")
        return self.wish(state) if callable(self.wish) else self.wish

    def explain(self):
        """Whims have no reasons."""
        return ""


@dataclass(frozen=True, slots=True)
class Spoken:
    """A command that passed the witness: when, whose, and under which token; None: its sender had no lease."""

    at_s: float
    name: str
    token: int | None


@dataclass(frozen=True, slots=True)
class Heard:
    """A command that the controller has obeyed; ``sent_s``: when its datagram was sent."""

    at_s: float
    sent_s: float
    name: str
    token: int | None


class Runtime:
    """One process on one machine, from its start to its end. ``phase_s``: at which part of the second it steps."""

    def __init__(self, world, name, phase_s, shelf, folder):
        self._world, self.name, self._phase_s = world, name, phase_s
        self._born_s = world.now_s()
        self.offset_s = 0.0  # of its clock, after jumps
        self.wall_offset_s = 0.0  # of its wall clock
        self.sleeps_until_s = -1.0
        self.level = Level.SHADOW  # that its operators want
        self._inbox = []
        self.driver = world.field.make_driver(self)
        crossing, plan = build_street()
        self.whim, gate = Whim(), Gate(self.driver)
        self.guard = Guard(crossing, plan, self.driver.capabilities)
        loop = Supervisor(self.whim, self.whim, gate, self.guard, self)
        self.arming = Arming(Level.ARMED, TRIAL_S)
        self.lease = RedisLease(_Redis(world.server, name), "street")
        self.fence = MemoryFence(shelf) if folder is None else Fence(folder / name / "street.fence")
        self.record = NoLog() if folder is None else AuditLog(folder / name / "audit.log")
        self.commander = Commander(self.lease, self.fence, self, None)
        self.station = Station(
            "street", self.driver, gate, loop, self.arming, self.commander, self, self.record, self._say
        )
        self.said = []
        self._next_step_s = self.now_s() + phase_s
        self._next_lease_s = self.now_s()
        self.driver.reset_link(self.now_s())

    def now_s(self):
        """Its clock."""
        return self._world.now_s() - self._born_s + self.offset_s

    def read_wall_clock(self):
        """Its wall clock, in seconds of the virtual time."""
        return self._world.now_s() + self.wall_offset_s

    @property
    def is_engaged(self):
        """Whether it takes itself for the commander."""
        return self.station._gate.is_open

    def receive(self, data):
        """A datagram; while the process sleeps they queue up."""
        self._inbox.append(data)

    def tick(self):
        """Do what is due by now."""
        if self._world.now_s() < self.sleeps_until_s - _RESTED_S:
            return
        inbox, self._inbox = self._inbox, []
        now_s = self.now_s()
        for data in inbox:
            self.driver.receive(data, now_s)
            self._pump()
        if self.driver.wakes_at_s <= now_s + _RESTED_S:
            self._pump()
        if now_s >= self._next_lease_s - _RESTED_S:
            self._next_lease_s = now_s + RENEW_EVERY_S
            self.commander._look_after()
        if now_s >= self._next_step_s - _RESTED_S:
            self._next_step_s = max(self._next_step_s + 1.0, now_s - 1.0)
            self._ask_for_level()
            self.station.step()
            self._pump()

    def reconnect(self):
        """The connection was broken and is there again."""
        self.driver.reset_link(self.now_s())
        self._pump()

    def close(self):
        """What the system does when the process is gone."""
        self.fence.close()
        self.record.close()

    def _pump(self):
        for data in self.station.witness(self.driver.due(self.now_s())):
            self._world.speak(self, data, self.commander.token)

    def _ask_for_level(self):
        level = self.arming.level
        if self.level < level:
            self.station.request(self.level, "operator", "down")
        elif self.level > level:
            wanted = Level(level + 1)
            if not self.arming.find_refusal(wanted, (), self.now_s()):
                self.station.request(wanted, "operator", "up")

    def _say(self, line):
        self.said = [*self.said[-30:], f"{self._world.now_s():.1f} {line}"]


class World:
    """One street. ``folder``: where each machine keeps fence and log; None: in memory, and the world can branch."""

    def __init__(self, field, folder=None, seed=1):
        self.field, self._folder = field, folder
        self.random = Random(seed)
        self.ticks = 0
        self.emulator = field.make_emulator()
        self.network = Network(self.random, as_stream=field.is_stream)
        self.server = LeaseServer(self)
        crossing, plan = build_street()
        self.plan = plan
        within = field.kind == "ntcip1202"
        self.judge = LampJudge(crossing, plan.limits, plan.stages, plan.timings, walks_within_green=within)
        self.runtimes = {}
        self._shelves = {}
        self.spoken, self.heard = [], []
        self.requests = 0
        self.befallen = None
        self._see()

    def now_s(self):
        """The time of the world."""
        return self.ticks * TICK_S

    def start(self, name, phase_s=0.0):
        """Start a process on a machine; there is none there."""
        shelf = self._shelves.setdefault(name, {"fence": 0})
        runtime = self.runtimes[name] = Runtime(self, name, phase_s, shelf, self._folder)
        return runtime

    def kill(self, name):
        """It is gone without a word."""
        self.runtimes.pop(name).close()
        self._hang_up(name)

    def cut(self, name):
        """The network between a machine and the cabinet is gone."""
        self.network.cut.add(name)
        self._hang_up(name)

    def heal(self, name):
        """It is there again."""
        self.network.cut.discard(name)
        if self.field.is_stream and name in self.runtimes:
            self.runtimes[name].reconnect()

    def befall(self, what):
        """Let something happen to the cabinet."""
        self.emulator.happen(what)
        self._see()

    def speak(self, runtime, data, token):
        """A process has written to its socket."""
        if self.field.does_command(data):
            self.spoken.append(Spoken(self.now_s(), runtime.name, token))
        self.network.send(self.now_s(), runtime.name, CABINET, data, token)

    def tick(self):
        """A tenth of a second; then everybody who has something to do does it."""
        self.ticks += 1
        self.emulator.tick(TICK_S)
        self._see()
        self._answer()
        self._deliver()
        for runtime in tuple(self.runtimes.values()):
            runtime.tick()
        self._deliver()  # what a calm network delivers at once
        self._answer()
        self._deliver()

    def run(self, seconds):
        """Let time pass."""
        for _ in range(round(seconds / TICK_S)):
            self.tick()
        return self

    def run_until(self, condition, most_s):
        """Let time pass until something is so; how long that took."""
        began = self.ticks
        while not condition():
            assert (self.ticks - began) * TICK_S < most_s, f"not so after {most_s:g} s"
            self.tick()
        return (self.ticks - began) * TICK_S

    @property
    def is_commanded(self):
        """Whether an order of somebody is in force."""
        return self.field.is_led(self.emulator)

    @property
    def is_local(self):
        """Whether nobody's order has a say."""
        return self.field.is_local(self.emulator)

    def find_wrongs(self):
        """Everything that must not be, in words: lamps, and two commanders."""
        yield from (fault.message for fault in self.judge.faults)
        yield from self.find_two_speakers()
        yield from self.find_two_heard()

    def find_two_speakers(self):
        """Commands that left a machine without a lease, or after one under a higher token had left another."""
        highest = 0
        for one in self.spoken:
            if one.token is None:
                yield f"{one.name} spoke at {one.at_s:.1f} s without a token"
                continue
            if one.token < highest:
                yield f"{one.name} spoke at {one.at_s:.1f} s under token {one.token}; {highest} had spoken"
            highest = max(highest, one.token)

    def find_two_heard(self):
        """Commands that were obeyed after one under a higher token was."""
        highest = 0
        for one in self.heard:
            if one.token is None:
                continue  # told by find_two_speakers
            if one.token < highest:
                yield (
                    f"a command of {one.name}, token {one.token}, sent at {one.sent_s:.1f} s, was obeyed at "
                    f"{one.at_s:.1f} s, after one under token {highest}"
                )
            highest = max(highest, one.token)

    def branch(self):
        """A second world that is as this one, and goes its own way."""
        assert self._folder is None, "files cannot branch"
        with _sharing():
            return copy.deepcopy(self)

    def __deepcopy__(self, memo):
        twin = object.__new__(type(self))
        memo[id(self)] = twin
        for name, value in self.__dict__.items():
            setattr(twin, name, copy.deepcopy(value, memo))
        for runtime in twin.runtimes.values():
            runtime.commander.wants = _Wants(runtime.station)
        _rebind_answers(twin.emulator)
        return twin

    def _deliver(self):
        for datagram in self.network.deliver(self.now_s()):
            if datagram.receiver != CABINET:
                if runtime := self.runtimes.get(datagram.receiver):
                    runtime.receive(datagram.data)
                continue
            before = self.field.count_obeyed(self.emulator)
            self.emulator.receive(datagram.data, datagram.sender)
            if self.field.count_obeyed(self.emulator) != before:
                self.heard.append(Heard(self.now_s(), datagram.sent_s, datagram.sender, datagram.token))
            self._see()

    def _answer(self):
        for peer, data in self.emulator.due():
            self.network.send(self.now_s(), CABINET, peer, data)

    def _hang_up(self, name):
        if self.field.is_stream:
            self.network.drop(name)
            self.emulator.hang_up(name)

    def _see(self):
        is_working = self.field.is_working(self.emulator)
        self.judge.see(self.now_s(), self.emulator.list_lamps(), is_working=is_working)


class _Wants:
    """What ``Station`` tells its commander, of a copied station."""

    def __init__(self, station):
        self._station = station

    def __call__(self):
        return self._station.needs_lease


def _rebind_answers(emulator):
    """The answers of a copied controller of protocol 3.0 are functions that know the first one; make them anew."""
    if not isinstance(old := getattr(emulator, "_answers", None), Answers):
        return
    fresh = Answers(emulator, old._held, old._profile, old._misbehaviour)
    fresh.__dict__.update({name: value for name, value in old.__dict__.items() if name != "_tells"})
    emulator._answers = fresh


@contextmanager
def _sharing():
    """While worlds are copied, what never changes is not: ``deepcopy`` takes a name as "this very object"."""
    before = {kind: copyreg.dispatch_table.get(kind) for kind in CONSTANT}
    copyreg.dispatch_table.update(dict.fromkeys(CONSTANT, lambda one: type(one).__name__))
    try:
        yield
    finally:
        for kind, reducer in before.items():
            if reducer is None:
                del copyreg.dispatch_table[kind]
            else:
                copyreg.dispatch_table[kind] = reducer
