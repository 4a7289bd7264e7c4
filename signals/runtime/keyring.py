"""Whose signatures are believed: a folder with a public key a file, named after the person who holds the private half.

``chen.pem`` and ``chen.2.pem`` are two keys of one person, who counts once however many keys sign. The file
``required_signatures``, if there is one, holds how many persons it takes; 2 without it.
"""

from __future__ import annotations

import base64
import hashlib
import os
import re
import stat
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from signals.signatures import SignatureError, load_public_key

REQUIRED_SIGNATURES = 2
_MOST_REQUIRED = 20
_PERSON = re.compile(r"[a-z0-9][a-z0-9-]{0,39}")


class KeyringError(Exception):
    """A keyring that cannot be believed; the message names the file and the remedy."""


@dataclass(frozen=True, slots=True)
class Keyring:
    """Public keys by their ids, the person of each, and how many persons it takes."""

    folder: Path
    keys: Mapping[str, str]
    owners: Mapping[str, str]
    required_signatures: int = REQUIRED_SIGNATURES

    @property
    def persons(self) -> frozenset[str]:
        """Everybody whose signature counts."""
        return frozenset(self.owners.values())

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Read a folder.

        Raises:
            KeyringError: it is missing, others than its owner may write to it, a file in it is no public key, or one
                key is there under two names.
        """
        keys: dict[str, str] = {}
        owners: dict[str, str] = {}
        try:
            _refuse_open(folder)
            for path in sorted(folder.glob("*.pem")):
                _refuse_open(path)
                person = path.name.split(".")[0]
                if not is_person(person):
                    raise KeyringError(f"{path}: name it after a person: lower-case letters, digits and -, then .pem.")
                public = load_public_key(path)
                key_id = get_key_id(public)
                if owners.setdefault(key_id, person) != person:
                    raise KeyringError(f"{path}: this is also the key of {owners[key_id]}; one key is one person's.")
                keys[key_id] = public
            required = _read_required(folder / "required_signatures")
        except OSError as error:
            raise KeyringError(f"{error.filename or folder}: {error.strerror}; the keyring is needed.") from error
        except SignatureError as error:
            raise KeyringError(str(error)) from error
        if not keys:
            raise KeyringError(f"{folder}: there is no public key (NAME.pem) in this keyring: nobody can be believed.")
        return cls(folder, keys, owners, required)


def find_person(ring: Keyring, key_id: str) -> str:
    """Whose key it is.

    Raises:
        KeyError: nobody's.
    """
    return ring.owners[key_id]


def get_key_id(public: str) -> str:
    """A short name for a public key: the first 128 bits of its SHA-256, in hexadecimal."""
    return hashlib.sha256(base64.b64decode(public)).hexdigest()[:32]


def is_person(name: str) -> bool:
    """Whether a person in a keyring can be called so."""
    return _PERSON.fullmatch(name) is not None


def _refuse_open(path: Path) -> None:
    told = path.stat()
    if told.st_uid not in (0, os.geteuid()):
        raise KeyringError(
            f"{path}: it belongs to user {told.st_uid}; a keyring is root's, or of who runs this process."
        )
    if told.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
        raise KeyringError(f"{path}: others than its owner may write to it; chmod go-w {path}, and look who has.")


def _read_required(path: Path) -> int:
    try:
        _refuse_open(path)
        text = path.read_text(encoding="ascii", errors="replace").strip()
    except FileNotFoundError:
        return REQUIRED_SIGNATURES
    if not (text.isdecimal() and len(text) <= 2 and 1 <= int(text) <= _MOST_REQUIRED):
        raise KeyringError(f"{path}: {text[:20]!r} is no number of persons from 1 to {_MOST_REQUIRED}.")
    return int(text)
