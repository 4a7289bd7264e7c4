"""Service days in a store: timetables with all that an engine has computed for them, ready when they are mapped.

Days on which the same vehicles run are stored once. Every part names the network that it was computed from and
is refused beside another: an engine never searches with preprocessing of other times.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from mobility.network.packing import pack, unpack
from mobility.network.store import AnyArray, StoreError, fingerprint_of, open_arrays, write_arrays
from mobility.network.timetable import Timetable
from mobility.planner.engine import Engine
from mobility.planner.prepared import Prepared

DATE = frozenset({"service_date"})


@dataclass(frozen=True, slots=True)
class StoredDay:
    """One day, mapped. Making its engine computes nothing."""

    timetable: Timetable
    prepared: Prepared

    def open_engine(self) -> Engine:
        """An engine that answers at once."""
        return Engine(self.timetable, prepared=self.prepared)


StoredDays = Mapping[dt.date, StoredDay]


def find_part_name(timetable: Timetable) -> str:
    """The folder of a timetable: equal for days on which the same vehicles run at the same times."""
    arrays: dict[str, AnyArray] = {}
    pack(timetable, "timetable", arrays, DATE)
    return fingerprint_of(arrays)[:16]


def save_day(folder: Path, engine: Engine, network: str) -> int:
    """Write a day with what its engine has prepared; its size in bytes. ``network`` is the fingerprint of the
    network that the day was built from.
    """
    arrays: dict[str, AnyArray] = {}
    plan = pack(engine.timetable, "timetable", arrays, DATE)
    return write_arrays(folder, arrays | engine.prepare().to_arrays(), {"network": network, "timetable": plan})


def load_day(folder: Path, date: dt.date, network: str) -> StoredDay:
    """The day of ``save_day``, on the clock of ``date``.

    Raises:
        StoreError: The day is damaged, or belongs to another network.
    """
    arrays, facts = open_arrays(folder)
    if facts["network"] != network:
        raise StoreError(f"{folder}: was computed for another network than the one it lies beside; build it again")
    return StoredDay(unpack(facts["timetable"], arrays, service_date=date), Prepared.from_arrays(arrays))
