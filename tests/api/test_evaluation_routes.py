"""The bureau orders evaluations over HTTP, watches them, and reads the report."""

import json
import time

import fake_evaluations
import pytest
from fastapi.testclient import TestClient

import api.app as application
from api.schemas.evaluation import ControllerName
from api.settings import Settings
from signals.simulation.run import CONTROLLERS

PATH = "/api/v1/signals/evaluations"
ORDER = {"scenario": "isolated", "controllers": ["fixed", "actuated"], "seeds": [1, 2]}


@pytest.fixture
def serve(quick_settings, city, monkeypatch):
    """An application of its own whose evaluations behave as told."""
    clients = []

    def start(evaluate, settings=quick_settings):
        monkeypatch.setattr(application, "evaluate", evaluate)
        client = TestClient(application.create_app(settings, lambda _: city))
        clients.append(client.__enter__())
        return client

    yield start
    for client in clients:
        client.__exit__(None, None, None)


def test_the_controllers_are_those_of_signals():
    """The API offers what signals can simulate, no more and no less."""
    assert [name.value for name in ControllerName] == list(CONTROLLERS)


def test_scenarios_are_listed(client):
    """Our own scenarios are offered, with a title for people."""
    found = {item["name"]: item for item in client.get("/api/v1/signals/scenarios").json()["scenarios"]}
    assert {"isolated", "corridor", "grid"} <= set(found)
    assert found["corridor"]["title"]


def test_an_order_runs_to_its_report(client, wait_until):
    """202 with a Location; in the end every run is whole and the report is there."""
    reply = client.post(PATH, json=ORDER)
    assert reply.status_code == 202
    location = reply.headers["location"]
    assert location == f"{PATH}/{reply.json()['id']}"
    done = wait_until(lambda: (found := client.get(location).json())["state"] == "done" and found)
    assert [run["fraction"] for run in done["runs"]] == [1.0] * 4
    assert done["runs"][0]["waitingS"] == 12.5
    assert done["result"] == {"scenario": "isolated", "seeds": [1, 2], "controllers": {}}
    assert client.get(PATH).json()["evaluations"][0]["id"] == done["id"]


def test_events_are_streamed_to_the_end(client, wait_until):
    """Server-sent events tell each step and end with the evaluation; a reconnect gets only the rest."""
    location = client.post(PATH, json=ORDER).headers["location"]
    wait_until(lambda: client.get(location).json()["state"] == "done")
    with client.stream("GET", f"{location}/events") as reply:
        assert reply.headers["content-type"].startswith("text/event-stream")
        blocks = [
            dict(line.split(": ", 1) for line in block.splitlines())
            for block in "".join(reply.iter_text()).strip().split("\n\n")
        ]
    assert [block["event"] for block in blocks] == ["state", *["run"] * 8, "state"]
    assert json.loads(blocks[-1]["data"])["state"] == "done"
    rest = client.get(f"{location}/events", headers={"Last-Event-ID": blocks[-2]["id"]}).text
    assert rest.count("event:") == 1


def test_a_failure_is_told(serve, wait_until):
    """What SUMO says is what the bureau reads."""
    client = serve(fake_evaluations.evaluate_badly)
    location = client.post(PATH, json=ORDER).headers["location"]
    failed = wait_until(lambda: (found := client.get(location).json())["state"] == "failed" and found)
    assert "SUMO: no such edge" in failed["error"]


def test_a_killed_process_is_a_failure(serve, wait_until):
    """An evaluation whose process dies without a word does not run for ever."""
    client = serve(fake_evaluations.evaluate_and_die)
    location = client.post(PATH, json=ORDER).headers["location"]
    failed = wait_until(lambda: (found := client.get(location).json())["state"] == "failed" and found)
    assert "did not finish" in failed["error"]


def test_one_runs_and_one_waits(serve, wait_until):
    """A third order is refused with 409 and told when to come back; stopping the server ends what runs."""
    client = serve(fake_evaluations.evaluate_for_long)
    first = client.post(PATH, json=ORDER).headers["location"]
    wait_until(lambda: client.get(first).json()["state"] == "running")
    assert client.post(PATH, json=ORDER).json()["state"] == "queued"
    third = client.post(PATH, json=ORDER)
    assert third.status_code == 409
    assert third.headers["retry-after"]
    assert third.json()["type"].endswith("EvaluationQueueFull")
    start = time.monotonic()
    client.__exit__(None, None, None)
    assert time.monotonic() - start < 8
    client.__exit__ = lambda *_: None


@pytest.mark.parametrize(
    ("change", "status", "named"),
    [
        ({"scenario": "atlantis"}, 404, None),
        ({"scenario": "../../etc/passwd"}, 422, "scenario"),
        ({"scenario": "/srv/evil.sumocfg"}, 422, "scenario"),
        ({"controllers": []}, 422, "controllers"),
        ({"controllers": ["fixed", "magic"]}, 422, "controllers"),
        ({"controllers": ["fixed", "fixed"]}, 422, "controllers"),
        ({"seeds": list(range(11))}, 422, "seeds"),
        ({"seeds": []}, 422, "seeds"),
        ({"seeds": [-1]}, 422, "seeds"),
        ({"seeds": [1, 1]}, 422, "seeds"),
    ],
)
def test_impossible_orders_are_refused(client, change, status, named):
    """Only known scenarios and controllers, one to ten different seeds; never a path."""
    reply = client.post(PATH, json={**ORDER, **change})
    assert reply.status_code == status
    if named:
        assert [error["parameter"] for error in reply.json()["errors"]] == [named]


@pytest.mark.parametrize("path", [f"{PATH}/{'0' * 32}", f"{PATH}/{'0' * 32}/events"])
def test_unknown_evaluations_are_not_found(client, path):
    """An id that was never given is 404, also for its events."""
    assert client.get(path).status_code == 404


def test_without_redis_journeys_go_on(serve):
    """A dead Redis is a clear 503 for evaluations only; journeys and health answer."""
    client = serve(fake_evaluations.evaluate_at_once, Settings(city="testville", redis_url="redis://127.0.0.1:1/0"))
    for reply in (client.post(PATH, json=ORDER), client.get(PATH), client.get(f"{PATH}/{'0' * 32}")):
        assert reply.status_code == 503
        assert reply.headers["retry-after"]
        assert reply.json()["type"].endswith("StoreUnavailable")
        assert "127.0.0.1" not in reply.json()["detail"]
    assert client.get("/api/v1/health").json()["store"] == "unavailable"
    assert (
        client.get(
            "/api/v6/plan", params={"fromPlace": "R10", "toPlace": "C5", "time": "2026-01-07T08:00:00Z"}
        ).status_code
        == 200
    )
