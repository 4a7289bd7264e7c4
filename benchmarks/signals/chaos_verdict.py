"""What a street's recordings say afterwards, without believing anybody who took part.

Lamps are judged by the audit that judges simulations (``signals.measures.audit``), each life of the cabinet by itself:
a power cut breaks off a green, and the start-up after it is judged by its own rule. Every message that the cabinet has
obeyed must stand in the audit log of the host it came from, written before it was obeyed; and the tokens of obeyed
messages never fall, which is what one commander at a time means.
"""

from __future__ import annotations

import json
import re
from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.signals.chaos_network import HOSTS
from benchmarks.signals.chaos_street import Kill
from benchmarks.signals.chaos_tail import read_row
from signals.measures.audit import Rule, audit_signal
from signals.measures.lamp_runs import RED, join_runs, list_greens, list_runs
from signals.measures.limits import Limits
from signals.measures.recording import SignalRecording, build_recording
from signals.measures.right_of_way import SignalLayout
from signals.model import RoadUser
from signals.runtime.audit_log import verify
from signals.runtime.intersection_file import IntersectionFile

START_UP_S = 3.0  # all-red after power comes back (protocol 3.0, 0F10; NEMA TS 2 has 6)
_NUMBER = re.compile(r"\d+(\.\d+)?")
_SLACK_S = 0.002  # the log tells milliseconds
_WALK_MPS = 1.07  # MUTCD 4I.06
_NO_HEAD_YET = "head is missing: records may be, at the end"
_HEAD_EVERY = 50  # records; before that many a log that was killed has no head


@dataclass(frozen=True, slots=True)
class Recovery:
    """One kill and what followed, in the cabinet's seconds; None where control was never interrupted."""

    kind: str
    what: str
    local_s: float | None
    commanded_s: float | None


@dataclass(slots=True)
class Verdict:
    """Everything found in one street, or in all of them. ``violations`` by rule, each in words."""

    violations: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    recoveries: list[Recovery] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)
    disarmed: Counter[str] = field(default_factory=Counter)
    longest_red_s: float = 0.0
    oldest_command_s: float = 0.0

    def add(self, other: Verdict) -> None:
        """Take another street in."""
        for rule, words in other.violations.items():
            self.violations[rule] += words
        self.recoveries += other.recoveries
        self.counts += other.counts
        self.disarmed += other.disarmed
        self.longest_red_s = max(self.longest_red_s, other.longest_red_s)
        self.oldest_command_s = max(self.oldest_command_s, other.oldest_command_s)


@dataclass(frozen=True, slots=True)
class Sent:
    """A command in an audit log: seconds since 1970, and the token of who sent it; ``was_withheld``: it should not
    have reached the wire.
    """

    utc: float
    token: int | None
    was_withheld: bool


def judge(
    record: Path,
    logs: Mapping[str, Path],
    key: bytes,
    kills: Sequence[Kill],
    found: IntersectionFile,
    speed: float,
    find_host: Callable[[str], str],
) -> Verdict:
    """The verdict on one street. ``find_host``: whose address the cabinet saw."""
    verdict = Verdict()
    rows = []
    for line in record.read_bytes().splitlines():
        if row := read_row(line):
            rows.append(row)
        elif line:
            verdict.counts["torn lines of the cabinet's record"] += 1
    for life, own in enumerate(_split_lives(rows), 1):
        _judge_lamps(f"life {life}", own, found, verdict)
    sent = {host: _read_log(host, logs[host], key, verdict) for host in HOSTS}
    _judge_commands([row for row in rows if "bytes" in row], sent, find_host, speed, verdict)
    verdict.recoveries = list(_find_recoveries(rows, kills, speed))
    for kill in kills:
        verdict.counts[f"kills: {kill.kind}"] += 1
        verdict.counts["torn lines of audit logs"] += kill.torn > 0
        if kill.log_fault and not kill.torn and not kill.log_fault.endswith(_NO_HEAD_YET):
            verdict.violations["audit log broken"].append(f"after {kill.what}: {kill.log_fault}")
        verdict.counts["control not back in time"] += not kill.commanded
    return verdict


def _split_lives(rows: Sequence[dict[str, Any]]) -> Iterator[list[dict[str, Any]]]:
    own: list[dict[str, Any]] = []
    for row in rows:
        if "start" in row:
            if own:
                yield own
            own = []
        elif "lamps" in row:
            own.append(row)
    if own:
        yield own


def _judge_lamps(where: str, rows: Sequence[dict[str, Any]], found: IntersectionFile, verdict: Verdict) -> None:
    changes: list[tuple[float, str]] = []
    for row in rows:
        if not changes or row["lamps"] != changes[-1][1]:
            if changes and row["up"] <= changes[-1][0]:
                changes.pop()  # an order took effect within the tenth of a second that ended there
                verdict.counts["displays of no length"] += 1
            changes.append((float(row["up"]), row["lamps"]))
    recording = build_recording("street", changes, float(rows[-1]["up"]) + 0.1)
    layout, limits = build_layout(found), build_limits(found)
    for one in audit_signal(layout, recording, limits):
        rule = "max red beyond the limit and a cycle" if one.rule is Rule.MAX_RED else str(one.rule)
        verdict.violations[rule].append(f"{where}: {one}")
    runs = list_runs(recording)
    verdict.counts["greens judged"] += sum(len(list_greens(link)) for link in runs)
    verdict.counts["recorded s"] += round(recording.times_s[-1] - recording.times_s[0])
    reds_s = [wait.length_s for link in runs for wait in join_runs(link, frozenset({RED}))]
    verdict.longest_red_s = max(verdict.longest_red_s, *reds_s)
    _judge_start(where, recording, limits, verdict)


def _judge_start(where: str, recording: SignalRecording, limits: Limits, verdict: Verdict) -> None:
    """Red for everybody first, for the start-up's seconds."""
    is_red = np.all(recording.lamps == ord("r"), axis=1)
    first = int(np.argmin(is_red)) if not is_red.all() else len(is_red)
    red_s = float(recording.times_s[first])
    is_cut_short = first == len(is_red)  # the next kill came within it
    if red_s < max(START_UP_S, limits.red_clearance_s) - 0.15 and not is_cut_short:
        verdict.violations["start-up without red"].append(f"{where}: {red_s:g} s")


def build_layout(found: IntersectionFile) -> SignalLayout:
    """Who crosses whom, from the intersection's file."""
    crossing = found.intersection
    movements = crossing.movements
    return SignalLayout(
        "street",
        len(movements),
        frozenset((int(i), int(j)) for i, j in zip(*np.nonzero(crossing.conflicts), strict=True)),
        frozenset((int(i), int(j)) for i, j in zip(*np.nonzero(crossing.yields), strict=True)),
        {m.index: crossing.describe(m.index) for m in movements},
        (),
        {m.index: m.crossing_m for m in movements if m.user is RoadUser.PEDESTRIAN},
    )


def build_limits(found: IntersectionFile) -> Limits:
    """The plan's numbers; a movement's least green is that of the shortest stage that serves it."""
    plan, layout = found.plan, build_layout(found)
    return Limits(
        min_green_s=plan.limits.min_green_s,
        yellow_s=plan.limits.yellow_s,
        red_clearance_s=plan.limits.red_clearance_s,
        max_red_s=plan.limits.max_red_s + plan.cycle_s,
        is_ours=True,
        shipped_green_s={
            m: min(plan.timings[stage.index].min_green_s for stage in plan.stages if m in stage.greens)
            for m in range(layout.link_count)
            if any(m in stage.greens for stage in plan.stages)
        },
        clearance_s={
            pair: max(plan.limits.red_clearance_s, layout.walkers[pair[0]] / _WALK_MPS)
            for pair in layout.conflicts
            if pair[0] in layout.walkers
        },
    )


def _read_log(host: str, log: Path, key: bytes, verdict: Verdict) -> dict[str, list[Sent]]:
    """What a host says that it has sent, by its bytes; and whether its log can be believed."""
    whole = verify(log, key=key)
    if whole.fault.endswith(_NO_HEAD_YET) and whole.records < _HEAD_EVERY:
        verdict.counts["audit logs too young for a head"] += 1
    elif not whole.is_whole:
        verdict.violations["audit log broken"].append(f"host {host}, line {whole.line}: {whole.fault}")
    verdict.counts["audit records"] += whole.records
    sent: dict[str, list[Sent]] = defaultdict(list)
    for line in log.read_bytes().splitlines():
        body = json.loads(line.partition(b" ")[2])
        event = body.get("event", "")
        if event == "sent" or (event == "refused" and "bytes" in body and "why" in body):
            at = datetime.fromisoformat(body["at"]).timestamp()
            sent[body["bytes"]].append(Sent(at, body.get("token"), event != "sent"))
        elif event == "disarmed":
            verdict.disarmed[_NUMBER.sub("N", body["why"].split(":")[0])] += 1
        elif event in ("torn line set aside", "opened although records may be missing"):
            verdict.counts[f"audit log: {event}"] += 1
    return sent


def _judge_commands(
    obeyed: Sequence[dict[str, Any]],
    sent: Mapping[str, Mapping[str, list[Sent]]],
    find_host: Callable[[str], str],
    speed: float,
    verdict: Verdict,
) -> None:
    highest, commander = 0, ""
    for row in obeyed:
        host = find_host(row["peer"])
        verdict.counts["commands obeyed"] += 1
        words = f"{row['what']} of host {host or row['peer']} at {row['utc']:.3f}"
        known = sent[host].get(row["bytes"]) if host else None
        at = bisect_right([one.utc for one in known], row["utc"] + _SLACK_S) - 1 if known else -1
        if not known or at < 0:
            verdict.violations["obeyed and not in the audit log"].append(words)
            continue
        entry = known[at]
        verdict.oldest_command_s = max(verdict.oldest_command_s, (row["utc"] - entry.utc) * speed)
        if entry.was_withheld:
            verdict.violations["withheld by the fence and obeyed all the same"].append(words)
        token = entry.token or 0
        if token < highest:
            verdict.violations["two commanders"].append(f"{words}: token {token} after {highest} of host {commander}")
        elif token > highest:
            verdict.counts["commanders"] += 1
            highest, commander = token, host


def _find_recoveries(rows: Sequence[dict[str, Any]], kills: Sequence[Kill], speed: float) -> Iterator[Recovery]:
    """From each kill to the next: when the cabinet was its local plan's again, and when it was commanded after that."""
    ends = [*(kill.at for kill in kills[1:]), float("inf")]
    for kill, until in zip(kills, ends, strict=True):
        own = [row for row in rows if kill.at < row["at"] < until]
        local_at = next((row["at"] for row in own if "lamps" in row and not row["led"] and not row["starting"]), None)
        is_back = (row["at"] for row in own if "bytes" in row and not row["release"] and row["at"] > (local_at or 0.0))
        commanded_at = next(is_back, None) if local_at is not None else None
        yield Recovery(
            kill.kind,
            kill.what,
            None if local_at is None else (local_at - kill.at) * speed,
            None if commanded_at is None else (commanded_at - kill.at) * speed,
        )
