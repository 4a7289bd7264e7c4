"""Nothing unguarded reaches the street."""

import copy
import subprocess
import sys
import textwrap
from dataclasses import replace

import pytest

from signals.cabinet import Cabinet
from signals.ports import Advance, Hold
from signals.safety.command import SafeCommand, UnsafeCommandError
from signals.safety.guard import Guard
from signals.simulation.network import read_sites
from signals.simulation.programs import read_programs
from signals.simulation.shipped_plan import build_plan
from sumo_scenarios.catalog import find_scenario


@pytest.mark.parametrize("token", [None, object(), "token", 0])
def test_only_the_guard_makes_a_safe_command(token):
    """Constructing one elsewhere raises, whatever is offered as token."""
    with pytest.raises(UnsafeCommandError):
        SafeCommand(Hold(), token)


def test_a_safe_command_cannot_be_altered():
    """Neither assignment nor dataclasses.replace turns an admitted command into another one."""
    scenario = find_scenario("isolated")
    ((signal, site),) = read_sites(scenario.net).items()
    plan = build_plan(site, read_programs(scenario)[signal], scenario)
    safe = Guard(site.intersection, plan).admit(Hold(), Cabinet(plan).read_state(), 0.0)
    assert isinstance(safe, SafeCommand)
    with pytest.raises(AttributeError):
        safe.command = Advance(1)
    with pytest.raises((UnsafeCommandError, ValueError)):
        replace(safe, command=Advance(1))
    assert copy.copy(safe).command == Hold()


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
