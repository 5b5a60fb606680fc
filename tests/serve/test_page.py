"""The page in a real browser: Debian's Chromium, driven by Playwright."""

import io
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import PIL.Image
import PIL.ImageDraw
import PIL.ImageFont
import pytest
from playwright.sync_api import ConsoleMessage, FilePayload, Page, expect, sync_playwright

from maskray.open import open_instance
from maskray.pixels import decode
from maskray.settings import LimitSettings
from tests.serve.conftest import IMAGES, Running
from tests.unit import builders

pytestmark = [pytest.mark.ray, pytest.mark.model, pytest.mark.slow]
Image = Callable[[str], bytes]
SLOWLY = 60_000


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    program = shutil.which("chromium")
    if program is None:
        pytest.skip("Chromium is not installed (make peers)")
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(
            executable_path=program, args=["--no-sandbox", "--disable-gpu"]
        )
        yield launched
        launched.close()


@pytest.fixture
def page(browser: Any, service: Running) -> Iterator[Page]:
    """The page with a token; whatever it complains about fails the test."""
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    opened: Page = context.new_page()
    complaints: list[str] = []

    def listen(message: ConsoleMessage) -> None:
        if message.type in ("error", "warning") and "Failed to load resource" not in (
            message.text
        ):
            complaints.append(message.text)

    opened.on("console", listen)
    opened.on("pageerror", lambda error: complaints.append(str(error)))
    opened.on("dialog", lambda dialog: complaints.append("a script ran"))
    opened.goto(service.address)
    opened.fill("#token", service.tokens["all"])
    with opened.expect_response("**/v1/reviews"):
        opened.click("text=Use")
    opened.wait_for_timeout(300)
    yield opened
    context.close()
    assert complaints == []


def choose(page: Page, file_name: str, data: bytes) -> None:
    """Gives a file to the page, and waits until it is shown."""
    before = page.locator("#items li").count()
    file: FilePayload = {
        "name": file_name,
        "mimeType": "application/octet-stream",
        "buffer": data,
    }
    page.set_input_files("#files", file)
    expect(page.locator("#items li")).to_have_count(before + 1, timeout=SLOWLY)
    page.locator("#items button").last.click()
    expect(page.locator("#items button").last).to_have_attribute("aria-current", "true")
    name = page.evaluate("document.querySelector('#items li:last-child button').dataset.id")
    shown(page, name, 0)


def shown(page: Page, name: str, frame: int) -> None:
    expect(page.locator("#viewer")).to_have_attribute(
        "data-shown", f"{name} {frame}", timeout=SLOWLY
    )


def canvas(page: Page, name: str) -> np.ndarray[Any, Any]:
    """What a canvas shows, RGB."""
    url = page.evaluate(f"document.getElementById('{name}').toDataURL('image/png')")
    import base64

    data = base64.b64decode(url.split(",")[1])
    return np.asarray(PIL.Image.open(io.BytesIO(data)).convert("RGB"))


def cine(frames: int, texts: range) -> bytes:
    """A cine of noise in which a patient's name stands for a while."""
    noise = np.random.default_rng(3).integers(30, 60, (frames, 160, 360), np.uint8)
    for index in texts:
        picture = PIL.Image.fromarray(noise[index])
        font = PIL.ImageFont.load_default(22)
        PIL.ImageDraw.Draw(picture).text((20, 20), "MILLER ANNA", fill=255, font=font)
        noise[index] = np.asarray(picture)
    return builders.written(builders.dataset(noise, PatientName="Miller^Anna"))


def samples(data: bytes) -> np.ndarray[Any, Any]:
    instance = open_instance(data, LimitSettings())
    return next(decode(instance.dataset, instance.pixels)).samples


def drag(page: Page, box: tuple[int, int, int, int]) -> None:
    """Draws a rectangle, given in pixels of the image."""
    edge = page.locator("#before").bounding_box()
    assert edge is not None
    scale = edge["width"] / page.evaluate("document.getElementById('before').width")
    x0, y0, x1, y1 = (each * scale for each in box)
    page.mouse.move(edge["x"] + x0, edge["y"] + y0)
    page.mouse.down()
    page.mouse.move(edge["x"] + x1, edge["y"] + y1, steps=4)
    page.mouse.up()


def test_a_file_is_dropped_corrected_approved_and_downloaded(
    page: Page, image: Image, tmp_path: Path
) -> None:
    data = image("ct_banner.png")
    choose(page, "ct.png", data)
    assert page.locator("#verdict").text_content() == "REDACTED"
    regions = page.locator("#regions li")
    machine = regions.count()
    assert "name" in (page.locator("#regions").text_content() or "")
    assert (canvas(page, "before") != canvas(page, "after")).any()
    page.keyboard.press("d")
    drag(page, (200, 300, 260, 340))
    expect(regions).to_have_count(machine + 1)
    assert not canvas(page, "after")[305:335, 205:255].any()
    page.screenshot(path=tmp_path / "page.png")
    page.keyboard.press("a")
    expect(page.locator("#message")).to_have_text("Approved and proven.", timeout=SLOWLY)
    assert page.locator("#approve").is_disabled()
    with page.expect_download() as downloading:
        page.click("#download")
    downloaded = Path(downloading.value.path()).read_bytes()
    assert downloading.value.suggested_filename == "deidentified.png"
    before, after = samples(data), samples(downloaded)
    assert not after[305:335, 205:255].any()
    assert before[305:335, 205:255].any()
    assert (before[345:] == after[345:]).all()
    assert PIL.Image.open(tmp_path / "page.png").size[0] == 1280


def test_an_unticked_region_is_not_masked(page: Page, image: Image) -> None:
    choose(page, "ct.png", image("ct_banner.png"))
    boxes = page.locator("#regions input")
    for index in range(boxes.count()):
        boxes.nth(index).set_checked(False)
    expect(page.locator("#after-title")).to_contain_text("as it would be")
    page.click("#approve")
    expect(page.locator("#message")).to_have_text("Approved and proven.", timeout=SLOWLY)
    with page.expect_download() as downloading:
        page.click("#download")
    after = samples(Path(downloading.value.path()).read_bytes())
    assert (after == samples(image("ct_banner.png"))).all()


def test_frames_and_window_follow_the_hands(page: Page, image: Image) -> None:
    choose(page, "cine.dcm", image("us_palette_2frames.dcm"))
    first = canvas(page, "before")
    assert page.locator("#frame-number").text_content() == "1 of 2"
    page.locator("#before").focus()
    page.keyboard.press("ArrowRight")
    expect(page.locator("#frame-number")).to_have_text("2 of 2")
    shown(page, str(page.locator("#items button").last.get_attribute("data-id")), 1)
    second = canvas(page, "before")
    assert (second != first).any()
    page.locator("#level").fill("60000")
    assert canvas(page, "before").astype(int).mean() < second.astype(int).mean()


def test_a_cine_of_a_hundred_frames_is_stepped_through_and_approved(page: Page) -> None:
    data = cine(100, texts=range(40, 60))
    choose(page, "cine.dcm", data)
    assert page.locator("#verdict").text_content() == "REDACTED"
    assert page.locator("#frame-number").text_content() == "1 of 100"
    assert "20 frames" in (page.locator("#regions").text_content() or "")
    name = str(page.locator("#items button").last.get_attribute("data-id"))
    page.locator("#level").fill("32768")
    page.locator("#window").fill("65535")
    for frame in (39, 40, 59, 60, 99):
        page.locator("#frame").fill(str(frame))
        shown(page, name, frame)
        written = frame in range(40, 60)
        assert (canvas(page, "before")[:90].min(axis=2) > 200).any() == written
        assert not (canvas(page, "after")[:90] > 200).any()
    page.locator("#before").focus()
    page.locator("#all").uncheck()
    page.keyboard.press("d")
    drag(page, (300, 100, 330, 120))
    page.keyboard.press("a")
    expect(page.locator("#message")).to_have_text("Approved and proven.", timeout=SLOWLY)
    with page.expect_download() as downloading:
        page.click("#download")
    downloaded = open_instance(Path(downloading.value.path()).read_bytes(), LimitSettings())
    original = open_instance(data, LimitSettings())
    for before, after in zip(
        decode(original.dataset, original.pixels),
        decode(downloaded.dataset, downloaded.pixels),
        strict=True,
    ):
        changed = before.samples != after.samples
        if before.index == 99:
            assert changed[100:120, 300:330].all()
            assert not np.delete(changed, np.s_[95:125], axis=0).any()
        else:
            assert changed.any() == (before.index in range(40, 60))


def test_what_is_rejected_is_no_longer_shown(page: Page, image: Image) -> None:
    choose(page, "ct.png", image("ct_banner.png"))
    page.click("#reject")
    expect(page.locator("#message")).to_contain_text("Rejected", timeout=SLOWLY)
    expect(page.locator("#viewer")).to_be_hidden()


def test_names_that_hold_a_script_are_only_text(page: Page, image: Image) -> None:
    name = "<img src=x onerror=alert(1)>.png"
    choose(page, name, image("ct_banner.png"))
    assert name in (page.locator("#items").text_content() or "")
    assert page.locator("#items img").count() == 0


def test_a_file_that_fails_is_named_with_its_reason(page: Page) -> None:
    broken: FilePayload = {"name": "broken.dcm", "mimeType": "", "buffer": b"x" * 500}
    page.set_input_files("#files", broken)
    expect(page.locator("#message")).to_contain_text("not_an_image", timeout=SLOWLY)


def test_the_page_needs_no_mouse(page: Page, image: Image) -> None:
    """All that can be done is reached by Tab, and has a name."""
    choose(page, "ct.png", image("ct_banner.png"))
    named = page.evaluate(
        """[...document.querySelectorAll('button, input, canvas')]
        .filter(each => each.checkVisibility())
        .map(each => each.labels?.length || each.textContent.trim() || each.ariaLabel)"""
    )
    assert all(named)
    page.locator("#files").focus()
    reached = set()
    for _ in range(40):
        page.keyboard.press("Tab")
        reached.add(page.evaluate("document.activeElement.id"))
    assert {"approve", "reject", "download", "before", "frame", "draw"} <= reached


def test_the_policy_of_the_page_allows_only_its_own(service: Running) -> None:
    answer = service.client(None).get("/")
    policy = answer.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert "require-trusted-types-for 'script'" in policy
    assert service.client(None).get("/page/__init__.py").status_code == 404
    assert service.client(None).get("/page/..%2Fapp.py").status_code == 404
    assert IMAGES.is_dir()
