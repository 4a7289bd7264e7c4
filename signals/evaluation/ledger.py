"""Keeps finished runs, a line of JSON each, so that what was cut off goes on where it stopped.

A run is found again only if nothing that could change it has changed: the scenario's files and numbers, the arm but
for its name, the seed, SUMO's version and the code.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, replace
from importlib.metadata import version
from pathlib import Path
from typing import Any

from signals.evaluation.code_version import get_code_version, get_scenario_hash
from signals.evaluation.errors import EvaluationError
from signals.evaluation.processes import RunOrder
from signals.evaluation.report import RunResult
from signals.measures.audit import Audit, Rule, Violation
from signals.measures.tripinfo import Measures

_NO_MATTER = ("label", "origin", "training_seeds")


class Ledger:
    """The runs in one file. Several processes may add to it."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._runs: dict[str, dict[str, Any]] = {}
        if path.is_file():
            for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
                try:
                    row = json.loads(line)
                    self._runs[row["key"]] = row
                except (ValueError, KeyError, TypeError) as error:
                    raise EvaluationError(f"{path}, line {number}: not a run ({error}); remove the line.") from error

    def find(self, order: RunOrder) -> RunResult | None:
        """The run, if it has been made before."""
        row = self._runs.get(_get_key(order))
        return None if row is None else replace(_read(row), label=order.arm.label)

    def add(self, order: RunOrder, result: RunResult) -> None:
        """Keep a run; the line is on disk when this returns."""
        key = _get_key(order)
        row: dict[str, Any] = {
            "key": key,
            "scenario": order.scenario.name,
            "arm": order.arm.to_json(),
            "seed": order.seed,
            "code": get_code_version(is_ours=order.arm.is_ours),
            "measures": asdict(result.measures),
            "audit": asdict(result.audit),
            "notes": dict(result.notes),
            "wall_s": round(result.wall_s, 2),
            "details": dict(result.details),
        }
        self._runs[key] = row
        self._path.parent.mkdir(parents=True, exist_ok=True)
        with self._path.open("a", encoding="utf-8") as stream:
            stream.write(json.dumps(row, ensure_ascii=False) + "\n")


def _get_key(order: RunOrder) -> str:
    arm = {name: value for name, value in order.arm.to_json().items() if name not in _NO_MATTER}
    parts = [
        get_scenario_hash(order.scenario), arm, order.seed, get_code_version(is_ours=order.arm.is_ours),
        version("eclipse-sumo"), *([order.inspector.key] if order.inspector else []),
    ]  # fmt: skip
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()[:24]


def _read(row: dict[str, Any]) -> RunResult:
    found = row["audit"]
    violations = tuple(Violation(**{**one, "rule": Rule(one["rule"])}) for one in found["violations"])
    return RunResult(
        label=row["arm"]["label"],
        seed=row["seed"],
        measures=Measures(**row["measures"]),
        audit=Audit(**{**found, "violations": violations}),
        notes=row["notes"],
        wall_s=row["wall_s"],
        details=row.get("details", {}),
    )
