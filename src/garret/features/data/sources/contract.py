"""What every connector does, and what each engine can.

A connector lives in a worker that was spawned for one source: files it may read, or one host it may connect
to. It is used by one thread at a time but for `cancel`, which may come from another. What goes wrong is a
`SourceError`, in words a person can act on; nothing else leaves a connector.

Neighbours: `garret.features.data.guard`, which has checked every query before `run` sees it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Protocol

import msgspec

from garret.base.errors import Code, GarretError
from garret.features.data.contracts import (
    Catalogue,
    Checked,
    Estimate,
    Limits,
    ResultColumn,
    SourceConfig,
    SourceStatus,
)


class SourceError(GarretError):
    """A source could not be reached, or could not answer. Says what to do."""

    code = Code.UNAVAILABLE


class Able(msgspec.Struct, frozen=True):
    """What an engine can, as a row of the capability matrix; a connector names what it lacks."""

    explains: bool = True
    estimates_rows: bool = True
    cancels: bool = True
    limits_time: bool = True
    read_only_session: bool = True
    declares_keys: bool = True
    streams: bool = True


class Rows(Protocol):
    """What a query gives: columns first, then batches as they come.

    A batch is anything with `__arrow_c_array__` or `__arrow_c_stream__` (the Arrow PyCapsule interface).
    """

    @property
    def columns(self) -> Sequence[ResultColumn]: ...

    @property
    def notes(self) -> Sequence[str]:
        """Remarks on what was read, such as rejected lines; complete when the batches are over."""
        ...

    def __iter__(self) -> Iterator[Any]: ...


class Connector(Protocol):
    """One source, open or not yet. `password` came beside the configuration and is kept nowhere else."""

    able: Able

    def __init__(self, config: SourceConfig, password: str) -> None: ...

    def test(self) -> SourceStatus:
        """Connect, and look what the login may. Raises SourceError."""
        ...

    def catalogue(self, source: str) -> Catalogue:
        """Take a snapshot; sample values of no column that is private by name or by what they look like."""
        ...

    def explain(self, checked: Checked, limits: Limits) -> Estimate:
        """What the engine expects of the query, without running it."""
        ...

    def run(self, checked: Checked, limits: Limits) -> Rows:
        """Run it in a session that can only read. Raises SourceError. The engine keeps `limits.seconds`."""
        ...

    def cancel(self) -> None:
        """End what `run` or `explain` does now, at the engine too; it raises there. May be asked again."""
        ...

    def close(self) -> None: ...
