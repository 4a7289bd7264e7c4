"""Evaluations live in Redis: the same claims on the stand-in in memory and on a real server."""

import socket
import threading
import time

import fakeredis
import pytest

from api.errors import EvaluationNotFound, StoreUnavailable
from api.schemas.evaluation import EvaluationOrder, EvaluationState, RunStatus
from api.wiring.connection import connect
from api.wiring.store import SILENT_S, EvaluationStore
from tests.support.redis_server import find_port, serve_redis

ORDER = EvaluationOrder(scenario="corridor", controllers=["fixed", "adaptive"], seeds=[1, 2])


@pytest.fixture(scope="module")
def redis_server(tmp_path_factory):
    """The address of a server of this module's own."""
    with serve_redis(tmp_path_factory.mktemp("redis")) as (url, _):
        yield url


@pytest.fixture(scope="module")
def redis_socket():
    """The address of the stand-in behind a real socket: the network's side of the client without a server's binary."""
    with fakeredis.TcpFakeServer(("127.0.0.1", 0)) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"redis://127.0.0.1:{server.server_address[1]}/0"
        server.shutdown()


@pytest.fixture(params=["memory", "socket", "server"])
def redis(request):
    """A client of an empty Redis, of each kind."""
    client = connect("" if request.param == "memory" else request.getfixturevalue(f"redis_{request.param}"))
    client.flushall()
    yield client
    client.close()


@pytest.fixture
def clock():
    """A clock that a test can turn."""
    now = [1_800_000_000.0]

    def read():
        return now[0]

    read.turn = lambda seconds: now.__setitem__(0, now[0] + seconds)
    return read


@pytest.fixture
def store(redis, clock):
    """A store on that client, by that clock."""
    return EvaluationStore(redis, clock)


def test_an_order_is_kept(store):
    """What was ordered comes back, with every run at its start."""
    found = store.get(store.create(ORDER))
    assert found.order == ORDER
    assert found.state is EvaluationState.QUEUED
    assert [(run.controller, run.seed, run.fraction) for run in found.runs] == [
        ("fixed", 1, 0),
        ("fixed", 2, 0),
        ("adaptive", 1, 0),
        ("adaptive", 2, 0),
    ]


def test_runs_report_their_newest_measures(store):
    """The last word of a run is what one reads."""
    evaluation_id = store.create(ORDER)
    for fraction in (0.2, 0.7):
        store.set_run(evaluation_id, RunStatus(controller="adaptive", seed=2, fraction=fraction, waiting_s=9.5))
    run = store.get(evaluation_id).runs[3]
    assert (run.fraction, run.waiting_s) == (0.7, 9.5)


def test_a_report_is_kept_whole(store):
    """The report comes back as it was given."""
    evaluation_id = store.create(ORDER)
    report = {"controllers": {"fixed": {"waiting_s": {"mean": 3.25, "ci95": [None, None]}}}}
    store.set_state(evaluation_id, EvaluationState.RUNNING)
    store.set_state(evaluation_id, EvaluationState.DONE, result=report)
    found = store.get(evaluation_id)
    assert found.state.is_final
    assert found.result == report
    assert found.finished >= found.started >= found.created


def test_events_come_in_order_and_after_any_point(store):
    """Who comes late gets all events; who was cut off gets the rest."""
    evaluation_id = store.create(ORDER)
    store.set_state(evaluation_id, EvaluationState.RUNNING)
    store.set_run(evaluation_id, RunStatus(controller="fixed", seed=1, fraction=0.5))
    store.set_state(evaluation_id, EvaluationState.FAILED, error="SUMO: no such edge")
    events = store.list_events(evaluation_id, "0")
    assert [event.name for event in events] == ["state", "run", "state"]
    assert store.list_events(evaluation_id, events[1].id) == events[2:]
    assert store.list_events(evaluation_id, events[2].id) == []


def test_the_newest_come_first(store, clock):
    """The list is by age, limited, and without reports."""
    ids = []
    for _ in range(3):
        ids.append(store.create(ORDER))
        clock.turn(1)
    assert [item.id for item in store.list_newest(2)] == [ids[2], ids[1]]


def test_an_unknown_id_is_not_found(store):
    """An id that was never given, or is forgotten, is told so."""
    with pytest.raises(EvaluationNotFound, match="a week"):
        store.get("0" * 32)


def test_a_silent_worker_is_given_up(store, clock):
    """An evaluation whose server stopped does not look as if it ran for ever."""
    evaluation_id = store.create(ORDER)
    store.set_state(evaluation_id, EvaluationState.RUNNING)
    clock.turn(SILENT_S - 1)
    store.beat(evaluation_id)
    clock.turn(SILENT_S - 1)
    assert store.get(evaluation_id).state is EvaluationState.RUNNING
    clock.turn(2)
    found = store.get(evaluation_id)
    assert found.state is EvaluationState.FAILED
    assert "Interrupted" in found.error


def test_a_dead_redis_is_told_in_time():
    """Nobody at the other end: one clear refusal, in less than two seconds."""
    store = EvaluationStore(connect(f"redis://127.0.0.1:{find_port()}/0"))
    start = time.monotonic()
    with pytest.raises(StoreUnavailable, match="Redis"):
        store.create(ORDER)
    assert time.monotonic() - start < 2


def test_a_hung_redis_is_told_in_time():
    """A server that takes the connection and never answers must not hang a request."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        store = EvaluationStore(connect(f"redis://127.0.0.1:{silent.getsockname()[1]}/0"))
        start = time.monotonic()
        with pytest.raises(StoreUnavailable):
            store.list_newest(5)
        assert time.monotonic() - start < 3
