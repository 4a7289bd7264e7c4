"""``changtong bench availability``: what it prints, of simulations and of recordings."""

import json

import pytest

from mobility.availability import Kind, Reading
from mobility.availability.history import HistoryStore
from mobility.availability.model_file import load_model
from mobility.availability.simulated import simulate
from mobility.cli.bench_availability import availability

SMALL = {"stations": 15, "weeks": 2}


def test_a_simulation_says_so_and_is_told(tmp_path, capsys):
    """The words SIMULATED, scores at every horizon, a picture, and a model that carries its figures."""
    picture, kept = tmp_path / "calibration.svg", tmp_path / "model.npz"
    assert availability(**SMALL, plot=picture, save=kept) in (0, 1)
    text = capsys.readouterr().out
    assert text.startswith("SIMULATED")
    assert "mean absolute error" in text
    assert "SIMULATED" in picture.read_text(encoding="utf-8")
    evidence = load_model(kept).facts["evidence"]
    assert "SIMULATED" in evidence["note"]
    assert [scored["horizon_min"] for scored in evidence["scores"]] == [15, 30, 60]


def test_json_says_what_the_tables_say(capsys):
    """One JSON document with note, scores and reliability."""
    assert availability(**SMALL, json=True) in (0, 1)
    told = json.loads(capsys.readouterr().out)
    assert told["is_simulated"] is True
    assert set(told["reliability"]) == {"15", "30", "60"}
    assert {"all", "bikes", "docks", "spaces", "read 20 min ago"} <= {scored["name"] for scored in told["scores"]}


def test_a_recorded_history_is_judged_like_any(tmp_path, capsys):
    """What a store recorded is learned from and judged, without truths that only a simulation has."""
    grid = simulate(10, 2, seed=3).grid
    store, times = HistoryStore(tmp_path / "history"), grid.list_times()
    for at in range(0, grid.moments, 2):
        store.append(
            (one.kind, one.place_id, Reading(int(level), int(capacity), times[at]))
            for one, level, capacity in zip(grid.series, grid.level[:, at], grid.capacity, strict=True)
            if level >= 0
        )
    assert availability(history=store.folder, timezone="Asia/Taipei", json=True) in (0, 1)
    told = json.loads(capsys.readouterr().out)
    assert (told["is_simulated"], told["places"]) == (False, {"bikes": 10, "docks": 10, "spaces": 2})
    assert not any(scored["name"].startswith("really") for scored in told["scores"])
    assert Kind.BIKES.value in told["places"]


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"stations": 3}, "--stations"),
        ({"weeks": 1}, "--weeks"),
        ({"plot": "calibration.txt"}, "picture"),
        ({"save": "model.bin"}, "FILE.npz"),
        ({"history": "nowhere"}, "--timezone"),
        ({"history": "nowhere", "timezone": "Asia/Taipei"}, "HistoryStore.append"),
        ({"history": "nowhere", "timezone": "No/Where"}, "IANA"),
    ],
)
def test_what_cannot_be_asked_is_refused_in_a_line(tmp_path, capsys, asked, said):
    """Exit code 2 and a sentence that names the option."""
    paths = {name: tmp_path / value for name, value in asked.items() if name in ("plot", "save", "history")}
    assert availability(**asked | paths) == 2
    assert said in capsys.readouterr().err
