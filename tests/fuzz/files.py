"""Files that somebody may have changed: parameters, the audit log."""

import json
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from signals.parameter_file import FORMAT, ParameterFile, ParameterFileError, load_parameters, save_parameters
from signals.runtime.audit_log import AuditLog, AuditLogError, verify
from signals.runtime.sealed_config import get_seal_path, sign_config, verify_config
from signals.signatures import SignatureError, read_object, sign
from tests.fuzz.garbled_json import garble, list_deep

FOLDER = Path(tempfile.mkdtemp())  # where ``python -m tests.fuzz`` has told it, and clears up
_KEY = b"0123456789abcdef0123456789abcdef"


_GARBLED = 0xFE  # no text of JSON begins with it: what follows changes a template
_CONTENT = ParameterFile(
    "adaptive", {"headway_s": 1.9, "width": 40}, "actuated", "0123", {"isolated": "ff"}, (21, 22), (1.0,), "loops", 3,
    -0.5, {"name": "night"}, ({"seed": 21},),
)  # fmt: skip


def seed_parameter_file() -> Iterator[bytes]:
    """An unsigned and a signed one, and an unsigned one garbled."""
    yield from list_deep()
    for number in range(0, 240, 6):
        yield bytes((_GARBLED, number // 6, number))
    for key in (None, Ed25519PrivateKey.from_private_bytes(bytes(range(32)))):
        save_parameters(FOLDER / "seed.json", _CONTENT, key)
        yield (FOLDER / "seed.json").read_bytes()


_UNSIGNED = {"format": FORMAT, **asdict(_CONTENT)}


def check_parameter_file(data: bytes) -> None:
    """Trusting or not; what could be read unsigned is written and read as the same."""
    path = FOLDER / "parameters.json"
    path.write_bytes(garble(_UNSIGNED, data[1:]) if data[:1] == bytes((_GARBLED,)) else data)
    with suppress(ParameterFileError):
        load_parameters(path)
    try:
        found = load_parameters(path, needs_signature=False)
    except ParameterFileError:
        return
    if not found.signed_by:
        save_parameters(FOLDER / "again.json", found, None)
        assert load_parameters(FOLDER / "again.json", needs_signature=False) == found


_CONFIG = b'[[intersection]]\nfile = "one.toml"\nhost = "10.0.0.1"\n[centre]\nca_file = "ca.pem"\n'
_PERSONS = ("chen", "lin")


def _build_seal() -> tuple[Path, Path, dict[str, Any]]:
    """A configuration that two people have signed, their keyring, and one of the signatures as an object."""
    folder = FOLDER / "sealed"
    ring, config = folder / "ring", folder / "roadside.toml"
    ring.mkdir(parents=True)
    ring.chmod(0o755)
    config.write_bytes(_CONFIG)
    (folder / "one.toml").write_bytes(b'id = "one"\n')
    (folder / "ca.pem").write_bytes(b"CA")
    for number, person in enumerate(_PERSONS):
        key = Ed25519PrivateKey.from_private_bytes(bytes([number]) * 32)
        path = ring / f"{person}.pem"
        path.write_bytes(
            key.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
        )
        path.chmod(0o644)
        sign_config(config, key, person)
    return config, ring, json.loads(get_seal_path(config).read_text(encoding="utf-8").splitlines()[0])


_SEALED, _RING, _SIGNATURE = _build_seal()
_SEAL = get_seal_path(_SEALED).read_bytes()
_OTHER_KEY = Ed25519PrivateKey.from_private_bytes(bytes([9]) * 32)
_CHENS_KEY = Ed25519PrivateKey.from_private_bytes(bytes([0]) * 32)


def seed_sealed_config() -> Iterator[bytes]:
    """The configuration changed, the signatures changed, a signature garbled, and one signed anew by one of the two."""
    yield b"\0" + _CONFIG
    yield b"\0" + b'file = "../x"\nfiles = ["a", 1, [["b"]]]\n[a.b.c]\nmap_file = ""\n'
    yield b"\0" + b"a=" + b"[" * 1000
    yield b"\1" + _SEAL
    yield b"\1" + _SEAL.splitlines()[0] * 2
    for number in range(0, 240, 6):
        yield bytes((2, number // 6, number))
        yield bytes((3, number // 6, number))


def check_sealed_config(data: bytes) -> None:
    """Nothing raises; only what is left as it was is sealed, and never by less than two persons."""
    kind, rest = data[:1], data[1:]
    config, seal, is_resigned = _CONFIG, _SEAL, False
    match kind[0] % 4 if kind else 0:
        case 0:
            config = rest
        case 1:
            seal = rest
        case 2:
            seal = garble(_SIGNATURE, rest) + b"\n" + _SEAL.splitlines()[1]
        case 3:  # what one person alone can do, and what somebody can do whom nobody knows
            lines = []
            for key in (_OTHER_KEY, _CHENS_KEY):
                try:
                    body = read_object(garble(_SIGNATURE, rest))
                    body["signature"] = sign(body, key)
                    lines.append(json.dumps(body).encode())
                except SignatureError:
                    continue
            seal, is_resigned = b"\n".join(lines * 2), True
    _SEALED.write_bytes(config)
    get_seal_path(_SEALED).write_bytes(seal)
    verdict = verify_config(_SEALED, _RING)
    assert verdict.is_sealed or verdict.faults
    if verdict.is_sealed:
        assert config == _CONFIG
        assert not is_resigned
        assert verdict.signed_by == _PERSONS


def seed_audit_log() -> Iterator[bytes]:
    """A kind, the length of the log, the log, the head: whole, cut, without a head; and records to be chained."""
    for key in (b"", _KEY):
        path = FOLDER / f"seed{len(key)}.log"
        with AuditLog(path, key=key) as log:
            log.add({"event": "advance", "stage": 2})
            log.add({"event": "release", "why": "終"})
        content, head = path.read_bytes(), Path(f"{path}.head").read_bytes()
        kind = 1 if key else 0
        for one in (content, content[:-20], content[:-1]):
            yield bytes((kind,)) + len(one).to_bytes(2, "big") + one + head
    yield b"\2" + b'{"a":1}\n{"b":2}\nnot json\n'


def check_audit_log(data: bytes) -> None:
    """Verified and opened, by its key or without one."""
    if len(data) < 3:
        return
    if data[0] % 3 == 2:
        _check_chained(data[1:])
        return
    key = _KEY if data[0] % 3 else b""
    size = int.from_bytes(data[1:3], "big")
    path = _put(data[3 : 3 + size], data[3 + size :])
    verdict = verify(path, key=key)
    lines = data[3 : 3 + size].count(b"\n")
    assert 0 <= verdict.records <= lines
    assert verdict.is_whole or verdict.fault
    try:
        log = AuditLog(path, key=key)
    except AuditLogError:
        assert not verdict.is_whole
        return
    with log:
        log.add({"event": "after"})
    assert verify(path, key=key).is_whole


def _check_chained(text: bytes) -> None:
    """Records of any bytes under a right chain are whole, with any one byte changed they are not."""
    from signals.runtime.audit_log import _chain, _seal_head

    mac, log, records = "", b"", [line for line in text.split(b"\n") if line][:20]
    for record in records:
        mac = _chain(mac, record, _KEY)
        log += mac.encode() + b" " + record + b"\n"
    head = _seal_head(len(records), mac, _KEY).encode()
    assert verify(_put(log, head), key=_KEY).is_whole
    if log:
        at = len(text) * 7919 % len(log)
        changed = log[:at] + bytes((log[at] ^ 1,)) + log[at + 1 :]
        assert not verify(_put(changed, head), key=_KEY).is_whole


def _put(log: bytes, head: bytes) -> Path:
    path = FOLDER / "audit.log"
    for ending in (".head", ".torn", ".head.new"):
        Path(f"{path}{ending}").unlink(missing_ok=True)
    path.write_bytes(log)
    if head:
        Path(f"{path}.head").write_bytes(head)
    return path
