"""Several feeds into one: ids namespaced, what a feed left unsaid said, and what conflicts told."""

from gtfs.merge.join import MergeError, merge_feeds
from gtfs.merge.namespaces import tag_id
from gtfs.merge.sources import NamedFeed, check_tags, format_sources, is_source, parse_sources, read_feeds, tag_of

__all__ = [
    "MergeError",
    "NamedFeed",
    "check_tags",
    "format_sources",
    "is_source",
    "merge_feeds",
    "parse_sources",
    "read_feeds",
    "tag_id",
    "tag_of",
]
