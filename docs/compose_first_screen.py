"""Puts two screenshots side by side for the README: ``python docs/compose_first_screen.py FOLDER``.

FOLDER is what ``python tests/e2e/take_screenshots.py FOLDER --evaluate`` wrote.
"""

from __future__ import annotations

import sys
from pathlib import Path

from PIL import Image

HEIGHT = 720
GAP = 16
PICTURE = Path(__file__).resolve().parent / "pictures" / "first-screen.png"


def main(folder: Path) -> None:
    """Write the picture."""
    left = _read(folder / "journey-zh.png", 1280, 800)
    right = _read(folder / "signals-en.png", 1280, 1180)
    whole = Image.new("RGB", (left.width + GAP + right.width, HEIGHT), "white")
    whole.paste(left, (0, 0))
    whole.paste(right, (left.width + GAP, 0))
    PICTURE.parent.mkdir(exist_ok=True)
    whole.quantize(128).save(PICTURE, optimize=True)


def _read(path: Path, width: int, height: int) -> Image.Image:
    """The top of a picture, scaled to the common height."""
    picture = Image.open(path).convert("RGB").crop((0, 0, width, height))
    return picture.resize((round(width * HEIGHT / height), HEIGHT), Image.Resampling.LANCZOS)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
