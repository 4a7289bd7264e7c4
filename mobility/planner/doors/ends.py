"""What a way between a door and the stops around it looks like to the search, whatever one moves by.

A finder knows one mode (on foot, by shared bike, by car and car park ...). It lists the stops that one reaches, with
the seconds that the search counts, and tells the legs of one of them when a journey was chosen. Seconds of the search
may be longer than the legs: what is lost if a bike or a space is gone is expected beforehand, so that there is time
left for the backup.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple, Protocol

import numpy as np

from mobility.itinerary import Leg
from mobility.model import Mode, Place
from mobility.network.timetable import Flags, Ints
from mobility.planner.query import Ends


class Doors(NamedTuple):
    """The stops at one end of a journey, ascending, once each. ``seconds`` is what the search counts, ``walking_s``
    how much of it is on foot; ``first`` and ``second`` number the places in between in the words of the finder.
    """

    stop: Ints
    seconds: Ints
    walking_s: Ints
    first: Ints
    second: Ints

    @property
    def ends(self) -> Ends:
        """As the search takes them."""
        return Ends(self.stop, self.seconds)

    def find(self, stop: int) -> Entry:
        """The way to one stop.

        Raises:
            LookupError: There is none.
        """
        at = int(np.searchsorted(self.stop, stop))
        if at == len(self.stop) or self.stop[at] != stop:
            message = f"stop {stop} is at no end of this query"
            raise LookupError(message)
        return Entry(*(int(column[at]) for column in self))


class Entry(NamedTuple):
    """One line of ``Doors``."""

    stop: int
    seconds: int
    walking_s: int
    first: int
    second: int


@dataclass(frozen=True, slots=True)
class Moment:
    """An instant on the clock of the day that is searched. ``clock_s`` is POSIX seconds at 00:00 of the service day;
    ``asked_s`` POSIX seconds when the person asked, from which readings age.
    """

    clock_s: int
    asked_s: float

    def instant_s(self, service_s: int) -> float:
        """POSIX seconds of a second of the service day."""
        return float(self.clock_s + service_s)


class DoorFinder(Protocol):
    """Ways by one mode between a door and stops; see the module."""

    @property
    def mode(self) -> Mode:
        """How one moves."""
        ...

    def find(
        self, door: Place, at_s: float, asked_s: float, limit_s: int, is_served: Flags, *, is_egress: bool
    ) -> Doors:
        """Served stops within ``limit_s`` of the door around the instant ``at_s`` (POSIX seconds)."""
        ...

    def holds(self, entry: Entry, at_s: float, asked_s: float, *, is_egress: bool) -> bool:
        """Whether a way that was found can be used when it begins at ``at_s`` (POSIX seconds)."""
        ...

    def tell(self, door: Place, entry: Entry, at_s: int, moment: Moment, *, is_egress: bool) -> list[Leg]:
        """The legs of a way that begins at ``at_s`` of the service day: from the door, with ``is_egress`` from the
        stop.
        """
        ...

    def find_direct(
        self, start: Place, end: Place, at_s: float, asked_s: float, *, arrive_by: bool = False
    ) -> Entry | None:
        """The best way from door to door, without public transport, that begins (with ``arrive_by`` ends) at ``at_s``;
        its stop is -1.
        """
        ...

    def tell_between(self, start: Place, end: Place, first: int, second: int, at_s: int, moment: Moment) -> list[Leg]:
        """The legs of a way by the places of an entry."""
        ...


def pick_shortest(stop: Ints, seconds: Ints, walking_s: Ints, first: Ints, second: Ints) -> Doors:
    """One line per stop, the shortest, of equals the least walking."""
    order = np.lexsort((first, walking_s, seconds, stop))
    stop = stop[order]
    is_first = np.append(True, stop[1:] != stop[:-1])[: len(stop)]
    chosen = order[is_first]
    columns = (stop[is_first], seconds[chosen], walking_s[chosen], first[chosen], second[chosen])
    return Doors(*(column.astype(np.int32) for column in columns))


def no_doors() -> Doors:
    """Nobody gets anywhere by this mode."""
    return Doors(*(np.zeros(0, np.int32) for _ in Doors._fields))
