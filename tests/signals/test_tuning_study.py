"""A study tries the defaults first, gives the same trials again, goes on where it stopped, and refuses test seeds."""

import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest

from signals.controller import ControllerSettings
from signals.evaluation.arm import build_tuned_arm
from signals.parameter_file import load_parameters
from signals.tuning.errors import TuningError
from signals.tuning.objective import score
from signals.tuning.spaces import Span, build_space, list_tunable
from signals.tuning.study import TuningRequest, check_request, find_best, list_scenarios_of, open_study
from signals.tuning.tune import tune
from sumo_scenarios.manifest import TEST_SEEDS, TRAINING_SEEDS

SHORT = TuningRequest(
    ("isolated",), controller="max_pressure", trials=2, seeds=(21, 22), jobs=1, only=("slot_s",), cut_after_s=60
)
FIGURES = {"waiting_s": 20.0, "co2_kg": 50.0, "teleports": 0, "unserved": 3, "loaded": 100, "safety_violations": 0}


@pytest.fixture
def home(tmp_path, monkeypatch):
    """A user without keys, in an empty folder."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.delenv("CHANGTONG_SIGNING_KEY", raising=False)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def list_trials(request):
    """Number, state, value and parameters of a study's trials."""
    space = check_request(request)
    study = open_study(request, space, list_scenarios_of(request))
    return [(t.number, t.state.name, t.value, t.params) for t in study.get_trials()]


@pytest.mark.sumo
def test_a_study_stopped_and_gone_on_with_is_the_study_without_a_pause(home):
    """With one job the same trials with the same values; the file is signed and says on what it rests."""
    whole = tune(replace(SHORT, name="whole"))
    tune(replace(SHORT, name="parts", trials=1))
    parts = tune(replace(SHORT, name="parts"))
    assert list_trials(replace(SHORT, name="parts")) == list_trials(replace(SHORT, name="whole"))
    assert parts.content.parameters == whole.content.parameters
    assert (whole.finished, whole.failed, whole.is_stopped) == (2, 0, False)
    first = list_trials(replace(SHORT, name="whole"))[0]
    assert first[3] == build_space("max_pressure", ("slot_s",)).defaults
    content = load_parameters(whole.file)
    assert content == whole.content
    assert content.signed_by in whole.news[0]
    assert content.training_seeds == (21, 22)
    assert list(content.scenarios) == ["isolated"]
    rows = [(row["who"], row["run"]) for row in content.evidence]
    assert rows == [
        (who, f"isolated x 1 seed {seed}") for who in ("reference", "defaults", "tuned") for seed in (21, 22)
    ]
    tuned = [row["score"] for row in content.evidence if row["who"] == "tuned"]
    assert content.objective == pytest.approx(sum(tuned) / 2)
    assert build_tuned_arm(content, "whole.json").training_seeds == (21, 22)


@pytest.mark.sumo
def test_a_study_is_gone_on_with_only_as_it_was_begun(home):
    """Other seeds, another reference or a journal that is none are refused with the remedy."""
    space = check_request(SHORT)
    open_study(SHORT, space, list_scenarios_of(SHORT))
    with pytest.raises(TuningError, match=r"begun with seeds \[21, 22\], and now it is \[23\]; .*--study"):
        open_study(replace(SHORT, seeds=(23,)), space, list_scenarios_of(SHORT))
    with pytest.raises(TuningError, match="begun with reference 'actuated'"):
        open_study(replace(SHORT, reference="fixed"), space, list_scenarios_of(SHORT))
    (home / "bad.journal").write_text("nonsense\n", encoding="utf-8")
    with pytest.raises(TuningError, match=r"bad.journal: the storage of the study cannot be opened"):
        open_study(replace(SHORT, storage="bad.journal"), space, list_scenarios_of(SHORT))


@pytest.mark.sumo
def test_another_storage_is_a_url_that_others_can_share(home):
    """SQLite by URL holds the same trials as the journal."""
    request = replace(SHORT, trials=1, seeds=(21,), cut_after_s=60)
    tune(replace(request, storage="sqlite:///shared.db"))
    tune(request)
    assert list_trials(replace(request, storage="sqlite:///shared.db")) == list_trials(request)


@pytest.mark.sumo
def test_time_over_and_interrupt_lose_no_finished_trial(home):
    """Ctrl-C in the middle: exit code 130, the trial under way is tried again by the next command."""
    command = [
        str(Path(sys.executable).parent / "changtong"), "signals", "tune", "isolated", "--controller", "max_pressure",
        "--only", "slot_s", "--seeds", "21,", "--minutes", "1", "--jobs", "1", "--trials",
    ]  # fmt: skip
    process = subprocess.Popen([*command, "500"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    journal = home / "out" / "studies" / "max_pressure-isolated-ideal.journal"
    deadline_s = time.monotonic() + 90
    while time.monotonic() < deadline_s and (not journal.is_file() or journal.read_text().count('"runs"') < 2):
        time.sleep(0.2)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 130, err
    assert "Traceback" not in err
    assert "the same command goes on with it" in " ".join(err.split())
    assert "slot_s" in out
    request = replace(SHORT, seeds=(21,), cut_after_s=60)
    done = [trial for trial in list_trials(request) if trial[1] == "COMPLETE"]
    assert len(done) >= 2
    result = tune(replace(request, trials=len(done) + 1))
    assert result.finished == len(done) + 1
    assert [trial for trial in list_trials(request) if trial[1] == "COMPLETE"][: len(done)] == done


def test_the_score_is_the_log_of_ratios_with_penalties():
    """Half the waiting at equal CO2 is log 0.5; a teleport, unserved vehicles and an unsafe lamp cost."""
    half = {**FIGURES, "waiting_s": 10.0}
    assert score(half, FIGURES, 0.25) == pytest.approx(-0.6931, abs=1e-4)
    assert score({**FIGURES, "co2_kg": 25.0}, FIGURES, 0.25) == pytest.approx(-0.6931 / 4, abs=1e-4)
    assert score(FIGURES, FIGURES, 0.25) == 0
    assert score({**half, "teleports": 14}, FIGURES, 0.25) > 0
    assert score({**half, "unserved": 20}, FIGURES, 0.25) > 0
    assert score({**half, "safety_violations": 1}, FIGURES, 0.25) > 0
    assert score({**half, "unserved": 0}, FIGURES, 0.25) == score(half, FIGURES, 0.25)


@pytest.mark.parametrize("controller", list_tunable())
def test_every_space_fits_its_controller(controller):
    """Each knob is a parameter that the controller has, and its default lies within the bounds or at their edge."""
    space = build_space(controller)
    for name, knob in space.knobs.items():
        if isinstance(knob, Span):
            assert knob.low <= space.defaults[name] <= knob.high
        else:
            assert space.defaults[name] in knob
    if controller == "adaptive":
        settings = ControllerSettings()
        assert settings.with_values(space.defaults) == settings, "a default of the controller is off the grid"


def test_training_and_test_seeds_are_apart():
    """No seed is both; the defaults of a study are training seeds."""
    assert not set(TRAINING_SEEDS) & set(TEST_SEEDS)
    assert set(TuningRequest(("isolated",)).seeds) <= set(TRAINING_SEEDS)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"seeds": (21, 3)}, r"Seed 3 is a test seed \(1 to 20\): .* training seeds \(21 to 40\)"),
        ({"seeds": ()}, "at least one scenario, one seed"),
        ({"seeds": (21, 21)}, "seed 21 is named twice"),
        ({"scales": (0.0,)}, "cannot be scaled by 0"),
        ({"controller": "fixed", "only": ()}, "nothing to tune of 'fixed'; choose from adaptive"),
        ({"only": ("speed",)}, "max_pressure has no 'speed' to tune; it has slot_s"),
        ({"reference": "magic"}, "no controller 'magic'"),
        ({"sensing": "radar"}, "no sensing 'radar'"),
        ({"pruner": "axe"}, "no pruner 'axe'"),
        ({"trials": 0}, "at least one trial"),
    ],
)
def test_a_request_that_cannot_be_met_is_refused(change, message):
    """Before anything is run or written, in one sentence."""
    with pytest.raises(TuningError, match=message):
        check_request(replace(SHORT, **change))


def test_the_best_of_equals_is_the_earlier(home):
    """So that defaults that are as good as anything stay."""
    space = check_request(SHORT)
    study = open_study(SHORT, space, list_scenarios_of(SHORT))
    for value in (0.5, 0.2, 0.2):
        study.tell(study.ask(), value)
    assert find_best(study).number == 1
