"""``changtong signals run`` and ``emulate``: the process in the cabinet, and a cabinet for it."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from signals.cli.output import one_clear_error


def run(config: Path, /, *, state: Path | None = None, speed: float = 1.0) -> int:
    """Run the process in the cabinet: a guarded decision each second for every intersection of a configuration.

    Every intersection begins in shadow: decisions are logged and nothing is sent. An operator brings it to advisory
    and to armed (`changtong signals level`), as far as the signed configuration allows. It runs until interrupted,
    and hands every cabinet back to its local plan first. An example is `config/roadside.toml`.

    Args:
        config: The configuration (TOML).
        state: Folder for what must outlive the process (audit log, leases, fences), instead of the configuration's.
        speed: Times as fast as the clock; only an emulated cabinet can follow.
    """
    from signals.runtime.intersection_file import IntersectionFileError
    from signals.runtime.process import run_roadside

    with one_clear_error(IntersectionFileError):
        run_roadside(config, _print_now, speed=speed, state=state)
    return 0


def emulate(
    protocol: Literal["loopback", "utc-v3", "ntcip1202"] = "loopback",
    /,
    *,
    intersection: Path,
    transport: Literal["udp", "tcp", "serial"] = "udp",
    host: str = "127.0.0.1",
    port: int = 9740,
    address: int = 1,
    profile: str = "standard",
    misbehave: tuple[str, ...] = (),
    readings: str = "",
    record: Path | None = None,
    speed: float = 1.0,
    seed: int = 1,
) -> int:
    """Be a cabinet with a street in front of it, for `changtong signals run` to drive, until interrupted.

    It times its own stages, keeps its minimum greens and clearances, watches for conflicts, and goes back to its local
    plan when nobody commands. Typed lines befall it: rail, preempt, police, panel-flash, panel-all-red, conflict,
    lamp-fault, power-cycle, data-changed, and clear.

    Args:
        protocol: What it speaks: `utc-v3` is Taiwan's protocol 3.0, `ntcip1202` is SNMP; `loopback` is ours, over TCP.
        intersection: The intersection and its plan (TOML), as for `run`.
        transport: How it is reached, for utc-v3; `serial` makes a pseudo-terminal and prints its name.
        host: Address to listen on.
        port: Port; 0 for any free one, which is then printed.
        address: The device's address in protocol 3.0.
        profile: Whose controller it is: `standard`, or another that `run` knows too.
        misbehave: What it does that it should not, e.g. `ignores_min_green` or `loses_acks=0.1`; may be repeated.
        readings: Send the street's detectors as JSON to this `host:port` each second (a `readings_port` of `run`).
        record: Append each change of its lamps to this file.
        speed: Times as fast as the clock.
        seed: Random seed of the traffic.
    """
    from signals.runtime.intersection_file import IntersectionFileError
    from signals.runtime.training import Training
    from signals.runtime.training import emulate as be_a_cabinet

    with one_clear_error(IntersectionFileError):
        listener = None
        if readings:
            listener_host, _, listener_port = readings.rpartition(":")
            if not listener_port.isdecimal():
                raise IntersectionFileError(f"--readings {readings}: give host:port.")
            listener = (listener_host or "127.0.0.1", int(listener_port))
        wanted = Training(protocol, transport, host, port, address, profile, misbehave, listener, record, speed, seed)
        be_a_cabinet(intersection, wanted, _print_now)
    return 0


def _print_now(line: str) -> None:
    print(line, flush=True)
