"""What a worker may ask of the house over its control socket, and the answer.

A worker cannot make these things itself, since the kernel could not hold it to its grants if it did: memory
files (no limit of a process counts them), watches on folders (inotify asks for no right on a path but
reading it), a terminal (a cage is inherited by whatever a caged process starts). The control plane makes them
and passes a descriptor. Neighbours: `garret.worker.asking` asks, `garret.control.workers.lending` answers.
"""

from __future__ import annotations

from typing import Final, TypeAlias

import msgspec

from garret.base.errors import Code

ASK: Final = "worker.ask"
GIVEN: Final = "worker.given"
"""The names of the two events; their frames' id is the number of the question."""


class AskMemory(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag="memory"):
    """An empty memory file for the command `call` (0: for the process), which may grow and be sealed."""

    name: str
    call: int = 0


class ReturnMemory(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag="return"):
    """The memory file with this inode number is not needed any more; no answer comes."""

    inode: int


class AskWatch(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag="watch"):
    """A watch on the folder `path`. `Given.number` is its number; the first answer brings the descriptor."""

    path: str


class AskTerminal(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag="terminal"):
    """A terminal of this size in which the person's shell runs, with the person's rights."""

    columns: int
    rows: int


Ask: TypeAlias = AskMemory | ReturnMemory | AskWatch | AskTerminal


class Given(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The answer: descriptors come beside it, unless `refusal` says why not."""

    number: int = 0
    refusal: str = ""
    code: Code = Code.FAILED
