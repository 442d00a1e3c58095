"""What `make lint` forbids in tracked text, planted and found; what it must let pass."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest

SCRIPT = Path(__file__).resolve().parents[2] / "scripts" / "lint.py"


@pytest.fixture(scope="module")
def lint() -> ModuleType:
    spec = importlib.util.spec_from_file_location("lint_script", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # dataclasses look their module up there
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize(
    "line",
    [
        "see https://" + "py" + "pi.org/project/x",
        "--index" + "-url https://example.org",
        "# TO" + "DO: later",
        "in /wo" + "rk/main/src",
        "fixes issue " + "#12",
    ],
)
def test_forbidden_text_is_found(lint: ModuleType, line: str) -> None:
    assert lint.FORBIDDEN_TEXT.search(line)


@pytest.mark.parametrize(
    "line", ["a workspace/main.py", "the todo list", "an issue that was met", "XXXL", "mastodon"]
)
def test_ordinary_text_passes(lint: ModuleType, line: str) -> None:
    assert lint.FORBIDDEN_TEXT.search(line) is None


def test_a_pin_without_hash_and_a_url_are_found(
    lint: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "requirements").mkdir()
    good = "# made by a script\none==1.0 \\\n    --hash=sha256:00\n    # via garret\n"
    (tmp_path / "requirements" / "base.lock").write_text(good)
    monkeypatch.setattr(lint, "ROOT", tmp_path)
    assert lint.lock_files()[0] is True
    (tmp_path / "requirements" / "dev.lock").write_text(good + "two==2.0\nthree @ https://example.org/3\n")
    passed, output = lint.lock_files()
    assert passed is False
    assert "two==2.0 has no hash" in output
    assert "contains a URL" in output


def test_a_long_module_is_a_warning_only(
    lint: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "src").mkdir()
    (tmp_path / "src" / "long.py").write_text("\n" * (lint.LINE_GUIDE + 1))
    (tmp_path / "src" / "short.py").write_text("\n" * lint.LINE_GUIDE)
    monkeypatch.setattr(lint, "ROOT", tmp_path)
    passed, output = lint.long_modules()
    assert passed is True
    assert "src/long.py" in output
    assert "src/short.py" not in output
