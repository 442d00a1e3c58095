"""What a run needs for the first time, done beforehand: the guard reads one query, a row is written as Arrow.

Loading the guard's parser and the writer of rows takes 0.3 s of processor time (measured), which a person
would wait for between consent and rows. A process that made a plan does it while the plan is read. Nothing is
kept of it but what is loaded; a run that comes meanwhile waits for the rest and no longer.

Neighbour: `query`, whose thread this runs on.
"""

from __future__ import annotations

import contextlib
import io
from typing import Any, Final, cast

from garret.base import log
from garret.features.data import contracts as c

_logger = log.get("data.query")

_CATALOGUE: Final = c.Catalogue(
    source="rehearsal",
    dialect="duckdb",
    tables=(c.Table(name="t", kind="file", columns=(c.Column(name="n", type="BIGINT", kind="integer"),)),),
    fingerprint="",
    taken=0.0,
)


def rehearse(dialect: c.Dialect) -> None:
    """Load what a check and a run of this dialect load. Raises nothing: the run itself would tell."""
    try:
        _check(dialect)
        _write()
    except ImportError as error:
        _logger.warning("a part of what runs a query is not there: %s", error)


def _check(dialect: c.Dialect) -> None:
    import msgspec

    from garret.features.data.guard import GuardRefused, check

    catalogue = msgspec.structs.replace(_CATALOGUE, dialect=dialect)
    with contextlib.suppress(GuardRefused):  # of dialects that are not SQL the reader is loaded all the same
        check("SELECT count(n) FROM t WHERE n > 1", catalogue, c.Limits())


def _write() -> None:
    from arro3.core import Array, DataType, RecordBatch
    from nanoarrow.ipc import StreamWriter

    batch = RecordBatch.from_arrays([Array([1], type=DataType.int64())], names=["n"])
    writer = cast("Any", StreamWriter).from_writable(io.BytesIO())
    writer.write_array(batch)
    writer.close()
