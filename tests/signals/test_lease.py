"""One commander: at most one holds the lease, tokens only rise, and a stale one does not pass, whatever dies."""

import subprocess
import sys
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from redis import Redis

from signals.runtime.lease import LEASE_S, MARGIN_S, Fence, FileLease, LeaseError, StaleTokenError
from signals.runtime.redis_lease import RedisLease
from tests.support.redis_server import serve_redis

SHORT_S = 0.6 + MARGIN_S


def wait_until_older_than_a_lease(client):
    """Before that, a Redis without memory gives none."""
    while client.info("server")["uptime_in_seconds"] < LEASE_S:
        time.sleep(0.1)


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    """A Redis server that has run for longer than a lease, and its process to kill."""
    with serve_redis(tmp_path_factory.mktemp("redis")) as served:
        with Redis.from_url(served[0], socket_timeout=1.0) as client:
            wait_until_older_than_a_lease(client)
        yield served


@pytest.fixture
def redis(server):
    """An empty one."""
    with Redis.from_url(server[0], socket_timeout=1.0) as client:
        client.flushall()
        yield client


def test_a_lease_in_redis_has_one_holder(redis):
    """The second waits until the first lets go, and gets a higher token; each intersection has its own."""
    first, second, other = RedisLease(redis, "a"), RedisLease(redis, "a"), RedisLease(redis, "b")
    token = first.acquire(0.0)
    assert second.acquire(0.0) is None
    assert other.acquire(0.0)
    assert first.renew(1.0)
    assert second.acquire(1.0) is None
    first.release()
    assert not first.is_held(1.0)
    assert second.acquire(1.0) > token
    assert not first.renew(1.0)
    assert second.is_held(1.0)


def test_a_holder_stops_before_the_lease_ends(redis):
    """Counted from when it began to ask, less a margin; a lease that has ended is not renewed."""
    lease = RedisLease(redis, "a")
    lease.acquire(100.0)
    assert lease.is_held(100.0 + LEASE_S - MARGIN_S - 0.01)
    assert not lease.is_held(100.0 + LEASE_S - MARGIN_S)
    assert not lease.renew(100.0 + LEASE_S)
    assert redis.pttl("changtong:lease:a") <= LEASE_S * 1000


def test_who_stops_renewing_is_succeeded(redis):
    """After the time to live another gets it, with a higher token; the first one's commands do not pass the fence."""
    first, second = RedisLease(redis, "a", SHORT_S), RedisLease(redis, "a", SHORT_S)
    token = first.acquire(0.0)
    time.sleep(SHORT_S + 0.1)
    assert second.acquire(10.0) > token
    assert not first.renew(0.1)


def test_a_redis_that_forgot_gives_no_token_twice(redis, tmp_path):
    """Its memory lost while somebody holds the lease: the next token is another, the first holder renews no more, and
    only the higher of the two commands from then on.
    """
    first, second, fence = RedisLease(redis, "a"), RedisLease(redis, "a"), Fence(tmp_path / "fence")
    early = first.acquire(0.0, fence.highest)
    redis.flushall()
    time.sleep(0.01)
    late = second.acquire(0.0, fence.highest)
    assert late > early
    assert not first.renew(1.0)
    first.release()
    assert second.renew(1.0)
    fence.admit(early)
    fence.admit(late)
    with pytest.raises(StaleTokenError):
        fence.admit(early)
    assert RedisLease(redis, "b").acquire(0.0, 2**52) == 2**52 + 1


def test_without_redis_the_lease_runs_out(tmp_path):
    """No answer renews nothing and raises nothing: the holder stops in its own time, and nobody gets the lease."""
    with serve_redis(tmp_path) as (url, process), Redis.from_url(url, socket_timeout=0.5) as client:
        lease = RedisLease(client, "a")
        assert lease.acquire(0.0) is None, "it may have lost its memory, and somebody may hold a lease"
        wait_until_older_than_a_lease(client)
        assert lease.acquire(0.0)
        process.kill()
        process.wait()
        assert lease.renew(1.0)
        assert not lease.renew(LEASE_S)
        assert RedisLease(client, "a").acquire(LEASE_S) is None
        lease.release()


HOLDER = """
import sys, time
from pathlib import Path
from signals.runtime.lease import FileLease
lease = FileLease(Path(sys.argv[1]))
print(lease.acquire(0.0), flush=True)
time.sleep(60)
"""


def test_a_lease_in_a_file_goes_with_its_process(tmp_path):
    """Two in one machine: one holds; when its process is killed the other does, with a higher token."""
    path = tmp_path / "cabinet.lease"
    with subprocess.Popen([sys.executable, "-c", HOLDER, str(path)], stdout=subprocess.PIPE, text=True) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == "1\n"
        lease = FileLease(path)
        assert lease.acquire(0.0) is None
        assert not lease.is_held(0.0)
        other.kill()
        other.wait()
    assert lease.acquire(0.0, at_least=5) == 6
    assert lease.renew(1e9)
    with pytest.raises(LeaseError, match="holds the lease already"):
        lease.acquire(0.0)
    path.unlink()
    assert not lease.is_held(0.0)
    lease.release()


@settings(deadline=None, max_examples=50)
@given(tokens=st.lists(st.integers(1, 20), max_size=12))
def test_a_fence_lets_only_rising_tokens_pass(tokens, tmp_path_factory):
    """Equal or higher, also in another process later."""
    path = tmp_path_factory.mktemp("fence") / "fence"
    highest = 0
    for token in tokens:
        fence = Fence(path)
        assert fence.highest == highest
        with pytest.raises(LeaseError, match="another process stands before"):
            Fence(path)
        if token < highest:
            with pytest.raises(StaleTokenError, match=f"token {token} is stale: token {highest}"):
                fence.admit(token)
        else:
            fence.admit(token)
            highest = token
        fence.close()


def test_a_file_that_is_no_token_stops_everything(tmp_path):
    """Rather no commander than two: whoever finds it says what to do."""
    path = tmp_path / "fence"
    path.write_text("seven")
    with pytest.raises(
        LeaseError, match="'seven' is no token; stop every process that commands this cabinet, then remove it"
    ):
        Fence(path)
    with pytest.raises(LeaseError, match="is no token"):
        FileLease(path).acquire(0.0)
