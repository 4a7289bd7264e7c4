"""The 0F messages, which every device has: answers, clock, command set, health (specification, chapter 3)."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntFlag

from signals.hardware.utc_v3.layout import Count, Groups, Number, Numbers, Part, Rest
from signals.hardware.utc_v3.registry import Info, Level, lies_as, message

B, A, O = Level.BASIC, Level.ADVANCED, Level.OPTIONAL  # noqa: E741  (as the specification writes them)
RESET = 0x52
PASSWORD_BYTES = 6
CLOCK_PARTS: tuple[Part, ...] = (
    Number("year"), Number("month", 1, 1, 12), Number("day", 1, 1, 31), Number("weekday", 1, 1, 7),
    Number("hour", 1, 0, 23), Number("minute", 1, 0, 59), Number("second", 1, 0, 59),
)  # fmt: skip


class Rejection(IntFlag):
    """Why 0F81 refuses."""

    NO_SUCH_MESSAGE = 1
    CANNOT_ANSWER = 2
    BAD_VALUE = 4
    WRONG_LENGTH = 8
    WRONG_DEVICE = 16
    TIMEOUT = 32
    BEYOND_HARDWARE = 64
    EXCLUDED_BY_LEVEL = 128


class HardwareStatus(IntFlag):
    """The bits of 0F04 and 0FC1. The signals are flashing, dark or on a fault plan with several of them."""

    CPU = 1 << 0
    MEMORY = 1 << 1
    TIMER = 1 << 2
    WATCHDOG = 1 << 3
    POWER = 1 << 4
    INPUT_OUTPUT = 1 << 5
    DRIVER = 1 << 6
    LAMP = 1 << 7
    CONNECTED = 1 << 8
    DOOR_OPEN = 1 << 9
    PLAN_ERROR = 1 << 10
    SIGNAL_CONFLICT = 1 << 11
    SIGNAL_POWER = 1 << 12
    PLAN_IN_TRANSITION = 1 << 13
    READY = 1 << 14
    LINE_BAD = 1 << 15


@message(0x0F80, B, Number("command", 2))
@dataclass(frozen=True, slots=True)
class Done(Info):
    """A setting was taken."""

    command: int


@message(0x0F81, B, Number("command", 2), Number("error"), Number("parameter"))
@dataclass(frozen=True, slots=True)
class Rejected(Info):
    """A setting or a query was not taken; ``error`` has the bits of ``Rejection``."""

    command: int
    error: int
    parameter: int


@message(0x0F8E, B, Number("device", 2), Rest("inner"))
@dataclass(frozen=True, slots=True)
class RelayDown(Info):
    """To be passed on to a device behind the controller."""

    device: int
    inner: bytes


@message(0x0F8F, B, Number("device", 2), Rest("inner"))
@dataclass(frozen=True, slots=True)
class RelayUp(Info):
    """What a device behind the controller says."""

    device: int
    inner: bytes


@message(0x0F10, B, Number("first", 1, RESET, RESET), Number("second", 1, RESET, RESET))
@dataclass(frozen=True, slots=True)
class Reset(Info):
    """Restart the device: three seconds of all-red in the middle of the street."""

    first: int = RESET
    second: int = RESET


@message(0x0F90, B)
@dataclass(frozen=True, slots=True)
class WasReset(Info):
    """It has restarted."""


@lies_as(Number("number"), Number("id", 2))
@dataclass(frozen=True, slots=True)
class Equipment(Info):
    """A device behind the controller."""

    number: int
    id: int


@message(0x0F40, O, Number("equipment"))
@dataclass(frozen=True, slots=True)
class QueryEquipment(Info):
    """Who is behind you?"""

    equipment: int


@message(0x0FC0, O, Number("equipment"), Count("devices"), Groups("devices", Equipment))
@dataclass(frozen=True, slots=True)
class EquipmentReport(Info):
    """Who is behind the controller."""

    equipment: int
    devices: tuple[Equipment, ...]


@message(
    0x0F00, A, Number("month", 1, 1, 12), Number("day", 1, 1, 31), Number("hour", 1, 0, 23), Number("minute", 1, 0, 59)
)
@dataclass(frozen=True, slots=True)
class PowerFailed(Info):
    """When the power went."""

    month: int
    day: int
    hour: int
    minute: int


@message(0x0F11, B)
@dataclass(frozen=True, slots=True)
class ResetCommunication(Info):
    """Begin the link anew."""


@message(0x0F91, B)
@dataclass(frozen=True, slots=True)
class CommunicationWasReset(Info):
    """The link has begun anew."""


@message(0x0F41, B)
@dataclass(frozen=True, slots=True)
class SelfTest(Info):
    """Test yourself."""


@message(0x0FC1, B, Number("status", 2))
@dataclass(frozen=True, slots=True)
class SelfTestReport(Info):
    """The result, as ``HardwareStatus``."""

    status: int


@message(0x0F12, B, *CLOCK_PARTS)
@dataclass(frozen=True, slots=True)
class SetClock(Info):
    """The time: years of the Republic (2026 is 115), Monday is 1."""

    year: int
    month: int
    day: int
    weekday: int
    hour: int
    minute: int
    second: int


@message(0x0F92, B, Number("off_s"))
@dataclass(frozen=True, slots=True)
class ClockWasOff(Info):
    """By how much it was off when set; 0 asks to be set, 128 is more than 127 s."""

    off_s: int


@message(0x0F42, O)
@dataclass(frozen=True, slots=True)
class QueryClock(Info):
    """What time is it?"""


@message(0x0FC2, O, *CLOCK_PARTS)
@dataclass(frozen=True, slots=True)
class ClockReport(SetClock):
    """The device's time."""


@message(0x0F02, B, *CLOCK_PARTS)
@dataclass(frozen=True, slots=True)
class ClockChanged(SetClock):
    """Somebody set the clock at the panel."""


@message(0x0F13, B, Number("command_set", 1, 0, 3))
@dataclass(frozen=True, slots=True)
class SetCommandSet(Info):
    """Which levels are on: 0 basic over radio, 1 basic, 2 with advanced (default), 3 with optional."""

    command_set: int


@message(0x0F43, B)
@dataclass(frozen=True, slots=True)
class QueryFirmware(Info):
    """Who made you, and which levels are on?"""


@message(0x0FC3, B, *(Number(name) for name in ("year", "month", "day", "company", "version", "command_set")))
@dataclass(frozen=True, slots=True)
class FirmwareReport(Info):
    """Date, maker, version and level of the firmware."""

    year: int
    month: int
    day: int
    company: int
    version: int
    command_set: int


@message(0x0F14, B, Number("cycle", 1, 0, 5))
@dataclass(frozen=True, slots=True)
class SetStatusCycle(Info):
    """How often 0F04 is sent: 0 on change, 1 to 3 each 1, 2 or 5 s, 4 each minute (default), 5 each five."""

    cycle: int


@message(0x0F44, B)
@dataclass(frozen=True, slots=True)
class QueryStatusCycle(Info):
    """How often do you send 0F04?"""


@message(0x0FC4, B)
@dataclass(frozen=True, slots=True)
class StatusCycleReport(SetStatusCycle):
    """How often 0F04 is sent."""


@message(0x0F04, B, Number("status", 2))
@dataclass(frozen=True, slots=True)
class StatusReport(Info):
    """The device's health, as ``HardwareStatus``."""

    status: int


@message(0x0F15, B, Numbers("password", fixed=PASSWORD_BYTES))
@dataclass(frozen=True, slots=True)
class SetPassword(Info):
    """The panel's password, six characters, for all to read."""

    password: tuple[int, ...]


@message(0x0F45, B)
@dataclass(frozen=True, slots=True)
class QueryPassword(Info):
    """What is the password?"""


@message(0x0FC5, B, Numbers("password", fixed=PASSWORD_BYTES))
@dataclass(frozen=True, slots=True)
class PasswordReport(Info):
    """The panel's password."""

    password: tuple[int, ...]


@message(0x0F16, O, Number("lock"))
@dataclass(frozen=True, slots=True)
class LockDatabase(Info):
    """Whether the panel may change data."""

    lock: int


@message(0x0F46, O)
@dataclass(frozen=True, slots=True)
class QueryLock(Info):
    """May the panel change data?"""


@message(0x0FC6, O, Number("lock"))
@dataclass(frozen=True, slots=True)
class LockReport(Info):
    """Whether the panel may change data."""

    lock: int


@message(0x0F47, O, Number("command", 2))
@dataclass(frozen=True, slots=True)
class QuerySupport(Info):
    """Do you know this message?"""

    command: int


@message(0x0FC7, O, Number("command", 2), Number("response"))
@dataclass(frozen=True, slots=True)
class SupportReport(Info):
    """Whether a message is known: 0 yes."""

    command: int
    response: int
