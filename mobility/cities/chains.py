"""Station timetables become trips: which departure here is which departure at the next station.

Trains do not overtake on one track, so that departures of neighbouring stations belong together first in,
first out. A departure that no earlier train can explain starts a trip; one that the next station's list does
not take up ends it.
"""

from __future__ import annotations

from collections.abc import Sequence


def chain_departures(lists: Sequence[Sequence[int]], *, max_hop_s: int) -> list[tuple[int, tuple[int, ...]]]:
    """Trips from the ascending departures of stations in travel order: (first station, departures).

    A hop takes from 0 to ``max_hop_s`` seconds. Every departure belongs to exactly one trip.
    """
    finished: list[tuple[int, list[int]]] = []
    running: list[tuple[int, list[int]]] = []
    for station, departures in enumerate(lists):
        waiting = iter(running)
        running = []
        train = next(waiting, None)
        for time_s in departures:
            while train is not None and time_s - train[1][-1] > max_hop_s:
                finished.append(train)
                train = next(waiting, None)
            if train is not None and time_s >= train[1][-1]:
                train[1].append(time_s)
                running.append(train)
                train = next(waiting, None)
            else:
                running.append((station, [time_s]))
        if train is not None:
            finished.append(train)
        finished.extend(waiting)
    finished.extend(running)
    return sorted((start, tuple(times)) for start, times in finished)


def spread_equal(times_s: Sequence[int], step_s: int) -> tuple[int, ...]:
    """Times as published to the minute, each ``step_s`` after its predecessor where both show the same minute."""
    result: list[int] = []
    for time_s in times_s:
        result.append(max(time_s, result[-1] + step_s) if result and time_s <= result[-1] else time_s)
    return tuple(result)
