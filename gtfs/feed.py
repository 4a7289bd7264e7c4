"""The tables of a feed as read: typed columns, and the row each value came from.

A value that is absent (an empty cell, or a column that the feed does not have) is ``ABSENT`` in
integer columns (ids of enumerations, service-day seconds, dates as YYYYMMDD), NaN in float columns
and the empty string in text columns. The two integers of the specification that may be negative
(``stair_count``, ``transfer_count``) are float columns. Nothing here knows files, zips or pandas.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

import numpy as np
import numpy.typing as npt

ABSENT = -1
"""An absent integer. No GTFS integer, time or date is ever negative."""

Column = npt.NDArray[Any]


@dataclass(frozen=True, slots=True)
class Table:
    """One file of the feed.

    ``columns`` maps a field name to an array of shape (rows,): ``object`` (str) for text and ids,
    ``int32`` for integers, enumerations, times (seconds of the service day, may exceed 86,400) and
    dates (YYYYMMDD), ``float64`` for coordinates and distances. ``row`` is int32: the 1-based line
    in the file of each record. ``header`` holds the names found in the file, in order, known or not;
    ``columns`` also holds the known fields that the file lacks, filled with absent values, and the
    unknown ones that it has, as text.
    """

    file: str
    columns: Mapping[str, Column]
    row: npt.NDArray[np.int32]
    header: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.row)

    def __getitem__(self, name: str) -> Column:
        return self.columns[name]

    def has(self, name: str) -> bool:
        """True when the file itself has the column."""
        return name in self.header


@dataclass(frozen=True, slots=True)
class Feed:
    """A whole feed. ``tables`` is keyed by file name (``"stops.txt"``) and holds every file of the
    specification that we know, an empty table where the feed has none. ``present`` names the files
    that the feed really has.
    """

    source: str
    tables: Mapping[str, Table]
    present: frozenset[str] = field(default_factory=frozenset)
    documents: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))
    """Parsed JSON members, for example ``locations.geojson``."""

    def __getitem__(self, file: str) -> Table:
        return self.tables[file]
