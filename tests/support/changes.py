"""How long a change takes by the rules of transfers.txt, read for one pair of trips: the oracle of the stop copies.

Stops are numbers on one line, ``STEP`` degrees apart; trip n is ``t<n>``.
"""

import math

from mobility.geodesy import EARTH_M

CHANGE_S = 120
STEP = 0.0015
"""Degrees of longitude between stops on the equator."""
SPECIFICITY = ["trip trip", "trip route", "route trip", "trip ", " trip", "route route", "route ", " route", " "]
TIES = {"route trip": "trip route", " trip": "trip ", " route": "route "}


def needed_s(rules, parents, routes, trip, here, next_trip, there):
    """Seconds from getting off ``trip`` to boarding ``next_trip``, None where one cannot change."""
    best = None
    for number, (a, b, from_route, to_route, from_trip, to_trip, kind, minimum) in enumerate(rules):
        if a not in (str(here), parents[here]) or b not in (str(there), parents[there]):
            continue
        if (from_trip and from_trip != f"t{trip}") or (to_trip and to_trip != f"t{next_trip}"):
            continue
        if not from_trip and from_route and from_route != routes[trip]:
            continue
        if not to_trip and to_route and to_route != routes[next_trip]:
            continue
        sides = ["trip" if t else "route" if r else "" for t, r in ((from_trip, from_route), (to_trip, to_route))]
        words = " ".join(sides)
        place = SPECIFICITY.index(TIES.get(words, words)), -(a == str(here)) - (b == str(there)), number
        if best is None or place < best[0]:
            best = place, kind, minimum
    if best is None:
        return CHANGE_S if here == there else None
    walk_s = math.ceil(EARTH_M * math.radians(round(abs(here - there) * STEP, 4)) * 1.3 / 1.33 - 1e-6)
    kind, minimum = best[1:]
    return {
        0: CHANGE_S if here == there else max(CHANGE_S, walk_s),
        1: 0 if here == there else walk_s,
        2: minimum,
        3: None,
    }[kind]
