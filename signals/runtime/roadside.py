"""Everything that runs in one roadside process: stations on one event loop, their wires, their outlets, the desk.

Every intersection begins in shadow: it decides and logs, and sends nothing. A person brings it to advisory and to armed
(``changtong signals level``); emulated cabinets behind the loopback protocol, which are for training, arm themselves.
When a cabinet does not answer, that is said once, and it runs its local plan meanwhile; no other intersection waits for
it. In the end, and when anything fails, every cabinet that is commanded is handed back to its local plan first.
"""

from __future__ import annotations

import asyncio
import math
import os
import socket
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass
from typing import Any, Self

from signals.hardware.endpoints import Feed, UdpPort, keep_serial, keep_tcp
from signals.hardware.field_driver import FieldDriver, NotConnected
from signals.hardware.loopback import LoopbackDriver
from signals.ports import Mode
from signals.runtime.audit_log import AuditLog, AuditLogError, load_key
from signals.runtime.commander import Commander
from signals.runtime.control_channel import ControlError, ControlServer, ControlSettings
from signals.runtime.control_tls import TlsError
from signals.runtime.desk import Desk
from signals.runtime.hires_log import HiresLog, HiresLogError
from signals.runtime.intersection_file import IntersectionFile, IntersectionFileError, load_intersection
from signals.runtime.lease import Fence, FileLease, Lease, LeaseError
from signals.runtime.metrics import serve_metrics
from signals.runtime.outlets import Announcements, Outlets
from signals.runtime.publishing import Publisher, Sink
from signals.runtime.publishing_sinks import Broker, MqttSink, UdpSink
from signals.runtime.readings_port import ReadingsPort
from signals.runtime.rehearsal import rehearse
from signals.runtime.roadside_file import IntersectionConfig, PublishConfig, RoadsideConfig
from signals.runtime.station import FAREWELL_S, Gate, Say, Station
from signals.runtime.watchdog import Watchdog
from signals.runtime.wiring import WRITE_COMMUNITY_VARIABLE, build_driver, build_loop
from signals.safety.arming import Arming, Level

REDIS_VARIABLE = "REDIS_URL"


class TrueClock:
    """Seconds that go on while the machine sleeps: a lease ends meanwhile."""

    def now_s(self) -> float:
        """The time."""
        return time.clock_gettime(time.CLOCK_BOOTTIME)


class ScaledClock:
    """Monotonic seconds since the start, ``speed`` times as fast as the wall's."""

    def __init__(self, speed: float = 1.0) -> None:
        self.speed, self._start_s = speed, time.monotonic()

    def now_s(self) -> float:
        """The time."""
        return (time.monotonic() - self._start_s) * self.speed


@dataclass(slots=True)
class _Open:
    """What all intersections of a process share while it runs."""

    stack: AsyncExitStack
    pool: ThreadPoolExecutor
    record: AuditLog
    udp: UdpPort
    lines: _Background
    publisher: Publisher | None
    to_rsu: Publisher | None


class Roadside:
    """Everything that runs in one process. Use ``run`` once.

    ``most``: the highest level that real cabinets may be brought to, as the configuration's seal allows; ``notices``
    are shown to whoever asks for the status.
    """

    def __init__(
        self,
        config: RoadsideConfig,
        say: Say,
        *,
        speed: float = 1.0,
        most: Level = Level.SHADOW,
        notices: tuple[str, ...] = (),
    ) -> None:
        self.config, self._say, self._most, self._notices = config, say, most, notices
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
        for row in self.config.intersections[:1]:  # all of them use the same kernels
            rehearse(load_intersection(row.file), self._say)
        async with AsyncExitStack() as stack:
            opened = await self._open(stack)
            for row in self.config.intersections:
                await self._place(row, opened)
            await self._open_desk(opened)
            watchdog = Watchdog()
            watchdog.start()
            stack.callback(watchdog.stop)
            for station in self.stations.values():
                stack.callback(station.commander.close)
            keepers = await stack.enter_async_context(_Background())  # ended before what they keep is closed
            for station in self.stations.values():
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

    async def _open(self, stack: AsyncExitStack) -> _Open:
        config = self.config
        try:
            record = stack.enter_context(AuditLog(config.state / "audit.log", key=load_key(os.environ)))
            started = {"event": "started", "who": f"{socket.gethostname()}:{os.getpid()}", "notices": self._notices}
            record.add(started)
        except (AuditLogError, OSError) as error:
            raise IntersectionFileError(f"{config.path}: {error}") from error
        pool = stack.enter_context(ThreadPoolExecutor(4, "lease"))
        udp = UdpPort(self.clock)
        try:
            await udp.open(port=config.udp_port)
        except OSError as error:
            raise IntersectionFileError(f"{config.path}: UDP port {config.udp_port}: {error.strerror}") from error
        stack.callback(udp.close)
        lines = await stack.enter_async_context(_Background())
        publisher = self._build_publisher([row for row in config.publish if row.to != "rsu"])
        to_rsu = self._build_publisher([row for row in config.publish if row.to == "rsu"])
        for one in (publisher, to_rsu):
            if one is not None:
                lines.start(one.run())
        return _Open(stack, pool, record, udp, lines, publisher, to_rsu)

    async def _open_desk(self, opened: _Open) -> None:
        """Operators and metrics."""
        config = self.config
        if config.metrics_port:
            try:
                server, _ = serve_metrics(self.stations, config.metrics_port)
            except OSError as error:
                raise IntersectionFileError(f"{config.path}: metrics_port: {error.strerror}") from error
            opened.stack.callback(server.shutdown)
        if config.control is None:
            return
        desk = Desk(self.stations, self._say, self._notices)
        control = ControlServer(desk, ControlSettings(roles=config.control.roles), opened.record.add)
        opened.stack.push_async_callback(control.close)
        try:
            if config.control.socket is not None:
                await control.listen_unix(config.control.socket)
            if config.control.tls is not None:
                await control.listen_tls(config.control.host, config.control.port, config.control.tls)
        except (ControlError, TlsError) as error:
            raise IntersectionFileError(f"{config.path}: {error}") from error

    def _build_publisher(self, rows: list[PublishConfig]) -> Publisher | None:
        sinks: list[Sink] = []
        for row in rows:
            if row.to != "mqtt":
                sinks.append(UdpSink(row.host, row.port))
                continue
            try:
                secret = row.password_file.read_text(encoding="utf-8").strip() if row.password_file else None
            except OSError as error:
                raise IntersectionFileError(f"{row.password_file}: {error.strerror}") from error
            sinks.append(MqttSink(Broker(row.host, row.port, row.username or None, secret)))
        return Publisher(sinks, log=self._say) if sinks else None

    async def _place(self, row: IntersectionConfig, opened: _Open) -> None:
        """One intersection with its driver, eyes, lease, outlets and wire."""
        found = load_intersection(row.file)
        name = found.intersection.id
        if name in self.stations:
            raise IntersectionFileError(f"{row.file}: a second intersection {name!r}; give each its own id.")
        driver, port = build_driver(row, found, os.environ, speed=self.clock.speed), None
        if row.readings_port:
            port = ReadingsPort(found.detectors, self.clock)
            await port.open("127.0.0.1", row.readings_port)
            opened.stack.callback(port.close)
        gate = Gate(driver)
        loop = build_loop(row, found, driver, port, gate, self.clock)
        is_training = isinstance(driver, LoopbackDriver)
        arming = Arming(row.most if is_training else min(row.most, self._find_most(row)), row.trial_s)
        try:
            lease, fence = self._build_lease(name), Fence(self.config.state / f"{name}.fence")
        except (LeaseError, OSError) as error:
            raise IntersectionFileError(f"{self.config.path}: {error}") from error
        commander = Commander(lease, fence, TrueClock(), opened.pool)  # a matter of machines, whose seconds are true
        outlets = self._build_outlets(row, found, opened)
        station = Station(name, driver, gate, loop, arming, commander, self.clock, opened.record, self._say, outlets)
        self.stations[name] = station
        most = arming.most.name.lower()
        self._say(f"{name}: shadow mode, nothing is sent; {row.driver} cabinet {row.cabinet}; at most {most}")

        def keep_feed(feed: Feed) -> None:
            feed.witness = station.witness
            self._feeds[name] = feed

        if row.transport == "udp":
            try:
                keep_feed(await opened.udp.attach(driver, row.host, row.port))
            except (OSError, ValueError) as error:
                raise IntersectionFileError(f"{self.config.path}: {row.cabinet}: {error}") from error
        elif row.transport == "tcp":
            opened.lines.start(keep_tcp(driver, self.clock, row.host, row.port, keep_feed))
        else:
            opened.lines.start(keep_serial(driver, self.clock, row.device, row.baud, keep_feed))
        if is_training and row.most is Level.ARMED:
            opened.lines.start(self._train(station))

    def _find_most(self, row: IntersectionConfig) -> Level:
        """How far a real cabinet may be brought in this process, and why no further."""
        why = ""
        if self.clock.speed != 1.0:
            why = f"at {self.clock.speed:g} times the speed of the clock no real cabinet is armed"
        elif row.driver == "ntcip1202" and not os.environ.get(WRITE_COMMUNITY_VARIABLE):
            why = f"{WRITE_COMMUNITY_VARIABLE} names no file: with the community that all know no real cabinet is armed"
        if why and row.most is Level.ARMED and self._most is Level.ARMED:
            self._say(f"{row.file.name}: {why}")
        return Level.ADVISORY if why else self._most

    def _build_outlets(self, row: IntersectionConfig, found: IntersectionFile, opened: _Open) -> Outlets:
        log = None
        if self.config.has_event_log:
            try:
                log = HiresLog(self.config.state / "events", found.intersection.id)
            except (HiresLogError, OSError) as error:
                raise IntersectionFileError(f"{self.config.path}: event log: {error}") from error
        announcements = Announcements(opened.publisher, opened.to_rsu, row.j2735_id, row.j2735_region)
        outlets = Outlets(found, announcements, log, self._say)
        opened.stack.callback(outlets.close)
        return outlets

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
        leaving = [s for s in self.stations.values() if s.leave("the process ends")]
        for station in leaving:
            with suppress(Exception):  # one that cannot be told must not keep the others from being
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
