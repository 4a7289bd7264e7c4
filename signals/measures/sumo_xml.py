"""Streams elements out of SUMO's XML outputs, plain or gzipped, without holding the file in memory."""

from __future__ import annotations

import gzip
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from pathlib import Path


class MeasureError(Exception):
    """An output file that is missing, broken or does not belong to the others; the message says which."""


def iter_elements(path: Path, *tags: str) -> Iterator[ET.Element]:
    """Every element with one of the tags, complete with its children, in file order."""
    try:
        with gzip.open(path) if path.suffix == ".gz" else path.open("rb") as stream:
            parser = iter(ET.iterparse(stream, events=("start", "end")))  # noqa: S314  (expat refuses entity bombs)
            _, root = next(parser)
            for event, element in parser:
                if event == "end" and element.tag in tags:
                    yield element
                    root.clear()  # without this the tree grows to the size of the file
    except FileNotFoundError as error:
        raise MeasureError(f"{path}: there is no such file.") from error
    except (OSError, ET.ParseError) as error:
        raise MeasureError(f"{path}: not complete XML ({error}); was the simulation cut off?") from error


def get_number(element: ET.Element, name: str, path: Path) -> float:
    """An attribute as a number."""
    text = element.get(name)
    try:
        return float(text) if text is not None else float("nan")
    except ValueError as error:
        raise MeasureError(f"{path}: <{element.tag}> has {name}={text!r}, not a number.") from error
