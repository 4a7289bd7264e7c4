"""Which code a run was made with: a hash of the sources that can change its outcome, and of a scenario's files."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import asdict
from functools import lru_cache
from pathlib import Path

from sumo_scenarios.manifest import Scenario

HOME = Path(__file__).resolve().parents[1]
# what judges, shows or drives; it changes no run
_OUTSIDE = frozenset(
    {"cli", "tuning", "evaluation", "runtime", "hardware", "rig", "parameter_file.py", "signatures.py"}
)
# all that is behind a run of SUMO's own programs
_SHIPPED = frozenset({"simulation", "measures", "baselines"})
# what only our own controllers see or say: SUMO's run without it
_OURS_ALONE = frozenset(
    {"sensing.py", "pedestrians.py", "loops.py", "placement.py", "faults.py", "mail.py", "racks.py"}
)
_SHOWN = 12


@lru_cache(maxsize=4)
def get_code_version(*, is_ours: bool = True) -> str:
    """A short hash of ``signals``, without what cannot change a run: for SUMO's own controllers, less of it."""
    tops = sorted(top for top in HOME.iterdir() if top.name not in _OUTSIDE and (is_ours or top.name in _SHIPPED))
    files = [file for top in tops for file in ([top] if top.is_file() else sorted(top.rglob("*.py")))]
    used = [f for f in files if f.suffix == ".py" and (is_ours or f.name not in _OURS_ALONE)]
    return _hash((str(file.relative_to(HOME)), file.read_bytes()) for file in used)


@lru_cache(maxsize=64)
def get_scenario_hash(scenario: Scenario) -> str:
    """A short hash of what a scenario is: its files' contents and its numbers, wherever it lies."""
    files = (scenario.net, *scenario.demand, *scenario.additional)
    numbers = {k: v for k, v in asdict(scenario).items() if isinstance(v, int | float)}
    return _hash([("numbers", repr(sorted(numbers.items())).encode()), *((f.name, f.read_bytes()) for f in files)])


def _hash(parts: Iterable[tuple[str, bytes]]) -> str:
    total = hashlib.sha256()
    for name, content in parts:
        total.update(f"{name} {len(content)} ".encode())
        total.update(content)
    return total.hexdigest()[:_SHOWN]
