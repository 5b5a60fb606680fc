"""What schemathesis cannot make by itself: bodies of STOW-RS (RFC 2387, PS3.18 8.6.1.2)."""

from typing import Any

import schemathesis
from hypothesis import strategies as st

BOUNDARY = b"boundary"
RELATED = "multipart/related"


def body(parts: list[tuple[str, bytes]]) -> bytes:
    """Parts as one body, each with its type."""
    framed = [
        b"--%b\r\nContent-Type: %b\r\n\r\n%b\r\n" % (BOUNDARY, kind.encode(), data)
        for kind, data in parts
    ]
    return b"".join(framed) + b"--%b--\r\n" % BOUNDARY


KINDS = st.sampled_from(["application/dicom", "text/plain", "image/jp2", ""])
DATA = st.binary(max_size=300) | st.binary(max_size=300).map(
    lambda data: bytes(128) + b"DICM" + data
)
BODIES = st.lists(st.tuples(KINDS, DATA), max_size=3).map(body) | st.binary(max_size=200)
schemathesis.openapi.media_type(RELATED, BODIES)


@schemathesis.hook
def before_call(
    context: schemathesis.HookContext,
    case: schemathesis.Case[Any],
    kwargs: dict[str, object],
) -> None:
    """Says how the body is framed: without that, all of them end alike."""
    if case.media_type == RELATED:
        case.headers["Content-Type"] = (
            f'{RELATED}; type="application/dicom"; boundary={BOUNDARY.decode()}'
        )
