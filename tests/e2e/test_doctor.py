"""`garret doctor` as a person runs it: what dictating and speaking need, by real workers and devices."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from tests.e2e.house import PATIENCE, House, running_house
from tests.e2e.sound_server import MICROPHONE, SPEAKER, sound_server
from tests.models import made


def doctor(house: House) -> tuple[int, dict[str, dict[str, Any]]]:
    """The exit code, and what was found by name."""
    process = subprocess.run(
        [sys.executable, "-m", "garret.cli", "doctor", "--json"],
        env={**os.environ, "GARRET_HOME": str(house.home.root), "GARRET_KEYCHAIN": "off"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=PATIENCE,
        check=False,
    )
    return process.returncode, {check["name"]: check for check in json.loads(process.stdout)}


def test_the_doctor_tells_what_dictating_and_speaking_need(house: House, tmp_path: Path) -> None:
    code, checks = doctor(house)
    assert [check for check in checks.values() if check["outcome"] == "fail"] == []
    assert code == 0
    assert "draft" in checks["dictation engine"]["sentence"]
    assert "garret models list" in checks["dictation engine"]["remedy"]
    assert {"dictation microphone", "dictation files", "speech voice", "speech loudspeaker"} <= set(checks)
    assert checks["speech engine espeak-ng"]["outcome"] == "ok"
    assert checks["settings"]["outcome"] == "ok"
    own = made.folder_of(made.ONE, tmp_path / "own")
    house.set("dictate.whisper_model", str(own))
    house.set("dictate.engine", "whisper")
    (own / "model.bin").unlink()
    try:
        code, checks = doctor(house)
        assert (code, checks["dictation engine"]["outcome"]) == (1, "fail")
        assert "whisper" in checks["dictation engine"]["sentence"]
        assert checks["dictation engine pocketsphinx"]["outcome"] == "ok"
        assert checks["worker stt"]["outcome"] == "ok", "it is there to say what is wrong"
    finally:
        house.set("dictate.engine", None)
        house.set("dictate.whisper_model", None)


def test_the_doctor_counts_microphones_and_loudspeakers_and_opens_none() -> None:
    with sound_server() as server, running_house(environment=server.environment) as house:
        code, checks = doctor(house)
        assert code == 0
        assert f"2 microphones; {MICROPHONE} is listened to" in checks["dictation microphone"]["sentence"]
        assert f"{SPEAKER} is played on" in checks["speech loudspeaker"]["sentence"]
        house.set("dictate.device", MICROPHONE)
        server.unload("mic")
        code, checks = doctor(house)
        gone = checks["dictation microphone"]
        assert (code, gone["outcome"]) == (0, "warn")
        assert MICROPHONE in gone["sentence"]
        assert "garret settings reset dictate.device" in gone["remedy"]
        assert (server.recorders(), server.players()) == ([], [])
