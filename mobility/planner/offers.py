"""The few journeys that differ for a reason, searched for: what ``options`` chooses from."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from mobility.itinerary import Itinerary
from mobility.planner.candidates import Candidate
from mobility.planner.filters import judge
from mobility.planner.journeys import JourneySearch
from mobility.planner.options import Offer, Option, choose_options
from mobility.planner.paging import Page
from mobility.planner.query import Criterion

ALL = frozenset(Criterion)
LONGEST_S = 2 * 3600
"""How much of a long page is searched for options."""
Pricing = Callable[[Itinerary], Mapping[Criterion, int]]
"""What a finished journey costs in money and grams, where that is known."""


def list_options(search: JourneySearch, page: Page, price: Pricing) -> tuple[Option, ...]:
    """Up to five journeys of a page's interval, among them some that only other criteria than time would find.

    Each criterion is searched by itself: the best in it is among the answers, at a fraction of what all of them
    together would take. By way of somewhere it is the page's own journeys that are chosen from: a search with vias
    and criteria has nothing that prunes it, and takes seconds.
    """
    end_s = min(page.end_s, page.begin_s + LONGEST_S)
    found = list(page.journeys)
    criteria = () if search.request.via and not search.request.criteria else search.request.criteria or ALL
    for criterion in sorted(criteria):
        near = search.with_criteria(frozenset({criterion})).fetch(page.begin_s, end_s)
        verdicts = judge(near, walk_s=search.walk_s, by_arrival=search.request.arrive_by)
        found += [journey for journey, rule in zip(near, verdicts, strict=True) if rule is None]
    # most are found for several criteria
    different: dict[object, Candidate] = {}
    for journey in found:
        different.setdefault(journey.key, journey)
    told = [(journey, search.build_itinerary(journey)) for journey in different.values()]
    itineraries = {id(journey): itinerary for journey, itinerary in told}
    offers = [Offer(journey, _costs_of(search, journey, itinerary, price)) for journey, itinerary in told]
    chosen = choose_options(offers, arrive_by=search.request.arrive_by)
    return tuple(Option(itineraries[id(c.offer.journey)], tuple(c.reasons), c.offer.costs) for c in chosen)


def _costs_of(
    search: JourneySearch, journey: Candidate, itinerary: Itinerary, price: Pricing
) -> Mapping[Criterion, int]:
    """What is read off the finished journey: estimates that the search added up are not told."""
    return {
        Criterion.WALKING: journey.walking_s,
        Criterion.RISK: search.risk_of(journey),
        **price(itinerary),
    }
