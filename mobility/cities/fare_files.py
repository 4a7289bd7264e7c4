"""Fares v2 from the table of fares: distance brackets become a price per pair of stations.

What the feed carries: adult single fares by distance or flat (``fares.csv``, kinds ``distance`` and
``flat``). Passes, concessions and rules without a Fares v2 field stay in the table. The distance is the
shortest way along the lines of one system (round a circle, the shorter way), changes inside the gates
included; it is rounded to 10 m, as the lengths are, before it meets a bracket.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterator, Mapping, Sequence

from mobility.cities.catalog import City
from mobility.cities.gtfs_zip import GtfsFile
from mobility.cities.rail_trips import REGULAR, RailTables
from mobility.cities.tables import Fact, read_facts

MEDIA = {
    "ticket": ("1", {"zh": "單程票", "en": "Single ticket"}),
    "card": ("2", {"zh": "電子票證", "en": "Transit card"}),
}
"""Media of the table: type in fare_media.txt, name by primary language tag."""

Links = dict[str, dict[str, float]]
"""Neighbours of each stop and the km to them."""


def build_fare_files(city: City, rail: RailTables, bus_routes: Sequence[Fact]) -> list[GtfsFile]:
    """The fare files, none where the city has no table of fares."""
    fares = read_fares(city)
    if not fares:
        return []
    networks = list(dict.fromkeys(fare["network"] for fare in fares))
    members = [(line.fact["system"], line.fact["route_id"]) for line in rail.lines.values()]
    members += [(route["network"], route["route_id"]) for route in bus_routes]
    links = {network: _links(city, rail, network) for network in networks}
    areas = [stop for network in networks if _is_by_distance(fares, network) for stop in links[network]]
    lang = city.languages[0].split("-")[0]
    media = sorted({_medium(fare) for fare in fares})
    return [
        GtfsFile("networks.txt", ("network_id", "network_name"), [(n, n) for n in networks]),
        GtfsFile("route_networks.txt", ("network_id", "route_id"), [m for m in members if m[0] in networks]),
        GtfsFile("areas.txt", ("area_id", "area_name"), [(a, a) for a in areas]),
        GtfsFile("stop_areas.txt", ("area_id", "stop_id"), [(a, a) for a in areas]),
        GtfsFile(
            "fare_media.txt",
            ("fare_media_id", "fare_media_name", "fare_media_type"),
            [(m, MEDIA[m][1].get(lang, MEDIA[m][1]["en"]), MEDIA[m][0]) for m in media],
        ),
        GtfsFile(
            "fare_products.txt",
            ("fare_product_id", "fare_product_name", "fare_media_id", "amount", "currency"),
            [_product(city, fare) for fare in fares],
        ),
        GtfsFile(
            "fare_leg_rules.txt",
            ("leg_group_id", "network_id", "from_area_id", "to_area_id", "fare_product_id"),
            list(_leg_rules(fares, links)),
        ),
        GtfsFile(
            "fare_leg_join_rules.txt",
            ("from_network_id", "to_network_id", "from_stop_id", "to_stop_id"),
            [(n, n, a, b) for a, b in _changes_inside_gates(city) for n in networks if {a, b} <= links[n].keys()],
        ),
    ]


def read_fares(city: City) -> tuple[Fact, ...]:
    """The fares that the feed carries."""
    return tuple(f for f in read_facts(city, "fares") if f["kind"] in {"distance", "flat"})


def build_links(rail: RailTables, system: str) -> Links:
    """Every station of a system and its neighbours on the lines, by stop id."""
    links: Links = {
        f"{system}-{station['code']}": {}
        for line in rail.lines.values()
        if line.fact["system"] == system
        for station in line.stations
    }
    for (owner, _, _, profile, a, b), hop in rail.hops.items():
        if owner == system and profile == REGULAR:
            links[f"{system}-{a}"][f"{system}-{b}"] = links[f"{system}-{b}"][f"{system}-{a}"] = hop.real("km")
    return links


def shortest_km(links: Links, start: str) -> dict[str, float]:
    """Kilometres from ``start`` to every station that it is connected with (Dijkstra 1959)."""
    done: dict[str, float] = {}
    queue = [(0.0, start)]
    while queue:
        km, here = heapq.heappop(queue)
        if here not in done:
            done[here] = round(km, 2)
            for there, step in links[here].items():
                heapq.heappush(queue, (km + step, there))
    return done


def _links(city: City, rail: RailTables, network: str) -> Links:
    links = build_links(rail, network)
    for a, b in _changes_inside_gates(city):
        if a in links and b in links:
            links[a][b] = 0.0
    return links


def _changes_inside_gates(city: City) -> list[tuple[str, str]]:
    return [(t["from_stop"], t["to_stop"]) for t in read_facts(city, "transfers") if t.flag("inside_gates")]


def _is_by_distance(fares: Sequence[Fact], network: str) -> bool:
    return any(f["kind"] == "distance" for f in fares if f["network"] == network)


def _product(city: City, fare: Fact) -> tuple[str, ...]:
    name = fare.names("name", city.languages).get(city.languages[0], fare["product_id"])
    return (fare["product_id"], name, fare["medium"], f"{fare.real('amount'):.0f}", city.currency)


def _medium(fare: Fact) -> str:
    if fare["medium"] not in MEDIA:
        fare.refuse(f"medium is {fare['medium']!r}; known are {', '.join(MEDIA)}")
    return fare["medium"]


def _leg_rules(fares: Sequence[Fact], links: Mapping[str, Links]) -> Iterator[tuple[str, ...]]:
    for network, neighbours in links.items():
        mine = [fare for fare in fares if fare["network"] == network]
        if not _is_by_distance(fares, network):
            for product in dict.fromkeys(fare["product_id"] for fare in mine):
                yield (network, network, "", "", product)
            continue
        for start in neighbours:
            km_to = shortest_km(neighbours, start)
            for end in neighbours:
                if end != start and end in km_to:
                    for product in dict.fromkeys(f["product_id"] for f in mine if _covers(f, km_to[end])):
                        yield (network, network, start, end, product)


def _covers(fare: Fact, km: float) -> bool:
    """A bracket holds its upper end; the first holds zero, too."""
    low = fare.real("km_over")
    return (km > low or km == low == 0.0) and (not fare["km_up_to"] or km <= fare.real("km_up_to"))
