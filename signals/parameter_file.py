"""The file in which tuned parameters travel from a study to the street, signed (Ed25519, RFC 8032) with its evidence.

The signature covers every value in the file. A file that was changed after signing is refused whatever the reader says;
an unsigned file, or one by a key that is not trusted here, only on request. Trusted are the keys in
``trusted_keys.txt`` of the user's configuration folder and those in ``CHANGTONG_TRUSTED_KEYS``. A signing key is a PEM
file: ``CHANGTONG_SIGNING_KEY``, or one made for the user at the first signing.

It imports neither tuner nor simulator: the roadside reads it as well.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from operator import index
from pathlib import Path
from typing import TYPE_CHECKING, Any

from signals.signatures import (
    SIGNING_KEY_VARIABLE,
    SignatureError,
    check_signature,
    load_private_key,
    read_object,
    sign,
    to_public_text,
)

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

FORMAT = "changtong signal parameters 1"


class ParameterFileError(Exception):
    """A parameter file that cannot be used or written; the message names the file, the fault and the remedy."""


@dataclass(frozen=True, slots=True)
class ParameterFile:
    """Parameters of a controller and what speaks for them.

    ``scenarios`` maps each name to the hash of its files; ``evidence`` has a row per run of the tuned controller and of
    the reference, on training seeds. ``signed_by`` is the public key, empty where nobody signed.
    """

    controller: str
    parameters: Mapping[str, Any]
    reference: str
    code_version: str
    scenarios: Mapping[str, str]
    training_seeds: tuple[int, ...]
    demand_scales: tuple[float, ...]
    sensing: str
    trials: int
    objective: float
    study: Mapping[str, Any] = field(default_factory=dict)
    evidence: tuple[Mapping[str, Any], ...] = ()
    signed_by: str = ""


def save_parameters(path: Path, content: ParameterFile, key: Ed25519PrivateKey | None) -> ParameterFile:
    """Write the file, signed if there is a key; what was written comes back."""
    body: dict[str, Any] = {"format": FORMAT, **asdict(content), "signed_by": to_public_text(key) if key else ""}
    if key:
        body["signature"] = sign(body, key)
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_suffix(path.suffix + ".part")
    part.write_text(json.dumps(body, indent=1, ensure_ascii=False, allow_nan=False) + "\n", encoding="utf-8")
    part.replace(path)
    return _read(body, path)


def load_parameters(path: Path, *, needs_signature: bool = True) -> ParameterFile:
    """Read and verify the file.

    Raises:
        ParameterFileError: not such a file, changed after it was signed, or, unless ``needs_signature`` is off, not
            signed or by a key that is not trusted here.
    """
    try:
        body = read_object(path.read_bytes())
    except OSError as error:
        raise ParameterFileError(f"{path}: {error.strerror}.") from error
    except SignatureError as error:
        raise ParameterFileError(f"{path}: not a parameter file of this version ({FORMAT!r}): {error}.") from error
    if body.get("format") != FORMAT:
        raise ParameterFileError(f"{path}: not a parameter file of this version ({FORMAT!r}).")
    signer = body.get("signed_by")
    if signer or "signature" in body:
        _verify(body, path)
    if needs_signature and not signer:
        raise ParameterFileError(f"{path}: nobody signed it; where you know its origin, read it with --trust.")
    if needs_signature and signer not in list_trusted_keys():
        raise ParameterFileError(
            f"{path}: signed by the key {signer}, which is not trusted here; where it should be, add it to "
            f"{get_config_folder() / 'trusted_keys.txt'}, or read this file with --trust."
        )
    return _read(body, path)


def get_config_folder() -> Path:
    """The user's folder for Changtong's configuration (XDG base directories)."""
    return Path(os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config") / "changtong"


def list_trusted_keys() -> frozenset[str]:
    """Public keys whose files are believed: those listed by the user, and those in the environment."""
    listed = get_config_folder() / "trusted_keys.txt"
    lines = listed.read_text(encoding="utf-8").splitlines() if listed.is_file() else []
    keys = [line.split("#")[0].strip() for line in lines]
    keys += [key.strip() for key in os.environ.get("CHANGTONG_TRUSTED_KEYS", "").split(",")]
    return frozenset(key for key in keys if key)


def get_signing_key(path: Path | None = None) -> tuple[Ed25519PrivateKey, str]:
    """A private key and, where it has just been made, a sentence that says so.

    It is read from ``path``, or from the file that ``CHANGTONG_SIGNING_KEY`` names; without either the user's own is
    used, which is made and trusted on this machine at first use.
    """
    from cryptography.hazmat.primitives import serialization  # noqa: PLC0415  (only who signs or verifies pays for it)
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey as PrivateKey  # noqa: PLC0415

    told = os.environ.get(SIGNING_KEY_VARIABLE)
    named = path or (Path(told) if told else None)
    file = named or get_config_folder() / "signing_key.pem"
    if named or file.is_file():
        try:
            return load_private_key(file, is_for_owner_alone=False), ""
        except OSError as error:
            raise ParameterFileError(f"{file}: {error.strerror}.") from error
        except SignatureError as error:
            raise ParameterFileError(str(error)) from error
    made = PrivateKey.generate()
    pem = made.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    file.parent.mkdir(parents=True, exist_ok=True)
    with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as stream:
        stream.write(pem)
    with (file.parent / "trusted_keys.txt").open("a", encoding="utf-8") as stream:
        stream.write(f"{to_public_text(made)}  # made on this machine\n")
    return made, f"Made a signing key, {file}; its public key is {to_public_text(made)}."


def _verify(body: Mapping[str, Any], path: Path) -> None:
    try:
        check_signature(body, body.get("signed_by"))
    except SignatureError as error:
        if isinstance(error.__cause__, ImportError):
            raise ParameterFileError(f"{path}: {error}.") from error
        raise ParameterFileError(
            f"{path}: its signature does not fit: it was changed after it was signed. Get the original, or tune again."
        ) from error


def _read(body: Mapping[str, Any], path: Path) -> ParameterFile:
    try:
        return ParameterFile(
            controller=_get(body, "controller", str),
            parameters=_get(body, "parameters", dict),
            reference=_get(body, "reference", str),
            code_version=_get(body, "code_version", str),
            scenarios=_get(body, "scenarios", dict),
            training_seeds=tuple(index(seed) for seed in body["training_seeds"]),
            demand_scales=tuple(float(scale) for scale in body["demand_scales"]),
            sensing=_get(body, "sensing", str),
            trials=_get(body, "trials", int),
            objective=float(body["objective"]),
            study=_get(body, "study", dict),
            evidence=tuple(dict(row) for row in body["evidence"]),
            signed_by=_get(body, "signed_by", str),
        )
    except (KeyError, TypeError, ValueError) as error:
        what = f"{error.args[0]} is missing" if isinstance(error, KeyError) else str(error)
        raise ParameterFileError(f"{path}: {what}.") from error


def _get(body: Mapping[str, Any], name: str, kind: type) -> Any:
    value = body[name]
    if not isinstance(value, kind):
        raise TypeError(f"{name} is {value!r}, which is no {kind.__name__}")
    return value
