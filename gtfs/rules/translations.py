"""translations.txt: translations of something that is there."""

from __future__ import annotations

from collections.abc import Iterator

from gtfs import schema
from gtfs.notices import Notice, Severity
from gtfs.rules.subject import Rule, Subject, list_rows

NO_RECORD = "feed_info"
"""The one table with a single record, which takes neither record_id nor field_value."""


def check_tables(subject: Subject) -> Iterator[Notice]:
    """``translation_unknown_table_name``."""
    table = subject["translations.txt"]
    known = {spec.name.removesuffix(".txt") for spec in schema.list_files()}
    yield from list_rows(
        table,
        [n for n, name in enumerate(table["table_name"]) if name and name not in known],
        "translation_unknown_table_name",
        Severity.WARNING,
        lambda place: f"table_name {table['table_name'][place]!r} is no file of the specification (without .txt)",
    )


def check_records(subject: Subject) -> Iterator[Notice]:
    """``translation_foreign_key_violation`` and ``translation_unexpected_value``."""
    table = subject["translations.txt"]
    wanted = table["record_id"]
    lost: list[int] = []
    for place, (name, record) in enumerate(zip(table["table_name"], wanted, strict=True)):
        if record and name != NO_RECORD and not _has_record(subject, f"{name}.txt", record):
            lost.append(place)
    yield from list_rows(
        table,
        lost,
        "translation_foreign_key_violation",
        Severity.ERROR,
        lambda place: f"record_id {wanted[place]!r} is not in {table['table_name'][place]}.txt",
    )
    yield from list_rows(
        table,
        (wanted != "") & (table["field_value"] != ""),
        "translation_unexpected_value",
        Severity.ERROR,
        lambda _: "record_id and field_value exclude each other",
    )


def _has_record(subject: Subject, file: str, record: str) -> bool:
    """True where the file has it, or is not one whose records have an id."""
    try:
        spec = schema.get_file(file)
    except KeyError:
        return True
    return not spec.key or record in subject.index_of(file, spec.key[0])


RULES: tuple[Rule, ...] = (check_tables, check_records)
