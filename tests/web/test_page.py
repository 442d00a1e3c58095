"""The page's own tests, the check of its catalogue, and what its first screen weighs."""

from __future__ import annotations

import gzip
import json
import re
import shutil
from pathlib import Path

import pytest

from tests.web.node import WEB, web

FIRST_SCREEN = 400 * 1024  # bytes, compressed


def test_the_pages_own_tests_pass(tmp_path: Path) -> None:
    report = tmp_path / "report.json"
    done = web("test", "--reporter=json", f"--outputFile={report}")
    assert report.exists(), done.stdout[-4000:]
    told = json.loads(report.read_text(encoding="utf-8"))
    failed = [
        f"{Path(file['name']).name}: {test['fullName']}"
        for file in told["testResults"]
        for test in file["assertionResults"]
        if test["status"] != "passed"
    ]
    unread = [file["name"] for file in told["testResults"] if file["status"] != "passed"]
    assert not failed, done.stdout[-4000:]
    assert not unread, done.stdout[-4000:]
    written = {path.name for path in (WEB / "tests").rglob("*.test.ts*")}
    assert {Path(file["name"]).name for file in told["testResults"]} == written
    assert done.returncode == 0


@pytest.mark.parametrize("language", ["en", "de"])
def test_a_text_that_is_missing_is_found(language: str, tmp_path: Path) -> None:
    copy = tmp_path / "web"
    shutil.copytree(WEB, copy, ignore=shutil.ignore_patterns("node_modules"))
    assert web("packages").returncode == 0
    (copy / "node_modules").symlink_to(WEB / "node_modules")
    catalogue = copy / "src" / "strings" / language / "frame.json"
    texts = json.loads(catalogue.read_text(encoding="utf-8"))
    del texts["toasts"]["undo"]
    catalogue.write_text(json.dumps(texts), encoding="utf-8")
    done = web("test", "--root", copy, "tests/strings.test.ts")
    assert done.returncode == 1
    assert "toasts.undo" in done.stdout


def test_the_first_screen_is_light_and_all_of_it_is_local(tmp_path: Path) -> None:
    built = tmp_path / "assets"
    done = web("into", built)
    assert done.returncode == 0, done.stdout[-4000:]
    index = (built / "index.html").read_text(encoding="utf-8")
    needed = re.findall(r'(?:src|href)="/([^"]+)"', index)
    assert any(name.endswith(".js") for name in needed)
    assert any(name.endswith(".css") for name in needed)
    assert "://" not in index
    font = next(built.glob("assets/inter-latin-wght-normal-*.woff2"))
    weight = font.stat().st_size + len(gzip.compress(index.encode()))
    weight += sum(len(gzip.compress((built / name).read_bytes())) for name in needed)
    assert weight <= FIRST_SCREEN
    for style in built.glob("assets/*.css"):
        foreign = re.findall(r"url\(\s*[\"']?(?:https?:)?//[^)]*\)", style.read_text(encoding="utf-8"))
        assert not foreign
