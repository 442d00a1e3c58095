"""What `garret dictate`, `garret devices` and `garret engines` do.

The utterance's text is fetched from where it is kept, after the run has ended, so that the same
lines work whether the run went through at once, was joined again after the control plane died, or
was done long ago. Neighbours: `client/` (sources, transcripts, delivery), `history_verbs`.
"""

from __future__ import annotations

import argparse
import difflib
import os
import signal
import sys
from collections.abc import Callable, Generator
from contextlib import contextmanager
from typing import Literal

from garret.base.errors import CancelledError, Code, GarretError
from garret.base.ids import new_id
from garret.features.dictate import contracts as c
from garret.features.dictate.audio.errors import UNDECODABLE
from garret.features.dictate.client import keyboard, sources, transcripts
from garret.features.dictate.client.delivery import deliver, file_names, form_of, make_folder
from garret.features.dictate.client.errors import SourceUnusable
from garret.features.dictate.client.held_sound import HeldSound
from garret.features.dictate.client.sources import as_text
from garret.protocol.manifest import Inputs, Live, Session

Mode = Literal["free", "spelling"]


def dictate(session: Session, arguments: argparse.Namespace) -> int:
    """Dictate files one after another, the microphone, or standard input."""
    _check(arguments)
    form = form_of(arguments.format, arguments.output, as_json=session.as_json)
    outputs = _claim(session, arguments, form)
    check_engine(session, arguments.engine)
    if arguments.mic:
        _deliver_one(session, arguments, form, _listen_to_microphone(session, arguments), outputs[0])
        return 0
    if arguments.files == ["-"]:
        _deliver_one(session, arguments, form, _listen_to_input(session, arguments), outputs[0])
        return 0
    return _dictate_files(session, arguments, form, outputs)


def _check(arguments: argparse.Namespace) -> None:
    files = arguments.files
    if arguments.mic and files:
        raise GarretError("--mic takes no files. Nothing was dictated.", code=Code.USAGE)
    if "" in files:
        raise GarretError("A file has no empty name. Nothing was dictated.", code=Code.USAGE)
    if not arguments.mic and not files:
        raise GarretError(
            "There is nothing to dictate: name audio files, --mic for the microphone, or - for standard "
            "input.",
            code=Code.USAGE,
        )
    if "-" in files and files != ["-"]:
        raise GarretError("- stands alone: standard input is one utterance.", code=Code.USAGE)
    if arguments.device and not arguments.mic:
        raise GarretError("--device names a microphone and goes with --mic.", code=Code.USAGE)
    subtitles = form_of(arguments.format, arguments.output, as_json=arguments.json) in ("srt", "vtt")
    if subtitles and len(files) > 1 and not _is_folder(arguments.output):
        raise GarretError(
            "Subtitles of several files do not fit into one; name a folder with --output.", code=Code.USAGE
        )


def _claim(session: Session, arguments: argparse.Namespace, form: str) -> list[str]:
    """Where the text of each source goes: "" is standard output, a folder is for what comes from no file.

    Nothing has been heard yet: a place that cannot be written costs nobody a dictation. Raises GarretError.
    """
    output, files = arguments.output, arguments.files
    live = arguments.mic or files == ["-"]
    places: list[str] = [output] * (1 if live else len(files))
    if _is_folder(output):
        make_folder(output)
        if live:
            return places
        places = file_names(output, form, files)
    sources: list[str | int] = [sys.stdin.fileno()] if files == ["-"] else list(files)
    # "garret dictate talk.wav >> talk.wav" would write into its own source
    claimed = ["/dev/stdout"] if output in ("", "-") else list(dict.fromkeys(places))
    session.claim(claimed, sources, force=arguments.force)
    return places


def _is_folder(output: str) -> bool:
    # "x/" names a folder that is still to be made
    return bool(output) and (output.endswith(os.sep) or os.path.isdir(output))  # noqa: PTH112


def check_engine(session: Session, name: str) -> None:
    """Raise GarretError for an engine that is not there, before anything is taken or kept for it."""
    if not name:
        return
    known = {engine.name: engine for engine in session.call(c.ListEngines(), again=True).engines}
    if name not in known:
        near = difflib.get_close_matches(name, known, n=1)
        hint = f"did you mean {near[0]}?" if near else f"there is {', '.join(known)}."
        raise GarretError(f"There is no engine {name!r}; {hint} Nothing was done.", code=Code.USAGE)


def mode_of(arguments: argparse.Namespace) -> Mode:
    return "spelling" if arguments.spell else "free"


# ---------------------------------------------------------------- files


def _dictate_files(session: Session, arguments: argparse.Namespace, form: str, outputs: list[str]) -> int:
    """Each file by itself: what fails is told and the others go on; at the end the first failure counts."""
    target = _Target(session, arguments, form)
    first_error: GarretError | None = None
    for path, output in zip(arguments.files, outputs, strict=True):
        try:
            target.take(path, _dictate_file(session, path, arguments), output)
        except CancelledError:
            target.finish()
            raise
        except GarretError as error:
            if not target.several:
                raise
            session.note(f"garret: {as_text(path)}: {error.message}", "bad")
            first_error = first_error or error
    target.finish()
    if first_error is not None:
        raise GarretError(
            f"Not all of {len(arguments.files)} files are done; the lines above tell which.",
            code=first_error.code,
        )
    return 0


class _Target:
    """Where the texts of one or several files go: each by itself, or gathered into one document."""

    def __init__(self, session: Session, arguments: argparse.Namespace, form: str) -> None:
        self.several = len(arguments.files) > 1
        self._session = session
        self._arguments = arguments
        self._form = form
        gathered = self.several and (arguments.output or form == "json") and not _is_folder(arguments.output)
        self._gathered: list[tuple[str, str]] | None = [] if gathered else None

    def take(self, path: str, done: c.Dictated, output: str) -> None:
        """Deliver the text of one file to `output`, or keep it for `finish`."""
        text = _rendered(self._session, done, self._arguments, self._form)
        if self.several:
            self._session.note(f"{as_text(path)}:")
        remark(self._session, done)
        if self._gathered is not None:
            self._gathered.append((done.utterance, text))
        else:
            deliver(self._session, [done.utterance], text, output)

    def finish(self) -> None:
        """Deliver what was gathered: with JSON an array, even of nothing."""
        if self._gathered is not None:
            whole = transcripts.join([text for _, text in self._gathered], self._form)
            deliver(self._session, [name for name, _ in self._gathered], whole, self._arguments.output)


def _dictate_file(session: Session, path: str, arguments: argparse.Namespace) -> c.Dictated:
    with sources.opened(path) as descriptor:
        name = as_text(os.path.basename(path))  # noqa: PTH119
        return _import_and_transcribe(session, name, descriptor, arguments)


def _import_and_transcribe(
    session: Session, name: str, descriptor: int, arguments: argparse.Namespace
) -> c.Dictated:
    taken = session.call(c.Import(name=name[:200]), descriptors=(descriptor,), again=True)
    request = c.Transcribe(
        utterance=taken.utterance,
        key=new_id("ask"),
        engine=arguments.engine,
        mode=mode_of(arguments),
        partials=arguments.partials,
        commands=arguments.commands,
        track=arguments.track,
    )
    return transcribe(session, request)


def transcribe(session: Session, request: c.Transcribe) -> c.Dictated:
    """Run (or join) a transcription, showing how far it is. Raises GarretError; the audio is kept."""
    kept = f"The audio is kept: `garret history retry {request.utterance}` tries again."
    try:
        with session.live() as live:
            return session.stream(
                request,
                shower(session, live, partials=request.partials),
                on_progress=live.progress,
                again=True,
            )
    except CancelledError as error:
        raise CancelledError(f"Cancelled. {kept}", details=error.details) from error
    except GarretError as error:
        # Of what is no sound nothing is kept, and a wrong word is no failure of the audio.
        if not error.details.get(UNDECODABLE) and error.code != Code.USAGE:
            session.note(kept)
        raise


def shower(session: Session, live: Live, *, partials: bool) -> Callable[[c.DictationItem], None]:
    """Shows what a running dictation tells."""

    def show(item: c.DictationItem) -> None:
        text = f"{item.quality}: {item.text}" if item.quality and item.text else item.text
        if item.kind == "level":
            live.level(item.level)
        elif item.kind == "state":
            session.note(f"{item.text.capitalize()}." if item.text else "")
        elif item.kind == "words":
            session.note(f'"{item.text}" is words again.' if item.text else "No command was taken before.")
        elif item.kind == "mode":
            session.note(f"{item.text.capitalize()} are on." if item.text else "Capitals are off.")
        elif not partials:
            return
        elif item.kind == "partial":
            live.partial(text)
        elif item.kind == "final":
            live.final(text)
        elif item.kind == "command":
            session.note(f'"{item.text}" was taken for a command.')

    return show


# ---------------------------------------------------------------- live


def _listen_to_microphone(session: Session, arguments: argparse.Namespace) -> c.Dictated:
    stop = sources.StopSignal()
    request = c.Listen(
        source="microphone",
        key=new_id("ask"),
        device=arguments.device,
        engine=arguments.engine,
        mode=mode_of(arguments),
        partials=arguments.partials or session.watched,
        resumes=True,
    )
    with keyboard.opened() as keys:
        done = _listen(
            session, request, keyboard.Presses(stop, keys), stop, hint=keyboard.HINT if keys else ""
        )
    if done.audio_seconds <= 0:
        raise SourceUnusable(done.note or "Nothing was heard.", code=Code.UNAVAILABLE)
    return done


def _listen_to_input(session: Session, arguments: argparse.Namespace) -> c.Dictated:
    descriptor = sys.stdin.fileno()
    if os.isatty(descriptor):
        raise GarretError("Standard input is a terminal; audio is expected to be piped in.", code=Code.USAGE)
    found = sources.sniff(descriptor)
    if isinstance(found, bytes):
        if found:
            session.note("Not WAV of 16 kHz, mono, 16 bit: read whole, then dictated as a file.")
        with sources.copied(descriptor, found) as copy:
            return _import_and_transcribe(session, "standard input", copy, arguments)
    stop = sources.StopSignal()
    request = c.Listen(
        source="push",
        key=new_id("ask"),
        engine=arguments.engine,
        mode=mode_of(arguments),
        partials=arguments.partials,
        name="standard input",
        resumes=True,
    )
    held = HeldSound(sources.PushedAudio(descriptor, *found, stop))
    return _listen(session, request, held, stop, kept=held.kept)


def _listen(
    session: Session,
    request: c.Listen,
    inputs: Inputs,
    stop: sources.StopSignal,
    kept: Callable[[int], None] = lambda samples: None,
    hint: str = "",
) -> c.Dictated:
    try:
        with first_interrupt(stop.give), session.live() as live:
            if hint:
                live.hint(hint)
            show = shower(session, live, partials=request.partials)

            def take(item: c.DictationItem) -> None:
                if item.kind == "kept":
                    kept(item.kept)
                else:
                    show(item)

            return session.stream(request, take, inputs=inputs, again=True)
    except CancelledError as error:
        raise CancelledError(
            "Cancelled. What was heard so far is kept; `garret history` lists it.", details=error.details
        ) from error


@contextmanager
def first_interrupt(stop: Callable[[], None]) -> Generator[None, None, None]:
    """The first Ctrl-C calls `stop`; those after it interrupt as usual."""

    def interrupted(number: int, frame: object) -> None:
        del frame
        signal.signal(number, previous)
        stop()

    previous = signal.signal(signal.SIGINT, interrupted)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, previous)


# ---------------------------------------------------------------- what comes out


def _deliver_one(
    session: Session, arguments: argparse.Namespace, form: str, done: c.Dictated, output: str
) -> None:
    text = _rendered(session, done, arguments, form)
    remark(session, done)
    if _is_folder(output):
        (output,) = file_names(output, form, [done.utterance])
    deliver(session, [done.utterance], text, output)


def _rendered(session: Session, done: c.Dictated, arguments: argparse.Namespace, form: str) -> str:
    whole = transcripts.fetch(session, done.utterance)
    tell_commands(session, whole)
    indent = 2 if session.interactive and not arguments.output else 0
    return transcripts.render(whole, form, raw=arguments.raw, indent=indent)


def remark(session: Session, done: c.Dictated | c.Transcript) -> None:
    """What a person should know beside the text: how good it is, and anything the room noted."""
    if session.interactive or session.watched:
        session.note(transcripts.label(done.engine, done.quality))
    if done.note:
        session.note(done.note, "warn")


def tell_commands(session: Session, whole: c.Transcript) -> None:
    """Tell a person which words were taken for commands, and how to have them back."""
    line = transcripts.commands_in(whole)
    if line and (session.interactive or session.watched):
        session.note(line)


# ---------------------------------------------------------------- devices, engines


def devices(session: Session, arguments: argparse.Namespace) -> None:
    """List microphones and speakers."""
    del arguments
    found = session.call(c.ListDevices(), again=True).devices
    rows = [(d.kind, d.id, d.name, "default" if d.default else "") for d in found]
    empty = (
        "There is no microphone or speaker here. `garret dictate FILE` and `garret speak -o FILE TEXT` need "
        "none; `garret doctor` tells what sound lacks."
    )
    session.table(("kind", "device", "name", ""), rows, found, empty)


def engines(session: Session, arguments: argparse.Namespace) -> None:
    """List engines."""
    del arguments
    found = session.call(c.ListEngines(), again=True).engines
    session.table(
        ("engine", "quality", "", "model", "licence and origin, or why not"),
        [
            (
                each.name,
                each.quality,
                _engine_state(each),
                each.model,
                session.named(each.reason) or _rights(each),
            )
            for each in found
        ],
        found,
        "There is no engine. `garret doctor` tells why.",
    )


def _engine_state(engine: c.EngineStatus) -> str:
    return ("used" if engine.meant else "available") if engine.available else "not available"


def _rights(engine: c.EngineStatus) -> str:
    return f"{engine.licence}; {engine.origin}" if engine.licence else ""
