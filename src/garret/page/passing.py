"""Files that pass between a page and the house: descriptors under tickets, each good for one use.

A file beside a result waits under a ticket until the page fetches it (`take`). What a page puts up is
written to an unlinked temporary file or memory (`Upload`), and waits under a ticket until a call names it.
Tickets are 128 random bits, belong to the page that they were made for, and end with it: a page can fetch
nothing of another's. What waits is bounded in number; what is put up is bounded in bytes.

No loop. Neighbours: `channel` offers and takes; the window's scheme handler and the gateway's routes serve.
"""

from __future__ import annotations

import os
import secrets
import tempfile
from pathlib import Path
from typing import IO, Final

from garret.base.errors import Code
from garret.page.errors import PageError

WAITING: Final = 64
"""Files that may wait for one page in each direction; the oldest goes when one more comes."""

UPLOAD_LIMIT: Final = 8 << 30
"""Bytes of one file that a page puts up: twelve hours of sound as 16-bit stereo at 48 kHz are 7.7 GiB."""


class Tickets:
    """The files that wait for one page, in one direction."""

    def __init__(self) -> None:
        self._files: dict[str, int] = {}

    def offer(self, descriptor: int) -> str:
        """Have a file's descriptor wait, the tickets' to close from now on; its ticket.

        It is read from its beginning, wherever who wrote it stopped.
        """
        os.lseek(descriptor, 0, os.SEEK_SET)
        while len(self._files) >= WAITING:
            os.close(self._files.pop(next(iter(self._files))))
        ticket = secrets.token_urlsafe(16)
        self._files[ticket] = descriptor
        return ticket

    def take(self, ticket: str) -> int:
        """The descriptor, the caller's to close; the ticket is spent. Raises PageError (not found)."""
        descriptor = self._files.pop(ticket, None)
        if descriptor is None:
            raise PageError(
                "This file does not wait here any more: it is handed out once.", code=Code.NOT_FOUND
            )
        return descriptor

    def __contains__(self, ticket: str) -> bool:
        return ticket in self._files

    def close(self) -> None:
        """Nobody will come: close what waits."""
        while self._files:
            os.close(self._files.popitem()[1])


class Upload:
    """One file that is being put up, chunk by chunk."""

    def __init__(
        self, folder: Path | None = None, limit: int = UPLOAD_LIMIT, *, file: IO[bytes] | None = None
    ) -> None:
        """`folder` is where the unlinked file is written; None: the system's own for temporary files.

        `file` is for who may make none: an empty one, unbuffered, the upload's to close.
        """
        self._file = file or tempfile.TemporaryFile(dir=folder, buffering=0)  # noqa: SIM115  it outlives this
        self._limit = limit
        self.size = 0

    def free(self) -> int:
        """Bytes that its disk still has for it."""
        disk = os.fstatvfs(self._file.fileno())
        return disk.f_bavail * disk.f_frsize

    def write(self, chunk: bytes) -> None:
        """Raises PageError where it grows too large or the disk is full; then nothing of it is kept."""
        self.size += len(chunk)
        try:
            if self.size > self._limit:
                raise PageError(
                    f"A file of at most {self._limit >> 30} GiB can be put up. Nothing was kept of it.",
                    code=Code.FULL,
                )
            rest = memoryview(chunk)
            while rest:
                rest = rest[self._file.write(rest) :]
        except OSError as error:
            self.discard()
            raise PageError(
                f"The file could not be kept ({error.strerror}). Nothing was kept of it.", code=Code.FULL
            ) from error
        except PageError:
            self.discard()
            raise

    def finish(self, tickets: Tickets) -> str:
        """The ticket under which the file waits, to be read from its beginning."""
        descriptor = os.dup(self._file.fileno())
        self._file.close()
        return tickets.offer(descriptor)

    def discard(self) -> None:
        """Nothing of it is kept. Idempotent."""
        self._file.close()
