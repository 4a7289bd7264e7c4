"""What a network could not do as its feed says: for people who look after the feed."""

from __future__ import annotations

from typing import NamedTuple


class Finding(NamedTuple):
    """Stable ``code``, the ``file`` of the feed it is about, and a sentence that names the place and a remedy."""

    code: str
    file: str
    message: str
