"""A configuration that arms nothing until two people have signed it, with every file that it names.

Beside ``roadside.toml`` stands ``roadside.toml.sig``: one JSON object a line, one line a signature. Each says what was
signed, by the SHA-256 of the configuration and of every file that it names, so that none of them can be changed,
exchanged or taken away alone. Whom to believe stands in a folder of public keys that is not part of what is signed,
the keyring: ``chen.pem`` is Chen's key, ``chen.2.pem`` another one of the same person, and ``required_signatures``, if
it is there, holds how many persons it takes (2 without it). A configuration cannot lower that number itself.

What is named is every text under a name ``file``, ``files``, ``..._file`` or ``..._files``, also in a TOML file that is
named; not what is secret and differs from cabinet to cabinet (names with the word key, secret, password, passphrase,
token or community in them, as ``audit_key_file``). Named files lie in the folder of the configuration or below it.
"""

from __future__ import annotations

import hashlib
import os
import stat
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from signals.runtime.keyring import Keyring, KeyringError, find_person, get_key_id, is_person
from signals.signatures import SignatureError, check_signature, read_object, sign, to_public_text

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

FORMAT = "changtong sealed configuration 1"
MOST_FILES = 2000
MOST_FILE_BYTES = 2**22
MOST_BYTES = 2**28
MOST_SEAL_BYTES = 2**22
MOST_SIGNATURES = 32
_SECRET = frozenset({"key", "keys", "secret", "password", "passphrase", "token", "community"})
_NAMES = ("format", "config", "files", "key", "signer", "signed_at", "signature")


class SealError(Exception):
    """A configuration that cannot be signed, or a seal that cannot be read; the message names file and remedy."""


@dataclass(frozen=True, slots=True)
class SealVerdict:
    """Whether a configuration may arm. ``signed_by`` are the persons who signed exactly what is there; ``faults`` says,
    each with its remedy, what is missing, changed or not trusted; ``digest`` names what was looked at, for the log;
    ``signed_at`` is the time since which as many persons as needed have signed. ``contents`` are the files, by name, as
    they were when they were looked at: ``write_snapshot`` gives them to who must read them as files.
    """

    config: Path
    required: int
    signed_by: tuple[str, ...] = ()
    faults: tuple[str, ...] = ()
    digest: str = ""
    signed_at: datetime | None = None
    contents: Mapping[str, bytes] = field(default_factory=dict, repr=False)

    @property
    def is_sealed(self) -> bool:
        """Whether enough persons have signed what is there."""
        return self.required >= 1 and len(self.signed_by) >= self.required

    def write_snapshot(self, folder: Path) -> Path:
        """Write what was verified into an empty folder, and tell where the configuration is.

        Who loads that copy loads what was verified, whatever happens to the originals in between.
        """
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        for name, content in self.contents.items():
            copy = folder / name
            copy.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            with os.fdopen(os.open(copy, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as stream:
                stream.write(content)
        return folder / self.config.name


def get_seal_path(config: Path) -> Path:
    """Where the signatures of a configuration are."""
    return config.with_name(config.name + ".sig")


def sign_config(config: Path, key: Ed25519PrivateKey, signer: str, *, at: datetime | None = None) -> tuple[str, ...]:
    """Add a person's signature to what is there now; signatures over anything else are taken out, since they hold no
    more. The files that were signed come back.

    Raises:
        SealError: the configuration, a file that it names, or the seal cannot be read, or ``signer`` is no name.
    """
    if not is_person(signer):
        raise SealError(f"{signer!r} is no name of a key in a keyring: lower-case letters, digits and - only.")
    contents = read_sealed_files(config)
    body: dict[str, Any] = {
        "format": FORMAT,
        "config": config.name,
        "files": _digest_each(contents),
        "key": get_key_id(to_public_text(key)),
        "signer": signer,
        "signed_at": (at or datetime.now(UTC)).astimezone(UTC).isoformat(timespec="seconds"),
    }
    seal = get_seal_path(config)
    kept = [
        line
        for line, told in _read_lines(seal)
        if told is not None and told.get("files") == body["files"] and told.get("key") != body["key"]
    ]
    if len(kept) >= MOST_SIGNATURES:
        raise SealError(f"{seal}: {len(kept)} signatures are enough; remove the file and sign again.")
    body["signature"] = sign(body, key)
    _write(seal, [*kept, _encode(body)])
    return tuple(contents)


def verify_config(
    config: Path,
    keyring: Path,
    *,
    required_signatures: int | None = None,
    needed: Iterable[Path] = (),
    not_before: datetime | None = None,
) -> SealVerdict:
    """Whether enough persons of the keyring have signed the configuration and what it names, as they are now.

    ``required_signatures`` can only raise the keyring's number. ``needed`` are files that the process will read: one
    that is not among those signed is a fault that nothing outweighs. A signature made before ``not_before`` counts no
    more: who keeps the ``signed_at`` of the last configuration that armed refuses an older one that is put back.

    Never raises for what the files hold: a verdict says it.
    """
    try:
        ring = Keyring.load(keyring)
    except KeyringError as error:
        return SealVerdict(config, max(2, required_signatures or 0), faults=(str(error),))
    required = max(ring.required_signatures, required_signatures or 0)
    try:
        contents = read_sealed_files(config)
        lines = list(_read_lines(get_seal_path(config)))
    except SealError as error:
        return SealVerdict(config, required, faults=(str(error),))
    digests = _digest_each(contents)
    digest = hashlib.sha256("".join(f"{name}\0{one}\n" for name, one in sorted(digests.items())).encode()).hexdigest()
    unsealed = _list_unsealed(config, contents, needed)
    persons: dict[str, datetime] = {}
    faults = list(unsealed)
    for number, (_, body) in enumerate(lines, 1):
        try:
            person, at = _weigh(body, config, digests, ring, not_before)
        except SealError as error:
            faults.append(f"{get_seal_path(config)}, line {number}: {error}")
        else:
            persons[person] = max(at, persons.get(person, at))
    if len(persons) < required:
        faults.append(_tell_missing(config, required, persons, ring))
    return SealVerdict(
        config,
        required,
        () if unsealed else tuple(sorted(persons)),
        tuple(faults),
        digest,
        sorted(persons.values())[-required] if len(persons) >= required else None,
        contents,
    )


def read_sealed_files(config: Path) -> dict[str, bytes]:
    """The configuration and every file that it names, by their names relative to its folder, sorted.

    Raises:
        SealError: one of them cannot be read, lies elsewhere, or is no TOML where it has to be.
    """
    contents: dict[str, bytes] = {}
    waiting, size = [config.name], 0
    while waiting:
        name = waiting.pop()
        if name in contents:
            continue
        if len(contents) >= MOST_FILES:
            raise SealError(f"{config}: it names more than {MOST_FILES} files.")
        path = config.parent / name
        contents[name] = _read(path)
        size += len(contents[name])
        if size > MOST_BYTES:
            raise SealError(f"{config}: it names more than {MOST_BYTES} bytes.")
        if path.suffix == ".toml" or name == config.name:
            waiting += [_place(path, told, config) for told in _list_named(_parse(path, contents[name]))]
    return dict(sorted(contents.items()))


def _read(path: Path) -> bytes:
    try:
        file = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)  # a pipe of that name must not hold us up
        try:
            told = os.fstat(file)
            if not stat.S_ISREG(told.st_mode) or told.st_size > MOST_FILE_BYTES:
                raise SealError(f"{path}: no plain file, or more than {MOST_FILE_BYTES} bytes, and is not signed.")
            with os.fdopen(file, "rb", closefd=False) as stream:
                return stream.read(MOST_FILE_BYTES)
        finally:
            os.close(file)
    except (OSError, ValueError) as error:  # ValueError: a name with a zero byte in it
        why = error.strerror if isinstance(error, OSError) else error
        raise SealError(f"{path}: {why}; every file that a configuration names is signed with it.") from error


def _parse(path: Path, content: bytes) -> dict[str, Any]:
    try:
        return tomllib.loads(content.decode("utf-8"))
    except (ValueError, RecursionError) as error:
        raise SealError(f"{path}: no TOML: {str(error)[:200]}") from error


def _place(path: Path, told: str, config: Path) -> str:
    """The name, relative to the configuration's folder, of what a file in it names relative to itself."""
    if Path(told).is_absolute() or ".." in Path(told).parts or not told:
        raise SealError(
            f"{path}: it names {told[:200]!r}; name a file in the folder of {config.name} or below, without '..'."
        )
    return (path.parent / told).relative_to(config.parent).as_posix()


def _list_named(content: Any, *, is_file: bool = False, depth: int = 0) -> Iterator[str]:
    if depth > 50:
        raise SealError("nested too deeply")
    if isinstance(content, Mapping):
        for name, value in content.items():
            yield from _list_named(value, is_file=_names_a_file(name), depth=depth + 1)
    elif isinstance(content, list):
        for one in content:
            yield from _list_named(one, is_file=is_file, depth=depth + 1)
    elif is_file and isinstance(content, str):
        yield content


def _names_a_file(name: str) -> bool:
    words = name.lower().split("_")
    return words[-1] in ("file", "files") and not _SECRET & set(words)


def _digest_each(contents: Mapping[str, bytes]) -> dict[str, str]:
    return {name: hashlib.sha256(content).hexdigest() for name, content in contents.items()}


def _read_lines(seal: Path) -> Iterator[tuple[str, dict[str, Any] | None]]:
    """Each line and the object that it is, None where it is none; nothing where there is no seal yet."""
    try:
        with seal.open("rb") as stream:
            content = stream.read(MOST_SEAL_BYTES + 1)
    except FileNotFoundError:
        return
    except OSError as error:
        raise SealError(f"{seal}: {error.strerror}.") from error
    lines = [line for line in content.decode("utf-8", errors="replace").split("\n") if line.strip()]
    if len(content) > MOST_SEAL_BYTES or len(lines) > MOST_SIGNATURES:
        raise SealError(f"{seal}: too long for {MOST_SIGNATURES} signatures; remove it and sign again.")
    for line in lines:
        try:
            yield line, read_object(line)
        except SignatureError:
            yield line, None


def _weigh(
    body: dict[str, Any] | None,
    config: Path,
    digests: Mapping[str, str],
    ring: Keyring,
    not_before: datetime | None,
) -> tuple[str, datetime]:
    """Who signed what is there, and when; SealError says why a line does not count."""
    if body is None or body.get("format") != FORMAT or set(body) != set(_NAMES):
        raise SealError("not a signature of this version; have it signed again with this program.")
    told, signer = body["key"], body["signer"]
    if not isinstance(told, str) or not isinstance(signer, str):
        raise SealError("the key or the signer is no text.")
    public = ring.keys.get(told)
    if public is None:
        raise SealError(
            f"{signer[:40]!r} signed with the key {told[:40]!r}, which is not in {ring.folder}; where it should be "
            f"trusted, put its public half there."
        )
    try:
        check_signature(body, public)
    except SignatureError as error:
        raise SealError(f"the signature said to be {signer[:40]!r}'s: {error}; have it signed again.") from error
    person = find_person(ring, told)
    if person != signer:
        raise SealError(f"signed as {signer[:40]!r} with the key of {person!r}; have {person} sign by that name.")
    if body["config"] != config.name:
        raise SealError(f"{person} signed {str(body['config'])[:60]!r}, and this is {config.name!r}.")
    if body["files"] != digests:
        raise SealError(f"{person} signed other files: {_compare(body['files'], digests)}.")
    at = _read_time(body["signed_at"])
    if not_before is not None and at < not_before:
        raise SealError(f"{person} signed at {at}, before {not_before}: it is an old one; sign anew.")
    return person, at


def _compare(signed: Any, now: Mapping[str, str]) -> str:
    """What differs, by name, with the remedy."""
    if not isinstance(signed, dict):
        return "none at all"
    changed = [name for name in now if name in signed and signed[name] != now[name]]
    added, gone = [name for name in now if name not in signed], [name for name in signed if name not in now]
    told = [
        f"{what} {', '.join(sorted(names)[:10])}"
        for what, names in (("changed since:", changed), ("not signed:", added), ("signed but no longer named:", gone))
        if names
    ]
    return "; ".join(told) + " (restore what was signed, or review the change and sign it)"


def _read_time(text: object) -> datetime:
    try:
        at = datetime.fromisoformat(text) if isinstance(text, str) else None
        if at is not None and at.tzinfo is not None:
            return at.astimezone(UTC)
    except (OverflowError, ValueError):
        pass
    raise SealError("signed at no time.")


def _list_unsealed(config: Path, contents: Mapping[str, bytes], needed: Iterable[Path]) -> list[str]:
    sealed = {os.path.normpath(config.parent / name) for name in contents}
    return [
        f"{path}: the process reads it, and it is not signed: the configuration has to name it under a name that ends "
        "in file."
        for path in needed
        if os.path.normpath(path) not in sealed
    ]


def _tell_missing(config: Path, required: int, persons: Iterable[str], ring: Keyring) -> str:
    others = sorted(set(ring.persons) - set(persons))
    signed = f"signed by {', '.join(sorted(persons))}" if list(persons) else "nobody has signed it as it is"
    can = f"of {', '.join(others)}" if others else f"of somebody whose key has to be put into {ring.folder}"
    missing = required - len(list(persons))
    return (
        f"{config}: {signed}; {missing} more {'signature' if missing == 1 else 'signatures'} {can} "
        f"{'is' if missing == 1 else 'are'} needed: changtong signals sign-config {config} --signer NAME --key KEY.pem"
    )


def _encode(body: Mapping[str, Any]) -> str:
    import json  # noqa: PLC0415

    return json.dumps(body, ensure_ascii=True, separators=(",", ":"), allow_nan=False)


def _write(path: Path, lines: Iterable[str]) -> None:
    part = path.with_name(path.name + ".part")
    try:
        part.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
        part.replace(path)
    except OSError as error:
        raise SealError(f"{path}: {error.strerror}.") from error
