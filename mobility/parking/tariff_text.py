"""Published tariffs in Chinese become data, or stay text.

The grammar is that of the car parks' own texts (the city of Kaohsiung publishes them as ``chargeway``).
Every character of a text must be understood, else there is no tariff: a price is never guessed.
Monthly rents are not fees of a stay and are set aside.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import replace
from decimal import Decimal

from mobility.parking.tariffs import DAY_MIN, Band, Block, Cap, Days, Rate, Tariff, TariffError, Vehicle

VEHICLES = {
    "小型車": Vehicle.CAR,
    "汽車": Vehicle.CAR,
    "機車": Vehicle.MOTORCYCLE,
    "大型重型機車": Vehicle.HEAVY_MOTORCYCLE,
    "大型重機": Vehicle.HEAVY_MOTORCYCLE,
    "大型車": Vehicle.TRUCK,
    "大客車": Vehicle.BUS,
}
DAYS = {
    "平日": Days.WEEKDAY,
    "假日": Days.HOLIDAY,
    "例假日": Days.HOLIDAY,
    "週六": Days.SATURDAY,
    "週日": Days.SUNDAY,
    "國定假日": Days.PUBLIC_HOLIDAY,
}

_VEHICLE = "|".join(VEHICLES)
_DAYS = "|".join(DAYS)
_CLOCK = r"\d{1,2}:[0-5]\d"
_HOURS = rf"(?P<from>{_CLOCK})[-~至](?P<until>{_CLOCK})"
_THOUSANDS = re.compile(r"(?<=\d),(?=\d{3}(?!\d))")
_MONTHLY = re.compile(r"(?:\d\.)?月租收費:每月\d+元(?:。|;|$)")
_ITEM = re.compile(r"(?:^|(?<=[。;:]))(?:\d\.|\(\d\))")
_HEAD = re.compile(
    rf"(?P<vehicle>{_VEHICLE})?(?:計?[時次]收費|計[時次])?:?(?P<days>{_DAYS})?(?:\(含國定假日\))?:?(?:{_HOURS}:?)?"
)
_FIRST = re.compile(r"(?:首|第[1一])小時(?P<amount>\d+)元,(?:之後|其後|第[2二]小時(?:起|後)|逾時)(?=每)")
_RATE = re.compile(
    r"(?:(?P<half>半?)時計(?P<amount_flat>\d+)元?|每次(?P<entry>\d+)元|(?P<entry_after>\d+)元/次"
    r"|每(?P<before>半小時|\d*小時|\d+分鐘)(?P<amount>\d+)元"
    r"|(?P<amount_first>\d+)元?/(?P<after>半小時|\d*小時|時|\d+分鐘))"
)
_DAY_CAP = re.compile(
    rf"(?P<vehicle>{_VEHICLE})?(?:當日|每日)(?:連續停放)?(?:最高上限|最高收費|最高|上限)(?P<amount>\d+)元"
)
_WINDOW_CAP = re.compile(r"進場每(?P<hours>\d+)小時內(?:連續停放)?最高(?:收費|上限)?(?P<amount>\d+)元")
_LEAVE_FREE = re.compile(r"進場(?P<minutes>\d+)分鐘內離場免費")
_FIRST_FREE = re.compile(r"前(?P<minutes>\d+)分鐘免費")
_AGAIN = re.compile(r"離場再停或跨日則另計?次收費")
_CHARGED = re.compile(rf"(?:^|(?<=[。;,]))收費時[間段]:?(?:每[日天])?{_HOURS}(?:[。;,]|$)")
_REST_FREE = re.compile(r"其[餘他]時[間段]免費")


def parse_tariff(text: str) -> Tariff | None:
    """The tariff that ``text`` states, None where any part of it is not understood."""
    flat, hours = _charged_hours(_normal(text))
    rates: list[Rate] = []
    for sentence in _split(flat, "。"):
        first = len(rates)
        for clause in _split(sentence, ";"):
            rate = _parse_clause(clause, rates[-1] if rates else None)
            if rate is None:
                return None
            rates.append(rate)
        rates[first:] = _share_note(rates[first:])
    try:
        return Tariff(tuple(_within(rates, hours))) if rates else None
    except TariffError:  # two prices for the same time, or hours that are none
        return None


def _charged_hours(text: str) -> tuple[str, re.Match[str] | None]:
    """The text without its sentence or clause "charged from ... until ...", and that."""
    found = list(_CHARGED.finditer(text))
    if len(found) != 1:
        return text, None
    return text[: found[0].start()] + text[found[0].end() :], found[0]


def _within(rates: list[Rate], hours: re.Match[str] | None) -> list[Rate]:
    """All rates in the hours in which anything is charged, and for their vehicles nothing in the others."""
    if hours is None:
        return rates
    if any(rate.band is not None for rate in rates):
        raise TariffError("hours of charging and hours of a rate")
    banded = [replace(rate, band=_band(hours)) for rate in rates]
    return [*banded, *(Rate(Decimal(0), None, vehicle) for vehicle in dict.fromkeys(r.vehicle for r in rates))]


def _band(match: re.Match[str]) -> Band | None:
    """The hours of the clock; None where they are the whole day."""
    ends = [int(hour) * 60 + int(minute) for hour, minute in (match[k].split(":") for k in ("from", "until"))]
    return None if ends == [0, DAY_MIN] else Band(ends[0], ends[1] or DAY_MIN)


def _share_note(rates: list[Rate]) -> list[Rate]:
    """In one sentence, "again on every new day" after the last of a vehicle's rates per entry holds for all of them."""
    per_day = {rate.vehicle for rate in rates if rate.is_per_day}
    return [replace(r, is_per_day=True) if r.period_min is None and r.vehicle in per_day else r for r in rates]


def _normal(text: str) -> str:
    """Half-width signs, no blanks, no thousands separators, no numbering, no monthly rents."""
    flat = re.sub(r"\s+", "", unicodedata.normalize("NFKC", text))
    return _ITEM.sub("", _MONTHLY.sub("", _THOUSANDS.sub("", flat)))


def _split(text: str, sign: str) -> list[str]:
    """The parts between signs that stand outside brackets."""
    return [part for part in re.split(sign + r"(?![^()]*\))", text) if part]


def _parse_clause(clause: str, before: Rate | None) -> Rate | None:
    if before is not None and before.band is not None and _REST_FREE.fullmatch(clause):
        return Rate(Decimal(0), None, before.vehicle)
    head = _HEAD.match(clause)
    assert head is not None  # noqa: S101  (every part of it is optional)
    first = _FIRST.match(clause, head.end())
    rate = _RATE.match(clause, first.end() if first else head.end())
    if rate is None:
        return None
    if head["vehicle"]:
        vehicle = VEHICLES[head["vehicle"]]
    elif before is None:
        vehicle = Vehicle.ANY
    elif head["days"] or head["from"]:
        vehicle = before.vehicle  # "weekdays ...; holidays ..." speak of the same vehicle
    else:
        return None
    if head["days"]:
        days = DAYS[head["days"]]
    else:  # "weekdays 7:00-22:00 ...; 22:00-7:00 ..." speak of the same days
        days = before.days if before is not None and head["from"] and not head["vehicle"] else Days.EVERY
    try:
        basic = _basic_rate(rate, vehicle, days, _band(head) if head["from"] else None)
        if first:
            basic = replace(basic, first=(Block(Decimal(first["amount"]), 60),))
        return _with_notes(basic, clause[rate.end() :])
    except TariffError:  # hours that are none, or a first hour before a price per entry
        return None


def _basic_rate(match: re.Match[str], vehicle: Vehicle, days: Days, band: Band | None) -> Rate:
    entry = match["entry"] or match["entry_after"]
    if entry:
        return Rate(Decimal(entry), None, vehicle, days, band=band)
    if match["amount_flat"]:
        return Rate(Decimal(match["amount_flat"]), 30 if match["half"] else 60, vehicle, days, band=band)
    amount = match["amount"] or match["amount_first"]
    return Rate(Decimal(amount), _minutes(match["before"] or match["after"]), vehicle, days, band=band)


def _minutes(text: str) -> int:
    if text == "半小時":
        return 30
    digits = re.match(r"\d*", text)
    number = int(digits[0]) if digits and digits[0] else 1
    return number if text.endswith("分鐘") else number * 60


def _with_notes(rate: Rate, text: str) -> Rate | None:
    """The rate with the caps and exceptions that follow it, in brackets or after commas."""
    if text.startswith("("):
        if not text.endswith(")") or text.count("(") > 1:
            return None
        text = text[1:-1]
    elif text.startswith(","):
        text = text[1:]
    elif text:
        return None
    for note in re.split(r"[;,]", text) if text else ():
        noted = _with_note(rate, note)
        if noted is None:
            return None
        rate = noted
    return rate


def _with_note(rate: Rate, note: str) -> Rate | None:
    if (cap := _DAY_CAP.fullmatch(note)) and (not cap["vehicle"] or VEHICLES[cap["vehicle"]] is rate.vehicle):
        return replace(rate, caps=(*rate.caps, Cap(Decimal(cap["amount"]))))
    if cap := _WINDOW_CAP.fullmatch(note):
        return replace(rate, caps=(*rate.caps, Cap(Decimal(cap["amount"]), int(cap["hours"]) * 60)))
    if free := _LEAVE_FREE.fullmatch(note):
        return replace(rate, free_min=int(free["minutes"]))
    if free := _FIRST_FREE.fullmatch(note):
        return replace(rate, free_min=int(free["minutes"]), is_free_deducted=True)
    if _AGAIN.fullmatch(note) and rate.period_min is None:
        return replace(rate, is_per_day=True)
    return None
