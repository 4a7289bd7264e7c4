"""What a request may weigh at most (OWASP API4:2023), and the headers that every reply carries."""

from __future__ import annotations

from typing import Final

from starlette.datastructures import MutableHeaders
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.errors import RequestTooLarge, refuse

MOST_QUERY_BYTES: Final = 8 * 1024
MOST_BODY_BYTES: Final = 64 * 1024


class SizeLimits:
    """ASGI middleware: refuses long addresses, and bodies by their announced or their real size."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, or refuse it."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request = Request(scope)
        announced = request.headers.get("content-length", "0")
        if len(scope["query_string"]) > MOST_QUERY_BYTES:
            refusal = RequestTooLarge(f"The query is longer than {MOST_QUERY_BYTES} bytes")
        elif announced.isdigit() and int(announced) > MOST_BODY_BYTES:
            refusal = RequestTooLarge(f"The body is larger than {MOST_BODY_BYTES} bytes")
        else:
            await self._app(scope, _counted(receive), send)
            return
        await (await refuse(request, refusal))(scope, receive, send)


def _counted(receive: Receive) -> Receive:
    received = 0

    async def receive_counted() -> Message:
        nonlocal received
        message = await receive()
        received += len(message.get("body", b""))
        if received > MOST_BODY_BYTES:  # a body without Content-Length
            # FastAPI makes 400 of whatever else breaks the reading of a body
            raise HTTPException(413, f"The body is larger than {MOST_BODY_BYTES} bytes")
        return message

    return receive_counted


class GuardHeaders:
    """ASGI middleware: no guessing of types, no address (it holds where people go) told to others."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Add the headers to the reply's start."""

        async def send_guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers.setdefault("X-Content-Type-Options", "nosniff")
                headers.setdefault("Referrer-Policy", "no-referrer")
            await send(message)

        await self._app(scope, receive, send_guarded if scope["type"] == "http" else send)
