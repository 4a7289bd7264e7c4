"""Park and ride: drive to a car park, leave the car, walk to the stop.

What counts is the drive, the search for a space, what is expected to be lost if the car park is full, and the walk. A
car park where a space is seldom left when one gets there is not proposed; one that is proposed says how likely it is,
what it costs, and where to go instead.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from mobility.geodesy import Floats
from mobility.itinerary import Leg
from mobility.model import Coordinate, Mode, Place
from mobility.network.timetable import Flags, Ints
from mobility.planner.doors.ends import Doors, Entry, Moment, no_doors, pick_shortest
from mobility.planner.doors.legs import LegTeller
from mobility.planner.doors.stock import LEAST, Stock, choose_backup, expect_lost_s
from mobility.planner.doors.streetside import Pairs
from mobility.street_use import Parked
from mobility.streets.profiles import Profile
from mobility.streets.router import Targets

LONGEST_DRIVE_S: Final = 2700
LONGEST_WALK_S: Final = 600
PARK_S: Final = 180
"""Assumed: from the barrier to standing beside the parked car."""
BACKUP_REACH_S: Final = 900
_FAR_S: Final = 2**28
IsOpen = Callable[[float], Flags]
"""Which car parks are open at an instant (POSIX seconds), or do not say."""
Terms = Callable[[int, float, int], Parked]
"""What a car park says to somebody who gets there at an instant for so many seconds: its price, and warnings."""


@dataclass(frozen=True, slots=True, eq=False)
class ParkPlaces:
    """Car parks for one kind of vehicle; ``to_stop`` are walks to the stops of the network."""

    lat: Floats
    lon: Floats
    labels: tuple[Place, ...]
    spaces: Stock
    by_car: Targets
    on_foot: Targets
    to_stop: Pairs
    describe: Terms
    is_open: IsOpen | None = None
    """None: nothing is known of any hours."""

    def at(self, place: int) -> Coordinate:
        """Where it is."""
        return Coordinate(float(self.lat[place]), float(self.lon[place]))


@dataclass(frozen=True, slots=True, eq=False)
class ParkFinder:
    """Ways by car to a car park. ``stay_s`` is how long the car is left there."""

    places: ParkPlaces
    teller: LegTeller
    stay_s: int
    profile: Profile = Profile.CAR

    @property
    def mode(self) -> Mode:
        """By car, which is parked."""
        return Mode.CAR_PARKING

    def find(
        self, door: Place, at_s: float, asked_s: float, limit_s: int, is_served: Flags, *, is_egress: bool
    ) -> Doors:
        """See ``DoorFinder``; the car stays behind, so that nothing leaves a stop by it."""
        if is_egress:
            return no_doors()
        near_s = self._list_near(door, at_s, asked_s)
        pairs = self.places.to_stop
        seconds = near_s[pairs.place] + pairs.seconds
        kept = (seconds <= limit_s) & (is_served[pairs.stop] > 0)
        place = pairs.place[kept]
        none = np.full(len(place), -1, np.int32)
        return pick_shortest(pairs.stop[kept], seconds[kept], pairs.seconds[kept], place, none)

    def find_direct(
        self, start: Place, end: Place, at_s: float, asked_s: float, *, arrive_by: bool = False
    ) -> Entry | None:
        """Drive to a car park near the end, and walk."""
        near_s = self._list_near(start, at_s, asked_s)
        reached = self.teller.reach_on_foot(end.at, self.places.on_foot, LONGEST_WALK_S, inbound=True)
        total = near_s[reached.number] + reached.seconds
        if not len(total) or total.min() >= _FAR_S:
            return None
        best = int(np.argmin(total))
        return Entry(-1, int(total[best]), int(reached.seconds[best]), int(reached.number[best]), -1)

    def holds(self, entry: Entry, at_s: float, asked_s: float, *, is_egress: bool) -> bool:
        """See ``DoorFinder``."""
        arrive_s = at_s + entry.seconds - entry.walking_s
        if self.places.is_open is not None and not self.places.is_open(arrive_s)[entry.first]:
            return False
        return self.places.spaces.find_probability(entry.first, asked_s, arrive_s) >= LEAST

    def tell(self, door: Place, entry: Entry, at_s: int, moment: Moment, *, is_egress: bool) -> list[Leg]:
        """See ``DoorFinder``."""
        return self.tell_between(door, self.teller.stops[entry.stop], entry.first, -1, at_s, moment)

    def tell_between(self, start: Place, end: Place, first: int, second: int, at_s: int, moment: Moment) -> list[Leg]:
        """The drive, parking included, and the walk."""
        label = self.places.labels[first]
        drive = self.teller.move(Mode.CAR_PARKING, self.profile, start, label, at_s, added_s=PARK_S)
        arrive_s = moment.instant_s(drive.arrival_s)
        probability = self.places.spaces.list_probabilities(moment.asked_s, arrive_s)
        near = self.teller.router.reach(self.places.at(first), self.places.by_car, BACKUP_REACH_S)
        backup = choose_backup(first, near.number, near.seconds + PARK_S, probability, self.places.labels)
        chance = self.places.spaces.tell(first, label, moment.asked_s, arrive_s, backup)
        drive = replace(drive, parked=replace(self.places.describe(first, arrive_s, self.stay_s), space=chance))
        walk = self.teller.walk(label, end, drive.arrival_s)
        return [drive, walk] if walk.arrival_s > walk.departure_s else [drive]

    def _list_near(self, door: Place, at_s: float, asked_s: float) -> Ints:
        """Per car park the seconds until one has parked there."""
        reached = self.teller.router.reach(door.at, self.places.by_car, LONGEST_DRIVE_S)
        # they are on average half an hour's drive away at most: one moment for all of them
        probability = self.places.spaces.list_probabilities(asked_s, at_s + LONGEST_DRIVE_S / 4)[reached.number]
        near_s = np.full(len(self.places.lat), _FAR_S, np.int64)
        usable = probability >= LEAST
        if self.places.is_open is not None:
            usable &= self.places.is_open(at_s + LONGEST_DRIVE_S / 4)[reached.number] > 0
        near_s[reached.number] = np.where(usable, reached.seconds + PARK_S + expect_lost_s(probability), _FAR_S)
        return near_s
