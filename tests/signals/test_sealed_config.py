"""A configuration arms when two people have signed exactly what is there, and not after any change of any file."""

import json
import os
from datetime import UTC, datetime, timedelta
from itertools import combinations
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from hypothesis import given, settings
from hypothesis import strategies as st

from signals.parameter_file import FORMAT as PARAMETER_FORMAT
from signals.runtime.sealed_config import SealError, get_seal_path, sign_config, verify_config
from signals.signatures import (
    SignatureError,
    check_signature,
    load_private_key,
    read_object,
    sign,
    to_public_text,
)

CONFIG = """
audit_key_file = "secrets/audit.key"
[[intersection]]
file = "crossing.toml"
host = "10.0.0.7"
[[intersection]]
file = "more/second.toml"
[centre]
ca_file = "ca.pem"
"""
KEYS = {
    name: Ed25519PrivateKey.from_private_bytes(bytes([number]) * 32)
    for number, name in enumerate(["chen", "lin", "wu"], 1)
}


def put_public(folder, name, key):
    """A public key into a keyring."""
    public = key.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    (folder / name).write_bytes(public)
    (folder / name).chmod(0o644)


def put_all(folder):
    """A configuration that names three files, one of which names another, and a keyring of three people."""
    config, ring = folder / "conf" / "roadside.toml", folder / "ring"
    (config.parent / "more").mkdir(parents=True)
    ring.mkdir(mode=0o755)
    config.write_text(CONFIG, encoding="utf-8")
    (config.parent / "crossing.toml").write_text("id = 1", encoding="utf-8")
    (config.parent / "more" / "second.toml").write_text('map_file = "map.bin"', encoding="utf-8")
    (config.parent / "more" / "map.bin").write_bytes(b"\0\1\2\3")
    (config.parent / "ca.pem").write_text("CA", encoding="utf-8")
    for name, key in KEYS.items():
        put_public(ring, f"{name}.pem", key)
    return config, ring


@pytest.fixture
def place(tmp_path):
    """A configuration and a keyring."""
    return put_all(tmp_path)


def test_two_different_people_seal_it(place):
    """Nobody, one, one twice: not yet, and it is said who could; two: sealed, with everything it names but secrets."""
    config, ring = place
    verdict = verify_config(config, ring)
    assert not verdict.is_sealed
    assert "nobody has signed it as it is; 2 more signatures of chen, lin, wu are needed" in verdict.faults[0]
    named = sign_config(config, KEYS["chen"], "chen")
    assert named == ("ca.pem", "crossing.toml", "more/map.bin", "more/second.toml", "roadside.toml")
    sign_config(config, KEYS["chen"], "chen")
    verdict = verify_config(config, ring)
    assert (verdict.is_sealed, verdict.signed_by) == (False, ("chen",))
    assert "signed by chen; 1 more signature of lin, wu is needed" in verdict.faults[0]
    sign_config(config, KEYS["lin"], "lin")
    verdict = verify_config(config, ring)
    assert (verdict.is_sealed, verdict.signed_by, verdict.faults) == (True, ("chen", "lin"), ())
    assert len(verdict.digest) == 64


def test_two_keys_of_one_person_are_one_person(place):
    """Whoever has two keys still needs a second person."""
    config, ring = place
    second = Ed25519PrivateKey.generate()
    put_public(ring, "chen.2.pem", second)
    sign_config(config, KEYS["chen"], "chen")
    sign_config(config, second, "chen")
    verdict = verify_config(config, ring)
    assert (verdict.signed_by, verdict.is_sealed) == (("chen",), False)
    assert len(verdict.faults) == 1  # both of the signatures count: as one


@settings(deadline=None, max_examples=60)
@given(st.data())
def test_any_changed_byte_of_any_file_breaks_the_seal(tmp_path_factory, data):
    """Of the configuration, of what it names, of what that names; the file is told, or the one that it names now."""
    config, ring = put_all(tmp_path_factory.mktemp("seal"))
    names = sign_config(config, KEYS["chen"], "chen")
    sign_config(config, KEYS["wu"], "wu")
    name = data.draw(st.sampled_from(names))
    content = bytearray((config.parent / name).read_bytes())
    at = data.draw(st.integers(0, len(content) * 8 - 1))
    content[at // 8] ^= 1 << at % 8
    (config.parent / name).write_bytes(content)
    verdict = verify_config(config, ring)
    assert not verdict.is_sealed
    told = " ".join(verdict.faults)
    assert f"changed since: {name}" in told or "No such file" in told or "no TOML" in told or "'..'" in told


@settings(deadline=None, max_examples=100)
@given(st.data())
def test_any_changed_byte_of_the_signatures_takes_one_away(tmp_path_factory, data):
    """A flipped bit never adds a person, and where two are needed none is left over."""
    config, ring = put_all(tmp_path_factory.mktemp("seal"))
    for name in ("chen", "lin"):
        sign_config(config, KEYS[name], name)
    seal = bytearray(get_seal_path(config).read_bytes())
    at = data.draw(st.integers(0, (len(seal) - 1) * 8 - 1))  # not the last line's end, which says nothing
    seal[at // 8] ^= 1 << at % 8
    get_seal_path(config).write_bytes(seal)
    assert not verify_config(config, ring).is_sealed


def test_a_file_taken_away_or_exchanged_is_told_with_the_remedy(place):
    """Missing: which; exchanged between intersections: both."""
    config, ring = place
    for name in ("chen", "lin"):
        sign_config(config, KEYS[name], name)
    other = (config.parent / "more" / "second.toml").read_text(encoding="utf-8")
    (config.parent / "more" / "second.toml").write_text("id = 1", encoding="utf-8")
    verdict = verify_config(config, ring)
    assert (
        "chen signed other files: changed since: more/second.toml; signed but no longer named: more/map.bin"
        in " ".join(verdict.faults)
    )
    assert "restore what was signed, or review the change and sign it" in verdict.faults[0]
    (config.parent / "more" / "second.toml").write_text(other, encoding="utf-8")
    assert verify_config(config, ring).is_sealed
    (config.parent / "crossing.toml").unlink()
    assert "crossing.toml: No such file" in verify_config(config, ring).faults[0]


def test_a_strangers_signature_is_named_and_counts_for_nothing(place):
    """Also one under somebody else's name, also one by a right key under a wrong name; it takes no seal away either."""
    config, ring = place
    stranger = Ed25519PrivateKey.generate()
    sign_config(config, stranger, "lin")
    sign_config(config, KEYS["chen"], "wu")
    verdict = verify_config(config, ring)
    assert verdict.signed_by == ()
    assert "which is not in" in verdict.faults[0]
    assert "signed as 'wu' with the key of 'chen'" in verdict.faults[1]
    for name in ("chen", "lin"):
        sign_config(config, KEYS[name], name)
    verdict = verify_config(config, ring)
    assert verdict.is_sealed
    assert len(verdict.faults) == 1


def test_a_configuration_cannot_lower_what_is_required_of_it(place):
    """The keyring's number holds; a caller can only raise it; one person is enough where the keyring says so."""
    config, ring = place
    sign_config(config, KEYS["chen"], "chen")
    assert not verify_config(config, ring, required_signatures=1).is_sealed
    (ring / "required_signatures").write_text("1\n", encoding="ascii")
    assert verify_config(config, ring).is_sealed
    assert not verify_config(config, ring, required_signatures=2).is_sealed
    for text in ("0", "-1", "many", "9" * 50, ""):
        (ring / "required_signatures").write_text(text, encoding="ascii")
        verdict = verify_config(config, ring)
        assert not verdict.is_sealed
        assert "no number of persons" in verdict.faults[0]


def test_an_older_configuration_put_back_is_refused_to_who_remembers(place):
    """Who keeps when the last one was signed takes that one again after a restart, and no older one."""
    config, ring = place
    hour = datetime(2026, 11, 1, 10, tzinfo=UTC)
    for late_h, name in enumerate(("chen", "lin")):
        sign_config(config, KEYS[name], name, at=hour + timedelta(hours=late_h))
    old = {path: path.read_bytes() for path in (config, get_seal_path(config))}
    verdict = verify_config(config, ring)
    assert (verdict.is_sealed, verdict.signed_at) == (True, hour)
    assert verify_config(config, ring, not_before=verdict.signed_at).is_sealed
    config.write_text(CONFIG + "# better", encoding="utf-8")
    for late_h, name in enumerate(("wu", "chen", "lin")):
        sign_config(config, KEYS[name], name, at=hour + timedelta(days=1, hours=late_h))
    verdict = verify_config(config, ring)
    assert verdict.signed_at == hour + timedelta(days=1, hours=1)
    for path, content in old.items():
        path.write_bytes(content)
    assert verify_config(config, ring).is_sealed
    refused = verify_config(config, ring, not_before=verdict.signed_at)
    assert not refused.is_sealed
    assert "it is an old one; sign anew" in refused.faults[0]


def test_what_the_process_reads_must_be_signed(place):
    """A file that it reads and nobody signed outweighs every signature."""
    config, ring = place
    for name, key in KEYS.items():
        sign_config(config, key, name)
    loose = config.parent / "loose.toml"
    assert verify_config(config, ring, needed=[config, config.parent / "crossing.toml"]).is_sealed
    verdict = verify_config(config, ring, needed=[config, loose])
    assert not verdict.is_sealed
    assert "loose.toml: the process reads it, and it is not signed" in verdict.faults[0]


def test_the_snapshot_is_what_was_verified(place, tmp_path):
    """Whatever happens to the originals afterwards; nobody else can read it."""
    config, ring = place
    for name in ("chen", "lin"):
        sign_config(config, KEYS[name], name)
    verdict = verify_config(config, ring)
    config.write_text("armed = true", encoding="utf-8")
    copy = verdict.write_snapshot(tmp_path / "copy")
    assert copy.read_text(encoding="utf-8") == CONFIG
    assert (tmp_path / "copy" / "more" / "map.bin").read_bytes() == b"\0\1\2\3"
    assert copy.stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("told", ["/etc/hostname", "../ring/chen.pem", "more/../../x", ""])
def test_only_files_in_its_folder_are_named(place, told):
    """Otherwise what is signed would depend on the machine."""
    config, ring = place
    config.write_text(f'file = "{told}"', encoding="utf-8")
    with pytest.raises(SealError, match="name a file in the folder of roadside"):
        sign_config(config, KEYS["chen"], "chen")
    assert not verify_config(config, ring).is_sealed


def test_a_parameter_files_signature_is_none_under_a_configuration(place):
    """The same key, the same values, another format: refused."""
    config, ring = place
    for name in ("chen", "lin"):
        sign_config(config, KEYS[name], name)
    lines = [json.loads(line) for line in get_seal_path(config).read_text(encoding="utf-8").splitlines()]
    lines[0]["format"] = PARAMETER_FORMAT
    lines[0]["signature"] = sign(lines[0], KEYS["chen"])
    get_seal_path(config).write_text("\n".join(json.dumps(line) for line in lines), encoding="utf-8")
    verdict = verify_config(config, ring)
    assert (verdict.is_sealed, verdict.signed_by) == (False, ("lin",))


def test_signatures_over_what_is_no_longer_there_are_taken_out(place):
    """The next who signs a changed configuration signs it alone."""
    config, ring = place
    for name in ("chen", "lin"):
        sign_config(config, KEYS[name], name)
    config.write_text(CONFIG + "\n# changed", encoding="utf-8")
    sign_config(config, KEYS["wu"], "wu")
    verdict = verify_config(config, ring)
    assert verdict.signed_by == ("wu",)
    assert len(get_seal_path(config).read_text(encoding="utf-8").splitlines()) == 1


def test_a_keyring_that_anybody_could_have_changed_is_not_believed(place):
    """A writable folder, a writable key, a missing folder, no key, a key under two names, something else."""
    config, ring = place
    for name in ("chen", "lin"):
        sign_config(config, KEYS[name], name)
    for path in (ring, ring / "wu.pem"):
        mode = path.stat().st_mode
        path.chmod(mode | 0o020)
        assert "others than its owner may write to it; chmod go-w" in verify_config(config, ring).faults[0]
        path.chmod(mode)
    assert verify_config(config, ring).is_sealed
    put_public(ring, "lin2.pem", KEYS["chen"])
    assert "this is also the key of chen" in verify_config(config, ring).faults[0]
    (ring / "lin2.pem").unlink()
    (ring / "Mr X.pem").write_text("x", encoding="utf-8")
    assert "name it after a person" in verify_config(config, ring).faults[0]
    (ring / "Mr X.pem").rename(ring / "x.pem")
    (ring / "x.pem").chmod(0o644)
    assert "not a public key in PEM" in verify_config(config, ring).faults[0]
    put_public(ring, "x.pem", generate_private_key(65537, 2048))
    assert "not an Ed25519 key" in verify_config(config, ring).faults[0]
    empty = ring.parent / "empty"
    empty.mkdir()
    empty.chmod(0o755)
    assert "nobody can be believed" in verify_config(config, empty).faults[0]
    assert "No such file" in verify_config(config, ring.parent / "none").faults[0]
    assert not any(verify_config(config, place).is_sealed for place in (ring, empty, ring.parent / "none"))


def test_private_keys_are_for_their_owners_alone(tmp_path):
    """Any right of anybody else is refused, and what is in the file is in no message."""
    path = tmp_path / "key.pem"
    path.write_bytes(
        KEYS["chen"].private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )
    path.chmod(0o600)
    assert load_private_key(path).public_key() == KEYS["chen"].public_key()
    for bits in (0o040, 0o004, 0o020, 0o002):
        path.chmod(0o600 | bits)
        with pytest.raises(SignatureError, match=r"others than its owner may read it .* chmod 600"):
            load_private_key(path)
    path.chmod(0o600)
    path.write_text("-----BEGIN PRIVATE KEY-----\nSECRET", encoding="ascii")
    with pytest.raises(SignatureError) as caught:
        load_private_key(path)
    assert "SECRET" not in str(caught.value)
    with pytest.raises(SignatureError, match="not a plain file"):
        load_private_key(tmp_path)
    os.mkfifo(tmp_path / "pipe", 0o600)
    with pytest.raises(SignatureError, match="not a plain file"):
        load_private_key(tmp_path / "pipe")


def test_a_signature_is_one_text():
    """The unused bits of base64's last character are none to play with; nor is a signature taken without its text."""
    body = {"a": 1}
    body["signature"] = sign(body, KEYS["chen"])
    check_signature(body, to_public_text(KEYS["chen"]))
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
    text = body["signature"]
    other = letters[letters.index(text[-3]) ^ 1]
    for wrong in (text[:-3] + other + "==", text + "\n", "", None, 7):
        with pytest.raises(SignatureError):
            check_signature(body | {"signature": wrong}, to_public_text(KEYS["chen"]))


NONSENSE = [
    '{"a":1,"a":2}',
    '{"a":NaN}',
    '{"a":1e999}',
    '{"a":1' + "0" * 30 + "}",
    '{"a":"\\ud800"}',
    "[1]",
    "[" * 5000,
    b"\xff\xfe{\0}\0",
]


@pytest.mark.parametrize("text", NONSENSE)
def test_a_text_has_one_reading_or_none(text):
    """Two values of one name, numbers that are none, half characters, another encoding, a bottomless nest."""
    with pytest.raises(SignatureError):
        read_object(text)


@settings(deadline=None, max_examples=200)
@given(st.binary(max_size=300), st.binary(max_size=300))
def test_no_bytes_in_configuration_or_seal_raise_or_seal(tmp_path_factory, config_bytes, seal_bytes):
    """Whatever stands there, a verdict comes back, and it is no."""
    config, ring = put_all(tmp_path_factory.mktemp("seal"))
    get_seal_path(config).write_bytes(seal_bytes)
    assert not verify_config(config, ring).is_sealed
    config.write_bytes(config_bytes)
    assert not verify_config(config, ring).is_sealed


def test_any_two_of_three_are_enough(tmp_path_factory):
    """N of M, in whatever order they sign."""
    for one, other in [*combinations(KEYS, 2), *combinations(reversed(KEYS), 2)]:
        config, ring = put_all(tmp_path_factory.mktemp("seal"))
        sign_config(config, KEYS[one], one)
        sign_config(config, KEYS[other], other)
        assert verify_config(config, ring).signed_by == tuple(sorted((one, other)))


def test_a_signer_is_a_name_of_a_keyring(place):
    """Nothing that would be told in a log as something else."""
    config, _ = place
    for name in ("", "Chen", "a b", "../x", "a\n", "x" * 41):
        with pytest.raises(SealError, match="is no name of a key"):
            sign_config(config, KEYS["chen"], name)
    assert not Path(get_seal_path(config)).exists()
