"""Draws a network for its README: lanes as SUMO has them, signals as dots with their names."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from pathlib import Path

import matplotlib as mpl

mpl.use("Agg")  # before pyplot

from matplotlib import pyplot as plt
from matplotlib.collections import LineCollection


def _read_shape(text: str) -> list[tuple[float, float]]:
    pairs = [point.split(",") for point in text.split()]
    return [(float(pair[0]), float(pair[1])) for pair in pairs]


def draw_net(net: Path, picture: Path) -> None:
    """Write a PNG of the network."""
    root = ET.parse(net).getroot()  # noqa: S314  (our own file)
    lanes = [
        _read_shape(lane.attrib["shape"])
        for edge in root.iter("edge")
        if edge.get("function") not in {"walkingarea", "crossing"}
        for lane in edge.iter("lane")
        if lane.get("allow") != "pedestrian"
    ]
    signals = [j for j in root.iter("junction") if j.get("type") == "traffic_light"]
    xs, ys = zip(*(point for lane in lanes for point in lane), strict=True)
    width, height = max(xs) - min(xs), max(ys) - min(ys)
    figure, axis = plt.subplots(figsize=(9, max(2.5, 9 * height / width)), layout="constrained")
    axis.add_collection(LineCollection(lanes, colors="#56616b", linewidths=0.8))
    for signal in signals:
        x, y = float(signal.attrib["x"]), float(signal.attrib["y"])
        axis.plot(x, y, "o", color="#009E73", markersize=6)
        axis.annotate(signal.attrib["id"], (x, y), xytext=(8, 8), textcoords="offset points", fontsize=9)
    axis.set_aspect("equal")
    axis.autoscale()
    axis.set_xlabel("m")
    figure.savefig(picture, dpi=80)
    plt.close(figure)
