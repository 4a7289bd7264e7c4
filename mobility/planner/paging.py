"""Pages of journeys that neither lose nor repeat one, however often somebody turns them.

All journeys of a question lie on one axis: the departure, or with ``by_arrival`` the arrival read backwards, so that
there too the most wanted come first. A page is all of them in a half-open interval [begin, end) of that axis, and
pages of one interval after another are the big interval, because

* what is found for an interval is the one set of Pareto-optimal journeys cut to it (``range_raptor``: a journey has
  to survive against all that leave after the interval too), and
* the filters look only at rivals within ``MARGIN_BEFORE_S`` and ``MARGIN_S`` around it, which are fetched too.

A page ends right after the journey that completes the number asked for, journeys of the same moment all included;
where there are too few it grows, to 24 hours at most.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from mobility.planner.candidates import Candidate
from mobility.planner.filters import MARGIN_BEFORE_S, MARGIN_S, Rule, judge

LONGEST_PAGE_S = 24 * 3600
GROWTH = 3

Fetch = Callable[[int, int], list[Candidate]]
"""All journeys of an interval [begin, end) of the axis."""


@dataclass(frozen=True, slots=True)
class PageRequest:
    """``at_s`` is where the page begins on the axis, or ends with ``backwards``. It covers ``window_s`` at first;
    with ``count`` None it is the window, however many journeys there are. ``walk_s`` is how long one walks instead
    (None: nobody does).
    """

    at_s: int
    count: int | None
    window_s: int
    backwards: bool = False
    by_arrival: bool = False
    walk_s: int | None = None


@dataclass(frozen=True, slots=True)
class Page:
    """The journeys of [``begin_s``, ``end_s``) in order of departure, and how many each rule dropped there."""

    journeys: tuple[Candidate, ...]
    begin_s: int
    end_s: int
    dropped: Mapping[Rule, int]


def find_page(request: PageRequest, fetch: Fetch) -> Page:
    """Search as far as the page needs."""
    reach_s = min(max(1, request.window_s), LONGEST_PAGE_S)
    begin_s, end_s = _interval(request, reach_s)
    found = fetch(begin_s - MARGIN_BEFORE_S, end_s + MARGIN_S)
    while True:
        page = _cut(request, found, begin_s, end_s)
        if request.count is None or len(page.journeys) >= request.count or reach_s >= LONGEST_PAGE_S:
            return page
        known_s = begin_s, end_s
        reach_s = min(LONGEST_PAGE_S, GROWTH * reach_s)
        begin_s, end_s = _interval(request, reach_s)
        # contiguous intervals: what is found for one after the other is what is found for both
        if request.backwards:
            found += fetch(begin_s - MARGIN_BEFORE_S, known_s[0] - MARGIN_BEFORE_S)
        else:
            found += fetch(known_s[1] + MARGIN_S, end_s + MARGIN_S)


def _interval(request: PageRequest, reach_s: int) -> tuple[int, int]:
    return (request.at_s - reach_s, request.at_s) if request.backwards else (request.at_s, request.at_s + reach_s)


def _cut(request: PageRequest, found: list[Candidate], begin_s: int, end_s: int) -> Page:
    def at(journey: Candidate) -> int:
        return -journey.arrival_s if request.by_arrival else journey.departure_s

    # rules that break ties by order must find the same order on every page
    found.sort(key=lambda j: (j.departure_s, j.arrival_s, len(j.vehicles), j.path.costs, j.lines, j.vehicles))
    verdicts = judge(found, walk_s=request.walk_s, by_arrival=request.by_arrival)
    judged = [(journey, rule) for journey, rule in zip(found, verdicts, strict=True) if begin_s <= at(journey) < end_s]
    moments = sorted(at(journey) for journey, rule in judged if rule is None)
    if request.count is not None and len(moments) > request.count:
        if request.backwards:
            begin_s = moments[-request.count]
        else:
            end_s = moments[request.count - 1] + 1
    shown = [(journey, rule) for journey, rule in judged if begin_s <= at(journey) < end_s]
    journeys = tuple(journey for journey, rule in shown if rule is None)
    return Page(journeys, begin_s, end_s, Counter(rule for _, rule in shown if rule is not None))
