"""The high-resolution event log: what was seen in the right order and nothing else, in rows that are always whole."""

import csv
import math
import resource
import subprocess
import sys
import textwrap
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from signals.model import Detector, DetectorKind
from signals.ports import Advance, Hold, Mode, Readings, Release
from signals.runtime.hires_events import FAULT_AFTER, Event, EventCode, EventMaker
from signals.runtime.hires_log import HEADER, HiresLog, HiresLogError
from tests.support.walked_crossing import build_cabinet, build_crossing, list_all_groups

START = datetime(2026, 11, 23, 8, 0, 0, 120_000, tzinfo=UTC)
PLAN = build_crossing()[1]
GROUPS = list_all_groups()
DETECTORS = (Detector("loop", DetectorKind.ADVANCE, 0), Detector("button", DetectorKind.PUSH_BUTTON, 4, movement=4))
C = EventCode


class Street:
    """A cabinet, second by second, and the events of all that happened; ``at`` is the present."""

    def __init__(self):
        self.cabinet, self.maker, self.at = build_cabinet(), EventMaker(PLAN, GROUPS, DETECTORS), START
        self.events = []

    def step(self, command=None, **change):
        """See the state, command something, let a second pass."""
        new = self.maker.watch(replace(self.cabinet.read_state(), **change), self.at)
        if command is not None:
            new += self.maker.note_command(command, self.at)
            self.cabinet.obey(command)
        self.cabinet.tick(1.0)
        self.at += timedelta(seconds=1)
        self.events += new
        return [(event.code, event.parameter) for event in new]

    def run(self, seconds, command=None, **change):
        """Many seconds."""
        return [row for _ in range(seconds) for row in self.step(command, **change)]


def list_times(events, code, parameter):
    """When something happened to a phase, in seconds from the start."""
    return [(e.at - START).total_seconds() + 0.02 for e in events if (e.code, e.parameter) == (code, parameter)]


def test_a_change_that_we_command_is_told_phase_by_phase():
    """Hold, force-off, clearances of walkers and drivers in their order, and the next green."""
    street = Street()
    assert street.step(Hold()) == [(C.UNIT_CONTROL, 6), (C.HOLD_ON, 1), (C.HOLD_ON, 2)]
    assert street.step(Hold()) == [(C.UNIT_CONTROL, 2)]
    assert street.run(18, Hold()) == []
    assert street.step(Advance(1)) == [(C.HOLD_OFF, 1), (C.HOLD_OFF, 2)]
    assert street.step(Hold()) == [(C.BEGIN_PED_CLEARANCE, 4)]
    assert street.run(5, Hold())[:7] == [
        (C.FORCE_OFF, 1),
        (C.GREEN_TERMINATION, 1),
        (C.BEGIN_YELLOW, 1),
        (C.FORCE_OFF, 2),
        (C.GREEN_TERMINATION, 2),
        (C.BEGIN_YELLOW, 2),
        (C.BEGIN_DONT_WALK, 4),
    ]
    street.run(20, Hold())
    assert list_times(street.events, C.BEGIN_YELLOW, 1) == [25.0]
    assert list_times(street.events, C.END_YELLOW, 1) == list_times(street.events, C.BEGIN_RED_CLEARANCE, 1) == [28.0]
    assert list_times(street.events, C.END_RED_CLEARANCE, 1) == list_times(street.events, C.BEGIN_GREEN, 3) == [30.0]
    assert list_times(street.events, C.PHASE_INACTIVE, 1) == list_times(street.events, C.BEGIN_WALK, 5) == [30.0]
    assert list_times(street.events, C.HOLD_ON, 3) == [30.0]


def test_a_green_that_the_plan_ends_is_no_force_off():
    """Also where we commanded something long ago."""
    street = Street()
    street.run(16, Hold())
    street.step(Release("test"))
    street.run(200)
    assert C.FORCE_OFF not in {event.code for event in street.events}
    assert len(list_times(street.events, C.MAX_OUT, 1)) >= 2


@settings(max_examples=50, deadline=None)
@given(st.lists(st.sampled_from([None, Hold(), Advance(0), Advance(1), Release("")]), max_size=40), st.data())
def test_every_phase_goes_through_its_parts_in_order(commands, data):
    """However it is led: a green begins, ends, turns yellow, red, and is over before it begins again."""
    street = Street()
    for command in commands:
        street.run(data.draw(st.integers(1, 12)), command)
    for number in (1, 2, 3):
        codes = [e.code for e in street.events if e.parameter == number and e.code in range(1, 13)]
        order = [C.BEGIN_GREEN, 7, C.BEGIN_YELLOW, C.END_YELLOW, 10, 11, C.PHASE_INACTIVE]
        parts = [code for code in codes if code not in (C.MAX_OUT, C.FORCE_OFF)]
        for before, after in pairwise(parts):
            assert after == order[(order.index(before) + 1) % len(order)]
        assert codes.count(C.GREEN_TERMINATION) == codes.count(C.MAX_OUT) + codes.count(C.FORCE_OFF)
    for number in (4, 5):
        walks = [e.code for e in street.events if e.parameter == number and e.code in (21, 22, 23)]
        assert all(after == {21: 22, 22: 23, 23: 21}[before] for before, after in pairwise(walks))
    assert all(a.at <= b.at and a.at.microsecond % 100_000 == 0 for a, b in pairwise(street.events))


def test_who_outranks_us_is_told_and_nothing_is_made_up_meanwhile():
    """A train, a policeman and a flash begin and end; lamps that nobody knows make no events."""
    street = Street()
    street.run(3, Hold())
    assert street.step(mode=Mode.RAIL) == [
        (C.HOLD_OFF, 1),
        (C.HOLD_OFF, 2),
        (C.UNIT_CONTROL, 1),
        (C.PREEMPT_CALL_ON, 1),
        (C.PREEMPT_ENTRY, 1),
    ]
    assert street.run(5, mode=Mode.RAIL) == []
    assert street.step(mode=Mode.MANUAL) == [(C.UNIT_CONTROL, 5), (C.PREEMPT_CALL_OFF, 1), (C.MANUAL, 1)]
    assert street.step(mode=Mode.FLASH) == [(C.UNIT_CONTROL, 1), (C.FLASH_STATUS, 1), (C.MANUAL, 0)]
    assert street.step(mode=Mode.LOCAL) == [(C.UNIT_CONTROL, 6), (C.FLASH_STATUS, 2)]


def test_what_happened_while_nobody_looked_is_not_told():
    """After a gap the first report begins anew: no green that began an hour ago begins now."""
    street = Street()
    street.run(3)
    street.at += timedelta(hours=1)
    street.cabinet.obey(Hold())
    assert street.step() == [(C.UNIT_CONTROL, 2)]
    street.at -= timedelta(hours=2)
    assert street.step() == [(C.UNIT_CONTROL, 2)]


def test_a_pattern_is_told_when_it_changes():
    """With its cycle and offset, each only where it is another."""
    maker = EventMaker(PLAN, GROUPS)
    told = [
        [(e.code, e.parameter) for e in maker.note_pattern(*pattern, START)]
        for pattern in ((1, 90.0, 10.0), (1, 90.0, 10.0), (2, 90.0, 20.0))
    ]
    assert told == [[(C.PATTERN, 1), (C.CYCLE, 90), (C.OFFSET, 10)], [], [(C.PATTERN, 2), (C.OFFSET, 20)]]


def read_loop(seconds):
    """What a loop's seconds become; each is (count, occupied) or None, the button stays still."""
    maker, events = EventMaker(PLAN, GROUPS, DETECTORS), []
    for k, second in enumerate(seconds, 1):
        count, occupied = second or (0, 0.0)
        readings = Readings(
            float(k),
            np.array([count, 0]),
            np.array([occupied, 0.0]),
            np.full(2, np.nan),
            np.array([second is not None, True]),
        )
        events += maker.note_readings(readings, START + timedelta(seconds=k))
    return events


@given(st.lists(st.none() | st.tuples(st.integers(0, 5), st.floats(0.0, 1.0)), max_size=40))
def test_every_vehicle_is_one_on_and_every_on_has_its_off(seconds):
    """In turn, in the order of time, and as many as were counted, beside those who were found standing there."""
    events = read_loop(seconds)
    switches = [e for e in events if e.code in (C.DETECTOR_ON, C.DETECTOR_OFF)]
    assert [e.code for e in switches] == [C.DETECTOR_ON, C.DETECTOR_OFF] * (len(switches) // 2) + [C.DETECTOR_ON] * (
        len(switches) % 2
    )
    counted = sum(s[0] for s in seconds if s)
    found = sum(s is not None and s[0] == 0 and s[1] > 0.99 for s in seconds)
    assert counted <= sum(e.code == C.DETECTOR_ON for e in switches) <= counted + found
    assert all(a.at <= b.at for a, b in pairwise(switches))


@pytest.mark.parametrize(
    ("seconds", "wanted"),
    [
        ([(0, 0.0), (1, 0.4), (1, 1.0), (0, 1.0), (0, 0.3)], [(82, 1.0), (81, 1.4), (82, 2.0), (81, 4.3)]),
        ([(1, 0.4), (0, 1.0), (0, 1.0), (0, 0.0)], [(82, 0.0), (81, 3.0)]),
        ([(1, 0.4), (0, 0.2), (0, 0.0)], [(82, 0.0), (81, 1.2)]),
        ([(2, 0.4), (0, 0.0)], [(82, 0.0), (81, 0.2), (82, 0.5), (81, 0.7)]),
        ([(0, 1.0), (1, 0.5), (0, 0.0)], [(82, 0.0), (81, 1.0), (82, 1.0), (81, 1.5)]),
        ([(0, 0.3), (0, math.nan)], []),
    ],
    ids=[
        "a queue",
        "comes late in a second and stays",
        "over the second's end",
        "two in a second",
        "stood there",
        "none",
    ],
)
def test_on_and_off_are_where_counts_and_occupancies_put_them(seconds, wanted):
    """On when somebody comes, off when he leaves, and nobody who stays is counted twice."""
    events = read_loop(seconds)
    assert [(e.code, round((e.at - START).total_seconds() + 0.02, 2)) for e in events] == wanted


def test_a_detector_that_falls_silent_is_told_once_and_when_it_is_back():
    """Some lost readings are no fault."""
    silent = [None] * (FAULT_AFTER - 1)
    assert read_loop([(0, 0.0), *silent, (0, 0.0)]) == []
    codes = [e.code for e in read_loop([(1, 1.0), *silent, None, None, (0, 0.0)])]
    assert codes == [C.DETECTOR_ON, C.DETECTOR_OFF, C.DETECTOR_FAULT, C.DETECTOR_RESTORED]


def test_a_push_button_has_codes_of_its_own():
    """Those of pedestrian detectors, under its place in the layout."""
    maker = EventMaker(PLAN, GROUPS, DETECTORS)
    still = Readings(2.0, np.zeros(2, np.int64), np.zeros(2), np.full(2, np.nan), np.full(2, fill_value=True))
    push = replace(still, count=np.array([0, 1]), occupied_s=np.array([0.0, 0.2]))
    events = maker.note_readings(push, START) + maker.note_readings(still, START + timedelta(seconds=1))
    assert [(e.code, e.parameter) for e in events] == [(C.PED_DETECTOR_ON, 2), (C.PED_DETECTOR_OFF, 2)]


def make_events(count, start=START):
    """Detector events, a second apart."""
    return [Event(start + timedelta(seconds=k), 82, k % 9) for k in range(count)]


def test_rows_have_the_columns_and_times_that_the_measures_read(tmp_path):
    """To the tenth of a second, by the log's own clock, a file a day."""
    with HiresLog(tmp_path, "7", zone=timezone(timedelta(hours=8))) as log:
        log.append([Event(datetime(2026, 11, 23, 15, 59, 59, 900_000, tzinfo=UTC), C.BEGIN_GREEN, 2)])
        log.append([Event(datetime(2026, 11, 23, 16, 0, 0, tzinfo=UTC), 8, 2)])
        log.append([])
    assert (tmp_path / "7_2026-11-23.csv").read_bytes() == HEADER + b"2026-11-23 23:59:59.9,7,1,2\n"
    assert (tmp_path / "7_2026-11-24.csv").read_bytes() == HEADER + b"2026-11-24 00:00:00.0,7,8,2\n"


@given(st.lists(st.integers(-200_000, 200_000), max_size=30))
def test_every_event_is_in_the_file_of_its_day_once(tmp_path_factory, seconds):
    """Also where the clock is set back."""
    folder = tmp_path_factory.mktemp("log")
    events = [Event(START + timedelta(seconds=s), 82, k) for k, s in enumerate(seconds)]
    with HiresLog(folder, "x") as log:
        for event in events:
            log.append([event])
    found = []
    for path in folder.iterdir():
        with path.open() as stream:
            for row in csv.DictReader(stream):
                assert row["TimeStamp"][:10] == path.stem[2:]
                found.append((int(row["Parameter"]), row["TimeStamp"]))
    assert sorted(found) == [(e.parameter, f"{e.at:%Y-%m-%d %H:%M:%S}.1") for e in events]


def test_a_torn_row_is_cut_off_and_whole_rows_stay(tmp_path):
    """Whatever a killed process left at the end."""
    with HiresLog(tmp_path, "x") as log:
        log.append(make_events(3))
    path = next(tmp_path.iterdir())
    whole = path.read_bytes()
    for torn in (b"2026-11-23 08:0", b"2" * 10_000, HEADER[:5]):
        path.write_bytes(whole + torn)
        with HiresLog(tmp_path, "x") as log:
            log.append(make_events(1, START + timedelta(seconds=3)))
        assert path.read_bytes() == whole + b"2026-11-23 08:00:03.1,x,82,0\n"
    path.write_bytes(HEADER[:5])
    with HiresLog(tmp_path, "x") as log:
        log.append(make_events(3))
    assert path.read_bytes() == whole


WRITER = """
    import sys
    from datetime import datetime, timedelta, UTC
    from pathlib import Path
    from signals.runtime.hires_events import Event
    from signals.runtime.hires_log import HiresLog
    start, n = datetime(2026, 11, 23, 8, tzinfo=UTC), 0
    with HiresLog(Path(sys.argv[1]), "x") as log:
        while True:
            log.append([Event(start + timedelta(seconds=(n + k) % 3600), 82, n + k) for k in range(50)])
            n += 50
            print(n, flush=True)
"""


def test_a_process_that_is_killed_loses_no_row_that_was_taken(tmp_path):
    """Killed in the middle of writing: what it said it had written is there, and every row is whole."""
    command = [sys.executable, "-c", textwrap.dedent(WRITER), str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        said = [int(process.stdout.readline()) for _ in range(40)][-1]
        process.kill()
        rest = process.stdout.read().split("\n")
    said = max([said, *(int(line) for line in rest[:-1])])
    with HiresLog(tmp_path, "x") as log:
        log.append([])
        log.append(make_events(1))
    rows = next(tmp_path.iterdir()).read_bytes().splitlines()[1:]
    assert [int(row.split(b",")[3]) for row in rows[:said]] == list(range(said))
    assert all(row.count(b",") == 3 for row in rows)


def limit_file_size():
    """No file of the child grows beyond 5,000 bytes, as if the disk were full."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (5000, 5000))


def test_a_full_disk_is_told_and_leaves_no_half_row(tmp_path):
    """The rows that did not fit are taken back as a whole."""
    command = [sys.executable, "-c", textwrap.dedent(WRITER), str(tmp_path)]
    ended = subprocess.run(command, capture_output=True, text=True, check=False, preexec_fn=limit_file_size)
    assert "OSError" in ended.stderr
    said = int(ended.stdout.split()[-1])
    rows = next(tmp_path.iterdir()).read_bytes()
    assert rows.endswith(b"\n")
    assert len(rows.splitlines()) == 1 + said


def test_one_process_writes_the_log_of_a_device_and_no_other_file_is_touched(tmp_path):
    """A second one is refused, as are a file of another kind, a name that leads elsewhere, an event without a zone."""
    with HiresLog(tmp_path, "x") as log, HiresLog(tmp_path, "x") as other:
        log.append(make_events(1))
        with pytest.raises(HiresLogError, match="another process"):
            other.append(make_events(1))
    foreign = tmp_path / "y_2026-11-23.csv"
    foreign.write_text("someone,else\n")
    with HiresLog(tmp_path, "y") as log, pytest.raises(HiresLogError, match="left alone"):
        log.append(make_events(1))
    assert foreign.read_text() == "someone,else\n"
    with pytest.raises(ValueError, match="device"):
        HiresLog(tmp_path, "../x")
    with HiresLog(tmp_path, "z") as log, pytest.raises(ValueError, match="time zone"):
        log.append([Event(datetime(2026, 1, 1), 82, 1)])  # noqa: DTZ001


def test_old_days_are_dropped_where_that_is_asked_for(tmp_path):
    """Of this device alone, by the names of its files."""
    keep = tmp_path / "xy_2020-01-01.csv"
    keep.write_bytes(HEADER)
    with HiresLog(tmp_path, "x", keep_days=2) as log:
        for day in range(4):
            log.append(make_events(1, START + timedelta(days=day)))
        assert sorted(path.name for path in tmp_path.iterdir()) == ["x_2026-11-25.csv", "x_2026-11-26.csv", keep.name]
        log.append(make_events(1, START + timedelta(days=20_000)))
        log.append(make_events(1, START - timedelta(days=1)))
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "x_2026-11-22.csv",
        "x_2026-11-26.csv",
        "x_2081-08-26.csv",
        keep.name,
    ], "the file that is written stays, and a clock gone wrong costs one"
