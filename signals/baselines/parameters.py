"""Settings given by name and value, as a tuner or a command line gives them, checked in words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, replace
from typing import Any, TypeVar

SettingsT = TypeVar("SettingsT")


def with_values(settings: SettingsT, values: Mapping[str, Any], owner: str) -> SettingsT:
    """The settings (a dataclass) with other values; ``owner`` names the controller in messages.

    A field's metadata may have ``choices``, or ``least`` and ``most``. A number stays of its default's type.

    Raises:
        ValueError: a name that the settings do not have, or a value out of its type, range or choices.
    """
    known = {f.name: f for f in fields(settings)}  # type: ignore[arg-type]
    if unknown := sorted(set(values) - set(known)):
        has = f"it has {', '.join(known)}" if known else "it has none"
        raise ValueError(f"{owner} has no parameter {unknown[0]!r}; {has}.")
    checked = {
        name: _check(f"{owner}: {name}", value, getattr(settings, name), known[name].metadata)
        for name, value in values.items()
    }
    return replace(settings, **checked)  # type: ignore[type-var]


def _check(name: str, value: object, default: object, bounds: Mapping[str, Any]) -> object:
    if isinstance(default, bool):
        if not isinstance(value, bool):
            raise ValueError(f"{name} is {value!r}; it is true or false.")  # noqa: TRY004  (a value out of place, as below)
        return value
    if isinstance(default, str):
        choices = bounds.get("choices", ())
        if value not in choices:
            raise ValueError(f"{name} is {value!r}; choose {', '.join(choices)}.")
        return value
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ValueError(f"{name} is {value!r}; it is a number.")  # noqa: TRY004
    if isinstance(default, int) and value != int(value):
        raise ValueError(f"{name} is {value:g}; it is a whole number.")
    least, most = bounds.get("least", 0.0), bounds.get("most", float("inf"))
    if not least <= value <= most:
        raise ValueError(f"{name} is {value:g}; it lies between {least:g} and {most:g}.")
    return int(value) if isinstance(default, int) else float(value)
