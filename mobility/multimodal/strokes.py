"""How each kind of node and edge looks, and what the legend says of it.

Drawn from the ground up: zones, streets, walks and rides by bike, car parks and stations of shared vehicles, then the
lines of the timetable, the heavier the higher, each on a white edge, and its stops.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from string import hexdigits
from typing import Any, NamedTuple

import networkx as nx
import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.lines import Line2D
from matplotlib.patches import Patch, PathPatch
from matplotlib.path import Path

from mobility.multimodal.frame import Flat, Frame
from mobility.multimodal.side_by_side import shift, turn_east
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
THIN, TOGETHER = 1.0, 0.72
"""Widths of other lines in points, and of lines side by side, as a part of their own."""
LETTER_P = "$\\mathrm{P}$"
MAIN_STREETS = frozenset({"motorway", "trunk", "primary", "secondary"})
MOST_NAMED = 14
_PALE, _WHITE = 0.82, 0.95


Edge = tuple[str, str, dict[str, Any]]


class Track(NamedTuple):
    """The way between two stops, and the widths in points of the lines on it, by colour."""

    line: Flat
    colours: dict[str, float]


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
    """The rides of the timetable: heavy lines over thin ones and side by side where they share their way."""
    lines_of: dict[tuple[str, str], list[Edge]] = defaultdict(list)
    for edge in graph.edges(data=True):
        if edge[2]["kind"] == "ride":
            lines_of[edge[2]["mode"], edge[2]["route_id"]].append(edge)
    order = sorted(lines_of, key=lambda key: (HEAVY.get(key[0], 0.0), -_count_runs(lines_of[key]), key[1]))
    named, thin = [], defaultdict(list)
    tracks: dict[frozenset[str], Track] = {}
    for level, (mode, route_id) in enumerate(order):
        edges = lines_of[mode, route_id]
        lines = _list_lines(graph, frame, edges)
        if not lines:
            continue
        facts, colour = edges[0][2], find_colour(edges[0][2]["color"], MODE_COLOURS.get(mode, INK))
        if mode in HEAVY:
            for edge in edges:
                track = tracks.setdefault(frozenset(edge[:2]), Track(turn_east(_flatten(graph, frame, edge)), {}))
                track.colours[colour] = max(track.colours.get(colour, 0.0), HEAVY[mode])
            text = " ".join(dict.fromkeys(part for part in (facts["short_name"], facts["long_name"]) if part))
            named.append(Entry(Line2D([], [], color=colour, lw=HEAVY[mode]), text or route_id))
        else:
            _stroke(axes, lines, colour, THIN, 5 + level / len(order), (0, (4, 2)) if mode == "FERRY" else "solid")
            thin[mode].append(colour)
    _draw_tracks(axes, frame, list(tracks.values()))
    return [*_name_heavy(named[::-1], words), *_count_thin(thin, words)]


def _draw_tracks(axes: Axes, frame: Frame, tracks: list[Track]) -> None:
    """Colours of lines that share a way lie beside each other, always in the same order."""
    point_m = frame.width_m / axes.get_window_extent().width * axes.figure.dpi / 72
    strands: dict[tuple[float, str], list[Flat]] = defaultdict(list)
    for line, colours in tracks:
        width = max(colours.values()) * (1.0 if len(colours) == 1 else TOGETHER)
        for place, colour in enumerate(sorted(colours)):
            aside_m = (place - (len(colours) - 1) / 2) * width * point_m
            strands[width, colour].append(shift(line, aside_m))
    for number, (width, colour) in enumerate(sorted(strands)):
        shown = [line for line in strands[width, colour] if frame.shows(line)]
        _stroke(axes, shown, colour, width, 6.2 + 0.1 * number / len(strands))


def _stroke(axes: Axes, lines: list[Flat], colour: str, width: float, zorder: float, style: Any = "solid") -> None:
    """Lines on an edge that parts them from what they cross: white, or dark for colours that paper hardly shows."""
    edge, wider = (INK, 0.5) if measure_luminance(colour) > _PALE else (PAPER, 1.0)
    for tint, wide, dashes, level in ((edge, width + wider, "solid", 0.0), (colour, width, style, 0.002)):
        axes.add_collection(
            LineCollection(
                lines,
                colors=tint,
                linewidths=wide,
                linestyles=[dashes],
                zorder=zorder + level,
                capstyle="round",
                joinstyle="round",
            )
        )


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
    """``RRGGBB`` of a feed, unless it is none, or white."""
    is_colour = len(text) == 6 and not set(text) - set(hexdigits)
    return f"#{text}" if is_colour and measure_luminance(f"#{text}") < _WHITE else default


def measure_luminance(colour: str) -> float:
    """Of ``#RRGGBB``, 0 for black and 1 for white (weights of ITU-R BT.709)."""
    red, green, blue = (int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _count_runs(edges: list[Edge]) -> int:
    return sum(data["runs"] for *_, data in edges)


def _list_lines(graph: nx.MultiDiGraph, frame: Frame, edges: Iterable[Edge]) -> list[Flat]:
    """What of the edges is seen, there and back once."""
    lines: dict[tuple[Point, ...], Flat] = {}
    for edge in edges:
        points = _list_points(graph, edge)
        flat = frame.flatten(points)
        if frame.shows(flat):
            lines.setdefault(min(points, points[::-1]), flat)
    return list(lines.values())


def _list_points(graph: nx.MultiDiGraph, edge: Edge) -> tuple[Point, ...]:
    ends = (graph.nodes[node] for node in edge[:2])
    return edge[2].get("line") or tuple((end["lon"], end["lat"]) for end in ends)


def _flatten(graph: nx.MultiDiGraph, frame: Frame, edge: Edge) -> Flat:
    return frame.flatten(_list_points(graph, edge))


def _keep_shown(frame: Frame, points: list[Point]) -> Flat:
    flat = frame.flatten(points)
    x, y = flat.T
    shown: Flat = flat[(x >= 0) & (x <= frame.width_m) & (y >= 0) & (y <= frame.height_m)]
    return shown
