"""``SafeCommand``: the only thing a cabinet accepts, and only the guard can make one.

The constructor demands a token that does not leave this package, so that nothing unguarded reaches the
street: mypy proves that adapters take no other type, and ``__post_init__`` refuses whoever tries anyway.
"""

from __future__ import annotations

from dataclasses import InitVar, dataclass
from typing import TypeAlias

from signals.ports import Command, SignalController

_TOKEN = object()


class UnsafeCommandError(Exception):
    """Somebody tried to make a SafeCommand without the guard."""


@dataclass(frozen=True, slots=True)
class SafeCommand:
    """A command that the guard has admitted."""

    command: Command
    token: InitVar[object]

    def __post_init__(self, token: object) -> None:
        if token is not _TOKEN:
            raise UnsafeCommandError("Only signals.safety.guard makes a SafeCommand; ask it with Guard.admit.")


GuardedController: TypeAlias = SignalController[SafeCommand]


def _seal(command: Command) -> SafeCommand:
    return SafeCommand(command, _TOKEN)
