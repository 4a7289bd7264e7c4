"""Rides that come when they were booked: GTFS-Flex zones around a door, as a way to stops, from stops, or all the way.

The search knows one time per stop; whether a ride fits into its window, and can still be booked, is looked at when a
journey is there (``holds``). What is counted is the time that is promised (``FlexRide.ride_s``).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final
from zoneinfo import ZoneInfo

import numpy as np

from gtfs.flex import FlexCall
from gtfs.service_days import to_instant, to_service_time
from mobility.flex import BookingState, FlexRide, OnDemandZones, PlaceStops, settle_booking
from mobility.itinerary import Leg
from mobility.model import Coordinate, Mode, Place
from mobility.network.timetable import Flags
from mobility.planner.doors.ends import Doors, Entry, Moment, no_doors, pick_shortest
from mobility.planner.doors.legs import LegTeller
from mobility.planner.doors.streetside import Streetside
from mobility.street_use import Booking, Served
from mobility.streets.profiles import Profile

LONGEST_RIDE_S: Final = 3600
NOW_S: Final = 900
AROUND_S: Final = 2 * 3600


@dataclass(frozen=True, slots=True)
class RouteFacts:
    """What people call the route of an on-demand ride. ``approximate`` says why its facts are not published ones."""

    names: Mapping[str, str]
    approximate: Mapping[str, str]


@dataclass(frozen=True, slots=True, eq=False)
class FlexFinder:
    """Ways by on-demand rides; ``stops_of`` are the stops of each place, ``routes`` by route id."""

    zones: OnDemandZones
    stops_of: PlaceStops
    streetside: Streetside
    teller: LegTeller
    routes: Mapping[str, RouteFacts]

    @property
    def mode(self) -> Mode:
        """On demand."""
        return Mode.FLEX

    def find(
        self, door: Place, at_s: float, asked_s: float, limit_s: int, is_served: Flags, *, is_egress: bool
    ) -> Doors:
        """See ``DoorFinder``. The limit for vehicles of one's own does not hold: zones are as large as they are."""
        rides = self._list_rides(door.at, at_s, asked_s, is_egress=is_egress)
        if not rides:
            return no_doors()
        near = self.streetside.list_near(door.at, Profile.CAR, LONGEST_RIDE_S, inbound=is_egress)
        drive_s = np.full(len(self.streetside.lat), -1, np.int64)
        drive_s[near.stop] = near.seconds
        columns = []
        for ride in rides:
            stops = self.stops_of.of(ride.pickup_place if is_egress else ride.drop_off_place)
            stops = stops[(drive_s[stops] >= 0) & (is_served[stops] > 0)]
            seconds = np.array([ride.ride_s(float(drive)) for drive in drive_s[stops].tolist()], np.int64)
            none, number = np.zeros(len(stops), np.int32), np.full(len(stops), ride.number, np.int32)
            columns.append((stops, seconds, none, number, np.full(len(stops), -1, np.int32)))
        return pick_shortest(*(np.concatenate(column) for column in zip(*columns, strict=True)))

    def find_direct(
        self, start: Place, end: Place, at_s: float, asked_s: float, *, arrive_by: bool = False
    ) -> Entry | None:
        """The quickest from door to door that begins (with ``arrive_by`` ends) then and can still be booked."""
        drive_s = self.teller.find_way(start, end, Profile.CAR).duration_s
        found = []
        for date in self._list_days(at_s):
            for ride in self.zones.direct(start.at, end.at, date):
                entry = Entry(-1, ride.ride_s(drive_s), 0, ride.number, -1)
                if self.holds(entry, at_s - (entry.seconds if arrive_by else 0), asked_s, is_egress=False):
                    found.append(entry)
        return min(found, key=lambda entry: entry.seconds, default=None)

    def holds(self, entry: Entry, at_s: float, asked_s: float, *, is_egress: bool) -> bool:
        """See ``DoorFinder``: it is within the windows, and can still be booked."""
        ride = self.zones.rides[entry.first]
        date = self._find_day(ride, at_s, entry.seconds)
        if date is None:
            return False
        return self._settle(ride, date, at_s, asked_s)[0] is not BookingState.LATE

    def tell(self, door: Place, entry: Entry, at_s: int, moment: Moment, *, is_egress: bool) -> list[Leg]:
        """See ``DoorFinder``."""
        stop = self.teller.stops[entry.stop]
        start, end = (stop, door) if is_egress else (door, stop)
        return self.tell_between(start, end, entry.first, entry.second, at_s, moment)

    def tell_between(self, start: Place, end: Place, first: int, second: int, at_s: int, moment: Moment) -> list[Leg]:
        """One leg, that lasts as long as is promised."""
        ride = self.zones.rides[first]
        leg = self.teller.move(Mode.FLEX, Profile.CAR, start, end, at_s)
        seconds = ride.ride_s(leg.arrival_s - leg.departure_s)
        instant_s = moment.instant_s(at_s)
        date = self._find_day(ride, instant_s, seconds)
        booking = None
        if date is not None:
            booking = self._settle(ride, date, instant_s, moment.asked_s)[1]
        return [replace(leg, arrival_s=at_s + seconds, booking=booking)]

    def _settle(self, ride: FlexRide, date: dt.date, at_s: float, asked_s: float) -> tuple[BookingState, Booking]:
        zone = ZoneInfo(ride.timezone)
        ride_at, now = (dt.datetime.fromtimestamp(instant_s, zone) for instant_s in (at_s, asked_s))
        terms = settle_booking(
            ride.rules, ride_at, now, ride.timezone,
            service_date=date, notice_days=self.zones.service_days, language=self.zones.language,
        )  # fmt: skip
        facts = self.routes.get(ride.route_id, RouteFacts({}, {}))
        texts = {
            language: " ".join(part for part in (text, _find_words(terms.messages, language)) if part)
            for language, text in terms.texts.items()
        }
        book_by = terms.book_by
        served = _tell_served(ride.pickup, date, ride.timezone), _tell_served(ride.drop_off, date, ride.timezone)
        return terms.state, Booking(
            ride.trip_id, facts.names, book_by, terms.phone, terms.url, texts, facts.approximate, served=served
        )

    def _list_rides(self, door: Coordinate, at_s: float, asked_s: float, *, is_egress: bool) -> list[FlexRide]:
        """Those at this door; where some run then and can be booked only these, else those of the hours around: of the
        rides to one stop the search is told of one.
        """
        ask = self.zones.drop_off if is_egress else self.zones.pick_up
        found: dict[int, FlexRide] = {}
        running: dict[int, FlexRide] = {}
        near: dict[int, FlexRide] = {}
        for date in self._list_days(at_s):
            for ride in ask(door, date):
                found[ride.number] = ride
                window = ride.departures(0)
                if window is None:
                    continue
                first_s, last_s = (to_instant(date, second, ride.timezone).timestamp() for second in window)
                begin_s = min(max(first_s, at_s), last_s)
                if abs(begin_s - at_s) > AROUND_S:
                    continue
                if self._settle(ride, date, begin_s, asked_s)[0] is not BookingState.LATE:
                    near[ride.number] = ride
                    if abs(begin_s - at_s) <= NOW_S:
                        running[ride.number] = ride
        return list((running or near or found).values())

    def _list_days(self, at_s: float) -> tuple[dt.date, ...]:
        instant = dt.datetime.fromtimestamp(at_s, dt.UTC)
        # journeys of a page may be hours later, or earlier
        days = (self.zones.list_days(instant + dt.timedelta(hours=hours)) for hours in (-12, 0, 12))
        return tuple(sorted({date for found in days for date in found}))

    def _find_day(self, ride: FlexRide, at_s: float, seconds: int) -> dt.date | None:
        """The service date on which a ride of so many seconds may begin at the instant."""
        window = ride.departures(seconds)
        if window is None:
            return None
        instant = dt.datetime.fromtimestamp(at_s, dt.UTC)
        for date in self.zones.list_days(instant):
            if (
                ride in self.zones.rides_on(date)
                and window[0] <= to_service_time(instant, date, ride.timezone) <= window[1]
            ):
                return date
        return None


def _tell_served(call: FlexCall, date: dt.date, timezone: str) -> Served:
    window = None
    if call.window_s is not None:
        window = to_instant(date, call.window_s[0], timezone), to_instant(date, call.window_s[1], timezone)
    return Served(call.place.place_id, call.place.name, window)


def _find_words(messages: Mapping[str, str], language: str) -> str:
    """The agency's words in a language or one of its kind (``zh-TW`` for ``zh-Hant``); without a tag they are all."""
    kind = language.split("-", maxsplit=1)[0]
    fitting = (text for tag, text in messages.items() if tag.split("-", maxsplit=1)[0] == kind)
    return next(fitting, messages.get("", ""))
