"""`changtong serve` starts with one friendly line, or fails with one clear line."""

import socket
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def serve(*arguments):
    """The command's outcome, as a person would see it."""
    command = [sys.executable, "-m", "api.cli", "serve", *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=90, check=False)


def test_a_taken_port_is_told_with_the_remedy():
    """No traceback: the address, the reason, and what to do."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        outcome = serve("--port", str(taken.getsockname()[1]))
    assert outcome.returncode == 1
    assert "--port" in outcome.stderr
    assert "Traceback" not in outcome.stderr


def test_an_impossible_port_is_told():
    """No traceback: the setting and its range."""
    outcome = serve("--port", "99999")
    assert outcome.returncode == 1
    assert "65535" in outcome.stderr
    assert "Traceback" not in outcome.stderr


def test_an_unknown_city_is_told():
    """No traceback: the name, and which cities there are."""
    outcome = serve("--port", "0", "--city", "atlantis")
    assert outcome.returncode == 1
    assert "atlantis" in outcome.stderr
    assert "kaohsiung" in outcome.stderr
    assert "Traceback" not in outcome.stderr


def test_a_missing_feed_is_told(tmp_path):
    """No traceback, and no talk of cities: the file that is not there."""
    outcome = serve("--port", "0", "--city", str(tmp_path / "lost.zip"))
    assert outcome.returncode == 1
    assert "lost.zip" in outcome.stderr
    assert "no city" not in outcome.stderr
    assert "Traceback" not in outcome.stderr


def test_an_impossible_store_is_told(monkeypatch):
    """No traceback: the variable, and what its value begins with."""
    monkeypatch.setenv("REDIS_URL", "nonsense")
    outcome = serve("--port", "0")
    assert outcome.returncode == 1
    assert "REDIS_URL" in outcome.stderr
    assert "redis://" in outcome.stderr
    assert "Traceback" not in outcome.stderr


def test_a_broken_feed_is_told(tmp_path):
    """No traceback: the file that is no feed."""
    broken = tmp_path / "broken.zip"
    broken.write_bytes(b"this is no zip")
    outcome = serve("--port", "0", "--city", str(broken))
    assert outcome.returncode == 1
    assert "broken.zip" in outcome.stderr
    assert "Traceback" not in outcome.stderr
