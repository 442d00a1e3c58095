"""A process for one source: it connects, looks, explains, and runs what was approved.

What runs is checked here once more, over the same catalogue: this process would keep to what the guard
allows even if whoever asks it did not. It is killed when its work is done; a cancel ends the work at the
engine first.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from garret.base.errors import Code, GarretError
from garret.features.data import contracts as c
from garret.features.data.contracts import work
from garret.features.data.results.normalise import normalise
from garret.features.data.sources.contract import Connector, Rows, SourceError
from garret.features.data.sources.files import FilesConnector
from garret.features.data.sources.registry import connector
from garret.features.data.workers.rehearsal import rehearse
from garret.protocol.contract import Command, Nothing
from garret.protocol.life import Boot
from garret.transport import bulk
from garret.worker.call import Call
from garret.worker.harness import Handlers

_LOOK_SECONDS: Final = 0.05
_AGAIN_SECONDS: Final = 0.25
_TOLD_SECONDS: Final = 0.25


class QueryWorker:
    """One connector, kept from the plan to the run."""

    def __init__(self) -> None:
        self._open: tuple[c.SourceConfig, str, Connector] | None = None
        self._is_rehearsed = False

    def probe(self, command: work.Probe, call: Call) -> c.SourceStatus:
        """Connect, and look what the login may. Raises SourceError."""
        with self._connected(command.config, call) as source:
            return source.test()

    def guess_reading(self, command: work.GuessReading, call: Call) -> work.Guessed:
        """How a file is read. Raises SourceError."""
        with self._connected(command.config, call) as source:
            if not isinstance(source, FilesConnector):
                raise SourceError("Only files are read by options.", code=Code.USAGE, retryable=False)
            return work.Guessed(options=source.describe_reading(command.path))

    def survey(self, command: work.Survey, call: Call) -> Nothing:
        """Take a snapshot. Raises SourceError."""
        with self._connected(command.config, call) as source:
            call.attach(bulk.pack(source.catalogue(command.source)))
        return Nothing()

    def explain(self, command: work.Explain, call: Call) -> c.Estimate:
        """What the engine expects. Raises SourceError."""
        with self._connected(command.config, call, command.cache) as source:
            estimate = source.explain(command.checked, command.limits)
        self._rehearse(command.config)
        return estimate

    def execute(self, command: work.Execute, call: Call) -> work.Executed:
        """Check, run, and hand the rows over. Raises GuardRefused or SourceError."""
        checked = self._checked(command, call)
        with self._connected(command.config, call, command.cache) as source:
            return _run(source, checked, command.limits, call)

    def _rehearse(self, config: c.SourceConfig) -> None:
        """Get ready for the run that may be approved, while a person reads the plan."""
        if not self._is_rehearsed:
            self._is_rehearsed = True
            threading.Thread(target=rehearse, args=(c.DIALECTS[config.kind],), daemon=True).start()

    def _checked(self, command: work.Execute, call: Call) -> c.Checked:
        from garret.features.data.guard import check  # the other commands need no guard, and start sooner

        keys, packed = call.take_descriptors()
        call.descriptors = (keys,)
        catalogue = bulk.unpack(packed, c.Catalogue)
        checked = check(command.query, catalogue, command.limits)
        if checked.query != command.query:
            raise SourceError(
                "The query is not as the guard writes it. Nothing was run.", code=Code.DENIED, retryable=False
            )
        return checked

    def prepare(self, command: work.Prepare, call: Call) -> work.Prepared:
        """Make faster copies of large files. Raises SourceError."""
        (descriptor,) = call.take_descriptors()
        keys = bulk.unpack(descriptor, work.Keys)
        files = FilesConnector(command.config)
        with _cancelled_by(call, files):
            made = files.prepare(Path(command.cache), bytes.fromhex(keys.cache_key))
        return work.Prepared(files=len(made.tables), notes=made.notes)

    @contextmanager
    def _connected(self, config: c.SourceConfig, call: Call, cache: str = "") -> Generator[Connector]:
        """The source, open; a cancel of `call` meanwhile ends what it does."""
        (descriptor,) = call.take_descriptors()
        keys = bulk.unpack(descriptor, work.Keys)
        source = self._source(config, keys, cache)
        with _cancelled_by(call, source):
            yield source

    def _source(self, config: c.SourceConfig, keys: work.Keys, cache: str) -> Connector:
        if self._open is not None and self._open[:2] == (config, cache):
            return self._open[2]
        if self._open is not None:
            self._open[2].close()
        source = connector(config, keys.password)
        if cache and isinstance(source, FilesConnector):
            source.use_cache(Path(cache), bytes.fromhex(keys.cache_key))
        self._open = config, cache, source
        return source

    def close(self) -> None:
        if self._open is not None:
            self._open[2].close()


@contextmanager
def _cancelled_by(call: Call, source: Connector) -> Generator[None]:
    """While the block runs, a cancel of `call` ends what the source does, at its engine too."""
    done = threading.Event()
    watcher = threading.Thread(target=_watch, args=(source, call, done), daemon=True)
    watcher.start()
    try:
        yield
    except GarretError:
        call.check()  # what a cancel broke off was cancelled, and did not fail
        raise
    finally:
        done.set()
        watcher.join()


def _watch(source: Connector, call: Call, done: threading.Event) -> None:
    pause = _LOOK_SECONDS
    while not done.wait(pause):
        if call.cancelled():
            source.cancel()
            pause = _AGAIN_SECONDS  # one that came before the engine had the query is lost


def _run(source: Connector, checked: c.Checked, limits: c.Limits, call: Call) -> work.Executed:
    began = time.perf_counter()
    told = 0.0

    def heard(rows: int, size: int) -> None:
        nonlocal told
        call.check()
        now = time.perf_counter() - began
        if now - told >= _TOLD_SECONDS:
            told = now
            call.emit_nowait(c.Fetched(rows=rows, bytes=size, seconds=now))

    timed = _Timed(source.run(checked, limits))
    result = normalise(timed, limits, heard)
    whole = time.perf_counter() - began
    call.attach(result.descriptor)
    return work.Executed(
        columns=result.columns,
        rows=result.rows,
        bytes=result.bytes,
        truncated=result.truncated,
        first_rows=timed.first or whole,
        execute=timed.seconds,
        normalise=max(0.0, whole - timed.seconds),
        notes=result.notes,
    )


class _Timed:
    """Rows, with the time that the engine took for them, in seconds, and until the first of them."""

    def __init__(self, rows: Rows) -> None:
        self._rows = rows
        self._began = time.perf_counter()
        self.first = 0.0
        self.seconds = 0.0

    @property
    def columns(self) -> Sequence[c.ResultColumn]:
        return self._rows.columns

    @property
    def notes(self) -> Sequence[str]:
        return self._rows.notes

    def __iter__(self) -> Iterator[Any]:
        batches = iter(self._rows)
        while True:
            before = time.perf_counter()
            batch = next(batches, None)
            now = time.perf_counter()
            self.seconds += now - before
            if batch is None:
                return
            self.first = self.first or now - self._began
            yield batch


def build(boot: Boot) -> Handlers:
    """Nothing is opened before something is asked."""
    del boot
    worker = QueryWorker()
    handlers: dict[type[Command[Any]], Any] = {
        work.Probe: worker.probe,
        work.GuessReading: worker.guess_reading,
        work.Survey: worker.survey,
        work.Explain: worker.explain,
        work.Execute: worker.execute,
        work.Prepare: worker.prepare,
    }
    return Handlers(handlers, close=worker.close)
