"""Who commands: the lease of one intersection, kept in the background, and the fence before its socket.

Asking Redis or the disk may take long, and the loop that decides must not wait for it: a thread asks, the loop only
looks at what is known. ``may_speak`` is asked for each datagram that commands, immediately before it is written.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import Executor
from typing import Protocol

from signals.runtime.lease import RENEW_EVERY_S, Fence, Lease, StaleTokenError


class Seconds(Protocol):
    """A clock that never goes back."""

    def now_s(self) -> float:
        """The time."""
        ...


class Commander:
    """One intersection's right to be commanded by this process. ``wants`` says whether anybody here would."""

    def __init__(self, lease: Lease, fence: Fence, clock: Seconds, pool: Executor) -> None:
        self._lease, self._fence, self._clock, self._pool = lease, fence, clock, pool
        self.wants: Callable[[], bool] = lambda: False
        self.token: int | None = None
        self.trouble = ""

    @property
    def is_held(self) -> bool:
        """Whether this process may command, as far as it knows."""
        return self.token is not None and self._lease.is_held(self._clock.now_s())

    def find_objection(self) -> str | None:
        """Why a command must not be written now; None where it may."""
        if self.token is None or not self._lease.is_held(self._clock.now_s()):
            return self.trouble or "no valid lease: another process may command this cabinet"
        try:
            self._fence.admit(self.token)
        except (StaleTokenError, OSError) as error:
            return str(error)
        return None

    async def keep(self) -> None:
        """Acquire the lease when it is wanted, renew it, give it back when it is not; until cancelled."""
        loop = asyncio.get_running_loop()
        while True:
            await loop.run_in_executor(self._pool, self._look_after)
            await asyncio.sleep(RENEW_EVERY_S)

    def close(self) -> None:
        """Let others have it."""
        if self.token is not None:
            self._lease.release()
            self.token = None
        self._fence.close()

    def _look_after(self) -> None:
        try:
            self._renew_or_acquire()
        except Exception as error:  # noqa: BLE001  (whatever it is: who does not know that he holds it does not)
            self.token, self.trouble = None, f"{type(error).__name__}: {error}"
        else:
            self.trouble = ""

    def _renew_or_acquire(self) -> None:
        now_s = self._clock.now_s()
        if not self.wants():
            if self.token is not None:
                self.token = None
                self._lease.release()
        elif self.token is None:
            self.token = self._lease.acquire(now_s, self._fence.highest)
        elif not self._lease.renew(now_s):
            self.token = None
            self._lease.release()
