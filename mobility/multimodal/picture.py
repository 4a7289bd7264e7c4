"""The network as a map to print: north is up, the legend beside it, a scale bar in the corner.

matplotlib stands in the extra ``sim``; whoever imports this module without it gets a ``GraphRefused`` that says so.
"""

from __future__ import annotations

import textwrap
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import networkx as nx
import numpy as np

from mobility.multimodal.frame import Frame, choose_bar_m, find_frame
from mobility.multimodal.labels import Box, Label, place_labels
from mobility.multimodal.layers import EVERYTHING, Layer
from mobility.multimodal.lettering import WIDER, Letters, choose_letters, find_words
from mobility.multimodal.refusals import GraphRefused, check_file

SUFFIXES = (".svg", ".png", ".pdf")
DPI = 150
MAP_INCHES = (9.0, 10.5)
"""The map fits into this."""
LEGEND_INCHES, HEAD_INCHES, FOOT_INCHES, EDGE_INCHES = 2.9, 0.75, 0.4, 0.25
LEGEND_LETTERS = 36
NAME_POINTS, NAME_GAP_POINTS = 6.5, 4.0
SAME_PLACE_POINTS = 30.0
"""A name stands once where its stops are so close on paper."""


@dataclass(frozen=True, slots=True)
class Look:
    """What is drawn, and what stands around the map. ``language`` (BCP-47) is that of the legend; ``sources`` who made
    the data. With the layer of walks also the walks and rides by bike are drawn that join places; they are many.
    """

    title: str
    language: str = ""
    sources: str = ""
    dpi: int = DPI
    layers: frozenset[Layer] = EVERYTHING - {Layer.WALKS}


@dataclass(frozen=True, slots=True)
class Drawn:
    """What the picture shows: its frame, how many names stand in it, how many no font here can write, and how many
    nodes of each kind lie outside.
    """

    frame: Frame
    names: int
    unwritten: int
    outside: dict[str, int]


def check_picture(path: Path) -> None:
    """Refuse a place where no picture can be written, before anything is built.

    Raises:
        GraphRefused: The folder is not there, or the name ends in nothing that we draw.
    """
    check_file(path, SUFFIXES, "for other programs there is `changtong network export`")


def draw_picture(
    graph: nx.MultiDiGraph, path: Path, look: Look, frame: Frame | None = None, fonts: tuple[str, ...] = WIDER
) -> Drawn:
    """Draw a multimodal graph; ``frame`` is what to show of it, where vehicles run if it is left out; ``fonts`` are
    tried for letters that the plain one lacks. The same graph makes the same bytes.

    Raises:
        GraphRefused: There is nothing to draw with, the file cannot be written, or the network is too wide for one map.
    """
    check_picture(path)
    try:
        import matplotlib as mpl  # noqa: PLC0415  (only where somebody wants a picture)
        from matplotlib.backends.backend_agg import FigureCanvasAgg  # noqa: PLC0415
        from matplotlib.figure import Figure  # noqa: PLC0415
    except ImportError as error:
        raise GraphRefused("a picture needs matplotlib: pip install 'changtong[sim]'") from error
    frame = frame or find_frame(graph)
    words = find_words(look.language)
    letters = choose_letters([*_list_texts(graph), *words.values(), look.title, look.sources], fonts)
    if not all(map(letters.has, words.values())):
        words = find_words("en")
    settings = {"font.family": list(letters.families), "svg.hashsalt": "changtong", "svg.fonttype": "path"}
    with mpl.rc_context(settings):
        figure = Figure(figsize=_find_size(frame))
        FigureCanvasAgg(figure)  # measures text
        axes = _open_axes(figure, frame)
        _draw_legend(figure, _draw_layers(axes, graph, frame, words, look.layers), letters)
        _draw_scale(axes, frame)
        _draw_words(figure, graph, look, words, letters)
        unwritten = [node for node, name in graph.nodes(data="name") if not letters.has(name)]
        named = _draw_names(figure, axes, graph, frame, frozenset(unwritten), look.layers)
        drawn = Drawn(frame, named, len(unwritten), _count_outside(graph, frame))
        _save(figure, path, look.dpi)
    return drawn


def _list_texts(graph: nx.MultiDiGraph) -> Iterator[str]:
    """All that may be written of a graph."""
    for _, data in graph.nodes(data=True):
        yield data["name"]
        yield data.get("operator", "")
    for *_, data in graph.edges(data=True):
        if data["kind"] == "ride":
            yield data["short_name"]
            yield data["long_name"]


def _find_size(frame: Frame) -> tuple[float, float]:
    scale = min(MAP_INCHES[0] / frame.width_m, MAP_INCHES[1] / frame.height_m)
    width, height = max(frame.width_m * scale, 3.0), max(frame.height_m * scale, 3.0)
    return width + LEGEND_INCHES + 2 * EDGE_INCHES, height + HEAD_INCHES + FOOT_INCHES


def _open_axes(figure: Any, frame: Frame) -> Any:
    from mobility.multimodal.strokes import GROUND  # noqa: PLC0415

    width, height = figure.get_size_inches()
    inside = (
        EDGE_INCHES / width,
        FOOT_INCHES / height,
        (width - LEGEND_INCHES - 2 * EDGE_INCHES) / width,
        (height - HEAD_INCHES - FOOT_INCHES) / height,
    )
    axes = figure.add_axes(inside, facecolor=GROUND, xticks=[], yticks=[], aspect="equal")
    axes.set(xlim=(0, frame.width_m), ylim=(0, frame.height_m))
    for spine in axes.spines.values():
        spine.set(color="#9aa0a6", linewidth=0.6)
    return axes


def _draw_layers(
    axes: Any, graph: nx.MultiDiGraph, frame: Frame, words: Mapping[str, str], layers: frozenset[Layer]
) -> list[Any]:
    """The layers from the ground up; their legend from the top down."""
    from mobility.multimodal import strokes  # noqa: PLC0415

    drawers = (
        (strokes.draw_streets, Layer.STREETS),
        (strokes.draw_zones, Layer.ZONES),
        (strokes.draw_ways, Layer.WALKS),
        (strokes.draw_car_parks, Layer.PARKING),
        (strokes.draw_stations, Layer.BIKES),
        (strokes.draw_stops, Layer.TRANSIT),
        (strokes.draw_lines, Layer.TRANSIT),
    )
    entries = [draw(axes, graph, frame, words) for draw, layer in drawers if layer in layers]
    return [entry for found in reversed(entries) for entry in found]


def _draw_legend(figure: Any, entries: list[Any], letters: Letters) -> None:
    from matplotlib.legend_handler import HandlerTuple  # noqa: PLC0415

    from mobility.multimodal.strokes import Overlaid  # noqa: PLC0415

    width, height = figure.get_size_inches()
    texts = ["\n".join(textwrap.wrap(letters.write(entry.text), LEGEND_LETTERS)) for entry in entries]
    figure.legend(
        [entry.handle for entry in entries],
        texts,
        loc="upper left",
        bbox_to_anchor=((width - LEGEND_INCHES - EDGE_INCHES / 2) / width, (height - HEAD_INCHES) / height),
        frameon=False,
        fontsize=8,
        handlelength=2.2,
        labelspacing=0.9,
        borderaxespad=0,
        handler_map={tuple: HandlerTuple(ndivide=None, pad=0.2), Overlaid: HandlerTuple(ndivide=1)},
    )


def _draw_scale(axes: Any, frame: Frame) -> None:
    """A bar at the lower left, with its length."""
    from mobility.multimodal.strokes import INK, PAPER  # noqa: PLC0415

    bar_m = choose_bar_m(frame.width_m)
    text = f"{bar_m / 1000:g} km" if bar_m >= 1000 else f"{bar_m:g} m"
    x, y = 0.025 * frame.width_m, 0.025 * frame.width_m
    axes.plot([x, x + bar_m], [y, y], color=PAPER, lw=4.5, solid_capstyle="butt", zorder=9)
    axes.plot([x, x + bar_m], [y, y], color=INK, lw=2, solid_capstyle="butt", zorder=9.1)
    axes.annotate(
        text, (x + bar_m / 2, y), xytext=(0, 3), textcoords="offset points", ha="center", va="bottom", fontsize=7.5,
        color=INK, zorder=9.1, path_effects=_halo(),
    )  # fmt: skip


def _draw_words(figure: Any, graph: nx.MultiDiGraph, look: Look, words: Mapping[str, str], letters: Letters) -> None:
    width, height = figure.get_size_inches()
    left, top = EDGE_INCHES / width, 1 - 0.17 / height
    figure.text(left, top, letters.write(look.title), fontsize=15, weight="bold", va="top")
    day = words["day"].format(date=graph.graph["service_date"])
    figure.text(left, 1 - 0.5 / height, day, fontsize=9, color="#5f6368", va="top")
    streets = graph.graph.get("streets", "")
    sources = [part for part in (look.sources, "" if streets in look.sources else streets) if part]
    if sources:
        told = textwrap.shorten(letters.write("; ".join(sources)), 200)
        figure.text(left, 0.14 / height, told, fontsize=6.5, color="#5f6368", va="bottom")


def _draw_names(
    figure: Any, axes: Any, graph: nx.MultiDiGraph, frame: Frame, unwritten: frozenset[str], layers: frozenset[Layer]
) -> int:
    """Zones and stations by name, those where most lines meet first; other stops only where there is no station."""
    from mobility.multimodal.strokes import INK, ZONE  # noqa: PLC0415

    pixels = figure.dpi / 72
    inside = axes.get_window_extent()
    chosen = [graph.nodes[node] for node in _choose_named(graph, layers) if node not in unwritten]
    shown = _list_shown(axes, chosen, frame)
    texts, labels = [], []
    for data, x, y in _keep_one_per_name(shown, SAME_PLACE_POINTS * pixels):
        is_zone = data["kind"] == "zone"
        text = figure.text(
            0, 0, data["name"], fontsize=NAME_POINTS + is_zone, color=ZONE if is_zone else INK, zorder=10,
            style="italic" if is_zone else "normal", path_effects=_halo(), va="bottom", transform=None,
        )  # fmt: skip
        extent = text.get_window_extent()
        labels.append(Label(x, y, extent.width, extent.height, (0.0 if is_zone else NAME_GAP_POINTS) * pixels))
        texts.append(text)
    signs = [data for _, data in graph.nodes(data=True) if data["kind"] == "car_park" and Layer.PARKING in layers]
    taken = [Box(inside.x0, inside.y0, inside.x0 + 0.32 * inside.width, inside.y0 + 0.06 * inside.width)]
    for half, found in ((2.5 * pixels, shown), (3.5 * pixels, _list_shown(axes, signs, frame))):
        taken += [Box(x - half, y - half, x + half, y + half) for data, x, y in found if data["kind"] != "zone"]
    placed = place_labels(labels, _list_line_pixels(axes), taken, Box(*inside.extents))
    for text, box in zip(texts, placed, strict=True):
        if box is None:
            text.remove()
            continue
        across, up = figure.transFigure.inverted().transform((box.left, box.low))
        text.set(x=across, y=up, transform=figure.transFigure)
    return sum(box is not None for box in placed)


def _choose_named(graph: nx.MultiDiGraph, layers: frozenset[Layer]) -> list[str]:
    """Who has a name in the picture, the most important first."""
    from mobility.multimodal.strokes import is_heavy_stop  # noqa: PLC0415

    routes: dict[str, set[str]] = defaultdict(set)
    for start, end, route in graph.edges(data="route_id"):
        if route is not None:
            routes[start].add(route)
            routes[end].add(route)
    nodes = graph.nodes(data=True)
    zones = [node for node, data in nodes if "area" in data and Layer.ZONES in layers]
    if Layer.TRANSIT not in layers:
        return zones
    stops = [node for node, data in nodes if data["kind"] == "stop"]
    named = [node for node in stops if is_heavy_stop(graph.nodes[node])] or [node for node in stops if routes[node]]
    return zones + sorted(named, key=lambda node: -len(routes[node]))


def _list_shown(
    axes: Any, places: list[Mapping[str, Any]], frame: Frame
) -> list[tuple[Mapping[str, Any], float, float]]:
    """Places within the frame, with their pixels."""
    inside = axes.get_window_extent()
    pixels = axes.transData.transform(frame.flatten((data["lon"], data["lat"]) for data in places))
    return [
        (data, x, y)
        for data, (x, y) in zip(places, pixels.tolist(), strict=True)
        if inside.x0 < x < inside.x1 and inside.y0 < y < inside.y1
    ]


def _count_outside(graph: nx.MultiDiGraph, frame: Frame) -> dict[str, int]:
    kinds = (
        data["kind"]
        for _, data in graph.nodes(data=True)
        if not (frame.south <= data["lat"] <= frame.north and frame.west <= data["lon"] <= frame.east)
    )
    return dict(sorted(Counter(kinds).items()))


def _keep_one_per_name(
    shown: list[tuple[Mapping[str, Any], float, float]], near: float
) -> list[tuple[Mapping[str, Any], float, float]]:
    kept: list[tuple[Mapping[str, Any], float, float]] = []
    for data, x, y in shown:
        if data["name"] and not any(
            other["name"] == data["name"] and abs(x - left) < near and abs(y - low) < near for other, left, low in kept
        ):
            kept.append((data, x, y))
    return kept


def _list_line_pixels(axes: Any) -> Any:
    """Points along the drawn heavy lines, close enough that a name cannot lie between two."""
    from mobility.multimodal.strokes import HEAVY  # noqa: PLC0415

    least = min(HEAVY.values())
    parts = []
    for lines in axes.collections:
        widths = getattr(lines, "get_segments", None) and lines.get_linewidths()
        if widths is None or not len(widths) or widths[0] < least:
            continue
        for line in lines.get_segments():
            at = axes.transData.transform(line)
            steps = np.maximum(np.ceil(np.hypot(*np.diff(at, axis=0).T) / 4), 1).astype(int)
            for (x, y), (to_x, to_y), count in zip(at[:-1], at[1:], steps, strict=True):
                share = np.arange(count)[:, None] / count
                parts.append(np.array([x, y]) + share * np.array([to_x - x, to_y - y]))
    return np.concatenate(parts) if parts else np.zeros((0, 2))


def _halo() -> list[Any]:
    from matplotlib.patheffects import withStroke  # noqa: PLC0415

    return [withStroke(linewidth=1.8, foreground="#ffffffd0")]


def _save(figure: Any, path: Path, dpi: int) -> None:
    dateless = {".svg": {"Date": None}, ".pdf": {"CreationDate": None}}.get(path.suffix, {})
    try:
        figure.savefig(path, dpi=dpi, metadata=dateless)
    except OSError as error:
        raise GraphRefused(f"{path} cannot be written: {error}") from error
