"""MongoDB, by PyMongo: `aggregate`, `explain` and looks at collections; no other command is ever sent.

A query is a JSON object of `collection` and `pipeline`, in MongoDB's Extended JSON where a value is no plain
JSON. MongoDB has no sessions that only read, so stages that write are looked for once more here, and the
login is asked what it may.

Neighbours: `mongo_fields`, which makes columns of documents.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import suppress
from typing import Any, Final

import pyarrow as pa
import pymongo
from bson import json_util
from bson.codec_options import CodecOptions, DatetimeConversion
from bson.errors import BSONError
from pymongo import errors
from pymongo.database import Database

from garret.base.clock import SYSTEM
from garret.features.data.contracts import (
    DEFAULT_PORTS,
    Catalogue,
    Checked,
    Estimate,
    Limits,
    SourceConfig,
    SourceStatus,
)
from garret.features.data.sources import failures
from garret.features.data.sources.attempt import Attempt
from garret.features.data.sources.contract import Able, SourceError
from garret.features.data.sources.mongo_catalogue import take_catalogue
from garret.features.data.sources.mongo_fields import Fields, stream_of
from garret.features.data.sources.mongo_login import look_at_login
from garret.features.data.sources.pump import Pump
from garret.features.data.sources.rows import Stream
from garret.features.data.sources.safety import authorities_of, tls_of

CONNECT_MILLISECONDS: Final = 10_000
CATALOGUE_SECONDS: Final = 30
FIRST: Final = 5_000
"""Documents that decide what columns there are."""
THEN: Final = 10_000
PAUSE: Final = 2.0
_DOCUMENT: Final[CodecOptions[dict[str, Any]]] = CodecOptions(
    document_class=dict, tz_aware=True, datetime_conversion=DatetimeConversion.DATETIME_MS
)
_WRITING: Final = frozenset(("$out", "$merge"))


class MongoConnector:
    """One database of a MongoDB server."""

    able = Able(read_only_session=False, declares_keys=False)

    def __init__(self, config: SourceConfig, password: str) -> None:
        self._config = config
        self._password = password
        self._client: pymongo.MongoClient[dict[str, Any]] | None = None
        self._attempt = Attempt()
        self._mark = ""

    # --- the connection -----------------------------------------------------------------------------

    def _connect(self) -> pymongo.MongoClient[dict[str, Any]]:
        config = self._config
        tls = tls_of(config)
        words: dict[str, Any] = {}
        if tls != "off":
            words["tls"] = True
            words["tlsAllowInvalidCertificates"] = tls == "require"
            if tls == "verify":
                words["tlsCAFile"] = authorities_of(config)
        if config.user:
            words |= {"username": config.user, "password": self._password, "authSource": "admin"}
        return pymongo.MongoClient(
            host=config.host or "127.0.0.1",
            port=config.port or DEFAULT_PORTS["mongo"],
            directConnection=True,
            appname="garret",
            retryWrites=False,
            minPoolSize=2,  # one for rows, and one to end them by
            serverSelectionTimeoutMS=CONNECT_MILLISECONDS,
            connectTimeoutMS=CONNECT_MILLISECONDS,
            **words,
        )

    def _database(self) -> Database[dict[str, Any]]:
        if not self._config.database:
            raise SourceError("A MongoDB source needs the name of its database. Add it anew with one.")
        if self._client is None:
            self._client = self._connect()
        return self._client.get_database(self._config.database, codec_options=_DOCUMENT)

    # --- the contract -------------------------------------------------------------------------------

    def test(self) -> SourceStatus:
        began = SYSTEM.monotonic()
        database = self._database()
        try:
            version = str(database.client.server_info().get("version", ""))
            took = (SYSTEM.monotonic() - began) * 1000
            return look_at_login(database, self._config, version, took)
        except errors.PyMongoError as error:
            raise self._describe(error) from None

    def catalogue(self, source: str) -> Catalogue:
        try:
            return take_catalogue(self._database(), source)
        except errors.PyMongoError as error:
            raise self._describe(error) from None

    def explain(self, checked: Checked, limits: Limits) -> Estimate:
        """What the planner says; no more than the collection holds where the server has no `explain`."""
        collection, pipeline = read_query(checked.query)
        database = self._database()
        plan = ""
        try:
            rows = database[collection].estimated_document_count(maxTimeMS=_milliseconds(limits))
            with suppress(errors.OperationFailure):
                command = {"aggregate": collection, "pipeline": pipeline, "cursor": {}}
                said = database.command(
                    "explain", command, verbosity="queryPlanner", maxTimeMS=_milliseconds(limits)
                )
                plan = json_util.dumps(_plan_of(said), indent=1)
        except errors.PyMongoError as error:
            raise self._describe(error, limits.seconds) from None
        return Estimate(rows=min(rows, checked.limit or rows), plan=plan)

    def run(self, checked: Checked, limits: Limits) -> Stream:
        collection, pipeline = read_query(checked.query)
        attempt = self._attempt = Attempt()
        fields = Fields()
        self._mark = f"garret {secrets.token_hex(8)}"
        pump = Pump(
            lambda: self._produce(collection, pipeline, limits, fields),
            seconds=limits.seconds,
            pause=PAUSE,
            interrupt=self._interrupt,
            describe=lambda error: self._describe(error, limits.seconds),
        )
        attempt.follow(pump)
        return stream_of(fields, pump, limits)

    def _produce(
        self, collection: str, pipeline: list[dict[str, Any]], limits: Limits, fields: Fields
    ) -> Iterator[pa.RecordBatch]:
        with self._database()[collection].aggregate(
            pipeline, maxTimeMS=_milliseconds(limits), batchSize=FIRST, allowDiskUse=False, comment=self._mark
        ) as cursor:
            documents: list[dict[str, Any]] = []
            for document in cursor:
                documents.append(document)
                if len(documents) >= (THEN if fields.chosen else FIRST):
                    yield from fields.batches(documents)
                    documents = []
            if documents or not fields.is_decided:
                yield from fields.batches(documents)

    def cancel(self) -> None:
        self._attempt.cancel()

    def _interrupt(self) -> bool:
        """End our operation at the server, which a login may do with its own, by another connection."""
        with suppress(errors.PyMongoError):
            admin = self._database().client.admin
            found = admin.command("currentOp", {"$ownOps": True, "command.comment": self._mark})
            for operation in found.get("inprog", ()):
                admin.command("killOp", op=operation["opid"])
        return True

    def close(self) -> None:
        self._attempt.close()
        if self._client is not None:
            self._client.close()
            self._client = None

    # --- what goes wrong ----------------------------------------------------------------------------

    def _describe(self, error: BaseException, seconds: float = 0) -> SourceError:
        if isinstance(error, SourceError):
            return error
        said = failures.scrub(str(error).split(", full error:")[0], self._password)
        code = getattr(error, "code", None)
        if isinstance(error, errors.ExecutionTimeout) or code in (50, 262):
            return failures.too_slow(seconds)
        if code in (11601, 237, 43):
            return failures.cancelled() if self._attempt.is_cancelled else failures.lost(self._config)
        if code in (18, 8000):
            return failures.wrong_login(self._config)
        if code == 13:
            return failures.forbidden(said)
        if isinstance(error, errors.ConnectionFailure):
            return self._of_connection(error, said)
        if code in (26, 73):
            return failures.changed(said)
        if code in (292, 16819, 16945, 146):
            return failures.out_of_memory(said)
        if isinstance(error, errors.OperationFailure):
            return failures.refused_query(said)
        return failures.failed_query(said)

    def _of_connection(self, error: BaseException, said: str) -> SourceError:
        if "SSL" in said or "certificate" in said:
            return failures.no_tls(self._config, said.split(", Timeout")[0])
        if isinstance(error, errors.ServerSelectionTimeoutError):
            return failures.unreachable(self._config, said.split(" (configured timeouts")[0])
        return failures.lost(self._config)


def read_query(text: str) -> tuple[str, list[dict[str, Any]]]:
    """Collection and pipeline of a checked query. Raises SourceError for one that would write."""
    try:
        query = json_util.loads(text)
        collection, pipeline = query["collection"], query["pipeline"]
        if not isinstance(collection, str) or not isinstance(pipeline, list):
            raise TypeError
    except (ValueError, KeyError, TypeError, BSONError):
        raise failures.refused_query("it is no JSON object with a collection and a pipeline") from None
    if _writes(pipeline):
        raise failures.writes()
    return collection, pipeline


def _writes(value: Any) -> bool:
    if isinstance(value, dict):
        return not _WRITING.isdisjoint(value) or any(_writes(inner) for inner in value.values())
    return isinstance(value, list) and any(_writes(inner) for inner in value)


def _milliseconds(limits: Limits) -> int:
    return max(1, int(limits.seconds * 1000))


def _plan_of(said: dict[str, Any]) -> Any:
    planner = said.get("queryPlanner") or {}
    return planner.get("winningPlan") or [next(iter(stage)) for stage in said.get("stages", ()) if stage]
