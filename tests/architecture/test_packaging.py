"""What is installed from the wheel is what runs from the checkout."""

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = {"api", "gtfs", "mobility", "signals", "sumo_scenarios"}


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    """The wheel, built by the backend that pyproject.toml names."""
    folder = tmp_path_factory.mktemp("wheel")
    command = [
        sys.executable,
        "-m",
        "pip",
        "wheel",
        "--quiet",
        "--no-deps",
        "--no-build-isolation",
        "-w",
        str(folder),
        ".",
    ]
    beside_python = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"  # where uv_build looks for itself
    subprocess.run(command, check=True, cwd=ROOT, env=os.environ | {"PATH": beside_python})
    return next(folder.glob("changtong-*.whl"))


def test_the_wheel_holds_the_five_packages_and_nothing_else(wheel):
    """Only our packages and the metadata are in the wheel; no test, document or script becomes importable."""
    tops = {name.split("/")[0] for name in zipfile.ZipFile(wheel).namelist()}
    assert {top for top in tops if not top.endswith(".dist-info")} == PACKAGES


def test_the_wheel_works_from_another_folder(wheel, tmp_path):
    """Installed apart from the checkout, the wheel finds its city, its scenarios and its pages."""
    target = tmp_path / "site"
    zipfile.ZipFile(wheel).extractall(target)
    code = (
        "import sys; sys.path.insert(0, sys.argv[1])\n"
        "import importlib.resources as r\n"
        "from mobility.cities import find_city\n"
        "from sumo_scenarios.catalog import find_scenario\n"
        "import api, mobility\n"
        "assert mobility.__file__.startswith(sys.argv[1]), mobility.__file__\n"
        "find_city('kaohsiung')\n"
        "assert find_scenario('corridor').net.is_file()\n"
        "assert (r.files(api) / 'ui' / 'journey.html').is_file()\n"
    )
    subprocess.run([sys.executable, "-P", "-c", code, str(target)], check=True, cwd=tmp_path)


def test_the_image_has_the_libraries_that_sumo_expects():
    """The Dockerfile installs what signals/simulation/binaries.py names."""
    from signals.simulation.binaries import SYSTEM_LIBRARIES

    assert " ".join(SYSTEM_LIBRARIES) in (ROOT / "Dockerfile").read_text(encoding="utf-8")
