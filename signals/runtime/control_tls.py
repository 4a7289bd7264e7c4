"""Mutual TLS for the control channel: 1.3 and nothing older, both sides known by a certificate of one private CA.

A person is known by the certificate's one URI (subjectAltName), or, where it has none, by its one common name: ``URI=``
or ``CN=`` and the name, as the configuration writes them. Nothing is resumed: each connection shows its certificate.
"""

from __future__ import annotations

import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from signals.signatures import SignatureError, read_secret

_MOST_NAME = 200


class TlsError(Exception):
    """Certificates or keys that cannot be used; the message names the file and the remedy."""


@dataclass(frozen=True, slots=True)
class TlsFiles:
    """Our certificate and private key, the CA that the other side is known by, and, if there is one, its list of
    certificates that are no longer good; all PEM. Only the key is secret: its owner alone may read it.
    """

    certificate: Path
    key: Path
    ca: Path
    revoked: Path | None = None


def build_server_context(files: TlsFiles) -> ssl.SSLContext:
    """For who listens: a client without a good certificate is not heard.

    Raises:
        TlsError: a file cannot be used.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.verify_mode = ssl.CERT_REQUIRED
    context.num_tickets = 0  # a resumed session would not show its certificate again, which may be revoked by now
    return _load(context, files)


def build_client_context(files: TlsFiles) -> ssl.SSLContext:
    """For who asks: the process is known by its name in a certificate of the same CA.

    Raises:
        TlsError: a file cannot be used.
    """
    return _load(ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT), files)


def find_peer_name(certificate: Mapping[str, Any] | None) -> str | None:
    """Who shows this certificate, as ``ssl`` tells it; None where it has no name or more than one."""
    if not certificate:
        return None
    uris = [f"URI={value}" for kind, value in certificate.get("subjectAltName", ()) if kind == "URI"]
    common = [f"CN={value}" for part in certificate.get("subject", ()) for kind, value in part if kind == "commonName"]
    names = uris or common
    if len(names) != 1 or not names[0].isprintable() or len(names[0]) > _MOST_NAME:
        return None
    return names[0]


def _load(context: ssl.SSLContext, files: TlsFiles) -> ssl.SSLContext:
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    try:
        read_secret(files.key)
    except SignatureError as error:
        raise TlsError(str(error)) from error
    except OSError as error:
        raise TlsError(f"{files.key}: {error.strerror}.") from error
    path = files.certificate
    try:
        context.load_cert_chain(files.certificate, files.key, password=b"")  # without one, OpenSSL would ask a terminal
        path = files.ca
        context.load_verify_locations(files.ca)
        if files.revoked is not None:
            path = files.revoked
            context.load_verify_locations(files.revoked)
            context.verify_flags |= ssl.VERIFY_CRL_CHECK_LEAF
    except ssl.SSLError as error:
        raise TlsError(f"{path}: not a certificate, or not that of the key: {error.reason}.") from None
    except OSError as error:
        raise TlsError(f"{path}: {error.strerror}.") from error
    return context
