"""What a feed calls things in other languages (GTFS Schedule, translations.txt)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass

from gtfs.feed import Feed
from gtfs.service_days import feed_language

Key = tuple[str, str, str]


@dataclass(frozen=True, slots=True)
class Translations:
    """Texts by language, under (table, field, record id) or under (table, field, the text translated)."""

    language: str
    """The feed's own."""
    by_record: Mapping[Key, Mapping[str, str]]
    by_value: Mapping[Key, Mapping[str, str]]

    def list_texts(self, table: str, field: str, record_id: str, text: str, language: str = "") -> dict[str, str]:
        """The text by language, its own among them: ``language``, or the feed's where that is left out."""
        own = language or self.language
        record = self.by_record.get((table, field, record_id)) if record_id else None
        translated = record or (self.by_value.get((table, field, text)) if text else None) or {}
        return ({own: text} if own and text else {}) | dict(translated)


def build_translations(feed: Feed) -> Translations:
    """Read translations.txt; a row with a record id holds for that record, another for each text like it."""
    table = feed["translations.txt"]
    by_record: dict[Key, dict[str, str]] = defaultdict(dict)
    by_value: dict[Key, dict[str, str]] = defaultdict(dict)
    columns = ("table_name", "field_name", "record_id", "field_value", "language", "translation")
    for name, field, record_id, value, language, text in zip(*(table[c].tolist() for c in columns), strict=True):
        if text and record_id:
            by_record[name, field, record_id][language] = text
        elif text and value:
            by_value[name, field, value][language] = text
    return Translations(feed_language(feed), dict(by_record), dict(by_value))
