"""Histories on disk: what was read stays, whatever happens to the file."""

import datetime as dt
import os

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mobility.availability import Kind, Reading
from mobility.availability.history import HistoryStore, HistoryUnreadable
from mobility.availability.history_file import decode
from mobility.availability.readings import UNKNOWN, Series

DAY = dt.date(2026, 3, 2)
START_S = dt.datetime(2026, 3, 2, tzinfo=dt.UTC).timestamp()


def poll(minute: float, *levels: int) -> list[tuple[Kind, str, Reading]]:
    """A poll of places A, B, ... with these bikes."""
    return [(Kind.BIKES, "ABCDEF"[n], Reading(level, 20, START_S + 60 * minute)) for n, level in enumerate(levels)]


@pytest.fixture
def store(tmp_path) -> HistoryStore:
    """An empty folder."""
    return HistoryStore(tmp_path / "history")


def level_of(store: HistoryStore, place: str, kind: Kind = Kind.BIKES) -> list[int]:
    """The first levels of a place on the grid."""
    grid, _ = store.read()
    return grid.level[grid.rows[Series(kind, place)]].tolist()


def test_what_was_appended_is_read_again(store):
    """Each moment has the latest reading at most 15 minutes old; capacity and gaps are kept."""
    store.append(poll(0, 5, 7))
    store.append(poll(5, 4, 7))
    store.append(poll(41, 9))
    grid, notices = store.read()
    assert notices == []
    assert (grid.start_s, grid.step_s, grid.moments) == (START_S, 300.0, 288)
    assert level_of(store, "A")[:13] == [5, 4, 4, 4, 4, UNKNOWN, UNKNOWN, UNKNOWN, UNKNOWN, 9, 9, 9, UNKNOWN]
    assert level_of(store, "B")[:6] == [7, 7, 7, 7, 7, UNKNOWN]
    assert grid.capacity.tolist() == [20.0, 20.0]


def test_a_reading_counts_once_and_order_does_not_matter(store):
    """Repeats of the source are not written; late and doubled readings give the same grid as orderly ones."""
    assert store.append(poll(5, 4)) == 1
    assert store.append(poll(5, 4)) == 0
    assert store.append(poll(0, 6)) == 1
    assert HistoryStore(store.folder).append(poll(5, 4)) == 1
    columns, notices = store.read_day(DAY)
    assert (columns.level.tolist(), notices) == ([6, 4], [])


def test_two_recorders_may_share_a_folder(store):
    """Their blocks count by lists of their own, and all of it is read."""
    other = HistoryStore(store.folder)
    for minute in (0, 5, 10):
        store.append(poll(minute, minute, 1))
        other.append([(Kind.DOCKS, "Z", Reading(minute + 1, 30, START_S + 60 * minute))])
    assert level_of(store, "A")[:3] == [0, 5, 10]
    assert level_of(store, "Z", Kind.DOCKS)[:3] == [1, 6, 11]


def test_readings_go_to_the_file_of_their_day(store):
    """A poll over midnight is split, the grid goes on, and old days can be removed."""
    store.append(poll(24 * 60 - 5, 3, 4) + poll(24 * 60, 2)[:0])
    store.append(poll(24 * 60, 2, 2))
    assert store.list_days() == [DAY, DAY + dt.timedelta(1)]
    assert level_of(store, "A")[287:289] == [3, 2]
    assert store.prune(DAY + dt.timedelta(1)) == [DAY]
    assert store.list_days() == [DAY + dt.timedelta(1)]
    store.append(poll(10, 8))
    assert level_of(store, "A")[2] == 8


def test_a_crash_in_the_middle_of_a_poll_costs_that_poll(store):
    """A torn last block is told with its place, all before it is used, and what is appended later, too."""
    store.append(poll(0, 5))
    store.append(poll(5, 4))
    path = store.folder / f"{DAY}.levels"
    os.truncate(path, path.stat().st_size - 3)
    assert level_of(store, "A")[:2] == [5, 5]
    HistoryStore(store.folder).append(poll(10, 9))
    grid, notices = store.read()
    assert [notice.code for notice in notices] == ["history_block_damaged"]
    assert path.name == notices[0].file
    assert grid.level[0, :3].tolist() == [5, 5, 9]


def test_a_lost_list_costs_only_what_counts_by_it(store):
    """Without its names a poll is told and left out; other recorders' are used."""
    store.append(poll(0, 5))
    HistoryStore(store.folder).append([(Kind.SPACES, "P", Reading(50, 90, START_S))])
    path = store.folder / f"{DAY}.levels"
    content = bytearray(path.read_bytes())
    content[20] ^= 0xFF
    path.write_bytes(content)
    grid, notices = store.read()
    assert grid.series == (Series(Kind.SPACES, "P"),)
    assert {notice.code for notice in notices} == {"history_block_damaged", "history_levels_unusable"}


def test_a_folder_without_readings_says_what_to_do(store):
    """Nothing there, a stranger's files and an empty file are refused with a remedy."""
    store.folder.mkdir()
    (store.folder / "notes.levels").write_text("mine")
    (store.folder / "2026-03-02.levels").write_bytes(b"")
    with pytest.raises(HistoryUnreadable, match=r"HistoryStore\.append"):
        store.read()
    with pytest.raises(HistoryUnreadable, match="list_days"):
        store.read_day(dt.date(2026, 1, 1))


def test_levels_that_no_place_can_have_are_left_out(store):
    """A count beyond 30,000 and a time before 1970 are mistakes of the source."""
    assert (
        store.append([(Kind.SPACES, "P", Reading(99_999, 10, START_S)), (Kind.SPACES, "Q", Reading(1, 1, -5.0))]) == 0
    )
    with pytest.raises(ValueError, match="counts"):
        Reading(-1, 10, START_S)


@pytest.fixture(scope="module")
def day_of_polls(tmp_path_factory) -> bytes:
    """The file of a few polls of three places."""
    store = HistoryStore(tmp_path_factory.mktemp("history"))
    for minute in range(0, 60, 5):
        store.append(poll(minute, minute % 7, minute % 5, 3))
    return (store.folder / f"{DAY}.levels").read_bytes()


@settings(max_examples=300, deadline=None)
@given(data=st.data())
def test_no_damage_brings_the_reader_down(day_of_polls, data):
    """Cut, flipped, doubled or inserted bytes: only notices, and every reading that is told was written."""
    written, _ = decode(day_of_polls, "day")
    true = {
        (written.series[n], t, level)
        for n, t, level in zip(written.number, written.observed_s, written.level, strict=True)
    }
    content = bytearray(day_of_polls)
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, max(0, len(content) - 1)))
        match data.draw(st.sampled_from(["flip", "cut", "insert", "double"])):
            case "flip" if content:
                content[at] ^= data.draw(st.integers(1, 255))
            case "cut":
                del content[at : at + data.draw(st.integers(1, 200))]
            case "insert":
                content[at:at] = data.draw(st.binary(max_size=40))
            case _:
                content += content[at : at + 300]
    told, _ = decode(bytes(content), "day")
    assert {
        (told.series[n], t, level) for n, t, level in zip(told.number, told.observed_s, told.level, strict=True)
    } <= true


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=300))
def test_any_bytes_can_be_read(content):
    """Bytes of no file of ours give no reading and no error."""
    columns, notices = decode(b"CTAV" + content, "day")
    assert len(columns.number) == 0
    assert notices
    assert isinstance(columns.level, np.ndarray)
