"""Places and matches on the wire (MOTIS API v6, schemas ``Place``, ``Match``, ``Area``)."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from pydantic import Field

from api.schemas.wire import WireModel
from mobility.model import Mode


class Place(WireModel):
    """Where a leg starts, ends or calls. ``level`` is absent when unknown (v6) or 0 (v5)."""

    name: str
    lat: float
    lon: float
    stop_id: str | None = None
    level: float | None = None
    tz: str | None = None
    arrival: datetime | None = None
    departure: datetime | None = None
    scheduled_arrival: datetime | None = None
    scheduled_departure: datetime | None = None
    stop_code: str | None = None
    vertex_type: Literal["NORMAL", "BIKESHARE", "TRANSIT"] | None = None
    modes: list[Mode] | None = None
    flex: str | None = Field(default=None, description="FLEX: the name of the area, or else of the service.")
    flex_id: str | None = None
    flex_start_pickup_drop_off_window: datetime | None = None
    flex_end_pickup_drop_off_window: datetime | None = None


class Area(WireModel):
    """An administrative area that holds a match."""

    name: str
    admin_level: float
    matched: bool
    unique: bool | None = None
    default: bool | None = None


class Match(WireModel):
    """One answer to a search by text. ``names`` (ours) holds the name in each language known."""

    type: Literal["ADDRESS", "PLACE", "STOP"]
    tokens: list[list[int]] = Field(description="Matched ranges of the name: [start, length].")
    name: str
    id: str
    lat: float
    lon: float
    areas: list[Area]
    score: float
    tz: str | None = None
    modes: list[Mode] | None = None
    stop_code: str | None = None
    names: dict[str, str] | None = None
