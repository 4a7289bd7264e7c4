"""The legs at both ends of a journey, and between its vehicles, by the plan that it was found with."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from mobility.itinerary import Leg
from mobility.model import Place
from mobility.planner.doors.ends import Doors, Moment
from mobility.planner.doors.legs import LegTeller, begin_at
from mobility.planner.doors.plans import Plan
from mobility.planner.query import Query


@dataclass(frozen=True, slots=True, eq=False)
class TellEnds:
    """For one journey; ``doors`` are None at an end where one walks."""

    teller: LegTeller
    query: Query
    start: Place
    end: Place
    plan: Plan
    doors: tuple[Doors | None, Doors | None]
    moment: Moment

    def tell_access(self, stop: int, first: Leg) -> Sequence[Leg]:
        """The legs from the door; one leaves as late as what the search counted allows."""
        if self.plan.access is None or self.doors[0] is None:
            walk_s = int(self.query.access.seconds[self.query.access.stop == stop][0])
            if not walk_s:
                return ()
            return (self.teller.walk(self.start, first.start, first.departure_s - walk_s, walk_s),)
        entry = self.doors[0].find(stop)
        begin_s = first.departure_s - entry.seconds
        legs = self.plan.access.tell(self.start, entry, begin_s, self.moment, is_egress=False)
        # rounding along several legs may add seconds that the search has not counted
        late_s = legs[-1].arrival_s - first.departure_s
        return begin_at(legs, begin_s - late_s) if late_s > 0 else legs

    def tell_change(self, start: int, end: int, at_s: int) -> Sequence[Leg] | None:
        """The legs of a change that is ridden, else None."""
        changes = self.plan.changes
        if changes is None or not changes.is_ridden(start, end):
            return None
        return changes.tell(start, end, at_s, self.moment)

    def tell_egress(self, stop: int, last: Leg) -> Sequence[Leg]:
        """The legs to the door."""
        if self.plan.egress is None or self.doors[1] is None:
            walk_s = int(self.query.egress.seconds[self.query.egress.stop == stop][0])
            return (self.teller.walk(last.end, self.end, last.arrival_s, walk_s),) if walk_s else ()
        entry = self.doors[1].find(stop)
        return self.plan.egress.tell(self.end, entry, last.arrival_s, self.moment, is_egress=True)
