"""The worker `asking`: reads questions and judges queries, over catalogues that it keeps.

A catalogue comes with each command as a memory file and is unpacked once: it is known by its revision.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from datetime import date
from typing import Any, Final, NamedTuple

from garret.features.data import contracts as c
from garret.features.data.contracts import work
from garret.features.data.guard import check
from garret.features.data.prompts import prompt_of
from garret.features.data.translator import Translator
from garret.protocol.contract import Command
from garret.protocol.life import Boot
from garret.transport import bulk
from garret.worker.call import Call
from garret.worker.harness import Handlers

_KEPT: Final = 8


class _Known(NamedTuple):
    catalogue: c.Catalogue
    translator: Translator


class AskingWorker:
    """One lock around what is kept; reading and judging need none."""

    def __init__(self) -> None:
        self._known: OrderedDict[str, _Known] = OrderedDict()
        self._lock = threading.Lock()

    def translate(self, command: work.Translate, call: Call) -> c.Translation:
        """What a question means. Never raises for what a question says."""
        known = self._over(command.revision, call)
        return known.translator.translate(
            command.question, today=date.fromisoformat(command.today), previous=command.previous
        )

    def prompt(self, command: work.MakePrompt, call: Call) -> work.Prompt:
        """What a language model is told of a question and the catalogue."""
        system, question = prompt_of(
            self._over(command.revision, call).catalogue,
            command.question,
            previous=command.previous,
            problem=command.problem,
            samples=command.samples,
        )
        return work.Prompt(system=system, question=question)

    def check(self, command: work.Check, call: Call) -> c.Checked:
        """The query as it may run. Raises GuardRefused."""
        return check(command.query, self._over(command.revision, call).catalogue, command.limits)

    def _over(self, revision: str, call: Call) -> _Known:
        with self._lock:
            known = self._known.get(revision)
            if known is None:
                (descriptor,) = call.take_descriptors()
                catalogue = bulk.unpack(descriptor, c.Catalogue)
                known = self._known[revision] = _Known(catalogue, Translator(catalogue))
                while len(self._known) > _KEPT:
                    self._known.popitem(last=False)
            self._known.move_to_end(revision)
            return known


def build(boot: Boot) -> Handlers:
    """Nothing is known at the start."""
    del boot
    worker = AskingWorker()
    handlers: dict[type[Command[Any]], Any] = {
        work.Translate: worker.translate,
        work.MakePrompt: worker.prompt,
        work.Check: worker.check,
    }
    return Handlers(handlers)
