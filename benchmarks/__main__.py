"""Every benchmark, each beside its peers: ``make bench``. Without networks the planner only grows."""

from __future__ import annotations

import subprocess
import sys

BENCHMARKS = ("benchmarks.signals.compare_controllers", "benchmarks.planner")


def main() -> int:
    """Run them one after another; the worst exit code counts."""
    return max(subprocess.run([sys.executable, "-m", name], check=False).returncode for name in BENCHMARKS)


if __name__ == "__main__":
    sys.exit(main())
