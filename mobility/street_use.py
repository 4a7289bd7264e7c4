"""What a leg on the street counts on: a bike that is still there, a space to park in, a taxi that was booked.

Plain values, so that whatever finds them (``planner.doors``) and whatever tells them (``api``, the command) need not
know each other. Sentences are by BCP-47 language tag.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field

from mobility.model import Place

UNLIKELY: float = 0.5
"""Below this probability a person is warned."""


@dataclass(frozen=True, slots=True)
class Step:
    """A part of a way under one name. ``maneuver`` is how it begins, a ``relativeDirection`` of the MOTIS API v6
    (``streets.steps``); STAIRS for a part on stairs.
    """

    name: str
    distance_m: float
    maneuver: str


@dataclass(frozen=True, slots=True)
class Backup:
    """Where to go if it is gone: the place, how many seconds later one is under way, and how likely it is there."""

    place: Place
    extra_s: int
    probability: float


@dataclass(frozen=True, slots=True)
class Chance:
    """Whether something is usable at ``place`` on arrival. ``level`` is the last reading of ``capacity`` (None where
    there is none), ``age_s`` how old it was when the journey was planned; ``basis`` what the probability comes from:
    ``history``, ``prior`` (nothing was ever learned of the place), ``stale`` (the reading is too old to say much) or
    ``now`` (what was read, and no forecast).
    """

    place: Place
    probability: float
    basis: str
    level: int | None = None
    capacity: int | None = None
    age_s: int | None = None
    backup: Backup | None = None

    @property
    def is_unlikely(self) -> bool:
        """Whether a person should be warned."""
        return self.probability < UNLIKELY


@dataclass(frozen=True, slots=True)
class Hire:
    """A shared vehicle. ``names`` (of its kind), ``systems`` and ``operators`` by language; ``price`` is (amount, ISO
    4217 code) where known; ``return_constraint`` in words of GBFS.
    """

    system_id: str
    names: Mapping[str, str]
    form_factor: str
    propulsion: str
    pick_up: Chance | None = None
    drop_off: Chance | None = None
    price: tuple[float, str] | None = None
    vehicle_id: str = ""
    systems: Mapping[str, str] = field(default_factory=dict)
    operators: Mapping[str, str] = field(default_factory=dict)
    return_constraint: str = ""
    uris: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Parked:
    """The car park at the end of a drive. ``price`` is of a stay of ``stay_s``, None where its tariff does not say."""

    facility_id: str
    names: Mapping[str, str]
    space: Chance | None
    stay_s: int
    price: tuple[float, str] | None = None
    warnings: tuple[Mapping[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Served:
    """Where a vehicle on demand comes: id and name of the area, and between which moments (aware); no window where it
    comes at a fixed time.
    """

    place_id: str
    name: str
    window: tuple[dt.datetime, dt.datetime] | None = None


@dataclass(frozen=True, slots=True)
class Booking:
    """A vehicle that comes on demand. ``book_by`` is the last moment to book, None where none is needed beforehand;
    ``texts`` is all that one should know, in a sentence or two; ``served`` is where it picks up and drops off.
    """

    service_id: str
    names: Mapping[str, str]
    book_by: dt.datetime | None
    phone: str = ""
    url: str = ""
    texts: Mapping[str, str] = field(default_factory=dict)
    approximate: Mapping[str, str] = field(default_factory=dict)
    price: tuple[float, str] | None = None
    served: tuple[Served, Served] | None = None
