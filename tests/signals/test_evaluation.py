"""Evaluations run in processes of their own, give the same figures again and fail in one clear sentence."""

from dataclasses import replace

import pytest

from signals.evaluation.arm import Arm
from signals.evaluation.experiment import EvaluationError, EvaluationRequest, evaluate
from signals.measures.audit import Rule
from sumo_scenarios.catalog import HOME, find_scenario
from sumo_scenarios.manifest import ScenarioError

pytestmark = pytest.mark.sumo

SHORT = EvaluationRequest("isolated", ("fixed", "actuated"), (1, 2), cut_after_s=120)


@pytest.fixture(scope="module")
def short():
    """Two controllers, two seeds, two minutes, and the news on the way."""
    news = []
    return evaluate(SHORT, news.append), news


def test_every_controller_meets_the_same_demand(short):
    """At equal seeds both controllers are charged the same vehicles; another seed brings others."""
    report, _ = short
    assert report.list_values("fixed", "loaded") == report.list_values("actuated", "loaded")
    assert [(r.label, r.seed) for r in report.runs] == [
        ("fixed", 1), ("fixed", 2), ("actuated", 1), ("actuated", 2),
    ]  # fmt: skip
    assert all(r.measures.loaded > 60 for r in report.runs)


def test_a_run_that_is_cut_says_so(short):
    """Vehicles under way at the cut are unserved, and the notice says why."""
    report, _ = short
    assert any("cut off after 120 s" in notice for notice in report.list_notices())


def test_the_audit_has_looked(short):
    """No violation, and not for want of looking: greens were seen for two minutes."""
    report, _ = short
    for run in report.runs:
        assert run.audit.is_safe
        assert run.audit.greens > 20
        assert run.audit.recorded_s == pytest.approx(120, abs=2)


def test_progress_tells_of_every_run(short):
    """Fractions grow to 1 for each run, and the last news has all runs done."""
    _, news = short
    assert news[-1].done_runs == news[-1].total_runs == 4
    for run in {(n.label, n.seed) for n in news}:
        fractions = [n.fraction for n in news if (n.label, n.seed) == run]
        assert fractions == sorted(fractions)
        assert fractions[-1] == 1
        assert len(fractions) > 3


def test_the_same_request_gives_the_same_figures_whatever_the_jobs(short, tmp_path):
    """One process at a time or two: nothing of one run reaches another. The files are kept where asked."""
    again = evaluate(replace(SHORT, seeds=(2,), jobs=1, keep=tmp_path))
    for controller in SHORT.controllers:
        for measure in ("waiting_s", "travel_time_s", "co2_kg", "stops"):
            assert again.list_values(controller, measure) == short[0].list_values(controller, measure)[1:]
        assert (tmp_path / f"{controller}-2" / "tls_states.xml").is_file()


def test_a_signal_that_stays_red_is_unsafe_and_unserved(tmp_path):
    """A plan that holds everybody back: the audit finds the endless red, the report the unserved vehicles."""
    scenario = find_scenario("isolated")
    net = scenario.net.read_text(encoding="utf-8")
    head, _, tail = net.partition('<tlLogic id="c"')
    program = ' type="static" programID="0" offset="0"><phase duration="90" state="rrrrrrrrrrrrrrrr"/></tlLogic>'
    red = head + '<tlLogic id="c"' + program + tail.split("</tlLogic>", 1)[1]
    (tmp_path / "red.net.xml").write_text(red, encoding="utf-8")
    (tmp_path / "red.sumocfg").write_text(
        f'<configuration><net-file value="red.net.xml"/><route-files value="{scenario.demand[0]}"/></configuration>',
        encoding="utf-8",
    )
    request = EvaluationRequest(str(tmp_path / "red.sumocfg"), ("fixed",), (1,), cut_after_s=240)
    report = evaluate(request)
    run = report.runs[0]
    assert run.measures.unserved == run.measures.loaded
    assert {v.rule for v in run.audit.violations} == {Rule.MAX_RED}
    assert len(run.audit.violations) == 16
    assert "UNSAFE" in " ".join(report.list_notices())


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        ({"controllers": ("fast",)}, EvaluationError, "no controller 'fast'; choose from fixed"),
        ({"controllers": ()}, EvaluationError, "at least one controller"),
        ({"seeds": ()}, EvaluationError, "at least one controller and one seed"),
        ({"seeds": (3, 3)}, EvaluationError, "seed 3 is named twice"),
        ({"arms": (Arm("fixed", "actuated"),)}, EvaluationError, "'fixed' is named twice; give each arm a label"),
        ({"arms": (Arm("x", "fixed", limits={"min_geren_s": 9}),)}, EvaluationError, "x: there is no limit 'min_geren"),
        ({"arms": (Arm("x", "fixed", demand_scale=0),)}, EvaluationError, "x: the demand is scaled by 0"),
        ({"arms": (Arm("x", "fixed", faults={"share_ded": 1}),)}, EvaluationError, "x: there is no fault .share_ded"),
        ({"arms": (Arm("x/y", "fixed"),)}, EvaluationError, "cannot be a folder's name"),
        ({"cut_after_s": 0.0}, EvaluationError, "longer than 0 s"),
        ({"scenario": "atlantis"}, ScenarioError, "no scenario 'atlantis'"),
        (
            {"sensing": "crystal ball", "controllers": ("fixed",), "seeds": (1,)},
            EvaluationError,
            "fixed, seed 1: .*sensing",
        ),
    ],
)
def test_a_request_that_cannot_be_met_is_refused(change, error, message):
    """Unknown names, repetitions and empty lists are one sentence each."""
    with pytest.raises(error, match=message):
        evaluate(replace(SHORT, **change))


def test_sumo_s_own_message_reaches_the_user(tmp_path):
    """A route over an unknown edge is reported with controller, seed and SUMO's words."""
    (tmp_path / "bad.rou.xml").write_text(
        '<routes><vehicle id="lost" depart="0"><route edges="here there"/></vehicle></routes>', encoding="utf-8"
    )
    (tmp_path / "bad.sumocfg").write_text(
        f'<configuration><net-file value="{HOME}/isolated/isolated.net.xml"/>'
        '<route-files value="bad.rou.xml"/></configuration>',
        encoding="utf-8",
    )
    with pytest.raises(EvaluationError, match=r"fixed, seed 4: .*edge 'here' within the route for vehicle 'lost'"):
        evaluate(EvaluationRequest(str(tmp_path / "bad.sumocfg"), ("fixed",), (4,)))


def test_arms_differ_in_demand_and_limits_at_equal_seeds():
    """Twice the demand is about twice the vehicles; a minimum green of 15 s is what cabinet and audit are held to."""
    arms = (
        Arm("one", "fixed"),
        Arm("two", "fixed", demand_scale=2.0),
        Arm("slow", "max_pressure", limits={"min_green_s": 15}),
    )
    report = evaluate(EvaluationRequest("isolated", (), (21,), cut_after_s=120, arms=arms))
    one, two = (report.list_values(label, "loaded")[0] for label in ("one", "two"))
    assert 1.7 < two / one < 2.3
    assert report.get_estimate("slow", "safety_violations").mean == 0
    assert report.find_best_conventional() in {"one", "two"}
    assert report.to_json()["arms"][2]["limits"] == {"min_green_s": 15}


def test_a_ledger_spares_what_was_run_before_and_only_that(tmp_path):
    """The same run is read back, figure by figure, under any label; another seed or demand is run."""
    ledger = tmp_path / "runs.jsonl"
    request = EvaluationRequest("isolated", ("fixed",), (21,), cut_after_s=60, ledger=ledger)
    first = evaluate(request)
    news = []
    again = evaluate(replace(request, controllers=(), arms=(Arm("shipped", "fixed"),)), news.append)
    assert [n.run for n in news] == [None]
    assert replace(again.runs[0], label="fixed", wall_s=0) == replace(first.runs[0], wall_s=0)
    assert len(ledger.read_text(encoding="utf-8").splitlines()) == 1
    evaluate(replace(request, seeds=(21, 22)))
    evaluate(replace(request, demand_scale=1.5))
    assert len(ledger.read_text(encoding="utf-8").splitlines()) == 3
    ledger.write_text("{not a run\n", encoding="utf-8")
    with pytest.raises(EvaluationError, match=r"runs.jsonl, line 1: not a run"):
        evaluate(request)
