"""Rows of a query in a locked DuckDB, as Arrow batches while they come.

Shared by files and DuckDB files. Types that Arrow's streams do not carry (enumerations, bit strings, times
with a zone) become text in the engine. When the batches are over, or given up, the transaction has ended,
the session is closed, and `notes` is complete.

Neighbours: `locked_duckdb` opened the session; `watch` ends what takes too long.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Final, cast

import duckdb
import msgspec

from garret.base.errors import Code
from garret.features.data.contracts import Checked, Estimate, Limits, ResultColumn
from garret.features.data.sources import locked_duckdb
from garret.features.data.sources.contract import SourceError
from garret.features.data.sources.kinds import kind_of
from garret.features.data.sources.watch import Watch

_AS_TEXT: Final = ("ENUM(", "BIT", "TIME WITH TIME ZONE", "BIGNUM")

AtEnd = Callable[[duckdb.DuckDBPyConnection], Sequence[str]]
"""Called in the transaction once the rows are over; gives the notes."""


class DuckRows:
    """See `sources.contract.Rows`. The session and the watch are its own from now on."""

    def __init__(
        self,
        engine: duckdb.DuckDBPyConnection,
        query: str,
        limits: Limits,
        watch: Watch,
        at_end: AtEnd = lambda _: (),
    ) -> None:
        """Begins the query. Raises SourceError; then the session is closed."""
        self.notes: list[str] = []
        self._engine, self._watch, self._limits, self._at_end = engine, watch, limits, at_end
        try:
            locked_duckdb.sole_select(engine, query)
            engine.execute("BEGIN TRANSACTION READ ONLY")
            self._relation = _carried(engine, query)
            self.columns = tuple(
                ResultColumn(name=name, type=str(kind), kind=kind_of("duckdb", str(kind)))
                for name, kind in zip(self._relation.columns, self._typed(query), strict=True)
            )
        except duckdb.Error as error:
            self.close()
            raise self._told(error) from error
        except BaseException:
            self.close()
            raise

    def _typed(self, query: str) -> list[Any]:
        """The engine's types before any became text."""
        return list(self._engine.sql(query).types)

    def __iter__(self) -> Iterator[Any]:
        try:
            try:
                yield from self._batches()
            except GeneratorExit:  # who reads has enough; what was set aside until now is told all the same
                with contextlib.suppress(duckdb.Error):
                    self.notes += self._at_end(self._engine)
                raise
            self.notes += self._at_end(self._engine)
        except (
            duckdb.Error,
            RuntimeError,
        ) as error:  # errors of a stream that is being read come as RuntimeError
            raise self._told(error) from error
        finally:
            self.close()

    def _batches(self) -> Iterator[Any]:
        import nanoarrow

        self._watch.check()
        rows = 0
        with cast("Any", nanoarrow).c_array_stream(self._relation) as stream:
            for batch in stream:
                self._watch.check()
                yield batch
                rows += batch.length
                if rows > self._limits.rows:
                    return  # one more than allowed tells that there are more

    def close(self) -> None:
        self._watch.end()
        self._relation = cast("Any", None)  # it holds the session
        with contextlib.suppress(duckdb.Error):  # the transaction goes with the session
            locked_duckdb.finish(self._engine)
        self._engine.close()

    def _told(self, error: Exception) -> SourceError:
        return self._watch.error() if self._watch.ended else told(error)


def interrupter(engine: duckdb.DuckDBPyConnection) -> Callable[[], None]:
    """How a watch ends what the engine does; one that was closed meanwhile does nothing any more."""

    def interrupt() -> None:
        with contextlib.suppress(duckdb.ConnectionException):
            engine.interrupt()

    return interrupt


def told(error: Exception) -> SourceError:
    """What DuckDB says, in a person's words."""
    first = str(error).partition("\n")[0]
    said = first.partition(": ")[2] or first
    if isinstance(error, duckdb.OutOfMemoryException) or "Out of Memory" in first:
        return SourceError(
            "The query needs more memory than it may have. Nothing was changed; narrow it.", code=Code.FULL
        )
    if isinstance(error, duckdb.IOException | duckdb.HTTPException | duckdb.PermissionException):
        return SourceError(
            f"The file could not be read: {said[:300]}. Nothing was changed; look at the file."
        )
    if isinstance(error, duckdb.CatalogException | duckdb.BinderException):
        return SourceError(
            f"The query does not fit the data as it is now: {said[:300]}. Ask again.", code=Code.CONFLICT
        )
    return SourceError(f"The query could not be run: {said[:300]}. Nothing was changed.", code=Code.FAILED)


def explain(
    engine: duckdb.DuckDBPyConnection, checked: Checked, watch: Watch, known: int | None = None
) -> Estimate:
    """What DuckDB expects; the session stays the caller's. Raises SourceError.

    Of text files it knows no size and takes 42 rows for each (seen with 2.0.1). `known` is how many rows the
    largest has, about, and what is expected is measured by that.
    """
    try:
        row = locked_duckdb.begin(engine, checked.query, explain=True).fetchone()
        locked_duckdb.finish(engine)
    except duckdb.Error as error:
        raise watch.error() if watch.ended else told(error) from error
    plan = str(row[1]) if row else ""
    try:
        nodes = msgspec.json.decode(plan, type=list[_Node])
    except msgspec.MsgspecError:
        return Estimate(plan=plan)
    top = _top(nodes)
    if top is None or top.rows is None:
        return Estimate(plan=plan)
    assumed = max((node.rows or 0 for node in _leaves(nodes)), default=0)
    if top.name.strip() == "UNGROUPED_AGGREGATE" or known is None or not assumed:
        return Estimate(rows=top.rows, plan=plan)
    return Estimate(rows=max(round(top.rows * known / assumed), min(top.rows, 1)), plan=plan)


class _Node(msgspec.Struct):
    """A part of a plan, as EXPLAIN gives it."""

    name: str = ""
    children: list[_Node] = []
    extra_info: dict[str, Any] = {}

    @property
    def rows(self) -> int | None:
        said = str(self.extra_info.get("Estimated Cardinality", ""))
        return int(said) if said.isdigit() else None


def _top(nodes: list[_Node]) -> _Node | None:
    """The highest part of the plan with an estimate, below its limit: it says how much there would be."""
    while nodes:
        node = nodes[0]
        if node.rows is not None and not node.name.strip().endswith(("LIMIT", "TOP_N", "PROJECTION")):
            return node
        nodes = node.children
    return None


def _leaves(nodes: list[_Node]) -> Iterator[_Node]:
    for node in nodes:
        if node.children:
            yield from _leaves(node.children)
        else:
            yield node


def _carried(engine: duckdb.DuckDBPyConnection, query: str) -> duckdb.DuckDBPyRelation:
    """The query, with values as text where a stream would not carry their type."""
    relation = engine.sql(query)
    types = [str(kind) for kind in relation.types]
    if not any("ENUM(" in kind or kind.startswith(_AS_TEXT) for kind in types):
        return relation
    terms: list[str] = []
    for number, (name, kind) in enumerate(zip(relation.columns, types, strict=True)):
        value = f"v{number}"
        if kind.startswith(_AS_TEXT) and not kind.endswith("]"):
            value = f"CAST({value} AS VARCHAR)"
        elif "ENUM(" in kind:
            value = f"CAST(to_json({value}) AS VARCHAR)"
        terms.append(f"{value} AS {quoted(name)}")
    names = ", ".join(f"v{number}" for number in range(len(types)))
    return engine.sql(f"SELECT {', '.join(terms)} FROM ({query}) AS t({names})")


def quoted(name: str) -> str:
    """An identifier of SQL."""
    return '"' + name.replace('"', '""') + '"'


def literal(text: str) -> str:
    """A text of SQL."""
    return "'" + text.replace("'", "''") + "'"
