"""One vehicle from a door straight to a stop: one's own bicycle, a lift in a car, a taxi.

A bicycle is locked up at the stop and left there, so that it is a way to the first stop only. Somebody who gives a
lift, and a taxi, may wait at either end.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from mobility.itinerary import Leg
from mobility.model import Mode, Place
from mobility.network.timetable import Flags
from mobility.planner.doors.ends import Doors, Entry, Moment, no_doors, pick_shortest
from mobility.planner.doors.legs import LegTeller
from mobility.planner.doors.streetside import Streetside
from mobility.street_use import Booking
from mobility.streets.profiles import Profile

LOCK_BIKE_S: Final = 60
GET_OUT_S: Final = 60
"""Assumed: to lock a bicycle up, and to get in or out of a car at the kerb."""


@dataclass(frozen=True, slots=True, eq=False)
class DriveFinder:
    """Ways by one vehicle. ``wait_s`` passes before it moves, ``after_s`` when it has stopped."""

    mode: Mode
    profile: Profile
    streetside: Streetside
    teller: LegTeller
    wait_s: int = 0
    after_s: int = 0
    booking: Booking | None = None
    is_left_behind: bool = False

    def find(
        self, door: Place, at_s: float, asked_s: float, limit_s: int, is_served: Flags, *, is_egress: bool
    ) -> Doors:
        """See ``DoorFinder``."""
        if is_egress and self.is_left_behind:
            return no_doors()
        added_s = self.wait_s + self.after_s
        near = self.streetside.list_near(door.at, self.profile, max(0, limit_s - added_s), inbound=is_egress)
        kept = is_served[near.stop] > 0
        stop, seconds = near.stop[kept], near.seconds[kept] + added_s
        none = np.full(len(stop), -1, np.int32)
        return pick_shortest(stop, seconds, np.zeros(len(stop), np.int32), none, none)

    def find_direct(
        self, start: Place, end: Place, at_s: float, asked_s: float, *, arrive_by: bool = False
    ) -> Entry | None:
        """From door to door."""
        way = self.teller.find_way(start, end, self.profile)
        return Entry(-1, way.duration_s + self.wait_s + self.after_s, 0, -1, -1)

    def holds(self, entry: Entry, at_s: float, asked_s: float, *, is_egress: bool) -> bool:
        """Always: a vehicle of one's own, or one that comes when it is called."""
        return True

    def tell(self, door: Place, entry: Entry, at_s: int, moment: Moment, *, is_egress: bool) -> list[Leg]:
        """See ``DoorFinder``."""
        stop = self.teller.stops[entry.stop]
        return self.tell_between(*((stop, door) if is_egress else (door, stop)), -1, -1, at_s, moment)

    def tell_between(self, start: Place, end: Place, first: int, second: int, at_s: int, moment: Moment) -> list[Leg]:
        """One leg, waiting included."""
        leg = self.teller.move(self.mode, self.profile, start, end, at_s, added_s=self.wait_s + self.after_s)
        return [replace(leg, booking=self.booking)]
