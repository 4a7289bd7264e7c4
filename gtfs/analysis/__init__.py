"""Describing and clipping feeds with gtfs_kit. Slow to import (pandas, geopandas): import it late."""

from gtfs.analysis.clip import Area, clip_feed
from gtfs.analysis.describe import Description, RouteDay, describe_feed
from gtfs.analysis.kit import NothingToShow

__all__ = ["Area", "Description", "NothingToShow", "RouteDay", "clip_feed", "describe_feed"]
