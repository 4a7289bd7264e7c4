"""GBFS documents as they come: bytes or parsed JSON, from a folder or by the list in gbfs.json; versions 1.0 to 3.1."""

from __future__ import annotations

import datetime as dt
import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

from mobility.sources.notices import SourceNotice

Content = bytes | str | Mapping[str, Any]
Contents = Mapping[str, Content | None]
"""Documents by feed name (``station_status``), unread or parsed; None: it was asked for and did not come."""

NAMES = (
    "gbfs",
    "system_information",
    "vehicle_types",
    "station_information",
    "station_status",
    "free_bike_status",
    "vehicle_status",
    "system_regions",
    "system_pricing_plans",
    "geofencing_zones",
)
"""The feeds that are read."""

VERSIONS = ("1.0", "1.1", "2.0", "2.1", "2.2", "2.3", "3.0", "3.1")

FIRST_TIME = dt.datetime(2015, 11, 5, tzinfo=dt.UTC)
"""GBFS 1.0 was adopted then: no document is older."""


class GbfsUnreadable(Exception):  # noqa: N818  (it names what is wrong, as the other sources do)
    """The documents make no system at all; the message ends with the remedy."""


@dataclass(frozen=True, slots=True)
class Document:
    """One document, opened. ``version`` as published, "1.0" where it says none (1.0 had no such field);
    ``last_updated`` aware, None where it is missing or makes no sense; ``ttl_s`` when to ask again.
    """

    name: str
    version: str
    last_updated: dt.datetime | None
    ttl_s: int
    data: Mapping[str, Any]

    @property
    def file(self) -> str:
        """The file's name."""
        return f"{self.name}.json"

    @property
    def major(self) -> int:
        """The major version: 3 changed names, times and what zones mean."""
        head = self.version.partition(".")[0]
        return int(head) if head in {"1", "2", "3"} else 3


def read_folder(folder: Path, prefix: str = "") -> dict[str, bytes]:
    """Every known document ``<prefix><name>.json`` in a folder, unread.

    Raises:
        GbfsUnreadable: The folder is missing or holds none.
    """
    paths = {name: folder / f"{prefix}{name}.json" for name in NAMES}
    found = {name: path.read_bytes() for name, path in paths.items() if path.is_file()}
    if not found:
        raise GbfsUnreadable(f"{folder} holds no GBFS document: put {prefix}system_information.json and others there")
    return found


def list_feeds(index: Content, languages: Sequence[str] = ()) -> dict[str, str]:
    """The addresses by feed name of a gbfs.json; of 2.x in the first wanted language that it has, else its first.

    Raises:
        GbfsUnreadable: It lists no feed.
    """
    notices: list[SourceNotice] = []
    document = open_document("gbfs", index, notices)
    data: Any = document.data if document else {}
    if not isinstance(data.get("feeds"), list):
        by_language = {tag: entry for tag, entry in data.items() if isinstance(entry, dict)}
        tag = next((tag for tag in languages if tag in by_language), next(iter(by_language), ""))
        data = by_language.get(tag, {})
    feeds = data.get("feeds")
    entries = [feed for feed in feeds if isinstance(feed, dict)] if isinstance(feeds, list) else []
    found = {str(e["name"]): e["url"] for e in entries if e.get("name") and isinstance(e.get("url"), str)}
    if not found:
        reason = f" ({notices[0].message})" if notices else ""
        raise GbfsUnreadable(f"gbfs.json lists no feed{reason}: give the address of the operator's gbfs.json")
    return found


def open_document(name: str, content: Content | None, notices: list[SourceNotice]) -> Document | None:
    """Parse one document and its header; None, with a notice, where it holds no data."""
    file = f"{name}.json"
    if content is None:
        notices.append(SourceNotice("not_fetched", file, "", "did not come: what was read before stays in use; retry"))
        return None
    try:
        raw: Any = content if isinstance(content, Mapping) else json.loads(_text(content), parse_float=_exact)
    except (ValueError, RecursionError) as error:
        message = f"is no JSON ({error}): fetch it again, and tell the operator if it stays so"
        notices.append(SourceNotice("not_json", file, "", message))
        return None
    if not isinstance(raw, Mapping) or not isinstance(raw.get("data"), Mapping):
        message = "has no object under `data`: tell the operator; what was read before stays in use"
        notices.append(SourceNotice("no_data", file, "", message))
        return None
    version = raw.get("version", "1.0")
    if not isinstance(version, str) or version.partition("-")[0] not in VERSIONS:
        message = f"version {version!r} is none of GBFS ({', '.join(VERSIONS)}): read by what it holds; mend `version`"
        notices.append(SourceNotice("unknown_version", file, "", message))
        version = str(version) if isinstance(version, str | float | int | Decimal) else ""
    updated = read_instant(raw.get("last_updated"))
    if updated is None:
        message = f"last_updated {raw.get('last_updated')!r} is no time: taken as read just now; mend `last_updated`"
        notices.append(SourceNotice("bad_last_updated", file, "", message))
    ttl = raw.get("ttl")
    ttl_s = int(ttl) if isinstance(ttl, int) and not isinstance(ttl, bool) and 0 <= ttl < 10**7 else 0
    return Document(name, version, updated, ttl_s, raw["data"])


def read_instant(value: Any) -> dt.datetime | None:
    """A GBFS time: POSIX seconds (1.x, 2.x) or RFC 3339 (3.x); None where it is neither or before GBFS was."""
    try:
        if isinstance(value, str):
            found = dt.datetime.fromisoformat(value)
        elif isinstance(value, int | float | Decimal) and not isinstance(value, bool) and math.isfinite(value):
            found = dt.datetime.fromtimestamp(float(value), dt.UTC)
        else:
            return None
    except (ValueError, OverflowError, OSError):
        return None
    return found if found.tzinfo is not None and found >= FIRST_TIME else None


def _text(content: bytes | str) -> str:
    return content.decode("utf-8-sig") if isinstance(content, bytes) else content


def _exact(text: str) -> Decimal | float:
    try:
        return Decimal(text)
    except InvalidOperation:
        return float(text)
