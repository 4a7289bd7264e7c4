"""What ``changtong parking`` prints: offers and fees, for people and for machines."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import Any

from mobility.parking.document import ParkingDocument
from mobility.parking.fees import FeeBreakdown, FeeLine, LineKind
from mobility.parking.nearest import ParkingOffer, ParkingRequest, ParkingWarning

SENTENCES = {
    ParkingWarning.CLOSES_WHILE_PARKED: "closes while you are parked",
    ParkingWarning.HOURS_UNKNOWN: "opening hours unknown",
    ParkingWarning.FEE_UNKNOWN: "fee unknown",
    ParkingWarning.VEHICLE_UNKNOWN: "nothing says whether it takes this vehicle",
    ParkingWarning.HEIGHT_UNKNOWN: "height limit unknown",
    ParkingWarning.ACCESSIBLE_UNKNOWN: "accessible spaces unknown",
    ParkingWarning.CHARGER_UNKNOWN: "chargers unknown",
    ParkingWarning.FULL_NOW: "full now",
    ParkingWarning.NOT_OPERATING: "not operating now",
    ParkingWarning.OCCUPANCY_OLD: "the count is old",
}
"""For people; that nobody knows how many are free stands in the line itself."""


def lay_out_offers(offers: Sequence[ParkingOffer], request: ParkingRequest, parking: ParkingDocument) -> Iterator[str]:
    """Each offer with its walk, fee and hours, and what one should know."""
    stay = f"at {_moment(request.arrive)} ({parking.timezone}) for {_length(request.stay_s)}"
    yield f"Parking a {request.vehicle.value.replace('_', ' ')} {stay}"
    for number, offer in enumerate(offers, 1):
        facility = offer.facility
        name = next(iter(facility.names.values()), facility.facility_id)
        yield ""
        yield f"{number}. {name}  {facility.facility_id}"
        told = [f"walk {-(-offer.walk_s // 60)} min", _fee_of(offer.fee, parking.currency), _free_of(offer)]
        if offer.open_until:
            told.append(f"open until {_moment(offer.open_until)}")
        yield f"   {', '.join(told)}"
        if offer.fee is None and facility.tariff_text:
            yield f"   as published: {facility.tariff_text}"
        words = [SENTENCES[warning] for warning in offer.warnings if warning in SENTENCES]
        if words:
            yield f"   note: {'; '.join(words)}"
    if not offers:
        yield "Nothing fits within this walk: allow more minutes (--max-walk), or ask for less."


def offers_to_json(offers: Sequence[ParkingOffer], parking: ParkingDocument) -> dict[str, Any]:
    """The same for machines; amounts are exact, as text."""
    return {
        "currency": parking.currency,
        "offers": [
            {
                "facility_id": offer.facility.facility_id,
                "names": dict(offer.facility.names),
                "lat": offer.facility.at.lat if offer.facility.at else None,
                "lon": offer.facility.at.lon if offer.facility.at else None,
                "walk_s": offer.walk_s,
                "capacity": {kind.value: spaces for kind, spaces in offer.facility.capacity.items()},
                "free": offer.free,
                "age_s": offer.age_s,
                "probability": offer.probability,
                "fee": str(offer.fee.total) if offer.fee else None,
                "lines": [_line_to_json(line) for line in offer.fee.lines] if offer.fee else None,
                "tariff_text": offer.facility.tariff_text,
                "open_until": offer.open_until.isoformat() if offer.open_until else None,
                "warnings": [warning.value for warning in offer.warnings],
            }
            for offer in offers
        ],
    }


def lay_out_fee(breakdown: FeeBreakdown | None, name: str, text: str, currency: str) -> Iterator[str]:
    """A fee as a table: from, to, what is charged, amount."""
    yield name
    if text:
        yield f"as published: {text}"
    yield ""
    if breakdown is None:
        yield "The tariff does not say what this stay costs."
        return
    rows = [(_moment(line.start), _moment(line.end), _words_of(line), _amount(line.amount)) for line in breakdown.lines]
    rows = [("from", "to", "what", currency), *rows, ("", "", "fee", _amount(breakdown.total))]
    widths = [max(len(row[k]) for row in rows) for k in range(4)]
    for row in rows:
        start, end, what, amount = row
        yield f"{start:{widths[0]}}  {end:{widths[1]}}  {what:{widths[2]}}  {amount:>{widths[3]}}".rstrip()


def fee_to_json(breakdown: FeeBreakdown | None, name: str, text: str, currency: str) -> dict[str, Any]:
    """The same for machines; ``fee`` is null where the tariff does not say."""
    return {
        "name": name,
        "tariff_text": text,
        "currency": currency,
        "fee": str(breakdown.total) if breakdown else None,
        "concession": breakdown.concession.holder.value if breakdown and breakdown.concession else None,
        "lines": [_line_to_json(line) for line in breakdown.lines] if breakdown else None,
    }


def _line_to_json(line: FeeLine) -> dict[str, Any]:
    return {
        "from": line.start.isoformat(),
        "to": line.end.isoformat(),
        "kind": line.kind.value,
        "rate": str(line.rate),
        "period_min": line.period_min,
        "periods": line.periods,
        "amount": str(line.amount),
        "cap": str(line.cap.amount) if line.cap else None,
    }


def _words_of(line: FeeLine) -> str:
    if line.kind is LineKind.FREE:
        return "free"
    if line.kind is LineKind.ENTRY:
        words = f"entry at {_amount(line.rate)}" if line.periods else "paid already"
    elif line.kind is LineKind.PERIOD:
        words = f"{line.periods} x {line.period_min} min at {_amount(line.rate)}"
    else:
        words = line.kind.value
    return f"{words}, capped at {_amount(line.cap.amount)}" if line.cap else words


def _fee_of(cost: FeeBreakdown | None, currency: str) -> str:
    return f"{_amount(cost.total)} {currency}" if cost else "fee unknown"


def _free_of(offer: ParkingOffer) -> str:
    if offer.free is None or offer.age_s is None:
        return "free spaces not known"
    return f"{offer.free} free {int(offer.age_s // 60)} min ago"


def _moment(at: dt.datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M}" + (f":{at:%S}" if at.second else "")


def _length(stay_s: int) -> str:
    hours, minutes = divmod(stay_s // 60, 60)
    return (
        " ".join(part for part in (f"{hours} h" if hours else "", f"{minutes} min" if minutes else "") if part)
        or "0 min"
    )


def _amount(amount: Decimal) -> str:
    """Without an exponent and without zeros behind the point that say nothing."""
    text = f"{amount:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
