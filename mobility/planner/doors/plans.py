"""Which ways to the first stop, between vehicles and from the last are searched together, and how much each asks.

One search per combination: walking, which needs nothing, would otherwise hide behind a bike that is a minute faster.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import product

from mobility.planner.doors.between import BikeChanges
from mobility.planner.doors.ends import DoorFinder


@dataclass(frozen=True, slots=True, eq=False)
class Plan:
    """One combination; None is on foot. ``burden`` counts what is not: a journey never replaces one that asks for
    less.
    """

    access: DoorFinder | None = None
    egress: DoorFinder | None = None
    changes: BikeChanges | None = None

    @property
    def burden(self) -> int:
        """How many vehicles beside public transport it takes."""
        return sum(part is not None for part in (self.access, self.egress, self.changes))


ON_FOOT = Plan()


def combine(
    access: Iterable[DoorFinder | None],
    egress: Iterable[DoorFinder | None],
    changes: Iterable[BikeChanges | None] = (None,),
) -> tuple[Plan, ...]:
    """All combinations, those that ask for least first; between vehicles only where nothing else is ridden."""
    plans = [ON_FOOT if ends == (None, None) else Plan(*ends) for ends in product(access, egress)]
    plans += [Plan(changes=by_bike) for by_bike in changes if by_bike is not None]
    return tuple(sorted(plans, key=lambda plan: plan.burden))
