"""Every refusal is a problem document (RFC 9457)."""

import pytest
from fastapi.testclient import TestClient

from api.app import create_app
from api.errors import STATUS, StoreUnavailable, find_status
from mobility.model import InvalidCoordinate, PlannerError
from mobility.service import PlaceNotFound


def assert_is_problem(reply, status):
    """The reply is a problem document of that status; its body."""
    assert reply.status_code == status
    assert reply.headers["content-type"] == "application/problem+json"
    body = reply.json()
    assert {"type", "title", "status", "detail", "instance", "error"} <= set(body)
    assert body["status"] == status
    assert body["detail"]
    return body


def test_unknown_paths_are_problems(client):
    """A path that is not served says where to look."""
    assert "/openapi.json" in assert_is_problem(client.get("/api/v9/plan"), 404)["detail"]


def test_wrong_methods_are_problems(client):
    """405 names the method and keeps the Allow header."""
    reply = client.delete("/api/v6/plan")
    assert "DELETE" in assert_is_problem(reply, 405)["detail"]
    assert reply.headers["allow"] == "GET"


def test_a_problem_does_not_repeat_where_people_go(plan):
    """`instance` is the path without the query."""
    assert plan(toPlace="Atlantis").json()["instance"] == "/api/v6/plan"


def test_the_code_is_the_class(plan):
    """The last part of `type` is the exception's name."""
    assert plan(toPlace="Atlantis").json()["type"].endswith(":PlaceNotFound")


def test_malformed_json_is_a_problem(client):
    """A body that is no JSON is refused, not broken."""
    reply = client.post("/api/v1/signals/evaluations", content=b"{", headers={"Content-Type": "application/json"})
    assert_is_problem(reply, 422)


def test_a_body_that_is_no_text_is_a_problem(client):
    """Bytes that are no UTF-8 are refused, not broken."""
    reply = client.post(
        "/api/v1/signals/evaluations", content=b"\xff\xfe{", headers={"Content-Type": "application/json"}
    )
    assert_is_problem(reply, 400)


@pytest.mark.parametrize("send", [{"content": b"x" * 70_000}, {"content": (b"x" * 10_000 for _ in range(8))}])
def test_large_bodies_are_refused(client, send):
    """Announced or not, a body beyond 64 KiB is refused."""
    assert_is_problem(client.post("/api/v1/signals/evaluations", **send), 413)


def test_long_queries_are_refused(client):
    """A query beyond 8 KiB is refused before it is read."""
    assert_is_problem(client.get("/api/v1/geocode?text=" + "x" * 9000), 413)


def test_what_breaks_is_told_without_its_inside(client, city, monkeypatch, caplog):
    """An unforeseen failure is a problem document without trace or text of the exception."""
    monkeypatch.setattr(city, "plan", None)
    reply = client.get("/api/v6/plan", params={"fromPlace": "R10", "toPlace": "C5"})
    body = assert_is_problem(reply, 500)
    assert "NoneType" not in reply.text
    assert body["type"].endswith(":InternalError")
    assert "TypeError" in caplog.text


def test_the_nearest_class_decides():
    """A subclass without a row of its own has the status of its parent."""

    class Odd(PlaceNotFound):
        pass

    assert find_status(Odd("x")) == 404
    assert find_status(InvalidCoordinate("x")) == 422
    assert find_status(PlannerError("x")) == 422
    assert find_status(KeyError("x")) is None
    assert STATUS[StoreUnavailable] == 503


def test_nothing_is_opened_before_the_lifespan(quick_settings):
    """Making the application costs nothing: the city is opened when it starts."""
    opened = []
    app = create_app(quick_settings, opened.append)
    assert opened == []
    assert TestClient(app).app is app
