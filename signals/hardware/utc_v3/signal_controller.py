"""The 5F messages of a signal controller (specification, chapter 5). Greens exclude yellow and all-red.

What has no form in the copies of the specification that we know (reversible lanes, the wire between controllers,
actuation schedules, dimming) is left to ``registry.Unknown``.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum, IntFlag

from signals.hardware.utc_v3.layout import Count, Groups, Maybe, Number, Numbers, Part, Rest, Table
from signals.hardware.utc_v3.registry import Info, Level, lies_as, message

B, A, O = Level.BASIC, Level.ADVANCED, Level.OPTIONAL  # noqa: E741  (as the specification writes them)
LONGEST_GREEN_S = 8190
ALLOWED_PLANS = (1, 40)


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
    0x5F13, B, Number("phase_order"), Number("signal_map"), Count("lamps", per_row=True), Count("lamps"), Table("lamps")
)
@dataclass(frozen=True, slots=True)
class SetPhaseOrder(Info):
    """``lamps[p][f]``: what face f shows in the green of sub-phase p, as ``Lamps``."""

    phase_order: int
    signal_map: int
    lamps: tuple[tuple[int, ...], ...]


@message(0x5F43, B, Number("phase_order"))
@dataclass(frozen=True, slots=True)
class QueryPhaseOrder(Info):
    """Which sub-phases does an order have?"""

    phase_order: int


@message(0x5FC3, B, *SetPhaseOrder.LAYOUT)
@dataclass(frozen=True, slots=True)
class PhaseOrderReport(SetPhaseOrder):
    """The sub-phases of an order."""


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


@lies_as(
    Number("min_green_s"),
    Number("max_green_s", 2, 0, LONGEST_GREEN_S),
    Number("yellow_s", 1, 0, 9),
    Number("all_red_s", 1, 0, 9),
    Number("pedestrian_flash_s", 1, 0, 99),
    Number("pedestrian_red_s"),
)
@dataclass(frozen=True, slots=True)
class SubPhaseTimes(Info):
    """The bounds of one sub-phase, in seconds."""

    min_green_s: int
    max_green_s: int
    yellow_s: int
    all_red_s: int
    pedestrian_flash_s: int
    pedestrian_red_s: int


@message(0x5F14, B, Number("plan"), Count("sub_phases"), Groups("sub_phases", SubPhaseTimes))
@dataclass(frozen=True, slots=True)
class SetBasics(Info):
    """The bounds of a plan's sub-phases."""

    plan: int
    sub_phases: tuple[SubPhaseTimes, ...]


@message(0x5F44, B, Number("plan"))
@dataclass(frozen=True, slots=True)
class QueryBasics(Info):
    """Which bounds does a plan have?"""

    plan: int


@message(0x5FC4, B, *SetBasics.LAYOUT)
@dataclass(frozen=True, slots=True)
class BasicsReport(SetBasics):
    """The bounds of a plan's sub-phases."""


PLAN_PARTS: tuple[Part, ...] = (
    Number("plan"), Number("direct"), Number("phase_order"), Count("greens_s"),
    Numbers("greens_s", 2, most=LONGEST_GREEN_S), Number("cycle_s", 2), Number("offset_s", 2),
)  # fmt: skip


@message(0x5F15, B, *PLAN_PARTS)
@dataclass(frozen=True, slots=True)
class SetPlan(Info):
    """A timing plan: 1 to 40 by time of day, 47 rail, 48 base; plan 0 runs at once, under the dynamic strategy."""

    plan: int
    direct: int
    phase_order: int
    greens_s: tuple[int, ...]
    cycle_s: int
    offset_s: int


@message(0x5F45, B, Number("plan"))
@dataclass(frozen=True, slots=True)
class QueryPlan(Info):
    """What does a plan say?"""

    plan: int


@message(0x5FC5, B, *PLAN_PARTS)
@dataclass(frozen=True, slots=True)
class PlanReport(SetPlan):
    """What a plan says."""


@message(0x5F18, B, Number("plan", 1, *ALLOWED_PLANS))
@dataclass(frozen=True, slots=True)
class ForcePlan(Info):
    """Run this plan, under the dynamic or the central manual strategy."""

    plan: int


@message(0x5F48, B)
@dataclass(frozen=True, slots=True)
class QueryRunningPlan(Info):
    """Which plan runs?"""


@message(0x5FC8, B, *PLAN_PARTS)
@dataclass(frozen=True, slots=True)
class RunningPlanReport(SetPlan):
    """The plan that runs."""


@lies_as(Number("hour", 1, 0, 24), Number("minute", 1, 0, 59), Number("plan"))
@dataclass(frozen=True, slots=True)
class Segment(Info):
    """From when on which plan runs."""

    hour: int
    minute: int
    plan: int


SEGMENTS: tuple[Part, ...] = (Number("segment_type"), Count("segments", most=32), Groups("segments", Segment))


@message(0x5F16, B, *SEGMENTS, Count("weekdays"), Numbers("weekdays"))
@dataclass(frozen=True, slots=True)
class SetWeekdays(Info):
    """The day's plans for days of the week: 1 to 7, 11 to 17 in every other week."""

    segment_type: int
    segments: tuple[Segment, ...]
    weekdays: tuple[int, ...]


@message(0x5FC6, B, *SetWeekdays.LAYOUT)
@dataclass(frozen=True, slots=True)
class WeekdaysReport(SetWeekdays):
    """The day's plans for days of the week."""


@lies_as(Number("year"), Number("month", 1, 1, 12), Number("day", 1, 1, 31))
@dataclass(frozen=True, slots=True)
class Date(Info):
    """A day; years of the Republic."""

    year: int
    month: int
    day: int


@message(0x5F17, B, *SEGMENTS, Groups("dates", Date, fixed=2))
@dataclass(frozen=True, slots=True)
class SetSpecialDays(Info):
    """The day's plans from the first of two dates to the second."""

    segment_type: int
    segments: tuple[Segment, ...]
    dates: tuple[Date, Date]


@message(0x5FC7, B, *SetSpecialDays.LAYOUT)
@dataclass(frozen=True, slots=True)
class SpecialDaysReport(SetSpecialDays):
    """The day's plans from one date to another."""


@message(0x5F19, A, Number("sub_phase"), Number("actuation"), Number("extension_s"), Number("first"), Number("second"))
@dataclass(frozen=True, slots=True)
class SetActuation(Info):
    """What a sub-phase is actuated by: bit 0 bus, 1 left turn, 2 ramp, 3 rail, 4 walkers, 5 fully, 6 stolen car."""

    sub_phase: int
    actuation: int
    extension_s: int
    first: int
    second: int


@message(0x5FC9, A, *SetActuation.LAYOUT)
@dataclass(frozen=True, slots=True)
class ActuationReport(SetActuation):
    """What a sub-phase is actuated by."""


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


@lies_as(Count("steps"), Table("steps"))
@dataclass(frozen=True, slots=True)
class SubPhaseSteps(Info):
    """``steps[s][f]``: what face f shows in step s of one sub-phase."""

    steps: tuple[tuple[int, ...], ...]


@message(
    0x5F2F, A, Number("phase_order"), Number("signal_map"), Number("signals", rows_of="steps"), Count("sub_phases"),
    Groups("sub_phases", SubPhaseSteps),
)  # fmt: skip
@dataclass(frozen=True, slots=True)
class SetPhaseSteps(Info):
    """The lamps of every step of an order's sub-phases; ``signals`` is how many faces each row has."""

    phase_order: int
    signal_map: int
    signals: int
    sub_phases: tuple[SubPhaseSteps, ...]


@message(0x5F5F, A, Number("phase_order"))
@dataclass(frozen=True, slots=True)
class QueryPhaseSteps(Info):
    """Which steps does an order have?"""

    phase_order: int


@message(0x5FDF, A, *SetPhaseSteps.LAYOUT)
@dataclass(frozen=True, slots=True)
class PhaseStepsReport(SetPhaseSteps):
    """The lamps of every step of an order's sub-phases."""


@message(0x5F08, B, Number("operation"))
@dataclass(frozen=True, slots=True)
class PanelUsed(Info):
    """Somebody is at the cabinet (``Panel``)."""

    operation: int


@message(0x5F0A, B, Number("database"), Maybe(Number("entry")))
@dataclass(frozen=True, slots=True)
class DatabaseChanged(Info):
    """Somebody changed data at the cabinet: bit 0 phase orders, 1 segments, 2 basics, 3 plans, 4 VIP routes,
    5 reversible lanes, 6 dimming, 7 actuation.
    """

    database: int
    entry: int | None = None


@message(0x5F0B, B, Number("database"), Maybe(Number("entry")))
@dataclass(frozen=True, slots=True)
class DatabaseWanted(DatabaseChanged):
    """Data are lost: please send them again."""


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
