"""Places and matches, domain to wire, in the language asked for."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from api.schemas import place as wire
from mobility.model import Coordinate, Place
from mobility.service import Match

NUMBER = r"[+-]?\d{1,9}(?:\.\d*)?"
COORDINATE = re.compile(rf"\s*({NUMBER})\s*,\s*({NUMBER})\s*(?:,\s*({NUMBER})\s*)?")


@dataclass(frozen=True, slots=True)
class Wording:
    """How this reply is worded: languages by preference, time zone, and the API's version."""

    languages: tuple[str, ...]
    timezone: str
    version: int


def find_name(names: Mapping[str, str], languages: Sequence[str], default: str) -> str:
    """The name in the first language known: exact tag first, then the same primary language (RFC 4647)."""
    for language in languages:
        if language in names:
            return names[language]
        primary = language.split("-")[0].lower()
        for tag, name in names.items():
            if tag.split("-")[0].lower() == primary:
                return name
    return default


def find_coordinate(text: str) -> Coordinate | None:
    """``lat,lon[,level]`` as a coordinate; raises ``InvalidCoordinate`` when it is not on Earth."""
    found = COORDINATE.fullmatch(text)
    return Coordinate(float(found[1]), float(found[2])) if found else None


def to_place(place: Place, wording: Wording) -> wire.Place:
    """A place without times."""
    return wire.Place(
        name=find_name(place.names, wording.languages, place.name),
        lat=place.at.lat,
        lon=place.at.lon,
        stop_id=place.stop_id or None,
        # mandatory up to v5, absent when unknown since v6
        level=0 if wording.version < 6 else None,
        tz=wording.timezone,
        stop_code=place.code or None,
        vertex_type="TRANSIT" if place.stop_id else "NORMAL",
    )


def to_match(match: Match, text: str, wording: Wording) -> wire.Match:
    """A match of a search. A stop's id is what ``plan`` takes as a place."""
    place = match.place
    name = find_name(place.names, wording.languages, place.name)
    return wire.Match(
        type="STOP" if place.stop_id else "PLACE",
        tokens=_find_tokens(name, text),
        name=name,
        id=place.stop_id or f"{place.at.lat},{place.at.lon}",
        lat=place.at.lat,
        lon=place.at.lon,
        areas=[],
        score=match.score,
        tz=wording.timezone,
        modes=list(match.modes) or None,
        stop_code=place.code or None,
        names=dict(place.names) or None,
    )


def _find_tokens(name: str, text: str) -> list[list[int]]:
    folded, wanted = _fold(name), _fold(text.strip())
    start = folded.find(wanted)
    # folding that changes the length would shift the range
    return [[start, len(wanted)]] if wanted and start >= 0 and len(folded) == len(name) else []


def _fold(text: str) -> str:
    return unicodedata.normalize("NFKC", text).casefold().replace("臺", "台")
