"""A Redis server of a test's own."""

import shutil
import socket
import subprocess
import time
from contextlib import contextmanager, suppress

import pytest
from redis import Redis
from redis.exceptions import RedisError


def find_port():
    """A port that is free now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@contextmanager
def serve_redis(folder):
    """The address of a server that keeps nothing, and its process; skips where no such program is installed."""
    binary = shutil.which("redis-server") or shutil.which("valkey-server")
    if not binary:
        pytest.skip("no redis-server or valkey-server on this machine")
    port = find_port()
    command = [binary, "--port", str(port), "--save", "", "--bind", "127.0.0.1", "--dir", str(folder)]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as process:
        url = f"redis://127.0.0.1:{port}/0"
        try:
            for _ in range(100):
                with suppress(RedisError), Redis.from_url(url) as client:
                    client.ping()
                    break
                time.sleep(0.05)
            yield url, process
        finally:
            process.terminate()
