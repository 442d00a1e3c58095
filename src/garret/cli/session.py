"""What a verb's handler works with: the connection to the control plane, and the output.

The connection is made at the first question, and the control plane started where it does not run.
Neighbours: `garret.protocol.manifest.Session` is the face that rooms know.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Sequence
from typing import Any, Final

import msgspec

from garret.base.clock import SYSTEM
from garret.base.errors import CancelledError, Code, GarretError
from garret.base.paths import Home
from garret.base.visible import arguments, visible
from garret.cli import figures, launch, naming
from garret.cli.errors import CliError, StartFailed, UsageProblem
from garret.cli.output import Output
from garret.cli.target import examine, replace_file
from garret.features.house.contracts import Approve, GetStatus, Status
from garret.protocol.contract import Command, ResultT
from garret.protocol.errors import HandshakeRefused
from garret.protocol.life import Progress
from garret.protocol.manifest import Inputs, Live, RequestT, Style
from garret.transport.client import Client
from garret.transport.errors import TransportError

_PATIENCE_SECONDS: Final = 600.0
"""How long a question is asked anew after lost connections, without anything having come back meanwhile."""
_FIRST_PAUSE: Final = 0.1  # seconds; doubles each time, up to
_LONGEST_PAUSE: Final = 5.0
_LONGEST_LINE: Final = 65_536  # bytes of a secret on standard input


class _Joining:
    """How long and how often one question is asked anew while connections are lost."""

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        """Something came back: whatever is lost from now on is lost for the first time."""
        self._pause = _FIRST_PAUSE
        self._until: float | None = None

    def in_vain(self) -> bool:
        """Whether nothing has come back for so long that asking on makes no sense."""
        now = time.monotonic()
        self._until = self._until or now + _PATIENCE_SECONDS
        return now >= self._until

    def pause(self) -> float:
        """Seconds to wait before the next try."""
        pause, self._pause = self._pause, min(self._pause * 2, _LONGEST_PAUSE)
        return pause


class ClientSession:
    """One run of `garret`: at most one connection at a time, one output."""

    def __init__(self, home: Home, output: Output, *, start: bool = True) -> None:
        self.home = home
        self.output = output
        self.as_json = output.as_json
        self.interactive = output.interactive
        self.watched = output.watched
        self.asked = _is_terminal(sys.stdin) and output.watched
        self.received: tuple[int, ...] = ()
        self._start = start
        self._client: Client | None = None

    # ---- the control plane

    def client(self) -> Client:
        """The connection, made now where there is none. Raises StartFailed or HandshakeRefused."""
        if self._client is None:
            try:
                self._client = self._connected()
            except HandshakeRefused as error:
                if error.details.get("reason") != "build":
                    raise
                # Nobody forbade anything: it works again once the other build has stopped.
                raise CliError(error.message, code=Code.UNAVAILABLE, retryable=False) from error
        return self._client

    def _connected(self) -> Client:
        try:
            return launch.connect(self.home, start=False)
        except TransportError:
            if not self._start:
                raise
        try:
            client = launch.launch(self.home, tell=self._warn)
        except StartFailed as error:
            client = launch.launch(self.home, self.unlocking(error), tell=self._warn)
        self.tell_of_damage(client.call(GetStatus()))
        return client

    def tell_of_damage(self, status: Status) -> None:
        """A damaged home is served as far as it can be read: whoever starts it is told, and led on."""
        mode, _, reason = status.storage.partition(": ")
        if mode == "damaged":
            self.note(
                f"The database of {status.home} is damaged: {reason} What can be read is shown, and nothing "
                "is written. To save what can be read: `garret down`, then `garret restore --salvage`; "
                "`garret doctor` names the backups there are.",
                "warn",
            )

    def unlocking(self, error: StartFailed) -> str:
        """The passphrase of a sealed home, from whoever sits at the terminal; else raises `error` again."""
        sealed = error.details.get("reason") == "sealed"
        if not sealed or not self.asked or not hasattr(os, "memfd_create"):
            raise error
        return self.secret("Passphrase of this home")

    def attach(self) -> bool:
        """Connect where a control plane runs, without starting one; whether it does."""
        start, self._start = self._start, False
        try:
            self.client()
        except TransportError:
            return False
        finally:
            self._start = start
        return True

    def close(self) -> None:
        if self._client is not None:
            self._client.close()
            self._client = None

    def call(
        self, request: Command[ResultT], *, descriptors: tuple[int, ...] = (), again: bool = False
    ) -> ResultT:
        return self.stream(request, _ignore, descriptors=descriptors, again=again)

    def stream(
        self,
        request: Command[ResultT],
        on_item: Callable[[Any], None],
        *,
        on_progress: Callable[[float, str], None] | None = None,
        descriptors: tuple[int, ...] = (),
        inputs: Inputs | None = None,
        again: bool = False,
    ) -> ResultT:
        def progressed(progress: Progress) -> None:
            if on_progress is not None:
                on_progress(progress.fraction, progress.note)

        def took(item: Any) -> None:
            joining.reset()
            on_item(item)

        joining = _Joining()
        while True:
            try:
                client = self.client()
                result = client.stream(
                    request,
                    took,
                    on_progress=progressed,
                    inputs=None if inputs is None else inputs.reader(),
                    descriptors=descriptors,
                )
            except TransportError:
                self.close()
                if not again or not self._start or joining.in_vain():
                    raise
                pause = joining.pause()
                self._warn(f"The connection to Garret was lost; joining again in {pause:.1f} s.")
                time.sleep(pause)
                _rewind(descriptors)
                continue
            except GarretError as error:
                if error.code != Code.CANCELLED:
                    raise
                raise CancelledError(error.message, details=error.details) from error
            self.received = client.received_descriptors
            return result

    def _warn(self, text: str) -> None:
        self.note(text, "warn")

    def approve(self, request: RequestT, question: str, *, wait: bool = True) -> RequestT:
        name, seconds = request.__meta__.name, request.__meta__.timeout
        given = {key: value for key, value in msgspec.structs.asdict(request).items() if key != "approval"}
        if not self.asked:
            if not wait:
                raise CliError(
                    f"{name} needs an approval, and there is nobody here to ask. Nothing was done.",
                    code=Code.DENIED,
                )
            limit = f" for {figures.duration(seconds)} at most" if seconds is not None else ""
            self.note(
                f"{name} needs an approval, and there is nobody here to ask. It waits{limit}: "
                "`garret approvals` on a terminal shows it and grants it.",
                "warn",
            )
            return request
        self.note(f"{name}: {request.__meta__.summary}")
        for line in arguments(given):
            self.note(line)
        if not self.confirm(question):
            raise CancelledError("Nothing was done.")
        answer = self.call(Approve(command=request.__meta__.name, payload=msgspec.msgpack.encode(request)))
        return msgspec.structs.replace(request, approval=answer.token)

    # ---- the output

    def say(self, text: str, style: Style = "plain") -> None:
        self.output.say(text, style)

    def note(self, text: str, style: Style = "dim") -> None:
        self.output.note(text, style)

    def emit(self, value: Any, text: str) -> None:
        self.output.emit(value, text)

    def table(
        self, columns: tuple[str, ...], rows: list[tuple[Any, ...]], values: Any = None, empty: str = ""
    ) -> None:
        self.output.table(columns, rows, values, empty)

    def live(self) -> Live:
        from garret.cli.live import DrawnLive, PlainLive

        return DrawnLive(self.output) if self.watched else PlainLive(self.output)

    def write(self, data: str | bytes) -> None:
        self.output.write(data)

    def claim(self, paths: Sequence[str], sources: Sequence[str | int] = (), *, force: bool = False) -> None:
        there = [path for path in paths if examine(path, sources)]
        if not there or force:
            return
        more = len(there) - 1
        told, over = (f"{there[0]} is", "it") if not more else (f"{there[0]} and {more} more are", "them")
        if not self.asked:
            raise UsageProblem(f"{told} there already. Nothing was done; --force writes over {over}.")
        if not self.confirm(f"{told} there already. Write over {over}?"):
            raise CancelledError("Nothing was done, and nothing was written over.")

    def write_file(self, path: str, data: str | bytes) -> None:
        replace_file(path, data)

    def moment(self, seconds: float) -> str:
        return figures.moment(seconds, SYSTEM.wall() if self.interactive else None)

    def named(self, message: str) -> str:
        return naming.named(message, self.output.command)

    def duration(self, seconds: float) -> str:
        return figures.duration(seconds)

    def size(self, count: int) -> str:
        return figures.size(count)

    # ---- questions

    def confirm(self, question: str) -> bool:
        if not self.asked:
            return False
        sys.stderr.write(f"{visible(question)} [y/N] ")
        sys.stderr.flush()
        try:
            answer = sys.stdin.readline()
        except KeyboardInterrupt:  # also an answer: nothing has been asked of Garret yet
            answer = ""
        if not answer.endswith("\n"):
            sys.stderr.write("\n")
        return answer.strip().lower() in ("y", "yes")

    def secret(self, prompt: str, *, twice: bool = False) -> str:
        """Raises UsageProblem where nothing came, or two entries differ."""
        if not _is_terminal(sys.stdin):
            line = sys.stdin.buffer.readline(_LONGEST_LINE)
            try:
                value = line.decode().rstrip("\r\n")
            except UnicodeDecodeError as error:
                raise UsageProblem("Standard input is not UTF-8 text. Nothing was changed.") from error
        else:
            import getpass

            prompt = visible(prompt)
            value = getpass.getpass(f"{prompt}: ")
            if twice and value and getpass.getpass(f"{prompt}, again: ") != value:
                raise UsageProblem("The two entries differ. Nothing was changed; try again.")
        return value


def _is_terminal(stream: Any) -> bool:
    try:
        return stream is not None and bool(stream.isatty())
    except ValueError:  # closed
        return False


def _rewind(descriptors: tuple[int, ...]) -> None:
    """A descriptor that was passed shares its position with whoever read from it."""
    for number in descriptors:
        os.lseek(number, 0, os.SEEK_SET)


def _ignore(item: Any) -> None:
    del item
