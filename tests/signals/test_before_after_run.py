"""A before/after study of one small intersection, really run: its breakdown is that of its measures, and it goes on."""

import json
import re
import subprocess
import sys

import pytest

from signals.evaluation.before_after.breakdown import GEOGRAPHY
from signals.evaluation.before_after.definition import load_study
from signals.evaluation.before_after.study import StudyRequest, run_study

pytestmark = pytest.mark.sumo
STUDY = """
title = "One intersection"
network = "one intersection"
command = "changtong signals pittsburgh --study study.toml"
caveats = []
[before]
controller = "actuated"
is_untuned = true
[after]
controller = "adaptive"
sensing = "loops"
is_untuned = true
[target]
waiting_s = -41
[[period]]
name = "day"
title = "The day"
scenario = "isolated"
[[route]]
name = "through.road"
title = "A road that nobody takes"
from = "nowhere"
to = "anywhere"
"""


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    """The study's file, and its outcome with what was told on the way."""
    folder = tmp_path_factory.mktemp("study")
    file = folder / "study.toml"
    file.write_text(STUDY, encoding="utf-8")
    request = StudyRequest(load_study(file), ("day",), (), (21, 22), folder / "work", cut_after_s=300.0)
    return file, request, run_study(request)


def test_the_breakdown_adds_up_to_the_measures(study):
    """The class of all has the run's own waiting, travel time, stops and CO2; geography and types split it fully."""
    _, _, outcome = study
    for run in outcome.reports["day"].runs:
        classes, measures = run.details["classes"], run.measures
        total = classes["all"]
        assert total["vehicles"] == measures.loaded
        assert total["waiting_s"] / measures.loaded == pytest.approx(measures.waiting_s)
        assert total["travel_time_s"] / measures.loaded == pytest.approx(measures.travel_time_s)
        assert total["time_loss_s"] / measures.loaded == pytest.approx(measures.time_loss_s)
        assert total["stops"] / measures.loaded == pytest.approx(measures.stops)
        assert total["co2_g"] / 1000 == pytest.approx(measures.co2_kg)
        assert 3.6 * total["distance_m"] / total["on_road_s"] == pytest.approx(measures.speed_kmh)
        assert total["free_flow_s"] / total["travel_time_s"] == pytest.approx(measures.free_flow_share)
        assert 0 < total["free_flow_co2_g"] < total["co2_g"]
        types = [row["vehicles"] for name, row in classes.items() if name.startswith("type ")]
        assert sum(types) == measures.loaded
        assert sum(classes[name]["vehicles"] for name in GEOGRAPHY if name in classes) <= measures.loaded
        assert all(0 < seconds <= 300 for seconds, _, _ in run.details["longest_red_s"].values())


def test_a_finished_study_is_not_run_again(study):
    """All four runs come from what was kept, and say the same."""
    _, request, outcome = study
    news = []
    again = run_study(request, lambda period, one: news.append((period, one.label, one.seed, one.run)))
    assert [row[:3] for row in news] == [("day", s, n) for n in (21, 22) for s in ("before", "after")]
    assert all(run is None for *_, run in news)
    for part in ("groups", "targets", "longest_reds", "notices"):
        assert again.to_json()[part] == outcome.to_json()[part]


def test_a_cut_study_goes_on(study, tmp_path):
    """With a run lost from what was kept, only that one is made."""
    _, request, outcome = study
    lines = (request.work / "runs.jsonl").read_text(encoding="utf-8").splitlines()
    work = tmp_path / "work"
    work.mkdir()
    (work / "runs.jsonl").write_text("\n".join(lines[:-1]) + "\n", encoding="utf-8")
    lost = json.loads(lines[-1])
    made = set()
    rest = StudyRequest(request.definition, ("day",), (), (21, 22), work, cut_after_s=300.0)
    again = run_study(rest, lambda _, one: made.add((one.label, one.seed)) if one.run else None)
    assert made == {(lost["arm"]["label"], lost["seed"])}
    change, before = again.get_change(("day",), "waiting_s"), outcome.get_change(("day",), "waiting_s")
    assert change == before


def test_the_command_writes_a_page_and_prints_the_figures(study, tmp_path):
    """``--json`` is for machines, the page for people; a wrong period is one sentence and writes nothing."""
    file, _, _ = study
    command = [
        sys.executable, "-c", "from api.cli import main; main()", "signals", "pittsburgh", "--study", str(file),
        "--work", str(tmp_path), "--out", str(tmp_path / "deep" / "page.html"), "--seeds", "21,",
    ]  # fmt: skip
    done = subprocess.run([*command, "--quick", "--json"], capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr
    figures = json.loads(done.stdout)
    assert figures["cut_after_s"] == 600
    assert figures["groups"]["overall"]["all"]["waiting_s"]["before"]["mean"] > 0
    page = (tmp_path / "deep" / "page.html").read_text(encoding="utf-8")
    assert re.search(r"waiting than actuated, shipped stages control", page)
    assert "a quick look, no figures to quote" in page
    wrong = subprocess.run([*command, "--periods", "noon"], capture_output=True, text=True, timeout=60, check=False)
    assert wrong.returncode == 1
    assert wrong.stderr.strip() == "changtong signals: There is no period 'noon'; choose from day."
