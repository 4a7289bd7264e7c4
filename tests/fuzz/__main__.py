"""Coverage-guided fuzzing of whatever reads bytes from a wire or a file: ``python -m tests.fuzz TARGET --seconds N``.

Run it in the checkout. Only ``signals`` is instrumented. A finding ends the run with a code other than 0 and leaves the
input in ``out/fuzz``; ``python -m tests.fuzz TARGET --replay FILE`` tries that input alone. ``--list`` tells the targets.
"""

import argparse
import importlib
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.fuzz.found import list_found
from tests.fuzz.targets import TARGETS, Target, list_ready

TIMEOUT_S = 10  # for one input: whatever takes as long hangs
RSS_LIMIT_MB = 1024
_MEMORY = "/dev/shm"  # noqa: S108  (a folder of its own is made in it)


def main() -> None:
    """Read the arguments, load the target with its coverage counted, and hand over to libFuzzer, which exits."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("target", nargs="?", choices=sorted(TARGETS))
    parser.add_argument("--seconds", type=int, default=60)
    parser.add_argument("--corpus", type=Path, help="keep what was learnt in this folder (default: forget it)")
    parser.add_argument("--artifacts", type=Path, default=Path("out/fuzz"), help="where inputs that fail are kept")
    parser.add_argument("--replay", type=Path, help="try this one input and end")
    parser.add_argument("--seed", type=int, default=1, help="of libFuzzer's choices")
    parser.add_argument("--inside", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--list", action="store_true", help="print the targets and what each must hold")
    told = parser.parse_args()
    if told.list:
        sys.stdout.writelines(f"{target.name:20} {target.claim}\n" for target in list_ready())
        return
    if told.target is None:
        parser.error("name a target; --list tells them")
    if told.inside:
        _fuzz(TARGETS[told.target], told, told.inside)
        return
    # libFuzzer leaves without clearing up, so that somebody has to outlive it; in memory, since disks are slow
    with tempfile.TemporaryDirectory(dir=_MEMORY if os.access(_MEMORY, os.W_OK) else None) as folder:
        command = [sys.executable, "-m", "tests.fuzz", *sys.argv[1:], "--inside", folder]
        sys.exit(subprocess.run(command, check=False, env=os.environ | {"TMPDIR": folder}).returncode)


def _fuzz(target: Target, told: argparse.Namespace, folder: Path) -> None:
    import atheris

    with atheris.instrument_imports(include=["signals"]):
        importlib.import_module(target.subject)
        module = importlib.import_module(target.module)
    check = getattr(module, f"check_{target.name}")
    if told.replay:
        check(told.replay.read_bytes())
        sys.stdout.write(f"{told.replay}: holds\n")
        return
    for once in list_found(target.name):
        check(once)
    corpus = told.corpus or folder / "corpus"
    for place in (corpus, told.artifacts, folder / "seeds"):
        place.mkdir(parents=True, exist_ok=True)
    for number, seed in enumerate(getattr(module, f"seed_{target.name}")()):
        (folder / "seeds" / f"{number:03}").write_bytes(seed)
    options = [
        f"-max_total_time={told.seconds}",
        f"-timeout={TIMEOUT_S}",
        f"-rss_limit_mb={RSS_LIMIT_MB}",
        f"-max_len={target.most_bytes}",
        f"-seed={told.seed}",
        f"-artifact_prefix={told.artifacts}/{target.name}-",
        "-print_final_stats=1",
    ]
    atheris.Setup([sys.argv[0], *options, str(corpus), str(folder / "seeds")], check)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
