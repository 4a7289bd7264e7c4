"""The fares of a feed, whichever version of the specification they are written in."""

from __future__ import annotations

from functools import lru_cache

from gtfs.feed import Feed
from mobility.fares.fares_v1 import FaresV1
from mobility.fares.price import FareLeg, Price, list_fare_legs, with_fare
from mobility.fares.transfer_rules import FaresV2
from mobility.itinerary import Itinerary


class FareTable:
    """Prices of itineraries. Fares v2 are used where the feed has them; v1 are then not looked at (fare_leg_rules.txt:
    the two must not be mixed).
    """

    def __init__(self, feed: Feed) -> None:
        """Read what the feed says about fares."""
        self.rules: FaresV1 | FaresV2 | None = None
        if len(feed["fare_leg_rules.txt"]) and len(feed["fare_products.txt"]):
            self.rules = FaresV2(feed)
        elif len(feed["fare_attributes.txt"]):
            self.rules = FaresV1(feed)
        self._price = lru_cache(maxsize=4096)(self._price_rides)

    def price(self, itinerary: Itinerary) -> Price | None:
        """What the itinerary costs; None where the feed has no fares or nothing is ridden."""
        return self._price(tuple(list_fare_legs(itinerary)))

    def with_fare(self, itinerary: Itinerary) -> Itinerary:
        """The itinerary with its fare, where all of it is priced."""
        return with_fare(itinerary, self.price(itinerary))

    def _price_rides(self, rides: tuple[FareLeg, ...]) -> Price | None:
        if self.rules is None or not rides:
            return None
        return self.rules.price(rides)
