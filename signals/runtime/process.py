"""The roadside process: one event loop for the intersections of a configuration, a guarded decision each second.

Every intersection begins in shadow: it decides and logs, and sends nothing. A person brings it to advisory and to armed
(``changtong signals level``); emulated cabinets behind the loopback protocol, which are for training, arm themselves.
When a cabinet does not answer, that is said once, and it runs its local plan meanwhile; no other intersection waits for
it. On SIGTERM and SIGINT, and when anything fails, every cabinet that is commanded is handed back to its local plan
first.
"""

from __future__ import annotations

import asyncio
import math
import os
import signal as system_signal
import socket
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any, Self

import uvloop

from signals.hardware.endpoints import Feed, UdpPort, keep_serial, keep_tcp
from signals.hardware.field_driver import FieldDriver, NotConnected
from signals.hardware.loopback import LoopbackDriver
from signals.ports import Mode
from signals.runtime.audit_log import AuditLog, AuditLogError, load_key
from signals.runtime.commander import Commander
from signals.runtime.intersection_file import IntersectionFileError, load_intersection
from signals.runtime.lease import Fence, FileLease, Lease, LeaseError
from signals.runtime.readings_port import ReadingsPort
from signals.runtime.roadside_file import IntersectionConfig, RoadsideConfig, load_config
from signals.runtime.station import FAREWELL_S, Gate, Say, Station
from signals.runtime.watchdog import Watchdog
from signals.runtime.wiring import build_driver, build_loop
from signals.safety.arming import Arming, Level

REDIS_VARIABLE = "REDIS_URL"


class ScaledClock:
    """Monotonic seconds since the start, ``speed`` times as fast as the wall's."""

    def __init__(self, speed: float = 1.0) -> None:
        self.speed, self._start_s = speed, time.monotonic()

    def now_s(self) -> float:
        """The time."""
        return (time.monotonic() - self._start_s) * self.speed


class Roadside:
    """Everything that runs in one process. Use ``run`` once."""

    def __init__(self, config: RoadsideConfig, say: Say, *, speed: float = 1.0, most: Level = Level.ARMED) -> None:
        self.config, self._say, self._most = config, say, most
        self.clock = ScaledClock(speed)
        self.stations: dict[str, Station] = {}
        self._feeds: dict[str, Feed] = {}
        self._stop = asyncio.Event()
        self.late_s = 0.0

    def stop(self) -> None:
        """End in good order."""
        self._stop.set()

    async def run(self, seconds: float | None = None) -> None:
        """Run until told to stop, or for ``seconds`` of the clock.

        Raises:
            IntersectionFileError: a file that cannot be used; nothing has been sent then.
        """
        async with AsyncExitStack() as open_:
            pool = open_.enter_context(ThreadPoolExecutor(4, "lease"))
            watchdog = Watchdog()
            await self._open(open_, pool)
            watchdog.start()
            open_.callback(watchdog.stop)
            keepers = await open_.enter_async_context(_Background())
            for station in self.stations.values():
                open_.callback(station.commander.close)
                keepers.start(station.commander.keep())
            running = [
                asyncio.get_running_loop().create_task(self._beat(name, k / len(self.stations), watchdog, seconds))
                for k, name in enumerate(self.stations)
            ]
            try:
                await asyncio.gather(*running)
            finally:  # one loop that fails ends all: each hands its cabinet back, and whoever watches starts us anew
                self._stop.set()
                await asyncio.gather(*running, return_exceptions=True)
                await self._hand_back()

    async def _open(self, open_: AsyncExitStack, pool: ThreadPoolExecutor) -> None:
        config = self.config
        try:
            record = open_.enter_context(AuditLog(config.state / "audit.log", key=load_key(os.environ)))
            record.add({"event": "started", "who": f"{socket.gethostname()}:{os.getpid()}"})
        except (AuditLogError, OSError) as error:
            raise IntersectionFileError(f"{config.path}: {error}") from error
        udp = UdpPort(self.clock)
        await udp.open(port=config.udp_port)
        open_.callback(udp.close)
        lines = await open_.enter_async_context(_Background())
        for row in config.intersections:
            await self._place(row, open_, pool, record, udp, lines)

    async def _place(
        self,
        row: IntersectionConfig,
        open_: AsyncExitStack,
        pool: ThreadPoolExecutor,
        record: AuditLog,
        udp: UdpPort,
        lines: _Background,
    ) -> None:
        """One intersection with its driver, eyes, lease and wire."""
        found = load_intersection(row.file)
        name = found.intersection.id
        if name in self.stations:
            raise IntersectionFileError(f"{row.file}: a second intersection {name!r}; give each its own id.")
        driver, port = build_driver(row, found), None
        if row.readings_port:
            port = ReadingsPort(found.detectors, self.clock)
            await port.open("127.0.0.1", row.readings_port)
            open_.callback(port.close)
        gate = Gate(driver)
        loop = build_loop(row, found, driver, port, gate, self.clock)
        is_training = isinstance(driver, LoopbackDriver)
        arming = Arming(row.most if is_training else min(row.most, self._most), row.trial_s)
        try:
            lease, fence = self._build_lease(name), Fence(self.config.state / f"{name}.fence")
        except (LeaseError, OSError) as error:
            raise IntersectionFileError(f"{self.config.path}: {error}") from error
        commander = Commander(lease, fence, self.clock, pool)
        station = Station(name, driver, gate, loop, arming, commander, self.clock, record, self._say)
        self.stations[name] = station
        self._say(
            f"{name}: shadow mode, nothing is sent; {row.driver} cabinet {row.cabinet}; at most {arming.most.name.lower()}"
        )

        def keep_feed(feed: Feed) -> None:
            feed.witness = station.witness
            self._feeds[name] = feed

        if row.transport == "udp":
            keep_feed(await udp.attach(driver, row.host, row.port))
        elif row.transport == "tcp":
            lines.start(keep_tcp(driver, self.clock, row.host, row.port, keep_feed))
        else:
            lines.start(keep_serial(driver, self.clock, row.device, row.baud, keep_feed))
        if is_training and row.most is Level.ARMED:
            lines.start(self._train(station))

    async def _train(self, station: Station) -> None:
        """Arm an emulated cabinet as soon as that is allowed, again after each disarming."""
        while True:
            wanted = Level(min(station.arming.level + 1, Level.ARMED))
            if station.arming.level < wanted and not station.arming.find_refusal(wanted, (), self.clock.now_s()):
                station.request(wanted, "training", "an emulated cabinet")
            await asyncio.sleep(0.5 / self.clock.speed)

    def _build_lease(self, name: str) -> Lease:
        if self.config.lease == "file":
            return FileLease(self.config.state / f"{name}.lease")
        from signals.runtime.redis_lease import open_redis_lease  # noqa: PLC0415

        url = os.environ.get(REDIS_VARIABLE, "")
        if not url:
            raise IntersectionFileError(
                f"{self.config.path}: lease = 'redis' needs {REDIS_VARIABLE} in the environment."
            )
        try:
            return open_redis_lease(url, name)
        except ValueError as error:
            raise IntersectionFileError(f"{REDIS_VARIABLE}: {error}") from error

    async def _beat(self, name: str, share: float, watchdog: Watchdog, seconds: float | None) -> None:
        """Step one intersection each period, at its own moment of it, until told to stop."""
        station, period_s = self.stations[name], self.config.period_s
        next_s = self.clock.now_s() + share * period_s
        end_s = math.inf if seconds is None else next_s + seconds
        while not self._stop.is_set() and next_s < end_s:
            wait_s = (next_s - self.clock.now_s()) / self.clock.speed
            if wait_s > 0:
                with suppress(TimeoutError):
                    await asyncio.wait_for(self._stop.wait(), wait_s)
                    return
            else:
                await asyncio.sleep(0)
            self.late_s = max(0.0, self.clock.now_s() - next_s)
            watchdog.beat()
            station.step()
            if feed := self._feeds.get(name):
                feed.pump()
            next_s = max(next_s + period_s, self.clock.now_s() - period_s)  # after a stall, no burst of decisions

    async def _hand_back(self) -> None:
        """Release whatever is commanded and give it a moment to arrive; silence does the rest."""
        leaving = [s for s in self.stations.values() if s.hand_back("the process ends")]
        for station in leaving:
            self._feeds[station.name].pump()
        until_s = time.monotonic() + FAREWELL_S
        while leaving and time.monotonic() < until_s:
            for station in [s for s in leaving if _is_local(s.driver)]:
                self._say(f"{station.name}: released to its local plan")
                leaving.remove(station)
            await asyncio.sleep(0.02)
        for station in leaving:
            self._say(f"{station.name}: not known to be released; the cabinet returns to its local plan by itself")


class _Background:
    """Tasks that run as long as the process and are cancelled with it."""

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[None]] = set()

    def start(self, work: Any) -> None:
        """Begin a task."""
        self._tasks.add(asyncio.get_running_loop().create_task(work))

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *ended: object) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)


def _is_local(driver: FieldDriver) -> bool:
    try:
        return driver.read_state().mode is not Mode.REMOTE
    except NotConnected:
        return False


def run_roadside(
    path: Path, log: Say, *, speed: float = 1.0, seconds: float | None = None, state: Path | None = None
) -> None:
    """Run every intersection of a configuration, for ``seconds`` of their time or until told to stop.

    ``state``: the folder for logs and leases, instead of the one that the configuration names.

    Raises:
        IntersectionFileError: a file that cannot be used.
        KeyboardInterrupt: SIGINT ended it, in good order.
    """
    if not (math.isfinite(speed) and speed > 0):
        raise IntersectionFileError(f"a speed of {speed:g} makes no seconds; give a number above zero.")
    told: list[int] = []

    async def run() -> None:
        config = load_config(path)
        roadside = Roadside(replace(config, state=state or config.state), log, speed=speed)
        loop = asyncio.get_running_loop()

        def tell(number: int) -> None:
            told.append(number)
            roadside.stop()
            loop.remove_signal_handler(number)  # a second one ends at once

        if threading.current_thread() is threading.main_thread():
            for number in (system_signal.SIGTERM, system_signal.SIGINT):
                loop.add_signal_handler(number, tell, number)
        await roadside.run(seconds)

    uvloop.run(run())
    if system_signal.SIGINT in told:
        raise KeyboardInterrupt
