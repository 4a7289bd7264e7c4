"""The 5F messages about what a signal controller keeps: phase orders, bounds, plans, schedules.

Specification, chapter 5. Greens exclude yellow and all-red.
"""

from __future__ import annotations

from dataclasses import dataclass

from signals.hardware.utc_v3.layout import Count, Groups, Maybe, Number, Numbers, Part, Table
from signals.hardware.utc_v3.registry import Info, Level, lies_as, message

B, A, O = Level.BASIC, Level.ADVANCED, Level.OPTIONAL  # noqa: E741  (as the specification writes them)
LONGEST_GREEN_S = 8190
ALLOWED_PLANS = (1, 40)


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
