"""A whole GTFS feed as text: ``# stops.txt`` headings, CSV below each. Written as a zip or a folder."""

import re
import textwrap
import zipfile
from pathlib import Path

HEADING = re.compile(r"^# +(\S+\.(?:txt|geojson|json|csv|ini))\s*$")


def split_files(text: str) -> dict[str, str]:
    """File name to content. Lines before the first heading are a mistake of the test."""
    files: dict[str, list[str]] = {}
    lines: list[str] | None = None
    for line in textwrap.dedent(text).splitlines():
        heading = HEADING.match(line)
        if heading:
            lines = files.setdefault(heading[1], [])
        elif lines is not None:
            lines.append(line)
        elif line.strip():
            message = f"{line!r} stands before the first '# file.txt' heading"
            raise ValueError(message)
    return {name: _content(rows) for name, rows in files.items()}


def _content(lines: list[str]) -> str:
    while lines and not lines[-1].strip():
        lines.pop()
    return "\n".join(lines) + "\n" if lines else ""


def feed_zip(text: str, path: Path, *, nested: str = "") -> Path:
    """Write the feed as a zip at ``path``; ``nested`` is a folder inside the zip that holds the files."""
    prefix = f"{nested}/" if nested else ""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in split_files(text).items():
            archive.writestr(prefix + name, content)
    return path


def feed_folder(text: str, path: Path) -> Path:
    """Write the feed as a folder at ``path`` (made when missing)."""
    path.mkdir(parents=True, exist_ok=True)
    for name, content in split_files(text).items():
        (path / name).write_text(content, encoding="utf-8", newline="")
    return path
