"""An MQTT broker of a test's own."""

import os
import shutil
import socket
import subprocess
import time
from contextlib import contextmanager, suppress

import pytest

SYSTEM_FOLDERS = "/usr/sbin:/usr/local/sbin"


def find_broker():
    """Where mosquitto is; skips where it is not installed."""
    binary = shutil.which("mosquitto", path=f"{os.environ.get('PATH', '')}:{SYSTEM_FOLDERS}")
    return binary or pytest.skip("no mosquitto on this machine")


@contextmanager
def serve_mqtt(folder, port):
    """Mosquitto on a port of loopback until the end of the block; keeps nothing, and lets anybody in."""
    config = folder / "mosquitto.conf"
    config.write_text(f"listener {port} 127.0.0.1\nallow_anonymous true\npersistence false\nlog_dest none\n")
    with subprocess.Popen([find_broker(), "-c", str(config)], stderr=subprocess.DEVNULL) as process:
        try:
            for _ in range(200):
                with suppress(OSError), socket.create_connection(("127.0.0.1", port), 1.0):
                    break
                time.sleep(0.05)
            yield process
        finally:
            process.terminate()
