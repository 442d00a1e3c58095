"""Real servers that stand still or die in the middle of rows: whoever waits is told, and nothing is left."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import psutil
import pytest

from garret.base.errors import Code
from garret.features.data.contracts import Limits, SourceConfig
from garret.features.data.sources.contract import SourceError
from garret.features.data.sources.registry import connector
from tests.features.data.sources.contract_suite.conftest import NUMBERS, checked
from tests.features.data.sources.engines import mariadb
from tests.servers import PATIENCE, postgresql

ENDLESS = {
    "postgres": "SELECT generate_series(1, 10000000000) AS n",
    "mysql": f"{NUMBERS} SELECT a.n, b.n AS m, c.n AS o FROM n AS a JOIN n AS b JOIN n AS c",
}
PROGRAMS = {"postgres": "postgres", "mysql": "mariadbd"}


@contextmanager
def _served(kind: str) -> Iterator[SourceConfig]:
    if kind == "postgres":
        with postgresql() as port:
            yield SourceConfig(
                kind="postgres", host="127.0.0.1", port=port, user="garret", database="postgres"
            )
    else:
        with mariadb() as (_, folder):
            yield SourceConfig(kind="mysql", paths=(str(folder),), user="root", database="mysql")


@pytest.fixture(scope="module", params=sorted(ENDLESS))
def config(request: pytest.FixtureRequest) -> Iterator[SourceConfig]:
    with _served(request.param) as config:
        yield config


def signal_server(config: SourceConfig, number: int) -> None:
    """To the server and all its processes, which are our own."""
    for process in psutil.Process().children(recursive=True):
        with suppress(psutil.NoSuchProcess):  # one that ended meanwhile
            if process.name() == PROGRAMS[config.kind]:
                process.send_signal(number)


@contextmanager
def standing_still(config: SourceConfig) -> Iterator[None]:
    signal_server(config, signal.SIGSTOP)
    try:
        yield
    finally:
        signal_server(config, signal.SIGCONT)


class Asking:
    """A person who reads all rows of an endless query, in a thread, until something goes wrong."""

    def __init__(self, config: SourceConfig, seconds: float) -> None:
        self.source = connector(config, "")
        self.come = threading.Event()
        self.errors: list[SourceError] = []
        self._query = checked(ENDLESS[config.kind])
        self._limits = Limits(rows=10**9, bytes=10**12, seconds=seconds)
        self.source.explain(self._query, self._limits)
        self.thread = threading.Thread(target=self._read)

    def _read(self) -> None:
        try:
            for _ in self.source.run(self._query, self._limits):
                self.come.set()
        except SourceError as error:
            self.errors.append(error)
        self.come.set()

    def outcome(self) -> SourceError:
        self.thread.join()
        (error,) = self.errors
        return error


@pytest.mark.parametrize("has_begun", [False, True])
def test_a_cancelled_query_is_over_though_the_server_stands_still(
    config: SourceConfig, has_begun: bool
) -> None:
    asking = Asking(config, PATIENCE)
    if has_begun:
        asking.thread.start()
        asking.come.wait()
    with standing_still(config):
        if not has_begun:
            asking.thread.start()
        asking.source.cancel()
        if not has_begun:
            while asking.thread.is_alive():  # a query that is not asked for yet has nothing to cancel
                asking.source.cancel()
        assert asking.outcome().code is Code.CANCELLED
    asking.source.close()


def test_the_time_limit_holds_though_the_server_stands_still(config: SourceConfig) -> None:
    asking = Asking(config, 0.5)
    with standing_still(config):
        asking.thread.start()
        assert asking.outcome().code is Code.DEADLINE
    asking.source.close()


def test_the_server_ends_a_query_that_was_cancelled_while_it_stood_still(config: SourceConfig) -> None:
    asking = Asking(config, PATIENCE)
    asking.thread.start()
    asking.come.wait()
    with standing_still(config):
        asking.source.cancel()
        asking.outcome()
    asking.source.close()
    left = [each for each in threading.enumerate() if each.name in ("source-rows", "source-end")]
    for each in left:  # they end once the server has heard
        each.join()


@pytest.mark.parametrize("kind", sorted(ENDLESS))
def test_a_server_that_is_killed_in_the_middle_of_rows(kind: str) -> None:
    with _served(kind) as config:
        asking = Asking(config, PATIENCE)
        asking.thread.start()
        asking.come.wait()
        signal_server(config, signal.SIGKILL)
        error = asking.outcome()
        asking.source.close()
    assert error.code is Code.UNAVAILABLE
    assert "was lost in the middle" in error.message
    assert "ask again" in error.message
