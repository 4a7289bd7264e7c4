"""The report has the agreed shape, pairs by seed and shouts what must not be overlooked."""

import json
from dataclasses import replace

import pytest
from rich.console import Console

from signals.evaluation.arm import Arm
from signals.evaluation.plot import plot_lamps, plot_report
from signals.evaluation.report import PAIRED, EvaluationReport, RunResult
from signals.evaluation.table import build_table, list_parameters
from signals.measures.audit import Audit, Rule, Violation
from signals.measures.recording import build_recording
from signals.measures.tripinfo import Measures

SOUND = Audit((), signals=1, links=4, conflicts=2, greens=9, recorded_s=60)
WAITING = {("fixed", 1): 40.0, ("fixed", 2): 60.0, ("actuated", 1): 30.0, ("actuated", 2): 50.0, ("adaptive", 1): 20.0, ("adaptive", 2): 30.0}  # fmt: skip

ARMS = tuple(Arm(name, name) for name in ("fixed", "actuated", "adaptive"))


def build_measures(waiting_s, **changes):
    """Measures of a run in which all went well, but for the changes."""
    plain = Measures(
        loaded=100, departed=100, arrived=100, unserved=0, not_due=0, waiting_s=waiting_s, waiting_on_road_s=waiting_s,
        p95_waiting_s=3 * waiting_s, max_waiting_s=5 * waiting_s, time_loss_s=1.5 * waiting_s,
        travel_time_s=100 + waiting_s, stops=1.0, co2_kg=50.0, nox_g=9.0, fuel_kg=16.0, teleports=0, collisions=0,
        emergency_stops=0,
    )  # fmt: skip
    return replace(plain, **changes)


@pytest.fixture
def report():
    """Three controllers, two seeds, no surprises."""
    runs = tuple(RunResult(c, s, build_measures(w), SOUND, {}, 1.0) for (c, s), w in WAITING.items())
    return EvaluationReport("toy", ARMS, (1, 2), runs, "1.28.0")


def with_run(report, controller, seed, **changes):
    """The report with one run changed."""
    runs = tuple(replace(r, **changes) if (r.label, r.seed) == (controller, seed) else r for r in report.runs)
    return replace(report, runs=runs)


AGREED = (
    "waiting_s", "time_loss_s", "travel_time_s", "stops", "co2_kg", "nox_g", "fuel_kg", "unserved", "teleports",
    "safety_violations",
)  # fmt: skip


def test_the_json_has_the_agreed_shape(report):
    """First what was agreed, in its order: scenario, seeds, sensing, and ten measures of every controller.

    Each measure is a mean, an interval of two ends and a number per seed, and nothing else. What the report says
    beyond that comes after, under keys of its own.
    """
    found = json.loads(json.dumps(report.to_json(), allow_nan=False))
    assert list(found)[:4] == ["scenario", "seeds", "sensing", "controllers"]
    assert (found["scenario"], found["seeds"], found["sensing"]) == ("toy", [1, 2], "ideal")
    assert list(found["controllers"]) == ["fixed", "actuated", "adaptive"]
    for measures in found["controllers"].values():
        assert tuple(measures)[: len(AGREED)] == AGREED
        for value in measures.values():
            assert list(value) == ["mean", "ci95", "per_seed"]
            assert len(value["ci95"]) == len(value["per_seed"]) == 2
            assert value["ci95"][0] <= value["mean"] <= value["ci95"][1]
    assert found["controllers"]["fixed"]["waiting_s"]["per_seed"] == [40, 60]
    assert found["controllers"]["fixed"]["waiting_s"]["mean"] == 50


def test_a_single_seed_has_the_same_shape_without_an_interval(report):
    """The ends of the interval are null; a reader finds every key that it finds with more seeds."""
    single = replace(report, seeds=(1,), runs=tuple(run for run in report.runs if run.seed == 1))
    found = json.loads(json.dumps(single.to_json(), allow_nan=False))
    assert found["controllers"]["adaptive"]["stops"] == {"mean": 1, "ci95": [None, None], "per_seed": [1]}
    for measures in found["controllers"].values():
        assert all(value["ci95"] == [None, None] and len(value["per_seed"]) == 1 for value in measures.values())
    assert found["paired"][0]["max_waiting_s"]["percent_ci95"] == [None, None]


def test_every_measure_that_is_a_quantity_is_compared_with_an_interval(report):
    """Also the waits of the unlucky: at 3 and 5 times the mean wait they fall by the same 50 %, each with its interval."""
    pair = next(p for p in report.to_json()["paired"] if (p["controller"], p["against"]) == ("adaptive", "fixed"))
    assert set(pair) == {"controller", "against", *PAIRED}
    assert {*AGREED[:7], "p95_waiting_s", "max_waiting_s"} < set(PAIRED)
    for measure, times in (("waiting_s", 1), ("p95_waiting_s", 3), ("max_waiting_s", 5)):
        assert pair[measure]["per_seed"] == [-20 * times, -30 * times]
        assert pair[measure]["percent"] == -50
        low, high = pair[measure]["percent_ci95"]
        assert (low, high) == pytest.approx((-50 - 12.7062 * 10, -50 + 12.7062 * 10))


def test_changes_are_paired_by_seed(report):
    """Adaptive less fixed is -20 and -30 by seed, -50 % of fixed's mean."""
    change = report.get_change("adaptive", "fixed", "waiting_s")
    assert change.difference.per_seed == (-20, -30)
    assert change.percent == -50


def test_the_baselines_are_the_first_and_the_best_shipped_one(report):
    """Actuated waits less than fixed, so that both are compared against; ours is never a baseline of itself."""
    assert report.list_baselines() == ("fixed", "actuated")
    pairs = [(p["controller"], p["against"]) for p in report.to_json()["paired"]]
    assert pairs == [("actuated", "fixed"), ("adaptive", "fixed"), ("fixed", "actuated"), ("adaptive", "actuated")]


def test_a_clean_report_has_no_notices(report):
    """Nothing unserved, teleported or unsafe: nothing to shout."""
    assert report.list_notices() == ()


def test_unserved_vehicles_teleports_and_collisions_are_shouted(report):
    """Each is named with its controller and its number."""
    bad = build_measures(20, unserved=7, arrived=93, teleports=3, collisions=1)
    notices = "\n".join(with_run(report, "adaptive", 2, measures=bad).list_notices())
    assert "adaptive: 7 of 200 vehicles had not arrived when the run ended" in notices
    assert "adaptive: 3 teleports" in notices
    assert "adaptive: 1 collisions" in notices
    assert "fixed" not in notices


def test_violations_are_shouted_and_listed(report):
    """An unsafe signal is in the notices by rule, in the counts, and among the violations."""
    found = replace(SOUND, violations=(Violation("x", 3, 12.0, Rule.RED_CLEARANCE, 1.0, 2.0, 5),))
    unsafe = with_run(report, "adaptive", 1, audit=found)
    assert unsafe.list_notices() == ("adaptive: UNSAFE: 1 safety violations (1 red_clearance).",)
    body = unsafe.to_json()
    assert body["controllers"]["adaptive"]["safety_violations"]["per_seed"] == [1, 0]
    what = "x link 3 against link 5 at 12 s: red_clearance 1 s, required 2 s"
    assert body["violations"] == [{"controller": "adaptive", "seed": 1, "what": what}]


def test_what_could_not_be_controlled_is_said(report):
    """A signal that stays as shipped is named, since its figures are not the controller's."""
    noted = with_run(report, "actuated", 1, notes={"j7": "stays as shipped: no greens"})
    assert noted.list_notices() == ("actuated: signal j7: stays as shipped: no greens.",)


def test_the_table_shows_means_intervals_and_changes(report):
    """A reader sees 50.0, its interval and -50 % against the first controller."""
    console = Console(width=160, record=True, quiet=False, file=open("/dev/null", "w", encoding="utf-8"))  # noqa: SIM115, PTH123
    console.print(build_table(report))
    text = console.export_text()
    console.file.close()
    assert "50.0 ± 127.1" in text
    assert "-50 %" in text
    assert "against fixed" in text


def test_pictures_are_written(report, tmp_path):
    """The bars and the lamps become PNG files of some substance."""
    plot_report(report, tmp_path / "bars.png")
    recording = build_recording("x", [(0, "Gr"), (10, "yr"), (13, "rG")], 30)
    plot_lamps(recording, tmp_path / "lamps.png", 0, 30)
    for name in ("bars.png", "lamps.png"):
        assert (tmp_path / name).read_bytes()[:4] == b"\x89PNG"
        assert (tmp_path / name).stat().st_size > 4000


def test_parameters_and_where_they_came_from_are_in_table_and_json(report):
    """A tuned arm shows its parameters, the file and the training seeds; an untuned one has none to show."""
    tuned = Arm("adaptive", "adaptive", {"headway_s": 1.91}, origin="night.json", training_seeds=(21, 22))
    told = replace(report, arms=(*ARMS[:2], tuned))
    assert list_parameters(told) == ("adaptive: headway_s 1.91 (night.json; chosen on the seeds 21, 22)",)
    arms = json.loads(json.dumps(told.to_json()))["arms"]
    assert [arm["label"] for arm in arms] == ["fixed", "actuated", "adaptive"]
    assert (arms[2]["parameters"], arms[2]["training_seeds"]) == ({"headway_s": 1.91}, [21, 22])
    assert told.list_notices() == ()


def test_training_seeds_among_the_evaluated_ones_are_shouted(report):
    """Figures on the seeds on which parameters were chosen prove nothing."""
    tuned = Arm("adaptive", "adaptive", {"headway_s": 1.9}, origin="x.json", training_seeds=(2, 3))
    notices = replace(report, arms=(*ARMS[:2], tuned)).list_notices()
    told = "its parameters were chosen on the seeds 2, which are evaluated here: no evidence. Test seeds are 1 to 20."
    assert notices == (f"adaptive: {told}",)
