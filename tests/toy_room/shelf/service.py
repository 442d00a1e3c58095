"""The shelf's service: its notes are objects; what is found and counted is derived from them."""

from __future__ import annotations

import os
from typing import Any, Final

from garret.control.commands.service import Request
from garret.control.door import Door
from garret.protocol.contract import Nothing
from garret.storage.derived import IndexFile
from garret.storage.objects import Object
from garret.storage.projections import Projection
from tests.toy_room.shelf import contracts as c

NOTE: Final = "shelf.note"


def _apply(connection: Any, item: Object) -> None:
    connection.execute(
        "INSERT OR REPLACE INTO shelf_notes VALUES (?, ?, ?)", (item.id, item.workspace, item.body["text"])
    )


def _forget(connection: Any, kind: str, identity: str) -> None:
    del kind
    connection.execute("DELETE FROM shelf_notes WHERE id = ?", (identity,))


PROJECTION: Final = Projection("shelf", ("shelf_notes",), {NOTE: _apply}, _forget)


class ShelfService:
    """Keeps, finds and counts; `made` is what it was asked to make anew."""

    def __init__(self, door: Door) -> None:
        self._door = door
        self.made: list[tuple[str, str]] = []
        self.handlers = {
            c.Keep: self._keep,
            c.Find: self._find,
            c.Count: self._count,
            c.Clear: self._clear,
            c.FillWords: self._fill_words,
            c.FillCounts: self._fill_counts,
        }

    async def start(self) -> None:
        """Nothing to bring up."""

    async def stop(self) -> None:
        """Nothing to take down."""

    async def _keep(self, command: c.Keep, request: Request) -> Nothing:
        await self._door.store.objects.create(
            self._door.signer, NOTE, {"text": command.text}, workspace=request.workspace
        )
        for name in ("words", "counts"):
            await self._door.derived.discard(name, request.workspace)
        return Nothing()

    async def _find(self, command: c.Find, request: Request) -> c.Texts:
        async def look(index: IndexFile) -> c.Texts:
            descriptor = index.open()
            try:
                order = c.Look(key=index.key, word=command.word)
                return await request.calls.call(order, descriptors=(descriptor,))
            finally:
                os.close(descriptor)

        return await self._door.derived.use("words", request.workspace, look)

    async def _count(self, command: c.Count, request: Request) -> c.Number:
        await self._door.derived.ready("counts", request.workspace)
        with self._door.store.cache_readers.read() as connection:
            row = connection.execute(
                "SELECT count FROM shelf_counts WHERE workspace = ? AND word = ?",
                (request.workspace, command.word),
            ).fetchone()
        return c.Number(value=int(str(row[0])) if row is not None else 0)

    async def _clear(self, command: c.Clear, request: Request) -> Nothing:
        del command
        await self._door.derived.discard("counts", request.workspace)
        return Nothing()

    async def _texts(self, workspace: str) -> list[str]:
        def look(connection: Any) -> list[str]:
            sql = "SELECT text FROM shelf_notes WHERE workspace = ? ORDER BY text"
            return [str(text) for (text,) in connection.execute(sql, (workspace,))]

        return await self._door.store.read(look)

    async def _fill_words(self, command: c.FillWords, request: Request) -> Nothing:
        del command
        self.made.append(("words", request.workspace))
        index = self._door.derived.file("words", request.workspace)
        texts = await self._texts(request.workspace)
        descriptor = index.open()
        try:
            await request.calls.call(c.Write(key=index.key, texts=tuple(texts)), descriptors=(descriptor,))
        finally:
            os.close(descriptor)
        return Nothing()

    async def _fill_counts(self, command: c.FillCounts, request: Request) -> Nothing:
        del command
        workspace = request.workspace
        self.made.append(("counts", workspace))
        words = [word for text in await self._texts(workspace) for word in text.split()]

        def fill(connection: Any) -> None:
            rows = [(workspace, word, words.count(word)) for word in set(words)]
            connection.executemany("INSERT INTO shelf_counts VALUES (?, ?, ?)", rows)

        await self._door.store.cache_writer.write(fill)
        return Nothing()
