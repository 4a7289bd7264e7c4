"""`changtong parking`: the nearest, and a fee as a table; for machines too."""

import json

import pytest

from mobility.cities import find_city
from mobility.cities.build_parking import build_parking
from mobility.cli.parking import parking_app, parse_stay
from mobility.model import PlannerError


@pytest.fixture(scope="module")
def document(tmp_path_factory):
    """The city's parking document."""
    path = tmp_path_factory.mktemp("parking") / "parking.json"
    build_parking(find_city("kaohsiung"), path)
    return str(path)


@pytest.fixture
def run(document, capsys):
    """Run `changtong parking ...` on it: exit code, stdout, stderr."""

    def run(*words):
        code = parking_app([*words, "--document", document], result_action="return_value")
        out = capsys.readouterr()
        return code, out.out, out.err

    return run


def test_parking_command_finds_the_nearest(run):
    """Two lots at the station take cars: 14 h overnight are 8 half hours of 120 and 150 for the next day."""
    code, out, _ = run("near", "22.6889,120.3071", "--at", "2026-09-18T20:00", "--stay", "14h")
    assert code == 0
    assert out.splitlines()[0] == "Parking a car at 2026-09-18 20:00 (Asia/Taipei) for 14 h"
    assert "1. 五都停車場高鐵左營五站  PL_KHB01116" in out
    assert "walk 1 min, 270 TWD, free spaces not known" in out


def test_parking_command_answers_machines(run):
    """Amounts are exact, as text; lines sum to the fee."""
    code, out, _ = run(
        *("near", "22.6889,120.3071", "--at", "2026-09-18T20:00", "--stay", "14h"),
        *("--vehicle", "motorcycle", "--limit", "1", "--json"),
    )
    (offer,) = json.loads(out)["offers"]
    assert code == 0
    assert (offer["facility_id"], offer["fee"], [line["amount"] for line in offer["lines"]]) == (
        "PL_KHB01116",
        "70",
        ["30", "40"],
    )


def test_parking_command_that_finds_nothing_says_so(run):
    """Exit code 1 and what to do."""
    code, out, _ = run("near", "22.50,120.20")
    assert code == 1
    assert "--max-walk" in out


def test_parking_command_prints_a_fee_as_a_table(run):
    """Free minutes, the evening, the night and the morning of a smart bay, and their sum."""
    code, out, _ = run(
        *("fee", "smart_motorcycle_bay", "--at", "2026-09-18T19:30", "--stay", "14h", "--vehicle", "motorcycle")
    )
    assert code == 0
    assert [line.split()[-1] for line in out.splitlines()[2:]] == ["TWD", "0", "10", "0", "50", "60"]
    assert "5 x 20 min at 10" in out


def test_parking_command_tells_a_fee_that_is_not_known(run):
    """Exit code 1 where the tariff has no rate for the vehicle, with the words as published."""
    code, out, _ = run("fee", "PL_KHA00191", "--vehicle", "motorcycle", "--at", "2026-09-18T09:00")
    assert code == 1
    assert "汽車30元/時" in out
    assert "does not say" in out


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("fee", "nowhere"), "'nowhere' is no facility"),
        (("fee", "五都"), "several facilities"),
        (("fee", "PL_KHA00191", "--stay", "long"), "is not a length of stay"),
        (("near", "22.6,120.3", "--vehicle", "tank"), "no kind of vehicle"),
        (("near", "22.6,120.3", "--max-fee", "-3"), "not an amount"),
        (("near", "22.6,120.3", "--sort", "beauty"), "sort by walk or by fee"),
        (("near", "22.6,120.3", "--limit", "0"), "--limit 1 or more"),
        (("near", "22.6,120.3", "--shown", "smile"), "nothing that lowers a fee"),
        (("near", "122.6,120.3"), "is not a coordinate"),
    ],
)
def test_parking_command_refuses_in_one_line(run, words, message):
    """Exit code 2 and the reason."""
    code, out, err = run(*words)
    assert (code, out) == (2, "")
    assert message in err
    assert len(err.splitlines()) == 1


def test_parking_stays_are_written_as_people_do():
    """Days, hours and minutes, at most a year."""
    assert [parse_stay(text) for text in ("90m", "2h", "1h30m", "2d", "1h 5min")] == [5400, 7200, 5400, 172_800, 3900]
    for text in ("", "2", "h", "400d"):
        with pytest.raises(PlannerError):
            parse_stay(text)
