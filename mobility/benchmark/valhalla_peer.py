"""Walking times by Valhalla, a peer for ours.

pyvalhalla 3.2.0, the last with a wheel for Python 3.11, answers queries but carries no program that builds tiles:
that is ``valhalla_build_tiles``, of a distribution's package or of the wheel pyvalhalla 3.9.1, where it runs without
Python. Tiles of 3.9.1 are read by 3.2.0.

What is asked is its pedestrian at our speed, all else as it comes: it shuns stairs (30 s for each flight), alleys,
driveways and service roads, prefers paths for walkers, and knows no heights; it walks ways with
``access=destination`` and ``customers`` from end to end, which we begin and end on only. It snaps to the nearest
street without counting the way to there: pairs should lie on streets.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np

from mobility.benchmark.problem import BenchmarkError
from mobility.geodesy import great_circle_m
from mobility.model import Coordinate
from mobility.streets.profiles import Profile
from mobility.streets.router import Way
from mobility.streets.streets_router import StreetNetworkRouter

PROGRAM = "valhalla_build_tiles"
WALK_KMH = 1.33 * 3.6
WAIT_S = 3600
NEUTRAL: Mapping[str, float] = MappingProxyType(
    {
        "step_penalty": 0.0,
        "alley_factor": 1.0,
        "driveway_factor": 1.0,
        "walkway_factor": 1.0,
        "sidewalk_factor": 1.0,
        "service_factor": 1.0,
        "service_penalty": 0.0,
        "elevator_penalty": 0.0,
        "gate_penalty": 0.0,
        "max_hiking_difficulty": 6.0,
    }
)
"""Pedestrian options that leave nothing but time to choose by."""


@dataclass(frozen=True, slots=True)
class Walk:
    """What Valhalla answers; ``line`` where it was asked for."""

    seconds: float
    distance_m: float
    line: tuple[Coordinate, ...] = ()


@dataclass(frozen=True, slots=True)
class Valhalla:
    """Valhalla with the streets of one extract."""

    actor: Any
    options: Mapping[str, float]

    def walk(self, start: Coordinate, end: Coordinate) -> Walk | None:
        """The walk it would choose; None where it finds none."""
        query = self._ask() | {"locations": [{"lat": at.lat, "lon": at.lon} for at in (start, end)]}
        return self._read(self.actor.route, query)

    def walk_along(self, line: Sequence[Coordinate]) -> Walk | None:
        """How long it takes along a line, matched to its streets; None where it cannot be."""
        shape = [{"lat": at.lat, "lon": at.lon} for at in line]
        return self._read(self.actor.trace_route, self._ask() | {"shape": shape, "shape_match": "map_snap"})

    def _ask(self) -> dict[str, Any]:
        return {
            "costing": "pedestrian",
            "costing_options": {"pedestrian": dict(self.options)},
            "units": "km",
            "directions_type": "none",
        }

    def _read(self, ask: Callable[[dict[str, Any]], Any], query: dict[str, Any]) -> Walk | None:
        try:
            trip = ask(query)["trip"]
        except RuntimeError:  # "No path could be found", "No suitable edges near location"
            return None
        line = tuple(point for leg in trip["legs"] for point in decode_polyline(leg["shape"]))
        return Walk(float(trip["summary"]["time"]), float(trip["summary"]["length"]) * 1000.0, line)


def decode_polyline(text: str, precision: int = 6) -> list[Coordinate]:
    """The points of a line in Google's polyline encoding."""
    values, value, shift = [], 0, 0
    for letter in text:
        part = ord(letter) - 63
        value |= (part & 31) << shift
        shift += 5
        if part < 32:  # the last part of a number
            values.append(~(value >> 1) if value & 1 else value >> 1)
            value = shift = 0
    unit = 10.0**-precision
    lats, lons = np.cumsum(values[::2]) * unit, np.cumsum(values[1::2]) * unit
    return [Coordinate(lat, lon) for lat, lon in zip(lats.tolist(), lons.tolist(), strict=True)]


def open_valhalla(
    extract: Path, cache: Path, *, program: str = PROGRAM, options: Mapping[str, float] = MappingProxyType({})
) -> Valhalla:
    """Valhalla on an extract; its tiles are built once into ``cache``, a folder outside the checkout.

    ``options`` go to its pedestrian, beside our speed: none, or ``NEUTRAL``.

    Raises:
        BenchmarkError: pyvalhalla is not installed, there are no tiles and no program to build them, or it fails.
    """
    try:
        library = import_module("valhalla")
    except ImportError as error:
        raise BenchmarkError("pyvalhalla is not installed: pip install 'changtong[bench]'") from error
    if not extract.is_file():
        raise BenchmarkError(f"no extract at {extract}")
    folder = cache / f"{extract.name.removesuffix('.osm.pbf')}-{_digest(extract)}"
    config: dict[str, Any] = library.get_config(tile_dir=str(folder), verbose=False)
    config["mjolnir"]["tile_extract"] = ""
    if not folder.is_dir():
        _build_tiles(extract, folder, config, program)
    return Valhalla(library.Actor(config), MappingProxyType({"walking_speed": WALK_KMH, **options}))


@dataclass(frozen=True, slots=True)
class Difference:
    """A walk both know: ours over theirs minus 1, and both, to look at."""

    relative: float
    start: Coordinate
    end: Coordinate
    ours: Way
    theirs: Walk


def compare_walks(
    router: StreetNetworkRouter, peer: Valhalla, *, count: int = 200, near_m: float = 200.0, far_m: float = 1200.0,
    seed: int = 11,
) -> list[Difference]:  # fmt: skip
    """Walks between random street nodes that far apart as the crow flies, the largest differences first.

    Pairs without a walk by either are left out.
    """
    graph, draw = router.graph, np.random.default_rng(seed)
    nodes = np.flatnonzero(graph.profiles[Profile.FOOT].is_main)
    start, end = draw.choice(nodes, (2, 400 * count))
    at = graph.node_lat, graph.node_lon
    line_m = great_circle_m(at[0][start], at[1][start], at[0][end], at[1][end])
    found: list[Difference] = []
    for n in np.flatnonzero((line_m >= near_m) & (line_m <= far_m))[:count].tolist():
        begin, goal = (Coordinate(float(at[0][node]), float(at[1][node])) for node in (start[n], end[n]))
        ours, theirs = router.route(begin, goal, Profile.FOOT), peer.walk(begin, goal)
        if ours is not None and theirs is not None and theirs.seconds > 0:
            found.append(Difference(ours.duration_s / theirs.seconds - 1.0, begin, goal, ours, theirs))
    return sorted(found, key=lambda difference: -abs(difference.relative))


def _digest(extract: Path) -> str:
    with extract.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()[:16]


def _build_tiles(extract: Path, folder: Path, config: dict[str, Any], program: str) -> None:
    found = shutil.which(program)
    if found is None:
        message = (
            f"no {program} to build Valhalla's tiles with, and none in {folder}: install Valhalla, or unpack the wheel "
            "pyvalhalla==3.9.1 (pip download --python-version 3.12 --only-binary=:all: --no-deps) and name its "
            "valhalla/bin/valhalla_build_tiles"
        )
        raise BenchmarkError(message)
    unfinished = folder.with_name(f"{folder.name}.{os.getpid()}.part")
    unfinished.mkdir(parents=True)
    try:
        # the program writes where its configuration says
        settings = unfinished / "valhalla.json"
        mjolnir = config["mjolnir"] | {"tile_dir": str(unfinished), "concurrency": 1}
        settings.write_text(json.dumps(config | {"mjolnir": mjolnir}), encoding="utf-8")
        done = subprocess.run(  # noqa: S603  (the caller names the program)
            [found, "-c", str(settings), str(extract)], capture_output=True, text=True, timeout=WAIT_S, check=False
        )
        if done.returncode:
            # it wants nodes, ways and relations in the order of their numbers: osmium sort
            raise BenchmarkError(f"{program} fails on {extract} (is it sorted?): {done.stderr.strip()[-300:]}")
        unfinished.rename(folder)
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)
