"""``changtong signals run`` and ``emulate``: the process in the cabinet, and a cabinet for it."""

from __future__ import annotations

from pathlib import Path

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
    from signals.runtime.training import emulate as be_a_cabinet

    with one_clear_error(IntersectionFileError):
        be_a_cabinet(intersection, host, port, _print_now, speed=speed, seed=seed)
    return 0


def _print_now(line: str) -> None:
    print(line, flush=True)
