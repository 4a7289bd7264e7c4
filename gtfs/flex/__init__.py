"""On-demand service: the GTFS-Flex part of a feed as trips between zones, groups of stops and stops.

``read_flex`` is the entrance. What a date or an instant means is not known here (``gtfs.service_days`` is a
neighbour): services are named, and windows are seconds of the service day.
"""

from gtfs.flex.booking import BookingRule, BookingType
from gtfs.flex.places import FlexPlace
from gtfs.flex.read import FlexFeed, read_flex
from gtfs.flex.service import Duration, FlexCall, FlexService
from gtfs.flex.zones import Zone

__all__ = [
    "BookingRule",
    "BookingType",
    "Duration",
    "FlexCall",
    "FlexFeed",
    "FlexPlace",
    "FlexService",
    "Zone",
    "read_flex",
]
