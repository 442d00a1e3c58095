"""The worker `llm`: one request to a language model's server at a time and thread, streamed."""

from __future__ import annotations

import threading
import time
from typing import Any, Final

from garret.features.models import contracts as c
from garret.features.models.manifest import KEY
from garret.features.models.providers.conversation import Conversation
from garret.features.models.providers.errors import ModelError
from garret.protocol.contract import Command
from garret.protocol.life import Boot
from garret.worker.call import Call
from garret.worker.harness import Handlers

_LOOK_SECONDS: Final = 0.05
_TEXT_CHARACTERS: Final = 400_000


class LlmWorker:
    """Keeps the key, and nothing of what is said."""

    def __init__(self, key: str) -> None:
        self._key = key

    def generate(self, command: c.Generate, call: Call) -> c.Completion:
        """Ask, stream, and answer whole. Raises ModelError."""
        began = time.monotonic()
        first = 0.0
        parts: list[str] = []
        size = 0
        with Conversation(command, self._key) as conversation:
            done = threading.Event()
            watcher = threading.Thread(target=_watch, args=(conversation, call, done), daemon=True)
            watcher.start()
            try:
                for text in conversation.pieces():
                    call.check()
                    first = first or time.monotonic() - began
                    parts.append(text)
                    size += len(text)
                    if size > _TEXT_CHARACTERS:
                        raise ModelError(
                            f"The model's answer is over {_TEXT_CHARACTERS:,} characters. It was given up."
                        )
                    call.emit_nowait(c.Piece(text=text))
            except ModelError:
                call.check()  # what a cancel broke off was cancelled, and did not fail
                raise
            finally:
                done.set()
                watcher.join()
            return c.Completion(
                text="".join(parts),
                model=command.model,
                stopped=conversation.stopped,
                tokens_in=conversation.tokens_in,
                tokens_out=conversation.tokens_out,
                seconds=time.monotonic() - began,
                first=first,
            )


def _watch(conversation: Conversation, call: Call, done: threading.Event) -> None:
    while not done.wait(_LOOK_SECONDS):
        if call.cancelled():
            conversation.cut()
            return


def build(boot: Boot) -> Handlers:
    """Nothing is connected before something is asked."""
    worker = LlmWorker(boot.secrets.get(KEY, ""))
    handlers: dict[type[Command[Any]], Any] = {c.Generate: worker.generate}
    return Handlers(handlers)
