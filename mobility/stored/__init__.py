"""A network built once, opened in no time: the feed's tables, the network, and chosen days with their engines.

A store is a folder of versions (``mobility.network.versions``). A version holds ``network`` (tables and network) and
``days`` (what the engines of service days have computed, equal days once); with a map also ``streets``.
"""

from mobility.stored.build import BuildOptions, build_store
from mobility.stored.reading import StoredNetwork, describe_staleness, is_store, open_store, read_facts, verify_store
from mobility.stored.source import Source, find_source, with_streets

__all__ = [
    "BuildOptions",
    "Source",
    "StoredNetwork",
    "build_store",
    "describe_staleness",
    "find_source",
    "is_store",
    "open_store",
    "read_facts",
    "verify_store",
    "with_streets",
]
