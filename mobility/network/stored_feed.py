"""The tables of a feed in a store: numbers as they are, texts by what they say, read when first asked for.

A column of texts repeats itself, so that each distinct text is kept once and every row holds its number.
Columns that the file does not have are made anew from the specification.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Any

import numpy as np

from gtfs import schema
from gtfs.feed import Column, Feed, Table
from gtfs.ingest.cells import absent_column
from gtfs.notices import Notice, Report, Severity
from mobility.network.packing import load_texts, save_texts
from mobility.network.store import AnyArray, Facts

NOTICE_TEXTS = ("code", "severity", "file", "message")


def save_feed(feed: Feed, report: Report, arrays: dict[str, AnyArray]) -> dict[str, Any]:
    """Add the feed's tables and notices to ``arrays``; the facts that go with them."""
    headers = {}
    for file, table in feed.tables.items():
        if not table.header:
            continue
        headers[file] = list(table.header)
        arrays[f"feed/{file}/"] = table.row
        for name in dict.fromkeys(table.header):
            if len(table) and name:
                _save_column(table[name], f"{file}/{name}", arrays)
    for field in NOTICE_TEXTS:
        save_texts((str(getattr(notice, field)) for notice in report), f"notices/{field}", arrays)
    arrays["notices/row"] = np.array([notice.row for notice in report], np.int64)
    save_texts([json.dumps(dict(feed.documents), ensure_ascii=False)], "feed/documents", arrays)
    return {"source": feed.source, "headers": headers, "present": sorted(feed.present)}


def load_feed(facts: Facts, arrays: Mapping[str, AnyArray]) -> Feed:
    """The feed of ``save_feed``."""
    headers: Mapping[str, list[str]] = facts["headers"]
    tables = {spec.name: _load_table(spec, tuple(headers.get(spec.name, ())), arrays) for spec in schema.list_files()}
    documents = json.loads(load_texts(arrays, "feed/documents")[0])
    return Feed(facts["source"], MappingProxyType(tables), frozenset(facts["present"]), MappingProxyType(documents))


def load_report(arrays: Mapping[str, AnyArray]) -> Report:
    """The notices of ``save_feed``."""
    texts = (load_texts(arrays, f"notices/{field}") for field in NOTICE_TEXTS)
    rows = zip(*texts, arrays["notices/row"].tolist(), strict=True)
    return Report(
        tuple(Notice(code, Severity(severity), file, row, message) for code, severity, file, message, row in rows)
    )


class StoredColumns(Mapping[str, Column]):
    """The columns of a table; each is made when first asked for."""

    def __init__(
        self, spec: schema.FileSpec, header: tuple[str, ...], rows: int, arrays: Mapping[str, AnyArray]
    ) -> None:
        """Nothing is read yet."""
        self._kinds = {field.name: field.kind for field in spec.fields}
        self._names = tuple(dict.fromkeys([*self._kinds, *(name for name in header if rows and name)]))
        self._file = spec.name
        self._rows = rows
        self._arrays = arrays
        self._made: dict[str, Column] = {}

    def __getitem__(self, name: str) -> Column:
        column = self._made.get(name)
        if column is None:
            column = self._made[name] = self._make(name)
        return column

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)

    def __contains__(self, name: object) -> bool:
        return name in self._names

    def _make(self, name: str) -> Column:
        found = self._arrays.get(f"feed/{self._file}/{name}")
        if found is None:
            return absent_column(self._kinds[name], self._rows)
        texts = f"texts/{self._file}/{name}"
        if f"{texts}.ends" not in self._arrays:
            return found
        distinct = np.empty(len(self._arrays[f"{texts}.ends"]), object)
        distinct[:] = load_texts(self._arrays, texts)
        column: Column = distinct[found]
        return column


def _save_column(column: Column, name: str, arrays: dict[str, AnyArray]) -> None:
    if column.dtype != object:
        arrays[f"feed/{name}"] = column
        return
    number_of: dict[str, int] = {}
    numbers = (number_of.setdefault(text, len(number_of)) for text in column.tolist())
    arrays[f"feed/{name}"] = np.fromiter(numbers, np.int32, len(column))
    save_texts(number_of, f"texts/{name}", arrays)


def _load_table(spec: schema.FileSpec, header: tuple[str, ...], arrays: Mapping[str, AnyArray]) -> Table:
    rows = arrays[f"feed/{spec.name}/"] if header else np.zeros(0, np.int32)
    return Table(spec.name, StoredColumns(spec, header, len(rows), arrays), rows, header)
