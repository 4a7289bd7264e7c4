"""The people of a chaos street: two who sign its configurations, and one at the desk who arms again what has disarmed
itself, over the control socket, as anybody would.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from signals.runtime.control_client import ControlAddress, ControlClientError, ask_level
from signals.runtime.sealed_config import sign_config
from signals.signatures import SignatureError

_SIGNERS = ("chen", "lin")
_NEXT = {"shadow": "advisory", "advisory": "armed"}


class Signers:
    """Two persons with a key each; ``keyring`` holds the public halves."""

    def __init__(self, folder: Path) -> None:
        self.keyring = folder / "keyring"
        self.keyring.mkdir(mode=0o755)
        self._keys = {name: Ed25519PrivateKey.generate() for name in _SIGNERS}
        for name, key in self._keys.items():
            public = key.public_key().public_bytes(
                serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
            )
            path = self.keyring / f"{name}.pem"
            path.write_bytes(public)
            path.chmod(0o644)

    def sign(self, config: Path) -> None:
        """Both of them."""
        for name, key in self._keys.items():
            sign_config(config, key, name)


class Operator:
    """Asks each host whose level is below armed for the next one, ``every_s`` seconds of the wall."""

    def __init__(
        self, intersection: str, sockets: Mapping[str, Path], levels: Callable[[str], str], every_s: float
    ) -> None:
        self._intersection, self._sockets, self._levels, self._every_s = intersection, sockets, levels, every_s
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._work, name="operator", daemon=True)
        self.asked = self.refused = 0

    def start(self) -> None:
        """Take the seat."""
        self._thread.start()

    def stop(self) -> None:
        """Go home."""
        self._ended.set()
        if self._thread.is_alive():
            self._thread.join()

    def _work(self) -> None:
        while not self._ended.wait(self._every_s):
            for host, socket in self._sockets.items():
                wanted = _NEXT.get(self._levels(host))
                if wanted is None or not socket.exists():
                    continue
                with suppress(ControlClientError, SignatureError, OSError):  # it is dead, or just starting
                    answer = ask_level(ControlAddress(path=socket), self._intersection, wanted, "chaos: armed again")
                    self.asked += 1
                    self.refused += bool(answer.refusal)
