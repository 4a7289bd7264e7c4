"""The taxis of a city, from ``[taxi]`` of its city.toml and, where it has one, its table of ``taxi_fares``."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation

from mobility.cities.catalog import City
from mobility.cities.errors import CityError
from mobility.cities.tables import Fact, read_facts
from mobility.flex.taxi import TaxiService, TaxiTariff


def read_taxis(city: City) -> TaxiService | None:
    """The city's taxis; None where city.toml has no ``[taxi]``. Without a row of ``taxi_fares`` their price is unknown.

    Raises:
        CityError: The configuration or the table does not hold.
    """
    if "taxi" not in city.settings:
        return None
    wait_s = city.get_number("taxi", "wait_s")
    if not 0 <= wait_s <= 86_400:
        raise CityError(f"{city.root / 'city.toml'}: taxi.wait_s is {wait_s:g}: it is 0 to 86400 seconds")
    settings = city.get_setting("taxi")
    fares = read_facts(city, "taxi_fares")
    if len(fares) > 1:
        fares[1].refuse("a city has one tariff of taxis: keep the row that holds today")
    return TaxiService(
        service_id=city.get_text("taxi", "service_id"),
        names=dict(city.get_texts("taxi", "names")),
        wait_s=round(wait_s),
        phone=str(settings.get("phone", "")),
        url=str(settings.get("url", "")),
        tariff=_tariff(city, fares[0]) if fares else None,
        approximate=dict(city.get_texts("taxi", "approximate")),
    )


def _tariff(city: City, fact: Fact) -> TaxiTariff:
    def money(name: str) -> Decimal:
        try:
            return Decimal(fact[name] or "0")
        except InvalidOperation:
            fact.refuse(f"{name} is {fact[name]!r}, not an amount of money")

    try:
        return TaxiTariff(
            currency=city.currency,
            start_fare=money("start_fare"),
            start_m=fact.integer("start_m"),
            step_fare=money("step_fare"),
            step_m=fact.integer("step_m"),
            waiting_fare=money("waiting_fare"),
            waiting_step_s=fact.integer("waiting_step_s"),
            night_fare=money("night_fare"),
            night_from_s=fact.time_s("night_from"),
            night_to_s=fact.time_s("night_to"),
            call_fare=money("call_fare"),
        )
    except ValueError as error:
        fact.refuse(str(error))
