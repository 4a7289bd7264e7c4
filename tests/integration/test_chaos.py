"""Kill -9 of runtime, Redis, emulator and wire while a cabinet is commanded; the long version is a benchmark."""

import json
import shutil
from collections import Counter

import pytest

from benchmarks.signals.chaos import INTERSECTION, run_protocol
from benchmarks.signals.chaos_street import KINDS, Kill
from benchmarks.signals.chaos_verdict import judge
from signals.runtime.audit_log import AuditLog
from signals.runtime.intersection_file import load_intersection


@pytest.mark.timeout(500)
@pytest.mark.skipif(
    not (shutil.which("redis-server") or shutil.which("valkey-server")),
    reason="no redis-server or valkey-server on this machine",
)
def test_whatever_is_killed_nothing_unsafe_is_shown_and_no_command_is_unrecorded(tmp_path):
    """Each kind of kill once and one more, over relays that need no rights: lamps, logs and tokens hold, control is
    back after each.
    """
    verdict = run_protocol("loopback", 6, 7, 2, 2.0, tmp_path, has_namespaces=False, is_quiet=True)
    assert not {rule: words for rule, words in verdict.violations.items() if words}
    assert all(verdict.counts[f"kills: {kind}"] for kind in KINDS)
    assert verdict.counts["control not back in time"] == 0
    assert verdict.counts["processes that ended by themselves"] == 0
    assert verdict.counts["commands obeyed"] > 20
    assert verdict.counts["greens judged"] > 10


@pytest.fixture
def street(tmp_path):
    """Two honest logs and a cabinet's record of a minute, to be spoilt."""
    logs = {host: tmp_path / host / "audit.log" for host in ("a", "b")}
    found = load_intersection(INTERSECTION)
    rows = [
        {"start": True},
        {"lamps": "rrrrrr", "up": 0.0},
        {"lamps": "GgGgrr", "up": 3.0},
        {"lamps": "yyyyrr", "up": 33.0},
        {"lamps": "rrrrrr", "up": 36.0},
        {"lamps": "rGrGrr", "up": 38.0},
        {"lamps": "rGrGrr", "up": 45.0},
    ]

    def look(rows, sent, obeyed):
        for log in logs.values():
            log.unlink(missing_ok=True)
            log.with_name("audit.log.head").unlink(missing_ok=True)
        for host, path in logs.items():
            with AuditLog(path) as log:
                for data, token in sent.get(host, ()):
                    log.add({"event": "sent", "text": "", "bytes": data, "token": token})
        shown = [{"at": 100.0 + k, "utc": 4e9, "led": True, "starting": False, **row} for k, row in enumerate(rows)]
        told = [
            {"up": 40.0, "peer": host, "bytes": data, "what": data, "release": False, "at": 110.0 + k,
             "utc": 4e9}
            for k, (host, data) in enumerate(obeyed)
        ]  # fmt: skip
        record = tmp_path / "cabinet.jsonl"
        record.write_text("".join(json.dumps(row) + "\n" for row in (*shown, *told)), encoding="utf-8")
        kills = [Kill("leader", "host a", 101.5, 102.0, commanded=True)]
        verdict = judge(record, logs, b"", kills, found, 1.0, lambda address: address)
        return Counter({rule: len(words) for rule, words in verdict.violations.items() if words})

    return rows, look


def test_an_honest_recording_has_no_violation(street):
    """A green long enough, its yellow, its red clearance, and commands that both logs know, in the order of tokens."""
    rows, look = street
    sent = {"a": [("01", 5)], "b": [("02", 6)]}
    assert look(rows, sent, [("a", "01"), ("b", "02")]) == {}


@pytest.mark.parametrize(
    ("at", "change", "rule"),
    [
        (3, {"lamps": "rrrrrr"}, "yellow"),
        (3, {"up": 9.0}, "min_green"),
        (4, {"up": 35.0}, "yellow"),
        (2, {"lamps": "GgGgGr"}, "conflicting_greens"),
        (5, {"lamps": "rrrrGG", "up": 37.0}, "red_clearance"),
        (1, {"lamps": "GgGgrr"}, "start-up without red"),
        (6, {"up": 400.0}, "max red beyond the limit and a cycle"),
    ],
)
def test_the_judge_sees_what_is_unsafe(street, at, change, rule):
    """Each rule speaks where a recording breaks it."""
    rows, look = street
    rows = [dict(row, **(change if k == at else {})) for k, row in enumerate(rows)]
    assert look(rows, {}, [])[rule] >= 1


def test_the_judge_sees_what_no_log_knows_and_who_comes_too_late(street):
    """A command in nobody's log, one in the other host's log only, and one under a token that a higher has followed."""
    rows, look = street
    sent = {"a": [("01", 5), ("03", 5)], "b": [("02", 6)]}
    assert look(rows, sent, [("a", "09")]) == {"obeyed and not in the audit log": 1}
    assert look(rows, sent, [("a", "02")]) == {"obeyed and not in the audit log": 1}
    assert look(rows, sent, [("a", "01"), ("b", "02"), ("a", "03")]) == {"two commanders": 1}
