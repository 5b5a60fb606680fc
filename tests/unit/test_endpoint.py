"""Detector ``openai`` over real HTTP, against a service that misbehaves."""

import json
import sys
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, ClassVar

import pytest

from maskray.endpoint import Endpoint
from maskray.errors import ConfigError, ServiceDownError
from maskray.geometry import Box
from maskray.model import Answer, Model
from maskray.picture import Picture
from maskray.records import Usage
from maskray.settings import Settings

CANARY = "Zzyzxqua"
KEY = "sk-canary-key"
PICTURE = Picture((0,), "full", Box(0, 0, 9, 9), 9, 9, CANARY.encode())


def completion(content: Any, finish: str = "stop", **message: Any) -> dict[str, Any]:
    return {
        "id": "x",
        "object": "chat.completion",
        "created": 1,
        "model": "m",
        "choices": [
            {
                "index": 0,
                "finish_reason": finish,
                "message": {"role": "assistant", "content": content, **message},
            }
        ],
        "usage": {"prompt_tokens": 1500, "completion_tokens": 7, "total_tokens": 1507},
    }


NONE = completion('{"phi": []}')
FOUND = completion(json.dumps({"phi": [{"text": CANARY, "category": "name"}]}))


class Service(BaseHTTPRequestHandler):
    """Does what it is told, one thing for each request; the last one again and again."""

    todo: ClassVar[list[Any]] = []
    asked: ClassVar[list[dict[str, Any]]] = []
    keys: ClassVar[list[str]] = []

    def log_message(self, *_: Any) -> None: ...

    def do_GET(self) -> None:
        self._answer({"object": "list", "data": []})

    def do_POST(self) -> None:
        length = int(self.headers["Content-Length"])
        self.asked.append(json.loads(self.rfile.read(length)))
        self.keys.append(self.headers["Authorization"])
        self._answer(self.todo.pop(0) if len(self.todo) > 1 else self.todo[0])

    def _answer(self, what: Any) -> None:
        if what == "slow":
            time.sleep(1.5)
            what = NONE
        if what == "dropped":
            self.connection.close()
            return
        status, body = what if isinstance(what, tuple) else (200, what)
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data) + 100 * (status == 299)))
        if status == 429:
            self.send_header("retry-after-ms", "5")
        self.end_headers()
        self.wfile.write(data)


@pytest.fixture
def address(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A new service for each test: a slow one still works when its test is over."""
    fresh = type("Fresh", (Service,), {"todo": [NONE], "asked": [], "keys": []})
    monkeypatch.setattr(sys.modules[__name__], "Service", fresh)
    server = ThreadingHTTPServer(("127.0.0.1", 0), fresh)
    server.handle_error = lambda *_: None  # type: ignore[method-assign]
    server.block_on_close = False
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/v1"
    server.shutdown()
    server.server_close()


@pytest.fixture(autouse=True)
def _key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OTHER_KEY", KEY)


def settings(address: str | None, **endpoint: Any) -> Settings:
    place = {"base_url": address, "model": "m", "key_variable": "OTHER_KEY", "retries": 1}
    return Settings.model_validate(
        {
            "detectors": ["openai"],
            "model": {"timeout_s": 0.6, "endpoint": {**place, **endpoint}},
        }
    )


def ask(address: str, *todo: Any, **endpoint: Any) -> Answer:
    if todo:
        Service.todo = list(todo)
    chosen = settings(address, **endpoint)
    return Model("openai", Endpoint(chosen), chosen).answer([PICTURE])


def code(answer: Answer) -> str | None:
    return None if answer.error is None else answer.error.code


# --- well behaved ---------------------------------------------------------------------


def test_what_it_says_is_found_and_its_tokens_counted(address):
    said = ask(address, FOUND)
    assert [each.text.get_secret_value() for each in said.findings] == [CANARY]
    assert said.findings[0].source == "openai"
    assert said.usage == Usage(1, 1500, 7)


def test_the_request_holds_prompt_schema_picture_and_key(
    address,
):
    ask(address)
    (request,) = Service.asked
    assert request["model"] == "m"
    assert request["temperature"] == 0
    assert request["max_completion_tokens"] == 2048
    text, image = request["messages"][1]["content"]
    assert text["type"] == "text"
    assert image["image_url"]["url"].startswith("data:image/png;base64,")
    wanted = request["response_format"]["json_schema"]
    assert wanted["schema"]["properties"]["phi"]["maxItems"] == 64
    assert Service.keys == [f"Bearer {KEY}"]


@pytest.mark.parametrize(
    ("form", "sent"), [("json_object", {"type": "json_object"}), ("none", None)]
)
def test_services_that_know_no_schema_are_not_sent_one(address, form, sent):
    ask(address, reply_format=form)
    assert Service.asked[0].get("response_format") == sent


# --- misbehaving ----------------------------------------------------------------------

MISBEHAVING: dict[str, tuple[list[Any], str, int]] = {
    "slow": (["slow"], "model_timeout", 2),
    "busy": ([(429, {"error": {"message": CANARY}})], "model_unavailable", 2),
    "broken": ([(500, {"error": {"message": CANARY}})], "model_unavailable", 2),
    "gone for a while": ([(503, b"")], "model_unavailable", 2),
    "it drops the line": (["dropped"], "model_unreachable", 2),
    "it cuts the answer off": ([(299, b'{"choices": [')], "model_unreachable", 2),
    "too large for it": ([(400, {"error": {"message": CANARY}})], "request_refused", 1),
    "unknown model": ([(404, {"error": {"message": CANARY}})], "request_refused", 1),
    "wrong key": ([(401, {"error": {"message": CANARY}})], "request_refused", 1),
    "no JSON": ([(200, b"<html>" + CANARY.encode())], "unusable_reply", 2),
    "other JSON": ([{"hello": CANARY}], "unusable_reply", 2),
    "a list": ([[1, 2]], "unusable_reply", 2),
    "no choices": ([{**NONE, "choices": []}], "unusable_reply", 2),
    "null choices": ([{**NONE, "choices": None}], "unusable_reply", 2),
    "no content": ([completion(None)], "empty_reply", 2),
    "empty content": ([completion("")], "empty_reply", 2),
    "cut off": ([completion('{"phi": []}', "length")], "cut_off_reply", 2),
    "filtered": ([completion('{"phi": []}', "content_filter")], "refused_reply", 2),
    "refused": ([completion(None, refusal="I cannot do that.")], "refused_reply", 2),
    "prose": ([completion(f"There is {CANARY}.")], "unusable_reply", 2),
    "another schema": ([completion('{"names": []}')], "unusable_reply", 2),
}


@pytest.mark.parametrize("case", MISBEHAVING)
def test_a_service_that_misbehaves_gives_no_answer(address, case, caplog, capfd):
    todo, expected, requests = MISBEHAVING[case]
    said = ask(address, *todo)
    assert code(said) == expected
    assert said.findings == ()
    assert len(Service.asked) == requests
    shown = (
        repr(said)
        + str(said.error)
        + repr(getattr(said.error, "__cause__", None))
        + caplog.text
    )
    printed = capfd.readouterr()
    shown += printed.out + printed.err
    for secret in (CANARY, KEY, "base64"):
        assert secret not in shown


@pytest.mark.parametrize("first", [(429, {}), (500, {}), (503, {}), "dropped", "slow"])
def test_what_passes_is_tried_again(address, first):
    said = ask(address, first, FOUND)
    assert code(said) is None
    assert len(said.findings) == 1


def test_usage_that_is_not_told_counts_nothing(address):
    said = ask(address, {**FOUND, "usage": None})
    assert said.usage == Usage(1, 0, 0)
    assert code(said) is None


# --- before a run ---------------------------------------------------------------------


def test_a_service_that_answers_passes_the_check(address):
    Endpoint(settings(address)).check()


def test_a_service_that_is_not_there_is_down():
    with pytest.raises(ServiceDownError) as caught:
        Endpoint(settings("http://127.0.0.1:9/v1")).check()
    assert caught.value.__cause__ is None


def test_a_service_without_a_list_of_models_passes(address, monkeypatch):
    monkeypatch.setattr(Service, "do_GET", lambda self: self._answer((404, {})))
    Endpoint(settings(address)).check()


@pytest.mark.parametrize(
    ("status", "kind"), [(401, ConfigError), (403, ConfigError), (502, ServiceDownError)]
)
def test_a_refused_key_or_a_fault_stops_the_run(address, monkeypatch, status, kind):
    monkeypatch.setattr(Service, "do_GET", lambda self: self._answer((status, {})))
    with pytest.raises(kind) as caught:
        Endpoint(settings(address)).check()
    assert KEY not in str(caught.value)


def test_without_an_address_nothing_is_sent_anywhere():
    with pytest.raises(ConfigError):
        Endpoint(settings(None))
