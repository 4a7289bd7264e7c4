"""What a decision costs: estimate, predict, schedule and guard of every signal and second, replayed without SUMO.

    python -m benchmarks.signals.decision_cost [--scenarios pittsburgh50-pm,ingolstadt21] [--seed 21] [--minutes 20]
        [--signals 1000] [--json FILE] [--profile] [--only decisions|thousand|share]

1. *decisions*: a run with loops is recorded (readings, cabinet states, mail) and decided again; the replay must ask for
   the same commands. Percentiles over all seconds, and over those in which a schedule was searched.
2. *thousand*: so many controllers, on the recorded streams with offsets, at 1 Hz on one core: how busy it is.
3. *share*: what control adds to libsumo. The same run twice: with loops and controllers, and SUMO alone with the lamps
   that the controllers showed set from a list, so that the vehicles are the same, second by second (checked).

Times are CPU time of the process (other programs of a busy machine do not count; caches they spoil do), seconds of the
first simulated minutes, in which kernels are loaded, apart. Exit code 1 where the promise does not hold: p50 0.5 ms,
p99 2 ms, 1,000 intersections on one core, 25 % of libsumo.
"""

from __future__ import annotations

import argparse
import cProfile
import gc
import json
import multiprocessing
import pstats
import sys
import time
from concurrent.futures import ProcessPoolExecutor
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.signals.recorded_street import ReplayedStreet, Stream, build_replay, record
from benchmarks.signals.step_only import measure_share

controller_module: Any = import_module("signals.controller")  # whose parts are listened to

P50_MS, P99_MS, BUSY_SHARE, ADDED_SHARE = 0.5, 2.0, 1.0, 0.25
_WARM_S = 60


def main() -> int:
    """Measure and print; what does not hold comes last."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--scenarios", default="pittsburgh50-pm,ingolstadt21")
    parser.add_argument("--seed", type=int, default=21)
    parser.add_argument("--minutes", type=float, default=20.0)
    parser.add_argument("--signals", type=int, default=1000)
    parser.add_argument("--only", choices=("decisions", "thousand", "share"))
    parser.add_argument("--profile", action="store_true", help="the dearest functions of the replay")
    parser.add_argument("--json", type=Path)
    chosen = parser.parse_args()
    found: dict[str, Any] = {}
    for scenario in chosen.scenarios.split(","):
        parts = found.setdefault(scenario, {})
        if chosen.only != "share":
            parts |= _alone(_measure_replay, scenario, chosen)
            _print_replay(scenario, parts)
        if chosen.only in (None, "share"):
            parts["share"] = measure_share(scenario, chosen.seed, chosen.minutes)
            _print_share(scenario, parts["share"])
    if chosen.json:
        chosen.json.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    failures = [failure for scenario, parts in found.items() for failure in _list_failures(scenario, parts)]
    print("\n" + ("\n".join(failures) or "All promises hold."))
    return 1 if failures else 0


def _alone(function: Any, *arguments: Any) -> Any:
    """In a process of its own: libsumo is one simulation per process."""
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as pool:
        return pool.submit(function, *arguments).result()


def _measure_replay(scenario: str, chosen: argparse.Namespace) -> dict[str, Any]:
    streams = record(scenario, chosen.seed, chosen.minutes)
    found: dict[str, Any] = {"signals": len(streams), "detectors": _count_detectors(streams)}
    gc.freeze()  # what was recorded is not the controllers' garbage
    if chosen.only in (None, "decisions"):
        found["decisions"] = _time_decisions(streams)
        found["parts_us"] = _time_parts(streams)
    if chosen.only in (None, "thousand"):
        found["thousand"] = _time_many(streams, chosen.signals)
    if chosen.profile:
        _profile(streams)
    return found


def _count_detectors(streams: dict[str, Stream]) -> int:
    return sum(len(stream.given["post"].detectors) for stream in streams.values())


def _time_decisions(streams: dict[str, Stream]) -> dict[str, Any]:
    searched = _Counter(controller_module.search_changes)
    own, controller_module.search_changes = controller_module.search_changes, searched
    took_ms: list[float] = []
    has_searched: list[bool] = []
    different = steps = 0
    try:
        for stream in streams.values():
            street = ReplayedStreet(stream)
            supervisor = build_replay(stream, street)
            for second, command in enumerate(stream.commands):
                street.turn()
                before = searched.calls
                began = time.thread_time_ns()
                report = supervisor.step()
                spent = time.thread_time_ns() - began
                steps += 1
                different += report.applied != command
                if second >= _WARM_S:
                    took_ms.append(spent / 1e6)
                    has_searched.append(searched.calls > before)
    finally:
        controller_module.search_changes = own
    all_ms, which = np.array(took_ms), np.array(has_searched)
    return {
        "steps": steps,
        "different_commands": different,
        "all": _summarise(all_ms),
        "searched": _summarise(all_ms[which]),
        "searched_share": float(which.mean()),
    }


class _Counter:
    def __init__(self, function: Any) -> None:
        self.function, self.calls = function, 0

    def __call__(self, *arguments: Any) -> Any:
        self.calls += 1
        return self.function(*arguments)


def _summarise(values_ms: Any) -> dict[str, float]:
    p50, p95, p99 = (float(value) for value in np.percentile(values_ms, (50, 95, 99)))
    return {"mean": float(values_ms.mean()), "p50": p50, "p95": p95, "p99": p99, "max": float(values_ms.max())}


class _Stopwatch:
    """Sums what its functions take; nested ones count for both."""

    def __init__(self) -> None:
        self.spent_ns: dict[str, int] = {}

    def wrap(self, name: str, function: Any) -> Any:
        def timed(*arguments: Any, **named: Any) -> Any:
            began = time.thread_time_ns()
            try:
                return function(*arguments, **named)
            finally:
                self.spent_ns[name] = self.spent_ns.get(name, 0) + time.thread_time_ns() - began

        return timed


def _time_parts(streams: dict[str, Stream]) -> dict[str, float]:
    """Microseconds per second and signal, by part."""
    watch, steps = _Stopwatch(), 0
    names = {
        "predict_arrivals": "predict",
        "add_expected": "predict",
        "build_traffic": "tables",
        "search_changes": "schedule",
    }
    own = {name: getattr(controller_module, name) for name in names}
    for name, part in names.items():
        setattr(controller_module, name, watch.wrap(part, own[name]))
    try:
        for stream in streams.values():
            street = ReplayedStreet(stream)
            supervisor: Any = build_replay(stream, street)
            loops, guard = supervisor._maker, supervisor._guard  # noqa: SLF001  (a benchmark looks behind the door)
            loops._estimator.estimate = watch.wrap("estimate", loops._estimator.estimate)  # noqa: SLF001
            guard.admit = watch.wrap("guard", guard.admit)
            talk = loops._conversation  # noqa: SLF001
            for name in ("listen", "count", "entered", "tell", "expect", "plan"):
                setattr(talk, name, watch.wrap("neighbours", getattr(talk, name)))
            step = watch.wrap("all", supervisor.step)
            for _ in range(_WARM_S):
                street.turn()
                supervisor.step()
            watch.spent_ns = {key: value for key, value in watch.spent_ns.items() if steps}
            for _ in stream.commands[_WARM_S:]:
                street.turn()
                step()
                steps += 1
    finally:
        for name, function in own.items():
            setattr(controller_module, name, function)
    return {name: spent / 1000 / steps for name, spent in watch.spent_ns.items()}


def _time_many(streams: dict[str, Stream], count: int, seconds: int = 60) -> dict[str, float]:
    """``count`` controllers second by second, all of them in each; their caches compete as they would."""
    every = list(streams.values())
    streets, supervisors = [], []
    for number in range(count):
        stream = every[number % len(every)]
        room = max(1, len(stream.now_s) - seconds - _WARM_S)
        streets.append(ReplayedStreet(stream, (number // len(every)) * 37 % room))
        supervisors.append(build_replay(stream, streets[-1]))
    gc.freeze()
    took_s = []
    for second in range(_WARM_S // 4 + seconds):
        for street in streets:
            street.turn()
        began = time.process_time()
        for supervisor in supervisors:
            supervisor.step()
        if second >= _WARM_S // 4:
            took_s.append(time.process_time() - began)
    return {"signals": count, "seconds": seconds, "busy": float(np.mean(took_s)), "worst_second": float(np.max(took_s))}


def _profile(streams: dict[str, Stream]) -> None:
    profile = cProfile.Profile()
    for stream in list(streams.values())[:12]:
        street = ReplayedStreet(stream)
        supervisor = build_replay(stream, street)
        for second in range(len(stream.commands)):
            street.turn()
            if second == _WARM_S:
                profile.enable()
            supervisor.step()
        profile.disable()
    pstats.Stats(profile).sort_stats("tottime").print_stats(30)


def _print_replay(scenario: str, parts: dict[str, Any]) -> None:
    print(f"\n{scenario}: {parts['signals']} signals, {parts['detectors']} detectors")
    if decisions := parts.get("decisions"):
        print(f"  {decisions['steps']} decisions replayed, {decisions['different_commands']} commands differ")
        for name in ("all", "searched"):
            row = decisions[name]
            told = "  ".join(f"{key} {row[key]:.3f}" for key in ("mean", "p50", "p95", "p99", "max"))
            share = "" if name == "all" else f" ({decisions['searched_share']:.0%} of the seconds)"
            print(f"  ms a decision, {name}{share}: {told}")
        us = sorted(parts["parts_us"].items(), key=lambda item: -item[1])
        print(f"  of which us: {', '.join(f'{name} {value:.0f}' for name, value in us)}")
    if many := parts.get("thousand"):
        print(f"  {many['signals']} intersections at 1 Hz keep a core {many['busy']:.0%} busy (worst second "
              f"{many['worst_second']:.0%})")  # fmt: skip


def _print_share(scenario: str, share: dict[str, Any]) -> None:
    print(
        f"{scenario}: {share['seconds']:.0f} s of {share['vehicles']} vehicles: SUMO alone {share['alone_s']:.1f} s of "
        f"CPU, with loops and control {share['controlled_s']:.1f} s: +{share['added']:.0%} (of which SUMO's own loops "
        f"{share['loops']:+.0%}); the traffic is {'the same' if share['is_same'] else 'NOT the same'}"
    )
    print("  Against another controller's run the difference is smaller or larger: who clears faster simulates fewer.")


def _list_failures(scenario: str, parts: dict[str, Any]) -> list[str]:
    found = []
    if decisions := parts.get("decisions"):
        for key, limit in (("p50", P50_MS), ("p99", P99_MS)):
            if decisions["all"][key] > limit:
                found.append(f"{scenario}: {key} {decisions['all'][key]:.3f} ms, promised {limit:g}")
        if decisions["different_commands"]:
            found.append(f"{scenario}: {decisions['different_commands']} commands differ in the replay")
    if (many := parts.get("thousand")) and many["busy"] > BUSY_SHARE:
        found.append(f"{scenario}: {many['signals']} intersections need {many['busy']:.2f} cores")
    if share := parts.get("share"):
        if share["added"] > ADDED_SHARE:
            found.append(f"{scenario}: control adds {share['added']:.0%} to libsumo, promised {ADDED_SHARE:.0%}")
        if not share["is_same"]:
            found.append(f"{scenario}: SUMO alone drove other traffic; the share says nothing")
    return found


if __name__ == "__main__":
    sys.exit(main())
