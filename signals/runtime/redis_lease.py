"""A lease in Redis: whichever machine has it may command the cabinet, until it stops renewing.

Two keys an intersection: who holds it, with a time to live, and the last token given, without one. Both are changed
by scripts, each of which Redis runs whole. A token is above the last, above what the fence has seen, and above Redis'
clock in milliseconds, so that a server that lost its memory gives none a second time; one that has begun without memory
gives no lease before every lease that it may have given has ended; and a holder is known by a
random name, so that it cannot renew what another has got since.
"""

from __future__ import annotations

import secrets

from redis import Redis, RedisError

from signals.runtime.lease import LEASE_S, MARGIN_S

PATIENCE_S = 1.0  # well below the life of a lease
_ACQUIRE = """
if redis.call('EXISTS', KEYS[1]) == 1 then return 0 end
if redis.call('EXISTS', KEYS[2]) == 0 then
  local up = string.match(redis.call('INFO', 'server'), 'uptime_in_seconds:(%d+)')
  if tonumber(up) * 1000 < tonumber(ARGV[2]) then return 0 end
end
local last = tonumber(redis.call('GET', KEYS[2]) or '0')
local clock = redis.call('TIME')
local now = tonumber(clock[1]) * 1000 + math.floor(tonumber(clock[2]) / 1000)
local token = math.max(last, tonumber(ARGV[1]), now) + 1
redis.call('SET', KEYS[2], string.format('%.0f', token))
redis.call('SET', KEYS[1], ARGV[3], 'PX', ARGV[2])
return token
"""
_RENEW = """
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
return redis.call('PEXPIRE', KEYS[1], ARGV[2])
"""
_RELEASE = """
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
return redis.call('DEL', KEYS[1])
"""


def open_redis_lease(url: str, intersection: str) -> RedisLease:
    """A lease in the Redis at a URL, which is not asked for anything yet.

    Raises:
        ValueError: no URL of a Redis.
    """
    return RedisLease(Redis.from_url(url, socket_timeout=PATIENCE_S, socket_connect_timeout=PATIENCE_S), intersection)


class RedisLease:
    """Implements ``Lease``. A Redis that does not answer renews nothing: the lease is then lost in its own time."""

    def __init__(self, redis: Redis, intersection: str, lease_s: float = LEASE_S) -> None:
        self._redis, self._lease_s = redis, lease_s
        self._keys = [f"changtong:lease:{intersection}", f"changtong:token:{intersection}"]
        self._holder, self._until_s = secrets.token_hex(16), float("-inf")

    def acquire(self, now_s: float, at_least: int = 0) -> int | None:
        """A token, or None while somebody holds the lease or Redis does not answer."""
        self._holder, self._until_s = secrets.token_hex(16), float("-inf")
        token = self._run(_ACQUIRE, str(at_least), self._lease_ms, self._holder)
        if not token:
            return None
        self._until_s = now_s + self._lease_s - MARGIN_S
        return token

    def renew(self, now_s: float) -> bool:
        """Hold it on; a lease that has ended is not renewed, though nobody else has it: its token may be stale. True
        says that it was held at ``now_s``, long ago where Redis was slow: ask ``is_held`` before each command.
        """
        if not self.is_held(now_s):
            return False
        answer = self._run(_RENEW, self._holder, self._lease_ms)
        if answer is not None:  # without an answer it is held as long as it was
            self._until_s = now_s + self._lease_s - MARGIN_S if answer else float("-inf")
        return self.is_held(now_s)

    def is_held(self, now_s: float) -> bool:
        """From the second in which it was asked for, and not quite to its end."""
        return now_s < self._until_s

    def release(self) -> None:
        """Let somebody else have it at once; without an answer it ends by itself."""
        if self._until_s > float("-inf"):
            self._run(_RELEASE, self._holder)
        self._until_s = float("-inf")

    @property
    def _lease_ms(self) -> str:
        return str(round(self._lease_s * 1000.0))

    def _run(self, script: str, *arguments: str) -> int | None:
        try:
            return int(self._redis.eval(script, len(self._keys), *self._keys, *arguments))
        except RedisError:
            return None
