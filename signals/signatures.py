"""Ed25519 signatures (RFC 8032) over what a JSON object says, and the keys for them.

What is signed is one text of the object: sorted, without spaces, without its own ``signature``. An object says in
``format`` what it is, so that a signature under a parameter file is none under a configuration, also by the same key.
Whatever is read here was perhaps written by somebody who wants harm: one reading of a text, or ``SignatureError``.
"""

from __future__ import annotations

import base64
import json
import math
import os
import stat
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

SIGNING_KEY_VARIABLE = "CHANGTONG_SIGNING_KEY"
MOST_KEY_BYTES = 65_536
_MOST_INTEGER = 2**64


class SignatureError(Exception):
    """A signature that does not hold, or a key or a text that is none."""


def to_public_text(key: Ed25519PrivateKey) -> str:
    """The public half of a key, as 44 characters of base64."""
    return base64.b64encode(key.public_key().public_bytes_raw()).decode()


def get_signed_bytes(body: Mapping[str, Any]) -> bytes:
    """One way to write the same values: sorted, without spaces, without the signature."""
    signed = {name: value for name, value in body.items() if name != "signature"}
    return json.dumps(signed, sort_keys=True, separators=(",", ":"), allow_nan=False).encode()


def sign(body: Mapping[str, Any], key: Ed25519PrivateKey) -> str:
    """The signature over everything in ``body``, in base64."""
    return base64.b64encode(key.sign(get_signed_bytes(body))).decode()


def check_signature(body: Mapping[str, Any], public: object) -> None:
    """Let ``body`` pass if its ``signature`` is of this public key and over all of its other values.

    Raises:
        SignatureError: it is not, or either is no such thing; or ``cryptography`` is not installed, which it says.
    """
    try:
        from cryptography.exceptions import InvalidSignature  # noqa: PLC0415  (only who verifies pays for it)
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey  # noqa: PLC0415
    except ImportError as error:
        raise SignatureError(f"to verify it, install changtong[roadside] ({error})") from error

    signature = body.get("signature")
    if not isinstance(public, str) or not isinstance(signature, str):
        raise SignatureError("there is no signature")
    try:
        key = Ed25519PublicKey.from_public_bytes(_decode(public))
        key.verify(_decode(signature), get_signed_bytes(body))
    except (InvalidSignature, TypeError, ValueError) as error:
        raise SignatureError("the signature does not fit what is signed") from error


def load_private_key(path: Path, *, is_for_owner_alone: bool = True) -> Ed25519PrivateKey:
    """A private key in PEM without a password. Its content is in no message.

    Raises:
        SignatureError: something else; or others than its owner may read or write it, unless
            ``is_for_owner_alone`` is off.
        OSError: it cannot be read.
    """
    from cryptography.exceptions import UnsupportedAlgorithm  # noqa: PLC0415
    from cryptography.hazmat.primitives import serialization  # noqa: PLC0415
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey as PrivateKey  # noqa: PLC0415

    content = read_secret(path) if is_for_owner_alone else path.read_bytes()
    try:
        key = serialization.load_pem_private_key(content, password=None)
    except (TypeError, ValueError, UnsupportedAlgorithm):
        raise SignatureError(f"{path}: not a private key in PEM without a password.") from None
    if not isinstance(key, PrivateKey):
        raise SignatureError(f"{path}: not an Ed25519 key; make one with openssl genpkey -algorithm ed25519.")
    return key


def load_public_key(path: Path) -> str:
    """The public key of a PEM file, as ``to_public_text`` writes it.

    Raises:
        SignatureError: something else.
        OSError: it cannot be read.
    """
    from cryptography.exceptions import UnsupportedAlgorithm  # noqa: PLC0415
    from cryptography.hazmat.primitives import serialization  # noqa: PLC0415
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey  # noqa: PLC0415

    with path.open("rb") as stream:
        content = stream.read(MOST_KEY_BYTES)
    try:
        key = serialization.load_pem_public_key(content)
    except (TypeError, ValueError, UnsupportedAlgorithm) as error:
        raise SignatureError(
            f"{path}: not a public key in PEM; make one with openssl pkey -in KEY.pem -pubout."
        ) from error
    if not isinstance(key, Ed25519PublicKey):
        raise SignatureError(f"{path}: not an Ed25519 key; make one with openssl genpkey -algorithm ed25519.")
    return base64.b64encode(key.public_bytes_raw()).decode()


def read_secret(path: Path) -> bytes:
    """The content of a file that its owner alone may read or write.

    Raises:
        SignatureError: others may, or it is no plain file, or too long for a secret.
        OSError: it cannot be read.
    """
    file = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)  # a pipe of that name must not hold us up
    try:
        told = os.fstat(file)
        if not stat.S_ISREG(told.st_mode):
            raise SignatureError(f"{path}: not a plain file.")
        if told.st_mode & 0o077:
            raise SignatureError(
                f"{path}: others than its owner may read it (mode {stat.S_IMODE(told.st_mode):03o}); "
                f"chmod 600 {path}, and make a new key if anybody had access."
            )
        content = os.read(file, MOST_KEY_BYTES + 1)
    finally:
        os.close(file)
    if len(content) > MOST_KEY_BYTES:
        raise SignatureError(f"{path}: too long for a secret.")
    return content


def read_object(text: str | bytes) -> dict[str, Any]:
    """The JSON object of a text; every name once, every number finite and below 2^64, every character one.

    Raises:
        SignatureError: another text.
    """
    try:
        if isinstance(text, bytes):
            text = text.decode("utf-8")  # json would guess, and may guess UTF-16
        body = json.loads(
            text,
            object_pairs_hook=_read_pairs,
            parse_constant=_refuse_constant,
            parse_float=_read_float,
            parse_int=_read_integer,
        )
        json.dumps(body, ensure_ascii=False).encode()  # half a surrogate pair would fail later, where nobody looks
    except RecursionError:
        raise SignatureError("nested too deeply") from None
    except ValueError as error:
        raise SignatureError(str(error)[:200]) from error
    if not isinstance(body, dict):
        raise SignatureError("not a JSON object")
    return body


def _decode(text: str) -> bytes:
    """Base64 in its one form: the last character's unused bits are zero, so that no two texts are one signature."""
    content = base64.b64decode(text, validate=True)
    if base64.b64encode(content).decode() != text:
        raise ValueError("not base64 as it is written")
    return content


def _read_pairs(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    body = dict(pairs)
    if len(body) < len(pairs):
        raise ValueError("a name occurs twice")
    return body


def _refuse_constant(name: str) -> float:
    raise ValueError(f"{name} is no number")


def _read_float(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError(f"{text[:20]} is beyond all numbers")
    return number


def _read_integer(text: str) -> int:
    number = int(text) if len(text) <= 20 else _MOST_INTEGER
    if not -_MOST_INTEGER < number < _MOST_INTEGER:
        raise ValueError(f"{text[:20]}... is too large a number")
    return number
