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

from mobility.parking.tariffs import Cap, Days, Rate, Tariff, Vehicle

VEHICLES = {"小型車": Vehicle.CAR, "汽車": Vehicle.CAR, "機車": Vehicle.MOTORCYCLE, "大型車": Vehicle.TRUCK}
DAYS = {"平日": Days.WEEKDAY, "假日": Days.HOLIDAY}

_VEHICLE = "|".join(VEHICLES)
_THOUSANDS = re.compile(r"(?<=\d),(?=\d{3}(?!\d))")
_MONTHLY = re.compile(r"(?:\d\.)?月租收費:每月\d+元(?:。|;|$)")
_ITEM = re.compile(r"(?:^|(?<=[。;:]))(?:\d\.|\(\d\))")
_HEAD = re.compile(rf"(?P<vehicle>{_VEHICLE})?(?:計?[時次]收費|計[時次])?:?(?P<days>平日|假日)?(?:\(含國定假日\))?")
_RATE = re.compile(
    r"(?:每次(?P<entry>\d+)元|(?P<entry_after>\d+)元/次"
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


def parse_tariff(text: str) -> Tariff | None:
    """The tariff that ``text`` states, None where any part of it is not understood."""
    rates: list[Rate] = []
    for sentence in _split(_normal(text), "。"):
        first = len(rates)
        for clause in _split(sentence, ";"):
            rate = _parse_clause(clause, rates[-1] if rates else None)
            if rate is None:
                return None
            rates.append(rate)
        rates[first:] = _share_note(rates[first:])
    seen = {(rate.vehicle, rate.days) for rate in rates}
    return Tariff(tuple(rates)) if rates and len(seen) == len(rates) else None


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
    head = _HEAD.match(clause)
    assert head is not None  # noqa: S101  (every part of it is optional)
    rate = _RATE.match(clause, head.end())
    if rate is None:
        return None
    if head["vehicle"]:
        vehicle = VEHICLES[head["vehicle"]]
    elif before is None:
        vehicle = Vehicle.ANY
    elif head["days"]:
        vehicle = before.vehicle  # "weekdays ...; holidays ..." speak of the same vehicle
    else:
        return None
    days = DAYS[head["days"]] if head["days"] else Days.EVERY
    return _with_notes(_basic_rate(rate, vehicle, days), clause[rate.end() :])


def _basic_rate(match: re.Match[str], vehicle: Vehicle, days: Days) -> Rate:
    entry = match["entry"] or match["entry_after"]
    if entry:
        return Rate(Decimal(entry), None, vehicle, days)
    amount = match["amount"] or match["amount_first"]
    return Rate(Decimal(amount), _minutes(match["before"] or match["after"]), vehicle, days)


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
