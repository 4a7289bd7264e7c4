"""Up to five journeys that differ for a reason, out of all of a page.

The plain best is the earliest to arrive (with ``arrive_by`` the latest to leave). Another journey is an option only
where it is clearly better than the plain best in something that has a name: by ``CLEARLY`` at least, so that nobody
is sent another way for a minute or a coin. A reason is told only where it sets an option apart from another option,
and one journey may hold several. Near-identical journeys (the same lines in the same order, or the same vehicles)
never take two places: what a person wants of a second answer is that it is another.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from mobility.itinerary import Itinerary
from mobility.planner.candidates import Candidate
from mobility.planner.query import Criterion

MOST_OPTIONS: Final = 5


class Reason(StrEnum):
    """Why a journey is one of the few."""

    EARLIEST_ARRIVAL = "earliest_arrival"
    LATEST_DEPARTURE = "latest_departure"
    FASTEST = "fastest"
    FEWEST_TRANSFERS = "fewest_transfers"
    LEAST_WALKING = "least_walking"
    CHEAPEST = "cheapest"
    MOST_RELIABLE = "most_reliable"
    LOWEST_CARBON = "lowest_carbon"


REASON_NAMES: Final[Mapping[Reason, Mapping[str, str]]] = {
    Reason.EARLIEST_ARRIVAL: {"en": "earliest arrival", "zh-Hant": "最早抵達"},
    Reason.LATEST_DEPARTURE: {"en": "latest departure", "zh-Hant": "最晚出發"},
    Reason.FASTEST: {"en": "fastest", "zh-Hant": "時間最短"},
    Reason.FEWEST_TRANSFERS: {"en": "fewest transfers", "zh-Hant": "轉乘最少"},
    Reason.LEAST_WALKING: {"en": "least walking", "zh-Hant": "步行最少"},
    Reason.CHEAPEST: {"en": "cheapest", "zh-Hant": "票價最低"},
    Reason.MOST_RELIABLE: {"en": "most reliable", "zh-Hant": "最可靠"},
    Reason.LOWEST_CARBON: {"en": "lowest carbon", "zh-Hant": "碳排最低"},
}
CLEARLY: Final[Mapping[Reason, int]] = {
    Reason.EARLIEST_ARRIVAL: 120,  # seconds
    Reason.LATEST_DEPARTURE: 120,
    Reason.FASTEST: 180,
    Reason.FEWEST_TRANSFERS: 1,
    Reason.LEAST_WALKING: 180,  # seconds
    Reason.CHEAPEST: 100,  # hundredths of the currency
    Reason.MOST_RELIABLE: 50,  # about 5 in 100 missed connections (criterion RISK)
    Reason.LOWEST_CARBON: 50,  # grams
}
"""How much better than the plain best an option must be to be worth a place."""

_COSTS: Final = {
    Reason.LEAST_WALKING: Criterion.WALKING,
    Reason.CHEAPEST: Criterion.PRICE,
    Reason.MOST_RELIABLE: Criterion.RISK,
    Reason.LOWEST_CARBON: Criterion.CO2,
}


@dataclass(frozen=True, slots=True)
class Offer:
    """A journey and what it costs; a criterion that is not known for it is left out."""

    journey: Candidate
    costs: Mapping[Criterion, int]

    def measure(self, reason: Reason) -> int | None:
        """How much of what the reason minimises; None where it is not known."""
        journey = self.journey
        if reason in _COSTS:
            return self.costs.get(_COSTS[reason])
        return {
            Reason.EARLIEST_ARRIVAL: journey.arrival_s,
            Reason.LATEST_DEPARTURE: -journey.departure_s,
            Reason.FASTEST: journey.duration_s,
            Reason.FEWEST_TRANSFERS: len(journey.lines),
        }[reason]


@dataclass(frozen=True, slots=True)
class Option:
    """One of the few journeys, why it is among them, and what it costs in each criterion that is known."""

    itinerary: Itinerary
    reasons: tuple[Reason, ...]
    costs: Mapping[Criterion, int] = field(default_factory=dict)


@dataclass(slots=True)
class Chosen:
    """An offer with its reasons, while they are being found."""

    offer: Offer
    reasons: list[Reason]


def choose_options(offers: Sequence[Offer], *, arrive_by: bool = False, most: int = MOST_OPTIONS) -> list[Chosen]:
    """The plain best first, the others in order of departure."""
    if not offers:
        return []
    plain_reason = Reason.LATEST_DEPARTURE if arrive_by else Reason.EARLIEST_ARRIVAL
    order = _order(plain_reason)
    plain = min(offers, key=order)
    chosen = [Chosen(plain, [plain_reason])]
    others = [reason for reason in Reason if reason not in {Reason.EARLIEST_ARRIVAL, Reason.LATEST_DEPARTURE}]
    for reason in others:
        _choose_for(reason, offers, chosen, order, most)
    while True:
        for reason in others:
            _tell(reason, chosen)
        told = [c for c in chosen if c.reasons]
        if len(told) == len(chosen):
            break
        # who lost their only reason to one that was chosen later, goes; nobody is set apart from them any more
        chosen = [Chosen(c.offer, c.reasons[:1] if c.offer is plain else []) for c in told]
    best, *rest = chosen
    return [best, *sorted(rest, key=lambda c: (c.offer.journey.departure_s, c.offer.journey.arrival_s))]


def is_near_identical(one: Candidate, other: Candidate) -> bool:
    """Whether a person would call it the same journey, now or a few minutes later."""
    if one.plan != other.plan:
        return False
    same_lines = [line[0] for line in one.lines] == [line[0] for line in other.lines]
    return same_lines or one.vehicles == other.vehicles


def _order(plain_reason: Reason) -> Callable[[Offer], tuple[int, ...]]:
    """Among equals: the best in time, then the shortest, the fewest vehicles, the least walking."""

    def order(offer: Offer) -> tuple[int, ...]:
        journey = offer.journey
        first = -journey.departure_s if plain_reason is Reason.LATEST_DEPARTURE else journey.arrival_s
        return first, journey.duration_s, len(journey.lines), journey.walking_s

    return order


def _choose_for(
    reason: Reason,
    offers: Iterable[Offer],
    chosen: list[Chosen],
    order: Callable[[Offer], tuple[int, ...]],
    most: int,
) -> None:
    """Choose the best for a reason, unless one that is chosen already is hardly worse."""
    measured = [(amount, order(o), o) for o in offers if (amount := o.measure(reason)) is not None]
    held = [amount for c in chosen if (amount := c.offer.measure(reason)) is not None]
    if not held or len(chosen) == most:
        return
    for amount, _, offer in sorted(measured, key=lambda entry: entry[:2]):
        if min(held) - amount < CLEARLY[reason]:
            return
        if not any(is_near_identical(offer.journey, c.offer.journey) for c in chosen):
            chosen.append(Chosen(offer, []))
            return


def _tell(reason: Reason, chosen: list[Chosen]) -> None:
    """Give the reason to the best of the chosen, where it is clearly better than another of them."""
    measured = [(amount, c) for c in chosen if (amount := c.offer.measure(reason)) is not None]
    if not measured:
        return
    best, holder = min(measured, key=lambda entry: entry[0])
    if max(amount for amount, _ in measured) - best >= CLEARLY[reason]:
        holder.reasons.append(reason)
