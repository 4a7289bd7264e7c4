"""``changtong signals audit verify``, ``sign-config``, ``verify-config``, ``status``, ``level``, ``disarm``, ``note``."""

import asyncio
import json
import os
import subprocess
import sys
import threading
from contextlib import contextmanager
from pathlib import Path

import pytest
from certificates import Authority
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from signals.runtime.audit_log import AuditLog
from signals.runtime.control_channel import ControlServer, ControlSettings
from signals.runtime.control_line import Role

KEY = b"0123456789abcdef0123456789abcdef"


def changtong(*arguments, code=0, **more):
    """The command as a user runs it; standard output, and standard error as one string."""
    command = [str(Path(sys.executable).parent / "changtong"), "signals", *map(str, arguments)]
    kept = {name: value for name, value in os.environ.items() if not name.startswith("CHANGTONG_")}
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120, env=kept | more)
    assert done.returncode == code, done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    return done.stdout, " ".join(done.stderr.split())


@pytest.fixture
def log(tmp_path):
    """A log of three records and the file of its key."""
    (tmp_path / "key").write_bytes(KEY)
    with AuditLog(tmp_path / "audit.log", key=KEY) as kept:
        for stage in range(3):
            kept.add({"event": "advance", "stage": stage})
    return tmp_path / "audit.log", tmp_path / "key"


def test_a_whole_log_is_told_and_a_changed_one_with_its_line(log):
    """Codes 0 and 2, for people and for machines; the key from an option or from the environment."""
    path, key = log
    out, err = changtong("audit", "verify", path, "--key-file", key)
    assert (out, err) == (f"{path}: whole, 3 records\n", "")
    found = json.loads(changtong("audit", "verify", path, "--json", CHANGTONG_AUDIT_KEY_FILE=str(key))[0])
    assert found == {"records": 3, "line": None, "fault": "", "has_key": True, "is_whole": True}
    path.write_bytes(path.read_bytes().replace(b'"stage":1', b'"stage":7'))
    out, _ = changtong("audit", "verify", path, "--key-file", key, code=2)
    assert "line 2: this is not the record that was written here; the 1 records before it can be believed" in out
    assert json.loads(changtong("audit", "verify", path, "--key-file", key, "--json", code=2)[0])["line"] == 2


def test_a_log_without_its_key_or_none_at_all_is_told(log):
    """A plain chain says what it is worth; a log that is missing is an error, not a verdict."""
    path, _ = log
    _, err = changtong("audit", "verify", path, code=2)
    assert "checked without a key" in err
    assert "No such file" in changtong("audit", "verify", path.with_name("none"), code=1)[1]
    assert "No such file" in changtong("audit", "verify", path, "--key-file", path.with_name("none"), code=1)[1]


def test_a_recording_is_audited_as_before():
    """The older command by the same name still knows its arguments."""
    _, err = changtong("audit", "/nowhere.xml", "--scenario", "isolated", code=1)
    assert "/nowhere.xml: there is no such file" in err
    out, _ = changtong("audit", "--help")
    assert "--scenario" in out
    assert "verify" in out


def write_key(path, key):
    """A private key for its owner alone."""
    pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    path.write_bytes(pem)
    path.chmod(0o600)


def test_two_people_sign_and_anybody_verifies(tmp_path):
    """Not sealed, half sealed, sealed, changed: codes 2, 2, 0, 2, and what is missing each time."""
    ring, config = tmp_path / "ring", tmp_path / "roadside.toml"
    ring.mkdir(mode=0o755)
    config.write_text('[[intersection]]\nfile = "one.toml"\n', encoding="utf-8")
    (tmp_path / "one.toml").write_text("id = 1", encoding="utf-8")
    for name in ("chen", "lin"):
        key = Ed25519PrivateKey.generate()
        write_key(tmp_path / f"{name}.key", key)
        (ring / f"{name}.pem").write_bytes(
            key.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
        )
        (ring / f"{name}.pem").chmod(0o644)
    out, _ = changtong("verify-config", config, "--keyring", ring, code=2)
    assert "NOT sealed; 0 of 2 persons" in out
    out, _ = changtong("sign-config", config, "--signer", "chen", "--key", tmp_path / "chen.key")
    assert "chen has signed one.toml, roadside.toml" in out
    assert "1 more signature of lin is needed" in changtong("verify-config", config, "--keyring", ring, code=2)[0]
    changtong("sign-config", config, "--signer", "lin", CHANGTONG_SIGNING_KEY=str(tmp_path / "lin.key"))
    found = json.loads(changtong("verify-config", config, "--json", CHANGTONG_KEYRING=str(ring))[0])
    assert (found["is_sealed"], found["signed_by"], found["faults"]) == (True, ["chen", "lin"], [])
    (tmp_path / "one.toml").write_text("id = 2", encoding="utf-8")
    out, _ = changtong("verify-config", config, "--keyring", ring, code=2)
    assert "changed since: one.toml" in out


def test_a_key_that_others_may_read_signs_nothing(tmp_path):
    """Nor does none; each in one line."""
    config = tmp_path / "roadside.toml"
    config.write_text("", encoding="utf-8")
    write_key(tmp_path / "chen.key", Ed25519PrivateKey.generate())
    (tmp_path / "chen.key").chmod(0o644)
    _, err = changtong("sign-config", config, "--signer", "chen", "--key", tmp_path / "chen.key", code=1)
    assert "others than its owner may read it (mode 644)" in err
    assert "which key?" in changtong("sign-config", config, "--signer", "chen", code=1)[1]


class Street:
    """What is controlled."""

    def status(self):
        """As the operators' desk tells it."""
        demo = {
            "level": "shadow", "most": "armed", "why": "the process has begun", "is_commanding": False, "mode": "local",
            "stage": 2, "interval": "green", "faults": [], "trouble": "", "obstacles": ["Its clock is off by 9 s."],
        }  # fmt: skip
        return {"notices": ["sealed by chen"], "intersections": {"demo": demo}}

    def request_level(self, intersection, level, who, reason):
        """Armed is refused."""
        return "its trial is not over" if level == "armed" else None

    def disarm(self, intersection, who, reason):
        """Gladly."""

    def note(self, who, text):
        """Gladly."""


@contextmanager
def serve(path, files, records):
    """A control channel on a Unix socket and on TCP; the port."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()

    def run(work):
        return asyncio.run_coroutine_threadsafe(work, loop).result(30)

    async def build():
        return ControlServer(Street(), ControlSettings({"CN=chen": Role.OPERATOR}), records.append)

    server = run(build())
    try:
        run(server.listen_unix(path))
        yield run(server.listen_tls("127.0.0.1", 0, files))
    finally:
        run(server.close())
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


def test_a_running_process_is_asked_on_the_spot_and_from_afar(tmp_path):
    """By its socket and over TLS: done is 0, refused is 2 with the reason, nobody there is 1."""
    authority, path, records = Authority(tmp_path / "ca"), tmp_path / "control.sock", []
    cabinet, chen = authority.issue("cabinet", dns=["cabinet.test"], is_server=True), authority.issue("chen")
    with serve(path, cabinet, records) as port:
        out, _ = changtong("status", "--socket", path)
        for told in ("sealed by chen", "demo", "shadow of armed", "2 green", "Its clock is off by 9 s."):
            assert told in out
        told = json.loads(changtong("status", "--json", CHANGTONG_CONTROL_SOCKET=str(path))[0])
        assert told["intersections"]["demo"]["most"] == "armed"
        assert changtong("level", "demo", "advisory", "--reason", "尖峰", "--socket", path)[0] == "demo: advisory\n"
        _, err = changtong("level", "demo", "armed", "--reason", "peak", "--socket", path, code=2)
        assert "refused: its trial is not over" in err
        afar = (
            "--host", "127.0.0.1", "--port", port, "--certificate", chen.certificate, "--key", chen.key, "--ca", chen.ca,
            "--name", "cabinet.test",
        )  # fmt: skip
        assert changtong("disarm", "--reason", "accident", *afar)[0] == "all disarmed\n"
        assert changtong("note", "a crane", *afar)[0] == "noted\n"
        _, err = changtong("level", "demo", "armed", "--reason", "peak", *afar, code=2)
        assert "refused: engineer is needed, and CN=chen is operator" in err
        assert "give --certificate, --key and --ca" in changtong("status", "--host", "x", code=1)[1]
    assert "is the process running?" in changtong("status", "--socket", path, code=1)[1]
    assert "which process?" in changtong("status", code=1)[1]
    assert [one["text"] for one in records if one["event"] == "control" and "text" in one] == [
        "尖峰", "peak", "accident", "a crane"
    ]  # fmt: skip
