"""Who may do what: bearer tokens with scopes, hashed in the configuration."""

import hashlib
import hmac
import ipaddress
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from fastapi import Request

from serve_app.config import Scope, Token
from serve_app.problems import Problem


@dataclass(frozen=True, slots=True)
class Caller:
    """Whoever sent a request."""

    name: str
    scopes: frozenset[Scope]

    def require(self, scope: Scope) -> None:
        """Lets callers with that scope pass.

        Raises:
            Problem: ``forbidden``.
        """
        if scope not in self.scopes:
            raise Problem("forbidden")


LOCAL = Caller("local", frozenset(Scope))
"""Without tokens: somebody at this machine."""


def new_token(name: str, scopes: Sequence[Scope]) -> tuple[str, Token]:
    """A random token, and what the configuration keeps of it."""
    secret = f"mr_{secrets.token_urlsafe(32)}"
    return secret, Token(name=name, sha256=_hash(secret), scopes=frozenset(scopes))


def authenticate(
    request: Request, tokens: Sequence[Token], *, insecure_loopback: bool
) -> Caller:
    """The caller of a request.

    Raises:
        Problem: ``unauthorized``, or ``foreign_origin`` if another site's page sent it.
    """
    kind, _, secret = request.headers.get("authorization", "").partition(" ")
    if kind.lower() == "bearer" and secret:
        found = _caller(secret.strip(), tokens)
        if found is not None:
            return found
        raise Problem("unauthorized")
    if insecure_loopback and _is_local(request):
        return LOCAL
    raise Problem("unauthorized")


def _caller(secret: str, tokens: Sequence[Token]) -> Caller | None:
    """All tokens are compared, in constant time each: time tells nothing."""
    mine, found = _hash(secret), None
    for token in tokens:
        if hmac.compare_digest(mine, token.sha256):
            found = Caller(token.name, token.scopes)
    return found


def _hash(secret: str) -> str:
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()


def _is_local(request: Request) -> bool:
    """Whether it comes from this machine, and from no other site's page.

    A browser on this machine sends what any page asks it to: to an address that a
    name was bent to (Host), or across sites (Origin).
    """
    client = request.client.host if request.client else ""
    host = urlsplit(f"//{request.headers.get('host', '')}").hostname or ""
    if not (is_loopback(client) and is_loopback(host)):
        return False
    origin = request.headers.get("origin")
    site = request.headers.get("sec-fetch-site", "same-origin")
    same = origin is None or urlsplit(origin).netloc == request.headers.get("host")
    if not same or site not in ("same-origin", "none"):
        raise Problem("foreign_origin")
    return True


def is_loopback(host: str) -> bool:
    """Whether an address or name can only mean this machine."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
