"""Rail trips: from departures at the terminals and run times, or from the timetable of every station.

A train dwells ``dwell_s`` at a station before the published departure, never more than a third of the hop.
A circular line's trip ends where it began: its first station is called at twice.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from mobility.cities.blocks import link_blocks
from mobility.cities.catalog import City
from mobility.cities.chains import chain_departures, spread_equal
from mobility.cities.errors import TableError
from mobility.cities.tables import Fact, read_facts
from mobility.cities.timed_trip import TimedTrip

LineKey = tuple[str, str]
"""System and line: ``("KRTC", "R")``."""
HopKey = tuple[str, str, str, str, str, str]
"""System, line, direction, profile, from, to."""

DayKey = tuple[str, str, str, str]
"""System, line, direction, service."""

REGULAR = "regular"
"""The profile of run times of every train that the table of departures gives no other."""


@dataclass(frozen=True, slots=True)
class RailLine:
    """A line and its stations in direction 0."""

    fact: Fact
    stations: tuple[Fact, ...]

    @property
    def is_circular(self) -> bool:
        """True when a trip ends where it began."""
        return self.fact.flag("is_circular")

    def codes(self, direction: str) -> tuple[str, ...]:
        """The stations in travel order; on a circular line the first one again at the end."""
        codes = [station["code"] for station in self.stations]
        if self.is_circular:
            codes.append(codes[0])
        return tuple(codes if direction == "0" else codes[::-1])


@dataclass(frozen=True, slots=True)
class RailTables:
    """What rail trips are made of."""

    lines: Mapping[LineKey, RailLine]
    hops: Mapping[HopKey, Fact]


def read_rail(city: City) -> RailTables:
    """The lines with their stations, and the run times."""
    stations: dict[LineKey, list[Fact]] = {}
    for fact in read_facts(city, "stations"):
        stations.setdefault((fact["system"], fact["line"]), []).append(fact)
    lines = {}
    for fact in read_facts(city, "lines"):
        key = (fact["system"], fact["line"])
        if key not in stations:
            fact.refuse(f"line {key[1]} has no station in stations.csv")
        lines[key] = RailLine(fact, tuple(sorted(stations[key], key=lambda f: f.integer("seq"))))
    hops = {
        (f["system"], f["line"], f["direction"], f["profile"], f["from"], f["to"]): f for f in read_facts(city, "links")
    }
    return RailTables(lines, hops)


def build_rail_trips(city: City, rail: RailTables) -> list[TimedTrip]:
    """Every trip of every line; on a circular line the trips that riders may stay aboard for share a block."""
    trips = list(_list_trips(city, rail))
    circular = {line.fact["route_id"] for line in rail.lines.values() if line.is_circular}
    if not circular:
        return trips
    linked = link_blocks(
        [trip for trip in trips if trip.route_id in circular],
        max_wait_s=int(city.get_number("chain", "through_s")),
        basis=city.get_basis("chain", "through_basis"),
    )
    return [*(trip for trip in trips if trip.route_id not in circular), *linked]


def _list_trips(city: City, rail: RailTables) -> Iterator[TimedTrip]:
    """Trips numbered by departure."""
    number: dict[tuple[str, str, str], int] = {}
    for line, fact, start, departures, basis in _runs(city, rail):
        direction, service = fact["direction"], fact["service"]
        codes = line.codes(direction)[start : start + len(departures)]
        route_id = line.fact["route_id"]
        count = number[route_id, direction, service] = number.get((route_id, direction, service), 0) + 1
        yield TimedTrip(
            trip_id=f"{route_id}-{direction}-{service}-{count:03d}",
            route_id=route_id,
            service_id=service,
            direction=int(direction),
            headsign=_headsign(city, line, direction, codes[-1]),
            stop_ids=tuple(f"{line.fact['system']}-{code}" for code in codes),
            arrivals_s=_arrivals(departures, line.fact.integer("dwell_s")),
            departures_s=tuple(departures),
            basis=basis,
            wheelchair=line.fact.integer("wheelchair"),
            bikes=line.fact.integer("bikes"),
        )


Run = tuple[RailLine, Fact, int, tuple[int, ...], frozenset[str]]


def _runs(city: City, rail: RailTables) -> Iterator[Run]:
    """Line, row of the table, index of the first station, departures, what is approximate; a direction's
    trains of a day in order, whatever their profile.
    """
    groups: dict[DayKey, list[Run]] = {}
    for fact in read_facts(city, "departures"):
        groups.setdefault(_day_key(fact), []).extend(_terminal_runs(rail, fact))
    lists: dict[DayKey, list[Fact]] = {}
    for fact in read_facts(city, "station_departures"):
        lists.setdefault(_day_key(fact), []).append(fact)
    for key, facts in lists.items():
        groups.setdefault(key, []).extend(_chained_runs(city, rail, facts))
    for runs in groups.values():
        yield from sorted(runs, key=lambda run: (run[3][0], run[2]))


def _day_key(fact: Fact) -> DayKey:
    return (fact["system"], fact["line"], fact["direction"], fact["service"])


def _terminal_runs(rail: RailTables, fact: Fact) -> Iterator[Run]:
    line = _line(rail, fact)
    codes = line.codes(fact["direction"])
    for end, code in (("from", codes[0]), ("to", codes[-1])):
        if fact[end] != code:
            fact.refuse(f"{end} is {fact[end]!r}, but this direction of the line runs {codes[0]} to {codes[-1]}")
    offsets, basis = [0], {fact.basis}
    for a, b in itertools.pairwise(codes):
        hop = _hop(rail, fact, fact["profile"], a, b)
        offsets.append(offsets[-1] + hop.integer("seconds"))
        basis.add(hop.basis)
    for time_s in fact.times_s("times"):
        yield line, fact, 0, tuple(time_s + offset for offset in offsets), frozenset(basis - {""})


def _chained_runs(city: City, rail: RailTables, facts: Sequence[Fact]) -> Iterator[Run]:
    line = _line(rail, facts[0])
    codes = line.codes(facts[0]["direction"])
    by_station = {fact["station"]: fact for fact in facts}
    last = len(codes) - 1
    missing = [code for code in codes[:last] if code not in by_station]
    if missing:
        raise TableError(facts[0].file, facts[0].row, f"no list of departures for {', '.join(missing)}")
    lists = [by_station[code].times_s("times") for code in codes[:last]]
    hop = _hop(rail, facts[0], REGULAR, codes[-2], codes[-1])
    step_s = int(city.get_number("chain", "same_minute_s"))
    for start, times in chain_departures(lists, max_hop_s=int(city.get_number("chain", "max_hop_s"))):
        departures = spread_equal(times, step_s)
        basis = {facts[0].basis} | {by_station[code].basis for code in codes[start : start + len(times)]}
        if start + len(times) == last:
            departures = (*departures, departures[-1] + hop.integer("seconds"))
            basis.add(hop.basis)
        if len(departures) > 1:
            yield line, facts[0], start, departures, frozenset(basis - {""})


def _line(rail: RailTables, fact: Fact) -> RailLine:
    line = rail.lines.get((fact["system"], fact["line"]))
    return line or fact.refuse(f"line {fact['line']!r} of {fact['system']!r} is not in lines.csv")


def _hop(rail: RailTables, fact: Fact, profile: str, a: str, b: str) -> Fact:
    key = (fact["system"], fact["line"], fact["direction"], profile, a, b)
    return rail.hops.get(key) or fact.refuse(f"links.csv has no run time {a} to {b} of profile {profile!r}")


def _arrivals(departures: Sequence[int], dwell_s: int) -> tuple[int, ...]:
    arrivals = [departures[0]]
    for before, here in itertools.pairwise(departures):
        arrivals.append(here - min(dwell_s, (here - before) // 3))
    arrivals[-1] = departures[-1]
    return tuple(arrivals)


def _headsign(city: City, line: RailLine, direction: str, terminal: str) -> dict[str, str]:
    given = line.fact.names(f"headsign_{direction}", city.languages)
    if given:
        return given
    station = next(s for s in line.stations if s["code"] == terminal)
    return station.names("name", city.languages)
