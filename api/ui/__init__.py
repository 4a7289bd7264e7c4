"""The pages, as files for the browser: HTML, CSS and ES modules. No build step, no foreign request."""

from __future__ import annotations

from pathlib import Path
from typing import Final

ASSETS: Final = Path(__file__).parent
