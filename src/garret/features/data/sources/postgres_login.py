"""What a PostgreSQL login may do beyond reading, and the script for one that may not."""

from __future__ import annotations

from typing import Any, Final

import psycopg
from psycopg import sql

from garret.features.data.contracts import SourceConfig, SourceStatus

READER_NAME: Final = "garret_reader"
PASSWORD: Final = "<choose a password>"

_LOOK: Final = """
SELECT current_user, current_setting('server_version'), r.rolsuper, r.rolcreaterole, r.rolcreatedb,
  r.rolreplication, r.rolbypassrls,
  EXISTS (SELECT FROM pg_roles g WHERE g.rolname IN ('pg_read_server_files', 'pg_write_server_files',
    'pg_execute_server_program') AND pg_has_role(r.oid, g.oid, 'MEMBER')),
  (SELECT count(*) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE c.relkind IN ('r', 'p', 'v', 'f') AND n.nspname <> 'information_schema' AND n.nspname !~ '^pg_'
    AND has_table_privilege(r.oid, c.oid, 'INSERT, UPDATE, DELETE, TRUNCATE'))
FROM pg_roles r WHERE r.rolname = current_user
"""


def look_at_login(connection: psycopg.Connection[Any], config: SourceConfig, took: float) -> SourceStatus:
    """Version, login and what it may; `took` are the milliseconds to connect."""
    found = connection.execute(_LOOK).fetchone()
    assert found is not None  # a login has a role
    login, version, superuser, roles, databases, replication, bypasses, files, writable = found
    warnings = [
        warning
        for applies, warning in (
            (
                superuser,
                f"{login} is a superuser: it may read and write the server's files and run programs.",
            ),
            (files and not superuser, f"{login} may reach the server's files or programs."),
            (
                (roles or databases or replication or bypasses) and not superuser,
                f"{login} may administer the server or pass over row security.",
            ),
            (writable, f"{login} may change {writable:,} tables."),
        )
        if applies
    ]
    if warnings:
        warnings.append(
            "Garret only reads whatever the login may; a login that can only read is a second lock."
        )
    return SourceStatus(
        version=f"PostgreSQL {version}",
        login=login,
        read_only=not warnings,
        warnings=tuple(warnings),
        script=reader_script(connection, config) if warnings else "",
        milliseconds=took,
    )


def reader_script(connection: psycopg.Connection[Any], config: SourceConfig) -> str:
    """What an administrator runs, once a password is put in, to make a login that may only read."""
    reader = sql.Identifier(READER_NAME)
    database = sql.Identifier(connection.info.dbname)
    lines: list[sql.Composable] = [
        sql.SQL("CREATE ROLE {} LOGIN PASSWORD {} NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION").format(
            reader, sql.Literal(PASSWORD)
        ),
        sql.SQL("ALTER ROLE {} SET default_transaction_read_only = on").format(reader),
        sql.SQL("ALTER ROLE {} SET statement_timeout = '5min'").format(reader),
        sql.SQL("GRANT CONNECT ON DATABASE {} TO {}").format(database, reader),
    ]
    for name in config.schemas or ("public",):
        schema = sql.Identifier(name)
        lines += [
            sql.SQL("GRANT USAGE ON SCHEMA {} TO {}").format(schema, reader),
            sql.SQL("GRANT SELECT ON ALL TABLES IN SCHEMA {} TO {}").format(schema, reader),
            sql.SQL("ALTER DEFAULT PRIVILEGES IN SCHEMA {} GRANT SELECT ON TABLES TO {}").format(
                schema, reader
            ),
        ]
    return "".join(line.as_string(connection) + ";\n" for line in lines)
