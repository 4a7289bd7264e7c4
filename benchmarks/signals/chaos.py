"""Kill -9 of whatever there is, at random, while it controls a cabinet: what was shown, what was lost, how soon back.

    python -m benchmarks.signals.chaos --protocol utc-v3 --kills 200 --seed 1 [--streets 4] [--speed 2] [--json FILE]

A street has a Redis, an emulated cabinet that records its own lamps, two hosts that rival for the lease, and a link to
each, all real processes; an operator arms again what has disarmed itself. The kills are spread over ``--streets`` such
streets at once. Killed are, as often each: the host that commands, the one that stands by, Redis (half of the times it
comes back without its data), the cabinet (a power cycle), and a link. Every recording is judged afterwards, and the
exit code is 1 where anything was unsafe or a command was obeyed that is in no audit log.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import shutil
import signal
import sys
import tempfile
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.signals.chaos_cabinet import PROTOCOLS
from benchmarks.signals.chaos_network import HOSTS, can_make_namespaces
from benchmarks.signals.chaos_street import KINDS, Kill, Stopped, Street, Wanted
from benchmarks.signals.chaos_verdict import Verdict, judge
from signals.runtime.intersection_file import load_intersection

ROOT = Path(__file__).resolve().parents[2]
INTERSECTION = ROOT / "config/intersection.toml"
STAGGER_S = 5.0  # starting them all at once would keep a small machine busy for minutes
# protocols with a clock of the day in them are true to it at one speed alone
SPEEDS = {"loopback": 3.0, "utc-v3": 1.0, "ntcip1202": 1.0}


def run_protocol(
    protocol: str,
    kills: int,
    seed: int,
    streets: int,
    speed: float,
    folder: Path,
    *,
    has_namespaces: bool,
    is_quiet: bool = False,
) -> Verdict:
    """Run the kills of one protocol in so many streets at once, and judge them.

    Raises:
        Stopped: by a signal; nothing is judged.
    """
    shares = [kills // streets + (k < kills % streets) for k in range(streets)]
    must_stop = threading.Event()
    done: list[Kill] = []

    def tell(kill: Kill) -> None:
        done.append(kill)
        if not is_quiet:
            back = "" if kill.commanded else ", control not back in time"
            print(f"{protocol} {len(done)}/{kills}: {kill.kind}, {kill.what}{back}", flush=True)

    def run_one(number: int) -> Street:
        wanted = Wanted(
            protocol, shares[number], seed * 1000 + number, speed, folder / f"{protocol}-{number}", INTERSECTION,
            number, sum(shares[:number]), has_namespaces,
        )  # fmt: skip
        street = Street(wanted, must_stop.is_set)
        must_stop.wait(number * STAGGER_S)
        try:
            street.run(tell)
        except BaseException:
            must_stop.set()
            raise
        return street

    with ThreadPoolExecutor(streets) as pool:
        running = [pool.submit(run_one, number) for number in range(streets)]
        try:
            failures = [error for one in running if (error := one.exception()) is not None]
        except BaseException:  # a signal
            must_stop.set()
            raise
    for error in sorted(failures, key=lambda error: isinstance(error, Stopped)):  # who stopped because of another, last
        raise error
    verdict, found = Verdict(), load_intersection(INTERSECTION)
    for street in (one.result() for one in running):
        logs = {host: street.find_log(host) for host in HOSTS}
        found_here = judge(street.record, logs, street.key, street.kills, found, speed, street.find_host)
        found_here.counts["processes that ended by themselves"] += street.ended_by_themselves
        verdict.add(found_here)
    return verdict


def hash_sources() -> str:
    """A short hash of the package under test, whatever of it is committed."""
    files = sorted((ROOT / "signals").rglob("*.py"))
    return hashlib.sha256(b"".join(file.read_bytes() for file in files)).hexdigest()[:12]


def tabulate(verdict: Verdict) -> list[str]:
    """The distributions as lines of a Markdown table, seconds of the cabinet."""
    quantiles = "p50 / p90 / p99 / max s"
    lines = [
        f"| killed | n | not interrupted | local plan after: {quantiles} | commanded again after: {quantiles} |",
        "|---|--:|--:|--:|--:|",
    ]
    for kind in (*KINDS, "all"):
        own = [one for one in verdict.recoveries if kind in ("all", one.kind)]
        local = [one.local_s for one in own if one.local_s is not None]
        commanded = [one.commanded_s for one in own if one.commanded_s is not None]
        untouched = sum(one.local_s is None for one in own)
        lines.append(f"| {kind} | {len(own)} | {untouched} | {_tell(local)} | {_tell(commanded)} |")
    return lines


def _tell(seconds: list[float]) -> str:
    if not seconds:
        return "-"
    shares = [float(np.percentile(seconds, q)) for q in (50, 90, 99, 100)]
    return " / ".join(f"{one:.1f}" for one in shares) + f" (n = {len(seconds)})"


def print_verdict(protocol: str, verdict: Verdict) -> None:
    """Everything, for people."""
    print(f"\n{protocol}\n" + "\n".join(tabulate(verdict)))
    for name, count in sorted(verdict.counts.items()):
        print(f"  {name}: {count}")
    print(f"  longest red: {verdict.longest_red_s:g} s; oldest command obeyed: {verdict.oldest_command_s:.2f} s old")
    for why, count in verdict.disarmed.most_common():
        print(f"  disarmed {count} times: {why}")
    total = sum(map(len, verdict.violations.values()))
    print(f"  violations: {total}")
    for rule, words in sorted(verdict.violations.items()):
        print(f"    {rule}: {len(words)}, e.g. {words[0]}")


def to_json(protocol: str, verdict: Verdict) -> dict[str, Any]:
    """Everything, for programs."""
    return {
        "protocol": protocol,
        "violations": {rule: words for rule, words in verdict.violations.items() if words},
        "counts": dict(verdict.counts),
        "disarmed": dict(verdict.disarmed),
        "longest_red_s": verdict.longest_red_s,
        "oldest_command_s": verdict.oldest_command_s,
        "recoveries": [asdict(one) for one in verdict.recoveries],
    }


def main() -> int:
    """Run, judge, print; exit code 1 where something was unsafe or lost."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--protocol", choices=(*PROTOCOLS, "all"), default="all")
    parser.add_argument("--kills", type=int, default=200, help="for each protocol")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--streets", type=int, default=4, help="how many at once")
    parser.add_argument("--speed", type=float, help="times as fast as the clock; loopback only")
    parser.add_argument("--folder", type=Path, help="keep every recording and log here")
    parser.add_argument("--relays", action="store_true", help="relays even where namespaces could be made")
    parser.add_argument("--json", type=Path, help="write the verdicts to this file")
    chosen = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    if not (shutil.which("redis-server") or shutil.which("valkey-server")):
        print("chaos: there is no redis-server and no valkey-server on this machine.", file=sys.stderr)
        return 1
    has_namespaces = not chosen.relays and can_make_namespaces()
    print(f"code {hash_sources()}, links by {'namespaces' if has_namespaces else 'relays'}, seed {chosen.seed}")
    results, is_safe = [], True
    with tempfile.TemporaryDirectory(prefix="chaos-") as own:
        for protocol in PROTOCOLS if chosen.protocol == "all" else (chosen.protocol,):
            speed = chosen.speed or SPEEDS[protocol]
            try:
                verdict = run_protocol(
                    protocol, chosen.kills, chosen.seed, chosen.streets, speed, chosen.folder or Path(own),
                    has_namespaces=has_namespaces,
                )  # fmt: skip
            except (Stopped, KeyboardInterrupt):
                return 130
            print_verdict(protocol, verdict)
            results.append(to_json(protocol, verdict))
            is_safe &= not any(verdict.violations.values())
    if chosen.json:
        chosen.json.write_text(json.dumps(results, indent=1), encoding="utf-8")
    return 0 if is_safe else 1


if __name__ == "__main__":
    sys.exit(main())
