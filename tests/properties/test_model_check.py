"""Every small schedule around the second in which a green may be ended: bounded, but exhaustive.

A first process commands, a second one is armed and waits for the lease. From ``EARLY_S`` before a green is old enough,
each second has one of these: the first process wants to stay or to go on, and what it writes in that second arrives, is
lost, comes twice, or late, or the answers are lost; or it dies, and stays dead. All schedules of ``DEPTH`` such seconds
are played, two worlds that have become alike are played on once, and at the end of each everything is left to itself
until the changes are over. Lamps are judged throughout, and so are commanders.

CHANGTONG_MODEL_DEPTH is the number of seconds; 2 by default.
"""

import os
import time

import pytest

from signals.hardware.ntcip1202.asking import Asking
from signals.ports import Advance, Hold
from signals.safety.arming import Level
from tests.support.field_rig import CABINET, World
from tests.support.field_street import Field
from tests.support.state_hash import hash_world

DEPTH = int(os.environ.get("CHANGTONG_MODEL_DEPTH", "2"))
EARLY_S = 1.0
OVER_S = 16.0  # the longest change, a minimum green, and the start of the change after it
ARRIVES, LOST, TWICE, LATE = (0.0,), (), (0.0, 1.3), (1.7,)
FATES = {
    "arrives": {CABINET: ARRIVES},
    "lost": {CABINET: LOST},
    "twice": {CABINET: TWICE},
    "late": {CABINET: LATE},
    "answers lost": {CABINET: ARRIVES, "A": LOST},
}
CASES = (("loopback", "hasty"), ("utc-v3", "hasty"), ("utc-v3", "published firmware"), ("ntcip1202", "slow"))
MORE = (("loopback", "obedient"), ("utc-v3", "obedient"), ("utc-v3", "late steps"), ("ntcip1202", "obedient"))


def go_round(state):
    """On to the next stage."""
    return Advance((state.stage + 1) % 3)


WISHES = {"stay": Hold(), "go": go_round}
CHOICES = [(wish, fate) for wish in WISHES for fate in FATES]


def play(world, choice):
    """One second of a schedule; None: the first process dies."""
    if choice is None:
        world.kill("A")
    elif "A" in world.runtimes:
        wish, fate = choice
        world.runtimes["A"].whim.wish = WISHES[wish]
        world.network.fates = FATES[fate]
    world.run(1.0)
    return world


def leave_alone(world):
    """The weather is good again; the first process goes on wanting to go on."""
    world.network.fates = {}
    if "A" in world.runtimes:
        world.runtimes["A"].whim.wish = go_round
    return world.run(OVER_S)


def find_start(field, at_stage):
    """A world a little before the green of a stage may be ended, while the first process commands."""
    world = World(field)
    world.start("A").level = Level.ARMED
    world.runtimes["A"].whim.wish = go_round
    world.run_until(lambda: world.is_commanded, 60.0)
    world.start("B", 0.5).level = Level.ARMED
    world.runtimes["B"].whim.wish = go_round
    stage = world.plan.stages[at_stage]
    size = len(world.emulator.list_lamps())
    shown = tuple(stage.lamp(m) for m in range(size))
    world.run_until(lambda: world.emulator.list_lamps() != shown, 120.0)
    world.run_until(lambda: world.emulator.list_lamps() == shown, 200.0)
    return world.run(world.plan.timings[at_stage].min_green_s - EARLY_S)


def check(world, path):
    """Nothing wrong has happened in it."""
    wrong = next(world.find_wrongs(), None)
    assert wrong is None, f"{wrong}; after {path}"


def explore(start, depth):
    """All schedules; how many there are, how many different states they come to, and how many of them were commanded."""
    frontier = {hash_world(start): (start, 1, ())}
    states = 1
    for _ in range(depth):
        following = {}
        for world, times, path in frontier.values():
            choices = [*CHOICES, None] if "A" in world.runtimes else [("stay", "arrives")]
            for choice in choices:
                now = play(world.branch(), choice)
                check(now, (*path, choice))
                key = hash_world(now)
                known = following.get(key)
                following[key] = (
                    (now, times, (*path, choice)) if known is None else (known[0], known[1] + times, known[2])
                )
        frontier = following
        states += len(frontier)
    for world, _, path in frontier.values():
        check(leave_alone(world), path)
    return sum(times for _, times, _ in frontier.values()), states


@pytest.fixture(autouse=True)
def _counted_requests(monkeypatch):
    """Each process numbers its SNMP requests in turn, so that worlds can be alike; nothing else hangs on their numbers."""
    plain, turn = Asking.add, {"next": 0}

    def add(asking, *args):
        turn["next"] = asking._count
        return plain(asking, *args)

    def draw():
        turn["next"] += 1
        return turn["next"]

    monkeypatch.setattr(Asking, "add", add)
    monkeypatch.setattr("signals.hardware.ntcip1202.asking.draw_request", draw)


@pytest.mark.timeout(180 if DEPTH <= 2 else 36_000)
@pytest.mark.parametrize(("kind", "temper"), CASES if DEPTH <= 2 else CASES + MORE)
def test_every_small_schedule_is_safe(kind, temper, capsys):
    """No schedule of ``DEPTH`` seconds shows a lamp that must not be, or lets two be heard."""
    begun_s = time.monotonic()
    schedules, states = explore(find_start(Field(kind, temper), 0), DEPTH)
    with capsys.disabled():
        took_s = time.monotonic() - begun_s
        print(f"\n{kind}, {temper}: {schedules} schedules, {states} states, {took_s:.1f} s")  # noqa: T201
    assert schedules >= len(CHOICES) ** DEPTH


def test_a_branch_is_as_the_world_it_comes_from():
    """A copied world lives on as the first: the same hash after the same seconds, for each protocol."""
    for kind in ("loopback", "utc-v3", "ntcip1202"):
        first = find_start(Field(kind), 0)
        second = first.branch()
        assert hash_world(first) == hash_world(second)
        assert hash_world(first.run(30.0)) == hash_world(second.run(30.0))
        assert [one.at_s for one in first.heard] == [one.at_s for one in second.heard]
