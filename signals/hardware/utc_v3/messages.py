"""All known messages: who imports this can read every one of them."""

from signals.hardware.utc_v3 import every_device, signal_controller, signal_data, vehicle_detector
from signals.hardware.utc_v3.registry import Info, Level, Unknown, decode_info, encode_info, list_kinds

__all__ = [
    "Info", "Level", "Unknown", "decode_info", "encode_info", "every_device", "list_kinds", "signal_controller",
    "signal_data", "vehicle_detector",
]  # fmt: skip
