"""A query of ``plan`` to the planner's request: modes, caps, and which parameter each field comes from."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from api.mapping.instants import with_timezone
from api.schemas.journey import Itinerary
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
UNSERVED: Final[Mapping[str, Mapping[str, str]]] = {
    "requireCarTransport": {
        "en": "Taking a car along is not offered yet and was ignored.",
        "zh-Hant": "尚未提供攜帶汽車的條件，已略過。",
    },
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
}
"""Fields of the planner's request to the parameters they come from."""


def to_modes(names: Sequence[str]) -> frozenset[Mode] | None:
    """The planner's modes; ``None`` for all transit."""
    if "TRANSIT" in names:
        return None
    modes = {Mode.RAIL if name in RAIL_MODES else RENAMED_MODES.get(name) or Mode(name) for name in names}
    return frozenset(modes)


def to_request(query: PlanParameters, ends: tuple[Place, Place], via: Sequence[Place], timezone: str) -> PlanRequest:
    """The planner's request, within the server's caps."""
    walk_s = max(query.max_pre_transit_time, query.max_post_transit_time)
    stays = [*query.via_minimum_stay, *([0] * len(via))]
    return PlanRequest(
        *ends,
        at=with_timezone(query.time, timezone),
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
    )


def is_within(itinerary: Itinerary, query: PlanParameters) -> bool:
    """Whether the first and last mile and the whole journey keep to what was asked."""
    first, last = itinerary.legs[0], itinerary.legs[-1]
    too_far = (first.trip_id is None and first.duration > query.max_pre_transit_time) or (
        last.trip_id is None and last.duration > query.max_post_transit_time
    )
    too_long = query.max_travel_time is not None and itinerary.duration > query.max_travel_time * 60
    return not too_far and not too_long


def list_unserved(parameters: Iterable[tuple[str, str]]) -> list[Notice]:
    """What was asked for and is not offered yet, where silence could mislead."""
    asked = dict.fromkeys(name for name, value in parameters if name in UNSERVED and value not in {"", "false"})
    return [Notice("not_offered", UNSERVED[name]["en"], UNSERVED[name]) for name in asked]
