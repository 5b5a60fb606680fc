"""What routes ask for: the service behind a request, and who sent it."""

from typing import Annotated

from fastapi import Depends, Request
from fastapi.security import HTTPBearer

from serve_app.auth import Caller, authenticate
from serve_app.service import Service

_BEARER = HTTPBearer(
    auto_error=False, description="A token whose scopes allow what is asked."
)


def service(request: Request) -> Service:
    """The service behind a request."""
    found: Service = request.app.state.service
    return found


def caller(request: Request, _: Annotated[object, Depends(_BEARER)]) -> Caller:
    """Whoever sent a request.

    Raises:
        Problem: ``unauthorized``.
    """
    args = service(request).args
    return authenticate(request, args.tokens, insecure_loopback=args.insecure_loopback)


TheService = Annotated[Service, Depends(service)]
TheCaller = Annotated[Caller, Depends(caller)]
