"""A model as one file: an npz of arrays, with its version, series, clock and evidence as JSON inside."""

from __future__ import annotations

import datetime as dt
import json
import os
import zipfile
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfoNotFoundError

import numpy as np

from mobility.availability.model import AvailabilityModel
from mobility.availability.prior import make_prior_layers
from mobility.availability.readings import Kind, Series
from mobility.availability.tables import LEADS_S, SLOTS, STRANGE, Layers, Profiles
from mobility.availability.week import WeekClock

VERSION: Final = 1
_ABOUT: Final = "about"


class ModelUnreadable(Exception):  # noqa: N818  (named as its siblings: FeedUnreadable)
    """No model can be had from a file; the message says what to do."""


def save_model(model: AvailabilityModel, path: Path) -> None:
    """Write a model; whoever reads meanwhile gets the old one or the new one whole.

    Raises:
        OSError: The file cannot be written.
    """
    about = {
        "version": VERSION,
        "timezone": model.clock.timezone,
        "holidays": sorted(day.isoformat() for day in model.clock.holidays),
        "series": [[series.kind.value, series.place_id] for series in model.rows],
        "facts": dict(model.facts),
    }
    arrays: dict[str, Any] = {f"profiles.{name}": value for name, value in model.profiles._asdict().items()}
    arrays |= {f"layers.{name}": value for name, value in model.layers._asdict().items()}
    arrays[_ABOUT] = np.frombuffer(json.dumps(about, ensure_ascii=False).encode(), np.uint8)
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with beside.open("wb") as file:
            np.savez_compressed(file, **arrays)
            file.flush()
            os.fsync(file.fileno())
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)


def load_model(path: Path) -> AvailabilityModel:
    """Read a model.

    Raises:
        ModelUnreadable: There is no file, it is damaged, or another version of this program wrote it.
    """
    remedy = "learn it again from the history (mobility.availability.fit), or use AvailabilityModel.prior"
    try:
        # opened here: numpy leaves a damaged file open
        with path.open("rb") as content, np.load(content, allow_pickle=False) as file:
            arrays = {name: file[name] for name in file.files}
        about = json.loads(arrays[_ABOUT].tobytes())
        if about["version"] != VERSION:
            message = f"{path} has version {about['version']}, this program reads {VERSION}: {remedy}"
            raise ModelUnreadable(message)
        return _make(about, arrays)
    except (
        OSError, EOFError, KeyError, TypeError, ValueError, AttributeError, NotImplementedError, zipfile.BadZipFile,
        zlib.error, ZoneInfoNotFoundError,
    ) as error:  # fmt: skip
        message = f"{path} is not a whole availability model ({error}): {remedy}"
        raise ModelUnreadable(message) from error


def _make(about: Mapping[str, Any], arrays: Mapping[str, Any]) -> AvailabilityModel:
    clock = WeekClock(about["timezone"], frozenset(dt.date.fromisoformat(day) for day in about["holidays"]))
    series = [Series(Kind(kind), str(place_id)) for kind, place_id in about["series"]]
    rows = {one: row for row, one in enumerate(series)}
    profiles = Profiles(*(_take(arrays, f"profiles.{name}", np.float32) for name in Profiles._fields))
    layers = Layers(*(_take(arrays, f"layers.{name}", np.float64) for name in Layers._fields))
    count = len(series) + STRANGE
    shapes = ((count, SLOTS + 1),) * 2 + ((count, SLOTS),) * 2 + ((count,),) * 2
    if len(rows) != len(series) or tuple(table.shape for table in profiles) != shapes:
        raise ValueError("its profiles do not fit its series")
    if tuple(table.shape for table in layers) != tuple(table.shape for table in make_prior_layers()):
        raise ValueError("its layers have other shapes")
    if not np.array_equal(layers.leads_s, LEADS_S):
        raise ValueError("its leads are others")
    return AvailabilityModel(clock, profiles, layers, rows, dict(about["facts"]))


def _take(arrays: Mapping[str, Any], name: str, kind: type[np.floating[Any]]) -> Any:
    array = arrays[name]
    if array.dtype != kind or not np.isfinite(array).all():
        raise ValueError(f"{name} is not of finite numbers")
    return array
