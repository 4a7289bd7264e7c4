"""What is compared with what: an arm is a controller with its parameters, its sensing, its faults and its demand.

A file of arms is TOML, one ``[[arm]]`` each, in the words of ``Arm``; ``file`` names a tuned parameter file instead of
``parameters``, relative to the file of arms.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

from signals.evaluation.errors import EvaluationError
from signals.parameter_file import ParameterFile, load_parameters
from signals.simulation.faults import FaultPlan
from signals.simulation.run import CONTROLLERS

DEFAULTS = "defaults"
LIMITS = ("min_green_s", "max_green_s", "yellow_s", "red_clearance_s", "max_red_s")


@dataclass(frozen=True, slots=True)
class Arm:
    """One side of a comparison. ``limits`` replaces safety numbers of the scenario, ``faults`` is what is broken.

    ``origin`` says where the parameters came from and ``training_seeds`` on which seeds they were chosen.
    """

    label: str
    controller: str
    parameters: Mapping[str, Any] = field(default_factory=dict)
    sensing: str = "ideal"
    faults: Mapping[str, Any] = field(default_factory=dict)
    demand_scale: float = 1.0
    limits: Mapping[str, Any] = field(default_factory=dict)
    origin: str = DEFAULTS
    training_seeds: tuple[int, ...] = ()

    @property
    def title(self) -> str:
        """The controller's title and, in short, what is special about this arm."""
        special = [
            *(f"{name} {value}" for name, value in self.limits.items()),
            *(f"{name} {value}" for name, value in self.faults.items()),
        ]
        if self.sensing != "ideal" and self.is_ours:
            special.append(self.sensing)
        if self.demand_scale != 1:
            special.append(f"demand x {self.demand_scale:g}")
        if self.origin == DEFAULTS and self.parameters and len(self.parameters) <= 2:
            special += [f"{name} {value}" for name, value in self.parameters.items()]
        elif self.parameters:
            special.append(self.origin if self.training_seeds else f"{len(self.parameters)} parameters")
        return "\n".join([CONTROLLERS[self.controller].title, *special])

    @property
    def is_ours(self) -> bool:
        """Whether it is held to the scenario's clearances, not to what it ships."""
        return CONTROLLERS[self.controller].is_ours

    def to_json(self) -> dict[str, Any]:
        """All of it, for machines."""
        return {
            "label": self.label,
            "controller": self.controller,
            "parameters": dict(self.parameters),
            "sensing": self.sensing,
            "faults": dict(self.faults),
            "demand_scale": self.demand_scale,
            "limits": dict(self.limits),
            "origin": self.origin,
            "training_seeds": list(self.training_seeds),
        }


def build_tuned_arm(file: ParameterFile, origin: str, **others: Any) -> Arm:
    """An arm with the parameters of a file; ``others`` are further fields of ``Arm``."""
    return Arm(
        **{"label": file.controller, **others},
        controller=file.controller,
        parameters=file.parameters,
        origin=f"{origin}, code {file.code_version}",
        training_seeds=file.training_seeds,
    )


def load_arms(path: Path, *, needs_signature: bool = True) -> tuple[Arm, ...]:
    """Read a file of arms.

    Raises:
        EvaluationError: a file that cannot be read, or an arm with an unknown word or without a controller.
        ParameterFileError: a parameter file that an arm names and that is refused.
    """
    try:
        rows = tomllib.loads(path.read_text(encoding="utf-8")).get("arm", [])
    except OSError as error:
        raise EvaluationError(f"{path}: {error.strerror}.") from error
    except ValueError as error:  # no TOML, or no UTF-8
        raise EvaluationError(f"{path}: {error}") from error
    if not isinstance(rows, list) or not rows or not all(isinstance(row, dict) for row in rows):
        raise EvaluationError(f"{path}: there is no [[arm]]; write one for each controller to compare.")
    return tuple(_read_arm(row, path, needs_signature=needs_signature) for row in rows)


def check_arms(arms: Sequence[Arm]) -> None:
    """Refuse what cannot be run, before anything is.

    Raises:
        EvaluationError: an unknown controller, a label that is used twice, an unknown limit or fault, no demand.
    """
    labels = [arm.label for arm in arms]
    if repeated := [label for label in labels if labels.count(label) > 1]:
        raise EvaluationError(f"The controller {repeated[0]!r} is named twice; give each arm a label of its own.")
    for arm in arms:
        if arm.controller not in CONTROLLERS:
            raise EvaluationError(f"There is no controller {arm.controller!r}; choose from {', '.join(CONTROLLERS)}.")
        if unknown := sorted(set(arm.limits) - set(LIMITS)):
            raise EvaluationError(f"{arm.label}: there is no limit {unknown[0]!r}; choose from {', '.join(LIMITS)}.")
        try:
            FaultPlan.from_values(arm.faults)
        except ValueError as error:
            raise EvaluationError(f"{arm.label}: {error}") from error
        if not 0 < arm.demand_scale <= 10:
            raise EvaluationError(f"{arm.label}: the demand is scaled by {arm.demand_scale:g}; use above 0 to 10.")
        if not arm.label or "/" in arm.label or arm.label.startswith("."):
            raise EvaluationError(f"The label {arm.label!r} cannot be a folder's name; choose another.")


def _read_arm(row: dict[str, Any], path: Path, *, needs_signature: bool) -> Arm:
    known = {f.name for f in fields(Arm)} - {"origin", "training_seeds"}
    name = row.get("label") or row.get("controller") or "an arm"
    if unknown := sorted(set(row) - known - {"file"}):
        raise EvaluationError(
            f"{path}: {name}: there is no {unknown[0]!r}; an arm may have {', '.join(sorted(known | {'file'}))}."
        )
    for key in ("parameters", "faults", "limits"):
        if not isinstance(row.get(key, {}), dict):
            raise EvaluationError(f"{path}: {name}: {key} is {row[key]!r}; write a table such as {{ name = 1.5 }}.")
    for key in ("label", "controller", "sensing", "file"):
        if not isinstance(row.get(key, ""), str):
            raise EvaluationError(f"{path}: {name}: {key} is {row[key]!r}; write a text.")
    scale = row.get("demand_scale", 1.0)
    if isinstance(scale, bool) or not isinstance(scale, int | float):
        raise EvaluationError(f"{path}: {name}: demand_scale is {scale!r}; write a number.")
    if "file" in row:
        if "parameters" in row:
            raise EvaluationError(f"{path}: {name}: give parameters or a file of them, not both.")
        tuned = load_parameters(path.parent / row["file"], needs_signature=needs_signature)
        if row.get("controller", tuned.controller) != tuned.controller:
            raise EvaluationError(f"{path}: {name}: {row['file']} is for the controller {tuned.controller}.")
        others = {key: value for key, value in row.items() if key not in {"file", "controller"}}
        return build_tuned_arm(tuned, row["file"], **others)
    if "controller" not in row:
        raise EvaluationError(f"{path}: {name}: controller is missing; choose from {', '.join(CONTROLLERS)}.")
    return Arm(**{"label": row["controller"], **row})
