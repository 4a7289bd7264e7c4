"""The structure is what the documents say."""

import ast
import subprocess
import sys
import tomllib
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("api", "gtfs", "mobility", "signals", "sumo_scenarios")


def tracked(pattern: str) -> list[Path]:
    """Files of the checkout that match, caches and environments left out."""
    return [
        p for p in ROOT.glob(pattern) if not {".venv", "__pycache__", "build", "out"} & set(p.relative_to(ROOT).parts)
    ]


@pytest.mark.parametrize("package", PACKAGES)
def test_a_package_name_belongs_to_changtong_alone(package):
    """No other installed distribution brings a top-level package of ours."""
    assert set(packages_distributions().get(package, ["changtong"])) == {"changtong"}


@pytest.mark.parametrize("package", PACKAGES)
def test_every_package_is_described(package):
    """ARCHITECTURE.md has a paragraph for each package and links its README."""
    text = (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8")
    assert f"`{package}/`" in text
    assert f"({package}/README.md)" in text
    assert len((ROOT / package / "README.md").read_text(encoding="utf-8")) > 200


def test_no_module_has_a_name_that_says_nothing():
    """No utils, common, helpers, manager or base module exists."""
    empty = {"utils", "util", "common", "helpers", "helper", "manager", "base", "misc", "signal"}
    assert [p for package in PACKAGES for p in tracked(f"{package}/**/*.py") if p.stem in empty] == []


def test_every_module_says_what_it_owns():
    """Each module with code opens with a docstring."""
    silent = [
        str(p.relative_to(ROOT))
        for package in PACKAGES
        for p in tracked(f"{package}/**/*.py")
        if (tree := ast.parse(p.read_text(encoding="utf-8"))).body and ast.get_docstring(tree) is None
    ]
    assert silent == []


def test_every_test_states_a_claim():
    """Each test function has a docstring."""
    silent = [
        f"{p.name}:{node.lineno} {node.name}"
        for p in tracked("tests/**/test_*.py")
        for node in ast.walk(ast.parse(p.read_text(encoding="utf-8")))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and node.name.startswith("test_")
        and ast.get_docstring(node) is None
    ]
    assert silent == []


def test_the_lock_names_no_address_and_pins_every_dependency():
    """requirements.lock has pins with hashes, no addresses, and covers pyproject.toml."""
    lock = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    assert "://" not in lock
    pinned = {
        line.split("==")[0].lower() for line in lock.splitlines() if "==" in line and not line.startswith((" ", "#"))
    }
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    wanted = [*project["project"]["dependencies"]]
    for extra in project["project"]["optional-dependencies"].values():
        wanted += extra
    for group in project["dependency-groups"].values():
        wanted += group
    names = {w.split("[")[0].split(">")[0].split("=")[0].split("<")[0].strip().lower() for w in wanted} - {"changtong"}
    assert names - pinned == set()


def test_help_imports_nothing_slow():
    """`changtong --help` loads no numba, pandas, fastapi, networkx or SUMO, so that it answers at once."""
    code = (
        "import sys\nfrom api.cli import app\n"
        "try:\n    app(['--help'])\nexcept SystemExit:\n    pass\n"
        "print([m for m in ('numba','pandas','fastapi','networkx','libsumo','gtfs_kit','numpy','rich.markdown') if m in sys.modules], file=sys.stderr)"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    assert result.stderr.strip() == "[]"
    for command in ("plan", "serve", "signals", "gtfs", "city", "bench"):
        assert command in result.stdout


def test_compose_names_commands_that_exist():
    """Every `changtong` command in docker-compose.yml is understood by the command itself."""
    yaml = pytest.importorskip("yaml")
    services = yaml.safe_load((ROOT / "docker-compose.yml").read_text(encoding="utf-8"))["services"]
    assert {"api", "redis", "roadside"} <= services.keys()
    for name in ("emulator", "roadside"):
        words = list(services[name]["command"][1:3])
        result = subprocess.run(
            [sys.executable, "-m", "api.cli", *words, "--help"], check=False, capture_output=True, text=True, cwd=ROOT
        )
        assert result.returncode == 0, f"{name}: {result.stderr}"


def test_the_command_reference_is_what_the_commands_say():
    """docs/reference/cli.md equals what `make docs` would write."""
    code = "import sys; sys.path.insert(0, 'docs'); from generate import build_pages; print(build_pages()['cli.md'], end='')"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    assert result.stdout == (ROOT / "docs/reference/cli.md").read_text(encoding="utf-8"), "run `make docs`"
