"""The audit log: whatever is changed in it is noticed, and nothing is lost with the process that wrote it."""

import errno
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from signals.runtime.audit_log import KEY_FILE_VARIABLE, AuditLog, AuditLogError, Verdict, load_key, verify

KEY = b"0123456789abcdef0123456789abcdef"
RECORDS = [{"who": "runtime", "token": 7, "intent": "advance", "stage": stage, "note": "左轉"} for stage in range(6)]


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    """A log of six records, and its head."""
    path = tmp_path_factory.mktemp("log") / "audit.log"
    with AuditLog(path, key=KEY) as log:
        for record in RECORDS:
            log.add(record)
    return path.read_bytes(), Path(f"{path}.head").read_bytes()


def put(folder, log, head):
    """The files of a log as somebody left them."""
    path = folder / "audit.log"
    path.write_bytes(log)
    Path(f"{path}.head").write_bytes(head)
    return path


def test_a_log_is_whole_as_it_was_written(written, tmp_path):
    """With its key; with another, nothing holds from the first line on."""
    path = put(tmp_path, *written)
    assert verify(path, key=KEY) == Verdict(6)
    assert verify(path, key=KEY[::-1]).line == 1
    with AuditLog(path, key=KEY) as log:
        log.add({"more": 1})
    assert verify(path, key=KEY) == Verdict(7)


@settings(deadline=None, max_examples=300)
@given(st.data())
def test_any_flipped_bit_is_noticed(written, tmp_path_factory, data):
    """Wherever it is, in the log or in its head; the records before it are believed."""
    log, head = bytearray(written[0]), bytearray(written[1])
    where = data.draw(st.sampled_from([log, head]))
    place = data.draw(st.integers(0, len(where) * 8 - 1))
    where[place // 8] ^= 1 << place % 8
    verdict = verify(put(tmp_path_factory.mktemp("flip"), bytes(log), bytes(head)), key=KEY)
    assert not verdict.is_whole
    if where is log:
        assert verdict.records <= bytes(written[0][: place // 8]).count(b"\n")


@settings(deadline=None, max_examples=200)
@given(st.lists(st.integers(0, 5), max_size=9))
def test_any_removed_repeated_or_moved_record_is_noticed(written, tmp_path_factory, order):
    """Any choice of the records but all of them in their order."""
    lines = written[0].splitlines(keepends=True)
    path = put(tmp_path_factory.mktemp("order"), b"".join(lines[k] for k in order), written[1])
    assert verify(path, key=KEY).is_whole == (order == [0, 1, 2, 3, 4, 5])


def test_a_lost_head_is_told(written, tmp_path):
    """Without it records could be missing at the end."""
    path = put(tmp_path, *written)
    Path(f"{path}.head").unlink()
    assert "may be, at the end" in verify(path, key=KEY).fault
    with pytest.raises(AuditLogError, match="No such file"):
        verify(tmp_path / "none.log")


def test_nothing_is_added_to_a_broken_log(written, tmp_path):
    """Who finds the chain broken keeps the log and begins another."""
    path = put(tmp_path, written[0].replace(b'"stage":3', b'"stage":4'), written[1])
    with pytest.raises(AuditLogError, match=r"line 4: .*begin a new log"):
        AuditLog(path, key=KEY)


def test_records_missing_at_the_end_are_told_by_the_next(written, tmp_path):
    """Whoever opens a log that was cut says so in it, for good; so does who finds a head and no log."""
    lines = written[0].splitlines(keepends=True)
    path = put(tmp_path, b"".join(lines[:2]), written[1])
    with AuditLog(path, key=KEY):
        pass
    assert b"4 records are missing at the end" in path.read_bytes()
    path.unlink()
    with AuditLog(path, key=KEY) as log:
        assert log.records == 1
        log.close()
        with pytest.raises(AuditLogError, match="closed"):
            log.add({})


def test_a_full_disk_breaks_no_chain(written, tmp_path, monkeypatch):
    """Half a record is taken back, and the log goes on when there is room."""
    path = put(tmp_path, *written)
    with AuditLog(path, key=KEY) as log:
        with monkeypatch.context() as patched:
            patched.setattr("signals.runtime.audit_log._write_all", _write_half)
            with pytest.raises(OSError, match="No space left"):
                log.add({"lost": True})
        log.add({"lost": False})
    assert verify(path, key=KEY) == Verdict(7)


def _write_half(file, data):
    os.write(file, data[: len(data) // 2])
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def test_one_process_writes_a_log(tmp_path):
    """The second is refused until the first has closed it."""
    path = tmp_path / "audit.log"
    with AuditLog(path), pytest.raises(AuditLogError, match="another process writes"):
        AuditLog(path)
    AuditLog(path).close()


def test_a_torn_line_is_set_aside_and_told(written, tmp_path):
    """What was being written when the power went is kept beside the log, and the chain goes on."""
    path = put(tmp_path, written[0] + b"half a li", written[1])
    assert not verify(path, key=KEY).is_whole
    with AuditLog(path, key=KEY) as log:
        assert log.records == 7
    assert b'"torn line set aside","bytes":9' in path.read_bytes()
    assert Path(f"{path}.torn").read_bytes() == b"half a li\n"
    assert verify(path, key=KEY) == Verdict(7)


WRITER = """
import sys
from pathlib import Path
from signals.runtime.audit_log import AuditLog
log = AuditLog(Path(sys.argv[1]))
for n in range(10**9):
    log.add({"said": n})
    print(n, flush=True)
"""


def test_a_killed_process_loses_no_record(tmp_path):
    """Whatever was said to be written is there after kill -9, and the log goes on."""
    path = tmp_path / "audit.log"
    for _ in range(3):
        before = verify(path).records if path.exists() else 0
        command, env = [sys.executable, "-c", WRITER, str(path)], {**os.environ, "PYTHONPATH": "."}
        with subprocess.Popen(command, stdout=subprocess.PIPE, env=env) as writer:
            assert writer.stdout is not None
            said = [int(writer.stdout.readline()) for _ in range(200)]
            writer.send_signal(signal.SIGKILL)
            said += [int(line) for line in writer.stdout.read().splitlines() if line]
        with AuditLog(path) as log:
            assert log.records >= before + len(said)
        assert verify(path).is_whole


def test_keys_come_from_files(tmp_path):
    """None is no key; a short or a missing file is an error that names it."""
    assert load_key({}) == b""
    file = tmp_path / "key"
    file.write_bytes(KEY + b"\n")
    assert load_key({KEY_FILE_VARIABLE: str(file)}) == KEY
    file.write_bytes(b"short")
    with pytest.raises(AuditLogError, match="5 bytes are too few"):
        load_key({KEY_FILE_VARIABLE: str(file)})
    with pytest.raises(AuditLogError, match="No such file"):
        load_key({KEY_FILE_VARIABLE: str(tmp_path / "none")})
