"""Ids of one feed that no other feed can have: ``tag:id`` wherever an id stands.

Which columns hold ids is what ``gtfs.schema`` says; two more places hold them: ``translations.txt``, where
``record_id`` is the id of whatever ``table_name`` is, and the features of ``locations.geojson``.
"""

from __future__ import annotations

from dataclasses import replace
from types import MappingProxyType
from typing import Any

from gtfs import schema
from gtfs.feed import Column, Feed, Table
from gtfs.merge.tables import to_texts, with_column

SEPARATOR = ":"
"""Never part of a tag, so that no id of one feed can look like one of another."""
TRANSLATIONS = "translations.txt"


def tag_id(tag: str, own: str) -> str:
    """The id in the merged feed; an absent one stays absent."""
    return f"{tag}{SEPARATOR}{own}" if own else ""


class _Names(dict[str, str]):
    """Ids to tagged ids, each made once: millions of cells share a few thousand texts."""

    def __init__(self, tag: str) -> None:
        super().__init__()
        self.tag = tag

    def __missing__(self, own: str) -> str:
        self[own] = tag_id(self.tag, own)
        return self[own]

    def convert(self, column: Column) -> Column:
        """A whole column."""
        return to_texts(list(map(self.__getitem__, column.tolist())))


def name_apart(feed: Feed, tag: str) -> Feed:
    """The feed with all its ids tagged."""
    names = _Names(tag)
    tables = {spec.name: _tag_table(spec, feed[spec.name], names) for spec in schema.list_files()}
    tables[TRANSLATIONS] = _tag_translations(tables[TRANSLATIONS], names)
    documents = {name: _tag_document(document, names) for name, document in feed.documents.items()}
    return replace(feed, tables=MappingProxyType(tables), documents=MappingProxyType(documents))


def _tag_table(spec: schema.FileSpec, table: Table, names: _Names) -> Table:
    if spec.name == TRANSLATIONS:
        return table
    ids = {
        field.name: names.convert(table[field.name])
        for field in spec.fields
        if field.kind is schema.Kind.ID and table.has(field.name)
    }
    return replace(table, columns=MappingProxyType({**table.columns, **ids}))


def _tag_translations(table: Table, names: _Names) -> Table:
    """``record_id`` is the first field of the other table's key and ``record_sub_id`` the second, be they ids."""
    for place, column in enumerate(("record_id", "record_sub_id")):
        if table.has(column):
            pairs = zip(table["table_name"].tolist(), table[column].tolist(), strict=True)
            table = with_column(table, column, [names[own] if _is_id_key(name, place) else own for name, own in pairs])
    return table


def _is_id_key(table_name: str, place: int) -> bool:
    try:
        spec = schema.get_file(f"{table_name}.txt")
    except KeyError:
        return False
    kinds = {field.name: field.kind for field in spec.fields}
    return place < len(spec.key) and kinds[spec.key[place]] is schema.Kind.ID


def _tag_document(document: Any, names: _Names) -> Any:
    features = [
        {**feature, "id": names[str(feature["id"])]} if isinstance(feature, dict) and feature.get("id") else feature
        for feature in document["features"]
    ]
    return {**document, "features": features}
