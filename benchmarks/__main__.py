"""Every benchmark, each beside its peers: ``make bench``. The planner's needs the oracle's feeds."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ORACLE = Path("../shared/data/oracle")


def main() -> int:
    """Run them one after another; the worst exit code counts."""
    codes = [subprocess.run([sys.executable, "-m", "benchmarks.signals.compare_controllers"], check=False).returncode]
    if ORACLE.is_dir():
        codes.append(subprocess.run([sys.executable, "-m", "benchmarks.planner", str(ORACLE)], check=False).returncode)
    else:
        print(f"planner: skipped, {ORACLE} is not there; python -m benchmarks.planner FOLDER", file=sys.stderr)
    return max(codes)


if __name__ == "__main__":
    sys.exit(main())
