"""What cannot be made of a network as somebody asked for it."""

from __future__ import annotations

from pathlib import Path

from mobility.model import PlannerError


class GraphRefused(PlannerError):  # noqa: N818  (what is wrong is what was asked)
    """The graph cannot be built, written or drawn as asked. The message says why, and what to do."""


def check_file(path: Path, endings: tuple[str, ...], hint: str) -> None:
    """Refuse a file that could not be written, before anything is built; ``hint`` says who writes other kinds.

    Raises:
        GraphRefused: Its name ends in none of the endings, or its folder is not there.
    """
    if path.suffix not in endings:
        raise GraphRefused(f"{path}: write a {', '.join(endings[:-1])} or {endings[-1]} file; {hint}")
    if not path.parent.is_dir():
        raise GraphRefused(f"{path}: there is no folder {path.parent}; make it first")
