"""How a message's parameters lie in bytes: a layout is a tuple of parts, each of which writes and reads some of them.

Multi-byte numbers have the high byte first. A count stands before what it counts, not always directly. Reading is
strict: a byte too few, a byte too many or a value beyond its range is an error that says which parameter, as 0F81 does
(specification, 0F81: bit 2 with the parameter's number, bit 3 with the count of bytes).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, Protocol


class BadParameter(ValueError):  # noqa: N818  (reads as the fact it reports)
    """A message that its layout does not allow; ``parameter`` counts bytes after the code, from 1."""

    def __init__(self, message: str, parameter: int, *, is_length: bool = False) -> None:
        super().__init__(message)
        self.parameter, self.is_length = parameter, is_length


@dataclass(slots=True)
class Cursor:
    """Where a message has been read to, and the counts met on the way."""

    data: bytes
    at: int = 0
    counts: dict[str, int] = field(default_factory=dict)

    def take(self, size: int, name: str) -> bytes:
        """The next bytes."""
        if self.at + size > len(self.data):
            raise BadParameter(f"{name}: the message ends after {len(self.data)} bytes", len(self.data), is_length=True)
        self.at += size
        return self.data[self.at - size : self.at]

    @property
    def left(self) -> int:
        """Bytes not yet read."""
        return len(self.data) - self.at


class Part(Protocol):
    """One parameter, or a group of them."""

    @property
    def name(self) -> str:
        """Of the value it stands for."""
        ...

    def write(self, values: Mapping[str, Any]) -> bytes:
        """The bytes of its value."""
        ...

    def read(self, cursor: Cursor) -> Any:
        """Its value, None for what is only a count."""
        ...


@dataclass(frozen=True, slots=True)
class Number:
    """A whole number of ``size`` bytes; ``rows_of``: also how long the rows of that table are, which comes later."""

    name: str
    size: int = 1
    least: int = 0
    most: int | None = None
    rows_of: str = ""

    def write(self, values: Mapping[str, Any]) -> bytes:
        """High byte first."""
        value = values[self.name]
        if isinstance(value, bool) or not isinstance(value, int) or not self.least <= value <= self._top:
            raise BadParameter(f"{self.name} is {value!r}, not {self.least} to {self._top}", 0)
        return value.to_bytes(self.size, "big")

    def read(self, cursor: Cursor) -> int:
        """High byte first."""
        value = int.from_bytes(cursor.take(self.size, self.name), "big")
        if not self.least <= value <= self._top:
            raise BadParameter(f"{self.name} is {value}, not {self.least} to {self._top}", cursor.at - self.size + 1)
        if self.rows_of:
            cursor.counts[_a_row(self.rows_of)] = value
        return value

    @property
    def _top(self) -> int:
        return 256**self.size - 1 if self.most is None else self.most


@dataclass(frozen=True, slots=True)
class Count:
    """A byte that says how many ``of`` there are; ``per_row``: how many are in each row of a table."""

    of: str
    per_row: bool = False
    most: int = 255

    @property
    def name(self) -> str:
        """It stands for no value of its own."""
        return ""

    def write(self, values: Mapping[str, Any]) -> bytes:
        """How long the sequence is."""
        whole = values[self.of]
        size = len(whole[0]) if self.per_row and whole else 0 if self.per_row else len(whole)
        if size > self.most:
            raise BadParameter(f"{size} {self.of}, at most {self.most} can be sent", 0)
        return bytes((size,))

    def read(self, cursor: Cursor) -> None:
        """Kept until the sequence comes."""
        size = cursor.take(1, f"count of {self.of}")[0]
        if size > self.most:
            raise BadParameter(f"{size} {self.of}, at most {self.most} can be", cursor.at)
        cursor.counts[_a_row(self.of) if self.per_row else self.of] = size


@dataclass(frozen=True, slots=True)
class Numbers:
    """As many numbers as ``Count`` said, or ``fixed`` many."""

    name: str
    size: int = 1
    fixed: int | None = None
    most: int | None = None

    def write(self, values: Mapping[str, Any]) -> bytes:
        """One after the other."""
        each = values[self.name]
        _check_size(self.name, len(each), self.fixed)
        return b"".join(Number(self.name, self.size, most=self.most).write({self.name: value}) for value in each)

    def read(self, cursor: Cursor) -> tuple[int, ...]:
        """One after the other."""
        one = Number(self.name, self.size, most=self.most)
        return tuple(one.read(cursor) for _ in range(_count(cursor, self.name, self.fixed)))


@dataclass(frozen=True, slots=True)
class Groups:
    """As many records of one form as ``Count`` said, or ``fixed`` many."""

    name: str
    form: type[Record]
    fixed: int | None = None

    def write(self, values: Mapping[str, Any]) -> bytes:
        """One after the other."""
        each = values[self.name]
        _check_size(self.name, len(each), self.fixed)
        return b"".join(write_record(one) for one in each)

    def read(self, cursor: Cursor) -> tuple[Any, ...]:
        """One after the other."""
        return tuple(read_record(self.form, cursor) for _ in range(_count(cursor, self.name, self.fixed)))


@dataclass(frozen=True, slots=True)
class Table:
    """Rows of bytes; how many rows, and how long each is, was said before."""

    name: str

    def write(self, values: Mapping[str, Any]) -> bytes:
        """Row by row."""
        rows = values[self.name]
        if len({len(row) for row in rows}) > 1:
            raise BadParameter(f"{self.name}: the rows are not equally long", 0)
        return b"".join(Number(self.name).write({self.name: value}) for row in rows for value in row)

    def read(self, cursor: Cursor) -> tuple[tuple[int, ...], ...]:
        """Row by row."""
        rows, columns = cursor.counts[self.name], cursor.counts[_a_row(self.name)]
        return tuple(tuple(cursor.take(columns, self.name)) for _ in range(rows))


@dataclass(frozen=True, slots=True)
class Rest:
    """Whatever is left, as it is."""

    name: str

    def write(self, values: Mapping[str, Any]) -> bytes:
        """As it is."""
        return bytes(values[self.name])

    def read(self, cursor: Cursor) -> bytes:
        """As it is."""
        return cursor.take(cursor.left, self.name)


@dataclass(frozen=True, slots=True)
class Maybe:
    """A part that may be missing at the end: None then."""

    part: Number

    @property
    def name(self) -> str:
        """That of the part."""
        return self.part.name

    def write(self, values: Mapping[str, Any]) -> bytes:
        """Nothing where there is nothing."""
        return b"" if values[self.name] is None else self.part.write(values)

    def read(self, cursor: Cursor) -> int | None:
        """None at the end of the message."""
        return self.part.read(cursor) if cursor.left else None


class Record(Protocol):
    """A frozen dataclass whose class says how it lies in bytes."""

    LAYOUT: ClassVar[tuple[Part, ...]]


def write_record(record: Record) -> bytes:
    """The bytes of a record.

    Raises:
        BadParameter: a value that its part cannot hold.
    """
    values = {part.name: getattr(record, part.name) for part in record.LAYOUT if part.name}
    for part in record.LAYOUT:
        if isinstance(part, Number) and part.rows_of:
            _check_rows(record, part.rows_of, values[part.name])
    return b"".join(part.write(values) for part in record.LAYOUT)


def _check_rows(record: Record, table: str, columns: int) -> None:
    """Every row of a table in the record's groups is as long as the record says: a reader knows no other length."""
    for part in record.LAYOUT:
        for group in getattr(record, part.name) if isinstance(part, Groups) else ():
            if any(len(row) != columns for row in getattr(group, table, ())):
                raise BadParameter(f"{table}: a row has not the {columns} that are told before", 0)


def read_record(form: type[Record], cursor: Cursor) -> Any:
    """The record at the cursor.

    Raises:
        BadParameter: too short, or a value beyond its range.
    """
    values = {part.name: part.read(cursor) for part in form.LAYOUT}
    values.pop("", None)
    return form(**values)


def _a_row(table: str) -> str:
    return f"{table} a row"


def _count(cursor: Cursor, name: str, fixed: int | None) -> int:
    return cursor.counts[name] if fixed is None else fixed


def _check_size(name: str, size: int, fixed: int | None) -> None:
    if fixed is not None and size != fixed:
        raise BadParameter(f"{size} {name}, it must be {fixed}", 0)
