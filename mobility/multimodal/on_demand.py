"""On-demand zones as nodes: in the middle of each, with its border, joined with the stops that its rides serve."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

import networkx as nx
import numpy as np
import shapely

from mobility.flex import OnDemandZones, PlaceStops
from mobility.model import Coordinate, Mode
from mobility.multimodal.joins import Points
from mobility.multimodal.parts import Parts, choose_text
from mobility.network.graph import Point
from mobility.network.places import distance_between_m
from mobility.streets.profiles import Profile

LONGEST_DRIVE_S = 3600


def add_zones(graph: nx.MultiDiGraph, parts: Parts, stops: Points, date: dt.date, language: str) -> None:
    """The places of the feed's on-demand rides, whether or not there are rides on the date (``is_running``).

    An edge is a ride from the zone's middle to a stop, or from a stop to it, at the seconds that an average ride of its
    quickest trip (``trip_id``) takes; stops that a car does not get to within an hour have none.
    """
    zones = parts.supply.zones
    if zones is None or not len(zones):
        return
    served = zones.locate(stops.lat, stops.lon, [name.removeprefix("stop:") for name in stops.names])
    running = {place for ride in zones.rides_on(date) for place in (ride.pickup_place, ride.drop_off_place)}
    middles: dict[int, Coordinate] = {}
    for number, (place, area) in enumerate(zip(zones.places, _list_areas(zones), strict=True)):
        here = served.of(number)
        if area is None and not len(here):
            continue
        at = _find_middle(area, stops, here)
        middles[number] = at
        route = next((ride.route_id for ride in zones.rides if number in {ride.pickup_place, ride.drop_off_place}), "")
        facts = parts.supply.routes.get(route)
        graph.add_node(
            f"zone:{place.place_id}",
            kind="zone",
            id=place.place_id,
            name=place.name or place.place_id,
            lat=at.lat,
            lon=at.lon,
            service=choose_text(facts.names, language) if facts else "",
            is_running=number in running,
            stops=len(here),
            **({"area": _list_rings(area)} if area is not None else {}),
        )
    for (zone, stop, inbound), (seconds, trip_id) in _find_quickest(parts, zones, stops, served, middles).items():
        pair = f"zone:{zones.places[zone].place_id}", stops.names[stop]
        graph.add_edge(
            *(pair[::-1] if inbound else pair),
            kind="on_demand",
            mode=Mode.FLEX.value,
            trip_id=trip_id,
            run_s=seconds,
            distance_m=round(distance_between_m(middles[zone], stops.at(stop)), 1),
        )


def _find_quickest(
    parts: Parts, zones: OnDemandZones, stops: Points, served: PlaceStops, middles: Mapping[int, Coordinate]
) -> dict[tuple[int, int, bool], tuple[int, str]]:
    """By zone, stop and whether one rides to the zone: the fewest seconds, and the trip."""
    by_car = parts.router.link(stops.lat, stops.lon, Profile.CAR)
    drives = {
        (zone, inbound): parts.router.reach(at, by_car, LONGEST_DRIVE_S, inbound=inbound)
        for zone, at in middles.items()
        for inbound in (False, True)
    }
    quickest: dict[tuple[int, int, bool], tuple[int, str]] = {}
    for ride in zones.rides:
        ends = ((ride.pickup_place, ride.drop_off_place, False), (ride.drop_off_place, ride.pickup_place, True))
        for zone, other, inbound in ends:
            if zone not in middles:
                continue
            drive = drives[zone, inbound]
            is_served = np.isin(drive.number, served.of(other))
            for stop, drive_s in zip(*(column[is_served].tolist() for column in drive), strict=True):
                key, found = (zone, stop, inbound), (ride.mean_ride_s(drive_s), ride.trip_id)
                quickest[key] = min(found, quickest.get(key, found))
    return quickest


def _list_areas(zones: OnDemandZones) -> list[Any]:
    return zones._areas  # noqa: SLF001  (to be a property of it)


def _find_middle(area: Any, stops: Points, here: Any) -> Coordinate:
    """A point well inside the area; amid its stops where a place has no area."""
    if area is None:
        return Coordinate(float(stops.lat[here].mean()), float(stops.lon[here].mean()))
    middle = shapely.maximum_inscribed_circle(area).coords[0] if area.area else area.representative_point().coords[0]
    return Coordinate(middle[1], middle[0])


def _list_rings(area: Any) -> tuple[tuple[tuple[Point, ...], ...], ...]:
    """Outer borders counter-clockwise (RFC 7946, 3.1.6)."""
    parts = [part for part in shapely.get_parts(shapely.orient_polygons(area)) if part.geom_type == "Polygon"]
    return tuple(tuple(_list_points(ring) for ring in (part.exterior, *part.interiors)) for part in parts)


def _list_points(ring: Any) -> tuple[Point, ...]:
    return tuple((round(lon, 6), round(lat, 6)) for lon, lat, *_ in ring.coords)
