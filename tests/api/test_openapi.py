"""The API's document is what the server does: recorded here, and tried with thousands of generated requests."""

import json
import threading
import time
from pathlib import Path

import fake_evaluations
import hypothesis
import pytest
import schemathesis
import uvicorn
from fake_city import FakeCity
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    negative_data_rejection,
    positive_data_acceptance,
    response_schema_conformance,
    status_code_conformance,
)

import api.app as application

GOLDEN = Path(__file__).parents[1] / "golden" / "openapi.json"
SCHEMA = schemathesis.openapi.from_dict(application.create_app().openapi())
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
    positive_data_acceptance,
    negative_data_rejection,
]
FEW = hypothesis.settings(
    max_examples=40, deadline=None, derandomize=True, suppress_health_check=list(hypothesis.HealthCheck), database=None
)


def test_the_document_is_the_recorded_one():
    """A change of the API is seen in review. To record it: `changtong openapi > tests/golden/openapi.json`."""
    recorded = json.loads(GOLDEN.read_text(encoding="utf-8"))
    assert application.create_app().openapi() == recorded


def test_every_refusal_is_documented_as_a_problem():
    """Each operation says which problem documents it may answer."""
    for path, operations in application.create_app().openapi()["paths"].items():
        for operation in operations.values():
            for status, reply in operation["responses"].items():
                if status >= "400":
                    assert list(reply["content"]) == ["application/problem+json"], (path, status)


@pytest.fixture(scope="module")
def address(quick_settings):
    """A real server whose evaluations take no time, however many are ordered."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(application, "evaluate", fake_evaluations.evaluate_at_once)
        app = application.create_app(quick_settings, lambda _: FakeCity())
        server = uvicorn.Server(uvicorn.Config(app, port=0, log_level="error", access_log=False))
        thread = threading.Thread(target=server.run, daemon=True)
        thread.start()
        while not server.started:
            time.sleep(0.02)
        yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
        server.should_exit = True
        thread.join(timeout=10)


@SCHEMA.parametrize()
@FEW
def test_generated_requests_are_answered_as_documented(case, address):
    """Valid requests are served, invalid ones refused, nothing breaks, and every reply fits the document."""
    case.call_and_validate(base_url=address, checks=CHECKS)
