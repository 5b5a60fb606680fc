"""The outermost layer of HTTP: security headers, metrics, and no error that talks.

An exception that reached Ray Serve would be logged with its message, which may quote
what was read; here it becomes a problem and the name of its class.
"""

import logging
import time
import uuid

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from serve_app import metrics
from serve_app.problems import DETAILS, answer

logger = logging.getLogger("ray.serve")

CLOSED_CSP = "default-src 'none'; frame-ancestors 'none'; base-uri 'none'"
PAGE_CSP = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; "
    "require-trusted-types-for 'script'"
)
"""Of the page: own scripts and styles only, nothing inline, no HTML from strings."""
HEADERS = {
    "content-security-policy": CLOSED_CSP,
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
    "cross-origin-resource-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "permissions-policy": "camera=(), microphone=(), geolocation=()",
    "cache-control": "no-store",
}
"""On every answer, unless the route says otherwise."""


class Guard:
    """ASGI middleware; see the module."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Passes a request on."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        start, status = time.perf_counter(), 0
        scope["maskray_request"] = f"urn:uuid:{uuid.uuid4()}"

        async def guarded(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                given = {name for name, _ in message.get("headers", ())}
                message["headers"] = [
                    *message.get("headers", ()),
                    *(
                        (name.encode(), value.encode())
                        for name, value in HEADERS.items()
                        if name.encode() not in given
                    ),
                ]
            await send(message)

        try:
            await self._app(scope, receive, guarded)
        except Exception as error:  # noqa: BLE001 - nothing may reach Serve's log
            logger.error("a request failed: %s", type(error).__name__)
            if status == 0:
                code, title = DETAILS["internal"]
                await answer(code, "internal", title, request=scope["maskray_request"])(
                    scope, receive, guarded
                )
        finally:
            metrics.count_request(_route(scope), status, time.perf_counter() - start)


def _route(scope: Scope) -> str:
    """The route's pattern. A path may hold UIDs, and no metric may."""
    return str(getattr(scope.get("route"), "path", "other"))
