"""Records as named arrays and a plan in JSON, and back: what a store of arrays can hold.

A record is a frozen dataclass or a NamedTuple of arrays, texts, numbers, dates, records, small mappings and
tuples of these. Nothing here knows a particular record, so that a field which is added is stored too.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields, is_dataclass
from importlib import import_module
from itertools import chain
from typing import Any

import numpy as np

from mobility.network.store import AnyArray, StoreError
from mobility.network.timetable import Ints

FEW = 8
"""Numbers up to here stand in the plan, where one can read them."""
OURS = "mobility."
"""Records are of our packages: a plan names no other code."""


def pack(value: Any, name: str, arrays: dict[str, AnyArray], leave_out: frozenset[str] = frozenset()) -> Any:
    """The plan of a value; its arrays are added to ``arrays`` under names that begin with ``name``.
    ``leave_out`` names fields of the outermost record.

    Raises:
        TypeError: There is no way to store it; the message names the field.
    """
    if value is None or isinstance(value, bool | int | float | str):
        return {"value": value}
    if isinstance(value, np.ndarray) and not value.dtype.hasobject:
        arrays[name] = value
        return {"array": name}
    if isinstance(value, dt.date) and not isinstance(value, dt.datetime):
        return {"date": value.isoformat()}
    record = _fields_of(value)
    if record is not None:
        kept = {field: content for field, content in record.items() if field not in leave_out}
        parts = {field: pack(content, f"{name}.{field}", arrays) for field, content in kept.items()}
        return {"record": f"{type(value).__module__}:{type(value).__qualname__}", "fields": parts}
    if isinstance(value, Mapping):
        return _pack_mapping(value, name, arrays)
    if isinstance(value, frozenset | set):
        return {"set": pack(tuple(sorted(value)), name, arrays)}
    if isinstance(value, Sequence):
        return _pack_sequence(value, name, arrays)
    message = f"{name}: a {type(value).__name__} cannot be stored"
    raise TypeError(message)


def unpack(plan: Mapping[str, Any], arrays: Mapping[str, AnyArray], **given: Any) -> Any:
    """The value of a plan; ``given`` are the fields of the outermost record that were left out.

    Raises:
        StoreError: The records of this program have other fields than those that were stored.
    """
    match plan:
        case {"value": value}:
            return value
        case {"array": name}:
            return arrays[name]
        case {"date": text}:
            return dt.date.fromisoformat(text)
        case {"texts": name}:
            return tuple(load_texts(arrays, name))
        case {"numbers": name}:
            return tuple(arrays[name].tolist())
        case {"items": plans}:
            return tuple(unpack(item, arrays) for item in plans)
        case {"set": items}:
            return frozenset(unpack(items, arrays))
        case {"keys": keys, "values": values}:
            return dict(zip(_unpack_many(keys, arrays), _unpack_many(values, arrays), strict=True))
        case {"record": path, "fields": parts}:
            return _make_record(path, {field: unpack(part, arrays) for field, part in parts.items()} | given)
    raise StoreError(f"the store holds {plan!r}, which this program does not know; build it again")


def save_texts(texts: Iterable[str], name: str, arrays: dict[str, AnyArray]) -> None:
    """Texts as one piece of UTF-8, and where in it (in letters, not bytes) each of them ends."""
    texts = list(texts)
    arrays[f"{name}.letters"] = np.frombuffer("".join(texts).encode("utf-8", "surrogatepass"), np.uint8)
    arrays[f"{name}.ends"] = np.cumsum([len(text) for text in texts], dtype=np.int64)


def load_texts(arrays: Mapping[str, AnyArray], name: str) -> list[str]:
    """The texts of ``save_texts``."""
    whole = arrays[f"{name}.letters"].tobytes().decode("utf-8", "surrogatepass")
    ends: list[int] = arrays[f"{name}.ends"].tolist()
    return [whole[begin:end] for begin, end in zip([0, *ends], ends, strict=False)]


def _fields_of(value: Any) -> dict[str, Any] | None:
    if is_dataclass(value) and not isinstance(value, type):
        return {field.name: getattr(value, field.name) for field in fields(value) if field.init}
    return value._asdict() if hasattr(value, "_asdict") else None


def _make_record(path: str, content: dict[str, Any]) -> Any:
    module, _, name = path.partition(":")
    if not module.startswith(OURS):
        raise StoreError(f"the store asks for {path}, which is none of our records; build it again")
    try:
        return getattr(import_module(module), name)(**content)
    except (ImportError, AttributeError, TypeError) as error:
        message = f"the store was written by another version of this program ({path}: {error}); build it again"
        raise StoreError(message) from error


def _pack_sequence(value: Sequence[Any], name: str, arrays: dict[str, AnyArray]) -> Any:
    if value and all(isinstance(item, str) for item in value):
        save_texts(value, name, arrays)
        return {"texts": name}
    if len(value) > FEW and all(map(_is_whole, value)):
        arrays[name] = np.array(value, np.int64)
        return {"numbers": name}
    return {"items": [pack(item, f"{name}.{number}", arrays) for number, item in enumerate(value)]}


def _pack_mapping(value: Mapping[Any, Any], name: str, arrays: dict[str, AnyArray]) -> Any:
    keys, values = list(value), list(value.values())
    return {"keys": _pack_many(keys, f"{name}.keys", arrays), "values": _pack_many(values, f"{name}.values", arrays)}


def _pack_many(items: list[Any], name: str, arrays: dict[str, AnyArray]) -> Any:
    """Whole numbers, or tuples of as many each, as one array."""
    if items and all(_is_whole(item) for item in items):
        arrays[name] = np.array(items, np.int64)
        return {"array": name}
    if items and all(type(item) is tuple and item and all(map(_is_whole, item)) for item in items):
        ends: Ints = np.cumsum([len(item) for item in items], dtype=np.int64)
        arrays[f"{name}.ends"], arrays[f"{name}.all"] = ends, np.array(list(chain(*items)), np.int64)
        return {"tuples": name}
    return pack(tuple(items), name, arrays)


def _unpack_many(plan: Mapping[str, Any], arrays: Mapping[str, AnyArray]) -> Iterable[Any]:
    match plan:
        case {"array": name}:
            numbers: list[int] = arrays[name].tolist()
            return numbers
        case {"tuples": name}:
            ends, whole = arrays[f"{name}.ends"].tolist(), arrays[f"{name}.all"].tolist()
            return [tuple(whole[begin:end]) for begin, end in zip([0, *ends], ends, strict=False)]
    items: Iterable[Any] = unpack(plan, arrays)
    return items


def _is_whole(item: Any) -> bool:
    return isinstance(item, int) and not isinstance(item, bool)
