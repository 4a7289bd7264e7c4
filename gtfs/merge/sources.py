"""Where feeds are, as people write it: ``metro.zip,bus.zip`` or ``metro=a/gtfs.zip,bus=b/gtfs.zip``."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

from gtfs.feed import Feed
from gtfs.ingest import read_feed
from gtfs.merge.join import MergeError, merge_feeds
from gtfs.notices import Report

BETWEEN = ","
NAMED = re.compile(r"(?P<tag>[\w.+-]+)=(?P<path>.+)")


class NamedFeed(NamedTuple):
    """A zip or a folder, and the tag that its ids get where there are several."""

    tag: str
    path: Path


def parse_sources(text: str) -> tuple[NamedFeed, ...]:
    """One feed, or several with commas between them; a tag is the name of the file where none is given.

    Raises:
        MergeError: Two have one tag.
    """
    if Path(text).expanduser().exists():  # a path with a comma in it
        return (_name_feed(text),)
    feeds = tuple(_name_feed(part.strip()) for part in text.split(BETWEEN) if part.strip())
    check_tags(feeds)
    return feeds


def is_source(text: str) -> bool:
    """Whether it is written as a path of a feed, or of several: what else may be meant is the name of a city."""
    path = Path(text).expanduser()
    return path.is_file() or path.suffix == ".zip" or (path / "stops.txt").is_file() or BETWEEN in text


def format_sources(feeds: Sequence[NamedFeed]) -> str:
    """What ``parse_sources`` reads."""
    if len(feeds) == 1:
        return str(feeds[0].path)
    return BETWEEN.join(f"{feed.tag}={feed.path}" for feed in feeds)


def check_tags(feeds: Sequence[NamedFeed]) -> None:
    """Raises MergeError where two feeds have one tag."""
    paths: dict[str, Path] = {}
    for tag, path in feeds:
        if tag in paths:
            remedy = "name them apart: one=PATH,two=PATH, or --tag one --tag two"
            raise MergeError(f"{paths[tag]} and {path} are both called {tag}; {remedy}")
        paths[tag] = path


def tag_of(path: Path) -> str:
    """The name of the file, with what would be in the way in an id left out."""
    return re.sub(r"[^\w.+-]+", "_", path.name if path.is_dir() else path.stem).strip("_") or "feed"


def read_feeds(
    feeds: Sequence[NamedFeed], on_progress: Callable[[str, int, int], None] | None = None
) -> tuple[Feed, Report]:
    """One feed as it is, with its own ids; several merged.

    Raises:
        FeedUnreadable: There is none at one of the paths.
        MergeError: They cannot be merged as asked.
    """
    if len(feeds) == 1:
        return read_feed(feeds[0].path, on_progress)
    if not feeds:
        raise MergeError("no feed is named")
    check_tags(feeds)
    return merge_feeds({tag: read_feed(path.expanduser(), on_progress) for tag, path in feeds})


def _name_feed(text: str) -> NamedFeed:
    named = None if Path(text).expanduser().exists() else NAMED.fullmatch(text)
    path = Path(named["path"] if named else text).expanduser()
    return NamedFeed(named["tag"] if named else tag_of(path), path)
