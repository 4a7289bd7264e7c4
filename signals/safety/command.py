"""``SafeCommand``: the only thing a cabinet accepts, and only the guard can make one.

The constructor demands a token that does not leave this package, so that nothing unguarded reaches the
street: mypy proves that adapters take no other type, and ``unseal`` refuses whoever tries anyway. What was safe
when it was admitted is not safe for ever: a command is good for ``COMMAND_LIFE_S`` of the cabinet's own seconds.
"""

from __future__ import annotations

import math
from dataclasses import InitVar, dataclass
from typing import NoReturn, Self, TypeAlias, final

from signals.ports import Command, Release, SignalController

COMMAND_LIFE_S = 2.0
_TOKEN = object()


class UnsafeCommandError(Exception):
    """Somebody tried to make a SafeCommand without the guard."""


class StaleCommandError(Exception):
    """A command was admitted too long ago to be safe now."""


@final
@dataclass(frozen=True)
class SafeCommand:
    """A command that the guard has admitted; ``valid_until_s`` is in the cabinet's ``uptime_s``."""

    # not slots=True: early releases of Python 3.11 then put a __setstate__ of their own over ours
    __slots__ = ("command", "valid_until_s")

    command: Command
    token: InitVar[object]
    valid_until_s: float

    def __post_init__(self, token: object) -> None:
        if token is not _TOKEN:
            raise UnsafeCommandError("Only signals.safety.guard makes a SafeCommand; ask it with Guard.admit.")

    def __init_subclass__(cls) -> None:
        raise UnsafeCommandError("A SafeCommand has no other kinds.")

    def __copy__(self) -> Self:
        return self

    def __deepcopy__(self, memo: object) -> Self:
        return self

    # a pickle could be written by anybody, and __setstate__ would alter what was admitted
    def __reduce_ex__(self, protocol: object) -> NoReturn:
        raise UnsafeCommandError("A SafeCommand is for now and for here; it is not stored or sent on.")

    def __getstate__(self) -> NoReturn:
        raise UnsafeCommandError("A SafeCommand is not stored.")

    def __setstate__(self, state: object) -> NoReturn:
        raise UnsafeCommandError("A SafeCommand is not restored; ask Guard.admit for a new one.")


GuardedController: TypeAlias = SignalController[SafeCommand]


def unseal(safe: SafeCommand, uptime_s: float) -> Command:
    """The command inside, for a driver that is about to send it; a type check that also holds at run time."""
    if type(safe) is not SafeCommand:
        raise UnsafeCommandError(f"{type(safe).__name__} has not passed the guard.")
    is_ageless = safe.valid_until_s == math.inf  # a release, also where the cabinet's seconds are not known
    if not (is_ageless or uptime_s <= safe.valid_until_s):
        late = f"good until second {safe.valid_until_s:g} of the cabinet, which counts {uptime_s:g}"
        raise StaleCommandError(f"{safe.command} was {late}; it is not sent.")
    return safe.command


def _seal(command: Command, uptime_s: float) -> SafeCommand:
    until_s = math.inf if isinstance(command, Release) else uptime_s + COMMAND_LIFE_S
    return SafeCommand(command, _TOKEN, until_s)
