"""Fares v2 of a feed that will have neighbours: an empty field of a rule means the feed's own networks and leg groups.

Works on feeds whose ids are tagged. Areas need nothing: only a feed's own rides stop in them.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from gtfs.feed import Feed, Table
from gtfs.merge.tables import take, with_column, with_records, with_tables


def name_networks(feed: Feed, tag: str) -> Feed:
    """Fares v2: rules of any network name each network of the feed that they mean (fare_leg_rules.txt, network_id)."""
    rules = feed["fare_leg_rules.txt"]
    if not len(rules) or (rules["network_id"] != "").all():
        return feed
    feed = _give_networks(feed, tag)
    networks = _networks_of(feed)
    if not rules.has("rule_priority"):
        named = set(rules["network_id"].tolist())
        networks = [network for network in networks if network not in named]
    # a rule that means no network at all keeps its row, with a network that no route is of
    lines = list(_spread(rules["network_id"].tolist(), networks or [tag]))
    spread = take(rules, [place for place, _ in lines])
    return with_tables(feed, with_column(spread, "network_id", [network for _, network in lines]))


def _spread(values: list[str], meant: list[str]) -> Iterator[tuple[int, str]]:
    """Places and values, an empty one once for each of what it means."""
    for place, own in enumerate(values):
        yield from ((place, value) for value in ([own] if own else meant))


def _give_networks(feed: Feed, tag: str) -> Feed:
    """Routes without a network are of one that is called as the tag."""
    routes, table = feed["routes.txt"], feed["route_networks.txt"]
    if len(table):
        listed = {*table["route_id"].tolist(), *routes["route_id"][routes["network_id"] != ""].tolist()}
        without = [route for route in routes["route_id"].tolist() if route not in listed]
        table = with_records(table, [{"network_id": tag, "route_id": route} for route in without])
        networks = with_records(feed["networks.txt"], [{"network_id": tag}] if without else [])
        return with_tables(feed, table, networks)
    return with_tables(feed, with_column(routes, "network_id", [own or tag for own in routes["network_id"].tolist()]))


def _networks_of(feed: Feed) -> list[str]:
    listed = [
        *feed["networks.txt"]["network_id"].tolist(),
        *feed["route_networks.txt"]["network_id"].tolist(),
        *feed["routes.txt"]["network_id"].tolist(),
    ]
    return [network for network in dict.fromkeys(listed) if network]


def name_leg_groups(feed: Feed, tag: str) -> Feed:
    """Fares v2: transfers between any leg groups name each that they mean (fare_transfer_rules.txt)."""
    table, legs = feed["fare_transfer_rules.txt"], feed["fare_leg_rules.txt"]
    ends = [table[name].tolist() for name in ("from_leg_group_id", "to_leg_group_id")]
    if not len(table) or ("" not in ends[0] and "" not in ends[1]):
        return feed
    groups = [own or tag for own in legs["leg_group_id"].tolist()]
    legs = with_column(legs, "leg_group_id", groups)
    # a rule whose empty end means no group at all keeps its row, at a group that no leg is of
    meant = [[g for g in dict.fromkeys(groups) if g not in set(end)] or [tag] for end in ends]
    lines = [
        (place, start, end)
        for place, start in _spread(ends[0], meant[0])
        for end in ([ends[1][place]] if ends[1][place] else meant[1])
    ]
    places, starts, stops = (list(column) for column in zip(*lines, strict=True))
    spread = with_column(take(table, places), "from_leg_group_id", starts)
    spread = with_column(spread, "to_leg_group_id", stops)
    return with_tables(feed, _count_transfers(spread), legs)


def _count_transfers(table: Table) -> Table:
    """Between legs of one group a rule must say how often it holds; it did not, so that there is no limit."""
    is_same = table["from_leg_group_id"] == table["to_leg_group_id"]
    count = np.where(is_same & np.isnan(table["transfer_count"]), -1.0, table["transfer_count"])
    return with_column(table, "transfer_count", count)


def list_networks_apart(feed: Feed) -> Feed:
    """Networks of routes in route_networks.txt, where another feed has them: a feed may use one way only."""
    routes = feed["routes.txt"]
    if not routes.has("network_id"):
        return feed
    pairs = zip(routes["route_id"].tolist(), routes["network_id"].tolist(), strict=True)
    known = set(feed["networks.txt"]["network_id"].tolist())
    listed = set(feed["route_networks.txt"]["route_id"].tolist())
    records = [{"route_id": route, "network_id": own} for route, own in pairs if own and route not in listed]
    networks = [{"network_id": own} for own in dict.fromkeys(r["network_id"] for r in records) if own not in known]
    emptied = with_column(routes, "network_id", [""] * len(routes))
    bare = replace(emptied, header=tuple(name for name in routes.header if name != "network_id"))
    return with_tables(
        feed,
        bare,
        with_records(feed["networks.txt"], networks),
        with_records(feed["route_networks.txt"], records),
    )
