"""What others wrote, in every place where the command line shows it: a terminal obeys none of it."""

from __future__ import annotations

import sys

import pytest

from garret.base.errors import Code, GarretError
from garret.base.paths import Home
from garret.cli.main import main
from garret.features.dictate import contracts as d
from garret.features.house import contracts as h
from garret.protocol.contract import Contract
from garret.protocol.envelope import Envelope, encode_payload, pack, pack_error
from garret.protocol.frames import Kind
from garret.transport.blocking import BlockingChannel
from tests.cli.plane import scripted_plane
from tests.cli.streams import Screen

BAD = "x\x1b[2J\x1b]0;owned\x07\x9b31m\u202egnp.exe\u2066\u200b\x7f"
SHOWN = "x\\u001b[2J\\u001b]0;owned\\u0007\\u009b31m\\u202egnp.exe\\u2066\\u200b\\u007f"
RAW = ("\x1b[2J", "\x1b]", "\x07", "\x9b", "\u202e", "\u2066", "\u200b", "\x7f")

JOB = h.Job(
    id="job_" + "0" * 32, command=BAD, state="running", created=1.0, updated=1.0, attempts=1, priority=1,
    fraction=0.5, note=BAD, profile=BAD,
)  # fmt: skip
REQUEST = h.ApprovalRequest(
    id="apr_" + "0" * 32, command=BAD, summary="Erase.", arguments={"name": BAD}, payload=b"",
    role="gateway", name=BAD, profile="user", workspace=BAD, job="", asked=1.0, until=2.0,
)  # fmt: skip
ANSWERS: dict[str, Contract] = {
    "house.jobs": h.Jobs(jobs=(JOB,)),
    "house.job": JOB,
    "house.job_story": h.Story(lines=(BAD, BAD)),
    "house.logs": h.Logs(lines=(h.LogLine(id=1, at=1.0, level="info", source=BAD, message=BAD),)),
    "house.audit": h.AuditEntries(
        entries=(
            h.AuditEntry(
                number=1, at=1.0, role="cli", profile=BAD, action=BAD, outcome="done", details={BAD: BAD}
            ),
        )
    ),
    "house.approvals": h.ApprovalRequests(requests=(REQUEST,)),
    "house.approval_deny": REQUEST,
    "house.workers": h.Workers(workers=(h.WorkerStatus(name=BAD, slot=0, state=BAD, sentence=BAD),)),
    "house.settings": h.SettingInfos(
        settings=(h.SettingInfo(key=BAD, value=BAD, source=BAD, sentence=BAD, default=BAD, problem=BAD),)
    ),
    "dictate.history": d.Utterances(
        utterances=(
            d.Utterance(id="utt_1", state="cleaned", created=1.0, audio_seconds=1.0, source=BAD, text=BAD),
        )
    ),
}


def answer(channel: BlockingChannel, envelope: Envelope, _: tuple[int, ...]) -> bool:
    found = ANSWERS.get(envelope.name)
    if found is None:
        channel.send(pack_error(envelope.id, GarretError(f"It failed: {BAD}", code=Code.FAILED)))
    else:
        channel.send(pack(Kind.RESULT, envelope.id, encode_payload(found)))
    return True


@pytest.mark.parametrize("terminal", ["xterm", "dumb"])
@pytest.mark.parametrize(
    "words",
    [
        "jobs list",
        "jobs show " + JOB.id,
        "jobs story " + JOB.id,
        "logs",
        "audit list",
        "approvals list",
        "approvals show " + REQUEST.id,
        "approvals show " + BAD.replace(" ", ""),
        "approvals deny " + REQUEST.id,
        "workers list",
        "settings list",
        "settings get " + BAD,
        "settings set k " + BAD,
        "history list",
        "dictate " + BAD,
        "restore " + BAD,
        BAD,
        "jobs list --json",
        "logs --json",
        "history list --json",
    ],
)
def test_a_terminal_is_shown_what_is_there_and_obeys_none_of_it(
    home: Home, monkeypatch: pytest.MonkeyPatch, words: str, terminal: str
) -> None:
    screen = Screen()
    monkeypatch.setenv("TERM", terminal)
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setenv("COLUMNS", "1000")
    monkeypatch.setenv("GARRET_HOME", str(home.root))
    monkeypatch.setattr(sys, "stdout", screen)
    monkeypatch.setattr(sys, "stderr", screen)
    with scripted_plane(home, answer):
        main(words.split())
    shown = screen.getvalue()
    assert not [raw for raw in RAW if raw in shown]
    assert "u202egnp.exe" in shown
