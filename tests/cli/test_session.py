from __future__ import annotations

import contextlib
import io
import os
import pty
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import msgspec
import pytest

from garret.base.errors import CancelledError, Code, GarretError
from garret.base.paths import Home
from garret.cli import session as session_module
from garret.cli.errors import UsageProblem
from garret.cli.output import Output
from garret.cli.session import ClientSession
from garret.features.dictate.client.held_sound import HeldSound
from garret.features.dictate.contracts import (
    AudioChunk,
    Delete,
    Dictated,
    DictationItem,
    Import,
    Imported,
    Listen,
)
from garret.features.house.contracts import ApprovalToken, GetJob, Profiles
from garret.protocol.contract import Nothing
from garret.protocol.envelope import Envelope, encode_payload, pack, pack_error
from garret.protocol.frames import Kind
from garret.transport.blocking import BlockingChannel
from garret.transport.errors import TransportError
from tests.cli.plane import scripted_plane
from tests.cli.streams import Screen, pipe, sent

DONE = Dictated(
    utterance="utt_1", state="cleaned", engine="pocketsphinx", quality="draft", audio_seconds=1.0,
    decode_seconds=0.5, segments=1,
)  # fmt: skip


@pytest.fixture
def session(home: Home, monkeypatch: pytest.MonkeyPatch) -> ClientSession:
    monkeypatch.setattr(session_module, "_FIRST_PAUSE", 0.0)
    return ClientSession(home, Output(pipe(), pipe()))


def notes(session: ClientSession) -> str:
    err = session.output.err
    assert isinstance(err, io.TextIOWrapper)
    return sent(err).decode()


def test_a_lost_connection_is_joined_again_with_the_same_key(session: ClientSession, home: Home) -> None:
    seen: list[bytes] = []

    def answer(channel: BlockingChannel, envelope: Envelope, _: tuple[int, ...]) -> bool:
        seen.append(bytes(envelope.payload))
        if len(seen) < 3:
            return False
        channel.send(pack(Kind.RESULT, envelope.id, encode_payload(DONE)))
        return True

    with scripted_plane(home, answer):
        chunks = iter([AudioChunk(data=b"ab")])
        result = session.stream(
            Listen(source="push", key="ask_1"),
            lambda _: None,
            inputs=HeldSound(lambda: next(chunks, None)),
            again=True,
        )
        session.close()
    assert result == DONE
    assert len(set(seen)) == 1
    assert notes(session).count("joining again") == 2


def test_each_connection_has_an_input_stream_of_its_own(session: ClientSession, home: Home) -> None:
    connections = 0
    got: list[list[bytes]] = []

    def answer(channel: BlockingChannel, envelope: Envelope, _: tuple[int, ...]) -> bool:
        nonlocal connections
        connections += 1
        if connections == 2:
            item = DictationItem(kind="kept", kept=1)
            channel.send(pack(Kind.STREAM, envelope.id, encode_payload(item), name="item"))
        streamed: list[bytes] = []
        while (frame := channel.receive()[0]).name != "end":
            streamed.append(msgspec.msgpack.decode(frame.payload, type=AudioChunk).data)
        got.append(streamed)
        if connections == 1:
            return False
        channel.send(pack(Kind.RESULT, envelope.id, encode_payload(DONE)))
        return True

    with scripted_plane(home, answer):
        chunks = iter([AudioChunk(data=b"ab"), AudioChunk(data=b"cd")])
        held = HeldSound(lambda: next(chunks, None))
        order = Listen(source="push", key="ask_1", resumes=True)
        done = session.stream(order, lambda item: held.kept(item.kept), inputs=held, again=True)
        assert done == DONE
        session.close()
    assert got == [[b"ab", b"cd"], [b"cd"]]


def test_what_may_not_be_asked_twice_is_asked_once(session: ClientSession, home: Home) -> None:
    seen: list[int] = []

    def answer(channel: BlockingChannel, envelope: Envelope, _: tuple[int, ...]) -> bool:
        seen.append(envelope.id)
        return False

    with scripted_plane(home, answer):
        with pytest.raises(TransportError):
            session.call(GetJob(job="j"))
    assert len(seen) == 1


def test_joining_again_is_bounded_and_its_pauses_grow(
    session: ClientSession, home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Bounded in time and not in number: whoever starts it anew, however often, is waited for."""
    seen: list[int] = []
    now, slept = [0.0], list[float]()

    def sleep(seconds: float) -> None:
        slept.append(seconds)
        now[0] += seconds

    monkeypatch.setattr(session_module, "_FIRST_PAUSE", 0.1)
    monkeypatch.setattr(session_module, "_PATIENCE_SECONDS", 2.0)
    monkeypatch.setattr(session_module, "time", SimpleNamespace(monotonic=lambda: now[0], sleep=sleep))

    def answer(channel: BlockingChannel, envelope: Envelope, _: tuple[int, ...]) -> bool:
        seen.append(envelope.id)
        return False

    with scripted_plane(home, answer):
        with pytest.raises(TransportError):
            session.call(GetJob(job="j"), again=True)
    assert len(seen) == len(slept) + 1
    assert slept == sorted(slept)
    assert sum(slept) >= 2.0


def test_whatever_comes_back_renews_the_patience() -> None:
    joining = session_module._Joining()
    first = [joining.pause() for _ in range(4)]
    assert first == [0.1, 0.2, 0.4, 0.8]
    joining.reset()
    assert joining.pause() == 0.1


def test_a_file_passed_again_is_read_from_its_beginning(
    session: ClientSession, home: Home, tmp_path: Path
) -> None:
    read: list[bytes] = []

    def answer(channel: BlockingChannel, envelope: Envelope, descriptors: tuple[int, ...]) -> bool:
        read.append(os.read(descriptors[0], 100))
        if len(read) < 2:
            return False
        channel.send(pack(Kind.RESULT, envelope.id, encode_payload(Imported(utterance="utt_1", bytes=5))))
        return True

    (tmp_path / "a.wav").write_bytes(b"audio")
    with scripted_plane(home, answer), (tmp_path / "a.wav").open("rb") as file:
        session.call(Import(name="a.wav"), descriptors=(file.fileno(),), again=True)
        session.close()
    assert read == [b"audio", b"audio"]


def test_refusals_are_not_asked_again(session: ClientSession, home: Home) -> None:
    seen: list[int] = []

    def answer(channel: BlockingChannel, envelope: Envelope, _: tuple[int, ...]) -> bool:
        seen.append(envelope.id)
        channel.send(pack_error(envelope.id, GarretError("Too much.", code=Code.BUSY)))
        return True

    with scripted_plane(home, answer):
        with pytest.raises(GarretError) as error:
            session.call(GetJob(job="j"), again=True)
        session.close()
    assert error.value.code is Code.BUSY
    assert len(seen) == 1


def test_a_cancellation_by_the_other_side_is_one_here(session: ClientSession, home: Home) -> None:
    def answer(channel: BlockingChannel, envelope: Envelope, _: tuple[int, ...]) -> bool:
        channel.send(pack_error(envelope.id, GarretError("It was cancelled.", code=Code.CANCELLED)))
        return True

    with scripted_plane(home, answer):
        with pytest.raises(CancelledError):
            session.call(GetJob(job="j"))
        session.close()


def asked_for(session: ClientSession, home: Home, *, wait: bool = True) -> list[Any]:
    """What reaches the control plane of a deletion that needs an approval."""
    asked: list[Any] = []

    def answer(channel: BlockingChannel, envelope: Envelope, _: tuple[int, ...]) -> bool:
        asked.append((envelope.name, msgspec.msgpack.decode(envelope.payload)))
        result = ApprovalToken(token="once", expires=1.0) if envelope.name == "house.approve" else Nothing()
        channel.send(pack(Kind.RESULT, envelope.id, encode_payload(result)))
        return True

    with scripted_plane(home, answer):
        try:
            session.call(session.approve(Delete(utterance="utt_1\x1b[2J"), "Delete it?", wait=wait))
        finally:
            session.close()
    return asked


def at_a_terminal(home: Home, monkeypatch: pytest.MonkeyPatch, said: str) -> ClientSession:
    """A session in front of which somebody types."""
    keyboard = Screen(said)
    monkeypatch.setattr(sys, "stdin", keyboard)
    monkeypatch.setattr(sys, "stderr", Screen())
    return ClientSession(home, Output(Screen(), Screen()))


def test_an_approval_is_for_exactly_the_command_that_is_then_sent(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = at_a_terminal(home, monkeypatch, "y\n")
    (first, approve), (second, delete) = asked_for(session, home)
    assert (first, second) == ("house.approve", "dictate.delete")
    assert approve["command"] == "dictate.delete"
    assert msgspec.msgpack.decode(approve["payload"]) == {"utterance": "utt_1\x1b[2J", "approval": ""}
    assert delete == {"utterance": "utt_1\x1b[2J", "approval": "once"}
    err = session.output.err
    assert isinstance(err, Screen)
    assert 'utterance  "utt_1\\u001b[2J"' in err.getvalue()
    assert '\x1b[2J"' not in err.getvalue()


def test_nothing_is_approved_where_the_person_says_no(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    session = at_a_terminal(home, monkeypatch, "\n")
    with pytest.raises(CancelledError):
        asked_for(session, home)


def test_the_program_approves_nothing_by_itself_and_waits_for_another(
    session: ClientSession, home: Home
) -> None:
    assert asked_for(session, home) == [("dictate.delete", {"utterance": "utt_1\x1b[2J", "approval": ""})]
    assert "needs an approval" in notes(session)
    assert "15 min 00 s at most" in notes(session)


def test_without_waiting_nothing_is_asked_at_all(session: ClientSession, home: Home) -> None:
    with pytest.raises(GarretError, match="nobody here to ask") as caught:
        asked_for(session, home, wait=False)
    assert caught.value.code is Code.DENIED


def test_another_build_is_unavailable_not_denied(
    session: ClientSession, home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("garret.transport.client.build_hash", lambda: "f" * 16)
    with scripted_plane(home, lambda *_: False):
        with pytest.raises(GarretError) as error:
            session.call(GetJob(job="j"))
    assert error.value.code is Code.UNAVAILABLE
    assert "garret down" in error.value.message


def test_attaching_starts_nothing(session: ClientSession, home: Home) -> None:
    assert not session.attach()
    assert not home.root.exists()


# ---------------------------------------------------------------- questions


def stdin(monkeypatch: pytest.MonkeyPatch, data: bytes) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(data)))


def test_a_secret_is_the_first_line_of_standard_input(
    session: ClientSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    stdin(monkeypatch, "häslich\r\nmore\n".encode())
    assert session.secret("Value", twice=True) == "häslich"


def test_a_secret_that_is_no_text_is_refused_without_being_shown(
    session: ClientSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    stdin(monkeypatch, b"\xff\xfesecret\n")
    with pytest.raises(UsageProblem) as error:
        session.secret("Value")
    assert "secret" not in error.value.message


def test_without_anybody_to_ask_the_answer_is_no(
    session: ClientSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    stdin(monkeypatch, b"yes\n")
    assert not session.asked
    assert not session.confirm("Delete it?")


@pytest.mark.parametrize(
    ("key", "said"), [(b"y\n", True), (b"n\n", False), (b"\x03", False), (b"\x04", False)]
)
def test_ctrl_c_at_a_question_is_a_no(key: bytes, said: bool) -> None:
    code = (
        "import sys; from garret.base.paths import Home; from garret.cli.output import standard;"
        "from garret.cli.session import ClientSession; session = ClientSession(Home.default(), standard());"
        "print('answer', session.confirm('Delete it?'))"
    )
    process, terminal = pty.fork()
    if process == 0:
        os.execv(sys.executable, [sys.executable, "-c", code])
    shown = b""
    while b"[y/N]" not in shown:
        shown += os.read(terminal, 4096)
    os.write(terminal, key)
    with contextlib.suppress(OSError):  # the other side is closed
        while data := os.read(terminal, 4096):
            shown += data
    os.waitpid(process, 0)
    os.close(terminal)
    assert f"answer {said}".encode() in shown
    assert b"Traceback" not in shown


def test_cancelled_is_a_failure_with_its_own_words() -> None:
    from garret.cli.errors import Exit, exit_of

    assert exit_of(CancelledError("Cancelled.")) is Exit.FAILED
    assert exit_of(GarretError("x", code=Code.DENIED)) is Exit.DENIED
    assert exit_of(GarretError("x", code=Code.BUSY)) is Exit.UNAVAILABLE
    assert exit_of(GarretError("x", code=Code.USAGE)) is Exit.USAGE
    assert exit_of(GarretError("x", code=Code.CORRUPT)) is Exit.FAILED


def test_the_pin_is_asked_for_where_it_is_needed(
    session: ClientSession, home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    import argparse

    import msgspec

    from garret.features.house.keys_verbs import profiles_use

    pins: list[str] = []

    def answer(channel: BlockingChannel, envelope: Envelope, _: tuple[int, ...]) -> bool:
        pin = msgspec.msgpack.decode(envelope.payload)["pin"]
        pins.append(pin)
        if pin != "4711":
            refusal = GarretError("This needs the PIN.", code=Code.DENIED, details={"needs_pin": True})
            channel.send(pack_error(envelope.id, refusal))
        else:
            now = Profiles(current="admin", profiles=("admin",), pin_set=True)
            channel.send(pack(Kind.RESULT, envelope.id, encode_payload(now)))
        return True

    stdin(monkeypatch, b"4711\n")
    with scripted_plane(home, answer):
        profiles_use(session, argparse.Namespace(name="admin"))
        session.close()
    assert pins == ["", "4711"]
    out = session.output.out
    assert isinstance(out, io.TextIOWrapper)
    assert sent(out) == b"The profile is now admin.\n"


def test_what_is_there_is_claimed_only_with_leave(session: ClientSession, tmp_path: Path) -> None:
    one, other, new = (tmp_path / name for name in ("one.txt", "other.txt", "new.txt"))
    one.write_text("mine")
    other.write_text("mine")
    session.claim([str(new)])
    with pytest.raises(UsageProblem, match=r"one\.txt is there already.*--force writes over it"):
        session.claim([str(new), str(one)])
    with pytest.raises(UsageProblem, match=r"one\.txt and 1 more are there already"):
        session.claim([str(one), str(other)])
    session.claim([str(one), str(other)], force=True)
    with pytest.raises(UsageProblem, match="is what is read"):
        session.claim([str(one)], [str(one)], force=True)
    assert not new.exists()


@pytest.mark.parametrize(("answer", "allowed"), [("y\n", True), ("n\n", False), ("", False)])
def test_a_person_is_asked_before_a_file_is_written_over(
    home: Home, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, answer: str, allowed: bool
) -> None:
    there = tmp_path / "there.txt"
    there.write_text("mine")
    shown = io.StringIO()
    session = ClientSession(home, Output(pipe(), Screen()))
    session.asked = True
    monkeypatch.setattr(sys, "stdin", io.StringIO(answer))
    monkeypatch.setattr(sys, "stderr", shown)
    if allowed:
        session.claim([str(there)])
    else:
        with pytest.raises(CancelledError, match="Nothing was done"):
            session.claim([str(there)])
    assert "Write over it? [y/N]" in shown.getvalue()
