"""What of the world a picture shows: a box of degrees, laid flat in metres."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

import networkx as nx
import numpy as np
import numpy.typing as npt

from mobility.geodesy import EARTH_M
from mobility.multimodal.refusals import GraphRefused
from mobility.network.graph import Point

METRES_PER_DEGREE = math.radians(EARTH_M)
MARGIN = 0.03
LEAST_M = 400.0
MOST_DEGREES = 30.0
Flat = npt.NDArray[np.float64]
"""Metres east and north of the box's south-west corner; shape (points, 2)."""


@dataclass(frozen=True, slots=True)
class Frame:
    """Degrees. North is up; at the middle latitude both directions have one scale."""

    south: float
    west: float
    north: float
    east: float

    @property
    def width_m(self) -> float:
        """At the middle latitude."""
        return (self.east - self.west) * self._metres_per_lon

    @property
    def height_m(self) -> float:
        """From south to north."""
        return (self.north - self.south) * METRES_PER_DEGREE

    def flatten(self, points: Iterable[Point]) -> Flat:
        """Points given as longitude and latitude."""
        at = np.array(list(points), np.float64).reshape(-1, 2)
        return (at - (self.west, self.south)) * (self._metres_per_lon, METRES_PER_DEGREE)

    def shows(self, flat: Flat) -> bool:
        """Whether a line may be seen: its own box touches this one."""
        (left, low), (right, high) = flat.min(axis=0), flat.max(axis=0)
        return bool(left <= self.width_m and right >= 0 and low <= self.height_m and high >= 0)

    @property
    def _metres_per_lon(self) -> float:
        return METRES_PER_DEGREE * math.cos(math.radians((self.south + self.north) / 2))


def parse_box(text: str) -> Frame:
    """``south,west,north,east`` in degrees.

    Raises:
        GraphRefused: They are not four numbers, not on Earth, the wrong way round, or wider than a map can be flat.
    """
    try:
        south, west, north, east = (float(part) for part in text.split(","))
    except ValueError:
        message = f"{text!r} is no box: write south,west,north,east in degrees, for example 22.60,120.26,22.69,120.36"
        raise GraphRefused(message) from None
    if not (-85 <= south < north <= 85 and -180 <= west < east <= 180):
        message = f"{text!r} is no box: south is below north, west before east, and all of it on a map (85 S to 85 N)"
        raise GraphRefused(message)
    if max(north - south, east - west) > MOST_DEGREES:
        raise GraphRefused(f"{text!r} is wider than {MOST_DEGREES:.0f} degrees: that is no map of a city any more")
    return Frame(south, west, north, east)


def find_frame(graph: nx.MultiDiGraph) -> Frame:
    """The box of all stops from which something leaves, with a margin: where the city is served. Of a graph without
    vehicles the box of everything, the borders of zones included.

    Raises:
        GraphRefused: It is wider than a map can be flat: something is far away, and a box has to be chosen.
    """
    nodes = graph.nodes
    points = [
        (nodes[end]["lon"], nodes[end]["lat"])
        for *ends, kind in graph.edges(data="kind")
        if kind == "ride"
        for end in ends
    ]
    return _surround(np.array(points, np.float64)) if points else find_whole(graph)


def find_whole(graph: nx.MultiDiGraph) -> Frame:
    """The box of everything. Raises GraphRefused as ``find_frame``."""
    points = [(data["lon"], data["lat"]) for _, data in graph.nodes(data=True)]
    points += [at for _, area in graph.nodes(data="area") for rings in area or () for at in rings[0]]
    points += [at for *_, line in graph.edges(data="line") for at in line or ()]
    return _surround(np.array(points, np.float64))


def _surround(points: Flat) -> Frame:
    (west, south), (east, north) = points.min(axis=0).tolist(), points.max(axis=0).tolist()
    if max(north - south, east - west) > MOST_DEGREES:
        raise GraphRefused(
            f"the network reaches from {south:.2f},{west:.2f} to {north:.2f},{east:.2f}, too wide for one map: "
            "choose a part with --bbox south,west,north,east"
        )
    across = METRES_PER_DEGREE * max(math.cos(math.radians((south + north) / 2)), 0.01)
    pad_m = max(MARGIN * max((east - west) * across, (north - south) * METRES_PER_DEGREE), LEAST_M / 2)
    up, aside = pad_m / METRES_PER_DEGREE, pad_m / across
    return Frame(south - up, west - aside, north + up, east + aside)


def choose_bar_m(width_m: float) -> float:
    """A round length (1, 2 or 5 and zeros), the longest within a quarter of the width."""
    limit = width_m / 4
    power = 10.0 ** math.floor(math.log10(limit))
    return max(step * power for step in (1, 2, 5) if step * power <= limit)
