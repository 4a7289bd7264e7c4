"""Shared vehicles: on foot to one, ride, leave it where one may, and walk on.

One finder per system and kind of vehicle. Its places are stations and free vehicles (to pick up), stations and, where
a ride may end in the street, the stops of the network (to leave it at); then it may end at the door, too. At each end
the few best places count: those that cost the least time with what is expected to be lost if the vehicle or the dock is
gone. A vehicle is never returned where it was taken.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from mobility.bikeshare.state import UNLIMITED
from mobility.geodesy import Floats
from mobility.itinerary import Leg
from mobility.model import Coordinate, Mode, Place
from mobility.network.timetable import Flags, Ints
from mobility.planner.doors.ends import Doors, Entry, Moment, no_doors, pick_shortest
from mobility.planner.doors.legs import LegTeller
from mobility.planner.doors.stock import LEAST, Stock, choose_backup, expect_lost_s
from mobility.planner.doors.streetside import Pairs
from mobility.street_use import Chance, Hire
from mobility.streets.profiles import Profile
from mobility.streets.router import Targets

LONGEST_WALK_S: Final = 600
"""On foot to a vehicle, or from where it was left."""
LONGEST_RIDE_S: Final = 1800
UNLOCK_S: Final = 60
LOCK_S: Final = 30
"""Assumed: to find and unlock a vehicle, and to return it."""
FEW: Final = 6
"""So many places near a door are tried."""
ROAD_MPS: Final = 8.0
"""How fast a vehicle is taken to be whose speed is that of the road, where its range is compared with a ride."""
AT_THE_DOOR: Final = -2
"""In place of a place: the vehicle is left at the door itself."""
_FAR_S: Final = 2**28
Price = Callable[[int, float], tuple[float, str] | None]
"""What a ride of so many seconds and metres costs: an amount and its ISO 4217 code, None where it is not known."""
MayEnd = Callable[[Coordinate], bool]


@dataclass(frozen=True, slots=True, eq=False)
class HirePlaces:
    """Where one system's vehicles of one kind are taken and left. ``bikes`` and ``docks`` have one row per place;
    ``range_m`` is how far what stands there gets; ``to_stop`` and ``from_stop`` are walks to and from the stops of the
    network.
    """

    lat: Floats
    lon: Floats
    labels: tuple[Place, ...]
    bikes: Stock
    docks: Stock
    range_m: Floats
    on_foot: Targets
    by_vehicle: Targets
    to_stop: Pairs
    from_stop: Pairs
    vehicle_ids: Sequence[str] = ()
    """Of the vehicle that stands there by itself; empty at stations, and where there are no such vehicles at all."""

    def at(self, place: int) -> Coordinate:
        """Where it is."""
        return Coordinate(float(self.lat[place]), float(self.lon[place]))


@dataclass(frozen=True, slots=True, eq=False)
class HireFinder:
    """Ways by one kind of shared vehicle."""

    places: HirePlaces
    template: Hire
    teller: LegTeller
    profile: Profile
    speed_mps: float | None = None
    price: Price | None = None
    may_end_at: MayEnd | None = None
    """Whether a ride may end at a point in the street; None where it never may."""

    @property
    def mode(self) -> Mode:
        """By a shared vehicle."""
        return Mode.RENTAL

    def find(
        self, door: Place, at_s: float, asked_s: float, limit_s: int, is_served: Flags, *, is_egress: bool
    ) -> Doors:
        """See ``DoorFinder``."""
        near_s, before = self._list_near(door.at, at_s, asked_s, is_egress=is_egress)
        if not (near_s < _FAR_S).any():
            return no_doors()
        pairs = self.places.from_stop if is_egress else self.places.to_stop
        seconds = near_s[pairs.place] + pairs.seconds
        kept = (seconds <= limit_s) & (is_served[pairs.stop] > 0)
        place, stop, seconds = pairs.place[kept], pairs.stop[kept], seconds[kept]
        walking_s = pairs.seconds[kept] + before[place, 1]
        other = before[place, 0]
        first, second = (place, other) if is_egress else (other, place)
        return pick_shortest(stop, seconds, walking_s, first, second)

    def find_direct(
        self, start: Place, end: Place, at_s: float, asked_s: float, *, arrive_by: bool = False
    ) -> Entry | None:
        """The best ride from door to door: seconds that are expected, and its two places."""
        near_s, before = self._list_near(start.at, at_s, asked_s, is_egress=False)
        reached = self.teller.reach_on_foot(end.at, self.places.on_foot, LONGEST_WALK_S, inbound=True)
        total, place, walk_s = near_s[reached.number] + reached.seconds, reached.number, reached.seconds
        found = None
        if len(total) and total.min() < _FAR_S:
            best = int(np.argmin(total))
            number = int(place[best])
            walking_s = int(before[number, 1] + walk_s[best])
            found = Entry(-1, int(total[best]), walking_s, int(before[number, 0]), number)
        to_door = self._ride_to_the_door(start, end, at_s, asked_s)
        return min((way for way in (found, to_door) if way), key=lambda way: way.seconds, default=None)

    def _ride_to_the_door(self, start: Place, end: Place, at_s: float, asked_s: float) -> Entry | None:
        """On foot to a vehicle that may be left at the end itself."""
        if self.may_end_at is None or not self.may_end_at(end.at):
            return None
        near = self.teller.reach_on_foot(start.at, self.places.on_foot, LONGEST_WALK_S)
        chance = self.places.bikes.list_probabilities(asked_s, at_s)[near.number]
        ride = self.teller.router.reach(
            end.at, self.places.by_vehicle, LONGEST_RIDE_S, inbound=True, speed_mps=self.speed_mps
        )
        _, rows, columns = np.intersect1d(near.number, ride.number, return_indices=True)
        total = near.seconds[rows] + ride.seconds[columns] + UNLOCK_S + LOCK_S + expect_lost_s(chance[rows])
        total = np.where(chance[rows] >= LEAST, total, _FAR_S)
        if not len(total) or total.min() >= _FAR_S:
            return None
        best = int(np.argmin(total))
        row = int(rows[best])
        return Entry(-1, int(total[best]), int(near.seconds[row]), int(near.number[row]), AT_THE_DOOR)

    def holds(self, entry: Entry, at_s: float, asked_s: float, *, is_egress: bool) -> bool:
        """See ``DoorFinder``."""
        bikes, docks = self.places.bikes, self.places.docks
        if bikes.find_probability(entry.first, asked_s, at_s) < LEAST:
            return False
        return entry.second < 0 or docks.find_probability(entry.second, asked_s, at_s + entry.seconds) >= LEAST

    def tell(self, door: Place, entry: Entry, at_s: int, moment: Moment, *, is_egress: bool) -> list[Leg]:
        """See ``DoorFinder``."""
        stop = self.teller.stops[entry.stop]
        start, end = (stop, door) if is_egress else (door, stop)
        return self.tell_between(start, end, entry.first, entry.second, at_s, moment)

    def tell_between(self, start: Place, end: Place, first: int, second: int, at_s: int, moment: Moment) -> list[Leg]:
        """On foot to the vehicle at ``first``, riding to ``second``, on foot to the end."""
        here = self.places.labels[first]
        there = end if second == AT_THE_DOOR else self.places.labels[second]
        to_vehicle = self.teller.walk(start, here, at_s)
        ride = self.teller.move(
            Mode.RENTAL, self.profile, here, there, to_vehicle.arrival_s,
            added_s=UNLOCK_S + LOCK_S, speed_mps=self.speed_mps,
        )  # fmt: skip
        legs = [to_vehicle, self._with_hire(ride, first, second, moment), self.teller.walk(there, end, ride.arrival_s)]
        return [leg for leg in legs if leg.mode is Mode.RENTAL or leg.arrival_s > leg.departure_s]

    def list_rides(self, place: int, *, inbound: bool = False) -> tuple[Ints, Ints]:
        """Places where a vehicle that is taken at ``place`` may be left (``inbound``: taken to be left there), and the
        seconds of the ride.
        """
        reached = self.teller.router.reach(
            self.places.at(place), self.places.by_vehicle, LONGEST_RIDE_S, inbound=inbound, speed_mps=self.speed_mps
        )
        taken = reached.number if inbound else np.full(len(reached.number), place)
        is_within = reached.seconds * (self.speed_mps or ROAD_MPS) <= self.places.range_m[taken]
        is_other = (reached.number != place) & is_within
        return reached.number[is_other], reached.seconds[is_other]

    def _list_near(self, door: Coordinate, at_s: float, asked_s: float, *, is_egress: bool) -> tuple[Ints, Ints]:
        """Per place the seconds between the door and having left a vehicle there (with ``is_egress``: taking it), and
        as columns the place at the door's end and the seconds on foot.
        """
        count = len(self.places.lat)
        near_s, before = np.full(count, _FAR_S, np.int64), np.full((count, 2), -1, np.int64)
        bikes, docks = self.places.bikes, self.places.docks
        here, there = (docks, bikes) if is_egress else (bikes, docks)
        own_s, other_s = (LOCK_S, UNLOCK_S) if is_egress else (UNLOCK_S, LOCK_S)
        reached = self.teller.reach_on_foot(door, self.places.on_foot, LONGEST_WALK_S, inbound=is_egress)
        probability = here.list_probabilities(asked_s, at_s)[reached.number]
        cost_s = reached.seconds + own_s + expect_lost_s(probability)
        if is_egress and self.may_end_at is not None and self.may_end_at(door):
            # it may be left anywhere: at the door, then, rather than near it
            ride = self.teller.router.reach(
                door, self.places.by_vehicle, LONGEST_RIDE_S, inbound=True, speed_mps=self.speed_mps
            )
            near_s[ride.number] = ride.seconds + own_s
            before[ride.number] = AT_THE_DOOR, 0
            probability = np.zeros(len(reached.number))
        usable = np.flatnonzero(probability >= LEAST)
        for row in usable[np.argsort(cost_s[usable], kind="stable")][:FEW].tolist():
            place = int(reached.number[row])
            other, ride_s = self.list_rides(place, inbound=is_egress)
            total_s = cost_s[row] + ride_s
            is_better = total_s < near_s[other]
            better = other[is_better]
            near_s[better] = total_s[is_better]
            before[better, 0], before[better, 1] = place, reached.seconds[row]
        far = there.list_probabilities(asked_s, at_s)
        return np.where(far >= LEAST, np.minimum(near_s + other_s + expect_lost_s(far), _FAR_S), _FAR_S), before

    def _with_hire(self, ride: Leg, first: int, second: int, moment: Moment) -> Leg:
        asked_s = moment.asked_s
        taken_s, left_s = moment.instant_s(ride.departure_s), moment.instant_s(ride.arrival_s)
        hire = replace(
            self.template,
            pick_up=self._tell_chance(self.places.bikes, first, asked_s, taken_s),
            drop_off=None
            if second == AT_THE_DOOR or self.places.docks.capacity[second] >= UNLIMITED
            else self._tell_chance(self.places.docks, second, asked_s, left_s),
            vehicle_id=self.places.vehicle_ids[first] if self.places.vehicle_ids else "",
            price=self.price(ride.arrival_s - ride.departure_s - UNLOCK_S - LOCK_S, ride.distance_m)
            if self.price
            else None,
        )
        return replace(ride, hire=hire)

    def _tell_chance(self, stock: Stock, place: int, asked_s: float, arrive_s: float) -> Chance:
        near = self.teller.reach_on_foot(self.places.at(place), self.places.on_foot, LONGEST_WALK_S)
        probability = stock.list_probabilities(asked_s, arrive_s)
        backup = choose_backup(place, near.number, near.seconds, probability, self.places.labels)
        return stock.tell(place, self.places.labels[place], asked_s, arrive_s, backup)
