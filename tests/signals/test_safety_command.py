"""Nothing unguarded reaches the street."""

import ast
import copy
import pickle
import subprocess
import sys
import textwrap
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest

from signals.cabinet import Cabinet
from signals.ports import Advance, Hold, Release
from signals.safety.command import COMMAND_LIFE_S, SafeCommand, StaleCommandError, UnsafeCommandError, unseal
from signals.safety.guard import Guard
from signals.simulation.network import read_sites
from signals.simulation.programs import read_programs
from signals.simulation.shipped_plan import build_plan
from sumo_scenarios.catalog import find_scenario


@pytest.mark.parametrize("token", [None, object(), "token", 0])
def test_only_the_guard_makes_a_safe_command(token):
    """Constructing one elsewhere raises, whatever is offered as token."""
    with pytest.raises(UnsafeCommandError):
        SafeCommand(Hold(), token, 1e9)


@pytest.fixture(scope="module")
def crossing():
    """The crossing of our own scenario and its plan."""
    scenario = find_scenario("isolated")
    ((signal, site),) = read_sites(scenario.net).items()
    return site.intersection, build_plan(site, read_programs(scenario)[signal], scenario)


def admit(crossing, command, cabinet):
    """What a fresh guard admits."""
    intersection, plan = crossing
    safe = Guard(intersection, plan).admit(command, cabinet.read_state(), 0.0)
    assert isinstance(safe, SafeCommand)
    return safe


def test_a_safe_command_cannot_be_altered(crossing):
    """Assignment, dataclasses.replace, __setstate__ and a pickle make no other command; a copy is the same one."""
    safe = admit(crossing, Hold(), Cabinet(crossing[1]))
    with pytest.raises(AttributeError):
        safe.command = Advance(1)
    with pytest.raises((UnsafeCommandError, ValueError)):
        replace(safe, command=Advance(1))
    with pytest.raises(UnsafeCommandError):
        safe.__setstate__([Advance(1), 1e9])
    with pytest.raises(UnsafeCommandError):
        safe.__getstate__()
    for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
        with pytest.raises(UnsafeCommandError):
            pickle.dumps(safe, protocol)
    assert copy.copy(safe) is safe
    assert copy.deepcopy(safe) is safe


def test_a_safe_command_has_no_other_kinds():
    """A subclass with a constructor of its own cannot be made."""
    with pytest.raises(UnsafeCommandError):
        type("Forged", (SafeCommand,), {"__slots__": ()})


def test_who_tries_is_told_why_not(crossing):
    """Each way round the guard ends in words that say what to do in its place."""
    cabinet = Cabinet(crossing[1])
    safe = admit(crossing, Hold(), cabinet)
    attempts = {
        "Only signals.safety.guard makes a SafeCommand; ask it with Guard.admit.": lambda: SafeCommand(Hold(), 0, 1e9),
        "A SafeCommand has no other kinds.": lambda: type("Forged", (SafeCommand,), {"__slots__": ()}),
        "A SafeCommand is for now and for here; it is not stored or sent on.": lambda: pickle.dumps(safe),
        "A SafeCommand is not stored.": safe.__getstate__,
        "A SafeCommand is not restored; ask Guard.admit for a new one.": lambda: safe.__setstate__([Advance(1), 1e9]),
        "Advance has not passed the guard.": lambda: unseal(Advance(1), 0.0),
    }
    for words, attempt in attempts.items():
        with pytest.raises(UnsafeCommandError) as refused:
            attempt()
        assert str(refused.value) == words
    with pytest.raises(StaleCommandError) as late:
        unseal(safe, 2.5)
    assert str(late.value) == "Hold() was good until second 2 of the cabinet, which counts 2.5; it is not sent."


def test_a_cabinet_looks_at_what_it_is_given(crossing):
    """At run time too: a plain command or something that looks like a safe one is not carried out."""
    cabinet = Cabinet(crossing[1])
    for forged in (Advance(1), SimpleNamespace(command=Advance(1), valid_until_s=1e9), None):
        with pytest.raises(UnsafeCommandError):
            cabinet.apply(forged)
    assert cabinet.read_state().mode == "local"


def test_a_kept_command_grows_stale(crossing):
    """A hold that is replayed after its two seconds is refused and does not keep the green; a release never ages."""
    cabinet = Cabinet(crossing[1])
    hold, release = admit(crossing, Hold(), cabinet), admit(crossing, Release("enough"), cabinet)
    for second in range(60):
        if second <= COMMAND_LIFE_S:
            cabinet.apply(hold)
        else:
            with pytest.raises(StaleCommandError, match="good until second 2"):
                cabinet.apply(hold)
        cabinet.tick(1.0)
    assert cabinet.read_state().mode == "local"
    cabinet.apply(release)
    assert unseal(release, 1e12) == unseal(release, float("nan")) == Release("enough")
    with pytest.raises(StaleCommandError):
        unseal(hold, float("nan"))


def test_no_code_goes_round_the_guard():
    """Outside signals.safety nobody names the seal, and only the emulated cabinet's own end calls ``obey``."""
    root = Path(__file__).resolve().parents[2]
    found = []
    for package in ("api", "gtfs", "mobility", "signals", "sumo_scenarios"):
        for path in sorted((root / package).rglob("*.py")):
            name = path.relative_to(root).as_posix()
            nodes = list(ast.walk(ast.parse(path.read_text(encoding="utf-8"))))
            words = {n.attr for n in nodes if isinstance(n, ast.Attribute)} | {
                alias.name for n in nodes if isinstance(n, ast.ImportFrom) for alias in n.names
            }
            if words & {"_seal", "_TOKEN"} and not name.startswith("signals/safety/"):
                found.append(name)
            if "obey" in words and name not in {"signals/cabinet.py", "signals/hardware/emulator.py"}:
                found.append(name)
    assert not found


def test_mypy_proves_that_a_cabinet_takes_nothing_else(tmp_path):
    """A plain command given to a guarded controller is a type error; an admitted one is not."""
    code = """
        from signals.ports import Advance, SignalState
        from signals.safety.command import GuardedController, SafeCommand
        from signals.safety.guard import Guard

        def send(signal: GuardedController, guard: Guard, state: SignalState) -> None:
            verdict = guard.admit(Advance(1), state, 0.0)
            if isinstance(verdict, SafeCommand):
                signal.apply(verdict)
            signal.apply(Advance(1))
    """
    file = tmp_path / "sends.py"
    file.write_text(textwrap.dedent(code), encoding="utf-8")
    command = [sys.executable, "-m", "mypy", "--strict", "--cache-dir", str(tmp_path / "cache"), str(file)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    errors = [line for line in done.stdout.splitlines() if "error:" in line and "sends.py" in line]
    assert len(errors) == 1, done.stdout
    assert "sends.py:10" in errors[0]
    assert '"SafeCommand"' in errors[0]
