"""A Redis client: a server at ``REDIS_URL``, or ``fakeredis`` in this process. The same code path for both."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import fakeredis
from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry

from api.errors import StoreUnavailable

TIMEOUT_S: Final = 1.0  # a hung server must not hang a request


def connect(url: str) -> Redis:
    """A client that answers in ``TIMEOUT_S`` or fails; nothing is sent yet."""
    if not url:
        return fakeredis.FakeRedis(decode_responses=True)  # type: ignore[no-any-return]
    return Redis.from_url(
        url,
        decode_responses=True,
        socket_timeout=TIMEOUT_S,
        socket_connect_timeout=TIMEOUT_S,
        retry=Retry(NoBackoff(), 0),
    )


@contextmanager
def told_plainly() -> Iterator[None]:
    """Turn what redis-py raises into one refusal of ours, without the server's address."""
    try:
        yield
    except (RedisError, OSError) as failure:
        message = "The store (Redis) does not answer; please try again in a moment"
        raise StoreUnavailable(message) from failure
