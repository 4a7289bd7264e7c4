"""Ways to listeners: datagrams of JSON lines, and an MQTT broker.

The datagram sink also carries a roadside unit's Immediate Forward text (``j2735.rsu``), which is lines as well. MQTT is
version 3.1.1 through aiomqtt, which connects in a thread of the event loop's pool, since its library blocks there; all
else runs in the loop. A broker that takes the connection and then says nothing is left after ``timeout_s``.
"""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from dataclasses import dataclass, field
from typing import Any

from aiomqtt import Client, MqttError, Will

from signals.runtime.publishing import Outbox

MQTT_PORT, MQTT_TLS_PORT = 1883, 8883
ONLINE, OFFLINE = b"online", b"offline"
KEEPALIVE_MARGIN_S = 1.5  # the library looks once a second
_FAREWELL_S = 1.0


class UdpSink:
    """Sends each payload as one datagram that ends with a line's end; nobody answers, ``errors`` counts what the system
    tells of: nobody listens there, or a payload is too long for a datagram.
    """

    def __init__(self, host: str, port: int) -> None:
        self._address = (host, port)
        self.name = f"udp {host}:{port}"
        self.errors = 0

    async def carry(self, outbox: Outbox) -> None:
        """Send until the socket fails.

        Raises:
            OSError: there is no such address.
        """
        loop = asyncio.get_running_loop()
        transport, listener = await loop.create_datagram_endpoint(lambda: _Listener(self), remote_addr=self._address)
        try:
            while True:
                async with outbox.taking() as publication:
                    line = publication.payload
                    if listener.is_full:
                        self.errors += 1  # the system takes no more; what waits in the transport has no other bound
                    else:
                        transport.sendto(line if line.endswith(b"\n") else line + b"\n")
        finally:
            transport.close()


class _Listener(asyncio.DatagramProtocol):
    """Hears what the system says of a socket that nobody answers."""

    def __init__(self, sink: UdpSink) -> None:
        self._sink, self.is_full = sink, False

    def pause_writing(self) -> None:
        self.is_full = True

    def resume_writing(self) -> None:
        self.is_full = False

    def error_received(self, exc: Exception) -> None:
        del exc
        self._sink.errors += 1


@dataclass(frozen=True, slots=True)
class Broker:
    """Where a broker is and who we are there. ``status_topic``: where it tells, retained, whether we are online; empty:
    nowhere. Without ``tls`` everybody on the way reads and can alter what is told, and reads the password.
    """

    host: str
    port: int = MQTT_PORT
    username: str | None = None
    password: str | None = field(default=None, repr=False)
    tls: ssl.SSLContext | None = None
    client: str | None = None
    status_topic: str = ""


class MqttSink:
    """Publishes with QoS 1: each at least once while the broker lives, in order, one at a time.

    ``keepalive_s`` has to be shorter than ``timeout_s`` by ``KEEPALIVE_MARGIN_S``: only the keep-alive closes the
    socket to a broker that never says that we are connected, and every attempt would leave one behind.
    """

    def __init__(self, broker: Broker, *, qos: int = 1, timeout_s: float = 10.0, keepalive_s: int = 8) -> None:
        if not 1 <= keepalive_s <= timeout_s - KEEPALIVE_MARGIN_S:
            raise ValueError(
                f"a keep-alive of {keepalive_s} s with a time-out of {timeout_s:g} s leaves sockets behind"
            )
        if qos not in (0, 1, 2):
            raise ValueError(f"MQTT has no quality of service {qos}")
        self._broker, self._qos, self._timeout_s, self._keepalive_s = broker, qos, timeout_s, keepalive_s
        self.name = f"mqtt {broker.host}:{broker.port}"

    async def carry(self, outbox: Outbox) -> None:
        """Send until the connection is lost.

        Raises:
            MqttError: the broker refused us, does not answer, or is gone.
        """
        status = self._broker.status_topic
        async with self._make_client() as client:
            lost = asyncio.create_task(_wait_for_loss(client))
            try:
                if status:
                    await client.publish(status, ONLINE, qos=1, retain=True)
                while True:
                    await _first_of(lost, self._send_one(client, outbox))
            finally:
                lost.cancel()
                await asyncio.gather(lost, return_exceptions=True)
                if status:
                    with contextlib.suppress(MqttError):
                        await client.publish(status, OFFLINE, qos=1, retain=True, timeout=_FAREWELL_S)

    async def _send_one(self, client: Client, outbox: Outbox) -> None:
        async with outbox.taking() as publication:
            await client.publish(publication.topic, publication.payload, qos=self._qos, retain=publication.is_retained)

    def _make_client(self) -> Client:
        broker = self._broker
        will = Will(broker.status_topic, OFFLINE, qos=1, retain=True) if broker.status_topic else None
        return Client(
            broker.host,
            broker.port,
            username=broker.username,
            password=broker.password,
            identifier=broker.client,
            tls_context=broker.tls,
            will=will,
            timeout=self._timeout_s,
            keepalive=self._keepalive_s,
            max_queued_incoming_messages=1,  # we subscribe to nothing
        )


async def _wait_for_loss(client: Client) -> None:
    """Ends with ``MqttError`` when the connection does; a message that nobody asked for is nothing."""
    async for _ in client.messages:
        pass


async def _first_of(lost: asyncio.Task[None], sending: Any) -> None:
    """Wait for the sending, unless the connection is lost first; nothing is left running."""
    task = asyncio.ensure_future(sending)
    try:
        await asyncio.wait({lost, task}, return_when=asyncio.FIRST_COMPLETED)
        if task.done():
            task.result()
        else:
            lost.result()
            raise MqttError("the connection has ended")
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
