"""Rides that come on demand: zones and booking rules of GTFS-Flex, and taxis.

``build_on_demand`` makes a feed's on-demand trips into ``OnDemandZones``, which says who can be picked up and dropped
off where on a date; a ``FlexRide`` knows its window and how long it takes, ``booking`` until when one may book it, and
``taxi`` what a taxi from the street is. Nothing here knows streets: driving times come from whoever asks.
"""

from mobility.flex.booking import book_by, booking_opens, can_still_book
from mobility.flex.rides import FlexRide
from mobility.flex.taxi import TaxiOffer, TaxiService, TaxiTariff, offer_taxi, price_taxi
from mobility.flex.terms import BookingState, BookingTerms, settle_booking
from mobility.flex.zones import OnDemandZones, PlaceStops, build_on_demand

__all__ = [
    "BookingState",
    "BookingTerms",
    "FlexRide",
    "OnDemandZones",
    "PlaceStops",
    "TaxiOffer",
    "TaxiService",
    "TaxiTariff",
    "book_by",
    "booking_opens",
    "build_on_demand",
    "can_still_book",
    "offer_taxi",
    "price_taxi",
    "settle_booking",
]
