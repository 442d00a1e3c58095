"""What one worker process was lent: memory files, watches on folders, terminals.

A worker asks over its control socket (`protocol.asking`), because it cannot be let make these itself. The
control plane keeps a descriptor of every memory file it lent, and so

    sees at any time what they hold, whether they are mapped or not;
    takes the memory back when the command ends that they were for: emptied and sealed against growing, a
    memory file holds nothing, whoever still has a descriptor of it.

A file that came back beside a result belongs to whoever asked. One that was sealed and then not handed over
cannot be emptied; its size stays on the worker's account, so that none can hoard by sealing.

Invariants: belongs to the loop's thread; a path is judged by where it leads, and watched there. Neighbours:
`link` calls it for each worker, `worker.asking` is the other end.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Callable
from typing import Final

from garret.base.errors import Code, GarretError
from garret.control.errors import ControlError
from garret.control.workers.watches import Watches
from garret.protocol.asking import Ask, AskMemory, AskTerminal, AskWatch, Given, ReturnMemory
from garret.protocol.manifest import MIB, Grants
from garret.transport import bulk

_MOST_FILES: Final = 64
"""Memory files that a worker may have at a time; each costs the control plane a descriptor."""

_BLOCK: Final = 512  # bytes, the unit of st_blocks (stat(2)), whatever the file system's own
_NO_ANSWER: Final = (None, ())

Answer = tuple[Given | None, tuple[int, ...]]


class Lender:
    """The lendings of one process with these grants. `terminal` starts the person's shell."""

    def __init__(self, grants: Grants, terminal: Callable[[int, int], int]) -> None:
        self._grants = grants
        self._terminal = terminal
        self._files: dict[int, tuple[int, int]] = {}  # by inode: the call it is for, our descriptor
        self._kept = 0  # bytes of files that could not be emptied
        self._watches: Watches | None = None

    def answer(self, question: Ask) -> Answer:
        """The answer, and the descriptors to pass with it, which are the caller's to close afterwards."""
        try:
            match question:
                case AskMemory():
                    return self._memory(question)
                case ReturnMemory():
                    self._take_back(question.inode)
                    return _NO_ANSWER
                case AskWatch():
                    return self._watch(question.path)
                case AskTerminal():
                    return self._shell(question)
        except GarretError as error:
            return Given(refusal=error.message, code=error.code), ()
        except OSError as error:
            reason = f"The system refused it: {error.strerror}. Nothing was given."
            return Given(refusal=reason, code=Code.UNAVAILABLE), ()

    def held_bytes(self) -> int:
        """The memory that the files hold which are lent now, or could not be taken back."""
        return self._kept + sum(os.fstat(ours).st_blocks * _BLOCK for _, ours in self._files.values())

    @property
    def lent(self) -> bool:
        """Whether any memory is on this worker's account."""
        return bool(self._files or self._kept)

    def hand_over(self, descriptors: tuple[int, ...]) -> None:
        """These came beside a result: what is lent among them is the asker's from here on."""
        for descriptor in descriptors:
            found = self._files.pop(os.fstat(descriptor).st_ino, None)
            if found is not None:
                os.close(found[1])

    def end_call(self, call: int) -> None:
        """Take back what was lent for a command and was not handed over with its result."""
        for inode in [inode for inode, (owner, _) in self._files.items() if owner == call]:
            self._take_back(inode)

    def close(self) -> None:
        """The process is gone: let go of everything. The memory goes with the last descriptor."""
        for _, ours in self._files.values():
            os.close(ours)
        self._files.clear()
        if self._watches is not None:
            self._watches.close()
            self._watches = None

    def _memory(self, question: AskMemory) -> Answer:
        if len(self._files) >= _MOST_FILES:
            raise ControlError(
                f"This worker has {_MOST_FILES} memory files already and gets no more. Give some back.",
                code=Code.FULL,
            )
        if self.held_bytes() >= self._grants.memory_bytes:
            size = self._grants.memory_bytes // MIB
            raise ControlError(
                f"This worker's memory files hold the {size} MiB that it may have.", code=Code.FULL
            )
        ours = bulk.memory_file(question.name)
        try:
            theirs = os.dup(ours)
        except OSError:
            os.close(ours)
            raise
        self._files[os.fstat(ours).st_ino] = (question.call, ours)
        return Given(), (theirs,)

    def _take_back(self, inode: int) -> None:
        found = self._files.pop(inode, None)
        if found is None:
            return
        ours = found[1]
        try:
            # In this order: nothing can be written between the two.
            fcntl.fcntl(ours, fcntl.F_ADD_SEALS, fcntl.F_SEAL_GROW)
            os.ftruncate(ours, 0)
        except PermissionError:  # the worker sealed it
            self._kept += os.fstat(ours).st_blocks * _BLOCK
        finally:
            os.close(ours)

    def _watch(self, path: str) -> Answer:
        first = self._watches is None
        if self._watches is None:
            self._watches = Watches(self._grants.watch)
        try:
            number = self._watches.add(path)
            return Given(number), (os.dup(self._watches.descriptor),) if first else ()
        except (OSError, GarretError):
            if first:
                self._watches.close()
                self._watches = None
            raise

    def _shell(self, question: AskTerminal) -> Answer:
        if not self._grants.terminal:
            raise ControlError("This worker was granted no terminal. Nothing was started.", code=Code.DENIED)
        return Given(), (self._terminal(question.columns, question.rows),)
