"""Every reader of foreign bytes, fuzzed for two seconds from the golden inputs and from all that was ever found.

Long runs are by hand: ``python -m tests.fuzz TARGET --seconds 600``; what they found is in docs/reference/fuzzing.md.
"""

import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
TARGETS = (
    "utc_v3_stream", "utc_v3_info", "utc_v3_exchange", "snmp", "ber", "loopback_line", "readings", "coordination", "parameter_file",
    "sealed_config", "control_line", "j2735_srm", "rsu_text", "spat_push", "audit_log",
)  # fmt: skip
needs_atheris = pytest.mark.skipif(find_spec("atheris") is None, reason="atheris has no wheel for this platform")


def run(*arguments):
    """The fuzzer as one runs it by hand, and what it said."""
    command = [sys.executable, "-m", "tests.fuzz", *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=150)


@needs_atheris
@pytest.mark.parametrize("target", TARGETS)
def test_no_bytes_break_a_reader(target, tmp_path):
    """Only documented exceptions, and what is read is written and read as the same."""
    done = run(target, "--seconds", "2", "--artifacts", str(tmp_path))
    assert done.returncode == 0, done.stderr[-3000:]
    assert "stat::number_of_executed_units" in done.stderr, done.stderr[-3000:]
    assert list(tmp_path.iterdir()) == []


@needs_atheris
def test_a_broken_reader_is_found(tmp_path):
    """The fuzzer itself fails when there is something to be found: one byte, of 256, in a reader of its own."""
    program = (
        "import sys, atheris\n"
        "def check(data):\n"
        "    assert data[:1] != b'\\x7f'\n"
        "atheris.Setup([sys.argv[0], '-runs=200000', '-artifact_prefix=' + sys.argv[1] + '/'], check)\n"
        "atheris.Fuzz()\n"
    )
    command = [sys.executable, "-c", program, str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=100)
    assert done.returncode != 0
    assert [path.read_bytes()[:1] for path in tmp_path.iterdir()] == [b"\x7f"]


@needs_atheris
def test_every_target_is_known():
    """What is fuzzed here is all there is to fuzz."""
    listed = [line.split()[0] for line in run("--list").stdout.splitlines()]
    assert sorted(listed) == sorted(TARGETS)
