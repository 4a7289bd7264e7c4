"""``changtong city``: cities that ship with Changtong, and their feeds built from tables of facts."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from cyclopts import App, Parameter

from mobility.cli.console import AsJson, answered, print_json, status

city_app = App(name="city", help="Build a city's own feeds from its tables of facts.", help_format="markdown")


@city_app.command(name="list")
def list_(*, json: AsJson = False) -> int:
    """List the cities that ship with Changtong."""
    from mobility.cities import list_cities

    cities = list_cities()
    if json:
        print_json([{"id": c.id, "names": dict(c.names), "timezone": c.timezone} for c in cities])
    else:
        print("\n".join(f"{c.id}  {' / '.join(c.names.values())}  ({c.timezone})" for c in cities))
    return 0


@city_app.command
def build(
    city: Annotated[str, Parameter(name="CITY", help="A city's id or name, or a folder with a city.toml.")],
    *,
    out: Annotated[Path | None, Parameter(help="Where to write; build/CITY when left out.")] = None,
    json: AsJson = False,
) -> int:
    """Build a city's GTFS, GBFS and car-park files from its tables."""

    def answer() -> int:
        from mobility.cities import build_city, find_city

        known = find_city(city)
        with status(f"Building {known.id}"):
            files = build_city(known, out or Path("build") / known.id)
        written = {"gtfs": str(files.gtfs), "gbfs": str(files.gbfs), "parking": str(files.parking)}
        if json:
            print_json(written)
        else:
            print("\n".join(f"{kind:8}{path}" for kind, path in written.items()))
        return 0

    return answered(answer, as_json=json)
