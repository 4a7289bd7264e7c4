"""A folder that holds versions of something, of which one is current: replaced whole or not at all.

A version is written aside and renamed when it is on the disk; then the file ``current``, which names it, is
replaced. Who dies half-way leaves the old version in use, and litter that the next writer removes. The version
before the current one is kept, since a reader may just be opening it; what a reader has mapped outlives its name.
"""

from __future__ import annotations

import fcntl
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from mobility.network.store import StoreError, cannot_write, sync_folder

CURRENT, LOCK, ASIDE, MARK = "current", ".lock", ".writing", ".version"
"""``MARK`` lies in every version: nothing else is ever removed."""
KEPT = 2
LONGEST_NAME = 100


def publish(root: Path, name: str, write: Callable[[Path], None]) -> Path:
    """Have ``write`` fill a new folder and make it the current version, ``name``.

    Raises:
        StoreError: Another process is writing, the folder holds other things, or it cannot be written.
    """
    with _only_writer(root):
        aside = root / ASIDE
        try:
            _remove_litter(root)
            target = _free_name(root, name)
            aside.mkdir()
            write(aside)
            (aside / MARK).touch()
            sync_folder(aside)
            aside.rename(target)
            sync_folder(root)
            _point_to(root, target.name)
            _remove_old(root, target.name)
        except OSError as error:
            raise cannot_write(root, error) from error
        finally:
            shutil.rmtree(aside, ignore_errors=True)
    return target


def find_current(root: Path) -> Path | None:
    """The current version; None where there is none yet.

    Raises:
        StoreError: The pointer cannot be read.
    """
    try:
        name = (root / CURRENT).read_text(encoding="utf-8").strip()
    except (FileNotFoundError, NotADirectoryError):
        return None
    except (OSError, ValueError) as error:
        raise StoreError(f"{root / CURRENT}: cannot be read: {error}; build the store again") from error
    if not name or len(name) > LONGEST_NAME or Path(name).name != name or name.startswith("."):
        raise StoreError(f"{root / CURRENT}: {name[:LONGEST_NAME]!r} names no version; build the store again")
    return root / name


def list_versions(root: Path) -> list[Path]:
    """Every whole version, the oldest first."""
    folders = [folder for folder in root.iterdir() if folder.name != ASIDE and (folder / MARK).is_file()]
    return sorted(folders, key=lambda folder: (folder.stat().st_mtime_ns, folder.name))


@contextmanager
def _only_writer(root: Path) -> Iterator[None]:
    """The lock of the folder. The system lets go of it when the process dies, however that happens."""
    try:
        root.mkdir(parents=True, exist_ok=True)
        if not (root / LOCK).exists() and any(root.iterdir()):
            raise StoreError(f"{root}: is no store and holds other things; choose a new or an empty folder")
        file = (root / LOCK).open("a+", encoding="utf-8")
    except OSError as error:
        raise cannot_write(root, error) from error
    with file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            file.seek(0)
            message = f"{root}: another build is writing it (process {file.read().strip() or 'unknown'}); wait for it"
            raise StoreError(message) from error
        file.truncate(0)
        file.write(f"{os.getpid()}\n")
        file.flush()
        yield


def _free_name(root: Path, name: str) -> Path:
    number = 1
    while (root / (name if number == 1 else f"{name}-{number}")).exists():
        number += 1
    return root / (name if number == 1 else f"{name}-{number}")


def _point_to(root: Path, name: str) -> None:
    aside = root / f"{ASIDE}-{CURRENT}"
    with aside.open("w", encoding="utf-8") as file:
        file.write(f"{name}\n")
        file.flush()
        os.fsync(file.fileno())
    aside.replace(root / CURRENT)
    sync_folder(root)


def _remove_litter(root: Path) -> None:
    """What writers that died have left: halves, and versions that never became current."""
    for entry in root.glob(f"{ASIDE}*"):
        if entry.is_dir():
            shutil.rmtree(entry)
        else:
            entry.unlink()
    current = find_current(root)
    if current is not None and current.is_dir():
        made = current.stat().st_mtime_ns
        for version in list_versions(root):
            if version != current and version.stat().st_mtime_ns > made:
                shutil.rmtree(version)


def _remove_old(root: Path, current: str) -> None:
    others = [version for version in list_versions(root) if version.name != current]
    for version in others[: len(others) - KEPT + 1]:
        shutil.rmtree(version)
