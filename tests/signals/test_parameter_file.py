"""A parameter file is believed when it is whole and its signer is known, and refused in words otherwise."""

import json
import stat
import subprocess
import sys
from dataclasses import replace

import pytest

from signals.parameter_file import (
    ParameterFile,
    ParameterFileError,
    get_signing_key,
    list_trusted_keys,
    load_parameters,
    save_parameters,
)

TUNED = ParameterFile(
    controller="adaptive",
    parameters={"headway_s": 1.925, "width": 40, "mode": "a"},
    reference="actuated",
    code_version="0123456789ab",
    scenarios={"isolated": "ffeeddccbbaa"},
    training_seeds=(21, 22),
    demand_scales=(1.0, 1.2),
    sensing="loops",
    trials=12,
    objective=-0.5,
    study={"name": "night", "sampler_seed": 1},
    evidence=({"scenario": "isolated", "seed": 21, "waiting_s": 9.5},),
)


@pytest.fixture
def home(tmp_path, monkeypatch):
    """A user without keys."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.delenv("CHANGTONG_SIGNING_KEY", raising=False)
    monkeypatch.delenv("CHANGTONG_TRUSTED_KEYS", raising=False)
    return tmp_path


def test_what_is_signed_comes_back_as_it_was(home):
    """The first signing makes a key for the user, says its public half, and trusts it; the second makes none."""
    key, news = get_signing_key()
    written = save_parameters(home / "a" / "tuned.json", TUNED, key)
    assert written.signed_by in news
    assert load_parameters(home / "a" / "tuned.json") == written == replace(TUNED, signed_by=written.signed_by)
    again, silence = get_signing_key()
    assert silence == ""
    assert again.public_key() == key.public_key()


def test_the_private_key_is_for_its_owner_alone(home):
    """Nobody else can read it."""
    get_signing_key()
    mode = (home / "config" / "changtong" / "signing_key.pem").stat().st_mode
    assert stat.S_IMODE(mode) == 0o600


@pytest.mark.parametrize("name", ["parameters", "training_seeds", "evidence", "objective", "signed_by", "controller"])
def test_a_changed_file_is_refused_even_where_it_is_trusted(home, name):
    """Any value changed after signing makes the signature wrong; --trust does not help."""
    file = home / "tuned.json"
    save_parameters(file, TUNED, get_signing_key()[0])
    body = json.loads(file.read_text(encoding="utf-8"))
    other = {"parameters": {"headway_s": 1.0}, "training_seeds": [1], "evidence": [], "objective": -9.0}
    body[name] = other.get(name, "A" * 43 + "=")
    file.write_text(json.dumps(body), encoding="utf-8")
    for needs_signature in (True, False):
        with pytest.raises(ParameterFileError, match=r"tuned.json: its signature does not fit"):
            load_parameters(file, needs_signature=needs_signature)


def test_a_signature_cut_off_is_not_an_unsigned_file(home):
    """Without its signature a signed file is a changed one."""
    file = home / "tuned.json"
    save_parameters(file, TUNED, get_signing_key()[0])
    body = json.loads(file.read_text(encoding="utf-8"))
    del body["signature"]
    file.write_text(json.dumps(body), encoding="utf-8")
    with pytest.raises(ParameterFileError, match="does not fit"):
        load_parameters(file, needs_signature=False)


def test_an_unsigned_file_needs_trust(home):
    """It is read on request only."""
    save_parameters(home / "plain.json", TUNED, None)
    with pytest.raises(ParameterFileError, match=r"nobody signed it; .* --trust"):
        load_parameters(home / "plain.json")
    assert load_parameters(home / "plain.json", needs_signature=False) == TUNED


def test_a_foreign_key_needs_trust_or_a_line_in_the_list(home, monkeypatch):
    """Whole, but by somebody unknown; once the key is in the environment or in the list, it is believed."""
    key, _ = get_signing_key()
    written = save_parameters(home / "tuned.json", TUNED, key)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(home / "another user"))
    with pytest.raises(ParameterFileError, match=r"which is not trusted here.*trusted_keys.txt"):
        load_parameters(home / "tuned.json")
    assert load_parameters(home / "tuned.json", needs_signature=False) == written
    monkeypatch.setenv("CHANGTONG_TRUSTED_KEYS", f"x, {written.signed_by}")
    assert load_parameters(home / "tuned.json") == written
    assert list_trusted_keys() == {"x", written.signed_by}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "not a parameter file"),
        ("[]", "not a parameter file of this version"),
        ('{"format": "changtong signal parameters 1"}', "controller is missing"),
        ('{"format": "changtong signal parameters 1", "controller": 3}', "controller is 3, which is no str"),
        ('{"format": NaN}', "NaN is no number"),
    ],
)
def test_nonsense_is_one_sentence(home, text, message):
    """Whatever the file holds, its name and the fault are told."""
    (home / "x.json").write_text(text, encoding="utf-8")
    with pytest.raises(ParameterFileError, match=f"x.json: .*{message}"):
        load_parameters(home / "x.json", needs_signature=False)


def test_a_key_that_is_none_is_told(home, monkeypatch):
    """A missing file, and a file that holds something else."""
    with pytest.raises(ParameterFileError, match="No such file"):
        get_signing_key(home / "nowhere.pem")
    (home / "bad.pem").write_text("secret", encoding="utf-8")
    monkeypatch.setenv("CHANGTONG_SIGNING_KEY", str(home / "bad.pem"))
    with pytest.raises(ParameterFileError, match="not a private key in PEM"):
        get_signing_key()


def test_the_roadside_can_read_it_without_tuner_and_simulator():
    """Reading a parameter file loads neither optuna nor SUMO, nor cryptography before there is something to verify."""
    code = (
        "import sys, signals.parameter_file\n"
        "print([m for m in ('optuna', 'libsumo', 'traci', 'sumolib', 'cryptography', 'numpy') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert done.stdout.strip() == "[]"
