"""The watchdog: a loop that stands still must not leave a process that looks alive.

The loop beats; a thread looks. A loop that has not beaten for ``STUCK_S`` ends the process at once, without farewell:
the cabinets hear nothing more and go back to their local plans by themselves, and whoever watches the process starts it
anew, in shadow. Where systemd started it with a watchdog (``NOTIFY_SOCKET``), it is told of each beat (sd_notify(3)).
"""

from __future__ import annotations

import os
import socket
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress

STUCK_S = 5.0
EXIT_CODE = 70  # EX_SOFTWARE, sysexits(3)


class Watchdog:
    """Looks after one loop. ``die`` is called when it is stuck."""

    def __init__(
        self,
        stuck_s: float = STUCK_S,
        environment: Mapping[str, str] = os.environ,
        die: Callable[[], None] = lambda: os._exit(EXIT_CODE),
    ) -> None:
        self._stuck_s, self._die = stuck_s, die
        self._beat_s = time.monotonic()
        self._ended = threading.Event()
        self._address = environment.get("NOTIFY_SOCKET", "")
        self._thread = threading.Thread(target=self._look, name="watchdog", daemon=True)

    def start(self) -> None:
        """Begin to look."""
        self.beat()
        self._thread.start()
        self._tell("READY=1")

    def beat(self) -> None:
        """The loop is alive."""
        self._beat_s = time.monotonic()

    def stop(self) -> None:
        """The process ends in good order."""
        self._ended.set()
        self._tell("STOPPING=1")

    def _look(self) -> None:
        while not self._ended.wait(self._stuck_s / 5.0):
            if time.monotonic() - self._beat_s > self._stuck_s:
                self._die()
                return
            self._tell("WATCHDOG=1")

    def _tell(self, message: str) -> None:
        if not self._address:
            return
        name = "\0" + self._address[1:] if self._address.startswith("@") else self._address
        with suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as line:
            line.sendto(message.encode(), name)
