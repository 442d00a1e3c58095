"""The demonstration itself, on the first sentences of its passage: two kills, no word lost."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
import soundfile

import garret.demo
from garret.base.paths import Home
from garret.cli import launch
from garret.demo.screen import Screen
from garret.demo.steps import Demonstration

FOLDER = Path(garret.demo.__file__).parent
SECONDS = 27.0
WORDS = 77
"""The passage's first 27 seconds hold six stretches of speech, enough for both kills."""


def test_the_text_arrives_although_the_engine_and_the_control_plane_are_killed(
    home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GARRET_KEYCHAIN", "off")
    samples, rate = soundfile.read(FOLDER / "passage.flac", dtype="int16", stop=int(SECONDS * 16_000))
    soundfile.write(tmp_path / "start.flac", samples, rate)
    (tmp_path / "start.txt").write_text(" ".join((FOLDER / "passage.txt").read_text().split()[:WORDS]))
    out = io.StringIO()
    try:
        whole = Demonstration(home, Screen(out), tmp_path / "start.flac", tmp_path / "start.txt").run()
    finally:
        process = launch.running_process(home)
        if process is not None:
            launch.terminate(process)
            launch.wait_for_end(process)
    shown = out.getvalue()
    assert whole, shown
    assert shown.count("kill -9") == 2
    assert "It was queued again," in shown
    assert "intact" in shown
