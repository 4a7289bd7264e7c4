"""Rules that hold for every file: unique keys, and references that lead somewhere."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from gtfs import schema
from gtfs.feed import Column, Table
from gtfs.notices import Notice, Severity
from gtfs.rules.subject import Ints, Rule, Subject, factorize, list_rows


def check_keys(subject: Subject) -> Iterator[Notice]:
    """``duplicate_key``: a second record with the key of an earlier one."""
    for spec in schema.list_files():
        table = subject[spec.name]
        if len(table) < 2 or not any(table.has(name) for name in spec.key):
            continue
        code = _combine([table[name] for name in spec.key])
        if len(spec.key) == 1 and not spec.required_key:
            # an optional id (attribution_id) may be absent any number of times
            code = np.where(table[spec.key[0]] == "", -1 - np.arange(len(code)), code)
        _, first, inverse = np.unique(code, return_index=True, return_inverse=True)
        yield from _describe_duplicates(table, spec.key, first[inverse])


def _combine(columns: list[Column]) -> Ints:
    code = np.zeros(len(columns[0]), dtype=np.int64)
    for column in columns:
        values = np.nan_to_num(column, nan=-1e9) if column.dtype == np.float64 else column
        part = factorize(values)
        combined = code * (int(part.max()) + 1) + part
        # renumbered each time, so that the product never overflows
        code = combined if len(columns) < 3 else factorize(combined)
    return code


def _describe_duplicates(table: Table, key: tuple[str, ...], first: Ints) -> Iterator[Notice]:
    def describe(place: int) -> str:
        values = ", ".join(
            f"{name} {table[name][place]!s}" for name in key if str(table[name][place]) not in {"", "-1"}
        )
        return f"{values or 'the empty key'} stands already in row {table.row[first[place]]}"

    is_second = first != np.arange(len(first))
    yield from list_rows(table, is_second, "duplicate_key", Severity.ERROR, describe)


def check_references(subject: Subject) -> Iterator[Notice]:
    """``foreign_key_violation``: an id that no record of the file it refers to has.

    Silent where the file itself is missing and required: that is one notice already.
    """
    for spec in schema.list_files():
        table = subject[spec.name]
        for field in spec.fields:
            if len(table) and field.references and table.has(field.name):
                yield from _check_reference(subject, table, field)


def _check_reference(subject: Subject, table: Table, field: schema.Field) -> Iterator[Notice]:
    files = sorted({file for file, _ in field.references})
    if not any(file in subject.feed.present for file in files):
        is_reported = files == ["calendar.txt", "calendar_dates.txt"]
        if is_reported or any(file != schema.LOCATIONS and schema.get_file(file).is_required for file in files):
            return
    targets = {""}
    for file, column in field.references:
        targets.update(_list_targets(subject, file, column))
    values = table[field.name]
    broken = set(values.tolist()) - targets
    if not broken:
        return
    mask = np.fromiter((value in broken for value in values.tolist()), dtype=np.bool_, count=len(values))
    where = " or ".join(files)
    yield from list_rows(
        table,
        mask,
        "foreign_key_violation",
        Severity.ERROR,
        lambda place: f"{field.name} {values[place]!r} is not in {where}",
    )


def _list_targets(subject: Subject, file: str, column: str) -> list[str]:
    if file == schema.LOCATIONS:
        features = subject.feed.documents.get(schema.LOCATIONS, {}).get("features", [])
        return [str(feature["id"]) for feature in features if isinstance(feature, dict) and "id" in feature]
    return [str(value) for value in subject[file][column].tolist()]


RULES: tuple[Rule, ...] = (check_keys, check_references)
