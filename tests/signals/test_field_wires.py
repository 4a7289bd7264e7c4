"""Drivers and emulated controllers over real sockets and a serial line: they find each other, command, and let go."""

import asyncio
import time
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
import uvloop

from signals.hardware.emulated_ports import live, open_serial, open_tcp, open_udp
from signals.hardware.endpoints import UdpPort, keep_serial, keep_tcp
from signals.hardware.field_driver import NotConnected, NotEngaged
from signals.hardware.ntcip1202.driver import NtcipDriver
from signals.hardware.ntcip1202.emulator import NtcipEmulator
from signals.hardware.utc_v3.driver import UtcV3Driver
from signals.hardware.utc_v3.emulator import UtcV3Emulator
from signals.ports import Hold, Mode
from signals.runtime.intersection_file import load_intersection
from signals.safety.command import SafeCommand
from signals.safety.guard import Guard

FOUND = load_intersection(Path(__file__).resolve().parents[2] / "config/intersection.toml")
SPEED = 5.0
PATIENCE_S = 60.0


class FastClock:
    """Seconds that pass ``SPEED`` times as fast as the wall's."""

    speed = SPEED

    def __init__(self):
        self.begun_s = time.monotonic()

    def now_s(self):
        """The time."""
        return (time.monotonic() - self.begun_s) * SPEED


def build_pair(protocol, clock):
    """A driver and its controller, whose clocks agree."""
    if protocol == "utc-v3":
        return UtcV3Driver(FOUND.intersection, FOUND.plan, 1), UtcV3Emulator(FOUND.intersection, FOUND.plan, 1)
    begun_s = time.time()
    driver = NtcipDriver(FOUND.intersection, FOUND.plan, utc_s=lambda: begun_s + clock.now_s())
    return driver, NtcipEmulator(FOUND.intersection, FOUND.plan, clock_s=begun_s)


async def wait_for(condition, what):
    """Until it holds."""
    until_s = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < until_s, f"{what} did not happen within {PATIENCE_S:g} s"
        await asyncio.sleep(0.02)


def knows_its_mode(driver, mode):
    """Whether the driver has heard that the cabinet is in a mode."""
    try:
        return driver.read_state().mode is mode
    except NotConnected:
        return False


def takes_over(driver):
    """Whether it can be engaged now."""
    try:
        driver.engage()
    except NotEngaged:
        return False
    return True


async def talk(protocol, transport):
    """Find the cabinet, take it over, hold, let go."""
    clock = FastClock()
    driver, controller = build_pair(protocol, clock)
    feeds = []
    async with AsyncExitStack() as stack:
        if transport == "udp":
            emulated, port = await stack.enter_async_context(open_udp(controller, "127.0.0.1", 0))
            udp = UdpPort(clock)
            await udp.open("127.0.0.1")
            stack.callback(udp.close)
            feeds.append(await udp.attach(driver, "127.0.0.1", port))
            work = []
        elif transport == "tcp":
            emulated, port = await stack.enter_async_context(open_tcp(controller, "127.0.0.1", 0))
            work = [keep_tcp(driver, clock, "127.0.0.1", port, feeds.append)]
        else:
            emulated, device = await stack.enter_async_context(open_serial(controller))
            work = [keep_serial(driver, clock, device, 9600, feeds.append)]
        tasks = [asyncio.ensure_future(one) for one in (*work, live(emulated, SPEED))]
        try:
            await wait_for(lambda: knows_its_mode(driver, Mode.LOCAL), "the first report")
            await wait_for(lambda: takes_over(driver), "the take-over")
            guard = Guard(FOUND.intersection, FOUND.plan, driver.capabilities)

            def hold():
                verdict = guard.admit(Hold(), driver.read_state(), clock.now_s())
                safe = verdict if isinstance(verdict, SafeCommand) else verdict.instead
                if safe is not None and driver.is_engaged:
                    driver.apply(safe)
                    feeds[0].pump()
                return knows_its_mode(driver, Mode.REMOTE)

            await wait_for(hold, "command")
            driver.disengage("enough")
            feeds[0].pump()
            await wait_for(lambda: knows_its_mode(driver, Mode.LOCAL), "the way back")
            return feeds[0].received
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)


@pytest.mark.parametrize(
    ("protocol", "transport"),
    [("utc-v3", "udp"), ("utc-v3", "tcp"), ("utc-v3", "serial"), ("ntcip1202", "udp")],
)
def test_a_cabinet_is_found_taken_over_and_let_go(protocol, transport):
    """Over every wire that the protocol has, on the loop that the process runs on."""
    assert uvloop.run(talk(protocol, transport)) >= 4


def test_strangers_are_counted_and_not_heard():
    """A datagram from an address that is no cabinet's reaches no driver."""

    async def knock():
        udp = UdpPort(FastClock())
        port = await udp.open("127.0.0.1")
        loop = asyncio.get_running_loop()
        stranger, _ = await loop.create_datagram_endpoint(asyncio.DatagramProtocol, remote_addr=("127.0.0.1", port))
        stranger.sendto(b"\xaa\xbb")
        await wait_for(lambda: udp.strangers == 1, "the knock")
        stranger.close()
        udp.close()

    uvloop.run(knock())


def test_a_cabinet_has_one_driver():
    """A second one for the same address is refused."""

    async def attach_twice():
        udp = UdpPort(FastClock())
        await udp.open("127.0.0.1")
        try:
            await udp.attach(build_pair("utc-v3", FastClock())[0], "127.0.0.1", 9)
            with pytest.raises(ValueError, match="one may speak"):
                await udp.attach(build_pair("utc-v3", FastClock())[0], "127.0.0.1", 9)
        finally:
            udp.close()

    uvloop.run(attach_twice())
