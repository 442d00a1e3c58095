"""What `garret data` does about sources. A client: it knows the contracts and nothing of the service."""

from __future__ import annotations

import argparse
from pathlib import Path

import msgspec

from garret.base.errors import UsageError
from garret.features.data import contracts as c
from garret.features.data.addresses import config_of
from garret.protocol.manifest import Session

_WITHOUT = "There is no source yet. `garret data add NAME FILE...` adds files, or a server by its address."


def add_source(session: Session, given: argparse.Namespace) -> None:
    """Try a source, and add it; nothing is kept of one that does not answer."""
    config, password = config_of(given.target)
    if given.authority:
        given.authority = str(Path(given.authority).expanduser().absolute())
    config = msgspec.structs.replace(
        config,
        tls=given.tls or "",
        authority=given.authority or "",
        ssh=given.ssh or "",
        schemas=tuple(given.schema or config.schemas),
    )
    protected = given.tls or given.authority or given.password or given.ssh
    if config.kind in ("files", "duckdb", "sqlite") and protected:
        raise UsageError("Files have no password, no TLS and no ssh. Nothing was added.")
    if password:
        session.note(
            "The password in the address is in your shell's history; --password asks for it.", "warn"
        )
    if given.password or (config.user and not password and session.asked):
        password = session.secret(f"Password of {config.user or 'the login'} at {config.host}: ")
    added = session.call(c.AddSource(name=given.name, config=config, password=password))
    for warning in added.status.warnings:
        session.note(warning, "warn")
    if added.status.script:
        session.note("An administrator of the server can make a login that may only read:")
        session.note(added.status.script, "plain")
    tables = "1 table" if added.source.tables == 1 else f"{added.source.tables} tables"
    name = added.source.name
    session.emit(added, f'{name} was added: {tables}. Ask it: garret data ask {name!r} "how many ..."')


def list_sources(session: Session, given: argparse.Namespace) -> None:
    del given
    found = session.call(c.ListSources(), again=True).sources
    rows = [
        (each.name, each.config.kind, _place(each.config), each.tables or "-", _state(session, each))
        for each in found
    ]
    session.table(("name", "kind", "where", "tables", "state"), rows, found, _WITHOUT)


def _place(config: c.SourceConfig) -> str:
    if config.host:
        way = f" by {config.ssh}" if config.ssh else ""
        return f"{config.host}:{config.port or c.DEFAULT_PORTS[config.kind]}/{config.database}{way}"
    more = f" and {len(config.paths) - 1} more" if len(config.paths) > 1 else ""
    return f"{config.paths[0]}{more}" if config.paths else "-"


def _state(session: Session, source: c.Source) -> str:
    if not source.enabled:
        return "disabled"
    if source.problem:
        return source.problem
    return f"seen {session.moment(source.taken)}" if source.taken else "not seen yet"


def test_source(session: Session, given: argparse.Namespace) -> None:
    status = session.call(c.TestSource(source=given.source), again=True)
    for warning in status.warnings:
        session.note(warning, "warn")
    if status.script:
        session.note(status.script, "plain")
    login = f", as {status.login}" if status.login else ""
    only = "may only read" if status.read_only else "may write; it is asked in read-only sessions"
    session.emit(status, f"{status.version}{login}; {only}; {status.milliseconds:.0f} ms")


def show_schema(session: Session, given: argparse.Namespace) -> None:
    """Tables of a source, or columns of one table."""
    find = given.table or given.find or ""
    pages: list[c.CataloguePage] = []
    offset = 0
    while True:
        order = c.GetCatalogue(
            source=given.source,
            find=find,
            offset=offset,
            count=c.PAGE_TABLES,
            refresh=given.refresh and not pages,
        )
        page = session.call(order, again=True)
        pages.append(page)
        offset += len(page.tables)
        if offset >= page.found or not page.tables:
            break
    tables = [table for page in pages for table in page.tables]
    for note in pages[0].notes:
        session.note(note, "warn")
    if given.table:
        _show_table(session, given.table, tables)
        return
    rows = [
        (table.address, table.kind, "-" if table.rows is None else f"~{table.rows:,}", len(table.columns),
         table.description or table.comment)
        for table in tables
    ]  # fmt: skip
    session.table(
        ("table", "kind", "rows", "columns", "meaning"),
        rows,
        tables,
        "No table is like that." if find else "There are no tables that this login may see.",
    )


def _show_table(session: Session, name: str, tables: list[c.Table]) -> None:
    table = next((each for each in tables if each.address.casefold() == name.casefold()), None)
    if table is None:
        near = ", ".join(each.address for each in tables[:8])
        raise UsageError(f"There is no table {name[:80]!r}." + (f" Near: {near}." if near else ""))
    keys = {column: f"-> {key.table}" for key in table.foreign_keys for column in key.columns}
    rows = [
        (
            column.name,
            column.type,
            "key" if column.name in table.primary_key else keys.get(column.name, ""),
            "private" if column.private else ", ".join(column.samples[:3]),
            column.description or column.comment,
        )
        for column in table.columns
    ]
    session.table(("column", "type", "key", "values", "meaning"), rows, table)


def describe(session: Session, given: argparse.Namespace) -> None:
    if given.private and given.public:
        raise UsageError("A column is private or it is not. Nothing was kept.")
    said = (given.text, given.synonym, given.unit)
    if not any(each is not None for each in said) and not (given.private or given.public):
        raise UsageError("Say something of it: --text, --synonym, --unit, --private or --public.")
    order = c.Describe(
        source=given.source,
        table=given.table,
        column=given.column or "",
        description=given.text,
        synonyms=None if given.synonym is None else tuple(given.synonym),
        unit=given.unit,
        private=True if given.private else False if given.public else None,
    )
    session.call(order, again=True)
    session.emit({"kept": True}, "Kept; the next question knows it.")


def set_measure(session: Session, given: argparse.Namespace) -> None:
    measure = c.Measure(name=given.name, table=given.table, expression=given.expression)
    session.call(c.SetMeasure(source=given.source, measure=measure), again=True)
    session.emit({"kept": bool(given.expression)}, "Kept." if given.expression else "Removed.")


def read_file(session: Session, given: argparse.Namespace) -> None:
    options: dict[str, str] = {}
    for each in given.options:
        key, equals, value = each.partition("=")
        if not equals:
            raise UsageError(f"{each[:60]!r} is not KEY=VALUE. Nothing was changed.")
        options[key] = value
    path = str(Path(given.path).expanduser().absolute())
    source = session.call(c.ReadFile(source=given.source, path=path, options=options))
    session.emit(source, f"{source.name} is read so from now on: {source.tables} tables.")


def show_reading(session: Session, given: argparse.Namespace) -> None:
    path = str(Path(given.path).expanduser().absolute())
    found = session.call(c.GetReading(source=given.source, path=path), again=True)
    rows = [(key, value, found.decided.get(key, "")) for key, value in sorted(found.guessed.items())]
    session.table(("option", "is read as", "decided"), rows, found, "Nothing had to be guessed.")


def _switch(session: Session, name: str, enabled: bool) -> None:
    source = session.call(c.SwitchSource(source=name, enabled=enabled), again=True)
    session.emit(source, f"{source.name} is {'enabled' if enabled else 'disabled'}.")


def disable_source(session: Session, given: argparse.Namespace) -> None:
    _switch(session, given.source, False)


def enable_source(session: Session, given: argparse.Namespace) -> None:
    _switch(session, given.source, True)


def switch_samples(session: Session, given: argparse.Namespace) -> None:
    source = session.call(c.SwitchSource(source=given.source, samples=given.state == "on"), again=True)
    what = "may see sample values" if source.samples else "sees names and types alone"
    session.emit(source, f"Of {source.name} a language model {what}.")


def remove_source(session: Session, given: argparse.Namespace) -> None:
    session.call(c.RemoveSource(source=given.source))
    session.emit(
        {"removed": given.source}, f"{given.source} was removed; its files and server are as they were."
    )
