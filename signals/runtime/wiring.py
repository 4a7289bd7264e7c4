"""From one ``[[intersection]]`` to its parts: which driver, which eyes, which maker of decisions."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from signals.controller import AdaptiveController, LoopController
from signals.detectors.estimator import LoopEstimator
from signals.hardware.field_driver import FieldDriver
from signals.hardware.loopback import LoopbackDriver
from signals.ports import Clock, DecisionMaker
from signals.runtime.intersection_file import IntersectionFile, IntersectionFileError
from signals.runtime.readings_port import ReadingsPort
from signals.runtime.roadside_file import IntersectionConfig
from signals.safety.command import GuardedController
from signals.safety.guard import Guard
from signals.safety.supervisor import Supervisor

READ_COMMUNITY_VARIABLE = "CHANGTONG_SNMP_READ_COMMUNITY_FILE"
WRITE_COMMUNITY_VARIABLE = "CHANGTONG_SNMP_WRITE_COMMUNITY_FILE"


def build_driver(
    config: IntersectionConfig, found: IntersectionFile, environment: Mapping[str, str], *, speed: float = 1.0
) -> FieldDriver:
    """The driver that the configuration names. ``speed``: of its clock, where it is not the wall's.

    Communities of SNMP are secrets: they are in files that the environment names.

    Raises:
        IntersectionFileError: an unknown profile, or a plan that the protocol cannot express.
    """
    try:
        if config.driver == "loopback":
            return LoopbackDriver()
        if config.driver == "utc-v3":
            from signals.hardware.utc_v3.driver import UtcV3Driver  # noqa: PLC0415  (a process has one kind, mostly)
            from signals.hardware.utc_v3.profile import find_profile as find_utc_v3_profile  # noqa: PLC0415
            from signals.hardware.utc_v3.roc_clock import read_taipei_clock  # noqa: PLC0415

            profile = find_utc_v3_profile(config.profile)
            wall_clock = read_taipei_clock if speed == 1.0 else None
            return UtcV3Driver(found.intersection, found.plan, config.address, profile, wall_clock=wall_clock)
        from signals.hardware.ntcip1202.driver import NtcipDriver  # noqa: PLC0415
        from signals.hardware.ntcip1202.profile import find_profile as find_ntcip_profile  # noqa: PLC0415

        begun = time.time(), time.monotonic()
        wanted = replace(
            find_ntcip_profile(config.profile),
            read_community=_read_secret(environment, READ_COMMUNITY_VARIABLE, b"public"),
            write_community=_read_secret(environment, WRITE_COMMUNITY_VARIABLE, b"private"),
        )

        def tell_time() -> float:
            return time.time() if speed == 1.0 else begun[0] + (time.monotonic() - begun[1]) * speed

        return NtcipDriver(found.intersection, found.plan, wanted, found.detectors, found.channels, utc_s=tell_time)
    except ValueError as error:
        raise IntersectionFileError(f"{config.file}: {error}") from error


def _read_secret(environment: Mapping[str, str], name: str, default: bytes) -> bytes:
    """The secret in the file that a variable names.

    Raises:
        ValueError: the file cannot be read, or is empty.
    """
    path = environment.get(name, "")
    if not path:
        return default
    try:
        secret = Path(path).read_bytes().strip()
    except OSError as error:
        raise ValueError(f"{name}={path}: {error.strerror}") from error
    if not secret:
        raise ValueError(f"{name}={path}: the file is empty")
    return secret


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
    source: Any = port or (driver if hasattr(driver, "read") else None)
    if source is None or not found.detectors:
        raise IntersectionFileError(
            f"{config.file}: nothing is seen at this intersection; list its [[detector]]s, and where the cabinet does "
            "not tell of them (utc-v3 controllers do not) give the intersection a readings_port."
        )
    estimator = LoopEstimator(found.intersection, found.plan, found.detectors)
    loops: DecisionMaker[Any] = LoopController(estimator, maker, None, estimator.list_trust)
    return Supervisor(loops, source, gate, guard, clock)
