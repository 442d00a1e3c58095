"""What `garret speak` does: say a text on the speaker, or write it to a WAV file."""

from __future__ import annotations

import argparse
import os
import sys

from garret.base.errors import CancelledError, Code, GarretError
from garret.base.ids import new_id
from garret.features.speak import contracts as c
from garret.protocol.manifest import Session
from garret.transport.bulk import BulkReader

_LONGEST_TEXT = 900_000  # bytes; a command's frame holds 1 MiB


def speak(session: Session, arguments: argparse.Namespace) -> None:
    """Speak, list the voices, or stop what is being said."""
    if arguments.list_voices:
        _list_voices(session)
        return
    if arguments.stop:
        session.call(c.StopSpeaking())
        session.emit({"stopped": True}, "Stopped.")
        return
    text = _text(arguments.text)
    if arguments.output:
        if arguments.output != "-":
            session.claim(
                [arguments.output], [sys.stdin.fileno()] * (arguments.text == ["-"]), force=arguments.force
            )
        _render(session, arguments, text)
        return
    request = c.Say(
        text=text, key=new_id("ask"), voice=arguments.voice, rate=arguments.rate, device=arguments.device
    )
    try:
        done = session.call(request, again=True)
    except CancelledError as error:
        raise CancelledError("Stopped. The rest of the text was not said.", details=error.details) from error
    session.emit(done, "")


def _text(words: list[str]) -> str:
    text = _standard_input() if words == ["-"] else " ".join(words)
    if not text.strip():
        raise GarretError(
            "There is nothing to say. `garret speak TEXT`, or `garret speak -` for standard input.",
            code=Code.USAGE,
        )
    if len(text.encode("utf-8", "replace")) > _LONGEST_TEXT:
        raise GarretError(
            f"The text is longer than {_LONGEST_TEXT} bytes. Nothing was said; speak it in parts.",
            code=Code.INVALID,
        )
    return text.encode("utf-8", "replace").decode()


def _standard_input() -> str:
    return sys.stdin.buffer.read(_LONGEST_TEXT + 1).decode("utf-8", "replace")


def _list_voices(session: Session) -> None:
    voices = session.call(c.ListVoices(), again=True).voices
    rows = [(voice.id, voice.name, voice.language, voice.engine, voice.quality) for voice in voices]
    session.table(
        ("voice", "name", "language", "engine", "quality"),
        rows,
        voices,
        "There is no voice. `garret doctor` tells what speech lacks.",
    )


def _render(session: Session, arguments: argparse.Namespace, text: str) -> None:
    try:
        done = session.call(c.Render(text=text, voice=arguments.voice, rate=arguments.rate), again=True)
    except CancelledError as error:
        raise CancelledError("Cancelled. Nothing was written.") from error
    received, *more = session.received or (-1,)
    for number in more:
        os.close(number)
    if received < 0:
        raise GarretError("The speech came without its audio. Nothing was written; try again.")
    with BulkReader(received) as wav:
        data = bytes(wav.view)
    if arguments.output == "-":
        session.write(data)
    else:
        session.write_file(arguments.output, data)
        told = f"{arguments.output}: {session.duration(done.seconds)}, voice {done.voice} ({done.engine})."
        session.emit({"file": arguments.output, **_plain(done)}, told)


def _plain(done: c.Spoken) -> dict[str, object]:
    return {name: getattr(done, name) for name in done.__struct_fields__}
