"""Settings come from the environment, and the README says which."""

from pathlib import Path

import pytest

from api.settings import Settings

VARIABLES = {
    "HOST": "10.0.0.7",
    "PORT": "9000",
    "CHANGTONG_CITY": "elsewhere",
    "REDIS_URL": "redis://r/1",
    "CHANGTONG_CACHE": "/srv/c",
    "CHANGTONG_ACCELERATE": "false",
}


def test_every_variable_is_read(monkeypatch):
    """Each documented variable changes its setting."""
    for name, value in VARIABLES.items():
        monkeypatch.setenv(name, value)
    found = Settings()
    assert (found.host, found.port, found.city, found.redis_url) == ("10.0.0.7", 9000, "elsewhere", "redis://r/1")
    assert found.cache_path == Path("/srv/c")
    assert found.accelerate is False


def test_an_empty_variable_is_no_setting(monkeypatch):
    """`PORT=` in a compose file means the default, not a mistake."""
    for name in VARIABLES:
        monkeypatch.setenv(name, "")
    assert Settings().port == 8080
    assert Settings().cache_path.is_absolute()


@pytest.mark.parametrize("port", ["-1", "65536", "http"])
def test_impossible_ports_are_refused(monkeypatch, port):
    """A port that cannot be is named."""
    monkeypatch.setenv("PORT", port)
    with pytest.raises(ValueError, match="PORT"):
        Settings()


def test_the_readme_lists_them_all():
    """The table in the package's README is complete."""
    readme = (Path(__file__).parents[2] / "api" / "README.md").read_text(encoding="utf-8")
    aliases = {str(field.validation_alias) for field in Settings.model_fields.values()}
    assert aliases == set(VARIABLES)
    assert all(f"`{alias}`" in readme for alias in aliases)
