"""One way to ride an on-demand trip: from one of its places to a later one, within their windows."""

from __future__ import annotations

from dataclasses import dataclass

from gtfs.flex import BookingRule, Duration, FlexCall
from gtfs.flex.service import MUST_BOOK

PLAIN_DRIVE = Duration()


@dataclass(frozen=True, slots=True)
class FlexRide:
    """``number`` is its place in ``OnDemandZones.rides``; ``pickup_place`` and ``drop_off_place`` are numbers of
    ``OnDemandZones.places``. ``rules`` are the booking rules of both ends, each once, none where none is named.
    """

    number: int
    trip_id: str
    route_id: str
    service_id: str
    timezone: str
    pickup: FlexCall
    drop_off: FlexCall
    pickup_place: int
    drop_off_place: int
    rules: tuple[BookingRule, ...] = ()
    mean: Duration | None = None
    safe: Duration | None = None

    @property
    def must_book(self) -> bool:
        """One has to ask for the ride beforehand: a rule says so, or the type of an end does."""
        return bool(self.rules) or MUST_BOOK in {self.pickup.pickup_type, self.drop_off.drop_off_type}

    def ride_s(self, drive_s: float) -> int:
        """Seconds that are promised: what 95 of 100 rides keep, never less than the average or than the drive.

        Feeds exist in which the safe duration is shorter than the mean one: the longer counts.
        """
        return max(duration.ride_s(drive_s) for duration in (PLAIN_DRIVE, *filter(None, (self.mean, self.safe))))

    def mean_ride_s(self, drive_s: float) -> int:
        """Seconds that an average ride takes; as promised where the feed has no average."""
        return self.mean.ride_s(drive_s) if self.mean else self.ride_s(drive_s)

    def departures(self, ride_s: int) -> tuple[int, int] | None:
        """The first and the last second of the service day at which a ride of ``ride_s`` may begin, so that it is
        within the windows of both ends; None where it fits into neither.

        From a stop with a fixed time there is one departure. To a stop with a fixed time one leaves soon enough to be
        there; into a zone that opens later the vehicle may leave earlier and wait.
        """
        first, last = self.pickup.window_s or (self.pickup.departure_s or 0,) * 2
        if self.drop_off.window_s is None:
            last = min(last, (self.drop_off.arrival_s or 0) - ride_s)
        else:
            opens, closes = self.drop_off.window_s
            last = min(last, closes - ride_s)
            if self.pickup.window_s is not None:
                first = max(first, opens - ride_s)
        if self.pickup.window_s is None:
            return (first, first) if last >= first else None
        return (first, last) if last >= first else None

    def arrival_s(self, departure_s: int, ride_s: int) -> int:
        """When a ride that begins at ``departure_s`` ends: the fixed time of the stop, else when it is driven, but
        not before the window opens.
        """
        if self.drop_off.window_s is None:
            return self.drop_off.arrival_s or 0
        return max(departure_s + ride_s, self.drop_off.window_s[0])

    @property
    def latest_s(self) -> int:
        """The last second of the service day at which one can still be picked up."""
        return self.pickup.window_s[1] if self.pickup.window_s else self.pickup.departure_s or 0
