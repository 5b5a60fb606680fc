"""``/v1/redact`` and ``/v1/detect`` over real HTTP."""

import gzip
import io
from collections.abc import Callable

import httpx
import pydicom
import pytest

from maskray.open import open_instance
from maskray.settings import LimitSettings
from tests.serve.conftest import KEY, Running
from tests.unit.builders import CANARY, random_frames, written
from tests.unit.builders import dataset as made

pytestmark = [pytest.mark.ray, pytest.mark.model, pytest.mark.slow]
Image = Callable[[str], bytes]
DICOM = {"content-type": "application/dicom"}
PNG = {"content-type": "image/png"}


def code(answer: httpx.Response) -> str:
    assert answer.headers["content-type"] == "application/problem+json"
    found: str = answer.json()["code"]
    assert answer.json()["status"] == answer.status_code
    return found


@pytest.mark.parametrize(
    ("name", "media_type", "verdict"),
    [
        ("ct_banner.dicom", "application/dicom", "REDACTED"),
        ("CT_no_extension", "application/dicom", "CLEAN"),
        ("ct_banner.png", "image/png", "REDACTED"),
        ("letter.jpg", "image/jpeg", "REDACTED"),
    ],
)
def test_an_image_comes_back_redacted(
    client: httpx.Client, image: Image, name: str, media_type: str, verdict: str
) -> None:
    data = image(name)
    answer = client.post("/v1/redact", content=data, headers={"content-type": media_type})
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == media_type
    assert answer.headers["maskray-verdict"] == verdict
    source = open_instance(data, LimitSettings())
    back = open_instance(answer.content, LimitSettings())
    changed = back.dataset.PixelData != source.dataset.PixelData
    assert changed is (verdict == "REDACTED")
    if media_type == "application/dicom":
        assert str(back.dataset.PatientName) != str(source.dataset.PatientName)


def test_a_form_and_octets_are_taken_too(client: httpx.Client, image: Image) -> None:
    data = image("ct_banner.png")
    plain = client.post("/v1/redact", content=data, headers=PNG)
    form = client.post("/v1/redact", files={"file": ("a.png", data, "image/png")})
    octets = client.post(
        "/v1/redact", content=data, headers={"content-type": "application/octet-stream"}
    )
    assert plain.content == form.content == octets.content


def test_a_gzipped_image_is_taken(client: httpx.Client, image: Image) -> None:
    data = image("ct_banner.png")
    plain = client.post("/v1/redact", content=data, headers=PNG)
    packed = client.post("/v1/redact", content=gzip.compress(data), headers=PNG)
    assert plain.content == packed.content


@pytest.mark.parametrize(
    "data", [b"not an image", b"\x00" * 132 + b"DICM", b"\x00" * 200], ids=len
)
def test_what_cannot_be_treated_is_a_problem_without_pixels(
    client: httpx.Client, data: bytes
) -> None:
    answer = client.post("/v1/redact", content=data, headers=DICOM)
    assert answer.status_code == 422
    assert code(answer)
    assert answer.json()["verdict"] == "FAILED"


def test_review_releases_nothing(client: httpx.Client, image: Image) -> None:
    answer = client.post(
        "/v1/redact?policy=ask",
        content=image("letter.jpg"),
        headers={"content-type": "image/jpeg"},
    )
    assert answer.status_code == 422
    assert (code(answer), answer.json()["verdict"]) == ("unknown_text", "REVIEW")
    assert len(answer.content) < 500


def test_a_policy_is_chosen_by_name(client: httpx.Client, image: Image) -> None:
    data = image("ct_banner.dicom")
    usual = client.post("/v1/detect", content=data, headers=DICOM).json()
    other = client.post("/v1/detect?policy=keep-dates", content=data, headers=DICOM).json()
    assert {each["category"] for each in usual["findings"]} >= {"name", "date"}
    assert {each["category"] for each in other["findings"]} == {"name"}


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("policy=nobody", "unknown_policy"),
        ("detector=oracle", "unknown_detector"),
        (f"policy={CANARY * 10}", "invalid"),
    ],
)
def test_what_is_not_configured_cannot_be_chosen(
    client: httpx.Client, image: Image, query: str, expected: str
) -> None:
    answer = client.post(f"/v1/redact?{query}", content=image("ct_banner.png"), headers=PNG)
    assert (answer.status_code, code(answer)) == (422, expected)
    assert CANARY not in answer.text


def test_detect_gives_boxes_and_text_to_those_who_may_read_it(
    service: Running, image: Image
) -> None:
    data = image("ct_banner.png")
    full = service.client("all").post("/v1/detect", content=data, headers=PNG).json()
    bare = service.client("detect").post("/v1/detect", content=data, headers=PNG).json()
    assert full["findings"][0]["text"] == "KAUFMAN SCOTT"
    assert [each["text"] for each in bare["findings"]] == [None] * len(full["findings"])
    x0, y0, x1, y1 = bare["findings"][0]["box"]
    assert 0 <= x0 < x1 <= bare["columns"]
    assert 0 <= y0 < y1 <= bare["rows"]
    assert 0.5 < bare["findings"][0]["confidence"] <= 1


# --- limits ---------------------------------------------------------------------------


def test_a_body_beyond_the_limit_is_refused_before_it_is_read(service: Running) -> None:
    answer = service.client().post("/v1/redact", content=bytes(12_000_001), headers=DICOM)
    assert (answer.status_code, code(answer)) == (413, "too_large")


def test_a_body_without_a_length_is_refused_while_it_is_read(service: Running) -> None:
    chunks = (bytes(1_000_000) for _ in range(20))
    try:
        answer = service.client().post("/v1/redact", content=chunks, headers=DICOM)
    except httpx.HTTPError:  # the connection may be closed while we still send
        return
    assert (answer.status_code, code(answer)) == (413, "too_large")


@pytest.mark.parametrize(
    ("frames", "expected"), [((101, 16, 16), "too_large"), ((1, 2001, 2000), "too_large")]
)
def test_too_many_frames_or_pixels_are_refused(
    client: httpx.Client, frames: tuple[int, ...], expected: str
) -> None:
    data = written(made(random_frames(frames, 8)))
    answer = client.post("/v1/redact", content=data, headers=DICOM)
    assert (answer.status_code, code(answer)) == (413, expected)


def test_a_gzip_bomb_is_refused(client: httpx.Client) -> None:
    bomb = gzip.compress(bytes(200_000_000))
    answer = client.post("/v1/redact", content=bomb, headers=DICOM)
    assert (answer.status_code, code(answer)) == (413, "too_large")


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({"content-type": "text/html"}, "unsupported_media_type"),
        ({"content-type": "application/json"}, "unsupported_media_type"),
        ({}, "unsupported_media_type"),
        ({**PNG, "content-encoding": "gzip"}, "unsupported_media_type"),
        ({"content-type": "image/jpeg"}, "media_type_mismatch"),
        (DICOM, "media_type_mismatch"),
    ],
)
def test_wrong_types_are_415(
    client: httpx.Client, image: Image, headers: dict[str, str], expected: str
) -> None:
    answer = client.post("/v1/redact", content=image("ct_banner.png"), headers=headers)
    assert (answer.status_code, code(answer)) == (415, expected)


@pytest.mark.parametrize(
    ("body", "kind", "expected"),
    [
        (b"", "multipart/form-data; boundary=x", "truncated"),
        (
            b'--x\r\ncontent-disposition: form-data; filename="a"\r\n\r\nhalf',
            "",
            "truncated",
        ),
        (b"rubbish", "multipart/form-data; boundary=x", "bad_multipart"),
        (b"--x--\r\n", "multipart/form-data", "bad_multipart"),
        (b"--x--\r\n", f"multipart/form-data; boundary={'x' * 300}", "bad_multipart"),
        (
            b'--x\r\ncontent-disposition: form-data; name="a"\r\n\r\nb\r\n--x--\r\n',
            "",
            "no_file",
        ),
    ],
)
def test_broken_forms_are_400(
    client: httpx.Client, body: bytes, kind: str, expected: str
) -> None:
    kind = kind or "multipart/form-data; boundary=x"
    answer = client.post("/v1/redact", content=body, headers={"content-type": kind})
    assert (answer.status_code, code(answer)) == (400, expected)


# --- who may --------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["/v1/redact", "/v1/detect"])
@pytest.mark.parametrize("header", [None, "Bearer wrong", "Basic bWU6bWU=", "Bearer"])
def test_without_a_token_nothing_is_read(
    service: Running, path: str, header: str | None
) -> None:
    headers = PNG if header is None else {**PNG, "authorization": header}
    answer = service.client(None).post(path, content=b"x" * 1000, headers=headers)
    assert (answer.status_code, code(answer)) == (401, "unauthorized")
    assert answer.headers["www-authenticate"].startswith("Bearer")


def test_a_token_opens_only_what_its_scopes_say(service: Running, image: Image) -> None:
    data = image("ct_banner.png")
    refused = service.client("detect").post("/v1/redact", content=data, headers=PNG)
    assert (refused.status_code, code(refused)) == (403, "forbidden")
    refused = service.client("redact").post("/v1/detect", content=data, headers=PNG)
    assert (refused.status_code, code(refused)) == (403, "forbidden")


# --- what else HTTP sees --------------------------------------------------------------


def test_every_answer_has_the_security_headers(client: httpx.Client) -> None:
    for answer in (
        client.get("/healthz"),
        client.get("/no/such"),
        client.post("/v1/redact"),
    ):
        assert "default-src 'none'" in answer.headers["content-security-policy"]
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["cache-control"] == "no-store"


def test_unknown_addresses_and_methods_are_problems(client: httpx.Client) -> None:
    assert (client.get(f"/{CANARY}").status_code, code(client.get(f"/{CANARY}"))) == (
        404,
        "not_found",
    )
    assert code(client.get("/v1/redact")) == "method_not_allowed"
    assert CANARY not in client.get(f"/{CANARY}").text


def test_health_and_openapi_need_no_token(service: Running) -> None:
    with service.client(None) as anybody:
        assert anybody.get("/healthz").json() == {"status": "ok"}
        assert anybody.get("/readyz").json() == {"status": "ok"}
        described = anybody.get("/openapi.json").json()
    assert {"/v1/redact", "/v1/detect", "/healthz", "/readyz"} <= described["paths"].keys()
    body = described["paths"]["/v1/redact"]["post"]["requestBody"]["content"]
    assert {"application/dicom", "image/png", "multipart/form-data"} <= body.keys()
    assert "ProblemBody" in described["components"]["schemas"]


def test_the_names_are_those_of_the_key(client: httpx.Client, image: Image) -> None:
    from maskray import Key

    data = image("CT_no_extension")
    source = pydicom.dcmread(io.BytesIO(data))
    answer = client.post("/v1/redact", content=data, headers=DICOM)
    back = pydicom.dcmread(io.BytesIO(answer.content))
    assert Key(KEY.encode()).uid(source.SOPInstanceUID) == back.SOPInstanceUID
