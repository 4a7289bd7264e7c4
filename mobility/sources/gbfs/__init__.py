"""GBFS 1.0 to 3.x: documents in, a system of shared vehicles and its state out, with notices of what does not hold."""

from mobility.sources.gbfs.decode import DecodedState, DecodedSystem, apply_status, decode, decode_system
from mobility.sources.gbfs.documents import GbfsUnreadable, list_feeds, read_folder

__all__ = [
    "DecodedState",
    "DecodedSystem",
    "GbfsUnreadable",
    "apply_status",
    "decode",
    "decode_system",
    "list_feeds",
    "read_folder",
]
