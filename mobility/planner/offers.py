"""The few journeys that differ for a reason, searched for: what ``options`` chooses from."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

from mobility.itinerary import Itinerary
from mobility.planner.candidates import Candidate
from mobility.planner.filters import MARGIN_S, judge
from mobility.planner.journeys import JourneySearch
from mobility.planner.options import Offer, Option, choose_options
from mobility.planner.paging import Page
from mobility.planner.query import Criterion

ALL = frozenset(Criterion)
Pricing = Callable[[Itinerary], Mapping[Criterion, int]]
"""What a finished journey costs in money and grams, where that is known."""


def list_options(search: JourneySearch, page: Page, price: Pricing) -> tuple[Option, ...]:
    """Up to five journeys of a page's interval, among them some that only other criteria than time would find."""
    asked = replace(search.request, criteria=search.request.criteria or ALL)
    wider = JourneySearch(search.ground, asked, search.walk_s)
    by_arrival = search.request.arrive_by
    found = wider.fetch(page.begin_s - MARGIN_S, page.end_s + MARGIN_S)
    verdicts = judge(found, walk_s=search.walk_s, by_arrival=by_arrival)
    candidates = list(page.journeys)
    candidates += [
        journey
        for journey, rule in zip(found, verdicts, strict=True)
        if rule is None and page.begin_s <= wider.axis_of(journey) < page.end_s
    ]
    told = {id(journey): wider.build_itinerary(journey) for journey in candidates}
    offers = [Offer(journey, _costs_of(wider, journey, told[id(journey)], price)) for journey in candidates]
    chosen = choose_options(offers, arrive_by=by_arrival)
    return tuple(Option(told[id(c.offer.journey)], tuple(c.reasons), c.offer.costs) for c in chosen)


def _costs_of(
    search: JourneySearch, journey: Candidate, itinerary: Itinerary, price: Pricing
) -> Mapping[Criterion, int]:
    """What is read off the finished journey: estimates that the search added up are not told."""
    return {
        Criterion.WALKING: journey.walking_s,
        Criterion.RISK: search.risk_of(journey),
        **price(itinerary),
    }
