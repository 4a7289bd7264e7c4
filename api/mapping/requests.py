"""A query of ``plan`` to the planner's request: modes, caps, and which parameter each field comes from."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Final

from api.mapping.instants import with_timezone
from api.mapping.ways import NOT_OFFERED, ends_as_wanted, list_ends, list_left_out, to_ways
from api.schemas.journey import Itinerary, Leg
from api.schemas.parameters import PlanParameters
from mobility.model import Mode, Place
from mobility.network.needs import Needs
from mobility.planner.notices import Notice
from mobility.planner.query import Criterion, TransferTimes
from mobility.service import PlanRequest, Stopover

MAX_WINDOW_S: Final = 24 * 3600
MAX_TRANSFERS: Final = 7
MAX_WALK_S: Final = 3600
# the wire knows kinds of trains that our model does not tell apart; AIRPLANE has no mode of ours
RAIL_MODES: Final = frozenset(
    {"RAIL", "HIGHSPEED_RAIL", "LONG_DISTANCE", "NIGHT_RAIL", "REGIONAL_FAST_RAIL", "REGIONAL_RAIL"}
)
RENAMED_MODES: Final[Mapping[str, Mode]] = {
    "METRO": Mode.SUBURBAN,  # up to v4
    "AREAL_LIFT": Mode.AERIAL_LIFT,  # up to v4
    "AIRPLANE": Mode.OTHER,
}
_RETURNS = {
    "en": "Leaving a shared vehicle where its operator does not allow it is not offered; such wishes were ignored.",
    "zh-Hant": "不提供於業者未允許之處還車，此條件已略過。",
}
UNSERVED: Final[Mapping[str, Mapping[str, str]]] = {
    "requireCarTransport": {
        "en": "Taking a car along is not offered yet and was ignored.",
        "zh-Hant": "尚未提供攜帶汽車的條件，已略過。",
    },
    "ignorePreTransitRentalReturnConstraints": _RETURNS,
    "ignorePostTransitRentalReturnConstraints": _RETURNS,
    "ignoreDirectRentalReturnConstraints": _RETURNS,
}
PARAMETERS: Final[Mapping[str, str]] = {
    "at": "time",
    "start": "fromPlace",
    "end": "toPlace",
    "itineraries": "numItineraries",
    "window_s": "searchWindow",
    "max_transfers": "maxTransfers",
    "max_walk_s": "maxPreTransitTime",
    "modes": "transitModes",
    "via": "via",
    "transfer.minimum_s": "minTransferTime",
    "transfer.additional_s": "additionalTransferTime",
    "transfer.factor": "transferTimeFactor",
    "criteria": "criteria",
    "page": "pageCursor",
    "ways.access": "preTransitModes",
    "ways.egress": "postTransitModes",
    "ways.between": "transferModes",
    "ways.direct": "directModes",
    "ways.longest_s": "maxPreTransitTime",
    "ways.longest_direct_s": "maxDirectTime",
    "ways.stay_s": "parkingStay",
}
"""Fields of the planner's request to the parameters they come from."""


def to_modes(names: Sequence[str]) -> frozenset[Mode] | None:
    """The planner's modes; ``None`` for all transit."""
    if "TRANSIT" in names:
        return None
    modes = {Mode.RAIL if name in RAIL_MODES else RENAMED_MODES.get(name) or Mode(name) for name in names}
    return frozenset(modes)


def to_request(
    query: PlanParameters, ends: tuple[Place, Place], via: Sequence[Place], timezone: str, now: datetime
) -> PlanRequest:
    """The planner's request, within the server's caps; ``now`` is when it is asked."""
    walk_s = max(query.max_pre_transit_time, query.max_post_transit_time)
    stays = [*query.via_minimum_stay, *([0] * len(via))]
    return PlanRequest(
        *ends,
        at=with_timezone(query.time, timezone, now),
        arrive_by=query.arrive_by,
        itineraries=min(query.num_itineraries, query.max_itineraries or query.num_itineraries),
        window_s=min(query.search_window, MAX_WINDOW_S),
        max_transfers=min(query.max_transfers, MAX_TRANSFERS),
        max_walk_s=min(walk_s, MAX_WALK_S),
        modes=to_modes(query.transit_modes),
        via=tuple(Stopover(place, 60 * minutes) for place, minutes in zip(via, stays, strict=False)),
        transfer=TransferTimes(
            60 * query.min_transfer_time, 60 * query.additional_transfer_time, query.transfer_time_factor
        ),
        needs=Needs(wheelchair=query.pedestrian_profile == "WHEELCHAIR", bicycle=query.require_bike_transport),
        criteria=frozenset(Criterion[name] for name in query.criteria),
        options=query.options,
        page=query.page_cursor or "",
        at_once=not query.timetable_view,
        ways=to_ways(query),
        asked_at=now,
    )


def is_within(itinerary: Itinerary, query: PlanParameters) -> bool:
    """Whether the whole journey, its ways to the first stop and from the last, and the shared vehicles on them keep to
    what was asked.
    """
    before, after = list_ends(itinerary)
    too_far = not (_keeps_to(before, query.max_pre_transit_time) and _keeps_to(after, query.max_post_transit_time))
    too_long = query.max_travel_time is not None and itinerary.duration > query.max_travel_time * 60
    return not too_far and not too_long and ends_as_wanted(itinerary, query)


def _keeps_to(legs: Sequence[Leg], limit_s: int) -> bool:
    """Whether a way to or from a stop keeps to its limit. Rides by ``FLEX`` are as long as their zones are large. Each
    leg is rounded up to a second, which the search does once for the whole way.
    """
    if any(leg.mode is Mode.FLEX for leg in legs):
        return True
    return sum(leg.duration for leg in legs) <= limit_s + max(0, len(legs) - 1)


def list_unserved(query: PlanParameters, parameters: Iterable[tuple[str, str]]) -> list[Notice]:
    """What was asked for and is not offered yet, where silence could mislead."""
    asked = [UNSERVED[name] for name, value in parameters if name in UNSERVED and value not in {"", "false"}]
    once = {texts["en"]: texts for texts in asked}
    return [*list_left_out(query), *(Notice(NOT_OFFERED, text, texts) for text, texts in once.items())]
