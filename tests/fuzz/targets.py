"""The targets: what reads bytes that somebody else wrote, and what must hold whatever these bytes are.

A target's module has ``check_NAME(data)``, which lets the documented exceptions pass and fails on every other, and
``seed_NAME()``, the golden inputs to begin with. Every check also demands that what could be read is written, and read
again, as the same.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from importlib.util import find_spec


@dataclass(frozen=True, slots=True)
class Target:
    """``module`` has the check; ``subject`` is the module under test, which need not exist in every state of the tree."""

    name: str
    module: str
    subject: str
    claim: str
    most_bytes: int = 2048


_ALL = (
    Target(
        "utc_v3_stream",
        "tests.fuzz.utc_v3",
        "signals.hardware.utc_v3.link",
        "frames of protocol 3.0 in any stream: nothing raised, little kept, the same frames however it is cut",
    ),
    Target(
        "utc_v3_info",
        "tests.fuzz.utc_v3",
        "signals.hardware.utc_v3.messages",
        "any message of protocol 3.0: BadParameter and nothing else; read, written and read again it is the same",
    ),
    Target(
        "utc_v3_exchange",
        "tests.fuzz.utc_v3",
        "signals.hardware.utc_v3.exchange",
        "any order of sending, silence and hostile frames: each ticket ends once, nothing unrepeatable goes out twice",
    ),
    Target(
        "snmp",
        "tests.fuzz.ntcip",
        "signals.hardware.ntcip1202.snmp",
        "any datagram: MangledPacket and nothing else; read, written and read again it is the same",
    ),
    Target(
        "ber",
        "tests.fuzz.ntcip",
        "signals.hardware.ntcip1202.ber",
        "any bytes: MangledPacket and nothing else, and nothing is read beyond the end",
    ),
    Target(
        "spat_push",
        "tests.fuzz.ntcip",
        "signals.hardware.ntcip1202.spat_push",
        "any datagram on the broadcast's port: MangledPush and nothing else; what is read is written byte for byte",
        300,
    ),
    Target(
        "loopback_line",
        "tests.fuzz.lines",
        "signals.hardware.loopback_wire",
        "any line of the emulator's protocol: MangledLine and nothing else",
        8192,
    ),
    Target(
        "readings",
        "tests.fuzz.readings",
        "signals.runtime.readings_port",
        "any datagram with detectors' readings: nothing raised, taken whole or not at all, nothing beyond its range",
        8192,
    ),
    Target(
        "coordination",
        "tests.fuzz.lines",
        "signals.coordination.messages",
        "any message between neighbours, with a right or a wrong checksum: BadMessage and nothing else",
        20_000,
    ),
    Target(
        "parameter_file",
        "tests.fuzz.files",
        "signals.parameter_file",
        "any parameter file: ParameterFileError and nothing else",
        8192,
    ),
    Target(
        "sealed_config",
        "tests.fuzz.files",
        "signals.runtime.sealed_config",
        "any configuration, any signatures: a verdict, and it is never yes without two trusted persons' signatures",
        8192,
    ),
    Target(
        "control_line",
        "tests.fuzz.control",
        "signals.runtime.control_line",
        "any line on the control channel: MangledRequest and nothing else; what is read has no control characters",
        5000,
    ),
    Target(
        "j2735_srm",
        "tests.fuzz.v2x",
        "signals.hardware.j2735.priority",
        "any message from a vehicle: MangledMessage and nothing else, and no lane that we do not have",
        2500,
    ),
    Target(
        "rsu_text",
        "tests.fuzz.v2x",
        "signals.hardware.j2735.rsu",
        "any Immediate Forward text: MangledMessage and nothing else",
        6500,
    ),
    Target(
        "audit_log",
        "tests.fuzz.files",
        "signals.runtime.audit_log",
        "any log and head: a verdict, and no forged record is believed; opening it refuses it or makes it whole",
        4096,
    ),
)

TARGETS = {target.name: target for target in _ALL}


def list_ready() -> Iterator[Target]:
    """Those whose module under test is in this tree."""
    return (target for target in _ALL if find_spec(target.subject) is not None)
