"""The few journeys that differ for a reason, searched for: what ``options`` chooses from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from mobility.planner.candidates import Candidate
from mobility.planner.filters import MARGIN_S, judge
from mobility.planner.journeys import JourneySearch
from mobility.planner.options import Offer, Option, choose_options
from mobility.planner.paging import Page
from mobility.planner.query import Criterion

ALL = frozenset(Criterion)


def list_options(search: JourneySearch, page: Page) -> tuple[Option, ...]:
    """Up to five journeys of a page's interval, among them some that only other criteria than time would find."""
    wider = JourneySearch(
        search.ground, replace(search.request, criteria=search.request.criteria or ALL), search.walk_s
    )
    by_arrival = search.request.arrive_by
    found = wider.fetch(page.begin_s - MARGIN_S, page.end_s + MARGIN_S)
    verdicts = judge(found, walk_s=search.walk_s, by_arrival=by_arrival)
    offers = [Offer(journey, _costs_of(search, journey)) for journey in page.journeys]
    offers += [
        Offer(journey, _costs_of(wider, journey))
        for journey, rule in zip(found, verdicts, strict=True)
        if rule is None and page.begin_s <= wider.axis_of(journey) < page.end_s
    ]
    chosen = choose_options(offers, arrive_by=by_arrival)
    return tuple(Option(wider.build_itinerary(c.offer.journey), tuple(c.reasons), c.offer.costs) for c in chosen)


def _costs_of(search: JourneySearch, journey: Candidate) -> Mapping[Criterion, int]:
    """What the search added up, where it knows what rides cost, and what can be read off the journey."""
    added = dict(journey.path.costs) if search.knows_costs else {}
    return {**added, Criterion.WALKING: journey.walking_s, Criterion.RISK: search.risk_of(journey)}
