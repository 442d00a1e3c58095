"""TLS with servers that have certificates of an authority made for the run: what passes, and what is refused.

Every server shows the same four certificates: of its host by the authority named, by another one, for another
host, and one that has ended.
"""

from __future__ import annotations

import contextlib
import json
import shutil
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
import pytest

from garret.base.errors import Code
from garret.features.data.contracts import SourceConfig
from garret.features.data.sources.contract import Connector, SourceError
from garret.features.data.sources.registry import connector
from tests.features.data.sources.certificates import KEYSTORE_PASSWORD, Authority, Files
from tests.features.data.sources.contract_suite.conftest import fetch
from tests.features.data.sources.engines import mariadb, mongo_under_tls
from tests.servers import may_run_as, postgresql

HOST = "127.0.0.1"
CASES = ("right", "foreign", "elsewhere", "ended")


@dataclass
class Secured:
    """A server; `show` has it come with one of the certificates, and says at which port."""

    config: SourceConfig
    plain: SourceConfig
    show: Callable[[str], int]
    authority: Path
    encrypted: str

    def connector(self, case: str, **changes: Any) -> Connector:
        port = self.show(case)
        return connector(msgspec.structs.replace(self.config, port=port, **changes), "")


@pytest.fixture(scope="module")
def authority() -> Iterator[Authority]:
    folder = Path(tempfile.mkdtemp(prefix="g-tls-"))
    folder.chmod(0o755)
    yield Authority(folder, "ours")
    shutil.rmtree(folder)


@pytest.fixture(scope="module")
def shown(authority: Authority) -> dict[str, Files]:
    folder = authority.file.parent
    return {
        "right": authority.sign("right", HOST),
        "foreign": Authority(folder, "theirs").sign("foreign", HOST),
        "elsewhere": authority.sign("elsewhere", "db.example.org"),
        "ended": authority.sign("ended", HOST, days=-1),
    }


@contextlib.contextmanager
def _postgres(shown: dict[str, Files], authority: Path) -> Iterator[Secured]:
    import psycopg

    folder = Path(tempfile.mkdtemp(prefix="g-pg-tls-"))
    user = may_run_as("postgres", folder)
    for case, files in shown.items():
        for file, end in ((files.certificate, "crt"), (files.key, "key")):
            shutil.copyfile(file, folder / f"{case}.{end}")
            (folder / f"{case}.{end}").chmod(0o600)
            if user:
                shutil.chown(folder / f"{case}.{end}", user["user"])
    try:
        with postgresql() as port:
            words = f"host={HOST} port={port} user=garret dbname=postgres"
            with psycopg.connect(words, autocommit=True) as admin:
                admin.execute("CREATE ROLE reader LOGIN")  # a superuser's rows come from another role

            def show(case: str) -> int:
                with psycopg.connect(words, autocommit=True) as admin:
                    admin.execute("ALTER SYSTEM SET ssl = " + ("off" if case == "none" else "on"))
                    admin.execute(f"ALTER SYSTEM SET ssl_cert_file = '{folder / case}.crt'".encode())
                    admin.execute(f"ALTER SYSTEM SET ssl_key_file = '{folder / case}.key'".encode())
                    admin.execute("SELECT pg_reload_conf()")
                file = ""
                while not file.endswith(f"/{case}.crt"):  # a new session has what the server reads by then
                    with psycopg.connect(words) as looking:
                        found = looking.execute("SHOW ssl_cert_file").fetchone()
                        file = str(found[0]) if found else ""
                return port

            config = SourceConfig(
                kind="postgres", host=HOST, port=port, user="reader", database="postgres", tls="verify"
            )
            encrypted = "SELECT ssl::int AS n FROM pg_stat_ssl WHERE pid = pg_backend_pid()"
            yield Secured(
                msgspec.structs.replace(config, authority=str(authority)), config, show, authority, encrypted
            )
    finally:
        shutil.rmtree(folder)


@contextlib.contextmanager
def _mysql(shown: dict[str, Files], authority: Path) -> Iterator[Secured]:
    folder = Path(tempfile.mkdtemp(prefix="g-my-tls-"))
    user = may_run_as("mysql", folder)

    def put(case: str) -> None:
        for file, end in ((shown[case].certificate, "crt"), (shown[case].key, "key")):
            shutil.copyfile(file, folder / f"now.{end}")
            (folder / f"now.{end}").chmod(0o600)
            if user:
                shutil.chown(folder / f"now.{end}", user["user"])

    put("right")
    try:
        with mariadb(f"--ssl-cert={folder}/now.crt", f"--ssl-key={folder}/now.key") as (port, sockets):
            import pymysql

            admin = pymysql.connect(unix_socket=str(sockets / "mysqld.sock"), user="root", autocommit=True)
            with admin, admin.cursor() as cursor:
                cursor.execute(f"CREATE USER garret@'{HOST}'")
                cursor.execute(f"GRANT SELECT ON mysql.* TO garret@'{HOST}'")

                def show(case: str) -> int:
                    put(case)
                    cursor.execute("FLUSH SSL")
                    return port

                config = SourceConfig(
                    kind="mysql", host=HOST, port=port, user="garret", database="mysql", tls="verify"
                )
                encrypted = (
                    "SELECT (VARIABLE_VALUE <> '') + 0 AS n FROM information_schema.SESSION_STATUS "
                    "WHERE VARIABLE_NAME = 'Ssl_cipher'"
                )
                yield Secured(
                    msgspec.structs.replace(config, authority=str(authority)),
                    config,
                    show,
                    authority,
                    encrypted,
                )
    finally:
        shutil.rmtree(folder)


@contextlib.contextmanager
def _mongo(shown: dict[str, Files], authority: Path) -> Iterator[Secured]:
    keystores = [shown[case].keystore for case in CASES]
    with mongo_under_tls(*keystores, password=KEYSTORE_PASSWORD) as (port, *secured):
        import pymongo

        client: pymongo.MongoClient[dict[str, Any]] = pymongo.MongoClient(HOST, port)
        with client:
            client["shop"]["one"].insert_one({"_id": 1})
        ports = dict(zip(CASES, secured, strict=True))
        config = SourceConfig(kind="mongo", host=HOST, port=port, database="shop", tls="verify")
        # A port of this server is either under TLS or not at all: what it answers there is encrypted.
        asked = json.dumps({"collection": "one", "pipeline": [{"$project": {"_id": 0, "n": "$_id"}}]})
        yield Secured(
            msgspec.structs.replace(config, authority=str(authority)),
            config,
            ports.__getitem__,
            authority,
            asked,
        )


MAKERS = {"postgres": _postgres, "mysql": _mysql, "mongo": _mongo}


@pytest.fixture(scope="module", params=MAKERS)
def secured(
    request: pytest.FixtureRequest, shown: dict[str, Files], authority: Authority
) -> Iterator[Secured]:
    with MAKERS[request.param](shown, authority.file) as server:
        yield server


@contextlib.contextmanager
def closing(source: Connector) -> Iterator[Connector]:
    try:
        yield source
    finally:
        source.close()


def refused(source: Connector) -> SourceError:
    with closing(source), pytest.raises(SourceError) as caught:
        source.test()
    error = caught.value
    assert error.code is Code.DENIED, error.message
    assert error.message.startswith(f"No safe connection to {HOST}:")
    assert "_ssl.c" not in error.message
    assert "SSL" not in error.message
    return error


def test_the_authority_that_a_person_names_is_trusted_and_the_rows_are_encrypted(secured: Secured) -> None:
    with closing(secured.connector("right")) as source:
        assert source.test().version
        assert fetch(source, secured.encrypted)[1] == [(1,)]


def test_another_authority_is_not(secured: Secured) -> None:
    error = refused(secured.connector("foreign"))
    assert "authority" in error.message.split(":", 2)[2].split(".")[0]


def test_without_a_named_authority_only_the_systems_are_trusted(secured: Secured) -> None:
    port = secured.show("right")
    error = refused(connector(msgspec.structs.replace(secured.plain, port=port), ""))
    assert "authority" in error.message.split(":", 2)[2].split(".")[0]


def test_a_certificate_for_another_host_is_refused(secured: Secured) -> None:
    error = refused(secured.connector("elsewhere"))
    assert f"its certificate is for another name than {HOST}" in error.message


def test_a_certificate_that_has_ended_is_refused(secured: Secured) -> None:
    error = refused(secured.connector("ended"))
    assert "its certificate has ended" in error.message or secured.config.kind == "postgres"


@pytest.mark.parametrize("case", CASES)
def test_a_person_may_ask_for_encryption_alone(secured: Secured, case: str) -> None:
    with closing(secured.connector(case, tls="require", authority="")) as source:
        assert fetch(source, secured.encrypted)[1] == [(1,)]


def test_an_authority_whose_file_is_gone_is_told(secured: Secured) -> None:
    error = refused(secured.connector("right", authority=f"{secured.authority}.gone"))
    assert "is not there" in error.message


def test_a_server_without_tls_is_refused(secured: Secured) -> None:
    if secured.config.kind != "postgres":
        return  # `test_contract` has a MariaDB without; MongoDB's says nothing to a greeting for ten seconds
    assert "the server has no TLS" in refused(secured.connector("none")).message
