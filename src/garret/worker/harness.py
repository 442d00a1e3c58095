"""The loop every worker runs: read frames, run handlers, answer.

The main thread only reads; handlers run on threads of their own, as many as are needed up to the
manifest's concurrency, except `inline` ones, which are quick and run where they are read. Answers of
inline handlers whose commands came together leave together. A heartbeat thread
reports signs of life while something is running and sleeps otherwise. End of file on the control
descriptor means that the control plane is gone: the worker's process group goes with it.
"""

from __future__ import annotations

import os
import queue
import resource
import signal
import threading
from collections.abc import Callable, Mapping
from typing import Any, Final, NoReturn

import msgspec

from garret.base import log
from garret.base.errors import Code, GarretError
from garret.protocol.contract import Command, CommandMeta, check_payload
from garret.protocol.envelope import Envelope, encode_payload, pack, pack_error
from garret.protocol.errors import PayloadInvalid, ProtocolError
from garret.protocol.frames import Kind
from garret.protocol.life import Heartbeat
from garret.protocol.streams import Credit
from garret.transport.blocking import BlockingChannel
from garret.transport.descriptors import close_all
from garret.transport.errors import Disconnected
from garret.worker.asking import Asking
from garret.worker.call import Call

Handler = Callable[[Any, Call], Any]

ACCEPTED: Final = frozenset(
    {
        Kind.BOOT,
        Kind.CHALLENGE,
        Kind.WELCOME,
        Kind.ERROR,
        Kind.COMMAND,
        Kind.STREAM,
        Kind.CREDIT,
        Kind.CANCEL,
        Kind.DRAIN,
        Kind.EVENT,
    }
)
# Plain ints: a member of an enum costs as much to look up and compare as a small function call.
_COMMAND: Final = int(Kind.COMMAND)
_RESULT: Final = int(Kind.RESULT)
_STREAM: Final = int(Kind.STREAM)
_CREDIT: Final = int(Kind.CREDIT)
_CANCEL: Final = int(Kind.CANCEL)
_DRAIN: Final = int(Kind.DRAIN)
_EVENT: Final = int(Kind.EVENT)
_MOST_REPLIES: Final = 16  # quick answers that may wait for each other: some 16 ms at the very most
_decode_credit: Final = msgspec.msgpack.Decoder(Credit).decode
_logger = log.get("worker")


class Handlers:
    """What a worker's entry function returns: a handler for each command it takes.

    `inline` names the commands whose handler returns within about a millisecond.
    """

    def __init__(
        self,
        handlers: Mapping[type[Command[Any]], Handler],
        *,
        inline: frozenset[type[Command[Any]]] = frozenset(),
        close: Callable[[], None] | None = None,
    ) -> None:
        self.by_name: dict[str, tuple[CommandMeta, Handler, bool]] = {
            kind.__meta__.name: (kind.__meta__, handler, kind in inline) for kind, handler in handlers.items()
        }
        self.close = close or (lambda: None)


class Harness:
    """Serves one control connection until it drains or ends."""

    def __init__(
        self, channel: BlockingChannel, handlers: Handlers, *, concurrency: int, heartbeat_seconds: float
    ) -> None:
        self._channel = channel
        self._handlers = handlers
        self._concurrency = concurrency
        self._heartbeat_seconds = heartbeat_seconds
        self._calls: dict[int, Call] = {}
        self._work: queue.SimpleQueue[tuple[Call, Handler, Any] | None] = queue.SimpleQueue()
        self._threads = 0
        self._replies: list[bytes] = []
        self._active = threading.Event()
        self._draining = False
        self._beating = False
        self._thread = threading.local()
        self.asking = Asking(channel.send, lambda: getattr(self._thread, "request", 0))

    def serve(self) -> None:
        """Run until drained (returns) or disconnected (raises Disconnected)."""
        while not (self._draining and not self._calls):
            try:
                envelope, descriptors = self._channel.receive()
            except Disconnected:
                if self._draining and not self._calls:
                    return
                raise
            self._take(envelope, descriptors)
            if self._replies and not self._channel.ready:
                self._flush()  # what came last together with a quick command need not have been one

    def _flush(self) -> None:
        replies, self._replies = b"".join(self._replies), []
        self._channel.send(replies)

    def _take(self, envelope: Envelope, descriptors: tuple[int, ...]) -> None:
        if envelope.kind == _COMMAND:
            self._start(envelope, descriptors)
            return
        if envelope.kind == _EVENT:
            self.asking.answered(envelope, descriptors)
            return
        if descriptors:
            close_all(descriptors)
        if envelope.kind == _DRAIN:
            self._draining = True
            return
        call = self._calls.get(envelope.id)
        if call is None:
            return  # it ended while the frame was on its way
        try:
            _tell(call, envelope)
        except (ProtocolError, msgspec.MsgspecError) as error:
            # Whoever asked for this call is to blame; the other calls have nothing to do with it.
            call.fail(ProtocolError(f"{call.meta.name}: {error}"))

    def _start(self, envelope: Envelope, descriptors: tuple[int, ...]) -> None:
        known = self._handlers.by_name.get(envelope.name)
        if known is None:
            self._refuse(
                envelope.id, descriptors, PayloadInvalid(f"This worker does not know {envelope.name}.")
            )
            return
        meta, handler, inline = known
        try:
            command = check_payload(meta, envelope.payload)
        except PayloadInvalid as error:
            self._refuse(envelope.id, descriptors, error)
            return
        call = Call(
            envelope.id,
            meta,
            self._channel.send,
            deadline=envelope.deadline,
            trace=envelope.trace,
            descriptors=descriptors,
            asking=self.asking,
        )
        if inline:
            self._run_inline(call, handler, command)
            return
        self._calls[envelope.id] = call
        if self._threads < len(self._calls) and self._threads < self._concurrency:
            self._threads += 1
            threading.Thread(target=self._work_off, name=f"handler-{self._threads}", daemon=True).start()
        self._work.put((call, handler, command))
        self._beat()

    def _refuse(self, request: int, descriptors: tuple[int, ...], error: GarretError) -> None:
        close_all(descriptors)
        self._channel.send(pack_error(request, error))

    def _run_inline(self, call: Call, handler: Handler, command: Any) -> None:
        """Run a quick handler here; its answer waits for those of the commands that came with it."""
        frame = self._answer(call, handler, command)
        if call.result_descriptors:
            self._channel.send(frame, call.result_descriptors)
        elif self._replies or self._channel.ready:
            self._replies.append(frame)
            if len(self._replies) > _MOST_REPLIES:
                self._flush()
        else:
            self._channel.send(frame)
        call.close_descriptors()

    def _work_off(self) -> None:
        while (item := self._work.get()) is not None:
            call, handler, command = item
            self._thread.request = call.request
            try:
                frame = self._answer(call, handler, command)
                self._channel.send(frame, call.result_descriptors)
            except Disconnected:
                return
            finally:
                call.close_descriptors()
                self._calls.pop(call.request, None)
            self._rest()

    def _answer(self, call: Call, handler: Handler, command: Any) -> bytes:
        """Run a handler; return the frame to send, be it a result or an error."""
        failure: GarretError | None
        try:
            if call.deadline is not None:
                call.check()
            payload = encode_payload(handler(command, call))
            return pack(_RESULT, call.request, payload, descriptors=len(call.result_descriptors))
        except GarretError as error:
            failure = error
        except MemoryError:
            failure = None  # what the handler holds is let go of when this block is left
        except BaseException as error:  # panics of native libraries are no `Exception`, and are answered too
            _logger.exception("handler of %s failed", call.meta.name)
            message = f"{call.meta.name} failed: {type(error).__name__}: {error}"
            failure = GarretError(log.REDACTOR.clean(message))
        if failure is None:
            self._out_of_memory(call)
        close_all(call.result_descriptors)
        call.result_descriptors = ()
        return pack_error(call.request, failure)

    def _out_of_memory(self, call: Call) -> NoReturn:
        """The limit of this process, not of the machine, is reached; a fresh process starts clean."""
        try:
            message = f"{call.meta.name} needed more memory than it may have."
            self._channel.send(pack_error(call.request, GarretError(message, code=Code.FULL)))
        finally:
            os._exit(70)

    def _rest(self) -> None:
        """Stop the heartbeat, or leave, when nothing runs any more."""
        if self._calls:
            return
        self._active.clear()
        if self._calls:  # one was started between the look and the clearing
            self._active.set()
        elif self._draining:
            self._channel.shutdown()

    # ---- signs of life

    def _beat(self) -> None:
        self._active.set()
        if not self._beating:
            self._beating = True
            threading.Thread(target=self._heartbeat, name="heartbeat", daemon=True).start()

    def _heartbeat(self) -> None:
        pause = threading.Event()
        while self._active.wait():
            if pause.wait(self._heartbeat_seconds):
                return
            progress = {request: call.signs_of_life for request, call in tuple(self._calls.items())}
            if not progress:
                continue
            beat = Heartbeat(progress, resident_bytes())
            try:
                self._channel.send(pack(Kind.HEARTBEAT, 0, encode_payload(beat)))
            except Disconnected:
                return


def _tell(call: Call, envelope: Envelope) -> None:
    """Hand a frame that belongs to a running call to it. Raises ProtocolError or MsgspecError."""
    kind = envelope.kind
    if kind == _CANCEL:
        call.cancel()
    elif kind == _CREDIT:
        call.grant(_decode_credit(envelope.payload).items)
    elif kind == _STREAM:
        call.put_input(envelope.payload if envelope.name == "item" else None)
    else:
        raise ProtocolError(f"A frame of kind {kind} is not expected by a worker.")


def resident_bytes() -> int:
    """The memory this process holds now, or its peak where the system does not tell."""
    try:
        with open("/proc/self/statm", "rb") as file:
            return int(file.read().split()[1]) * resource.getpagesize()
    except OSError:  # not Linux, or /proc is outside the sandbox
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def end_group() -> None:
    """Kill this process and everything it started; the last act after the control plane is gone."""
    try:
        os.killpg(0, signal.SIGKILL)
    except (PermissionError, ProcessLookupError):  # the sandbox forbids signals: there are no children then
        os._exit(1)
