"""The history, saved questions and dashboards.

Neighbours: `store` (tables), `running` (answers and trust).
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any, Final, NamedTuple

import apsw
import msgspec

from garret.base.errors import Code, UsageError
from garret.base.ids import new_id
from garret.control.commands.service import Request, ServiceHandler
from garret.control.door import Door
from garret.control.errors import ControlError
from garret.features.data import contracts as c
from garret.features.data import store
from garret.features.data.adding import Adding, owner_of
from garret.features.data.shelf import Shelf
from garret.features.data.store import Owner, Said, Wanted
from garret.protocol.contract import Command, Nothing

_LISTED: Final = 500
_QUERY_SHOWN: Final = 4_000
_NAME_CHARACTERS: Final = 120


class _Around(NamedTuple):
    """What is said about questions beside what they are."""

    names: dict[str, str]
    saved: Said
    trusted: Said
    answers: dict[str, dict[str, Any]]


class Keeping:
    """Answers what is asked about what was asked."""

    def __init__(self, door: Door, adding: Adding, shelf: Shelf) -> None:
        self._door = door
        self._adding = adding
        self._shelf = shelf
        self.handlers: Mapping[type[Command[Any]], ServiceHandler] = {
            c.GetHistory: self._history,
            c.SaveQuestion: self._save,
            c.Pin: self._pin,
            c.Unpin: self._unpin,
            c.ListDashboards: self._dashboards,
        }

    async def _history(self, command: c.GetHistory, request: Request) -> c.History:
        owner = owner_of(request)
        if command.question:
            one = await self._look_up(command.question, request)
            return c.History(questions=() if one is None else (one,))
        source = (await self._adding.find(request, command.source)).id if command.source else ""
        wanted = Wanted(
            limit=min(max(command.limit, 1), _LISTED),
            before=command.before,
            source=source,
            find=command.find,
            saved=command.saved,
        )
        found, around = await self._door.store.read(partial(_look, owner=owner, wanted=wanted))
        return c.History(questions=tuple(self._shown(each, around) for each in found))

    def _shown(self, said: dict[str, Any], around: _Around) -> c.Asked:
        identity = said["id"]
        answer = around.answers.get(identity, {})
        saved = around.saved.get(identity, {})
        trust = around.trusted.get(identity)
        result = answer.get("result", "")
        return c.Asked(
            id=identity,
            source=said["source"],
            source_name=around.names.get(said["source"], "removed"),
            question=said["question"],
            query=said["query"][:_QUERY_SHOWN],
            reading=said["reading"],
            by=said["by"],
            state=answer.get("state", said["state"]),
            asked=said["asked"],
            message=answer.get("message", said["message"]),
            rows=answer.get("rows", 0),
            seconds=answer.get("seconds", 0.0),
            result=result if self._shelf.has(result) else "",
            name=saved.get("name", ""),
            favourite=saved.get("favourite", False),
            trusted=trust is not None and trust["query"] == said["query"],
        )

    async def _look_up(self, identity: str, request: Request) -> c.Asked | None:
        owner = owner_of(request)

        def look(connection: apsw.Connection) -> tuple[dict[str, Any] | None, _Around]:
            said = store.thing(connection, store.QUESTION, identity, owner)
            return said, _around(connection, owner, [identity])

        said, around = await self._door.store.read(look)
        return None if said is None else self._shown(said, around)

    async def _one(self, identity: str, request: Request) -> c.Asked:
        asked = await self._look_up(identity, request)
        if asked is None:
            raise ControlError(
                f"There is no question {identity[:60]!r} in the history. Nothing was changed.",
                code=Code.NOT_FOUND,
            )
        return asked

    async def _save(self, command: c.SaveQuestion, request: Request) -> c.Asked:
        asked = await self._one(command.question, request)
        name = " ".join(command.name.split())[:_NAME_CHARACTERS]
        if name and not asked.query:
            raise UsageError("This question never became a query, so there is nothing to run. Not saved.")
        body: dict[str, Any] = {
            "id": asked.id,
            "source": asked.source,
            "profile": request.caller.profile,
            "name": name,
            "favourite": command.favourite,
        }
        if not name and not command.favourite:
            body["gone"] = True
        await self._adding.keep(store.SAVED, body, request.workspace)
        return msgspec.structs.replace(asked, name=name, favourite=command.favourite)

    async def _pin(self, command: c.Pin, request: Request) -> c.Tile:
        asked = await self._one(command.question, request)
        board = " ".join(command.dashboard.split())[:_NAME_CHARACTERS]
        if not board:
            raise UsageError("A dashboard needs a name. Nothing was pinned.")
        if not asked.query:
            raise UsageError("This question never became a query, so there is no answer to pin.")
        tile = c.Tile(
            id=command.tile or new_id("tile"),
            question=asked.id,
            title=(command.title.strip() or asked.name or asked.question or "Untitled")[:_NAME_CHARACTERS],
            chart=command.chart,
            position=command.position,
            trusted=asked.trusted,
            source=asked.source,
        )
        body = {**store.plain(tile), "profile": request.caller.profile, "dashboard": board}
        await self._adding.keep(store.TILE, body, request.workspace)
        if not asked.name:
            await self._save(c.SaveQuestion(question=asked.id, name=tile.title), request)
        return tile

    async def _unpin(self, command: c.Unpin, request: Request) -> Nothing:
        owner = owner_of(request)
        tile = await self._door.store.read(lambda each: store.thing(each, store.TILE, command.tile, owner))
        if tile is None:
            raise ControlError(f"There is no tile {command.tile[:60]!r}.", code=Code.NOT_FOUND)
        await self._adding.keep(store.TILE, {**tile, "gone": True}, request.workspace)
        return Nothing()

    async def _dashboards(self, command: c.ListDashboards, request: Request) -> c.Dashboards:
        del command
        owner = owner_of(request)

        def look(connection: apsw.Connection) -> tuple[Said, Said]:
            return store.things(connection, store.TILE, owner), store.things(connection, store.TRUST, owner)

        tiles, trusted = await self._door.store.read(look)
        boards: dict[str, list[c.Tile]] = {}
        for body in tiles.values():
            plain = {key: value for key, value in body.items() if key not in ("profile", "dashboard")}
            plain["trusted"] = body["question"] in trusted
            boards.setdefault(body["dashboard"], []).append(msgspec.convert(plain, c.Tile))
        return c.Dashboards(
            dashboards=tuple(
                c.Dashboard(name=name, tiles=tuple(sorted(found, key=lambda tile: (tile.position, tile.id))))
                for name, found in sorted(boards.items())
            )
        )


def _look(connection: apsw.Connection, owner: Owner, wanted: Wanted) -> tuple[list[dict[str, Any]], _Around]:
    found = store.questions(connection, owner, wanted)
    return found, _around(connection, owner, [each["id"] for each in found])


def _around(connection: apsw.Connection, owner: Owner, identities: list[str]) -> _Around:
    sources = store.things(connection, store.SOURCE, owner)
    answers = {
        identity: said
        for identity in identities
        if (said := store.thing(connection, store.ANSWER, identity, owner)) is not None
    }
    return _Around(
        {key: body["name"] for key, body in sources.items()},
        store.things(connection, store.SAVED, owner),
        store.things(connection, store.TRUST, owner),
        answers,
    )
