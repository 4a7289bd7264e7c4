"""A taxi that is called: a drive after a wait, and what its meter will show where a tariff is known."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, replace
from zoneinfo import ZoneInfo

from mobility.flex import TaxiService, offer_taxi
from mobility.itinerary import Leg
from mobility.model import Mode, Place
from mobility.network.timetable import Flags
from mobility.planner.doors.drive import DriveFinder
from mobility.planner.doors.ends import Doors, Entry, Moment
from mobility.street_use import Booking


@dataclass(frozen=True, slots=True, eq=False)
class TaxiFinder:
    """Ways by taxi; ``drive`` knows the roads and the wait."""

    service: TaxiService
    drive: DriveFinder
    timezone: str
    """In which the tariff's night is night."""

    @property
    def mode(self) -> Mode:
        """On demand."""
        return Mode.ODM

    def find(
        self, door: Place, at_s: float, asked_s: float, limit_s: int, is_served: Flags, *, is_egress: bool
    ) -> Doors:
        """See ``DoorFinder``."""
        return self.drive.find(door, at_s, asked_s, limit_s, is_served, is_egress=is_egress)

    def find_direct(
        self, start: Place, end: Place, at_s: float, asked_s: float, *, arrive_by: bool = False
    ) -> Entry | None:
        """From door to door."""
        return self.drive.find_direct(start, end, at_s, asked_s, arrive_by=arrive_by)

    def holds(self, entry: Entry, at_s: float, asked_s: float, *, is_egress: bool) -> bool:
        """Always: it comes when it is called."""
        return self.drive.holds(entry, at_s, asked_s, is_egress=is_egress)

    def tell(self, door: Place, entry: Entry, at_s: int, moment: Moment, *, is_egress: bool) -> list[Leg]:
        """See ``DoorFinder``."""
        legs = self.drive.tell(door, entry, at_s, moment, is_egress=is_egress)
        return [self._with_booking(leg, moment) for leg in legs]

    def tell_between(self, start: Place, end: Place, first: int, second: int, at_s: int, moment: Moment) -> list[Leg]:
        """One leg."""
        legs = self.drive.tell_between(start, end, first, second, at_s, moment)
        return [self._with_booking(leg, moment) for leg in legs]

    def _with_booking(self, leg: Leg, moment: Moment) -> Leg:
        service = self.service
        called_at = dt.datetime.fromtimestamp(moment.instant_s(leg.departure_s), ZoneInfo(self.timezone))
        offer = offer_taxi(service, leg.arrival_s - leg.departure_s - service.wait_s, leg.distance_m, called_at)
        price = None if offer.price is None else (float(offer.price[0]), offer.price[1])
        booking = Booking(
            service.service_id, service.names, None, service.phone, service.url,
            approximate=service.approximate, price=price,
        )  # fmt: skip
        return replace(leg, booking=booking)
