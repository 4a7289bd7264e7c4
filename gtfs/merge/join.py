"""Several feeds as one, in which nothing means something else than it did in its own.

Records are joined file by file, calendars and all, so that the merged feed runs on every day of any of them. Stops
of different feeds stay apart: that one may walk between them is for the planner to see. Every trip keeps the clock
of its agency (``gtfs.service_days.list_timezones``), though the specification asks that a feed has one.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Any, Final

import numpy as np

from gtfs import schema
from gtfs.feed import ABSENT, Feed, Table
from gtfs.ingest import FeedUnreadable
from gtfs.merge.defaults import name_agencies
from gtfs.merge.fare_defaults import list_networks_apart, name_leg_groups, name_networks
from gtfs.merge.namespaces import SEPARATOR, name_apart
from gtfs.merge.tables import join_tables, take, with_records, with_tables
from gtfs.notices import Notice, Report, Severity
from gtfs.service_days import NoServiceDates, feed_timezone, service_dates

FEED_INFO: Final = "feed_info.txt"
TRANSLATIONS: Final = "translations.txt"
SEVERAL_LANGUAGES = "mul"


class MergeError(FeedUnreadable):
    """Feeds that cannot be merged as asked; the message is one line for the user."""


def merge_feeds(feeds: Mapping[str, tuple[Feed, Report]]) -> tuple[Feed, Report]:
    """The feeds under their tags as one; their notices, each with its tag before the file, and what merging found.

    The tables keep the lines of the files that their records came from; what was added has line 0.

    Raises:
        MergeError: A tag cannot be one.
    """
    for tag in feeds:
        if not tag or SEPARATOR in tag or not tag.isprintable():
            raise MergeError(f"{tag!r} cannot be put before ids: a tag is a short name without {SEPARATOR!r}")
    notices = [replace(n, file=f"{tag}/{n.file}") for tag, (_, report) in feeds.items() for n in report]
    notices += _list_conflicts({tag: feed for tag, (feed, _) in feeds.items()})
    apart: dict[str, Feed] = {}
    for tag, (feed, _) in feeds.items():
        apart[tag], found = name_agencies(name_apart(feed, tag), tag)
        apart[tag] = name_leg_groups(name_networks(apart[tag], tag), tag)
        notices += found
    if any(len(feed["route_networks.txt"]) for feed in apart.values()):
        apart = {tag: list_networks_apart(feed) for tag, feed in apart.items()}
    apart = _pin_translations(apart)
    info, found = _join_feed_info(apart)
    tables = {
        spec.name: join_tables(spec, [feed[spec.name] for feed in apart.values()]) for spec in schema.list_files()
    }
    tables[FEED_INFO] = info
    merged = Feed(
        "+".join(apart),
        MappingProxyType(tables),
        frozenset(file for feed in apart.values() for file in feed.present),
        MappingProxyType(_join_documents(apart)),
    )
    return merged, Report((*notices, *found))


def _list_conflicts(feeds: Mapping[str, Feed]) -> Iterator[Notice]:
    """What the merged feed cannot say as its parts did."""
    zones = {tag: feed_timezone(feed) for tag, feed in feeds.items()}
    if len(set(zones.values())) > 1:
        told = ", ".join(f"{tag} in {zone}" for tag, zone in zones.items())
        message = f"several time zones ({told}): every trip keeps the clock of its agency, which other programs may not"
        yield Notice("changtong_merged_timezones", Severity.WARNING, "agency.txt", 0, message)
    second = [tag for tag, feed in feeds.items() if len(feed["fare_leg_rules.txt"])]
    first = [tag for tag, feed in feeds.items() if tag not in second and len(feed["fare_attributes.txt"])]
    if first and second:
        message = (
            f"{', '.join(second)} has Fares v2, which go before Fares v1: rides of {', '.join(first)} stay unpriced"
        )
        yield Notice("changtong_merged_fares", Severity.WARNING, "fare_attributes.txt", 0, message)
    ranked = [tag for tag in second if feeds[tag]["fare_leg_rules.txt"].has("rule_priority")]
    mixed = [tag for tag in second if tag not in ranked and _has_free_areas(feeds[tag])]
    if ranked and mixed:
        message = f"rule_priority of {', '.join(ranked)} makes empty areas in rules of {', '.join(mixed)} mean any area"
        yield Notice("changtong_merged_fares", Severity.WARNING, "fare_leg_rules.txt", 0, message)
    yield from _list_gaps(feeds)


def _has_free_areas(feed: Feed) -> bool:
    table = feed["fare_leg_rules.txt"]
    ends = (table["from_area_id"], table["to_area_id"])
    return any((end == "").any() and (end != "").any() for end in ends)


def _list_gaps(feeds: Mapping[str, Feed]) -> Iterator[Notice]:
    """Feeds of which none runs while another does."""
    spans = {}
    for tag, feed in feeds.items():
        try:
            spans[tag] = service_dates(feed)
        except NoServiceDates:
            yield Notice("changtong_merged_dates", Severity.WARNING, "calendar.txt", 0, f"{tag} runs on no day")
    if spans and max(first for first, _ in spans.values()) > min(last for _, last in spans.values()):
        told = ", ".join(f"{tag} from {first} to {last}" for tag, (first, last) in spans.items())
        message = f"on no day do all of them run: {told}"
        yield Notice("changtong_merged_dates", Severity.WARNING, "calendar.txt", 0, message)


def _pin_translations(feeds: Mapping[str, Feed]) -> dict[str, Feed]:
    """A translation of a text (``field_value``) that another feed has too becomes one of each record that has it."""
    texts: dict[tuple[str, str], dict[str, set[str]]] = {}
    for feed in feeds.values():
        table = feed[TRANSLATIONS]
        for key in set(zip(table["table_name"].tolist(), table["field_name"].tolist(), strict=True)):
            if key not in texts:
                texts[key] = {tag: set(_texts_of(other, *key)) for tag, other in feeds.items()}
    return {tag: _pin(feed, tag, texts) for tag, feed in feeds.items()}


def _pin(feed: Feed, tag: str, texts: Mapping[tuple[str, str], Mapping[str, set[str]]]) -> Feed:
    table = feed[TRANSLATIONS]
    columns = [table[c].tolist() for c in ("table_name", "field_name", "language", "translation", "field_value")]
    known = set(zip(*columns[:3], table["record_id"].tolist(), strict=True))
    kept, records = [], []
    for place, (name, field, language, translation, value) in enumerate(zip(*columns, strict=True)):
        is_shared = any(value in own for other, own in texts[name, field].items() if other != tag)
        spec = _find_spec(name) if value and is_shared else None
        if spec is None or not spec.key:
            kept.append(place)
            continue
        rows = np.flatnonzero(feed[spec.name][field] == value)
        keys = [feed[spec.name][column][rows].tolist() for column in spec.key[:2]]
        for own in zip(*keys, strict=True):
            if (name, field, language, own[0]) not in known:
                said = {"table_name": name, "field_name": field, "language": language, "translation": translation}
                sub = {"record_sub_id": str(own[1])} if len(own) > 1 else {}
                records.append({**said, "record_id": own[0], **sub})
    return with_tables(feed, with_records(take(table, kept), records)) if records or len(kept) < len(table) else feed


def _texts_of(feed: Feed, name: str, field: str) -> list[str]:
    spec = _find_spec(name)
    column = feed[spec.name].columns.get(field) if spec else None
    return [] if column is None else column.tolist()


def _find_spec(table_name: str) -> schema.FileSpec | None:
    return next((spec for spec in schema.list_files() if spec.name == f"{table_name}.txt"), None)


def _join_feed_info(feeds: Mapping[str, Feed]) -> tuple[Table, list[Notice]]:
    """One record: names and versions one after the other, dates of the first and the last, else what all say alike."""
    whole = join_tables(schema.get_file(FEED_INFO), [feed[FEED_INFO] for feed in feeds.values()])
    if not len(whole):
        return whole, []
    tags = [tag for tag, feed in feeds.items() for _ in range(len(feed[FEED_INFO]))]
    record, notices = dict[str, Any](), []
    for name in dict.fromkeys(name for name in whole.header if name):
        values = dict(zip(tags, whole[name].tolist(), strict=True))
        said = {tag: value for tag, value in values.items() if value not in {"", ABSENT}}
        record[name] = _join_values(name, said, len(feeds))
        is_lost = name in DATES and said and record[name] == ABSENT
        if is_lost or (name not in JOINED and len(set(said.values())) > 1):
            told = ", ".join(f"{value} of {tag}" for tag, value in said.items())
            message = f"{name}: {told}; {'nothing' if record[name] in {'', ABSENT} else record[name]} was written"
            notices.append(Notice("changtong_merged_feed_info", Severity.INFO, FEED_INFO, 0, message))
    known = {field.name for field in schema.get_file(FEED_INFO).fields}
    joined = with_records(take(whole, []), [{name: value for name, value in record.items() if name in known}])
    for name in record.keys() - known:
        joined.columns[name][:] = record[name]
    return joined, notices


DATES = frozenset({"feed_start_date", "feed_end_date"})
JOINED = DATES | {"feed_publisher_name", "feed_version"}
"""Fields in which what each feed says is still to be read."""


def _join_values(name: str, said: Mapping[str, Any], count: int) -> Any:
    values = list(dict.fromkeys(said.values()))
    if name in DATES:
        # who names no date does not end: then the whole does not
        pick = min if name == "feed_start_date" else max
        return pick(values) if len(said) == count else ABSENT
    if name == "feed_publisher_name":
        return ", ".join(values)
    if name == "feed_version":
        return "; ".join(f"{tag} {version}" for tag, version in said.items())
    if name == "feed_lang" and len(values) > 1:
        return SEVERAL_LANGUAGES
    if name == "default_lang" and len(values) > 1:
        return ""
    return values[0] if values else ""


def _join_documents(feeds: Mapping[str, Feed]) -> dict[str, Any]:
    """The zones of all feeds in one ``locations.geojson``."""
    found = [feed.documents[schema.LOCATIONS] for feed in feeds.values() if schema.LOCATIONS in feed.documents]
    if not found:
        return {}
    features = [feature for document in found for feature in document["features"]]
    return {schema.LOCATIONS: {**found[0], "features": features}}
