"""Sources: added once they answer, listed, tested, disabled, removed; and what people say of their tables.

A source is its profile's and its workspace's. Its password goes into the keychain under the source's id; the
object that syncs between devices has none.

Neighbours: `connections` (processes), `snapshots` (catalogues).
"""

from __future__ import annotations

import asyncio
import re
import secrets
import shutil
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any, Final

import apsw
import msgspec

from garret.base import log
from garret.base.errors import Code, GarretError, UsageError
from garret.base.ids import new_id
from garret.control.commands.service import Request, ServiceHandler
from garret.control.door import Door
from garret.control.errors import ControlError
from garret.features.data import contracts as c
from garret.features.data import semantics, store
from garret.features.data.connections import Connections, Known, lent
from garret.features.data.contracts.work import GuessReading, Prepare, Probe
from garret.features.data.judging import Judge
from garret.features.data.reach import reach_of
from garret.features.data.snapshots import Snapshots
from garret.features.data.store import Owner
from garret.features.data.tunnelling import check_tunnel
from garret.protocol.contract import Command, Nothing

_logger = log.get("data.sources")

_NAME: Final = re.compile(r"[^\W_][\w .-]{0,59}")
_TEXT_CHARACTERS: Final = 2_000


class Adding:
    """Answers what is asked about sources, and knows them for the rest of the room."""

    def __init__(self, door: Door, connections: Connections, snapshots: Snapshots, judge: Judge) -> None:
        self._door = door
        self._judge = judge
        self._connections = connections
        self._snapshots = snapshots
        self.problems: dict[str, str] = {}
        self.handlers: Mapping[type[Command[Any]], ServiceHandler] = {
            c.AddSource: self._add,
            c.ListSources: self._list,
            c.TestSource: self._test,
            c.SwitchSource: self._switch,
            c.RemoveSource: self._remove,
            c.ReadFile: self._read_file,
            c.GetReading: self._reading,
            c.GetCatalogue: self._catalogue,
            c.Describe: self._describe,
            c.SetMeasure: self._measure,
        }

    # ---- for the rest of the room

    async def all(self, owner: Owner) -> list[Known]:
        """A profile's sources in a workspace, by name."""
        said = await self._door.store.read(partial(store.things, kind=store.SOURCE, owner=owner))
        found = [_known(identity, body, owner) for identity, body in said.items()]
        return sorted(found, key=lambda known: known.name.casefold())

    async def find(self, request: Request, named: str) -> Known:
        """One's own source by its id or name. Raises ControlError: not found, with those that are there."""
        own = await self.all(owner_of(request))
        for known in own:
            if named == known.id or named.casefold() == known.name.casefold():
                return known
        names = ", ".join(known.name for known in own)
        there = f" There are: {names}." if names else " There is none yet: `garret data add` adds one."
        raise ControlError(f"There is no source {named[:80]!r}.{there}", code=Code.NOT_FOUND)

    async def usable(self, request: Request, named: str) -> Known:
        """As `find`, refused while it is disabled."""
        known = await self.find(request, named)
        if not known.enabled:
            raise ControlError(
                f"The source {known.name} is disabled, so nothing was asked of it. "
                f"`garret data enable {known.name}` enables it again.",
                code=Code.DENIED,
            )
        return known

    # ---- commands

    async def _add(self, command: c.AddSource, request: Request) -> c.Added:
        owner = owner_of(request)
        name = await self._free_name(command.name, owner)
        if command.config.ssh and not self._door.may(request.caller, "data.tunnel"):
            raise ControlError(
                "Sources by way of ssh use the keys of this account, which only its administrator may. "
                "Nothing was added.",
                code=Code.DENIED,
            )
        config = await asyncio.to_thread(_settled, command.config)
        known = Known(new_id("src"), name, config, True, False, self._door.clock.wall(), *owner)
        reach_of(config, name)  # refused before anything is started
        status = await self._probe(known, request, command.password)
        secret = self._connections.secret_name(known.id)
        if command.password:
            await self._door.keep_secret(secret, command.password)
        try:
            await self._record(known)
        except GarretError:
            if command.password:
                await self._door.keep_secret(secret, None)
            raise
        await self._audit(request, "data.add", known)
        held = await self._snapshots.of(known, request.calls)
        self._prepare(known, request)
        return c.Added(source=_shown(known, _head(held.catalogue)), status=status)

    async def _free_name(self, name: str, owner: Owner) -> str:
        wanted = " ".join(name.split())
        if not _NAME.fullmatch(wanted):
            raise UsageError(
                f"{name[:80]!r} is no name for a source: up to 60 letters, digits, spaces, dots and dashes, "
                "a letter or digit first. Nothing was added."
            )
        if any(known.name.casefold() == wanted.casefold() for known in await self.all(owner)):
            raise ControlError(f"There is a source {wanted} already. Nothing was added.", code=Code.CONFLICT)
        return wanted

    async def _probe(self, known: Known, request: Request, password: str | None = None) -> c.SourceStatus:
        async with (
            self._connections.to(known) as target,
            lent(self._connections.keys(known.id, password)) as keys,
        ):
            asking = self._connections.asking(request.calls, target, known)
            status = await asking.call(
                Probe(config=self._connections.config(target, known)), descriptors=keys
            )
        self.problems.pop(known.id, None)
        return status

    async def _record(self, known: Known, *, gone: bool = False) -> None:
        body: dict[str, Any] = {
            "id": known.id, "source": known.id, "profile": known.profile, "name": known.name,
            "config": store.plain(known.config), "enabled": known.enabled,
            "samples": known.samples, "added": known.added,
        }  # fmt: skip
        if gone:
            body["gone"] = True
        await self.keep(store.SOURCE, body, known.workspace)
        self._door.publish(c.SourceChanged(source=known.id), scope=known.profile, workspace=known.workspace)

    async def keep(self, kind: str, body: dict[str, Any], workspace: str) -> None:
        """Keep an object of the room; durable when this returns."""
        objects, signer = self._door.store.objects, self._door.signer

        def write(connection: apsw.Connection) -> None:
            objects.record(connection, signer, kind, body, aggregate=body["id"], workspace=workspace)

        await self._door.store.writer.write(write)

    async def _audit(self, request: Request, action: str, known: Known) -> None:
        details = {"source": known.name, "kind": known.config.kind, "host": known.config.host}
        if known.config.ssh:
            details["ssh"] = known.config.ssh
        await self._door.audit(request.caller, action, "done", details)

    async def _list(self, command: c.ListSources, request: Request) -> c.Sources:
        del command
        heads = await self._door.store.read(store.snapshot_heads)
        own = await self.all(owner_of(request))
        return c.Sources(
            sources=tuple(
                _shown(known, heads.get(known.id), self.problems.get(known.id, "")) for known in own
            )
        )

    async def _test(self, command: c.TestSource, request: Request) -> c.SourceStatus:
        known = await self.find(request, command.source)
        try:
            return await self._probe(known, request)
        except GarretError as error:
            self.problems[known.id] = error.message
            raise

    async def _switch(self, command: c.SwitchSource, request: Request) -> c.Source:
        known = await self.find(request, command.source)
        if command.enabled is not None:
            known = known._replace(enabled=command.enabled)
        if command.samples is not None:
            known = known._replace(samples=command.samples)
        await self._record(known)
        if not known.enabled:
            await self._connections.forget(known.id)
        await self._audit(request, "data.switch", known)
        return await self._show(known)

    async def _show(self, known: Known) -> c.Source:
        heads = await self._door.store.read(store.snapshot_heads)
        return _shown(known, heads.get(known.id), self.problems.get(known.id, ""))

    async def _remove(self, command: c.RemoveSource, request: Request) -> Nothing:
        known = await self.find(request, command.source)
        await self._record(known, gone=True)
        await self._connections.forget(known.id)
        await self._snapshots.drop(known.id)
        await self._door.keep_secret(self._connections.secret_name(known.id), None)
        await asyncio.to_thread(shutil.rmtree, self._door.copies / known.id, ignore_errors=True)
        self.problems.pop(known.id, None)
        await self._audit(request, "data.remove", known)
        return Nothing()

    async def _read_file(self, command: c.ReadFile, request: Request) -> c.Source:
        known = await self.find(request, command.source)
        if known.config.kind != "files":
            raise UsageError(f"{known.name} is not a source of files. Nothing was changed.")
        if foreign := sorted(set(command.options) - c.READING_OPTIONS):
            allowed = ", ".join(sorted(c.READING_OPTIONS))
            raise UsageError(
                f"Files are not read by {foreign[0]!r}. Nothing was changed; there are: {allowed}."
            )
        reading = {path: dict(given) for path, given in known.config.reading.items() if path != command.path}
        if command.options:
            reading[command.path] = dict(command.options)
        changed = known._replace(config=msgspec.structs.replace(known.config, reading=reading))
        await self._guessed(changed, command.path, request)  # what cannot be read so is refused here
        await self._record(changed)
        await self._snapshots.drop(known.id)
        await asyncio.to_thread(shutil.rmtree, self._door.copies / known.id, ignore_errors=True)
        held = await self._snapshots.of(changed, request.calls)
        self._prepare(changed, request)
        return _shown(changed, _head(held.catalogue))

    async def _reading(self, command: c.GetReading, request: Request) -> c.Reading:
        known = await self.usable(request, command.source)
        if known.config.kind != "files":
            raise UsageError(f"{known.name} is not a source of files.")
        guessed = await self._guessed(known, command.path, request)
        decided = known.config.reading.get(command.path, {})
        return c.Reading(path=command.path, guessed=guessed, decided=dict(decided))

    async def _guessed(self, known: Known, path: str, request: Request) -> dict[str, str]:
        order = GuessReading(config=known.config, path=path)
        async with self._connections.to(known) as target, lent(self._connections.keys(known.id)) as keys:
            asking = self._connections.asking(request.calls, target, known)
            return (await asking.call(order, descriptors=keys)).options

    # ---- catalogue

    async def _catalogue(self, command: c.GetCatalogue, request: Request) -> c.CataloguePage:
        known = await self.usable(request, command.source)
        held = await self._snapshots.of(known, request.calls, refresh=command.refresh)
        catalogue = held.catalogue
        if command.refresh:
            self._prepare(known, request)
        tables = _found(catalogue.tables, command.find)
        count = min(max(command.count, 1), c.PAGE_TABLES)
        offset = max(command.offset, 0)
        return c.CataloguePage(
            source=known.id,
            dialect=catalogue.dialect,
            fingerprint=catalogue.fingerprint,
            taken=catalogue.taken,
            offset=offset,
            found=len(tables),
            tables=_fitting(tables[offset : offset + count]),
            measures=catalogue.measures,
            notes=catalogue.notes,
        )

    async def _describe(self, command: c.Describe, request: Request) -> Nothing:
        known = await self.find(request, command.source)
        held = await self._snapshots.of(known, request.calls)
        table = next((each for each in held.catalogue.tables if each.address == command.table), None)
        if table is None or (
            command.column and command.column not in {column.name for column in table.columns}
        ):
            what = f"{command.table}.{command.column}" if command.column else command.table
            raise ControlError(f"{known.name} has no {what[:120]!r}. Nothing was kept.", code=Code.NOT_FOUND)
        identity = semantics.meaning_id(known.id, command.table, command.column)
        owner = owner_of(request)
        said = await self._door.store.read(
            partial(store.thing, kind=store.MEANING, identity=identity, owner=owner)
        )
        body: dict[str, Any] = said or {
            "id": identity, "source": known.id, "profile": known.profile, "table": command.table,
            "column": command.column, "description": "", "synonyms": [], "unit": "", "private": None,
        }  # fmt: skip
        if command.description is not None:
            body["description"] = command.description.strip()[:_TEXT_CHARACTERS]
        if command.synonyms is not None:
            body["synonyms"] = [each.strip()[:80] for each in command.synonyms if each.strip()][:40]
        if command.unit is not None:
            body["unit"] = command.unit.strip()[:40]
        if command.private is not None:
            body["private"] = command.private
        await self.keep(store.MEANING, body, known.workspace)
        self._snapshots.forget(known.id)
        return Nothing()

    async def _measure(self, command: c.SetMeasure, request: Request) -> Nothing:
        known = await self.find(request, command.source)
        measure = command.measure
        if not measure.name.strip():
            raise UsageError("A measure needs a name. Nothing was kept.")
        body: dict[str, Any] = {
            "id": semantics.meaning_id(known.id, "measure", measure.name.casefold()),
            "source": known.id,
            "profile": known.profile,
            "measure": store.plain(measure),
        }
        if not measure.expression.strip():
            body["gone"] = True
        else:
            await self._check_measure(known, request, measure)
        await self.keep(store.MEASURE, body, known.workspace)
        self._snapshots.forget(known.id)
        return Nothing()

    async def _check_measure(self, known: Known, request: Request, measure: c.Measure) -> None:
        """Refused here rather than at the first question: it is an expression over its table that may run."""
        if c.DIALECTS[known.config.kind] in ("mongo", "cypher", "qdrant"):
            raise UsageError("Measures are for sources that are asked in SQL. Nothing was kept.")
        held = await self._snapshots.of(known, request.calls)
        await self._judge.check(
            held, f"SELECT {measure.expression} FROM {measure.table}", c.Limits(), request.calls
        )

    # ---- faster copies

    def _prepare(self, known: Known, request: Request) -> None:
        """Have faster copies of large files made, beside everything else."""
        if self._connections.copies(known):
            self._door.spawn(self._copy(known, request))

    async def _copy(self, known: Known, request: Request) -> None:
        if self._door.secret("data.copies") is None:
            await self._door.keep_secret("data.copies", secrets.token_hex(32))
        order = Prepare(config=known.config, cache=self._connections.copies(known))
        try:
            async with (
                self._connections.to(known) as target,
                lent(self._connections.keys(known.id)) as keys,
            ):
                asking = self._connections.asking(request.calls.after(), target, known)
                made = await asking.call(order, descriptors=keys)
        except GarretError as error:
            _logger.warning("no faster copies of %s were made: %s", known.name, error.message)
            return
        for note in made.notes:
            _logger.warning("a faster copy for %s was not made: %s", known.name, note)


def owner_of(request: Request) -> Owner:
    """Whose things a request is about."""
    return Owner(request.caller.profile, request.workspace)


def _known(identity: str, body: Mapping[str, Any], owner: Owner) -> Known:
    config = msgspec.convert(body["config"], c.SourceConfig)
    return Known(identity, body["name"], config, body["enabled"], body["samples"], body["added"], *owner)


def _head(catalogue: c.Catalogue) -> tuple[float, str, int]:
    return catalogue.taken, catalogue.fingerprint, len(catalogue.tables)


def _shown(known: Known, head: tuple[float, str, int] | None, problem: str = "") -> c.Source:
    taken, fingerprint, tables = head or (0.0, "", 0)
    return c.Source(
        id=known.id,
        name=known.name,
        config=known.config,
        dialect=c.DIALECTS[known.config.kind],
        enabled=known.enabled,
        samples=known.samples,
        added=known.added,
        tables=tables,
        taken=taken,
        fingerprint=fingerprint,
        problem=problem,
    )


def _settled(config: c.SourceConfig) -> c.SourceConfig:
    """A configuration with absolute paths. Raises UsageError for a relative one: nobody knows from where."""
    for path in (*config.paths, *([config.authority] if config.authority else [])):
        if not Path(path).is_absolute():
            raise UsageError(f"{path[:200]!r} is not an absolute path. Nothing was added.")
        if "\0" in path:
            raise UsageError("A path holds a NUL character. Nothing was added.")
    return check_tunnel(config)


def _found(tables: tuple[c.Table, ...], find: str) -> list[c.Table]:
    words = find.casefold().split()
    if not words:
        return list(tables)
    return [
        table
        for table in tables
        if all(
            word in f"{table.address} {table.description} {' '.join(table.synonyms)}".casefold()
            or any(word in column.name.casefold() for column in table.columns)
            for word in words
        )
    ]


_PAGE_BYTES: Final = 700_000


def _fitting(tables: list[c.Table]) -> tuple[c.Table, ...]:
    """As many of the first as an answer holds; of one that is too large by itself its first columns."""
    found: list[c.Table] = []
    room = _PAGE_BYTES
    for table in tables:
        size = len(msgspec.msgpack.encode(table))
        if size > room and found:
            break
        if size > room:
            share = max(1, len(table.columns) * room // size)
            found.append(msgspec.structs.replace(table, columns=table.columns[:share]))
            break
        found.append(table)
        room -= size
    return tuple(found)
