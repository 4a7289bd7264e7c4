"""Until when an on-demand ride can be booked, beside a search through the minutes, and how people are told."""

import datetime as dt
from dataclasses import replace
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gtfs.flex import BookingRule, BookingType
from mobility.flex import BookingState, book_by, booking_opens, can_still_book, settle_booking

TAIPEI = "Asia/Taipei"
MINUTE = dt.timedelta(minutes=1)
DAY_BEFORE = BookingRule("K", BookingType.PRIOR_DAYS, last_day=1, last_time_s=18 * 3600, phone="0800-660-696")
RIDE = dt.datetime(2026, 5, 13, 9, 30, tzinfo=ZoneInfo(TAIPEI))


def at(text, zone=TAIPEI):
    """An instant in a zone."""
    return dt.datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone))


def test_the_day_before_by_six():
    """A ride on 13 May is booked by 18:00 on 12 May, to the second."""
    assert book_by(DAY_BEFORE, RIDE, TAIPEI) == at("2026-05-12T18:00")
    assert can_still_book(DAY_BEFORE, RIDE, at("2026-05-12T18:00"), TAIPEI)
    assert not can_still_book(DAY_BEFORE, RIDE, at("2026-05-12T18:00:01"), TAIPEI)


def test_the_deadline_is_of_the_agency_s_clock():
    """Whatever the zone in which the ride is asked for, the deadline is the same instant on the agency's clock."""
    elsewhere = RIDE.astimezone(ZoneInfo("America/New_York"))
    found = book_by(DAY_BEFORE, elsewhere, TAIPEI)
    assert found == at("2026-05-12T18:00")
    assert found.tzinfo == ZoneInfo(TAIPEI)


def test_a_ride_after_midnight_belongs_to_its_service_date():
    """A ride at 00:30 of the service day before is booked two calendar days before its own clock."""
    late = at("2026-05-14T00:30")
    assert book_by(DAY_BEFORE, late, TAIPEI) == at("2026-05-13T18:00")
    assert book_by(DAY_BEFORE, late, TAIPEI, service_date=dt.date(2026, 5, 13)) == at("2026-05-12T18:00")


def test_real_time_needs_no_notice():
    """There is no deadline, and it is too late only when the ride has gone."""
    rule = BookingRule("K", BookingType.REAL_TIME)
    assert book_by(rule, RIDE, TAIPEI) is None
    assert can_still_book(rule, RIDE, RIDE, TAIPEI)
    assert not can_still_book(rule, RIDE, RIDE + MINUTE, TAIPEI)


def test_minutes_count_time_that_passes():
    """Two hours before a ride on the morning when clocks go forward are two hours, not one."""
    rule = BookingRule("K", BookingType.SAME_DAY, duration_min_minutes=120, duration_max_minutes=1440)
    ride = at("2026-03-08T03:30", "America/New_York")
    assert book_by(rule, ride, "America/New_York") == at("2026-03-08T00:30", "America/New_York")
    assert booking_opens(rule, ride, "America/New_York") == at("2026-03-07T02:30", "America/New_York")


def test_what_a_rule_lacks_is_the_earliest_it_can_mean():
    """Days before without a day or a time: the beginning of the day before."""
    rule = BookingRule("K", BookingType.PRIOR_DAYS)
    assert book_by(rule, RIDE, TAIPEI) == at("2026-05-12T00:00")
    assert booking_opens(rule, RIDE, TAIPEI) is None


def test_the_deadline_is_never_after_the_ride():
    """Booking until 18:00 of the same day ends with the ride itself."""
    assert book_by(replace(DAY_BEFORE, last_day=0), RIDE, TAIPEI) == RIDE


def test_an_instant_without_zone_is_refused():
    """A clock without a zone is no instant."""
    with pytest.raises(ValueError, match="has no time zone"):
        book_by(DAY_BEFORE, dt.datetime(2026, 5, 13, 9), TAIPEI)  # noqa: DTZ001
    with pytest.raises(ValueError, match="has no time zone"):
        can_still_book(DAY_BEFORE, RIDE, dt.datetime(2026, 5, 12), TAIPEI)  # noqa: DTZ001


def weekdays(first, count, skipped=frozenset()):
    """Monday to Friday from a date, without the skipped ones."""
    days = [first + dt.timedelta(days=n) for n in range(count)]
    kept = [day for day in days if day.weekday() < 5 and day not in skipped]
    return np.array(kept, dtype="datetime64[D]")


def test_business_days_are_counted_where_a_service_says_so():
    """One business day before Monday is Friday; before the Monday after a holiday Friday it is Thursday."""
    monday = at("2026-05-18T09:00")
    days = weekdays(dt.date(2026, 4, 1), 90)
    assert book_by(DAY_BEFORE, monday, TAIPEI, notice_days=days) == at("2026-05-15T18:00")
    days = weekdays(dt.date(2026, 4, 1), 90, {dt.date(2026, 5, 15)})
    assert book_by(DAY_BEFORE, monday, TAIPEI, notice_days=days) == at("2026-05-14T18:00")
    assert book_by(DAY_BEFORE, monday, TAIPEI) == at("2026-05-17T18:00")


def test_beyond_the_calendar_days_count_one_by_one():
    """Three notice days before a ride on the second day of the calendar: two of them lie before its beginning."""
    days = np.array(["2026-05-12", "2026-05-13"], dtype="datetime64[D]")
    rule = replace(DAY_BEFORE, last_day=3)
    assert book_by(rule, RIDE, TAIPEI, notice_days=days) == at("2026-05-10T18:00")
    assert book_by(rule, RIDE, TAIPEI, notice_days=days[:0]) == at("2026-05-10T18:00")


rules = st.one_of(
    st.builds(
        BookingRule,
        rule_id=st.just("K"),
        type=st.just(BookingType.SAME_DAY),
        duration_min_minutes=st.integers(0, 3 * 1440),
        duration_max_minutes=st.integers(3 * 1440, 5 * 1440),
    ),
    st.builds(
        BookingRule,
        rule_id=st.just("K"),
        type=st.just(BookingType.PRIOR_DAYS),
        last_day=st.integers(0, 4),
        last_time_s=st.integers(0, 1439).map(lambda minute: minute * 60),
        start_day=st.integers(4, 6),
        start_time_s=st.integers(0, 1439).map(lambda minute: minute * 60),
    ),
)
calendars = st.none() | st.lists(st.booleans(), min_size=30, max_size=30).map(
    lambda flags: np.array(
        [np.datetime64("2026-02-20") + n for n, is_open in enumerate(flags) if is_open], dtype="datetime64[D]"
    )
)
zones = st.sampled_from([TAIPEI, "Etc/UTC", "Asia/Kathmandu"])


def count_days(days, first, last):
    """Notice days from ``first`` to the day before ``last``."""
    span = [first + dt.timedelta(days=n) for n in range((last - first).days)]
    return len(span) if days is None else sum(np.datetime64(day, "D") in days for day in span)


def is_moment(rule, days, moment, ride_at):
    """Whether the rule names this very minute: so many minutes, or so many days, before the ride."""
    if rule.type is BookingType.SAME_DAY:
        return ride_at - moment == dt.timedelta(minutes=rule.duration_min_minutes)
    date = ride_at.date()
    is_day = moment.date() == date or days is None or np.datetime64(moment.date(), "D") in days
    is_right_day = is_day and count_days(days, moment.date(), date) == rule.last_day
    return is_right_day and moment.hour * 3600 + moment.minute * 60 <= rule.last_time_s


@settings(max_examples=120, deadline=None)
@given(rules, calendars, zones, st.integers(0, 9), st.integers(0, 1439))
def test_the_deadline_is_what_a_search_through_the_minutes_finds(rule, days, zone, day, minute):
    """Going back from the ride minute by minute, the first that the rule allows is the deadline, and it is too late
    after it and not before it. Zones without clock changes, so that the search may step on the clock.
    """
    ride_at = dt.datetime(2026, 3, 11 + day, minute // 60, minute % 60, tzinfo=ZoneInfo(zone))
    found = book_by(rule, ride_at, zone, notice_days=days)
    moment = ride_at
    while not is_moment(rule, days, moment, ride_at):
        moment -= MINUTE
        if ride_at - moment > dt.timedelta(days=25):
            return  # the calendar has too few days: the search has nothing to count
    assert found == moment
    assert can_still_book(rule, ride_at, moment, zone, notice_days=days)
    assert not can_still_book(rule, ride_at, moment + MINUTE, zone, notice_days=days)


@settings(max_examples=100, deadline=None)
@given(rules, calendars, st.integers(0, 9), st.integers(0, 1439))
def test_booking_never_opens_after_it_has_closed(rule, days, day, minute):
    """Where a rule's numbers are in order, so are its instants."""
    ride_at = dt.datetime(2026, 3, 11 + day, minute // 60, minute % 60, tzinfo=ZoneInfo(TAIPEI))
    opens, closes = (f(rule, ride_at, TAIPEI, notice_days=days) for f in (booking_opens, book_by))
    if rule.type is BookingType.SAME_DAY or rule.start_day > rule.last_day or rule.start_time_s <= rule.last_time_s:
        assert opens <= closes <= ride_at


def test_people_are_told_by_when_and_where():
    """The sentence has the time, the date, the phone and the least number of riders, in both languages."""
    rule = replace(DAY_BEFORE, least_riders=2, message="前一日預約", messages={"en": "Book ahead"})
    terms = settle_booking([rule], RIDE, at("2026-05-10T08:00"), TAIPEI, language="zh-TW")
    assert terms.state is BookingState.OPEN
    assert terms.book_by == at("2026-05-12T18:00")
    assert terms.texts == {
        "en": "Book by 18:00 on 12 May, phone 0800-660-696. It runs only with at least 2 riders.",
        "zh-Hant": "請於 5 月 12 日 18:00 前預約，電話 0800-660-696。至少 2 人預約才發車。",
    }
    assert terms.messages == {"zh-TW": "前一日預約", "en": "Book ahead"}
    assert (terms.phone, terms.url, terms.least_riders) == ("0800-660-696", "", 2)


def test_people_are_told_that_it_is_too_late():
    """After the deadline the state is late, and the sentence says since when."""
    terms = settle_booking([DAY_BEFORE], RIDE, at("2026-05-12T18:01"), TAIPEI)
    assert terms.state is BookingState.LATE
    assert terms.texts["en"] == "Booking closed at 18:00 on 12 May, phone 0800-660-696."
    assert terms.texts["zh-Hant"] == "預約已於 5 月 12 日 18:00 截止，電話 0800-660-696。"


def test_people_are_told_that_it_is_too_early():
    """Before booking opens the sentence has both ends of it."""
    rule = replace(DAY_BEFORE, phone="", booking_url="https://book.example", start_day=3, start_time_s=8 * 3600)
    terms = settle_booking([rule], RIDE, at("2026-05-09T08:00"), TAIPEI)
    assert (terms.state, terms.opens_at) == (BookingState.EARLY, at("2026-05-10T08:00"))
    assert terms.texts["en"] == "Book from 08:00 on 10 May and by 18:00 on 12 May, https://book.example."


def test_of_two_rules_the_stricter_holds():
    """The rules of both ends apply: the earliest deadline, the latest opening, every message once."""
    other = BookingRule("L", BookingType.SAME_DAY, duration_min_minutes=60, duration_max_minutes=1440, message="b")
    rules_of_ride = [replace(DAY_BEFORE, message="a"), other, replace(other, rule_id="M")]
    terms = settle_booking(rules_of_ride, RIDE, at("2026-05-12T12:00"), TAIPEI, language="en")
    assert (terms.opens_at, terms.book_by) == (at("2026-05-12T09:30"), at("2026-05-12T18:00"))
    assert terms.messages == {"en": "a b"}


def test_real_time_and_unknown_terms_are_said():
    """A ride that is booked when it is wanted, and one of which no rule is known."""
    rule = BookingRule("K", BookingType.REAL_TIME, phone="877")
    assert settle_booking([rule], RIDE, RIDE, TAIPEI).texts["en"] == "Book when you want to ride, phone 877."
    assert settle_booking([rule], RIDE, RIDE + MINUTE, TAIPEI).texts["en"] == "It is too late to book this ride."
    unknown = settle_booking([], RIDE, RIDE - MINUTE, TAIPEI)
    assert (unknown.state, unknown.book_by) == (BookingState.OPEN, None)
    assert "not known" in unknown.texts["en"]
    assert "不明" in unknown.texts["zh-Hant"]
