"""Writes docs/reference from the code: ``python docs/generate.py``. A test fails when it is out of date."""

from __future__ import annotations

from pathlib import Path

from api.cli import app

REFERENCE = Path(__file__).resolve().parent / "reference"


def build_pages() -> dict[str, str]:
    """Every generated page by file name."""
    note = "<!-- Written by docs/generate.py from the code. Do not edit: run `make docs`. -->\n\n"
    return {"cli.md": note + app.generate_docs(recursive=True).rstrip() + "\n"}


def main() -> None:
    """Write the pages."""
    REFERENCE.mkdir(exist_ok=True)
    for name, text in build_pages().items():
        (REFERENCE / name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
