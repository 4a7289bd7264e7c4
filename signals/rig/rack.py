"""The rig's cabinets: each signal of a scenario behind a protocol, one after the other of those asked for.

Its twin without wires has the same plans and the same capabilities, so that what differs between two runs is the wire.
"""

from __future__ import annotations

from collections.abc import Sequence

from signals.cabinet import Cabinet
from signals.hardware.ntcip1202.driver import NtcipDriver
from signals.hardware.ntcip1202.emulator import NtcipEmulator
from signals.hardware.ntcip1202.phases import derive_phases
from signals.hardware.ntcip1202.profile import NtcipProfile
from signals.hardware.utc_v3.driver import UtcV3Driver
from signals.hardware.utc_v3.emulator import UtcV3Emulator
from signals.hardware.utc_v3.sub_phases import derive_sub_phases
from signals.model import Intersection
from signals.ports import Capabilities, Clock
from signals.rig.wired_cabinet import WiredCabinet
from signals.simulation.racks import SimulatedCabinet
from signals.simulation.shipped_plan import PlanNotReadable
from signals.timing_plan import TimingPlan

PROTOCOLS = ("utc-v3", "ntcip1202")
_POLL_S = 0.1
_BEGIN_S = 1_767_571_200.0  # 5 January 2026; nothing hangs on it but that both ends go by it


class Rack:
    """Implements ``CabinetRack``. ``is_wired``: with drivers and sockets, else the twin without."""

    def __init__(self, protocols: Sequence[str] = PROTOCOLS, *, is_wired: bool = True) -> None:
        if unknown := [name for name in protocols if name not in PROTOCOLS]:
            raise ValueError(f"the rig has no protocol {unknown[0]!r}; it has {', '.join(PROTOCOLS)}")
        self._protocols, self._is_wired = tuple(protocols), is_wired
        self.cabinets: list[WiredCabinet] = []
        self._count = 0

    def fit(self, intersection: Intersection, plan: TimingPlan) -> TimingPlan:
        """The plan, where its protocol can say it."""
        try:
            if self._next_protocol() == "utc-v3":
                derive_sub_phases(intersection, plan)
            else:
                derive_phases(intersection, plan)
        except ValueError as error:
            raise PlanNotReadable(f"{self._next_protocol()} cannot say this plan: {error}") from error
        return plan

    def build(self, intersection: Intersection, plan: TimingPlan, clock: Clock) -> SimulatedCabinet:
        """The next cabinet."""
        protocol = self._next_protocol()
        self._count += 1
        if not self._is_wired:
            return Cabinet(plan, capabilities=Capabilities(can_skip=protocol != "utc-v3"), clock_s=clock.now_s())
        wired = _wire_utc_v3 if protocol == "utc-v3" else _wire_ntcip
        cabinet = wired(intersection, plan, clock)
        self.cabinets.append(cabinet)
        return cabinet

    def close(self) -> None:
        """Let go of every socket."""
        for cabinet in self.cabinets:
            cabinet.close()

    def _next_protocol(self) -> str:
        return self._protocols[self._count % len(self._protocols)]


def _wire_utc_v3(intersection: Intersection, plan: TimingPlan, clock: Clock) -> WiredCabinet:
    driver = UtcV3Driver(intersection, plan, 1)  # both clocks begin now and go on in simulated seconds
    return WiredCabinet(driver, UtcV3Emulator(intersection, plan, 1), clock)


def _wire_ntcip(intersection: Intersection, plan: TimingPlan, clock: Clock) -> WiredCabinet:
    profile = NtcipProfile(poll_period_s=_POLL_S)
    driver = NtcipDriver(intersection, plan, profile, utc_s=lambda: _BEGIN_S + clock.now_s())
    return WiredCabinet(driver, NtcipEmulator(intersection, plan, profile, clock_s=_BEGIN_S + clock.now_s()), clock)
