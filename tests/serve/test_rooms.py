"""The rooms of the service by themselves: no Ray, no models."""

import asyncio
import threading
import time
from collections.abc import AsyncIterator
from typing import Any

import pytest
from fastapi import Request

from maskray.errors import DetectionError
from serve_app import media, metrics
from serve_app.admission import Admission
from serve_app.auth import Caller, authenticate, is_loopback, new_token
from serve_app.bodies import read_body, read_parts
from serve_app.config import Archive, HttpLimits, Pool, Scope
from serve_app.guard import CLOSED_CSP, Guard
from serve_app.problems import DETAILS, Problem, answer
from serve_app.shelf import Shelf
from serve_app.timer import Timer


@pytest.fixture(autouse=True)
def uncounted(monkeypatch: pytest.MonkeyPatch) -> None:
    """Serve's metrics need a replica around them."""
    for name in ("count_shed", "show_load", "count_request"):
        monkeypatch.setattr(metrics, name, lambda *_: None)


def request(
    body: bytes = b"", client: str = "127.0.0.1", /, step: int = 7, **headers: Any
) -> Request:
    sent = [(k.replace("_", "-").encode(), v.encode()) for k, v in headers.items()]
    chunks = [body[at : at + step] for at in range(0, len(body), step)] or [b""]

    async def receive() -> dict[str, object]:
        chunk = chunks.pop(0)
        return {"type": "http.request", "body": chunk, "more_body": bool(chunks)}

    scope = {"type": "http", "headers": sent, "client": (client, 1), "method": "POST"}
    return Request(scope, receive)


# --- admission ------------------------------------------------------------------------


def test_requests_beyond_the_limit_are_told_to_come_again() -> None:
    async def run() -> None:
        admission = Admission(HttpLimits(max_in_flight=1, retry_after_s=9))
        async with admission.instance(waits=False):
            with pytest.raises(Problem) as refused:
                async with admission.instance(waits=False):
                    pass
            assert refused.value.status == 503
            assert refused.value.headers["Retry-After"] == "9"
            with pytest.raises(Problem), admission.body(None):
                pass
        async with admission.instance(waits=False):
            pass

    asyncio.run(run())


def test_files_of_a_request_wait_for_their_turn() -> None:
    async def run() -> list[int]:
        admission = Admission(HttpLimits(max_in_flight=2))
        now, most = 0, []

        async def one() -> None:
            nonlocal now
            async with admission.instance(waits=True):
                now += 1
                most.append(now)
                await asyncio.sleep(0.001)
                now -= 1

        await asyncio.gather(*(one() for _ in range(20)))
        return most

    counts = asyncio.run(run())
    assert len(counts) == 20
    assert max(counts) == 2


def test_a_waiting_file_that_is_given_up_takes_no_place() -> None:
    async def run() -> None:
        admission = Admission(HttpLimits(max_in_flight=1))
        async with admission.instance(waits=False):
            waiting = asyncio.create_task(_hold(admission))
            await asyncio.sleep(0)
            waiting.cancel()
            await asyncio.gather(waiting, return_exceptions=True)
        async with asyncio.timeout(1), admission.instance(waits=True):
            pass

    asyncio.run(run())


async def _hold(admission: Admission) -> None:
    async with admission.instance(waits=True):
        await asyncio.sleep(9)


def test_bytes_are_bounded_by_a_third_of_the_object_store() -> None:
    async def run() -> None:
        admission = Admission(HttpLimits(), store_bytes=300)
        with admission.body(60) as held:
            with pytest.raises(Problem), admission.body(41):
                pass
            held.upto(100)
            with pytest.raises(Problem):
                held.upto(101)
        with admission.body(100):
            pass

    asyncio.run(run())


# --- timer ----------------------------------------------------------------------------


def test_work_past_its_deadline_stops_at_the_next_stage() -> None:
    timer = Timer(0.01)
    with timer.stage("open"):
        time.sleep(0.02)
    with pytest.raises(DetectionError) as late, timer.stage("render"):
        pass
    assert (late.value.code, late.value.stage) == ("deadline", "render")


def _work(timer: Timer) -> None:
    for _ in range(1000):
        time.sleep(0.001)
        with timer.stage("read"):
            pass


def test_work_that_nobody_waits_for_stops_too() -> None:
    timer = Timer(9.0)
    threading.Thread(target=timer.cancel).start()
    with pytest.raises(DetectionError, match="nobody"):
        _work(timer)


def test_frames_are_told_in_order() -> None:
    seen: list[int] = []
    timer = Timer(9.0, seen.append)
    for stage in ("open", "keyframes", "read", "keyframes", "keyframes"):
        with timer.stage(stage):
            pass
    assert seen == [0, 1, 2]


# --- shelf ----------------------------------------------------------------------------


def test_a_shelf_is_bounded_and_forgets() -> None:
    now = [0.0]
    shelf = Shelf(100, 10.0, lambda: now[0])
    first = shelf.put("a", 60, "x")
    assert first is not None
    assert shelf.put("a", 41, "y") is None
    assert shelf.get("a", first) == "x"
    assert shelf.get("b", first) is None
    assert shelf.take("b", first) is None
    assert shelf.replace("a", first, 20, "z")
    assert (shelf.size, shelf.of("a")) == (20, {first: "z"})
    now[0] = 10.0
    assert shelf.get("a", first) is None
    assert shelf.size == 0


# --- who ------------------------------------------------------------------------------


def test_a_token_is_known_by_its_hash() -> None:
    secret, token = new_token("pacs", [Scope.STOW])
    _, other = new_token("x", [Scope.REVIEW])
    sent = request(authorization=f"Bearer {secret}")
    found = authenticate(sent, [other, token], insecure_loopback=False)
    assert found == Caller("pacs", frozenset([Scope.STOW]))
    with pytest.raises(Problem) as refused:
        found.require(Scope.REVIEW)
    assert refused.value.status == 403
    with pytest.raises(Problem) as refused:
        authenticate(sent, [other], insecure_loopback=True)
    assert refused.value.status == 401, "a wrong token is no missing token"


@pytest.mark.parametrize(
    ("client", "headers", "status"),
    [
        ("127.0.0.1", {"host": "127.0.0.1:8000"}, None),
        ("::1", {"host": "[::1]:8000"}, None),
        ("127.0.0.1", {"host": "localhost:8000"}, None),
        ("127.0.0.1", {"host": "localhost:1", "origin": "http://localhost:1"}, None),
        ("192.168.1.9", {"host": "127.0.0.1:8000"}, 401),
        ("127.0.0.1", {"host": "bent.example"}, 401),
        ("127.0.0.1", {"host": "127.0.0.1.bent.example"}, 401),
        ("127.0.0.1", {}, 401),
        ("127.0.0.1", {"host": "localhost:1", "origin": "http://localhost:2"}, 403),
        ("127.0.0.1", {"host": "localhost:1", "origin": "null"}, 403),
        ("127.0.0.1", {"host": "localhost:1", "sec_fetch_site": "cross-site"}, 403),
    ],
)
def test_only_this_machine_needs_no_token(
    client: str, headers: dict[str, Any], status: int | None
) -> None:
    sent = request(b"", client, **headers)
    if status is None:
        assert authenticate(sent, [], insecure_loopback=True).scopes == frozenset(Scope)
    else:
        with pytest.raises(Problem) as refused:
            authenticate(sent, [], insecure_loopback=True)
        assert refused.value.status == status
    with pytest.raises(Problem):
        authenticate(sent, [], insecure_loopback=False)


def test_loopback_is_what_can_only_be_this_machine() -> None:
    assert is_loopback("127.8.9.1")
    assert not is_loopback("0.0.0.0")
    assert not is_loopback("localhost.example")


# --- bodies ---------------------------------------------------------------------------


@pytest.mark.parametrize("step", [1, 3, 10_000])
def test_parts_are_read_whole_however_they_arrive(step: int) -> None:
    payload = b"\r\n--b\r\nno boundary: b--\r\n--"
    body = (
        b"--bb\r\nContent-Type: application/dicom\r\nX-Y: a: b\r\n\r\n"
        + payload
        + b'\r\n--bb\r\ncontent-disposition: form-data; name="n"; filename="f"\r\n\r\n'
        + b"\r\n--bb--\r\n"
    )

    async def run() -> list[tuple[str, bytes, bool]]:
        limits = HttpLimits()
        with Admission(limits).body(None) as held:
            parts = await read_parts(request(body, step=step), "bb", held, limits)
        return [(each.media_type, bytes(each.data), each.is_file) for each in parts]

    assert asyncio.run(run()) == [
        ("application/dicom", payload, False),
        ("application/octet-stream", b"", True),
    ]


def test_a_body_that_does_not_come_is_not_waited_for() -> None:
    async def never() -> dict[str, object]:
        await asyncio.sleep(9)
        return {}

    async def run() -> None:
        limits = HttpLimits(deadline_s=0.01)
        slow = Request({"type": "http", "headers": [], "method": "POST"}, never)
        with Admission(limits).body(10) as held:
            await read_body(slow, held, limits)

    with pytest.raises(Problem) as refused:
        asyncio.run(run())
    assert refused.value.status == 408


@pytest.mark.parametrize(
    ("accept", "taken"),
    [
        ("*/*", True),
        ("application/dicom+json", True),
        ("application/*;q=0.1, text/html", True),
        ("text/html", False),
        ("application/dicom+json;q=0", False),
        ("application/dicom+xml", False),
    ],
)
def test_accept_is_understood(accept: str, taken: bool) -> None:
    assert media.accepts(request(accept=accept), media.DICOM_JSON) is taken


# --- the outermost layer --------------------------------------------------------------


def test_an_error_becomes_a_problem_that_says_nothing() -> None:
    sent: list[dict[str, object]] = []

    async def broken(*_: object) -> None:
        raise RuntimeError("PatientName is Phoebe")

    async def send(message: dict[str, object]) -> None:
        sent.append(message)

    guarded = Guard(broken)
    asyncio.run(guarded({"type": "http"}, _nothing, send))  # type: ignore[arg-type]
    start, body = sent
    headers = dict(start["headers"])  # type: ignore[call-overload]
    assert start["status"] == 500
    assert headers[b"content-security-policy"] == CLOSED_CSP.encode()
    assert b"Phoebe" not in body["body"]  # type: ignore[operator]


async def _nothing() -> AsyncIterator[None]:
    raise AssertionError


def test_every_code_has_an_http_status() -> None:
    for code, (status, words) in DETAILS.items():
        assert 400 <= status < 600
        made = answer(status, code, words)
        assert made.media_type == "application/problem+json"


# --- the configuration ----------------------------------------------------------------


def test_settings_that_contradict_are_refused() -> None:
    with pytest.raises(ValueError, match="exclude"):
        Archive(folder="a", upstream="http://x")
    with pytest.raises(ValueError, match="below"):
        Pool(min_replicas=2, max_replicas=1)
    with pytest.raises(ValueError, match="upstream"):
        Archive(upstream="ftp://x")
