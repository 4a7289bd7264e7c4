"""``changtong signals`` answers people with tables, machines with JSON, and mistakes with one line."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from signals.parameter_file import ParameterFile, save_parameters

pytestmark = pytest.mark.sumo


def changtong(*arguments, code=0):
    """The command as a user runs it; standard output, and standard error as one string."""
    command = [str(Path(sys.executable).parent / "changtong"), "signals", *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == code, done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    return done.stdout, " ".join(done.stderr.split())


@pytest.fixture(scope="module")
def kept(tmp_path_factory):
    """A short evaluation as JSON, its picture and its files."""
    folder = tmp_path_factory.mktemp("kept")
    out, err = changtong(
        "evaluate", "isolated", "--controllers", "fixed,actuated", "--seeds", "5,9", "--minutes", "2", "--json",
        "--plot", folder / "bars.png", "--keep", folder / "runs",
    )  # fmt: skip
    return folder, json.loads(out), err


def test_evaluate_prints_the_report_as_json(kept):
    """Explicit seeds, both controllers, and notices on standard error only."""
    folder, report, err = kept
    assert report["seeds"] == [5, 9]
    assert set(report["controllers"]) == {"fixed", "actuated"}
    assert report["controllers"]["fixed"]["waiting_s"]["mean"] > 0
    assert "had not arrived when the run was cut off after 120 s" in err
    assert (folder / "bars.png").stat().st_size > 10_000


def test_evaluate_prints_a_table_for_people():
    """One seed by number: a table with both columns, and no invented interval."""
    out, _ = changtong(
        "evaluate", "isolated", "--controllers", "fixed,actuated", "--seeds", "1", "--minutes", "1"
    )  # fmt: skip
    assert "waiting, s per vehicle" in out
    assert "Actuated, shipped stages" in out
    assert "1 seed: no intervals" in out
    assert "±" not in out


def test_audit_passes_a_kept_recording_and_catches_a_forged_one(kept):
    """The recording of a run is safe; with one all-red removed the same command exits with 2."""
    recording = kept[0] / "runs" / "fixed-5" / "tls_states.xml"
    out, _ = changtong("audit", recording, "--scenario", "isolated")
    assert "0 violations" in out
    lines = recording.read_text(encoding="utf-8").splitlines()
    is_red = ["r" * 16 in line for line in lines]
    first = is_red.index(True)
    green = next(line for line in lines[first:] if "G" in line)
    state = green.split('state="')[1].split('"')[0]
    for k in range(first, first + 2):
        lines[k] = lines[k].replace("r" * 16, state)
    forged = kept[0] / "forged.xml"
    forged.write_text("\n".join(lines), encoding="utf-8")
    out, _ = changtong("audit", forged, "--scenario", "isolated", "--json", code=2)
    found = json.loads(out)
    assert not found["is_safe"]
    assert {v["rule"] for v in found["violations"]} == {"red_clearance"}


def test_diagram_draws_a_kept_recording(kept):
    """The lamps of one signal become a picture; an unknown signal is named with those there are."""
    recording = kept[0] / "runs" / "actuated-9" / "tls_states.xml"
    changtong("diagram", recording, "--signal", "c", "--out", kept[0] / "lamps.png")
    assert (kept[0] / "lamps.png").read_bytes()[:4] == b"\x89PNG"
    _, err = changtong("diagram", recording, "--signal", "q", "--out", kept[0] / "q.png", code=1)
    assert "no signal 'q'; recorded: c" in err


def test_scenarios_are_listed(kept):
    """Our own three are there, for people and for machines."""
    assert "corridor" in changtong("scenarios")[0]
    names = [row["name"] for row in json.loads(changtong("scenarios", "--json")[0])]
    assert names[:3] == ["isolated", "corridor", "grid"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("evaluate", "isolatd"), "Did you mean isolated?"),
        (("evaluate", "isolated", "--seeds", "many"), "give a number of seeds (3) or the seeds themselves (5,9)"),
        (("evaluate", "isolated", "--seeds", "0"), "from 1 to 1000 seeds"),
        (("evaluate", "isolated", "--controllers", "fixed,magic"), "no controller 'magic'"),
        (("evaluate", "isolated", "--plot", "bars.doc"), "a picture ends in .png"),
        (("evaluate", "isolated", "--plot", "/nowhere/bars.png"), "there is no folder /nowhere"),
        (("evaluate", "isolated", "--seeds", "9-5"), "the range is empty"),
        (("evaluate", "isolated", "--arms", "/nowhere.toml"), "/nowhere.toml: No such file"),
        (("evaluate", "isolated", "--parameters", "/nowhere.json"), "/nowhere.json: No such file"),
        (("tune", "isolated", "--seeds", "5-6"), "Seed 5 is a test seed (1 to 20)"),
        (("tune", "isolated", "--scales", "big"), "numbers separated by commas, such as 1,1.2"),
        (("audit", "/nowhere.xml", "--scenario", "isolated"), "/nowhere.xml: there is no such file"),
    ],
)
def test_mistakes_are_one_line_and_exit_code_1(arguments, message):
    """Nothing is simulated, nothing is traced back; the message says what to do."""
    out, err = changtong(*arguments, code=1)
    assert message in err
    assert out == ""


def test_simulate_keeps_the_files_and_audits_itself(tmp_path, monkeypatch):
    """One run by hand: figures, files and findings; --gui without a screen is one line."""
    out, _ = changtong("simulate", "isolated", "--controller", "fixed", "--out", tmp_path)
    assert "vehicles, 0 unserved, 0 teleports" in out
    assert "0 violations" in out
    assert {"tripinfo.xml", "statistics.xml", "tls_states.xml"} <= {file.name for file in tmp_path.iterdir()}
    monkeypatch.delenv("DISPLAY", raising=False)
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    assert "--gui needs a screen" in changtong("simulate", "isolated", "--gui", "--out", tmp_path, code=1)[1]


def test_help_teaches():
    """The help of evaluate says what counts and shows commands to copy."""
    out, _ = changtong("evaluate", "--help")
    text = " ".join(out.split())
    assert "Every vehicle that was due counts" in text
    assert "changtong signals evaluate corridor" in text


def test_arms_of_a_file_are_compared_and_a_tuned_file_is_believed_only_when_signed(tmp_path):
    """An arm of a file stands beside a named controller; an unsigned parameter file needs --trust, and is then told."""
    content = ParameterFile(
        "max_pressure", {"slot_s": 8.0}, "actuated", "0", {}, (21,), (1.0,), "ideal", trials=1, objective=-0.1
    )
    save_parameters(tmp_path / "tuned.json", content, None)
    arms = tmp_path / "arms.toml"
    arms.write_text('[[arm]]\nlabel = "busy"\ncontroller = "fixed"\ndemand_scale = 1.5\n', encoding="utf-8")
    command = (
        "evaluate", "isolated", "--controllers", "fixed", "--arms", arms, "--parameters", tmp_path / "tuned.json",
        "--seeds", "21,", "--minutes", "1",
    )  # fmt: skip
    assert "nobody signed it" in changtong(*command, code=1)[1]
    out, err = changtong(*command, "--trust")
    assert "demand x 1.5" in out
    assert "tuned: slot_s 8 (tuned.json, code 0; chosen on the seeds 21)" in out
    assert "tuned: its parameters were chosen on the seeds 21, which are evaluated here" in err
