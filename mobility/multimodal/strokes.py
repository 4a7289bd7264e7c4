"""How each kind of node and edge looks, and what the legend says of it.

Drawn from the ground up: zones, streets, walks and rides by bike, car parks and stations of shared vehicles, then the
lines of the timetable, the heavier the higher, each on a white edge, and its stops.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

import networkx as nx
import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.lines import Line2D
from matplotlib.patches import Patch, PathPatch
from matplotlib.path import Path

from mobility.multimodal.frame import Flat, Frame
from mobility.network.graph import Point

INK, PAPER, GROUND, STREET, MAIN_STREET = "#22262b", "#ffffff", "#f6f5f1", "#d6d2c9", "#c5bfb2"
WALK, STATION, STATION_EDGE, HIRE, PARKING, ZONE = "#8b9097", "#f5b301", "#7a5900", "#e3a600", "#1f5fbf", "#4f8a3c"
MODE_COLOURS: Mapping[str, str] = {
    "BUS": "#3b6ea8", "COACH": "#6b4fa0", "TRAM": "#2f9e44", "SUBWAY": "#c92a2a", "SUBURBAN": "#a61e4d",
    "RAIL": "#343a40", "FERRY": "#0b7285", "CABLE_CAR": "#862e9c", "AERIAL_LIFT": "#862e9c", "FUNICULAR": "#862e9c",
}  # fmt: skip
"""For routes without a colour of their own, or with one that paper does not show."""
HEAVY: Mapping[str, float] = {"RAIL": 3.2, "SUBURBAN": 3.2, "SUBWAY": 3.2, "TRAM": 2.6, "FUNICULAR": 2.2}
"""Modes whose lines stand in the legend by name, and their widths in points; all others are thin."""
THIN = 1.0
LETTER_P = "$\\mathrm{P}$"
MAIN_STREETS = frozenset({"motorway", "trunk", "primary", "secondary"})
MOST_NAMED = 14
_FAINT = 0.82


class Overlaid(tuple[Any, ...]):
    """Signs of the legend that lie on one another; those of a plain tuple stand side by side."""

    __slots__ = ()


class Entry(NamedTuple):
    """A line of the legend."""

    handle: Any
    text: str


def draw_zones(axes: Axes, graph: nx.MultiDiGraph, frame: Frame, words: Mapping[str, str]) -> list[Entry]:
    """Areas with a dashed border, those in which nothing runs on the day pale."""
    count = 0
    for _, data in graph.nodes(data=True):
        rings = [frame.flatten(ring) for rings in data.get("area", ()) for ring in rings]
        if data["kind"] != "zone" or not any(frame.shows(ring) for ring in rings):
            continue
        count += 1
        pale = 0.5 if data["is_running"] else 0.2
        shape = Path.make_compound_path(*(Path(ring, closed=True) for ring in rings))
        axes.add_patch(PathPatch(shape, facecolor=ZONE, alpha=0.25 * pale, linewidth=0, zorder=1))
        axes.add_patch(PathPatch(shape, fill=False, edgecolor=ZONE, alpha=2 * pale, lw=0.9, ls=(0, (5, 2)), zorder=1.1))
    sign = Patch(facecolor=f"{ZONE}20", edgecolor=ZONE, linestyle=(0, (4, 2)))
    return [Entry(sign, f"{words['zone']} ({count})")] if count else []


def draw_streets(axes: Axes, graph: nx.MultiDiGraph, frame: Frame, words: Mapping[str, str]) -> list[Entry]:
    """Each street once, in whichever directions it is open; main streets wider."""
    edges = [edge for edge in graph.edges(data=True) if edge[2]["kind"] == "street"]
    for is_main, colour, width in ((False, STREET, 0.45), (True, MAIN_STREET, 0.9)):
        lines = _list_lines(graph, frame, (edge for edge in edges if (edge[2]["highway"] in MAIN_STREETS) == is_main))
        axes.add_collection(LineCollection(lines, colors=colour, linewidths=width, zorder=2, capstyle="round"))
    return [Entry(Line2D([], [], color=MAIN_STREET, lw=1.2), words["street"])] if edges else []


def draw_ways(axes: Axes, graph: nx.MultiDiGraph, frame: Frame, words: Mapping[str, str]) -> list[Entry]:
    """Walks, and rides between stations, straight and fine."""
    entries = []
    for kind, colour, width in (("hire", HIRE, 0.3), ("walk", WALK, 0.35)):
        lines = _list_lines(graph, frame, (edge for edge in graph.edges(data=True) if edge[2]["kind"] == kind))
        if lines:
            style = "solid" if kind == "hire" else (0, (1, 1.2))
            axes.add_collection(
                LineCollection(lines, colors=colour, linewidths=width, linestyles=[style], alpha=0.4, zorder=3)
            )
            entries.append(Entry(Line2D([], [], color=colour, lw=1.0, ls=style), words[kind]))
    return entries


def draw_stations(axes: Axes, graph: nx.MultiDiGraph, frame: Frame, words: Mapping[str, str]) -> list[Entry]:
    """Stations of shared vehicles as dots, in the colour of their system."""
    systems: dict[tuple[str, str], list[Point]] = defaultdict(list)
    for _, data in graph.nodes(data=True):
        if data["kind"] == "shared_station":
            systems[data["operator"], data["color"]].append((data["lon"], data["lat"]))
    entries = []
    for (name, own), points in systems.items():
        at, colour = _keep_shown(frame, points), find_colour(own, STATION)
        if len(at):
            axes.scatter(at[:, 0], at[:, 1], s=5.5, c=colour, zorder=4, edgecolors=STATION_EDGE, linewidths=0.25)
            sign = Line2D([], [], ls="", marker="o", ms=4, mfc=colour, mec=STATION_EDGE, mew=0.4)
            entries.append(Entry(sign, f"{words['station'].format(name=name)} ({len(at)})"))
    return entries


def draw_car_parks(axes: Axes, graph: nx.MultiDiGraph, frame: Frame, words: Mapping[str, str]) -> list[Entry]:
    """Car parks as signs."""
    at = _keep_shown(frame, [(d["lon"], d["lat"]) for _, d in graph.nodes(data=True) if d["kind"] == "car_park"])
    if not len(at):
        return []
    axes.scatter(at[:, 0], at[:, 1], s=42, c=PARKING, marker="s", zorder=6.5, edgecolors=PAPER, linewidths=0.6)
    axes.scatter(at[:, 0], at[:, 1], s=17, c=PAPER, marker=LETTER_P, zorder=6.6, linewidths=0)
    square = Line2D([], [], ls="", marker="s", ms=7.5, mfc=PARKING, mec=PAPER)
    sign = Overlaid((square, Line2D([], [], ls="", marker=LETTER_P, ms=4.2, mfc=PAPER, mew=0)))
    return [Entry(sign, f"{words['car_park']} ({len(at)})")]


def draw_lines(axes: Axes, graph: nx.MultiDiGraph, frame: Frame, words: Mapping[str, str]) -> list[Entry]:
    """The rides of the timetable, line by line: heavy ones over thin ones, each on a white edge."""
    lines_of: dict[tuple[str, str], list[tuple[Any, Any, dict[str, Any]]]] = defaultdict(list)
    for edge in graph.edges(data=True):
        if edge[2]["kind"] == "ride":
            lines_of[edge[2]["mode"], edge[2]["route_id"]].append(edge)
    named, thin = [], defaultdict(list)
    order = sorted(lines_of, key=lambda key: (HEAVY.get(key[0], 0.0), -_count_runs(lines_of[key]), key[1]))
    for level, (mode, route_id) in enumerate(order):
        edges = lines_of[mode, route_id]
        lines = _list_lines(graph, frame, edges)
        if not lines:
            continue
        facts, width = edges[0][2], HEAVY.get(mode, THIN)
        colour = find_colour(facts["color"], MODE_COLOURS.get(mode, INK))
        zorder = 5 + level / len(order)
        style = (0, (4, 2)) if mode == "FERRY" else "solid"
        for tint, wide, dashes, above in ((PAPER, width + 1.1, "solid", 0), (colour, width, style, 0.2 / len(order))):
            axes.add_collection(
                LineCollection(
                    lines, colors=tint, linewidths=wide, linestyles=[dashes], zorder=zorder + above, capstyle="round",
                    joinstyle="round",
                )
            )  # fmt: skip
        if mode in HEAVY:
            text = " ".join(dict.fromkeys(part for part in (facts["short_name"], facts["long_name"]) if part))
            named.append(Entry(Line2D([], [], color=colour, lw=width), text or route_id))
        else:
            thin[mode].append(colour)
    return [*_name_heavy(named[::-1], words), *_count_thin(thin, words)]


def _name_heavy(named: list[Entry], words: Mapping[str, str]) -> list[Entry]:
    if len(named) <= MOST_NAMED:
        return named
    rest = Entry(Line2D([], [], ls=""), words["more"].format(count=len(named) - MOST_NAMED))
    return [*named[:MOST_NAMED], rest]


def _count_thin(thin: Mapping[str, list[str]], words: Mapping[str, str]) -> list[Entry]:
    """One entry per mode, in the colours that most of its routes have."""
    entries = []
    for mode, colours in sorted(thin.items(), key=lambda item: -len(item[1])):
        said = words["route" if len(colours) == 1 else "routes"].format(mode=words[mode], count=len(colours))
        signs = tuple(Line2D([], [], color=colour, lw=1.6) for colour, _ in Counter(colours).most_common(3))
        entries.append(Entry(signs, said))
    return entries


def draw_stops(axes: Axes, graph: nx.MultiDiGraph, frame: Frame, words: Mapping[str, str]) -> list[Entry]:
    """Stops of heavy lines as rings, all others as dots, the smaller the more there are."""
    entries: list[Entry] = []
    stops = [data for _, data in graph.nodes(data=True) if data["kind"] == "stop"]
    for is_heavy in (False, True):
        points = [(data["lon"], data["lat"]) for data in stops if is_heavy_stop(data) == is_heavy]
        at = _keep_shown(frame, points)
        if len(at):
            size, width = (19.0, 1.0) if is_heavy else (min(max(2600 / len(at), 2.4), 9.0), 0.3)
            axes.scatter(
                at[:, 0], at[:, 1], s=size, c=PAPER, edgecolors=INK, linewidths=width, zorder=7 if is_heavy else 6
            )
            sign = Line2D([], [], ls="", marker="o", ms=np.sqrt(size), mfc=PAPER, mec=INK, mew=width)
            entries.insert(0, Entry(sign, f"{words['rail_stop' if is_heavy else 'stop']} ({len(at)})"))
    return entries


def is_heavy_stop(data: Mapping[str, Any]) -> bool:
    """Whether a line that the legend names calls there."""
    return any(mode in HEAVY for mode in data["modes"].split(","))


def find_colour(text: str, default: str) -> str:
    """``RRGGBB`` of a feed, unless it is none or nearly white."""
    try:
        shades = [int(text[at : at + 2], 16) / 255 for at in (0, 2, 4)] if len(text) == 6 else [1.0]
    except ValueError:
        return default
    luminance = sum(weight * shade for weight, shade in zip((0.2126, 0.7152, 0.0722), shades, strict=False))
    return f"#{text}" if len(shades) == 3 and luminance < _FAINT else default


def _count_runs(edges: list[tuple[Any, Any, dict[str, Any]]]) -> int:
    return sum(data["runs"] for *_, data in edges)


def _list_lines(
    graph: nx.MultiDiGraph, frame: Frame, edges: Iterable[tuple[Any, Any, Mapping[str, Any]]]
) -> list[Flat]:
    """What of the edges is seen, there and back once."""
    at = graph.nodes
    lines: dict[tuple[Point, ...], Flat] = {}
    for start, end, data in edges:
        points = data.get("line") or ((at[start]["lon"], at[start]["lat"]), (at[end]["lon"], at[end]["lat"]))
        flat = frame.flatten(points)
        if frame.shows(flat):
            lines.setdefault(min(points, points[::-1]), flat)
    return list(lines.values())


def _keep_shown(frame: Frame, points: list[Point]) -> Flat:
    flat = frame.flatten(points)
    x, y = flat.T
    shown: Flat = flat[(x >= 0) & (x <= frame.width_m) & (y >= 0) & (y <= frame.height_m)]
    return shown
