"""What a system offers, document by document: information, vehicle types, plans, regions. Pure functions."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from zoneinfo import ZoneInfo

from mobility.bikeshare.pricing import PriceSegment, PricingPlan
from mobility.bikeshare.system import FormFactor, Propulsion, RentalUris, ReturnConstraint, SharedSystem, VehicleType
from mobility.sources.gbfs.documents import Document, GbfsUnreadable
from mobility.sources.gbfs.records import Record, keep_first, list_records, short
from mobility.sources.notices import SourceNotice

DEFAULT_TYPE = "bicycle"
"""The type of all vehicles where the feed has no types: GBFS says that they are bicycles without a motor."""

OLD_FORMS = {"scooter": FormFactor.SCOOTER_STANDING}
"""Words of 2.1 and 2.2."""


def read_system(document: Document, notices: list[SourceNotice]) -> SharedSystem:
    """system_information: the system without its types, stations, zones and plans.

    Raises:
        GbfsUnreadable: It has no system_id.
    """
    record = Record(document.file, "", document.data, notices)
    system_id = record.text("system_id")
    if not system_id:
        raise GbfsUnreadable(f"{document.file} has no system_id: tell the operator; nothing can be named without it")
    language = find_language(document)
    names = record.texts("name", language)
    if not names:
        record.tell("no_name", "has no name: the system_id is shown; publish the name that riders know")
    timezone = record.text("timezone")
    try:
        ZoneInfo(timezone)
    except (ValueError, OSError, LookupError):  # a name, a folder, a path: each fails in its own way
        record.tell("bad_timezone", f"timezone {timezone!r} is unknown: UTC is used; publish one of the tz database")
        timezone = "Etc/UTC"
    assets = record.raw.get("brand_assets")
    color = assets.get("color") if isinstance(assets, Mapping) else None
    return SharedSystem(
        system_id=system_id,
        names=names or {language: system_id},
        timezone=timezone,
        vehicle_types={},
        operator=record.texts("operator", language),
        url=record.text("url"),
        purchase_url=record.text("purchase_url"),
        rental_uris=_apps(record),
        opening_hours=record.text("opening_hours"),
        color=color if isinstance(color, str) else "",
        version=document.version,
        last_updated=document.last_updated,
    )


def _apps(record: Record) -> RentalUris:
    """Where the operator's app is had, or opened, and its page."""
    value = record.raw.get("rental_apps")
    apps = value if isinstance(value, Mapping) else {}
    links = []
    for system in ("android", "ios"):
        entry = apps.get(system)
        uris = [entry.get(name) for name in ("store_uri", "discovery_uri")] if isinstance(entry, Mapping) else []
        links.append(next((uri for uri in uris if isinstance(uri, str) and uri), ""))
    return RentalUris(links[0], links[1], record.text("url"))


def find_language(document: Document) -> str:
    """The language of a system's plain texts, ``und`` where it says none."""
    one, several = document.data.get("language"), document.data.get("languages")
    if isinstance(one, str) and one:
        return one
    if isinstance(several, list) and several and isinstance(several[0], str):
        return several[0]
    return "und"


def read_vehicle_types(
    document: Document, language: str, guess: ReturnConstraint, notices: list[SourceNotice]
) -> dict[str, VehicleType]:
    """vehicle_types by id; ``guess`` where a type does not say where it is returned."""
    records = keep_first(list_records(document, "vehicle_types", "vehicle_type_id", notices))
    return {record.label: _vehicle_type(record, language, guess) for record in records}


def make_default_type(guess: ReturnConstraint) -> VehicleType:
    """The type of all vehicles of a feed without types."""
    return VehicleType(DEFAULT_TYPE, FormFactor.BICYCLE, Propulsion.HUMAN, guess, is_return_guessed=True)


def _vehicle_type(record: Record, language: str, guess: ReturnConstraint) -> VehicleType:
    form = record.text("form_factor")
    form_factor = OLD_FORMS.get(form)
    if form_factor is None:
        form_factor = FormFactor(form) if form in set(FormFactor) else FormFactor.OTHER
        if form not in set(FormFactor):
            record.tell("unknown_form_factor", f"form_factor {form!r} is none of GBFS: not planned with; mend it")
    drive = record.text("propulsion_type")
    if drive not in set(Propulsion):
        is_pedalled = form_factor in {FormFactor.BICYCLE, FormFactor.CARGO_BICYCLE}
        taken = Propulsion.HUMAN if is_pedalled else Propulsion.ELECTRIC
        record.tell("unknown_propulsion", f"propulsion_type {drive!r} is none of GBFS: taken as {taken}; mend it")
        drive = taken
    constraint = record.text("return_constraint")
    is_known = constraint in set(ReturnConstraint)
    if constraint and not is_known:
        record.tell("unknown_return_constraint", f"return_constraint {constraint!r}: taken as {guess}; mend it")
    riders, cargo_kg, cargo_litres = (
        record.count(name) for name in ("rider_capacity", "cargo_load_capacity", "cargo_volume_capacity")
    )
    plans = record.raw.get("pricing_plan_ids")
    return VehicleType(
        type_id=record.label,
        form_factor=form_factor,
        propulsion=Propulsion(drive),
        return_constraint=ReturnConstraint(constraint) if is_known else guess,
        names=record.texts("name", language),
        max_range_m=record.number("max_range_meters", least=0),
        default_plan_id=record.text("default_pricing_plan_id"),
        plan_ids=tuple(str(plan) for plan in plans) if isinstance(plans, list) else (),
        riders=riders,
        cargo_kg=cargo_kg,
        cargo_litres=cargo_litres,
        max_speed_kph=record.number("max_permitted_speed", least=1, most=300),
        co2_g_per_km=record.number("g_CO2_km", least=0),
        is_return_guessed=not is_known,
    )


def read_plans(document: Document, language: str, notices: list[SourceNotice]) -> dict[str, PricingPlan]:
    """system_pricing_plans by id; a plan with a price that cannot be read is left out: a wrong price is worse."""
    found = {}
    for record in keep_first(list_records(document, "plans", "plan_id", notices)):
        plan = _plan(record, language)
        if plan is not None:
            found[plan.plan_id] = plan
    return found


def _plan(record: Record, language: str) -> PricingPlan | None:
    currency = record.text("currency")
    try:
        price = _money(record.raw, "price")
        per_min = tuple(_segment(entry) for entry in record.objects("per_min_pricing"))
        per_km = tuple(_segment(entry) for entry in record.objects("per_km_pricing"))
        reserving = [
            _money(record.raw, name, "0") for name in ("reservation_price_flat_rate", "reservation_price_per_min")
        ]
    except (ValueError, InvalidOperation) as error:
        record.tell("bad_price", f"{error}: the plan is left out; publish price, start, rate, interval as numbers")
        return None
    if len(currency) != 3 or not currency.isalpha() or price < 0:
        what = f"currency {currency!r} is none of ISO 4217" if price >= 0 else f"price {price} is negative"
        record.tell("bad_price", f"{what}: the plan is left out; mend it")
        return None
    return PricingPlan(
        plan_id=record.label,
        currency=currency.upper(),
        price=price,
        names=record.texts("name", language),
        descriptions=record.texts("description", language),
        per_min=per_min,
        per_km=per_km,
        is_taxable=record.flag("is_taxable", otherwise=False),
        has_surge=record.flag("surge_pricing", otherwise=False),
        reservation_price=reserving[0],
        reservation_per_min=reserving[1],
        url=record.text("url"),
    )


def _segment(raw: Mapping[str, object]) -> PriceSegment:
    start, interval = _whole(raw, "start"), _whole(raw, "interval")
    end = None if raw.get("end") is None else _whole(raw, "end")
    return PriceSegment(start, _money(raw, "rate"), interval, end)


def _whole(raw: Mapping[str, object], name: str) -> int:
    value = _money(raw, name)
    if value != int(value):
        raise ValueError(f"{name} {value} is not whole")
    return int(value)


def _money(raw: Mapping[str, object], name: str, otherwise: str | None = None) -> Decimal:
    value = raw.get(name, otherwise)
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal | str):
        raise ValueError(f"{name} {short(value)} is no number")  # noqa: TRY004  (one kind of error for all)
    found = Decimal(str(value))
    if not found.is_finite() or abs(found) > 10**9:
        raise ValueError(f"{name} {short(value)} is no amount")
    return found


def read_regions(document: Document, language: str, notices: list[SourceNotice]) -> dict[str, Mapping[str, str]]:
    """system_regions: names by language, by region id."""
    records = keep_first(list_records(document, "regions", "region_id", notices))
    return {record.label: record.texts("name", language) for record in records}
