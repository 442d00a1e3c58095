"""A worker's questions to the house: memory files, watches on folders, a terminal.

Questions are for handlers' threads, which wait for the answer; the thread that reads the control socket hands
it over. A handler that runs inline is on that very thread and must not ask. While the worker runs, memory
files of `garret.transport.bulk` come from the house as well, since a caged process may make none.

Neighbours: `harness` reads the answers, `garret.protocol.asking` has the words, `watching` the watches.
"""

from __future__ import annotations

import itertools
import os
import queue
import threading
from collections.abc import Callable
from typing import Final

import msgspec

from garret.base.errors import Code
from garret.protocol.asking import ASK, Ask, AskMemory, Given, ReturnMemory
from garret.protocol.envelope import Envelope, encode_payload, pack
from garret.protocol.frames import Kind
from garret.transport.descriptors import close_all
from garret.worker.errors import WorkerError

_decode_given: Final = msgspec.msgpack.Decoder(Given).decode
_Answer = tuple[Given, tuple[int, ...]]


class Asking:
    """The questions of one worker. `call_of_thread` is the request that the calling thread works on, or 0."""

    def __init__(
        self, send: Callable[[bytes, tuple[int, ...]], None], call_of_thread: Callable[[], int]
    ) -> None:
        self._send = send
        self._call_of_thread = call_of_thread
        self._numbers = itertools.count(1)
        self._waiting: dict[int, queue.SimpleQueue[_Answer]] = {}
        self._reader = threading.get_ident()

    def ask(self, question: Ask) -> _Answer:
        """Ask and wait. The descriptors are the caller's to close.

        Raises WorkerError where it is refused, or on the thread that reads the answers, and Disconnected.
        """
        if threading.get_ident() == self._reader:
            raise WorkerError("A handler that runs inline cannot ask the house for anything.")
        number = next(self._numbers)
        answer = self._waiting[number] = queue.SimpleQueue[_Answer]()
        try:
            self._send(pack(Kind.EVENT, number, encode_payload(question), name=ASK), ())
            given, descriptors = answer.get()
        finally:
            del self._waiting[number]
        if given.refusal:
            close_all(descriptors)
            raise WorkerError(given.refusal, code=given.code)
        return given, descriptors

    def answered(self, envelope: Envelope, descriptors: tuple[int, ...]) -> None:
        """Hand an answer to whoever waits for it. For the reading thread."""
        answer = self._waiting.get(envelope.id)
        if answer is None:
            close_all(descriptors)
        else:
            answer.put((_decode_given(envelope.payload), descriptors))

    # ---- the source of `bulk`'s memory files

    def take(self, name: str) -> int:
        """A memory file, counted against this worker's memory. Raises WorkerError where that is full."""
        _, descriptors = self.ask(AskMemory(name, self._call_of_thread()))
        if len(descriptors) != 1:
            close_all(descriptors)
            raise WorkerError("The house gave no memory file.", code=Code.FULL)
        return descriptors[0]

    def give_back(self, descriptor: int) -> None:
        """Close a memory file whose content nobody needs any more."""
        inode = os.fstat(descriptor).st_ino
        os.close(descriptor)
        self._send(pack(Kind.EVENT, 0, encode_payload(ReturnMemory(inode)), name=ASK), ())
