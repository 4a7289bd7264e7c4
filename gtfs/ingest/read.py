"""A zip or a folder into a feed and the notices of reading it.

Every file of the specification is read, whatever is broken in the others. A cell that cannot be read
becomes absent; a record is left out only where it has the wrong number of fields with text in the
surplus, or lacks a required part of its key, and a notice names its row either way.
"""

from __future__ import annotations

import csv
import gc
import json
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import MappingProxyType
from typing import IO, Any

import numpy as np

from gtfs import schema
from gtfs.feed import ABSENT, Column, Feed, Table
from gtfs.ingest.archive import DAMAGED, LOCKED, Archive, FeedUnreadable, Member, open_archive, open_text
from gtfs.ingest.cells import Converter, absent_column
from gtfs.ingest.records import Records
from gtfs.notices import Notice, Report, Severity

Progress = Callable[[str, int, int], None]
"""Called with the file's name, the bytes read so far and the bytes there are."""


def read_feed(path: str | Path, on_progress: Progress | None = None) -> tuple[Feed, Report]:
    """The feed at ``path`` and what was noticed while reading it.

    Raises:
        FeedUnreadable: There is no feed to read: the path is missing, not a zip, or holds no GTFS file.
    """
    path = Path(path)
    with open_archive(path) as archive, _collector_paused():
        notices = list(_list_archive_notices(archive))
        tables: dict[str, Table] = {}
        for spec in schema.list_files():
            member = archive.members.get(spec.name)
            if member is None:
                tables[spec.name] = _build_table(spec, (), {}, np.empty(0, dtype=np.int32))
                continue
            table, found = _read_member(path, spec, member, on_progress)
            tables[spec.name] = table
            notices += sorted(found, key=lambda notice: notice.row)
        documents, found = _read_documents(path, archive)
        notices += found
    feed = Feed(str(path), MappingProxyType(tables), frozenset(archive.members), MappingProxyType(documents))
    return feed, Report(tuple(notices))


@contextmanager
def _collector_paused() -> Iterator[None]:
    """Millions of short lists make the cycle collector take most of the time; none of them is a cycle."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


def _list_archive_notices(archive: Archive) -> Iterator[Notice]:
    for spec in schema.list_files():
        # a flexible service may do with zones alone (stops.txt, "conditionally required")
        is_excused = spec.name == "stops.txt" and schema.LOCATIONS in archive.members
        if spec.is_required and spec.name not in archive.members and not is_excused:
            message = "the feed has no such file, and every feed needs it"
            yield Notice("missing_required_file", Severity.ERROR, spec.name, 0, message)
    if archive.folder:
        message = f"the feed lies in the folder {archive.folder}/; put its files at the top of the zip"
        yield Notice("invalid_input_files_in_subfolder", Severity.WARNING, archive.folder, 0, message)
    for name in archive.strangers:
        message = "not a file of the specification; it was not read"
        yield Notice("unknown_file", Severity.INFO, name, 0, message)


def _read_member(
    path: Path, spec: schema.FileSpec, member: Member, on_progress: Progress | None
) -> tuple[Table, list[Notice]]:
    try:
        text = open_text(member)
    except LOCKED as error:
        raise FeedUnreadable(f"{path}: {spec.name} cannot be opened: {error}") from error
    try:
        with text:
            return _read_table(spec, text, member.size, on_progress)
    except DAMAGED as error:
        raise FeedUnreadable(f"{path}: {spec.name} cannot be read: {error}; download the feed again") from error


def _read_table(
    spec: schema.FileSpec, text: IO[str], size: int, on_progress: Progress | None
) -> tuple[Table, list[Notice]]:
    notices: list[Notice] = []
    line, names = _read_header(text)
    header = tuple(name.strip() for name in names)
    notices += _list_header_notices(spec, names, line)
    known = {f.name for f in spec.fields}
    extra = (schema.Field(name, schema.Kind.TEXT) for name in dict.fromkeys(header) if name and name not in known)
    converters = {f.name: Converter(f) for f in (*spec.fields, *extra) if f.name in header}
    places = {name: header.index(name) for name in converters}
    pieces: dict[str, list[Column]] = {name: [] for name in converters}
    lines: list[Column] = []
    for chunk in Records(spec.name, len(header), notices).chunks(text, line + 1):
        lines.append(chunk.lines)
        for name, converter in converters.items():
            raw = chunk.columns[places[name]]
            pieces[name].append(converter.convert(raw))
            notices += converter.list_notices(raw, chunk.lines, spec.name)
        if on_progress:
            on_progress(spec.name, text.buffer.tell(), size)  # type: ignore[attr-defined]  # a TextIOWrapper
    if header and spec.is_required and not any(len(piece) for piece in lines):
        notices.append(Notice("empty_file", Severity.ERROR, spec.name, 0, "there is no record below the header"))
    rows = np.concatenate(lines) if lines else np.empty(0, dtype=np.int32)
    columns = {name: np.concatenate(piece) for name, piece in pieces.items() if piece}
    return _build_table(spec, header, columns, rows), notices


def _read_header(text: IO[str]) -> tuple[int, list[str]]:
    """The line and the names of the header: the first line that is not empty."""
    for number, line in enumerate(text, start=1):
        if line.strip():
            try:
                return number, next(csv.reader([line.rstrip("\r\n")]))
            except csv.Error:
                return number, [line.strip()]
    return 0, []


def _list_header_notices(spec: schema.FileSpec, names: list[str], line: int) -> Iterator[Notice]:
    def note(code: str, severity: Severity, message: str) -> Notice:
        return Notice(code, severity, spec.name, line, message)

    if not names:
        yield note("empty_file", Severity.ERROR, "the file has no header")
        return
    known = {f.name for f in spec.fields}
    for place, name in enumerate(names, start=1):
        if not name.strip():
            yield note("empty_column_name", Severity.ERROR, f"column {place} has no name")
        elif name != name.strip():
            message = f"the column name {name!r} has blanks around it; remove them"
            yield note("leading_or_trailing_whitespaces", Severity.WARNING, message)
    for name, count in Counter(name.strip() for name in names).items():
        if name and count > 1:
            yield note("duplicated_column", Severity.ERROR, f"{name} stands there {count} times; the first is read")
        if name and name not in known:
            yield note(
                "unknown_column", Severity.INFO, f"{name} is not a field of the specification; it is kept as text"
            )
    present = {name.strip() for name in names}
    for missing in (f.name for f in spec.fields if f.is_required and f.name not in present):
        yield note("missing_required_column", Severity.ERROR, f"there is no column {missing}, and every feed needs it")


def _build_table(spec: schema.FileSpec, header: tuple[str, ...], columns: Mapping[str, Column], rows: Column) -> Table:
    whole = {f.name: absent_column(f.kind, len(rows)) for f in spec.fields} | dict(columns)
    usable = np.ones(len(rows), dtype=np.bool_)
    for name in spec.required_key:
        values = whole[name]
        usable &= (values != ABSENT) if values.dtype == np.int32 else (values != "").astype(np.bool_)
    if not usable.all():
        whole = {name: values[usable] for name, values in whole.items()}
        rows = rows[usable]
    return Table(spec.name, MappingProxyType(whole), rows, header)


def _read_documents(path: Path, archive: Archive) -> tuple[dict[str, Any], list[Notice]]:
    """``locations.geojson``: an object with a list of features, or a notice."""
    member = archive.members.get(schema.LOCATIONS)
    if member is None:
        return {}, []
    try:
        with open_text(member) as text:
            document = json.load(text)
    except (ValueError, RecursionError) as error:
        return {}, [Notice("malformed_json", Severity.ERROR, schema.LOCATIONS, 0, f"is not JSON: {error}")]
    except LOCKED as error:
        raise FeedUnreadable(f"{path}: {schema.LOCATIONS} cannot be read: {error}") from error
    if not isinstance(document, dict) or not isinstance(document.get("features"), list):
        message = "is not a GeoJSON FeatureCollection: it has no list of features"
        return {}, [Notice("malformed_json", Severity.ERROR, schema.LOCATIONS, 0, message)]
    return {schema.LOCATIONS: document}, []
