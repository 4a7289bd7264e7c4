"""A Unix socket for the user of this process alone: mode 0600, and whoever calls is asked of the kernel."""

from __future__ import annotations

import os
import socket
import stat
import struct
from contextlib import suppress
from pathlib import Path

_BACKLOG = 16
_MODE = 0o600
_UCRED = struct.Struct("3i")  # pid, uid, gid: unix(7), SO_PEERCRED


class LocalSocketError(Exception):
    """The socket cannot be made; the message names the path and the remedy."""


def bind_local(path: Path) -> socket.socket:
    """A socket that listens at ``path``; one that a killed process left there is replaced.

    Raises:
        LocalSocketError: something else is there, another process listens, or nobody can be kept out.
    """
    if not remove_stale(path):
        raise LocalSocketError(f"{path}: another process listens there, or it is no socket; name another place")
    listening = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        before = os.umask(0o777 & ~_MODE)  # between bind and chmod others could come in
        try:
            listening.bind(str(path))
        finally:
            os.umask(before)
        listening.listen(_BACKLOG)
        mode = stat.S_IMODE(path.lstat().st_mode)
    except OSError as error:
        listening.close()
        raise LocalSocketError(f"{path}: {error.strerror or error}") from error
    if mode != _MODE:
        listening.close()
        raise LocalSocketError(f"{path}: its mode is {mode:03o}, not 600; put it on another file system")
    return listening


def remove_stale(path: Path) -> bool:
    """Take away a socket at which nobody listens; whether nothing is there now."""
    try:
        if not stat.S_ISSOCK(path.lstat().st_mode):
            return False
    except OSError:
        return True
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        probe.settimeout(1.0)
        try:
            probe.connect(str(path))
        except ConnectionRefusedError:
            with suppress(OSError):
                path.unlink()
            return True
        except OSError:
            return False
    return False


def find_local_name(peer: socket.socket) -> str | None:
    """The user at the other end, if it is ours or root; the socket's mode says the same, and this is the second lock.

    Raises:
        OSError: it has gone.
    """
    _, uid, _ = _UCRED.unpack(peer.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _UCRED.size))
    return f"uid {uid}" if uid in (0, os.geteuid()) else None
