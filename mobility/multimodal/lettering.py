"""The words of a picture, and fonts that have their letters."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import NamedTuple

PLAIN = "DejaVu Sans"
"""Comes with matplotlib: Latin, Greek, Cyrillic and more."""
BLANK = "\N{WHITE SQUARE}"
WIDER = (
    "Noto Sans TC", "Noto Sans CJK TC", "Source Han Sans TC", "PingFang TC", "Microsoft JhengHei", "Heiti TC",
    "Noto Sans CJK JP", "Noto Sans CJK SC", "Noto Sans JP", "Noto Sans SC", "Noto Sans KR", "WenQuanYi Zen Hei",
    "Noto Sans", "Noto Sans Arabic", "Noto Sans Hebrew", "Noto Sans Thai", "Noto Sans Devanagari", "Arial Unicode MS",
)  # fmt: skip
"""Families with letters that the plain one lacks, those for Traditional Chinese first; used where installed."""
WORDS: Mapping[str, Mapping[str, str]] = {
    "en": {
        "stop": "Stop",
        "rail_stop": "Station",
        "walk": "Walk",
        "station": "{name}: station",
        "hire": "Ride to the next stations",
        "car_park": "Car park",
        "zone": "On-demand zone",
        "street": "Street",
        "routes": "{mode}: {count} routes",
        "route": "{mode}: 1 route",
        "more": "and {count} more lines",
        "day": "Network on {date}",
        "BUS": "Bus", "COACH": "Coach", "TRAM": "Tram", "SUBWAY": "Metro", "SUBURBAN": "Suburban rail",
        "RAIL": "Rail", "FERRY": "Ferry", "CABLE_CAR": "Cable car", "AERIAL_LIFT": "Aerial lift",
        "FUNICULAR": "Funicular", "OTHER": "Other",
    },
    "zh": {
        "stop": "站牌",
        "rail_stop": "車站",
        "walk": "步行",
        "station": "{name} 租賃站",
        "hire": "騎往鄰近站點",
        "car_park": "停車場",
        "zone": "需求反應式服務區",
        "street": "道路",
        "routes": "{mode}：{count} 條路線",
        "route": "{mode}：1 條路線",
        "more": "另有 {count} 條路線",
        "day": "{date} 路網",
        "BUS": "公車", "COACH": "客運", "TRAM": "輕軌", "SUBWAY": "捷運", "SUBURBAN": "通勤鐵路",
        "RAIL": "鐵路", "FERRY": "渡輪", "CABLE_CAR": "纜車", "AERIAL_LIFT": "空中纜車",
        "FUNICULAR": "地面纜車", "OTHER": "其他",
    },
}  # fmt: skip
"""By language; English where we have none."""


class Letters(NamedTuple):
    """``families`` for matplotlib, the first that has a letter draws it; ``missing`` are letters of none."""

    families: tuple[str, ...]
    missing: frozenset[str]

    def has(self, text: str) -> bool:
        """Whether a text can be written."""
        return self.missing.isdisjoint(text)

    def write(self, text: str) -> str:
        """The text with an empty box for each letter that is missing."""
        return text.translate(dict.fromkeys(map(ord, self.missing), BLANK))


def find_words(language: str) -> Mapping[str, str]:
    """The words of a language, or of its kind."""
    return WORDS.get(language.casefold().split("-", maxsplit=1)[0], WORDS["en"])


def choose_letters(texts: Iterable[str], wider: tuple[str, ...] = WIDER) -> Letters:
    """As few families as have all letters of these texts, the plain one first."""
    missing = frozenset().union(*map(frozenset, texts)) - _list_letters(PLAIN) - {"\n"}
    families = [PLAIN]
    for family in wider:
        letters = _list_letters(family) if missing else frozenset()
        if missing & letters:
            families.append(family)
            missing -= letters
    return Letters(tuple(families), missing)


@lru_cache(maxsize=64)
def _list_letters(family: str) -> frozenset[str]:
    """The letters of a family, none where it is not installed."""
    from matplotlib.font_manager import FontProperties, findfont, get_font  # noqa: PLC0415  (see picture.py)

    try:
        path = findfont(FontProperties(family=[family]), fallback_to_default=False)
    except ValueError:
        return frozenset()
    return frozenset(map(chr, get_font(path).get_charmap()))
