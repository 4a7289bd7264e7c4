"""Tables changed and put together: new tables, the old ones stay as they are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType
from typing import Any

import numpy as np

from gtfs import schema
from gtfs.feed import Column, Feed, Table
from gtfs.ingest.cells import absent_column, absent_value

ADDED_ROW = 0
"""The line of a record that no file has."""
Record = Mapping[str, Any]


def to_texts(values: Sequence[str]) -> Column:
    """A text column."""
    column = np.empty(len(values), object)
    column[:] = values
    return column


def with_column(table: Table, name: str, values: Sequence[str] | Column) -> Table:
    """The table with other values in one column, which its header then names."""
    header = table.header if table.has(name) else (*table.header, name)
    column = values if isinstance(values, np.ndarray) else to_texts(values)
    return replace(table, columns=MappingProxyType({**table.columns, name: column}), header=header)


def take(table: Table, places: Sequence[int]) -> Table:
    """Some records, in this order; one may stand there several times."""
    chosen = np.array(places, np.int64)
    columns = {name: column[chosen] for name, column in table.columns.items()}
    return replace(table, columns=MappingProxyType(columns), row=table.row[chosen])


def with_records(table: Table, records: Sequence[Record]) -> Table:
    """The table with records added; what they do not name is absent."""
    if not records:
        return table
    spec = schema.get_file(table.file)
    named = {name: None for record in records for name in record}
    columns = {}
    for field in spec.fields:
        absent = absent_value(field.kind)
        values = [record.get(field.name, absent) for record in records]
        columns[field.name] = np.array(values, absent_column(field.kind, 0).dtype)
    added = Table(table.file, columns, np.full(len(records), ADDED_ROW, np.int32), tuple(named))
    return join_tables(spec, [table, added])


def join_tables(spec: schema.FileSpec, tables: Sequence[Table]) -> Table:
    """The records of all tables, one after the other; columns that any of them has."""
    header = tuple(dict.fromkeys(name for table in tables for name in table.header))
    row = np.concatenate([table.row for table in tables])
    columns = {field.name: absent_column(field.kind, len(row)) for field in spec.fields}
    for name in header:
        if name:
            columns[name] = np.concatenate([_column_of(table, name) for table in tables])
    return Table(spec.name, MappingProxyType(columns), row, header)


def with_tables(feed: Feed, *tables: Table) -> Feed:
    """The feed with other tables; those that have records are present."""
    present = {table.file for table in tables if len(table)}
    changed = {table.file: table for table in tables}
    return replace(feed, tables=MappingProxyType({**feed.tables, **changed}), present=feed.present | present)


def _column_of(table: Table, name: str) -> Column:
    column = table.columns.get(name)
    return to_texts([""] * len(table)) if column is None else column
