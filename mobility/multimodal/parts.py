"""What the whole network is made of: one planner's timetable, what stands around its stops, and its streets."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from mobility.network.build import Network
from mobility.network.places import StopPlaces
from mobility.network.routes import RouteTable
from mobility.network.shapes import Shapes
from mobility.planner.doors.surroundings import Supply
from mobility.streets.fallback import WithFallback
from mobility.streets.graph import StreetGraph
from mobility.streets.router import StreetRouter
from mobility.streets.streets_router import StreetNetworkRouter


class Parts(NamedTuple):
    """``router`` finds ways on the streets, or straight ones where there are none."""

    network: Network
    places: StopPlaces
    routes: RouteTable
    shapes: Shapes
    supply: Supply
    router: StreetRouter


def find_street_router(router: StreetRouter) -> StreetNetworkRouter | None:
    """Who knows the streets; None where ways are straight lines."""
    own = router.streets if isinstance(router, WithFallback) else router
    return own if isinstance(own, StreetNetworkRouter) else None


def find_streets(router: StreetRouter) -> StreetGraph | None:
    """The streets that a router knows; None where its ways are straight lines."""
    own = find_street_router(router)
    return own.graph if own else None


def choose_text(texts: Mapping[str, str], language: str, default: str = "") -> str:
    """The text in a language or one of its kinds (``zh`` is content with ``zh-TW``), else the default, else any."""
    wanted = language.casefold()
    fitting = (text for tag, text in texts.items() if wanted and f"{tag.casefold()}-".startswith(f"{wanted}-"))
    return next(fitting, default or next(iter(texts.values()), ""))
