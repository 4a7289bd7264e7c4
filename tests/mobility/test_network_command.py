"""`changtong network` on the command line."""

import json

import pytest
from feed_text import feed_zip
from toy_feed import toy, toy_with

from api.cli import app
from mobility.network.store import ARRAYS


@pytest.fixture
def gtfs(tmp_path):
    """The toy feed as a zip."""
    return feed_zip(toy(), tmp_path / "feed.zip")


@pytest.fixture
def root(gtfs, tmp_path, capsys):
    """Its network, built."""
    assert command("build", str(gtfs), "--out", str(tmp_path / "network"), "--from", "2026-07-13", "--days", "2") == 0
    capsys.readouterr()
    return tmp_path / "network"


def command(*words):
    """Run `changtong network`; its exit code."""
    return app(["network", *words], result_action="return_value")


def test_a_build_tells_what_it_made(gtfs, tmp_path, capsys):
    """Days, sizes and the time of every stage; --json the same for machines."""
    words = ("build", str(gtfs), "--out", str(tmp_path / "n"), "--from", "2026-07-13", "--until", "2026-07-15")
    assert command(*words) == 0
    out = capsys.readouterr().out
    assert "holds    3 stops, 2 trips, 5 stop times" in out
    assert "days     2026-07-13 to 2026-07-15 (3, 2 of them different)" in out
    assert command(*words, "--json") == 0
    facts = json.loads(capsys.readouterr().out)
    assert list(facts["days"]) == ["2026-07-13", "2026-07-14", "2026-07-15"]
    assert facts["seconds"]["Reading the feed"] >= 0
    assert facts["bytes"]["network"] > 0


def test_a_plan_from_a_network_is_that_from_its_feed(gtfs, root, capsys):
    """--network and --gtfs print the same, and --city takes a network, too."""
    printed = []
    for option, path in (("--gtfs", gtfs), ("--network", root), ("--city", root)):
        app(["plan", "A", "C", option, str(path), "--at", "2026-07-13T07:30"], result_action="return_value")
        printed.append(capsys.readouterr().out)
    assert "Alpha ~ BUS 1 08:00 08:10 ~ Gamma" in printed[0]
    assert printed[1] == printed[0]
    assert printed[2] == printed[0]


def test_info_tells_age_size_days_and_a_changed_feed(gtfs, root, capsys):
    """Up to date after the build; a feed that has changed comes with the command that builds anew."""
    assert command("info", str(root)) == 0
    out = capsys.readouterr().out
    assert "days     2026-07-13 to 2026-07-14 (2)" in out
    assert "state    up to date" in out
    feed_zip(toy_with("stops", "D,Delta,22.630,120.300,0,"), gtfs)
    assert command("info", str(root), "--json") == 0
    facts = json.loads(capsys.readouterr().out)
    assert f"build it again: changtong network build {gtfs} --out {root}" in facts["staleness"]
    assert facts["counts"]["stops"] == 3


def test_verify_finds_damage(root, capsys):
    """Exit code 0 where it is whole, 1 with the array where it is not."""
    assert command("verify", str(root)) == 0
    assert "is whole" in capsys.readouterr().out
    arrays = next(root.glob(f"*/network/{ARRAYS}"))
    data = bytearray(arrays.read_bytes())
    data[64] ^= 1  # where the first array begins
    arrays.write_bytes(data)
    assert command("verify", str(root)) == 1
    assert str(arrays.parent) in capsys.readouterr().out


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("build", "nowhere.zip"), "nowhere.zip"),
        (("build", "atlantis"), "no city 'atlantis'"),
        (("build", "{gtfs}", "--out", "{folder}"), "is no store and holds other things"),
        (("build", "{gtfs}", "--out", "{gtfs}/x"), "cannot be written"),
        (("build", "{gtfs}", "--out", "{folder}/n", "--from", "2020-01-01", "--until", "2020-01-02"), "valid from"),
        (("build", "{gtfs}", "--out", "{folder}/n", "--from", "tomorrow"), "YYYY-MM-DD"),
        (("build", "{gtfs}", "--out", "{folder}/n", "--days", "0"), "1 day or more"),
        (("info", "{folder}"), "changtong network build"),
        (("verify", "{gtfs}"), "changtong network build"),
    ],
)
def test_what_cannot_be_done_is_told_in_one_line(gtfs, tmp_path, monkeypatch, capsys, words, told):
    """Exit code 2 and one error line with the remedy, whatever is wrong."""
    monkeypatch.chdir(tmp_path)
    assert command(*(word.format(gtfs=gtfs, folder=tmp_path) for word in words)) == 2
    error = capsys.readouterr().err
    assert told in error.replace("\n", "")
    assert "Traceback" not in error
