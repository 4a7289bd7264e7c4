"""What a before/after study is: its periods, the two sides, targets, and published figures to stand beside.

A study is a TOML file; nothing about a city stands in the code. ``[before]`` and ``[after]`` are arms in the words of
``signals.evaluation.arm``; a ``[[period]]`` or ``[[case]]`` may name a tuned parameter file of its own for either side,
relative to the study's file; ``files`` is a pattern with ``{period}`` (its name, or what ``tuned_as`` says), used where
there is such a file. A tuned file must be signed by ``signed_by``, the public key that the study names.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from signals.evaluation.arm import Arm, build_tuned_arm
from signals.evaluation.errors import EvaluationError
from signals.parameter_file import load_parameters
from signals.simulation.request import CONTROLLERS, SENSING

SIDES = ("before", "after")


@dataclass(frozen=True, slots=True)
class Period:
    """One part of the day, or an occasion, with the two arms that are compared in it."""

    name: str
    title: str
    scenario: str
    before: Arm
    after: Arm

    def get_arm(self, side: str) -> Arm:
        """The arm of a side."""
        return self.before if side == "before" else self.after


@dataclass(frozen=True, slots=True)
class Target:
    """The change that was aimed at, in percent of the before."""

    measure: str
    percent: float


@dataclass(frozen=True, slots=True)
class Published:
    """A column of published figures: percent by measure, overall under ``""`` and by period's name.

    ``verified`` has the cells (period, measure) that agree with a second text; what is not there is from memory.
    """

    title: str
    note: str
    source: str
    percent: Mapping[str, Mapping[str, float]]
    verified: frozenset[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class RouteOfInterest:
    """Trips from one edge to another, followed by themselves as a test car would."""

    name: str
    title: str
    from_edge: str
    to_edge: str


@dataclass(frozen=True, slots=True)
class StudyDefinition:
    """A study as described; ``periods`` make up the overall figures, ``cases`` stand beside them.

    ``others`` may be run on the same seeds, to see whether the before is the best there is.
    """

    title: str
    network: str
    caveats: tuple[str, ...]
    periods: tuple[Period, ...]
    cases: tuple[Period, ...]
    targets: tuple[Target, ...] = ()
    published: tuple[Published, ...] = ()
    others: tuple[Arm, ...] = ()
    routes: tuple[RouteOfInterest, ...] = ()
    command: str = ""
    notices: tuple[str, ...] = field(default=())


def load_study(path: Path) -> StudyDefinition:
    """Read a study's description and the parameter files that it names.

    Raises:
        EvaluationError: a file that cannot be read, or a description that does not hold together.
        ParameterFileError: a parameter file that was changed after it was signed.
    """
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise EvaluationError(f"{path}: {error.strerror}.") from error
    except ValueError as error:  # no TOML, or no UTF-8
        raise EvaluationError(f"{path}: {error}") from error
    try:
        return _read(table, path)
    except KeyError as error:
        raise EvaluationError(f"{path}: {error.args[0]} is missing.") from error
    except (TypeError, AttributeError) as error:
        raise EvaluationError(f"{path}: not a study: {error}.") from error


def choose(definition: StudyDefinition, periods: tuple[str, ...], cases: tuple[str, ...]) -> tuple[Period, ...]:
    """The periods and cases of these names, in the study's order.

    Raises:
        EvaluationError: a name that the study does not have, or no period at all.
    """
    chosen: list[Period] = []
    for kind, names, rows in (("period", periods, definition.periods), ("case", cases, definition.cases)):
        known = [row.name for row in rows]
        if unknown := [name for name in names if name not in known]:
            raise EvaluationError(f"There is no {kind} {unknown[0]!r}; choose from {', '.join(known) or 'none'}.")
        chosen += [row for row in rows if row.name in names]
    if not any(name in periods for name in (row.name for row in definition.periods)):
        known = [row.name for row in definition.periods]
        raise EvaluationError(f"A study needs at least one period; choose from {', '.join(known)}.")
    return tuple(chosen)


def _read(table: dict[str, Any], path: Path) -> StudyDefinition:
    notices: list[str] = []
    kinds = {kind: tuple(_read_period(row, table, path, notices) for row in table.get(kind, []))
             for kind in ("period", "case")}  # fmt: skip
    if taken := [row["label"] for row in table.get("other", []) if row["label"] in SIDES]:
        raise EvaluationError(f"{path}: an [[other]] cannot be called {taken[0]!r}.")
    names = [row.name for rows in kinds.values() for row in rows]
    if repeated := [name for name in names if names.count(name) > 1]:
        raise EvaluationError(f"{path}: the name {repeated[0]!r} is given twice.")
    if not kinds["period"]:
        raise EvaluationError(f"{path}: there is no [[period]]; write one for each part of the day.")
    return StudyDefinition(
        title=table["title"],
        network=table["network"],
        caveats=tuple(table.get("caveats", ())),
        periods=kinds["period"],
        cases=kinds["case"],
        targets=tuple(Target(name, float(value)) for name, value in table.get("target", {}).items()),
        published=tuple(_read_published(row) for row in table.get("published", [])),
        routes=tuple(
            RouteOfInterest(row["name"], row["title"], row["from"], row["to"]) for row in table.get("route", [])
        ),
        others=tuple(_read_arm(row["label"], row, table, path, []) for row in table.get("other", [])),
        command=table.get("command", ""),
        notices=tuple(dict.fromkeys(notices)),
    )


def _read_period(row: dict[str, Any], table: dict[str, Any], path: Path, notices: list[str]) -> Period:
    arms = {}
    for side in SIDES:
        words = {**table[side], **row.get(side, {})}
        named = words.get("files", "").replace("{period}", row.get("tuned_as", row["name"]))
        if named and (path.parent / named).is_file():
            words.setdefault("file", named)
        arms[side] = _read_arm(side, words, table, path, notices)
    return Period(row["name"], row["title"], row["scenario"], arms["before"], arms["after"])


def _read_arm(label: str, row: dict[str, Any], table: dict[str, Any], path: Path, notices: list[str]) -> Arm:
    controller, sensing = row["controller"], row.get("sensing", "ideal")
    if controller not in CONTROLLERS:
        raise EvaluationError(f"{path}: there is no controller {controller!r}; choose from {', '.join(CONTROLLERS)}.")
    if sensing not in SENSING:
        raise EvaluationError(f"{path}: there is no sensing {sensing!r}; choose from {', '.join(SENSING)}.")
    if "file" not in row:
        if not row.get("parameters") and not row.get("is_untuned", False):
            notices.append(f"{label}: {CONTROLLERS[controller].title} runs with its defaults; nobody tuned it.")
        return Arm(label, controller, row.get("parameters", {}), sensing)
    file = path.parent / row["file"]
    tuned = load_parameters(file, needs_signature=False)  # changed ones are refused all the same
    if tuned.signed_by != table.get("signed_by", ""):
        raise EvaluationError(f"{file}: not signed by the key that {path.name} names; tune again with that key.")
    if tuned.controller != controller:
        raise EvaluationError(f"{file}: it is for the controller {tuned.controller}, and {label} is {controller}.")
    return build_tuned_arm(tuned, row["file"], label=label, sensing=sensing)


def _read_published(row: dict[str, Any]) -> Published:
    overall = {name: float(value) for name, value in row["overall"].items()}
    percent = {"": overall}
    percent |= {
        period: {name: float(value) for name, value in cells.items()} for period, cells in row.get("period", {}).items()
    }
    verified = frozenset(
        ("" if period == "overall" else period, measure)
        for period, measures in row.get("verified", {}).items()
        for measure in measures
    )
    return Published(row["title"], row.get("note", ""), row.get("source", ""), percent, verified)
