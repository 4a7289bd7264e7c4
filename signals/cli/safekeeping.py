"""What keeps a running process safe, from the command line: its log, its configuration's signatures, its level.

Exit code 0: whole, signed, done; 2: not; 1: it could not be found out.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

from cyclopts import Parameter

from signals.cli.output import UNSAFE, get_console, one_clear_error

if TYPE_CHECKING:
    from signals.runtime.control_client import Answer, ControlAddress


@Parameter(name="*")
@dataclass(frozen=True, kw_only=True)
class Place:
    """Where the process listens."""

    socket: Annotated[Path | None, Parameter(env_var="CHANGTONG_CONTROL_SOCKET")] = None
    """Its Unix socket, on the machine in the cabinet."""

    host: Annotated[str, Parameter(env_var="CHANGTONG_CONTROL_HOST")] = ""
    """Its address, from the centre; then the certificate, the key and the CA are needed as well."""

    port: Annotated[int, Parameter(env_var="CHANGTONG_CONTROL_PORT")] = 9750
    """Its TCP port."""

    certificate: Annotated[Path | None, Parameter(env_var="CHANGTONG_CONTROL_CERTIFICATE")] = None
    """Your certificate (PEM), whose name the process's configuration has a role for."""

    key: Annotated[Path | None, Parameter(env_var="CHANGTONG_CONTROL_KEY_FILE")] = None
    """Your private key (PEM), a file of mode 600."""

    ca: Annotated[Path | None, Parameter(env_var="CHANGTONG_CONTROL_CA")] = None
    """The certificate of the CA that the process's own is from (PEM)."""

    name: Annotated[str, Parameter(env_var="CHANGTONG_CONTROL_NAME")] = ""
    """What the process's certificate says, where that is not the address."""


def audit_verify(
    log: Path, /, *, key_file: Path | None = None, json: Annotated[bool, Parameter(negative=())] = False
) -> int:
    """Verify an audit log of `changtong signals run`: that no record was changed, taken out, put in or moved.

    Each record carries a code over itself and the one before (HMAC-SHA256); beside the log, LOG.head says how many
    there must be. Every record before the first that does not fit can be believed, none after it. Without the key only
    accidents are noticed: anybody can write a chain anew. Exit code 0: the log is whole; 2: it is not.

    Example: `changtong signals audit verify state/audit.log --key-file /run/secrets/audit.key`.

    Args:
        log: The log.
        key_file: The file with the log's key (default: the one that CHANGTONG_AUDIT_KEY_FILE names).
        json: Print the verdict as JSON.
    """
    import json as codec
    import os

    from signals.runtime.audit_log import KEY_FILE_VARIABLE, AuditLogError, load_key, verify

    with one_clear_error(AuditLogError):
        key = load_key({KEY_FILE_VARIABLE: str(key_file)} if key_file else os.environ)
        found = verify(log, key=key)
    if json:
        verdict = {"records": found.records, "line": found.line, "fault": found.fault, "has_key": bool(key)}
        print(codec.dumps({**verdict, "is_whole": found.is_whole}))
    elif found.is_whole:
        print(f"{log}: whole, {found.records} records")
    else:
        print(f"{log}, line {found.line}: {found.fault}; the {found.records} records before it can be believed")
    if not key and not json:
        print("checked without a key: that notices accidents, and nobody who wrote the log anew", file=sys.stderr)
    return 0 if found.is_whole else UNSAFE


def sign_config(config: Path, /, *, signer: str, key: Path | None = None) -> int:
    """Sign a roadside configuration with every file that it names, after you have reviewed them.

    A cabinet arms only where enough people, two unless its keyring says otherwise, have signed exactly what is there.
    The signature goes into CONFIG.sig; signatures over an earlier state are taken out. Make a key once with `openssl
    genpkey -algorithm ed25519 -out NAME.key` (mode 600) and give `openssl pkey -in NAME.key -pubout -out NAME.pem` to
    whoever keeps the keyring.

    Example: `changtong signals sign-config roadside.toml --signer chen --key chen.key`.

    Args:
        config: The configuration (TOML).
        signer: You, as your key is called in the keyring.
        key: Your private key (Ed25519, PEM, mode 600; default: the file that CHANGTONG_SIGNING_KEY names).
    """
    import os

    from signals.runtime.sealed_config import SealError, get_seal_path
    from signals.runtime.sealed_config import sign_config as sign
    from signals.signatures import SIGNING_KEY_VARIABLE, SignatureError, load_private_key

    with one_clear_error(SealError, SignatureError):
        told = os.environ.get(SIGNING_KEY_VARIABLE)
        file = key or (Path(told) if told else None)
        if file is None:
            raise SealError(f"which key? Give --key, or name its file in {SIGNING_KEY_VARIABLE}.")
        names = sign(config, load_private_key(file), signer)
    print(f"{signer} has signed {', '.join(names)}; the signature is in {get_seal_path(config)}")
    return 0


def verify_config(
    config: Path,
    /,
    *,
    keyring: Annotated[Path, Parameter(env_var="CHANGTONG_KEYRING")],
    json: Annotated[bool, Parameter(negative=())] = False,
) -> int:
    """Tell whether a configuration may arm: whether enough people have signed it and every file that it names.

    Says what was changed, what is missing, whose signature does not count and why, and what to do. Exit code 0: it may;
    2: it may not.

    Example: `changtong signals verify-config roadside.toml --keyring /etc/changtong/keyring`.

    Args:
        config: The configuration (TOML).
        keyring: The folder of public keys, NAME.pem for each person; nobody else's signature counts.
        json: Print the verdict as JSON.
    """
    import json as codec

    from signals.runtime.sealed_config import verify_config as verify

    with one_clear_error():
        found = verify(config, keyring)
    if json:
        body = {
            "is_sealed": found.is_sealed,
            "required": found.required,
            "signed_by": found.signed_by,
            "signed_at": found.signed_at.isoformat() if found.signed_at else None,
            "digest": found.digest,
            "faults": found.faults,
        }
        print(codec.dumps(body, ensure_ascii=False))
    else:
        state = "sealed" if found.is_sealed else "NOT sealed"
        print(f"{config}: {state}; {len(found.signed_by)} of {found.required} persons: {', '.join(found.signed_by)}")
        for fault in found.faults:
            print(f"  {fault}")
    return 0 if found.is_sealed else UNSAFE


def status(*, place: Place | None = None, json: Annotated[bool, Parameter(negative=())] = False) -> int:
    """Ask a running process how it is: every intersection's level, mode and trouble.

    Examples: `changtong signals status --socket /run/changtong/control.sock`, and from the centre `changtong signals
    status --host 10.9.0.7 --certificate me.pem --key me.key --ca ca.pem --name cabinet-7`.

    Args:
        place: Where it listens.
        json: Print it as JSON.
    """
    import json as codec

    from signals.runtime.control_client import ask_status

    with _asking():
        answer = ask_status(_find(place))
    if json or answer.refusal:
        return _tell(answer, codec.dumps(answer.status, ensure_ascii=False, indent=1))
    _show(answer.status)
    return 0


def _show(told: Mapping[str, Any]) -> None:
    """A row for each intersection, and what stands in its way."""
    from rich.table import Table

    for notice in told.get("notices", ()):
        print(notice)
    table = Table()
    for column in ("intersection", "level", "commands", "mode", "stage", "what is wrong"):
        table.add_column(column)
    for name, one in told.get("intersections", {}).items():
        wrong = [one["trouble"], *one["obstacles"], *one["faults"]]
        if one["level"] == "shadow":
            wrong.append(f"in shadow: {one['why']}")
        stage = "" if one["stage"] is None else f"{one['stage']} {one['interval']}"
        mine = "yes" if one["is_commanding"] else "no"
        words = "; ".join(text for text in wrong if text)
        table.add_row(name, f"{one['level']} of {one['most']}", mine, one["mode"] or "?", stage, words)
    get_console().print(table)


def level(
    intersection: str,
    wanted: Literal["shadow", "advisory", "armed"],
    /,
    *,
    reason: str,
    place: Place | None = None,
) -> int:
    """Bring an intersection to shadow, advisory or armed; up one step at a time, down at once.

    In `shadow` it decides and logs; in `advisory` operators are shown what it would do; `armed`, it commands the
    cabinet. Arming needs a configuration that two people have signed, a quiet trial in advisory, and a certificate with
    the role of an engineer. Name and reason go into the audit log. Exit code 2: refused, and why.

    Example: `changtong signals level demo-crossing advisory --reason "evening peak trial" --socket control.sock`.

    Args:
        intersection: Its id, as `changtong signals status` tells it.
        wanted: shadow, advisory or armed.
        reason: Why; it is kept.
        place: Where the process listens.
    """
    from signals.runtime.control_client import ask_level

    with _asking():
        answer = ask_level(_find(place), intersection, wanted, reason)
    return _tell(answer, f"{intersection}: {wanted}")


def disarm(intersection: str = "*", /, *, reason: str, place: Place | None = None) -> int:
    """Take one intersection, or all of them, back to shadow at once: every cabinet goes on by its own plan.

    Example: `changtong signals disarm --reason "accident on site" --socket control.sock`.

    Args:
        intersection: Its id; all without it.
        reason: Why; it is kept.
        place: Where the process listens.
    """
    from signals.runtime.control_client import ask_disarm

    with _asking():
        answer = ask_disarm(_find(place), reason, intersection)
    return _tell(answer, "all disarmed" if intersection == "*" else f"{intersection}: disarmed")


def note(text: str, /, *, place: Place | None = None) -> int:
    """Leave a remark in the audit log of a running process, under your name.

    Args:
        text: What to remember.
        place: Where the process listens.
    """
    from signals.runtime.control_client import ask_note

    with _asking():
        answer = ask_note(_find(place), text)
    return _tell(answer, "noted")


def _asking() -> AbstractContextManager[None]:
    from signals.runtime.control_client import ControlClientError
    from signals.runtime.control_tls import TlsError

    return one_clear_error(ControlClientError, TlsError)


def _find(place: Place | None) -> ControlAddress:
    from signals.runtime.control_client import ControlAddress, ControlClientError
    from signals.runtime.control_tls import TlsFiles

    place = place or Place()
    if place.socket is not None and not place.host:
        return ControlAddress(place.socket)
    if not place.host:
        raise ControlClientError("which process? Give --socket, or --host with --certificate, --key and --ca.")
    if place.certificate is None or place.key is None or place.ca is None:
        raise ControlClientError(f"{place.host} is asked over TLS: give --certificate, --key and --ca.")
    files = TlsFiles(place.certificate, place.key, place.ca)
    return ControlAddress(None, place.host, place.port, files, place.name)


def _tell(answer: Answer, done: str) -> int:
    if answer.refusal:
        print(f"changtong signals: refused: {answer.refusal}", file=sys.stderr)
        return UNSAFE
    print(done)
    return 0
