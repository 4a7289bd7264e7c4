"""Opening hours of car parks: Chinese texts and OSM's syntax, public holidays, and what stays unknown."""

import datetime as dt
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mobility.parking.hours_text import translate_hours
from mobility.parking.opening_hours import OpeningHours

TAIPEI = ZoneInfo("Asia/Taipei")
HOLIDAYS = frozenset({dt.date(2026, 10, 9)})  # a Friday


def at(text):
    """A wall clock in Taipei."""
    return dt.datetime.fromisoformat(text).replace(tzinfo=TAIPEI)


@pytest.mark.parametrize(
    ("text", "expression"),
    [
        ("24小時", "24/7"),
        ("24H", "24/7"),
        ("２４小時", "24/7"),
        ("全天候開放", "24/7"),
        ("08:00-22:00", "08:00-22:00"),
        ("營業時間：8:00－22:00", "08:00-22:00"),
        ("22:00~06:00", "22:00-06:00"),
        ("8時至22時30分", "08:00-22:30"),
        ("週一至週五 7:00~22:00", "Mo-Fr 07:00-22:00"),
        ("週一～五 7:00~22:00；假日 9:00~18:00", "Mo-Fr 07:00-22:00; Sa,Su,PH 09:00-18:00"),
        ("平日07:30-22:00,假日24小時", "Mo-Fr 07:30-22:00; Sa,Su,PH 00:00-24:00"),
        ("每日08:00~12:00、13:00~17:00", "08:00-12:00,13:00-17:00"),
        ("週一、三、五 08:00-12:00", "Mo,We,Fr 08:00-12:00"),
        ("8:00-12:00;13:00-17:00", "08:00-12:00,13:00-17:00"),
        ("週一公休；每日8:00-22:00", "08:00-22:00; Mo off"),
        ("國定假日9:00-12:00;週一至週五7:00-22:00", "Mo-Fr 07:00-22:00; PH 09:00-12:00"),
        ("24小時(18:00~07:00僅限夜間月租車輛停放，其餘車輛不開放)", "07:00-18:00"),
    ],
)
def test_parking_hours_texts_become_expressions(text, expression):
    """What car parks write becomes OSM's syntax, closures last, because a later rule goes above."""
    assert translate_hours(text) == expression


@pytest.mark.parametrize(
    "text",
    ["", "依現場公告", "08:00-25:00", "24小時(洽管理員)", "週六日08:00-22:00", "08:00", "8-22", "24:00-08:00",
     "假日9:00-18:00;週六8:00-12:00", "每日8:00-20:00;08:00-22:00", "08:00-22:00(假日另計)"],
)  # fmt: skip
def test_parking_hours_are_never_guessed(text):
    """A text of which any part is not understood, or that says two things of one day, is not translated."""
    assert translate_hours(text) is None


def test_parking_hours_that_nobody_reads_are_unknown():
    """Neither our words nor OSM's syntax: the text stays, and whether it is open is unknown."""
    hours = OpeningHours("依現場公告", "Asia/Taipei")
    moment = at("2026-10-08T12:00")
    assert (hours.is_known, hours.is_open(moment), hours.open_until(moment)) == (False, None, None)
    assert hours.text == "依現場公告"


def test_parking_hours_tell_when_they_end():
    """Open until the evening, over midnight too; nothing ends where nothing closes, or before it opens."""
    day, night, always = (OpeningHours(t, "Asia/Taipei") for t in ("08:00-22:00", "22:00-06:00", "24小時"))
    assert day.open_until(at("2026-10-08T12:00")) == at("2026-10-08T22:00")
    assert day.open_until(at("2026-10-08T07:00")) is None
    assert night.open_until(at("2026-10-08T23:00")) == at("2026-10-09T06:00")
    assert always.open_until(at("2026-10-08T23:00")) is None
    assert [day.is_open(at(f"2026-10-08T{h}")) for h in ("07:59", "08:00", "21:59", "22:00")] == [
        False,
        True,
        True,
        False,
    ]


def test_parking_hours_know_public_holidays():
    """A public holiday that is a Friday has the hours of holidays; without the calendar it is a Friday."""
    text = "平日07:00-22:00；假日09:00-18:00"
    known, plain = OpeningHours(text, "Asia/Taipei", HOLIDAYS), OpeningHours(text, "Asia/Taipei")
    assert [hours.is_open(at("2026-10-09T08:00")) for hours in (known, plain)] == [False, True]
    assert known.open_until(at("2026-10-09T12:00")) == at("2026-10-09T18:00")
    assert known.open_until(at("2026-10-10T12:00")) == at("2026-10-10T18:00")


def test_parking_hours_read_osm():
    """OSM's own syntax is taken as it is, with ``PH`` alone or beside weekdays."""
    hours = OpeningHours("Mo-Fr 07:00-22:00; Sa,PH 09:00-12:00; Su off", "Asia/Taipei", HOLIDAYS)
    assert [hours.is_open(at(f"2026-10-{d}T10:00")) for d in ("08", "09", "10", "11")] == [True, True, True, False]
    assert [hours.is_open(at(f"2026-10-{d}T13:00")) for d in ("08", "09", "10", "11")] == [True, False, False, False]
    assert OpeningHours("08:00-20:00; PH off", "Asia/Taipei", HOLIDAYS).is_open(at("2026-10-09T10:00")) is False


def test_parking_hours_are_those_of_the_place():
    """An instant told in another zone is the same instant; one without zone is refused."""
    hours = OpeningHours("08:00-22:00", "Asia/Taipei")
    assert hours.is_open(dt.datetime(2026, 10, 8, 1, tzinfo=dt.UTC))
    with pytest.raises(ValueError, match="time zone"):
        hours.is_open(dt.datetime(2026, 10, 8, 1, tzinfo=dt.UTC).replace(tzinfo=None))


@settings(deadline=None)
@given(st.text("週一三五日平假國定每24小時:0178-~、;,()公休全天HhMoSuPH/ ", max_size=25))
def test_parking_hours_take_any_text(text):
    """Whatever is written, it is read or unknown; what is translated is syntax that evaluates."""
    hours = OpeningHours(text, "Asia/Taipei", HOLIDAYS)
    assert hours.is_open(at("2026-10-08T12:00")) in {True, False, None}
    assert hours.is_known or hours.is_open(at("2026-10-08T12:00")) is None
    if (expression := translate_hours(text)) and expression != "PH off":
        assert OpeningHours(expression, "Asia/Taipei", HOLIDAYS).is_known
