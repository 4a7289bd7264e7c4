"""Tables of facts: every row says where it comes from, of when it is, and whether it is approximate.

The form is ``<fields>,source,source_date,approximate,basis``. ``source`` names a ``[sources]`` entry of
``city.toml``; ``source_date`` is ISO 8601, a day, a month or a year; ``basis`` is the code of an
``[approximations]`` entry and stands where ``approximate`` is true. A row without these is refused.
"""

from __future__ import annotations

import csv
import io
import itertools
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NoReturn

from mobility.cities.catalog import City
from mobility.cities.errors import TableError
from mobility.model import Coordinate, InvalidCoordinate

PROVENANCE = ("source", "source_date", "approximate", "basis")
_DATE = re.compile(r"\d{4}(-(0[1-9]|1[0-2])(-(0[1-9]|[12]\d|3[01]))?)?")
_CLOCK = re.compile(r"(\d{1,2}):([0-5]\d)(?::([0-5]\d))?")


@dataclass(frozen=True, slots=True)
class Fact:
    """One row of a table. ``basis`` is the code of its approximation, empty where it is exact."""

    file: str
    row: int
    values: Mapping[str, str]
    source: str
    source_date: str
    basis: str

    def __getitem__(self, name: str) -> str:
        value = self.values.get(name)
        if value is None:
            self.refuse(f"the column {name} is missing")
        return value

    def refuse(self, message: str) -> NoReturn:
        """This row cannot be used."""
        raise TableError(self.file, self.row, message)

    def required(self, name: str) -> str:
        """The text of a cell that must not be empty."""
        return self[name] or self.refuse(f"{name} is empty")

    def integer(self, name: str) -> int:
        """A whole number."""
        try:
            return int(self[name])
        except ValueError:
            self.refuse(f"{name} is {self[name]!r}, not a whole number")

    def real(self, name: str) -> float:
        """A number."""
        try:
            return float(self[name])
        except ValueError:
            self.refuse(f"{name} is {self[name]!r}, not a number")

    def coordinate(self) -> Coordinate:
        """``lat`` and ``lon``."""
        try:
            return Coordinate(self.real("lat"), self.real("lon"))
        except InvalidCoordinate as error:
            self.refuse(str(error))

    def flag(self, name: str) -> bool:
        """``true`` or ``false``."""
        if self[name] not in {"true", "false"}:
            self.refuse(f"{name} is {self[name]!r}, neither true nor false")
        return self[name] == "true"

    def time_s(self, name: str) -> int:
        """A time of day in seconds; may exceed 24:00."""
        return self._seconds(name, self[name])

    def times_s(self, name: str) -> tuple[int, ...]:
        """A list of ascending times of day, separated by blanks, in seconds."""
        times = tuple(self._seconds(name, text) for text in self[name].split())
        if any(b < a for a, b in itertools.pairwise(times)):
            self.refuse(f"{name} are not in ascending order")
        return times

    def names(self, name: str, languages: tuple[str, ...]) -> dict[str, str]:
        """A text in each language in which the table has it: ``name_zh``, ``name_en``, by language tag."""
        found = {lang: self.values.get(f"{name}_{lang.split('-')[0]}", "") for lang in languages}
        return {lang: text for lang, text in found.items() if text}

    def _seconds(self, name: str, text: str) -> int:
        match = _CLOCK.fullmatch(text)
        if match is None:
            self.refuse(f"{name} has {text!r}, not a time as HH:MM")
        hours, minutes, seconds = match.groups(default="0")
        return int(hours) * 3600 + int(minutes) * 60 + int(seconds)


def read_facts(city: City, table: str) -> tuple[Fact, ...]:
    """The rows of ``tables/<table>.csv``, each checked for its provenance; none where the city has no such table.

    Raises:
        TableError: A row without source or date, or a file that is not such a table.
    """
    if table not in city.tables:
        return ()
    path = city.root / "tables" / f"{table}.csv"
    name = f"{city.id}/tables/{table}.csv"
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise TableError(name, 0, f"{error}; city.toml lists it under [tables]") from error
    return tuple(_facts(city, name, text))


def _facts(city: City, name: str, text: str) -> Iterator[Fact]:
    reader = csv.reader(io.StringIO(text), strict=True)
    header = next(reader, [])
    lacking = [column for column in PROVENANCE if column not in header]
    if lacking:
        raise TableError(name, 1, f"the header lacks {', '.join(lacking)}: every fact names its source")
    try:
        for cells in reader:
            if not cells:
                continue
            if len(cells) != len(header):
                raise TableError(name, reader.line_num, f"{len(cells)} cells under {len(header)} columns")
            values = dict(zip(header, cells, strict=True))
            provenance = (values["source"], values["source_date"], values["basis"])
            yield _checked(city, Fact(name, reader.line_num, values, *provenance))
    except csv.Error as error:
        raise TableError(name, reader.line_num, str(error)) from error


def _checked(city: City, fact: Fact) -> Fact:
    if not fact.source:
        fact.refuse("source is empty: name where the fact comes from, as under [sources] in city.toml")
    if fact.source not in city.sources:
        fact.refuse(f"source {fact.source!r} is unknown: describe it under [sources] in city.toml")
    if not _DATE.fullmatch(fact.source_date):
        fact.refuse(f"source_date is {fact.source_date!r}: give the date of the fact as YYYY-MM-DD, YYYY-MM or YYYY")
    if fact.flag("approximate") != bool(fact.basis):
        fact.refuse("basis holds the code of the approximation where approximate is true, and nothing else")
    if fact.basis and fact.basis not in city.approximations:
        fact.refuse(f"basis {fact.basis!r} is unknown: describe it under [approximations] in city.toml")
    if fact.values.get("lat") or fact.values.get("lon"):
        _check_place(city, fact)
    return fact


def _check_place(city: City, fact: Fact) -> None:
    """Inside the city's box: exchanged or mistyped coordinates are found here, not on a map."""
    at, (south_west, north_east) = fact.coordinate(), city.bbox
    if not (south_west.lat <= at.lat <= north_east.lat and south_west.lon <= at.lon <= north_east.lon):
        fact.refuse(f"{at.lat},{at.lon} lies outside the bbox of city.toml: mend the position or widen the box")


def latest_date(facts: Sequence[Fact]) -> str:
    """The newest source date of some facts, as written; empty where there are none."""
    return max((fact.source_date for fact in facts), default="")
