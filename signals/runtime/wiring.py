"""From one ``[[intersection]]`` to its parts: which driver, which eyes, which maker of decisions."""

from __future__ import annotations

from typing import Any

from signals.controller import AdaptiveController, LoopController
from signals.detectors.estimator import LoopEstimator
from signals.hardware.field_driver import FieldDriver
from signals.hardware.loopback import LoopbackDriver
from signals.ports import Clock, DecisionMaker, DetectorSource
from signals.runtime.intersection_file import IntersectionFile, IntersectionFileError
from signals.runtime.readings_port import ReadingsPort
from signals.runtime.roadside_file import IntersectionConfig
from signals.safety.command import GuardedController
from signals.safety.guard import Guard
from signals.safety.supervisor import Supervisor


def build_driver(config: IntersectionConfig, found: IntersectionFile) -> FieldDriver:
    """The driver that the configuration names.

    Raises:
        IntersectionFileError: an unknown profile, or a plan that the protocol cannot express.
    """
    try:
        if config.driver == "loopback":
            return LoopbackDriver()
        if config.driver == "utc-v3":
            from signals.hardware.utc_v3.driver import UtcV3Driver  # noqa: PLC0415  (a process has one kind, mostly)
            from signals.hardware.utc_v3.profile import find_profile as find_utc_v3_profile  # noqa: PLC0415

            profile = find_utc_v3_profile(config.profile)
            return UtcV3Driver(found.intersection, found.plan, config.address, profile)
        from signals.hardware.ntcip1202.driver import NtcipDriver  # noqa: PLC0415
        from signals.hardware.ntcip1202.profile import find_profile as find_ntcip_profile  # noqa: PLC0415

        return NtcipDriver(
            found.intersection,
            found.plan,
            find_ntcip_profile(config.profile),
            detectors=found.detectors,
            channels=found.channels,
        )
    except ValueError as error:
        raise IntersectionFileError(f"{config.file}: {error}") from error


def build_loop(
    config: IntersectionConfig,
    found: IntersectionFile,
    driver: FieldDriver,
    port: ReadingsPort | None,
    gate: GuardedController,
    clock: Clock,
) -> Supervisor[Any]:
    """The supervisor with the eyes that there are: an emulated cabinet sees everything, a street has detectors.

    Raises:
        IntersectionFileError: there are no detectors to see with.
    """
    guard = Guard(found.intersection, found.plan, driver.capabilities)
    maker = AdaptiveController(found.intersection, found.plan, driver.capabilities)
    if isinstance(driver, LoopbackDriver):
        return Supervisor(maker, driver, gate, guard, clock)
    source: DetectorSource[Any] | None = port or (driver if hasattr(driver, "read") else None)
    if source is None or not found.detectors:
        raise IntersectionFileError(
            f"{config.file}: nothing is seen at this intersection; list its [[detector]]s, and where the cabinet does "
            "not tell of them (utc-v3 controllers do not) give the intersection a readings_port."
        )
    estimator = LoopEstimator(found.intersection, found.plan, found.detectors)
    loops: DecisionMaker[Any] = LoopController(estimator, maker, None, estimator.list_trust)
    return Supervisor(loops, source, gate, guard, clock)
