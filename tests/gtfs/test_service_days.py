"""Service dates and the clock of a service day: calendars, exceptions, midnight and clock changes."""

import datetime as dt
from zoneinfo import ZoneInfo

import pytest
from feed_text import feed_zip
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from toy_feed import toy

from gtfs.ingest import read_feed
from gtfs.service_days import (
    WEEKDAYS,
    NoServiceDates,
    active_services,
    feed_language,
    feed_timezone,
    list_service_dates,
    service_dates,
    service_day_start,
    to_date,
    to_instant,
    to_number,
    to_service_time,
)

CALENDAR = """
service_id,monday,tuesday,wednesday,thursday,friday,saturday,sunday,start_date,end_date
WD,1,1,1,1,1,0,0,20260105,20260118
WE,0,0,0,0,0,1,1,20260105,20260118
"""
EXCEPTIONS = """
service_id,date,exception_type
WD,20260107,2
WE,20260107,1
XM,20260120,1
"""
ZONES = ["Europe/Berlin", "America/Sao_Paulo", "Asia/Taipei", "America/St_Johns", "Australia/Lord_Howe", "Etc/UTC"]


def read(tmp_path, **changes):
    """The toy feed with changes."""
    return read_feed(feed_zip(toy(**changes), tmp_path / "feed.zip"))[0]


def test_weekdays_within_the_range(tmp_path):
    """A calendar runs on its weekdays from the first to the last date, both included."""
    feed = read(tmp_path, calendar=CALENDAR)
    assert active_services(feed, dt.date(2026, 1, 5)) == {"WD"}
    assert active_services(feed, dt.date(2026, 1, 18)) == {"WE"}
    assert active_services(feed, dt.date(2026, 1, 4)) == frozenset()
    assert active_services(feed, dt.date(2026, 1, 19)) == frozenset()


def test_exceptions_add_and_remove(tmp_path):
    """calendar_dates.txt swaps services on a holiday and runs services that no calendar has."""
    feed = read(tmp_path, calendar=CALENDAR, calendar_dates=EXCEPTIONS)
    assert active_services(feed, dt.date(2026, 1, 7)) == {"WE"}
    assert active_services(feed, dt.date(2026, 1, 20)) == {"XM"}
    assert dt.date(2026, 1, 7) not in list_service_dates(feed, "WD")
    assert list_service_dates(feed, "XM") == [dt.date(2026, 1, 20)]
    assert service_dates(feed) == (dt.date(2026, 1, 5), dt.date(2026, 1, 20))


def test_calendar_dates_alone_are_enough(tmp_path):
    """A feed without calendar.txt runs on the dates that calendar_dates.txt adds."""
    feed = read(tmp_path, calendar="", calendar_dates=EXCEPTIONS)
    assert service_dates(feed) == (dt.date(2026, 1, 7), dt.date(2026, 1, 20))


def test_no_service_at_all_is_an_error(tmp_path):
    """A feed in which nothing ever runs has no service dates, and says so."""
    feed = read(tmp_path, calendar="", calendar_dates="service_id,date,exception_type\nWD,20260107,2\n")
    with pytest.raises(NoServiceDates, match="no service runs"):
        service_dates(feed)


exceptions = st.dictionaries(
    st.tuples(st.sampled_from(["S1", "S2"]), st.integers(0, 20)), st.sampled_from([1, 2]), max_size=12
)
calendars = st.dictionaries(
    st.sampled_from(["S1", "S2", "S3"]),
    st.tuples(st.tuples(*[st.integers(0, 1)] * 7), st.integers(0, 20), st.integers(0, 20)),
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(calendar=calendars, exception=exceptions)
def test_both_views_agree_with_the_definition(tmp_path, calendar, exception):
    """Services by date and dates by service both equal the day-by-day reading of the specification."""
    first = dt.date(2026, 2, 20)
    day = [first + dt.timedelta(days=n) for n in range(21)]
    rows = [
        f"{s},{','.join(map(str, runs))},{to_number(day[a])},{to_number(day[b])}"
        for s, (runs, a, b) in calendar.items()
    ]
    dates = [f"{s},{to_number(day[n])},{kind}" for (s, n), kind in exception.items()]
    feed = read(
        tmp_path,
        calendar="\n".join([f"service_id,{','.join(WEEKDAYS)},start_date,end_date", *rows]),
        calendar_dates="\n".join(["service_id,date,exception_type", *dates]),
    )
    for n, date in enumerate(day):
        expected = {s for s, (runs, a, b) in calendar.items() if a <= n <= b and runs[date.weekday()]}
        expected |= {s for (s, m), kind in exception.items() if m == n and kind == 1}
        expected -= {s for (s, m), kind in exception.items() if m == n and kind == 2}
        assert active_services(feed, date) == expected
        assert {s for s in ("S1", "S2", "S3") if date in list_service_dates(feed, s)} == expected


def test_time_after_midnight_is_on_the_next_day():
    """25:30 of Monday is half past one on Tuesday."""
    instant = to_instant(dt.date(2026, 1, 5), 25 * 3600 + 1800, "Asia/Taipei")
    assert instant.isoformat() == "2026-01-06T01:30:00+08:00"


@pytest.mark.parametrize(
    ("date", "zone", "local_start"),
    [
        (dt.date(2026, 3, 28), "Europe/Berlin", "2026-03-28T00:00:00+01:00"),
        # clocks go forward at 02:00: noon minus twelve hours is 23:00 of the day before
        (dt.date(2026, 3, 29), "Europe/Berlin", "2026-03-28T23:00:00+01:00"),
        # clocks go back at 03:00: it is 01:00
        (dt.date(2026, 10, 25), "Europe/Berlin", "2026-10-25T01:00:00+02:00"),
        # Brazil put clocks forward at midnight itself, so that 00:00 did not exist
        (dt.date(2018, 11, 4), "America/Sao_Paulo", "2018-11-03T23:00:00-03:00"),
        (dt.date(2019, 2, 17), "America/Sao_Paulo", "2019-02-17T00:00:00-03:00"),
        (dt.date(2019, 2, 16), "America/Sao_Paulo", "2019-02-16T00:00:00-02:00"),
        (dt.date(2026, 1, 5), "Asia/Taipei", "2026-01-05T00:00:00+08:00"),
    ],
)
def test_the_service_day_begins_at_noon_minus_twelve_hours(date, zone, local_start):
    """Also on the days when clocks change, the service day begins twelve hours that pass before noon."""
    assert service_day_start(date, zone) == dt.datetime.fromisoformat(local_start)


def test_clock_times_after_the_change_are_what_the_timetable_says():
    """A trip at 08:00 leaves when clocks show 08:00, also on the days when they changed in the night."""
    for date in (dt.date(2026, 3, 29), dt.date(2026, 10, 25)):
        assert to_instant(date, 8 * 3600, "Europe/Berlin").strftime("%H:%M") == "08:00"


def test_a_night_trip_over_the_change_takes_the_time_it_takes():
    """From 23:00 to 28:00 pass five hours, also when the clock shows four or six."""
    for date in (dt.date(2026, 3, 28), dt.date(2026, 10, 24)):
        start, end = (to_instant(date, hours * 3600, "Europe/Berlin") for hours in (23, 28))
        assert end.astimezone(dt.UTC) - start.astimezone(dt.UTC) == dt.timedelta(hours=5)


@given(st.dates(dt.date(1990, 1, 1), dt.date(2060, 1, 1)), st.integers(-7200, 200_000), st.sampled_from(ZONES))
def test_instant_and_service_time_are_inverse(date, seconds, zone):
    """to_service_time undoes to_instant, whatever the day, the zone and the hour."""
    assert to_service_time(to_instant(date, seconds, zone), date, zone) == seconds


@given(st.dates(dt.date(1990, 1, 1), dt.date(2060, 1, 1)), st.sampled_from(ZONES))
def test_noon_is_noon(date, zone):
    """12:00:00 of the service day is noon on the clock, every day and everywhere."""
    assert to_instant(date, 43_200, zone) == dt.datetime.combine(date, dt.time(12), ZoneInfo(zone))


def test_an_instant_needs_a_zone():
    """An instant without a time zone is refused, not guessed."""
    with pytest.raises(ValueError, match="no time zone"):
        to_service_time(dt.datetime(2026, 1, 5, 8), dt.date(2026, 1, 5), "Asia/Taipei")  # noqa: DTZ001


@given(st.dates())
def test_numbers_and_dates_are_inverse(date):
    """to_date undoes to_number."""
    assert to_date(to_number(date)) == date


def test_timezone_and_language_of_the_feed(tmp_path):
    """The agency states the time zone; feed_info's language comes before the agency's, unless it is ``mul``."""
    feed = read(tmp_path)
    assert (feed_timezone(feed), feed_language(feed)) == ("Asia/Taipei", "zh-TW")
    info = "feed_publisher_name,feed_publisher_url,feed_lang,default_lang\nX,https://example.org,{},{}\n"
    assert feed_language(read(tmp_path, feed_info=info.format("en", ""))) == "en"
    assert feed_language(read(tmp_path, feed_info=info.format("mul", "nan"))) == "nan"
    assert feed_language(read(tmp_path, feed_info=info.format("mul", ""))) == "zh-TW"
    assert feed_timezone(read(tmp_path, agency="")) == "Etc/UTC"
