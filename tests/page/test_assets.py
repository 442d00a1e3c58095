"""The built page's files: found, typed, and nothing beside them."""

from __future__ import annotations

from pathlib import Path

import pytest

from garret.base.errors import Code
from garret.page.assets import find
from garret.page.errors import PageError


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    built = tmp_path / "built"
    (built / "assets").mkdir(parents=True)
    (built / "index.html").write_text("<!doctype html>")
    (built / "assets" / "index-Bx3_a9Zq.js").write_text("1")
    (built / "icon.svg").write_text("<svg/>")
    (tmp_path / "secret.txt").write_text("no")
    (built / "away.txt").symlink_to(tmp_path / "secret.txt")
    return built


@pytest.mark.parametrize("path", ["", "/", "/index.html", "/dictate", "/machine/jobs/job_1"])
def test_a_place_in_the_page_is_the_page(folder: Path, path: str) -> None:
    found = find(path, folder)
    assert found.path == folder / "index.html"
    assert found.type == "text/html; charset=utf-8"
    assert not found.lasting


def test_what_has_its_hash_in_its_name_lasts(folder: Path) -> None:
    assert find("/assets/index-Bx3_a9Zq.js", folder).lasting
    assert find("/icon.svg", folder).type == "image/svg+xml"
    assert not find("/icon.svg", folder).lasting


@pytest.mark.parametrize("path", ["/../secret.txt", "/away.txt", "/no.js", "/assets/../../secret.txt"])
def test_nothing_else_is_found(folder: Path, path: str) -> None:
    with pytest.raises(PageError) as raised:
        find(path, folder)
    assert raised.value.code == Code.NOT_FOUND


def test_a_page_that_was_never_built_says_how(tmp_path: Path) -> None:
    with pytest.raises(PageError, match="make web"):
        find("/", tmp_path)
