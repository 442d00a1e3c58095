"""The command line as a program, against a real control plane with its real workers and engine."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import pytest
import soundfile

from garret.base.paths import Home
from garret.cli import launch
from garret.features.house.contracts import GrantApproval
from garret.transport.client import Client
from tests.e2e.house import wait_until

SENTENCE = "Good morning. This is a test of the machine."


class Garret:
    """The program, with a home of its own."""

    def __init__(self, root: Path) -> None:
        self.home = Home(root)
        self.environment = {**os.environ, "GARRET_HOME": str(root), "GARRET_KEYCHAIN": "off"}

    def start(self, *words: str, **options: Any) -> subprocess.Popen[str]:
        options = {
            "stdin": subprocess.DEVNULL,
            "stdout": subprocess.PIPE,
            "stderr": subprocess.PIPE,
            **options,
        }
        command = [sys.executable, "-m", "garret.cli", *words]
        return subprocess.Popen(command, env=self.environment, text=True, encoding="utf-8", **options)

    def run(self, *words: str, code: int = 0, said: str = "") -> subprocess.CompletedProcess[str]:
        process = self.start(*words, stdin=subprocess.PIPE)
        out, err = process.communicate(said)
        assert process.returncode == code, (words, out, err)
        assert "Traceback" not in err
        return subprocess.CompletedProcess(words, process.returncode, out, err)

    def json(self, *words: str, code: int = 0) -> Any:
        return json.loads(self.run(*words, "--json", code=code).stdout)

    def process(self) -> psutil.Process:
        number = launch.running_process(self.home)
        assert number is not None
        return psutil.Process(number)

    def end(self) -> None:
        number = launch.running_process(self.home)
        if number is not None:
            self.run("down")
            assert launch.running_process(self.home) is None


def made() -> Iterator[Garret]:
    folder = Path(tempfile.mkdtemp(prefix="g-", dir="/tmp"))
    program = Garret(folder / "h")
    try:
        yield program
        program.end()
    finally:
        number = launch.running_process(program.home)
        if number is not None:
            os.kill(number, signal.SIGKILL)
            launch.wait_for_end(number, 10.0)
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="module")
def garret() -> Iterator[Garret]:
    """One that the tests of this module share; each leaves it as admin."""
    yield from made()


@pytest.fixture
def fresh() -> Iterator[Garret]:
    yield from made()


@pytest.fixture(scope="module")
def speech(garret: Garret) -> Path:
    """A WAV file in which the sentence is spoken."""
    path = garret.home.root.parent / "speech.wav"
    garret.run("speak", SENTENCE, "-o", str(path))
    assert path.read_bytes()[:4] == b"RIFF"
    return path


@pytest.fixture(scope="module")
def dictated(garret: Garret, speech: Path) -> str:
    """The id of an utterance in the history."""
    return str(garret.json("dictate", str(speech))["utterance"])


def wait_for_partial(process: subprocess.Popen[str]) -> None:
    assert process.stderr is not None
    for line in process.stderr:
        if line.startswith("..."):
            return
    pytest.fail("no partial text came")


# ---------------------------------------------------------------- life


def test_nothing_is_started_by_status_and_down(fresh: Garret) -> None:
    assert fresh.json("status", code=4) == {"running": False, "home": str(fresh.home.root)}
    assert "not running" in fresh.run("down").stdout
    assert not fresh.home.root.exists()


def test_up_status_and_down(fresh: Garret) -> None:
    up = fresh.json("up")
    assert up["started"]
    assert not fresh.json("up")["started"]
    status = fresh.json("status")
    assert (status["running"], status["pid"], status["home"]) == (True, up["pid"], str(fresh.home.root))
    assert "profile" in fresh.run("status", "--all").stdout
    assert fresh.json("down")["stopped"]
    assert launch.running_process(fresh.home) is None
    fresh.run("status", code=4)


def test_commands_at_once_start_one_control_plane(fresh: Garret) -> None:
    started = [fresh.start("up", "--json") for _ in range(4)]
    answers = [process.communicate() for process in started]
    assert [process.returncode for process in started] == [0] * 4, answers
    assert {json.loads(out)["pid"] for out, _ in answers} == {fresh.process().pid}


def test_a_control_plane_of_another_build_can_be_stopped(fresh: Garret) -> None:
    fresh.run("up")
    other = (
        "import sys, garret.transport.client as c; c.build_hash = lambda: 'f' * 16\n"
        "from garret.cli.main import main; sys.exit(main(sys.argv[1:]))"
    )
    for words, code in ((["jobs"], 4), (["down"], 0)):
        done = subprocess.run(
            [sys.executable, "-c", other, *words],
            env=fresh.environment, capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert done.returncode == code, done.stderr
    assert launch.running_process(fresh.home) is None


def test_the_foreground_is_the_control_plane_itself_until_it_is_interrupted(fresh: Garret) -> None:
    process = fresh.start("up", "--foreground")
    assert process.stderr is not None
    assert any("ready" in line for line in process.stderr)
    assert fresh.json("status")["pid"] == process.pid
    process.send_signal(signal.SIGINT)
    process.communicate()
    assert process.returncode == 0


def test_a_start_that_fails_is_told_in_a_sentence(fresh: Garret) -> None:
    fresh.home.root.write_text("in the way")
    told = fresh.run("jobs", code=1).stderr
    assert "GARRET_HOME" in told
    fresh.home.root.unlink()


# ---------------------------------------------------------------- dictation


def test_a_file_becomes_json_with_word_times(garret: Garret, speech: Path) -> None:
    done = garret.run("dictate", str(speech), "--format", "json", "--partials")
    document = json.loads(done.stdout)
    assert document["engine"] == "pocketsphinx"
    assert document["quality"] == "draft"
    assert "test of the machine" in document["text"]
    words = document["segments"][0]["words"]
    assert all(0 <= word["start"] < word["end"] <= document["audio_seconds"] for word in words)
    assert any(line.startswith("... ") for line in done.stderr.splitlines())
    listed = garret.json("history", "-n", "1")[0]
    assert (listed["id"], listed["state"]) == (document["utterance"], "delivered")


def test_several_files_give_an_array_and_what_fails_is_told(garret: Garret, speech: Path) -> None:
    done = garret.run("dictate", str(speech), "/nowhere.wav", str(speech), "--json", code=1)
    assert len(json.loads(done.stdout)) == 2
    assert "no file /nowhere.wav" in done.stderr


def test_a_recording_is_never_replaced_by_its_text(garret: Garret, speech: Path, tmp_path: Path) -> None:
    talk = tmp_path / "talk.wav"
    talk.write_bytes(speech.read_bytes())
    before = len(garret.json("history"))
    for words in (["-o", str(talk)], ["-o", str(talk), "--force"], [str(speech), "-o", str(talk), "--force"]):
        assert "is what is read" in garret.run("dictate", str(talk), *words, code=2).stderr
    assert talk.read_bytes() == speech.read_bytes()
    assert len(garret.json("history")) == before, "nothing was asked for"


def test_what_is_there_is_written_over_only_with_leave(garret: Garret, speech: Path, tmp_path: Path) -> None:
    out = tmp_path / "talk.txt"
    out.write_text("mine")
    before = len(garret.json("history"))
    assert "--force" in garret.run("dictate", str(speech), "-o", str(out), code=2).stderr
    assert out.read_text() == "mine"
    nowhere = str(tmp_path / "no" / "talk.txt")
    assert "There is no folder" in garret.run("dictate", str(speech), "-o", nowhere, code=2).stderr
    assert len(garret.json("history")) == before
    garret.run("dictate", str(speech), "-o", str(out), "--force")
    assert "test of the machine" in out.read_text()
    assert "test of the machine" in garret.run("dictate", str(speech), "-o", "/dev/stdout").stdout


def test_an_engine_that_is_not_there_keeps_nothing(garret: Garret, speech: Path) -> None:
    before = len(garret.json("history"))
    told = garret.run("dictate", str(speech), "--engine", "pocktsphinx", code=2).stderr
    assert "did you mean pocketsphinx?" in told
    assert len(garret.json("history")) == before


def test_names_that_are_no_text_are_read_and_written(garret: Garret, speech: Path, tmp_path: Path) -> None:
    talk, out = os.fsdecode(bytes(tmp_path) + b"/\xfftalk.wav"), os.fsdecode(bytes(tmp_path) + b"/\xfe.txt")
    Path(talk).write_bytes(speech.read_bytes())
    garret.run("dictate", talk, "-o", out)
    assert "test of the machine" in Path(out).read_text()
    assert garret.json("history", "-n", "1")[0]["source"] == "\ufffdtalk.wav"


@pytest.mark.parametrize(("closed", "code"), [("<&-", 0), (">&-", 1), ("2>&-", 0), ("<&- >&- 2>&-", 1)])
def test_streams_that_are_not_there_end_nothing_in_a_traceback(
    garret: Garret, closed: str, code: int
) -> None:
    command = f"exec {sys.executable} -m garret.cli settings get logs.level {closed}"
    done = subprocess.run(
        ["bash", "-c", command], env=garret.environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == code
    assert "Traceback" not in done.stderr
    if closed == ">&-":
        assert "Standard output is closed" in done.stderr


def test_a_backup_that_has_no_place_asks_for_no_passphrase(garret: Garret, tmp_path: Path) -> None:
    there = tmp_path / "there"
    there.write_text("mine")
    assert "is there already" in garret.run("backup", str(there), code=2).stderr
    assert "There is no folder" in garret.run("backup", str(tmp_path / "no" / "b"), code=2).stderr
    assert there.read_text() == "mine"


def test_what_is_read_is_not_written_into_by_standard_output(garret: Garret, speech: Path) -> None:
    before = speech.read_bytes()
    with speech.open("ab") as behind:
        process = garret.start("dictate", str(speech), stdout=behind)
        _, err = process.communicate()
    assert process.returncode == 2
    assert "is what is read" in err
    assert speech.read_bytes() == before


def test_ctrl_c_stops_the_loop_of_a_shell_that_the_command_is_in(garret: Garret) -> None:
    garret.run("up")
    loop = f"for i in 1 2 3; do {sys.executable} -m garret.cli logs --follow --json; done"
    process = subprocess.Popen(
        ["bash", "-c", f"{loop}; echo went on"], env=garret.environment, stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE, text=True, start_new_session=True,
    )  # fmt: skip
    try:
        assert process.stdout is not None
        assert process.stdout.readline().startswith("{")
        os.killpg(process.pid, signal.SIGINT)
        out, _ = process.communicate()
    finally:
        process.kill()
    assert "went on" not in out
    assert process.returncode == -signal.SIGINT


def test_killing_the_control_plane_loses_nothing(garret: Garret, speech: Path) -> None:
    process = garret.start("dictate", str(speech), "--partials")
    wait_for_partial(process)
    garret.process().kill()
    out, err = process.communicate()
    assert process.returncode == 0, err
    assert "joining again" in err
    assert "test of the machine" in out
    job = garret.json("jobs", "-n", "1")[0]
    assert (job["state"], job["attempts"]) == ("done", 1), "a restart is no attempt"
    assert "queued again" in garret.run("jobs", "story", job["id"]).stdout


def test_standard_input_is_dictated_live_until_it_is_interrupted(garret: Garret, speech: Path) -> None:
    reader, writer = os.pipe()
    process = garret.start("dictate", "-", "--partials", stdin=reader)
    os.close(reader)
    with os.fdopen(writer, "wb") as pipe:
        pipe.write(speech.read_bytes())
        pipe.flush()
        wait_for_partial(process)
        # The pipe stays open: it is Ctrl-C that ends the listening.
        process.send_signal(signal.SIGINT)
        out, err = process.communicate()
    assert process.returncode == 0, err
    assert "morning" in out


def test_standard_input_goes_on_when_the_control_plane_was_killed(
    garret: Garret, speech: Path, tmp_path: Path
) -> None:
    data = speech.read_bytes()
    reader, writer = os.pipe()
    process = garret.start("dictate", "-", "--partials", stdin=reader)
    os.close(reader)
    with os.fdopen(writer, "wb") as pipe:
        pipe.write(data[: len(data) // 2])
        pipe.flush()
        wait_for_partial(process)
        garret.process().kill()
        pipe.write(data[len(data) // 2 :])
    out, err = process.communicate()
    assert process.returncode == 0, err
    assert "joining again" in err
    assert "cut off" not in err
    assert "morning" in out
    assert "machine" in out, "what was said after the kill is there as well"
    newest = garret.json("history", "-n", "1")[0]
    wait_until(lambda: garret.json("history", "-n", "1")[0]["has_audio"], "its sound is kept")
    garret.run("history", "export", newest["id"], "--audio", "-o", str(tmp_path))
    (kept,) = tmp_path.glob("*.flac")
    assert np.array_equal(soundfile.read(kept, dtype="int16")[0], soundfile.read(speech, dtype="int16")[0])


def test_text_that_cannot_be_written_is_held(garret: Garret, speech: Path) -> None:
    with Path("/dev/full").open("w") as full:
        process = garret.start("dictate", str(speech), stdout=full)
        _, err = process.communicate()
    assert process.returncode == 1
    newest = garret.json("history", "-n", "1")[0]
    assert newest["state"] == "held"
    assert f"garret history show {newest['id']}" in err
    assert "test of the machine" in garret.run("history", "show", newest["id"][-8:]).stdout


@pytest.mark.parametrize(
    ("data", "code"),
    [(b"", 2), (b"RIFF\x04\0\0\0WAVE", 1), (b"no sound at all, but a text", 1)],
    ids=["empty", "truncated", "text"],
)
def test_what_is_no_audio_is_told(garret: Garret, tmp_path: Path, data: bytes, code: int) -> None:
    (tmp_path / "bad.wav").write_bytes(data)
    assert "bad.wav" in garret.run("dictate", str(tmp_path / "bad.wav"), code=code).stderr


def test_an_empty_standard_input_is_a_mistake_and_leaves_no_trace(garret: Garret) -> None:
    before = garret.json("history")
    assert "empty" in garret.run("dictate", "-", code=2).stderr
    assert garret.json("history") == before


def test_an_unknown_engine_is_told_with_those_there_are(garret: Garret, speech: Path) -> None:
    assert "pocketsphinx" in garret.run("dictate", str(speech), "--engine", "sphinx", code=2).stderr


def test_history_is_exported_and_deleted_with_an_approval(
    garret: Garret, speech: Path, tmp_path: Path
) -> None:
    garret.run("dictate", str(speech), "-o", str(tmp_path / "a.srt"))
    assert "-->" in (tmp_path / "a.srt").read_text(encoding="utf-8")
    utterance = garret.json("history", "-n", "1")[0]["id"]
    garret.run("history", "export", utterance, "-o", str(tmp_path), "--format", "vtt", "--audio")
    assert (tmp_path / f"{utterance}.vtt").read_text(encoding="utf-8").startswith("WEBVTT")
    assert (tmp_path / f"{utterance}.flac").read_bytes()[:4] == b"fLaC"
    assert "nobody here" in garret.run("history", "delete", utterance, "--no-wait", code=3).stderr
    deleting = garret.start("history", "delete", utterance)
    wait_until(lambda: bool(garret.json("approvals")), "it waits for an approval")
    (one,) = garret.json("approvals")
    assert one["arguments"] == {"utterance": utterance}
    assert utterance in garret.run("approvals", "show", one["id"][-6:]).stdout
    assert "a person has to say yes" in garret.run("approvals", "grant", one["id"], code=3).stderr
    client = Client.connect(garret.home, role="shell")
    client.call(GrantApproval(request=one["id"]))
    client.close()
    assert deleting.communicate()[1].startswith("dictate.delete needs an approval")
    assert deleting.returncode == 0
    garret.run("history", "show", utterance, code=1)
    assert garret.json("audit", "verify")["intact"]


# ---------------------------------------------------------------- the house


def test_settings_are_read_changed_refused_and_reset(garret: Garret) -> None:
    assert garret.run("settings", "get", "jobs.attempts").stdout == "3\n"
    garret.run("settings", "set", "jobs.attempts", "5")
    assert garret.run("settings", "get", "jobs.attempts").stdout == "5\n"
    assert "jobs.attempts\t5" in garret.run("settings", "--changed").stdout
    garret.run("settings", "reset", "jobs.attempts")
    assert "jobs.attempts" not in garret.run("settings", "--changed").stdout
    assert "jobs.attempts" in garret.run("settings", "get", "jobs.atempts", code=2).stderr
    assert "1" in garret.run("settings", "set", "jobs.attempts", "many", code=2).stderr


def test_a_secret_is_kept_and_never_shown(garret: Garret) -> None:
    value = "open-sesame-1234"
    told = garret.run("secrets", "set", "example.token", said=f"{value}\n")
    listed = garret.run("secrets")
    logged = garret.run("logs", "-n", "1000")
    garret.run("secrets", "delete", "example.token", "--yes")
    assert "example.token" in listed.stdout
    assert value not in told.stdout + told.stderr + listed.stdout + listed.stderr + logged.stdout
    assert "example.token" not in garret.run("secrets").stdout


def test_a_guest_is_denied_and_leaves_by_pin_only(garret: Garret) -> None:
    garret.run("profiles", "pin", said="4711\n")
    garret.run("profiles", "use", "guest")
    try:
        garret.run("secrets", code=3)
        garret.run("profiles", "use", "admin", code=3, said="1234\n")
    finally:
        garret.run("profiles", "use", "admin", said="4711\n")
    assert garret.json("profiles")["current"] == "admin"
    assert garret.json("audit", "--outcome", "denied")


def test_a_backup_goes_into_an_empty_home(
    garret: Garret, fresh: Garret, dictated: str, tmp_path: Path
) -> None:
    backup = tmp_path / "all.backup"
    garret.run("backup", str(backup), said="a long passphrase\n")
    fresh.run("restore", str(backup), said="another passphrase\n", code=3)
    fresh.run("restore", str(backup), said="a long passphrase\n")
    assert dictated in {one["id"] for one in fresh.json("history")}
    assert fresh.json("history") == garret.json("history")
    assert "is running" in fresh.run("restore", str(backup), said="a long passphrase\n", code=1).stderr


def test_every_listing_is_json_and_lines(garret: Garret, dictated: str) -> None:
    for words in (
        ["history"], ["jobs"], ["workers"], ["logs"], ["audit"], ["settings"],  ["engines"],
        ["devices"], ["speak", "--list-voices"],
    ):  # fmt: skip
        rows = garret.json(*words)
        if words == ["history"]:
            assert dictated in {row["id"] for row in rows}
        lines = garret.run(*words).stdout.splitlines()
        assert isinstance(rows, list), words
        if words not in (["logs"], ["audit"], ["devices"]):
            assert len(lines) == len(rows) > 0, words
    assert "admin" in garret.json("profiles")["profiles"]
    assert "kept_in" in garret.json("secrets")


def test_the_doctors_exit_code_tells_whether_a_check_failed(garret: Garret) -> None:
    process = garret.start("doctor", "--json")
    checks = json.loads(process.communicate()[0])
    assert len(checks) > 5
    failed = [check["name"] for check in checks if check["outcome"] == "fail"]
    assert process.returncode == (1 if failed else 0)


def test_a_reader_that_leaves_ends_the_command_in_silence(garret: Garret) -> None:
    process = garret.start("settings")
    assert process.stdout is not None
    process.stdout.close()
    assert process.stderr is not None
    with process.stderr:
        told = process.stderr.read()
    process.wait()
    assert (process.returncode, told) == (0, "")


@pytest.mark.usefixtures("dictated")
def test_a_worker_is_replaced(garret: Garret) -> None:
    answered = {worker["name"]: worker["sentence"] for worker in garret.json("workers", "restart", "stt")}
    assert "replaced" in answered["stt"]
    assert "did you mean stt" in garret.run("workers", "restart", "sst", code=2).stderr


def test_a_slip_in_a_workers_name_is_told_and_not_silence(garret: Garret) -> None:
    assert "did you mean stt" in garret.run("logs", "--worker", "sst", code=2).stderr
    assert garret.run("logs", "--worker", "text", "--level", "error").stdout == ""


@pytest.mark.usefixtures("dictated")
def test_what_has_ended_or_goes_without_saying_is_not_remarked(garret: Garret) -> None:
    done = [line.split("\t") for line in garret.run("jobs", "--state", "done").stdout.splitlines()]
    assert done
    assert {tuple(row[5:]) for row in done} == {("", "")}, "no progress and no note"
    for words in (["workers"], ["status"]):
        shown = garret.run(*words).stdout
        assert "text\t0\tready" in shown
        assert "is ready." not in shown
