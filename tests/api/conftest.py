"""The application around a city written by hand, and evaluations that take no time."""

import sys
import time
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

sys.path.append(str(Path(__file__).parent / "fakes"))

from fake_city import FakeCity
from fake_evaluations import evaluate_at_once

import api.app as application
from api.settings import Settings

TIME = "2026-01-07T08:00:00+08:00"


@pytest.fixture(scope="session")
def quick_settings(tmp_path_factory):
    """Settings of a server that keeps everything in memory."""
    return Settings(city="testville", redis_url="", cache_dir=tmp_path_factory.mktemp("cache"))


@pytest.fixture(scope="session")
def served(quick_settings):
    """The running application and its planner. One for all tests: each evaluation costs a process."""
    city = FakeCity()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(application, "evaluate", evaluate_at_once)
        app = application.create_app(quick_settings, lambda _: city)
        with TestClient(app, raise_server_exceptions=False) as client:
            yield client, city


@pytest.fixture
def client(served):
    """Ask the running application."""
    return served[0]


@pytest.fixture
def city(served):
    """The planner behind it, which remembers what it was asked."""
    served[1].requests.clear()
    return served[1]


@pytest.fixture
def plan(client):
    """Ask for a journey; parameters override the usual ones, ``None`` leaves one out."""

    def ask(version=6, **parameters):
        query = {"fromPlace": "R10", "toPlace": "C5", "time": TIME, **parameters}
        return client.get(f"/api/v{version}/plan", params={k: v for k, v in query.items() if v is not None})

    return ask


@pytest.fixture
def wait_until():
    """Ask again until it holds, at most 20 s."""

    def wait(holds, seconds=20):
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if found := holds():
                return found
            time.sleep(0.05)
        raise AssertionError("it did not happen in time")

    return wait
