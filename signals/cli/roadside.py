"""``changtong signals run`` and ``emulate``: the process in the cabinet, and a cabinet for it."""

from __future__ import annotations

from pathlib import Path

from signals.cli.output import one_clear_error


def run(config: Path, /, *, speed: float = 1.0) -> int:
    """Run the process in the cabinet: a guarded decision each second for every intersection of a configuration.

    Intersections with `armed = false` are in shadow mode: decisions are logged and nothing is sent. It runs until
    interrupted; an example is `config/roadside.toml`.

    Args:
        config: The configuration (TOML).
        speed: Times as fast as the clock; only an emulated cabinet can follow.
    """
    from signals.runtime.intersection_file import IntersectionFileError
    from signals.runtime.process import run_roadside

    with one_clear_error(IntersectionFileError):
        run_roadside(config, _print_now, speed=speed)
    return 0


def emulate(*, intersection: Path, host: str = "127.0.0.1", port: int = 9740, speed: float = 1.0, seed: int = 1) -> int:
    """Be a cabinet with a street in front of it, for `changtong signals run` to drive, until interrupted.

    Args:
        intersection: The intersection and its plan (TOML), as for `run`.
        host: Address to listen on.
        port: TCP port; 0 for any free one, which is then printed.
        speed: Times as fast as the clock.
        seed: Random seed of the traffic.
    """
    from signals.runtime.intersection_file import IntersectionFileError
    from signals.runtime.process import emulate as be_a_cabinet

    with one_clear_error(IntersectionFileError):
        be_a_cabinet(intersection, host, port, _print_now, speed=speed, seed=seed)
    return 0


def _print_now(line: str) -> None:
    print(line, flush=True)
