"""Live changes in the words of the golden files: `live=t1:+300,t1@B:skipped,x9:added/R1/A-08:00/B-08:10`.

A word is `TRIP[!SERVICE-DATE][#START][@STOP]:CHANGE`. Changes of a trip: `+300` (seconds late from its first stop),
`cancelled`, `again-HH:MM` (once more), `replaced/STOP-HH:MM/...`, `added/ROUTE/STOP-HH:MM/...`. Changes at a stop:
`+300` (from there on), `HH:MM` (arrives then), `skipped`, `nodata`, `to-STOP` (another platform).
"""

import datetime as dt
import re

from mobility.live.updates import StopRelation, StopUpdate, TripRelation, TripUpdate

CLOCK = r"\d+:\d\d"


def clock(text):
    """HH:MM as seconds."""
    hours, minutes = text.split(":")
    return int(hours) * 3600 + int(minutes) * 60


def parse_live(text, date):
    """Updates; words of one trip make one update."""
    words = {}
    for word in text.split(","):
        # a start time has colons of its own
        found = re.fullmatch(r"([^:#]+)(?:#(\d+:\d\d)(@[^:]+)?)?:(.+)", word)
        name, start, place, change = found.groups()
        name, _, stop = (name + (place or "")).partition("@")
        trip, _, day = name.partition("!")
        key = trip, dt.date.fromisoformat(day) if day else date, clock(start) if start else None
        words.setdefault(key, []).append((stop, change))
    return [_update(*key, changes) for key, changes in words.items()]


def _update(trip, date, start_s, changes):
    facts = {"start_s": start_s}
    stops = []
    for stop, change in changes:
        if stop:
            stops.append(_stop_update(stop, change))
        elif change == "cancelled":
            facts["relation"] = TripRelation.CANCELLED
        elif change.startswith("again-"):
            facts |= {"relation": TripRelation.DUPLICATED, "start_s": clock(change[6:]), "new_trip_id": f"{trip}-again"}
        elif change.startswith("replaced/"):
            facts["relation"] = TripRelation.REPLACEMENT
            stops += _calls(change.split("/")[1:])
        elif change.startswith("added/"):
            facts |= {"relation": TripRelation.ADDED, "route_id": change.split("/")[1]}
            stops += _calls(change.split("/")[2:])
        else:
            facts["delay_s"] = int(change)
    return TripUpdate(trip, date, stops=tuple(stops), **facts)


def _calls(texts):
    times = [(stop, clock(time)) for stop, _, time in (text.partition("-") for text in texts)]
    return [StopUpdate(stop, arrival_s=time, departure_s=time) for stop, time in times]


def _stop_update(stop, change):
    if change == "skipped":
        return StopUpdate(stop, relation=StopRelation.SKIPPED)
    if change == "nodata":
        return StopUpdate(stop, relation=StopRelation.NO_DATA)
    if change.startswith("to-"):
        return StopUpdate(stop, assigned_stop_id=change[3:])
    if re.fullmatch(CLOCK, change):
        return StopUpdate(stop, arrival_s=clock(change))
    return StopUpdate(stop, arrival_delay_s=int(change))
