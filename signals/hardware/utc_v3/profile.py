"""What makers and cities do differently with protocol 3.0, as one value that a driver and an emulator are made with.

Controllers differ in what the specification leaves open: whether AA is stuffed and addresses are decimal, what the
third byte of 5F1C means, by which strategy byte phase control begins, and whether a sub-phase may be left out.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from signals.hardware.utc_v3.exchange import ANSWER_S
from signals.hardware.utc_v3.link import STANDARD as STANDARD_LINK
from signals.hardware.utc_v3.link import LinkProfile
from signals.hardware.utc_v3.signal_controller import Step, Strategy

MOST_EFFECT_MIN = 2  # a cabinet that hears nothing more is its own again after so many minutes
MOST_EFFECT_S = 255  # one byte
_EFFECT_S = (8, 60)  # two thirds of it have to outlast a message that comes late


class EffectTime(StrEnum):
    """What the third byte of 5F1C means, in seconds."""

    DEADMAN = "deadman"  # no newer 5F1C for so long, and the plan takes over (specification, 5F1C)
    TOTAL_GREEN = "total green"  # how long the green lasts, from its beginning (a published firmware)
    REMAINING = "remaining"  # how long the green goes on from now (in-line bus priority units)


@dataclass(frozen=True, slots=True)
class VendorProfile:
    """One kind of controller.

    ``answer_s``: within which a message is acknowledged; ``reply_s``: within which it is answered after that.
    ``strategy``: the byte of 5F10 under which 5F1C counts. ``advance_step``: the step that a change to another
    sub-phase names, its green (1) or "phase change" (0). ``enforces_min_green`` is knowledge for the emulator: no
    driver relies on it. ``effect_s`` and ``effect_min`` are the dead-man times of 5F1C and 5F10. ``report_cycle``: code
    of 5F3F, 1 is each second. ``may_raise_command_set`` and ``sets_clock``: whether we may send 0F13 and 0F12; where
    not, what is wrong is only told.
    """

    name: str = "standard"
    link: LinkProfile = STANDARD_LINK
    answer_s: float = ANSWER_S
    reply_s: float = 3.0
    effect_time: EffectTime = EffectTime.DEADMAN
    strategy: int = int(Strategy.PHASE_CONTROL)
    advance_step: int = int(Step.GREEN)
    can_skip: bool = False
    enforces_min_green: bool = True
    effect_s: int = 10
    effect_min: int = 1
    report_cycle: int = 1
    may_raise_command_set: bool = False
    sets_clock: bool = False
    clock_tolerance_s: float = 2.0

    def __post_init__(self) -> None:
        if self.strategy not in (Strategy.PHASE_CONTROL, Strategy.PHASE_CONTROL | Strategy.REAL_TIME):
            raise ValueError(f"strategy {self.strategy:#04x} is not phase control, which is 0x10 or 0x30")
        if self.advance_step not in (0, Step.GREEN):
            raise ValueError(f"an advance names step 0 or 1, not {self.advance_step}: nobody waits in a clearance")
        if not _EFFECT_S[0] <= self.effect_s <= _EFFECT_S[1]:
            raise ValueError(f"effect_s is {self.effect_s}; it has to be from {_EFFECT_S[0]} to {_EFFECT_S[1]}")
        if not 1 <= self.effect_min <= MOST_EFFECT_MIN:
            raise ValueError(f"effect_min is {self.effect_min}; it has to be from 1 to {MOST_EFFECT_MIN}")
        if self.report_cycle != 1:
            raise ValueError("steps have to be reported each second: a driver that hears less knows too little")
        if not (0 < self.answer_s <= 5 and 0 < self.reply_s <= 10 and 0 < self.clock_tolerance_s <= 10):
            raise ValueError("answer_s, reply_s and clock_tolerance_s are seconds, above zero and few")


STANDARD = VendorProfile()
PUBLISHED_FIRMWARE = VendorProfile(  # the behaviour that a firmware published in 2021 shows
    name="published firmware",
    link=LinkProfile(stuffs=False),
    effect_time=EffectTime.TOTAL_GREEN,
    strategy=int(Strategy.PHASE_CONTROL | Strategy.REAL_TIME),
    advance_step=0,
    enforces_min_green=False,
)
BUS_PRIORITY_UNIT = VendorProfile(  # the form that in-line priority units are seen to send
    name="bus priority unit", effect_time=EffectTime.REMAINING, advance_step=0, enforces_min_green=False
)
PROFILES = {profile.name: profile for profile in (STANDARD, PUBLISHED_FIRMWARE, BUS_PRIORITY_UNIT)}


def find_profile(name: str) -> VendorProfile:
    """A profile by its name, with hyphens or spaces.

    Raises:
        ValueError: there is none of that name.
    """
    found = PROFILES.get(name.replace("-", " "))
    if found is None:
        raise ValueError(f"there is no profile {name!r}; there are {', '.join(sorted(PROFILES))}")
    return found
