"""Where instances come from: nothing is skipped, nothing is read beyond its limits."""

import io
import os
import zipfile
from pathlib import Path

import pytest

from data_jobs.sources import Source, list_sources, read_source
from maskray.errors import ConfigError, InputError
from maskray.settings import LimitSettings

LIMITS = LimitSettings(max_file_bytes=10_000, free_expansion_bytes=1_000, max_expansion=5)


def names(folder: Path, *inputs: str, without: Path | None = None) -> list[str]:
    listed = list_sources(inputs or (str(folder),), LIMITS, without)
    return [each.name.removeprefix(f"{folder}/") for each in listed]


def codes(folder: Path) -> dict[str, str | None]:
    listed = list_sources([str(folder)], LIMITS)
    return {each.name.removeprefix(f"{folder}/"): each.error_code for each in listed}


def zipped(members: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return buffer.getvalue()


def test_every_file_is_a_source_whatever_its_name(tmp_path: Path) -> None:
    wanted = [".hidden", "_x", "a b.dcm", "noextension", "sub/.dir/deep", "Thumbs.db"]
    for name in wanted:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"x")
    assert sorted(names(tmp_path)) == sorted(wanted)


def test_a_file_given_twice_is_one_source(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"x")
    assert names(tmp_path, str(tmp_path), str(tmp_path / "a"), f"{tmp_path}/*") == ["a"]


def test_the_output_inside_an_input_is_left_out(tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "released.dcm").write_bytes(b"x")
    (tmp_path / "a").write_bytes(b"x")
    assert names(tmp_path, without=tmp_path / "out") == ["a"]


def test_members_of_an_archive_are_sources(tmp_path: Path) -> None:
    data = zipped({"a/b.dcm": b"one", "c!d": b"two"})
    for name in ("plain.zip", "no-ending"):
        (tmp_path / name).write_bytes(data)
        read = {
            each.name.split("!", 1)[1]: read_source(each.name, LIMITS)
            for each in list_sources([str(tmp_path / name)], LIMITS)
        }
        assert read == {"a/b.dcm": b"one", "c!d": b"two"}


def test_a_loop_of_links_ends(tmp_path: Path) -> None:
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "up").symlink_to(tmp_path)
    assert codes(tmp_path) == {"sub/up": "folder_loop"}


@pytest.mark.parametrize(
    ("make", "code"),
    [
        (lambda p: p.symlink_to("/nowhere"), "unreadable"),
        (lambda p: os.mkfifo(p), "not_a_file"),
        (lambda p: p.write_bytes(b"PK\x03\x04 no archive"), "unreadable_archive"),
        (lambda p: p.write_bytes(zipped({})), "empty_archive"),
    ],
)
def test_what_cannot_be_read_is_a_source_with_a_code(tmp_path: Path, make, code) -> None:
    make(tmp_path / "it")
    assert codes(tmp_path) == {"it": code}


def test_a_bomb_in_an_archive_is_refused_unread(tmp_path: Path) -> None:
    (tmp_path / "it.zip").write_bytes(zipped({"bomb": bytes(9_000), "ok": b"fine"}))
    assert codes(tmp_path) == {"it.zip!bomb": "archive_bomb", "it.zip!ok": None}


def test_an_archive_that_lies_about_sizes_is_not_read_further(tmp_path: Path) -> None:
    data = bytearray(zipped({"bomb": bytes(50_000)}))
    size = (50_000).to_bytes(4, "little")
    for at in range(len(data) - 4):
        if data[at : at + 4] == size:
            data[at : at + 4] = (100).to_bytes(4, "little")
    (tmp_path / "it.zip").write_bytes(data)
    with pytest.raises(InputError):
        read_source(f"{tmp_path}/it.zip!bomb", LIMITS)


def test_a_file_beyond_the_limit_is_refused(tmp_path: Path) -> None:
    (tmp_path / "it").write_bytes(bytes(10_001))
    with pytest.raises(InputError) as caught:
        read_source(str(tmp_path / "it"), LIMITS)
    assert caught.value.code == "too_large"


def test_an_input_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError):
        list(list_sources([str(tmp_path / "nothing")], LIMITS))


def test_a_changed_file_has_another_fingerprint(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_bytes(b"x")
    (before,) = list_sources([str(path)], LIMITS)
    path.write_bytes(b"xy")
    (after,) = list_sources([str(path)], LIMITS)
    assert isinstance(before, Source)
    assert before.fingerprint != after.fingerprint
