"""routes.txt: names that riders can read and tell apart."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from gtfs.notices import Notice, Severity
from gtfs.rules.subject import Rule, Subject, factorize, list_rows

LONGEST_SHORT_NAME = 12
"""Characters; GTFS Schedule, route_short_name."""
LEAST_CONTRAST = 72
"""Of luma, of 255: the canonical validator's limit."""


def check_names(subject: Subject) -> Iterator[Notice]:
    """``route_both_short_and_long_name_missing`` and what else names can lack."""
    routes = subject["routes.txt"]
    short, long, description = routes["route_short_name"], routes["route_long_name"], routes["route_desc"]
    yield from list_rows(
        routes,
        (short == "") & (long == ""),
        "route_both_short_and_long_name_missing",
        Severity.ERROR,
        lambda place: f"route {routes['route_id'][place]} has neither route_short_name nor route_long_name",
    )
    yield from list_rows(
        routes,
        [place for place, name in enumerate(short) if len(name) > LONGEST_SHORT_NAME],
        "route_short_name_too_long",
        Severity.WARNING,
        lambda place: f"route_short_name {short[place]!r} has more than {LONGEST_SHORT_NAME} characters",
    )
    yield from list_rows(
        routes,
        (description != "") & ((description == short) | (description == long)),
        "same_name_and_description_for_route",
        Severity.WARNING,
        lambda place: f"route_desc repeats the name {description[place]!r}; leave it empty",
    )


def check_distinct(subject: Subject) -> Iterator[Notice]:
    """``duplicate_route_name``: two routes of one agency and mode with the same names."""
    routes = subject["routes.txt"]
    names = [factorize(routes[column]) for column in ("route_short_name", "route_long_name", "route_type", "agency_id")]
    if not len(routes):
        return
    _, first, inverse = np.unique(np.stack(names, axis=1), axis=0, return_index=True, return_inverse=True)
    earlier = first[inverse.ravel()]
    is_named = (routes["route_short_name"] != "") | (routes["route_long_name"] != "")
    yield from list_rows(
        routes,
        (earlier != np.arange(len(routes))) & is_named.astype(np.bool_),
        "duplicate_route_name",
        Severity.WARNING,
        lambda place: (
            f"route {routes['route_id'][place]} has the names of route {routes['route_id'][earlier[place]]} "
            f"in row {routes.row[earlier[place]]}"
        ),
    )


def check_agency(subject: Subject) -> Iterator[Notice]:
    """``missing_required_field``: with several agencies a route names its own."""
    routes = subject["routes.txt"]
    if len(subject["agency.txt"]) > 1:
        yield from list_rows(
            routes,
            routes["agency_id"] == "",
            "missing_required_field",
            Severity.ERROR,
            lambda place: f"route {routes['route_id'][place]} needs an agency_id: the feed has more than one agency",
        )


def check_colors(subject: Subject) -> Iterator[Notice]:
    """``route_color_contrast``: text that cannot be read on its own colour."""
    routes = subject["routes.txt"]
    pairs = zip(routes["route_color"], routes["route_text_color"], strict=True)
    weak = [
        place
        for place, (back, text) in enumerate(pairs)
        if back and text and None not in {luma := _luma(back), other := _luma(text)} and _is_close(luma, other)
    ]
    yield from list_rows(
        routes,
        weak,
        "route_color_contrast",
        Severity.WARNING,
        lambda place: f"{routes['route_text_color'][place]} cannot be read on {routes['route_color'][place]}",
    )


def _is_close(luma: float | None, other: float | None) -> bool:
    return luma is not None and other is not None and abs(luma - other) < LEAST_CONTRAST


def _luma(color: str) -> float | None:
    """Rec. 601 luma, 0..255; None where it is not a colour."""
    try:
        red, green, blue = bytes.fromhex(color)
    except ValueError:
        return None
    return 0.30 * red + 0.59 * green + 0.11 * blue


def check_use(subject: Subject) -> Iterator[Notice]:
    """``changtong_unused_route``: a route without trips."""
    routes, trips = subject["routes.txt"], subject["trips.txt"]
    if not len(trips):
        return
    used = set(trips["route_id"].tolist())
    yield from list_rows(
        routes,
        [place for place, route in enumerate(routes["route_id"]) if route not in used],
        "changtong_unused_route",
        Severity.WARNING,
        lambda place: f"route {routes['route_id'][place]} has no trips",
    )


RULES: tuple[Rule, ...] = (check_names, check_distinct, check_agency, check_colors, check_use)
