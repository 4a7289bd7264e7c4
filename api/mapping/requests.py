"""A query of ``plan`` to the planner's request: modes, caps and page cursors."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Final

from api.mapping.instants import with_timezone
from api.schemas.journey import Itinerary
from api.schemas.parameters import PlanParameters
from mobility.model import Mode, Place
from mobility.planner.notices import Notice
from mobility.service import PlanRequest

MAX_WINDOW_S: Final = 6 * 3600
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
    "via": {
        "en": "Stops to pass on the way (via) are not offered yet and were ignored.",
        "zh-Hant": "尚未提供指定途經站（via），已略過。",
    },
    "requireBikeTransport": {
        "en": "Taking a bicycle along is not offered yet and was ignored.",
        "zh-Hant": "尚未提供攜帶自行車的條件，已略過。",
    },
    "requireCarTransport": {
        "en": "Taking a car along is not offered yet and was ignored.",
        "zh-Hant": "尚未提供攜帶汽車的條件，已略過。",
    },
}
NO_STEP_FREE: Final[Mapping[str, str]] = {
    "en": "Step-free journeys (WHEELCHAIR) are not offered yet: steps and lifts are not known, so check each station.",
    "zh-Hant": "尚未提供無障礙行程（WHEELCHAIR）：階梯與電梯資料不明，請逐站確認。",
}


def to_modes(names: Sequence[str]) -> frozenset[Mode] | None:
    """The planner's modes; ``None`` for all transit."""
    if "TRANSIT" in names:
        return None
    modes = {Mode.RAIL if name in RAIL_MODES else RENAMED_MODES.get(name) or Mode(name) for name in names}
    return frozenset(modes)


def to_request(query: PlanParameters, start: Place, end: Place, timezone: str) -> PlanRequest:
    """The planner's request, within the server's caps."""
    cursor = query.page_cursor
    at = datetime.fromtimestamp(int(cursor.split("|")[1]), UTC) if cursor else with_timezone(query.time, timezone)
    walk_s = max(query.max_pre_transit_time, query.max_post_transit_time)
    return PlanRequest(
        start=start,
        end=end,
        at=at,
        arrive_by=query.arrive_by,
        itineraries=query.num_itineraries,
        window_s=min(query.search_window, MAX_WINDOW_S),
        max_transfers=min(query.max_transfers, MAX_TRANSFERS),
        max_walk_s=min(walk_s, MAX_WALK_S),
        modes=to_modes(query.transit_modes),
    )


def to_cursors(request: PlanRequest, shown: Sequence[Itinerary]) -> tuple[str, str]:
    """The cursors of the pages before and after. This page reaches from the time asked for to its last journey
    (its first arrival with ``arrive_by``); the pages beside it begin there, and reach as far.
    """
    minute = timedelta(minutes=1)
    reach = timedelta(seconds=max(request.window_s, 60))
    if shown and request.arrive_by:
        reach = max(minute, request.at - min(journey.end_time for journey in shown) + minute)
    elif shown:
        reach = max(minute, max(journey.start_time for journey in shown) - request.at + minute)
    earlier, later = (max(0, (request.at + step).timestamp()) for step in (-reach, reach))
    return f"EARLIER|{earlier:.0f}", f"LATER|{later:.0f}"


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
    parameters = dict.fromkeys(parameters)
    asked = dict.fromkeys(name for name, value in parameters if name in UNSERVED and value not in {"", "false"})
    notices = [Notice("not_offered", UNSERVED[name]["en"], UNSERVED[name]) for name in asked]
    if ("pedestrianProfile", "WHEELCHAIR") in parameters:
        notices.append(Notice("not_offered", NO_STEP_FREE["en"], NO_STEP_FREE))
    return notices
