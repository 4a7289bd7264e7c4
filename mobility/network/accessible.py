"""The same network for people who move otherwise: its stops, trips and rules, with footpaths of their own."""

from __future__ import annotations

from dataclasses import replace

from mobility.network.build import Network
from mobility.network.transfer_rules import split_stops
from mobility.network.transfers import Walking, build_footpaths
from mobility.streets.router import StreetRouter


def with_walking(network: Network, walking: Walking, streets: StreetRouter | None = None) -> Network:
    """The network walked in another way, for example ``network.walking.for_wheelchair()``. Stop numbers stay."""
    rules = split_stops(network.feed, network.schedule.without_copies())[1]
    footpaths = build_footpaths(network.feed, network.schedule, walking, rules, streets)
    return replace(network, footpaths=footpaths, walking=walking)
