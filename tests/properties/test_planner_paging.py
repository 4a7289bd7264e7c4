"""Turning pages neither loses nor repeats a journey, filters included."""

from dataclasses import replace

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from town import query_of, questions

from mobility.planner import filters, paging
from mobility.planner.candidates import Reader
from mobility.planner.engine import Engine
from mobility.planner.filters import judge
from mobility.planner.paging import PageRequest, find_page

counts = st.one_of(st.none(), st.none(), st.integers(1, 3))
"""None: the page is its window, so that its ends lie anywhere."""
turns = st.lists(st.tuples(st.booleans(), counts, st.integers(1, 600)), min_size=1, max_size=8)


class Book:
    """A question whose pages one turns; every two trips are a line, so that lines repeat."""

    def __init__(self, question, *, by_arrival, walk_s):
        _, self.town, access, egress, _ = question
        self.engine = Engine(self.town.timetable())
        self.query = query_of(access, egress, 0)
        self.by_arrival, self.walk_s = by_arrival, walk_s
        trips = np.arange(len(self.town.trips)) // 2
        self.reader = Reader(self.engine.timetable, trips, np.arange(self.town.stop_count))

    def fetch(self, begin, end):
        at_s = -begin if self.by_arrival else begin
        query = replace(self.query, at_s=at_s, window_s=end - begin, arrive_by=self.by_arrival)
        return self.reader.list_candidates(query, self.engine.find_paths(query))

    def page(self, at_s, count, window_s, *, backwards=False):
        asked = PageRequest(at_s, count, window_s, backwards, self.by_arrival, self.walk_s)
        return find_page(asked, self.fetch)


def told(page):
    """What makes each journey of a page."""
    return [(j.departure_s, j.arrival_s, j.vehicles, j.lines) for j in page.journeys]


@settings(max_examples=250, deadline=None)
@given(questions(), turns, st.booleans(), st.one_of(st.none(), st.integers(300, 1500)), st.integers(0, 1500))
def test_any_order_of_earlier_and_later_pages_is_one_big_window(question, turned, by_arrival, walk_s, at_s):
    """Pages turned to and fro from anywhere are disjoint, touch, and together hold what one window over them holds."""
    book = Book(question, by_arrival=by_arrival, walk_s=walk_s)
    at_s = -at_s if by_arrival else at_s
    _, count, window_s = turned[0]
    first = book.page(at_s, count, window_s)
    found, begin, end, dropped = told(first), first.begin_s, first.end_s, first.dropped
    assert begin == at_s
    for is_later, count, window_s in turned[1:]:
        page = book.page(end if is_later else begin, count, window_s, backwards=not is_later)
        assert (page.begin_s == end) if is_later else (page.end_s == begin)
        begin, end = min(begin, page.begin_s), max(end, page.end_s)
        found += told(page)
        dropped = dropped + page.dropped
    everything = book.fetch(begin - 100_000, end + 100_000)
    everything.sort(key=lambda j: (j.departure_s, j.arrival_s, len(j.vehicles), j.path.costs, j.lines, j.vehicles))
    verdicts = judge(everything, walk_s=walk_s, by_arrival=by_arrival)
    axis = [-j.arrival_s if by_arrival else j.departure_s for j in everything]
    shown = [(j, rule) for j, rule, at in zip(everything, verdicts, axis, strict=True) if begin <= at < end]
    expected = [(j.departure_s, j.arrival_s, j.vehicles, j.lines) for j, rule in shown if rule is None]
    assert sorted(found) == sorted(expected)
    assert len(set(found)) == len(found)
    assert sum(dropped.values()) == sum(rule is not None for _, rule in shown)


@settings(max_examples=150, deadline=None)
@given(questions(), st.integers(1, 4), st.integers(1, 900), st.booleans(), st.integers(0, 2400))
def test_a_page_holds_what_was_asked_for(question, count, window_s, by_arrival, at_s):
    """A page has fewer journeys than asked for only where a day has no more, and no more than share its last moment."""
    book = Book(question, by_arrival=by_arrival, walk_s=None)
    page = book.page(-at_s if by_arrival else at_s, count, window_s)
    moments = sorted(-j.arrival_s if by_arrival else j.departure_s for j in page.journeys)
    if len(moments) < count:
        assert page.end_s - page.begin_s == paging.LONGEST_PAGE_S
    else:
        assert all(moment == moments[count - 1] for moment in moments[count:])


@settings(max_examples=150, deadline=None)
@given(questions(), st.booleans(), st.integers(0, 2400))
def test_filters_never_drop_everything(question, by_arrival, at_s):
    """Where there are journeys some are shown, and filtering what is shown drops nothing that a rival outside needs."""
    book = Book(question, by_arrival=by_arrival, walk_s=None)
    found = book.fetch(-at_s, 5000)
    verdicts = judge(found, by_arrival=by_arrival)
    assert any(rule is None for rule in verdicts) or not found


def test_the_margin_covers_rivals_and_theirs():
    """The rules look no further than the margin that pages fetch."""
    assert filters.MARGIN_S >= filters.RIVALS_S + filters.TWINS_S
