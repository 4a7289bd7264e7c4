"""`changtong plan`, `city` and `bench` on the command line."""

import json
import zipfile

import pytest
from three_stops import FEED

from api.cli import app
from mobility.itinerary import parse_notation


@pytest.fixture
def gtfs(tmp_path):
    """The feed as a zip."""
    path = tmp_path / "feed.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for name, text in FEED.items():
            archive.writestr(name, text)
    return str(path)


def command(*words):
    """Run the one command; its exit code."""
    return app(list(words), result_action="return_value")


def test_a_plan_is_notation_and_legs(gtfs, capsys):
    """Every journey is a line that can be read back, and its legs below."""
    assert command("plan", "Alpha", "C", "--gtfs", gtfs, "--at", "2026-07-15T07:50") == 0
    out = capsys.readouterr().out.splitlines()
    journeys = [line for line in out if line.startswith("Alpha ~")]
    assert [parse_notation(line).departure_s for line in journeys] == [8 * 3600, 8 * 3600 + 1200]
    assert "    08:00 - 08:50  bus 1 to Gamma: Alpha - Gamma, 2 stops" in out


def test_a_plan_for_machines(gtfs, capsys):
    """--json prints instants with their zone."""
    assert command("plan", "A", "C", "--gtfs", gtfs, "--at", "2026-07-15T09:10Z", "--arrive-by", "--json") == 0
    answer = json.loads(capsys.readouterr().out)
    assert [i["arrival"] for i in answer["itineraries"]] == ["2026-07-15T08:50:00+00:00", "2026-07-15T09:10:00+00:00"]


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("A", "Gama"), "Gamma"),
        (("A", "C", "--at", "8 o'clock"), "HH:MM"),
        (("A", "C", "--at", "2020-01-01T08:00"), "2026-07-15"),
        (("A", "95,3"), "latitude"),
    ],
)
def test_what_cannot_be_answered_is_one_line(gtfs, capsys, words, told):
    """A wrong question ends in exit code 2 and one line on stderr that names the remedy."""
    assert command("plan", *words, "--gtfs", gtfs, *(() if "--at" in words else ("--at", "2026-07-15T08:00"))) == 2
    captured = capsys.readouterr()
    errors = [line for line in captured.err.splitlines() if line.startswith("error: ")]
    assert len(errors) == 1
    assert told in errors[0]
    assert "Traceback" not in captured.err + captured.out


def test_a_feed_that_is_not_there(tmp_path, capsys):
    """The path is named."""
    assert command("plan", "A", "B", "--gtfs", str(tmp_path / "none.zip")) == 2
    assert "none.zip" in capsys.readouterr().err
    assert command("plan", "A", "B", "--city", "atlantis") == 2
    assert "kaohsiung" in capsys.readouterr().err


def test_cities_are_listed_and_built(tmp_path, capsys):
    """The cities that ship are listed; one that does not is refused by name."""
    assert command("city", "list", "--json") == 0
    assert "kaohsiung" in {city["id"] for city in json.loads(capsys.readouterr().out)}
    assert command("city", "build", "atlantis", "--out", str(tmp_path)) == 2
    assert "atlantis" in capsys.readouterr().err
