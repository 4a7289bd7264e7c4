"""The configuration of the roadside process: ``roadside.toml``, read strictly.

A key that nobody knows, a number that is none, two drivers for one cabinet: each is refused with file, place and
remedy. ``most`` is the highest level that an intersection may be brought to: ``shadow`` unless the file says otherwise,
and above advisory only where the file is signed (``runtime.sealed_config``).
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from signals.runtime.control_line import Role
from signals.runtime.control_tls import TlsFiles
from signals.runtime.intersection_file import IntersectionFileError, read_number
from signals.safety.arming import TRIAL_S, Level

DRIVERS = ("loopback", "utc-v3", "ntcip1202")
TRANSPORTS: Mapping[str, tuple[str, ...]] = {
    "loopback": ("tcp",),
    "utc-v3": ("udp", "tcp", "serial"),
    "ntcip1202": ("udp",),
}
BAUDS = (1200, 2400, 4800, 9600, 19_200, 38_400, 57_600, 115_200)
_EXAMPLE = "see config/roadside.toml for an example"


@dataclass(frozen=True, slots=True)
class IntersectionConfig:
    """One ``[[intersection]]``; ``file`` is already relative to the configuration.

    ``profile`` names how the maker's controllers differ; ``address`` is the device's in protocol 3.0.
    ``readings_port``: a UDP port for detectors that are not the cabinet's, 0 for none.
    """

    file: Path
    driver: str
    transport: str
    host: str = ""
    port: int = 0
    device: str = ""
    baud: int = 9600
    address: int = 1
    profile: str = "standard"
    most: Level = Level.SHADOW
    trial_s: float = TRIAL_S
    readings_port: int = 0
    j2735_id: int = 0
    j2735_region: int = 0

    @property
    def cabinet(self) -> str:
        """Where it is, in words."""
        return self.device or f"{self.host}:{self.port}"


@dataclass(frozen=True, slots=True)
class ControlConfig:
    """``[control]``: how operators get in. ``socket``: on this machine, for this process's user alone; ``tls``: from
    the centre, with certificates on both sides; ``roles``: by the name in a certificate, ``URI=...`` or ``CN=...``.
    """

    socket: Path | None
    host: str
    port: int
    tls: TlsFiles | None
    roles: Mapping[str, Role]


@dataclass(frozen=True, slots=True)
class PublishConfig:
    """One ``[[publish]]``: states as JSON to an MQTT broker or a UDP port, or SPaT to a roadside unit (``rsu``)."""

    to: str
    host: str
    port: int
    username: str = ""
    password_file: Path | None = None


@dataclass(frozen=True, slots=True)
class RoadsideConfig:
    """The whole file. ``state``: the folder of what must outlive the process: logs, leases, fences.

    ``lease``: ``file`` where this machine alone may command, ``redis`` where several may. ``metrics_port``: for
    Prometheus, on this machine alone; 0 for none.
    """

    path: Path
    intersections: tuple[IntersectionConfig, ...]
    state: Path
    lease: str = "file"
    control: ControlConfig | None = None
    metrics_port: int = 0
    udp_port: int = 0
    period_s: float = 1.0
    has_event_log: bool = True
    publish: tuple[PublishConfig, ...] = ()


_RUNTIME = {"state", "lease", "metrics_port", "udp_port", "period_s", "event_log"}
_CONTROL = {"socket", "host", "port", "certificate_file", "key_file", "ca_file", "revoked_file", "roles"}
_PUBLISH = {"to", "host", "port", "username", "password_file"}
PUBLISH_TO = {"mqtt": 1883, "udp": 9755, "rsu": 1516}
_KEYS = {
    "file", "driver", "transport", "host", "port", "device", "baud", "address", "profile", "most", "trial_s",
    "readings_port", "j2735_id", "j2735_region",
}  # fmt: skip


def load_config(path: Path, home: Path | None = None) -> RoadsideConfig:
    """Read ``roadside.toml``. ``home``: where it lies at home, if this is a copy: what it names beside intersections
    (state, sockets, certificates, passwords) is looked for there.

    Raises:
        IntersectionFileError: with file, place and remedy.
    """
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
        return _read(path, content, (home or path).parent)
    except OSError as error:
        raise IntersectionFileError(f"{path}: {error.strerror}") from error
    except KeyError as error:
        raise IntersectionFileError(f"{path}: {error} is missing; {_EXAMPLE}.") from error
    except (AttributeError, TypeError, ValueError) as error:  # TOMLDecodeError is a ValueError
        raise IntersectionFileError(f"{path}: {error}") from error


def _read(path: Path, content: Mapping[str, Any], folder: Path) -> RoadsideConfig:
    _refuse_unknown("the file", content, {"runtime", "control", "intersection", "publish"})
    runtime = content.get("runtime", {})
    _refuse_unknown("[runtime]", runtime, _RUNTIME)
    found = tuple(_read_row(path, row) for row in content["intersection"])
    if not found:
        raise ValueError(f"there is no [[intersection]]; {_EXAMPLE}.")
    cabinets = [config.cabinet for config in found]
    if twice := sorted({cabinet for cabinet in cabinets if cabinets.count(cabinet) > 1}):
        raise ValueError(f"two intersections have the cabinet {twice[0]}; one may command it.")
    lease = runtime.get("lease", "file")
    if lease not in ("file", "redis"):
        raise ValueError(f"lease is {lease!r}; it has to be 'file' or 'redis'")
    return RoadsideConfig(
        path,
        found,
        folder / str(runtime.get("state", "state")),
        lease,
        _read_control(path.parent, folder, content["control"]) if "control" in content else None,
        _read_whole(runtime, "metrics_port", 0, 0, 65_535),
        _read_whole(runtime, "udp_port", 0, 0, 65_535),
        read_number(runtime, "period_s", 1.0, 0.1, 1.0),
        bool(runtime.get("event_log", True)),
        tuple(_read_publish(folder, row) for row in content.get("publish", ())),
    )


def _read_row(path: Path, row: Mapping[str, Any]) -> IntersectionConfig:
    _refuse_unknown("an intersection", row, _KEYS)
    driver = row.get("driver", "loopback")
    if driver not in DRIVERS:
        raise ValueError(f"driver {driver!r} is not known; there are {', '.join(DRIVERS)}.")
    transport = row.get("transport", TRANSPORTS[driver][0])
    if transport not in TRANSPORTS[driver]:
        raise ValueError(f"{driver} does not go over {transport!r}; it goes over {', '.join(TRANSPORTS[driver])}.")
    is_serial = transport == "serial"
    baud = _read_whole(row, "baud", 9600, 1, 10**6)
    if baud not in BAUDS:
        raise ValueError(f"baud is {baud}; it has to be one of {', '.join(map(str, BAUDS))}")
    return IntersectionConfig(
        path.parent / row["file"],
        driver,
        transport,
        "" if is_serial else str(row["host"]),
        0 if is_serial else _read_whole(row, "port", None, 1, 65_535),
        str(row["device"]) if is_serial else "",
        baud,
        _read_whole(row, "address", 1, 0, 0xFFFE),
        str(row.get("profile", "standard")),
        _read_level(row.get("most", "shadow")),
        read_number(row, "trial_s", TRIAL_S, 1.0, 86_400.0),
        _read_whole(row, "readings_port", 0, 0, 65_535),
        _read_whole(row, "j2735_id", 0, 0, 65_535),
        _read_whole(row, "j2735_region", 0, 0, 65_535),
    )


def _read_control(sealed: Path, folder: Path, row: Mapping[str, Any]) -> ControlConfig:
    """Certificates are signed with the configuration and lie where it was read; keys and sockets are at home."""
    _refuse_unknown("[control]", row, _CONTROL)
    tls, port = None, _read_whole(row, "port", 0, 0, 65_535)
    if port:
        certificate, ca = (sealed / str(row[name]) for name in ("certificate_file", "ca_file"))
        revoked = sealed / str(row["revoked_file"]) if "revoked_file" in row else None
        tls = TlsFiles(certificate, folder / str(row["key_file"]), ca, revoked)
    roles = {str(name): Role(role) for name, role in row.get("roles", {}).items()}
    own = folder / str(row["socket"]) if "socket" in row else None
    return ControlConfig(own, str(row.get("host", "127.0.0.1")), port, tls, roles)


def _read_publish(folder: Path, row: Mapping[str, Any]) -> PublishConfig:
    _refuse_unknown("[[publish]]", row, _PUBLISH)
    to = row["to"]
    if to not in PUBLISH_TO:
        raise ValueError(f"to is {to!r}; it has to be one of {', '.join(PUBLISH_TO)}")
    secret = folder / str(row["password_file"]) if "password_file" in row else None
    port = _read_whole(row, "port", PUBLISH_TO[to], 1, 65_535)
    return PublishConfig(to, str(row["host"]), port, str(row.get("username", "")), secret)


def _read_level(name: Any) -> Level:
    levels = {level.name.lower(): level for level in Level}
    if name not in levels:
        raise ValueError(f"most is {name!r}; it has to be one of {', '.join(levels)}")
    return levels[name]


def _read_whole(row: Mapping[str, Any], name: str, default: int | None, least: int, most: int) -> int:
    value = row[name] if default is None else row.get(name, default)
    if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
        raise ValueError(f"{name} is {value!r}; it has to be a whole number from {least} to {most}")
    return value


def _refuse_unknown(place: str, row: Mapping[str, Any], known: set[str]) -> None:
    if unknown := sorted(set(row) - known):
        raise ValueError(f"{place} has no {unknown[0]!r}; it may have {', '.join(sorted(known))}")
