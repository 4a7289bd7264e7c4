"""How somebody gets to the first stop, from the last, between vehicles and all the way: what a query says of it.

The planner knows one set of shared vehicles for all of a journey, MOTIS one for each end and one for direct ways. What
any of them allows is searched; a journey that takes at one end what was not allowed there is left out afterwards.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Final, NamedTuple

from api.schemas.journey import Itinerary, Leg
from api.schemas.parameters import PlanParameters
from api.schemas.street_use import Rental
from mobility.model import Mode
from mobility.planner.notices import Notice
from mobility.planner.request import ACCESS_MODES, DIRECT_MODES, EGRESS_MODES, LONGEST_WAY_S, Hires, Ways

MAX_DIRECT_S: Final = 6 * 3600
NOT_OFFERED: Final = "not_offered"
STREET_MODES: Final = frozenset(
    {"WALK", "BIKE", "RENTAL", "CAR", "HGV", "CAR_PARKING", "CAR_DROPOFF", "RIDE_SHARING", "ODM", "FLEX"}
)
"""Modes that are no public transport; of the others nothing is said in lists of ways, and clients send them."""
_WALK: Final = frozenset({Mode.WALK})
_NOT_TO: Final = {
    "en": "{mode} to the first stop is not offered and was left out.",
    "zh-Hant": "尚未提供以 {mode} 前往第一個站的方式，已略過。",
}
_NOT_FROM: Final = {
    "en": "{mode} from the last stop is not offered and was left out.",
    "zh-Hant": "尚未提供從最後一站起以 {mode} 前往目的地的方式，已略過。",
}
_NOT_ALL_THE_WAY: Final = {
    "en": "{mode} all the way is not offered and was left out.",
    "zh-Hant": "尚未提供全程以 {mode} 前往的方式，已略過。",
}
_TOGETHER: Final = {
    "en": "Shared vehicles were searched for the whole journey at once: where its parts allow different ones, there "
    "may be journeys that are not listed.",
    "zh-Hant": "共享運具以全程一併搜尋；各路段條件不同時，可能仍有未列出的行程。",
}


class Wanted(NamedTuple):
    """Shared vehicles as a query wants them in one part of a journey; empty sets are any. ``systems`` are ids, the
    others words of MOTIS.
    """

    systems: frozenset[str]
    form_factors: frozenset[str]
    propulsions: frozenset[str]

    def takes(self, rental: Rental) -> bool:
        """Whether that vehicle is one of them."""
        return (
            (not self.systems or rental.system_id in self.systems)
            and (not self.form_factors or rental.form_factor in self.form_factors)
            and (not self.propulsions or rental.propulsion_type in self.propulsions)
        )


def want_before(query: PlanParameters) -> Wanted:
    """What may be ridden to the first stop."""
    return _want(
        [*query.pre_transit_rental_providers, *query.pre_transit_rental_provider_groups],
        query.pre_transit_rental_form_factors,
        query.pre_transit_rental_propulsion_types,
    )


def want_after(query: PlanParameters) -> Wanted:
    """What may be ridden from the last stop."""
    return _want(
        [*query.post_transit_rental_providers, *query.post_transit_rental_provider_groups],
        query.post_transit_rental_form_factors,
        query.post_transit_rental_propulsion_types,
    )


def want_all_the_way(query: PlanParameters) -> Wanted:
    """What may be ridden without transit."""
    return _want(
        [*query.direct_rental_providers, *query.direct_rental_provider_groups],
        query.direct_rental_form_factors,
        query.direct_rental_propulsion_types,
    )


def _want(systems: Sequence[str], form_factors: Sequence[str], propulsions: Sequence[str]) -> Wanted:
    return Wanted(frozenset(systems), frozenset(form_factors), frozenset(propulsions))


def to_ways(query: PlanParameters) -> Ways:
    """The planner's ways, within the server's caps.

    To and from stops one may always walk, even where only ``RENTAL`` was asked for: MOTIS leaves walking out then, we
    know no reason to. All the way there is what was asked for and nothing else; on later pages nothing, since
    ``direct`` is told on the first one only. The longer of the two limits at the ends is searched; journeys beyond
    their own are left out afterwards (``api.mapping.requests.is_within``).
    """
    longest_s = max(query.max_pre_transit_time, query.max_post_transit_time)
    return Ways(
        access=_WALK | _offered(query.pre_transit_modes, ACCESS_MODES),
        egress=_WALK | _offered(query.post_transit_modes, EGRESS_MODES),
        between=_WALK | {Mode(name) for name in query.transfer_modes},
        direct=frozenset() if query.page_cursor else _offered(query.direct_modes, DIRECT_MODES),
        hires=_unite(_list_wanted(query)),
        longest_s=min(longest_s, LONGEST_WAY_S),
        longest_direct_s=min(query.max_direct_time, MAX_DIRECT_S),
        stay_s=60 * query.parking_stay,
    )


def list_left_out(query: PlanParameters) -> list[Notice]:
    """Which ways were asked for and are not offered there; and that shared vehicles were searched together, where the
    parts of a journey allow different ones.
    """
    asked = (
        (query.pre_transit_modes, ACCESS_MODES, _NOT_TO),
        (query.post_transit_modes, EGRESS_MODES, _NOT_FROM),
        (query.direct_modes, DIRECT_MODES, _NOT_ALL_THE_WAY),
    )
    found = [
        _notice({language: text.format(mode=name) for language, text in texts.items()})
        for names, offered, texts in asked
        for name in dict.fromkeys(names)
        if _is_way(name) and name not in offered
    ]
    return [*found, _notice(_TOGETHER)] if len(set(_list_wanted(query))) > 1 else found


def list_ends(itinerary: Itinerary) -> tuple[list[Leg], list[Leg]]:
    """The legs before the first vehicle of public transport and those after the last; none where there is none."""
    vehicles = [number for number, leg in enumerate(itinerary.legs) if leg.trip_id is not None]
    if not vehicles:
        return [], []
    return itinerary.legs[: vehicles[0]], itinerary.legs[vehicles[-1] + 1 :]


def ends_as_wanted(itinerary: Itinerary, query: PlanParameters) -> bool:
    """Whether the shared vehicles at both ends of a journey are wanted there. Between two vehicles any is."""
    before, after = list_ends(itinerary)
    return _all_take(want_before(query), before) and _all_take(want_after(query), after)


def direct_as_wanted(itinerary: Itinerary, query: PlanParameters) -> bool:
    """Whether the shared vehicle of a journey without public transport is wanted."""
    return _all_take(want_all_the_way(query), itinerary.legs)


def _all_take(wanted: Wanted, legs: Iterable[Leg]) -> bool:
    return all(wanted.takes(leg.rental) for leg in legs if leg.rental is not None)


def _is_way(name: str) -> bool:
    return name in STREET_MODES or name.startswith("DEBUG_")


def _offered(names: Iterable[str], offered: frozenset[Mode]) -> frozenset[Mode]:
    return frozenset(Mode(name) for name in names if name in offered)


def _list_wanted(query: PlanParameters) -> list[Wanted]:
    """What is wanted in each part of a journey where shared vehicles are asked for at all."""
    parts: list[tuple[Sequence[str], Wanted]] = [
        (query.pre_transit_modes, want_before(query)),
        (query.post_transit_modes, want_after(query)),
        ([] if query.page_cursor else query.direct_modes, want_all_the_way(query)),
        (query.transfer_modes, _want([], [], [])),
    ]
    return [wanted for modes, wanted in parts if "RENTAL" in modes]


def _unite(wanted: Sequence[Wanted]) -> Hires:
    """What any of them allows, in words of GBFS; any where one allows any."""
    return Hires(
        _either([each.systems for each in wanted]),
        _in_gbfs(_either([each.form_factors for each in wanted])),
        _in_gbfs(_either([each.propulsions for each in wanted])),
    )


def _either(sets: Sequence[frozenset[str]]) -> frozenset[str]:
    return frozenset[str]().union(*sets) if all(sets) else frozenset()


def _in_gbfs(words: Iterable[str]) -> frozenset[str]:
    return frozenset(word.lower() for word in words)


def _notice(texts: Mapping[str, str]) -> Notice:
    return Notice(NOT_OFFERED, texts["en"], texts)
