"""What Chinese words for the build of a car park mean."""

from __future__ import annotations

from mobility.parking.facilities import Structure

_WORDS = {
    "平面": Structure.SURFACE,
    "立體": Structure.MULTI_STOREY,
    "地下": Structure.UNDERGROUND,
    "停車塔": Structure.TOWER,
    "塔式": Structure.TOWER,
    "機械": Structure.MECHANICAL,
}


def parse_structure(text: str) -> Structure:
    """The structure that a word names; UNKNOWN for any other."""
    return _WORDS.get(text.strip(), Structure.UNKNOWN)
