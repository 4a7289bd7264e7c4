"""All known messages: who imports this can read every one of them."""

from signals.hardware.utc_v3 import detector, device, signal
from signals.hardware.utc_v3.registry import Info, Level, Unknown, decode_info, encode_info, list_kinds

__all__ = ["Info", "Level", "Unknown", "decode_info", "detector", "device", "encode_info", "list_kinds", "signal"]
