"""Reading a feed: ``read_feed`` turns a zip or a folder into typed tables and a report of what was wrong."""

from gtfs.ingest.archive import FeedUnreadable
from gtfs.ingest.read import Progress, read_feed

__all__ = ["FeedUnreadable", "Progress", "read_feed"]
