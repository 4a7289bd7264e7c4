"""The planner beside nigiri on the oracle's networks: ``python -m benchmarks.planner FOLDER``.

FOLDER holds ``<name>.zip`` and ``<name>_nigiri.csv``. Prints one JSON line per network and exits with 1
when any answer differs, or when the median ratio falls below the threshold.
"""

from __future__ import annotations

import datetime as dt
import json
import sys
from pathlib import Path

from mobility.benchmark import list_pairs, run

DATES = {
    "saskatoon": dt.date(2026, 7, 15),
    "poa": dt.date(2019, 5, 14),
    "kaohsiung": dt.date(2026, 1, 7),
    "cdmx": dt.date(2018, 6, 12),
}
THRESHOLD = 4.0
"""The lead over the peer that we promise, at the median of every network."""


def main(folder: Path) -> int:
    """Measure every network that is there."""
    is_good = True
    names = [name for name in DATES if (folder / f"{name}.zip").is_file()]
    if not names:
        print(f"{folder} holds none of {', '.join(f'{name}.zip' for name in DATES)}", file=sys.stderr)
        return 2
    for name in names:
        outcome = run(folder / f"{name}.zip", DATES[name], list_pairs(folder / f"{name}_nigiri.csv"))
        print(json.dumps({"network": name} | outcome.to_json()), flush=True)
        is_equal = not outcome.differing and not outcome.differing_recorded
        is_good &= is_equal and (outcome.ratio_p50 or 0.0) >= THRESHOLD
    return 0 if is_good else 1


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1] if len(sys.argv) > 1 else "../shared/data/oracle")))
