"""What every connector does, tried with a real server of each engine."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any

import pytest

from garret.base.errors import Code
from garret.features.data.contracts import Limits, SourceConfig
from garret.features.data.sources.contract import Connector, SourceError
from tests.features.data.sources.contract_suite.conftest import Engine, checked, fetch
from tests.features.data.sources.wire import Wire


@pytest.fixture
def wire(engine: Engine) -> Iterator[Wire]:
    wire = Wire(engine.config.port)
    yield wire
    wire.close()


def wait_until_idle(engine: Engine) -> None:
    """The server is asked until it does nothing for us any more; a test that waits in vain is ended."""
    while engine.running():
        pass


def failing(source: Connector, query: str, limits: Limits | None = None) -> SourceError:
    with pytest.raises(SourceError) as caught:
        fetch(source, query, limits)
    return caught.value


# --- reading --------------------------------------------------------------------------------------


def test_a_test_tells_version_and_login(engine: Engine) -> None:
    status = engine.connector().test()
    assert status.version.split()[0] in ("PostgreSQL", "MariaDB", "MongoDB", "Neo4j", "Trino")
    assert status.login.startswith(engine.config.user)
    assert status.milliseconds > 0


def test_a_catalogue_has_tables_columns_kinds_and_samples(engine: Engine) -> None:
    catalogue = engine.connector().catalogue("shop")
    people = next(table for table in catalogue.tables if table.name == "people")
    columns = {column.name: column for column in people.columns}
    assert people.schema == ""
    assert people.rows == 3
    assert columns["name"].kind == "text"
    assert columns["score"].kind == "real"
    assert columns["city"].samples[0] == "Paris"
    assert set(columns["city"].samples) == {"Paris", "Berlin"}
    assert columns["score"].nullable
    known = () if engine.config.kind == "trino" else (people.columns[0].name,)  # Trino tells of no keys
    assert people.primary_key == known
    assert catalogue.source == "shop"
    assert catalogue.taken > 0


def test_private_columns_have_no_samples(engine: Engine) -> None:
    catalogue = engine.connector().catalogue("shop")
    people = next(table for table in catalogue.tables if table.name == "people")
    email = next(column for column in people.columns if column.name == "email")
    assert (email.private, email.guessed, email.samples) == (True, True, ())
    assert "example.org" not in str(catalogue)


def test_declared_keys_comments_and_views(engine: Engine) -> None:
    source = engine.connector()
    if not source.able.declares_keys:
        return
    catalogue = source.catalogue("shop")
    tables = {table.name: table for table in catalogue.tables}
    (key,) = tables["orders"].foreign_keys
    assert (key.columns, key.table, key.references, key.guessed) == (("person",), "people", ("id",), False)
    assert tables["parisians"].kind == "view"
    assert tables["people"].columns[-1].comment == "of last year"
    assert not tables["people"].columns[1].nullable


def test_fingerprints_are_the_same_until_something_changes(engine: Engine) -> None:
    first = engine.connector().catalogue("a")
    assert first.fingerprint == engine.connector().catalogue("b").fingerprint
    if engine.config.kind == "mongo":
        engine.admin("later").insert_one({"a": 1})
    else:
        engine.admin(engine.queries.get("make another", "CREATE TABLE later (a int)"))
    changed = engine.connector().catalogue("a").fingerprint
    if engine.config.kind == "mongo":
        engine.admin("later").drop()
    else:
        engine.admin(engine.queries.get("drop another", "DROP TABLE later"))
    assert changed != first.fingerprint
    assert engine.connector().catalogue("a").fingerprint == first.fingerprint


def test_rows_come_with_names_kinds_and_values(engine: Engine) -> None:
    rows, found = fetch(engine.connector(), engine.queries["people"])
    assert [column.name for column in rows.columns] == ["id", "name", "city", "score"]
    assert [column.kind for column in rows.columns] == ["integer", "text", "text", "real"]
    assert found == [
        (1, "Ann", "Paris", 1.5),
        (2, "Bob", "Berlin", None),
        (3, "Cé 😀", "Paris", -2.25),
    ]
    assert list(rows.notes) == []
    assert not rows.truncated


def test_no_rows_have_columns_all_the_same(engine: Engine) -> None:
    rows = engine.connector().run(checked(engine.queries["none"]), Limits())
    (batch,) = list(rows)
    assert batch.num_rows == 0
    assert len(rows.columns) == (0 if engine.config.kind == "mongo" else 3)


def test_one_connector_asks_again_and_again(engine: Engine) -> None:
    source = engine.connector()
    for _ in range(3):
        assert len(fetch(source, engine.queries["people"])[1]) == 3


def test_an_estimate_runs_nothing(engine: Engine) -> None:
    source = engine.connector()
    estimate = source.explain(checked(engine.queries["people"], 11), Limits())
    assert estimate.rows is not None
    assert 0 < estimate.rows <= 11
    with pytest.raises(SourceError):
        source.explain(checked(engine.queries["write"]), Limits())
    assert len(fetch(source, engine.queries["people"])[1]) == 3


# --- limits ---------------------------------------------------------------------------------------


def test_the_row_limit_holds_and_is_told(engine: Engine) -> None:
    rows, found = fetch(engine.connector(), engine.queries["endless"], Limits(rows=7_001))
    assert len(found) == 7_001
    assert rows.truncated
    wait_until_idle(engine)


def test_the_byte_limit_holds_and_is_told(engine: Engine) -> None:
    limits = Limits(rows=10**9, bytes=100_000)
    rows = engine.connector().run(checked(engine.queries["endless"]), limits)
    assert sum(batch.nbytes for batch in rows) <= limits.bytes * 1.01
    assert rows.truncated
    assert "limit" in rows.notes[0]
    wait_until_idle(engine)


def test_the_time_limit_holds_at_the_engine(engine: Engine) -> None:
    if "slow" not in engine.queries:
        pytest.skip("TIME LIMIT OF mongo NOT TESTED: the server of the tests keeps none")
    error = failing(engine.connector(), engine.queries["slow"], Limits(seconds=0.5))
    assert error.code is Code.DEADLINE
    assert "0.5 seconds" in error.message
    wait_until_idle(engine)


def test_a_query_that_was_read_in_part_ends_at_the_engine(engine: Engine) -> None:
    rows = iter(engine.connector().run(checked(engine.queries["endless"]), Limits(rows=10**9, bytes=10**12)))
    assert next(rows).num_rows > 0
    rows.close()  # type: ignore[attr-defined]
    wait_until_idle(engine)


def test_cancel_ends_a_query_also_at_the_engine(engine: Engine) -> None:
    if not engine.lists:
        pytest.skip("CANCEL AT mongo NOT TESTED: the servers of the tests do not list what they run")
    source = engine.connector()
    caught: list[SourceError] = []
    asking = threading.Thread(target=lambda: caught.append(failing(source, engine.queries["slow"])))
    asking.start()
    while not engine.running():
        pass
    source.cancel()  # once, whatever the engine has of it
    asking.join()
    assert caught[0].code is Code.CANCELLED
    wait_until_idle(engine)


def test_cancel_between_batches(engine: Engine) -> None:
    source = engine.connector()
    rows = iter(source.run(checked(engine.queries["endless"]), Limits(rows=10**9, bytes=10**12)))
    next(rows)
    source.cancel()
    with pytest.raises(SourceError) as caught:
        for _ in rows:
            pass
    assert caught.value.code is Code.CANCELLED
    wait_until_idle(engine)


def test_cancel_of_nothing_does_nothing(engine: Engine) -> None:
    source = engine.connector()
    source.cancel()
    assert len(fetch(source, engine.queries["people"])[1]) == 3
    source.cancel()
    assert len(fetch(source, engine.queries["people"])[1]) == 3


# --- what is refused ------------------------------------------------------------------------------


def test_nothing_is_written(engine: Engine) -> None:
    source = engine.connector()
    for kind in ("write", "deep write", "stacked", "file", "procedure"):
        if kind in engine.queries:
            error = failing(source, engine.queries[kind])
            assert error.code in (Code.DENIED, Code.INVALID), kind
    assert len(fetch(source, engine.queries["people"])[1]) == 3


def test_nonsense_is_refused_in_words(engine: Engine) -> None:
    error = failing(engine.connector(), engine.queries["nonsense"])
    assert error.code is Code.INVALID
    assert "Nothing was run" in error.message


def test_a_table_renamed_between_plan_and_run(engine: Engine) -> None:
    if engine.config.kind == "mongo":
        return  # a collection that is not there is an empty one
    source = engine.connector()
    source.explain(checked(engine.queries["people"]), Limits())
    engine.admin("ALTER TABLE people RENAME TO persons")
    try:
        error = failing(source, engine.queries["people"])
    finally:
        engine.admin("ALTER TABLE persons RENAME TO people")
    assert error.code is Code.CONFLICT
    assert "catalogue anew" in error.message
    assert len(fetch(source, engine.queries["people"])[1]) == 3


def test_tables_renamed_since_the_draft(engine: Engine) -> None:
    for kind in ("no table", "no column"):
        if kind in engine.queries:
            error = failing(engine.connector(), engine.queries[kind])
            assert error.code is Code.CONFLICT
            assert "catalogue anew" in error.message


# --- faults ---------------------------------------------------------------------------------------


def test_wrong_password(engine: Engine) -> None:
    if not engine.config.user or engine.config.kind in ("postgres", "trino"):
        return  # the private servers of these take any password
    error = failing(engine.with_password("wrong pass"), engine.queries["people"])
    assert error.code is Code.DENIED
    assert "wrong pass" not in str(error.message)


def test_wrong_database(engine: Engine) -> None:
    if engine.config.kind == "mongo":
        return  # a database that is not there is an empty one
    error = failing(engine.connector(database="nowhere"), engine.queries["people"])
    assert error.code is Code.NOT_FOUND
    assert "nowhere" in error.message


@pytest.fixture
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """Servers that are not there: MongoDB's driver looks for them again and again until its time is up."""
    monkeypatch.setattr("garret.features.data.sources.mongo.CONNECT_MILLISECONDS", 1000)


@pytest.mark.usefixtures("soon")
def test_port_closed(engine: Engine, wire: Wire) -> None:
    wire.close()
    error = failing(engine.connector(port=wire.port), engine.queries["people"])
    assert error.code is Code.UNAVAILABLE
    assert f"127.0.0.1:{wire.port}" in error.message
    assert error.retryable


def test_tls_that_the_server_does_not_have(engine: Engine) -> None:
    if engine.config.kind == "mongo":
        return  # the private server answers in the clear, which looks like silence
    error = failing(engine.connector(tls="require"), engine.queries["people"])
    assert error.code is Code.DENIED
    assert "No safe connection" in error.message
    assert "the server has no TLS" in error.message


def test_a_connection_cut_in_the_middle(engine: Engine, wire: Wire) -> None:
    if not engine.streams:
        pytest.skip("A LOST CONNECTION OF mongo NOT TESTED: the server of the tests sends everything at once")
    source = engine.connector(port=wire.port)
    rows = iter(source.run(checked(engine.queries["endless"]), Limits(rows=10**9, bytes=10**12)))
    next(rows)
    wire.cut()
    if engine.config.kind == "trino":
        wire.close()  # its pages are fetched one by one, so that it lives on after a mere cut
    with pytest.raises(SourceError) as caught:
        for _ in rows:
            pass
    assert caught.value.code is Code.UNAVAILABLE, caught.value.message
    assert "was lost" in caught.value.message
    assert engine.password not in caught.value.message or not engine.password


def test_a_server_that_falls_silent(engine: Engine, wire: Wire) -> None:
    if not engine.streams:
        pytest.skip("A LOST CONNECTION OF mongo NOT TESTED: the server of the tests sends everything at once")
    source = engine.connector(port=wire.port)
    # These plan for longer than others take to answer.
    seconds = 15 if engine.config.kind in ("trino", "neo4j") else 1
    limits = Limits(rows=10**9, bytes=10**12, seconds=seconds)
    rows = iter(source.run(checked(engine.queries["endless"]), limits))
    next(rows)
    wire.silence()
    with pytest.raises(SourceError) as caught:
        for _ in rows:
            pass
    assert caught.value.code is Code.DEADLINE


@pytest.mark.usefixtures("soon")
def test_errors_never_hold_the_password(engine: Engine) -> None:
    broken: list[dict[str, Any]] = [
        {"port": 1},
        {"database": "nowhere"},
        {"tls": "require"},
        {"user": "no one"},
    ]
    for change in broken:
        try:
            fetch(engine.connector(**change), engine.queries["people"])
        except SourceError as error:
            text = f"{error.message} {error.details} {error!r}"
            assert not engine.password or engine.password not in text


def test_kinds_of_sources_have_their_own_name_in_the_configuration(engine: Engine) -> None:
    assert isinstance(engine.config, SourceConfig)
    assert type(engine.connector()).able.streams
