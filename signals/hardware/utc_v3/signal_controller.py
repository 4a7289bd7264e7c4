"""The 5F messages by which a signal controller is controlled and tells what it does (specification, chapter 5).

What has no form in the copies of the specification that we know (reversible lanes, the wire between controllers,
actuation schedules, dimming) is left to ``registry.Unknown``.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum, IntFlag

from signals.hardware.utc_v3.layout import Count, Groups, Maybe, Number, Numbers, Rest
from signals.hardware.utc_v3.registry import Info, Level, lies_as, message
from signals.hardware.utc_v3.signal_data import LONGEST_GREEN_S

B, A, O = Level.BASIC, Level.ADVANCED, Level.OPTIONAL  # noqa: E741  (as the specification writes them)
LAMPS, STEPS = 1, 2  # what 5F3F is about


class Strategy(IntFlag):
    """Who times the signal. From high to low: rail (plan 47), VIP route, stolen car, police, central manual, phase
    control, real time, dynamic and time of day.
    """

    TIME_OF_DAY = 1 << 0
    DYNAMIC = 1 << 1
    POLICE = 1 << 2
    CENTRAL_MANUAL = 1 << 3
    PHASE_CONTROL = 1 << 4
    REAL_TIME = 1 << 5
    ACTUATED = 1 << 6
    VIP_ROUTE = 1 << 7


class Step(IntEnum):
    """The steps of a sub-phase."""

    GREEN = 1
    PEDESTRIAN_FLASH = 2
    PEDESTRIAN_RED = 3
    YELLOW = 4
    ALL_RED = 5


class SpecialStep(IntEnum):
    """What is reported instead of a step while the signal is not at work."""

    START_UP = 0x9F
    FAULT_ALL_RED = 0xAF
    SCHEDULED_FLASH = 0xBF
    CONFLICT_FLASH = 0xCF
    PANEL_FLASH = 0xDF
    POWER_FLASH = 0xEF
    PLAN_FLASH = 0xFF


class Lamps(IntFlag):
    """One face's lamps; a walkers' green and red together mean that the green flashes."""

    RED = 1 << 0
    YELLOW = 1 << 1
    GREEN = 1 << 2
    LEFT = 1 << 3
    THROUGH = 1 << 4
    RIGHT = 1 << 5
    WALK = 1 << 6
    DONT_WALK = 1 << 7


class Panel(IntEnum):
    """What somebody does at the cabinet."""

    MANUAL = 0x01
    ALL_RED = 0x02
    FLASH = 0x40
    RESTORED = 0x80


class BeginEnd(IntEnum):
    """The second byte of 5F00."""

    END = 0
    BEGIN = 1
    POLICE_ASKS = 2
    MANUAL_OVERTIME = 3


@message(0x5F10, A, Number("strategy"), Number("effect_min"))
@dataclass(frozen=True, slots=True)
class SetStrategy(Info):
    """Who times the signal, for how many minutes; 0 has no end."""

    strategy: int
    effect_min: int


@message(0x5F40, A)
@dataclass(frozen=True, slots=True)
class QueryStrategy(Info):
    """Who times the signal?"""


@message(0x5FC0, A, *SetStrategy.LAYOUT)
@dataclass(frozen=True, slots=True)
class StrategyReport(SetStrategy):
    """Who times the signal."""


@message(0x5F00, A, Number("strategy"), Number("began"))
@dataclass(frozen=True, slots=True)
class StrategyChanged(Info):
    """A strategy has begun or ended (``BeginEnd``)."""

    strategy: int
    began: int


@message(
    0x5F03, B, Number("phase_order"), Number("signal_map"), Count("lamps"), Number("sub_phase"), Number("step"),
    Number("second", 2), Numbers("lamps"),
)  # fmt: skip
@dataclass(frozen=True, slots=True)
class StepReport(Info):
    """A step has begun. ``second`` counts up under adaptive and manual control and on VIP routes, else down."""

    phase_order: int
    signal_map: int
    sub_phase: int
    step: int
    second: int
    lamps: tuple[int, ...]


@message(0x5F09, A, Number("actuation"), Rest("data"))
@dataclass(frozen=True, slots=True)
class Actuated(Info):
    """Something was actuated; for a bus ``data`` is by how much a green was changed, signed."""

    actuation: int
    data: bytes


@message(0x5F1C, O, Number("sub_phase"), Number("step"), Number("effect_s"))
@dataclass(frozen=True, slots=True)
class GoTo(Info):
    """Go to or stay in a step; step 0 changes the phase. All zeros mean the next step, whatever it is: sent twice it
    is two steps, and no answer is no reason to send it again. What ``effect_s`` means differs by maker.
    """

    sub_phase: int
    step: int
    effect_s: int


@message(0x5F4C, O)
@dataclass(frozen=True, slots=True)
class QueryPosition(Info):
    """Where are you?"""


@message(0x5FCC, O, Number("strategy"), Number("sub_phase"), Number("step"), Number("remaining_s", 2))
@dataclass(frozen=True, slots=True)
class PositionReport(Info):
    """Where it is; zeros while nobody controls it."""

    strategy: int
    sub_phase: int
    step: int
    remaining_s: int


@message(0x5F0C, O, Number("strategy"), Number("sub_phase"), Number("step"))
@dataclass(frozen=True, slots=True)
class Reached(Info):
    """It has come to the step that it was sent to, and waits there."""

    strategy: int
    sub_phase: int
    step: int


@message(
    0x5F1D,
    A,
    Count("greens_s"),
    Number("cycle_s", 2),
    Number("offset_s", 2),
    Numbers("greens_s", 2, most=LONGEST_GREEN_S),
)
@dataclass(frozen=True, slots=True)
class SetNextCycle(Info):
    """The next cycle's greens, once a cycle."""

    greens_s: tuple[int, ...]
    cycle_s: int
    offset_s: int


@lies_as(Number("hour"), Number("minute"))
@dataclass(frozen=True, slots=True)
class TimeOfDay(Info):
    """An hour and a minute; 0xFF for both means now."""

    hour: int
    minute: int


@message(0x5F1E, O, Numbers("directs", fixed=2), Groups("times", TimeOfDay, fixed=2))
@dataclass(frozen=True, slots=True)
class SetVipRoute(Info):
    """From where to where somebody goes, and from when to when; direction 8 ends it."""

    directs: tuple[int, ...]
    times: tuple[TimeOfDay, ...]


@message(0x5F4E, O)
@dataclass(frozen=True, slots=True)
class QueryVipRoute(Info):
    """Is there a route for somebody?"""


@message(0x5FCE, O, *SetVipRoute.LAYOUT)
@dataclass(frozen=True, slots=True)
class VipRouteReport(SetVipRoute):
    """The route for somebody."""


@message(0x5F08, B, Number("operation"))
@dataclass(frozen=True, slots=True)
class PanelUsed(Info):
    """Somebody is at the cabinet (``Panel``)."""

    operation: int


@message(0x5F3F, B, Number("kind", 1, 1, 2), Number("cycle"))
@dataclass(frozen=True, slots=True)
class SetReportCycle(Info):
    """How often lamps (1) or steps (2) are told: 0 on change, 1 to 3 each 1, 2 or 5 s, 4 each minute, 5 each five,
    0xFF never. The present state comes at once.
    """

    kind: int
    cycle: int


@message(0x5FEF, B, *SetReportCycle.LAYOUT)
@dataclass(frozen=True, slots=True)
class ReportCycleReport(SetReportCycle):
    """How often lamps or steps are told."""


@message(0x5F0F, B, Number("signal_map"), Number("green"), Maybe(Number("yellow")), Maybe(Number("red")))
@dataclass(frozen=True, slots=True)
class LampReport(Info):
    """Which faces are green, yellow and red: a bit for each of eight directions, north first, clockwise."""

    signal_map: int
    green: int
    yellow: int | None = None
    red: int | None = None
