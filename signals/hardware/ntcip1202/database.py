"""What a controller's own data say of the phases, and why it must not be commanded with them.

Read before anything is commanded, and again and again: the dead-man timer, the operational mode, the clock, and of each
phase the times and the concurrency that safety hangs on.
"""

from __future__ import annotations

from collections.abc import Iterator

from signals.hardware.ntcip1202 import ber, objects
from signals.hardware.ntcip1202.objects import Scalar
from signals.hardware.ntcip1202.phases import Phase, PhaseTable
from signals.hardware.ntcip1202.profile import NtcipProfile
from signals.hardware.ntcip1202.snmp import Value
from signals.timing_plan import TimingPlan

_SCALARS = (objects.BACKUP_TIME_S, objects.OPERATIONAL_MODE, objects.GLOBAL_TIME_S, objects.MAX_PHASES)
_EPSILON_S = 1e-6
_COLUMNS = (
    objects.PHASE_YELLOW_DS,
    objects.PHASE_RED_CLEAR_DS,
    objects.PHASE_MIN_GREEN_S,
    objects.PHASE_PED_CLEAR_S,
    objects.PHASE_WALK_S,
    objects.PHASE_OPTIONS,
    objects.PHASE_CONCURRENCY,
)


class Database:
    """The data of one controller, as far as they have been read; each round asks for everything anew."""

    def __init__(self, table: PhaseTable, profile: NtcipProfile) -> None:
        self._table, self._profile = table, profile
        oids = [profile.objects.name(scalar) for scalar in _SCALARS]
        oids += [column.at(phase.number) for phase in table.phases for column in _COLUMNS]
        self._names = tuple(ber.write_oid(oid) for oid in oids)
        self._values: dict[bytes, Value] = {}
        self._unreadable: set[bytes] = set()
        self._fresh: dict[bytes, Value] = {}
        self._skew_s = 0.0
        self.is_complete = False
        self._clock = ber.write_oid(profile.objects.name(objects.GLOBAL_TIME_S))

    def forget(self) -> None:
        """Whatever was read may be otherwise now."""
        self.is_complete = False
        self.restart()

    def restart(self) -> None:
        """Begin a round; what is known stands until it is read again."""
        self._fresh.clear()
        self._unreadable.clear()

    def list_missing(self) -> tuple[bytes, ...]:
        """What this round has still to ask, as much as one packet holds."""
        left = [n for n in self._names if n not in self._fresh and n not in self._unreadable]
        return tuple(left[: self._profile.most_bindings])

    def refuse(self, name: bytes) -> None:
        """The controller has no such object, or does not tell."""
        self._unreadable.add(name)

    def take(self, names: tuple[bytes, ...], values: list[Value], utc_s: float) -> bool:
        """Values that have come; whether something other than the clock is not what it was."""
        for name, value in zip(names, values, strict=True):
            if value is None:
                self._unreadable.add(name)
            else:
                self._fresh[name] = value
            if name == self._clock and isinstance(value, int):
                self._skew_s = value + 0.5 - utc_s  # whole seconds: half a second is lost on average
        if self.list_missing():
            return False
        names_changed = [n for n in self._names if n != self._clock and self._fresh.get(n) != self._values.get(n)]
        changed = self.is_complete and bool(names_changed)
        self._values, self.is_complete = dict(self._fresh), True
        return changed

    def read(self, oid: tuple[int, ...]) -> Value:
        """A value of the last complete round."""
        return self._values.get(ber.write_oid(oid))

    @property
    def backup_time_s(self) -> int:
        """How long after the last SET it goes back to its own plan; 0 where it does not, or nobody knows."""
        value = self._scalar(objects.BACKUP_TIME_S)
        return value if isinstance(value, int) else 0

    def _scalar(self, scalar: Scalar) -> Value:
        return self.read(self._profile.objects.name(scalar))

    def list_obstacles(self) -> Iterator[str]:
        """Each reason in the data, in one sentence."""
        if not self.is_complete:
            yield "The controller's data have not been read yet."
            return
        longest_s = self._profile.longest_backup_s
        if not isinstance(self._scalar(objects.BACKUP_TIME_S), int):
            yield "unitBackupTime cannot be read: nobody knows whether the controller goes back by itself."
        elif not 0 < self.backup_time_s <= longest_s:
            yield f"unitBackupTime is {self.backup_time_s} s; from 1 to {longest_s} s are required."
        if (mode := self._scalar(objects.OPERATIONAL_MODE)) != 0:
            yield f"coordOperationalMode is {mode!r}; only in 0 (automatic) does a system's command count."
        if not isinstance(self._scalar(objects.GLOBAL_TIME_S), int):
            yield "globalTime cannot be read."
        elif abs(self._skew_s) > self._profile.most_skew_s:
            yield f"The controller's clock is {self._skew_s:+.0f} s off; {self._profile.most_skew_s:g} s are allowed."
        most = self._scalar(objects.MAX_PHASES)
        if not isinstance(most, int) or most < len(self._table.phases):
            yield f"The controller has {most!r} phases; the plan needs {len(self._table.phases)}."
        for phase in self._table.phases:
            yield from self._judge(phase)

    def _judge(self, phase: Phase) -> Iterator[str]:
        number = phase.number
        options = self.read(objects.PHASE_OPTIONS.at(number))
        if not isinstance(options, int) or not options & 1:
            yield f"Phase {number} is not enabled, or its options cannot be read."
        wanted = (
            ("of yellow", objects.PHASE_YELLOW_DS, phase.yellow_ds, 10),
            ("of red clearance", objects.PHASE_RED_CLEAR_DS, phase.red_clear_ds, 10),
            ("of minimum green", objects.PHASE_MIN_GREEN_S, phase.min_green_s, 1),
            *((("of pedestrian clearance", objects.PHASE_PED_CLEAR_S, phase.ped_clear_s, 1),) if phase.walkers else ()),
        )
        for name, column, needed, per_s in wanted:
            value = self.read(column.at(number))
            if not isinstance(value, int):
                yield f"Phase {number}: its seconds {name} cannot be read."
            elif value != needed:
                yield f"Phase {number} has {value / per_s:g} s {name}; the plan has {needed / per_s:g} s."
        listed = self.read(objects.PHASE_CONCURRENCY.at(number))
        if not isinstance(listed, bytes):
            yield f"Phase {number}: its concurrency cannot be read."
        elif set(listed) - {number} != phase.concurrent:
            has, needs = sorted(set(listed) - {number}), sorted(phase.concurrent)
            yield f"Phase {number} may be green beside {has}; the plan has {needs}."


def list_shortcomings(table: PhaseTable, plan: TimingPlan) -> Iterator[str]:
    """Where phases that an engineer has given would not keep the plan; nothing where they were derived from it."""
    if len(table.stages) != len(plan.stages):
        yield f"The phases have {len(table.stages)} stages; the plan has {len(plan.stages)}."
        return
    for phase in table.phases:
        if phase.yellow_ds < 10 * plan.limits.yellow_s - _EPSILON_S:
            least_s = plan.limits.yellow_s
            yield f"Phase {phase.number} has {phase.yellow_ds / 10:g} s of yellow; {least_s:g} s are least."
        if phase.red_clear_ds < 10 * plan.limits.red_clearance_s - _EPSILON_S:
            least_s = plan.limits.red_clearance_s
            yield f"Phase {phase.number} has {phase.red_clear_ds / 10:g} s of red clearance; {least_s:g} s are least."
    for stage, members in zip(plan.stages, table.stages, strict=True):
        phases = [table.phases[number - 1] for number in members]
        shown = {m: lamp for phase in phases for m, lamp in phase.lamps.items()}
        if any(shown.get(m) is not stage.lamp(m) for m in stage.greens) or set(shown) - stage.greens:
            yield f"The phases {sorted(members)} do not show what stage {stage.index} shows."
        if any(not members - {phase.number} <= phase.concurrent for phase in phases):
            yield f"The phases {sorted(members)} of stage {stage.index} may not be green together."
    for a, b in plan.transitions:
        ending = [table.phases[number - 1] for number in table.stages[a] - table.stages[b]]
        clear_s = max((p.ped_clear_s for p in ending), default=0) + max(
            ((p.yellow_ds + p.red_clear_ds) / 10 for p in ending), default=0.0
        )
        if clear_s < (needed_s := plan.transition_s(a, b)) - _EPSILON_S:
            yield f"From stage {a} to {b} the phases clear for {clear_s:g} s; the plan has {needed_s:g} s."
