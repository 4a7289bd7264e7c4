"""A feed into a zip whose bytes depend on nothing but its content; reading it gives the feed again.

Cells that could not be read are absent, so that what is written is what was understood.
"""

from __future__ import annotations

import csv
import io
import json
import zipfile
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

from gtfs import schema
from gtfs.feed import ABSENT, Column, Feed, Table
from gtfs.schema import Kind

EPOCH = (1980, 1, 1, 0, 0, 0)
"""The oldest time stamp that a zip can hold: the same in every build."""


def write_feed(feed: Feed, path: Path) -> None:
    """Write the files that the feed has. What was at ``path`` stays until the new one is whole."""
    part = path.with_name(f"{path.name}.part")
    try:
        write_members(_list_members(feed), part)
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


def write_members(members: Iterable[tuple[str, bytes]], path: Path) -> None:
    """A zip of these files in the given order."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as archive:
        for name, content in members:
            entry = zipfile.ZipInfo(name, EPOCH)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.create_system = 3  # else the zip tells which system wrote it
            entry.external_attr = 0o644 << 16
            archive.writestr(entry, content)


def format_time(seconds: int) -> str:
    """Seconds of the service day as GTFS writes them; may exceed 24:00:00."""
    return f"{seconds // 3600:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}"


def _list_members(feed: Feed) -> Iterator[tuple[str, bytes]]:
    for spec in schema.list_files():
        if spec.name in feed.present:
            yield spec.name, _encode(spec, feed[spec.name])
    for name, document in feed.documents.items():
        yield name, json.dumps(document, ensure_ascii=False).encode()


def _encode(spec: schema.FileSpec, table: Table) -> bytes:
    kinds = {field.name: field.kind for field in spec.fields}
    names = [name for name in dict.fromkeys(table.header) if name]
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(names)
    if len(table):
        texts = [_to_texts(table[name], kinds.get(name, Kind.TEXT)) for name in names]
        writer.writerows(zip(*texts, strict=True))
    return out.getvalue().encode()


def _to_texts(column: Column, kind: Kind) -> list[str]:
    write: Callable[[int], str] | Callable[[float], str] = str
    if kind in schema.REAL:
        write = _format_real
    elif kind in schema.WHOLE:
        write = _format_clock if kind is Kind.TIME else _format_whole
    values: list[Any] = column.tolist()
    if write is str:
        return values
    texts = {value: write(value) for value in set(values)}
    return [texts[value] if value == value else "" for value in values]  # noqa: PLR0124  (NaN: absent)


def _format_whole(value: int) -> str:
    return "" if value == ABSENT else str(value)


def _format_clock(value: int) -> str:
    return "" if value == ABSENT else format_time(value)


def _format_real(value: float) -> str:
    """The shortest text that is read as the same number."""
    if value != value:  # noqa: PLR0124  (NaN: absent)
        return ""
    return str(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)
