"""What an emulated controller may be told to do otherwise than it should, and what it remembers of its commands."""

from __future__ import annotations

from dataclasses import dataclass

from signals.hardware.field_emulator import Peer
from signals.hardware.utc_v3.messages import Info
from signals.hardware.utc_v3.profile import EffectTime


@dataclass(frozen=True, slots=True)
class Misbehaviour:
    """What a bad controller, or a bad line at its end, does otherwise.

    ``ignores_min_green``: 5F1C ends a green of any age. ``loses_acks``: share of its acknowledgements that never leave,
    drawn with ``seed``. ``late_s``: how much longer than its time each step lasts. ``refuses_optional``: knows no
    message of level O. ``effect_time``: another meaning of 5F1C's third byte than its profile says. ``command_set``:
    which levels are on at first; 2 is how controllers are delivered.
    """

    ignores_min_green: bool = False
    has_bcd_address: bool = False
    stuffs: bool = True
    loses_acks: float = 0.0
    seed: int = 1
    late_s: float = 0.0
    refuses_optional: bool = False
    effect_time: EffectTime | None = None
    command_set: int = 3


@dataclass(frozen=True, slots=True)
class Obeyed:
    """A command that a controller has obeyed: at which of its own seconds, and whose."""

    uptime_s: float
    peer: Peer
    command: Info
