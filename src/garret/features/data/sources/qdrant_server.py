"""Qdrant: the nearest points to a vector, or those that a filter lets through.

A query is a JSON object: `collection`; `vector` (a list of numbers) or nothing; `using`, the name of a vector
where points have several; `filter` as Qdrant has it; `limit`. Only reads are ever sent. A collection in a
folder of this machine (`paths`) is opened by the client itself.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, Final

import pyarrow as pa
from qdrant_client import QdrantClient, models
from qdrant_client.http.exceptions import ApiException, ResponseHandlingException, UnexpectedResponse

from garret.base.clock import SYSTEM
from garret.features.data.contracts import (
    DEFAULT_PORTS,
    Catalogue,
    Checked,
    Column,
    Estimate,
    Limits,
    SourceConfig,
    SourceStatus,
    Table,
)
from garret.features.data.sources import failures
from garret.features.data.sources.attempt import Attempt
from garret.features.data.sources.contract import Able, SourceError
from garret.features.data.sources.fingerprint import take_fingerprint
from garret.features.data.sources.kinds import kind_of
from garret.features.data.sources.mongo_fields import Fields, stream_of, text_of
from garret.features.data.sources.privacy import choose_samples
from garret.features.data.sources.pump import Pump
from garret.features.data.sources.rows import Stream
from garret.features.data.sources.safety import context_of, tls_of
from garret.features.data.sources.sampling import Budget, sampled_kinds

PAGE: Final = 1_000
LOOKED_AT: Final = 200
_KNOWN: Final = frozenset(("collection", "vector", "using", "filter", "limit"))
_FAILURES: Final = (ApiException, OSError, ValueError, KeyError)


class QdrantConnector:
    """One Qdrant server, or a folder of it."""

    able = Able(explains=False, read_only_session=False, declares_keys=False)

    def __init__(self, config: SourceConfig, password: str) -> None:
        self._config = config
        self._password = password
        self._client: QdrantClient | None = None
        self._attempt = Attempt()

    def _open(self, seconds: float = 30) -> QdrantClient:
        config = self._config
        if self._client is None:
            try:
                if config.host:
                    self._client = self._remote(seconds)
                else:
                    self._client = (
                        QdrantClient(path=config.paths[0]) if config.paths else QdrantClient(":memory:")
                    )
            except (*_FAILURES, RuntimeError) as error:
                raise self._describe(error) from None
        return self._client

    def _remote(self, seconds: float) -> QdrantClient:
        context = context_of(self._config)
        return QdrantClient(
            host=self._config.host,
            port=self._config.port or DEFAULT_PORTS["qdrant"],
            https=tls_of(self._config) != "off",
            api_key=self._password or None,
            timeout=max(1, int(seconds)),
            check_compatibility=False,
            verify=context if context is not None else True,
        )

    # --- the contract -------------------------------------------------------------------------------

    def test(self) -> SourceStatus:
        began = SYSTEM.monotonic()
        client = self._open()
        try:
            client.get_collections()
            version = client.info().version if self._config.host else "(files)"
        except _FAILURES as error:
            raise self._describe(error) from None
        warnings: tuple[str, ...] = ()
        if self._config.host and not self._password:
            warnings = ("The server asks for no key: whoever reaches it may change everything.",)
        return SourceStatus(
            version=f"Qdrant {version}",
            read_only=not warnings,
            warnings=warnings,
            milliseconds=(SYSTEM.monotonic() - began) * 1000,
        )

    def catalogue(self, source: str) -> Catalogue:
        budget = Budget()
        client = self._open()
        try:
            names = sorted(collection.name for collection in client.get_collections().collections)
            budget.share(len(names))
            tables = tuple(_look_at(client, name, budget) for name in names)
        except _FAILURES as error:
            raise self._describe(error) from None
        return Catalogue(
            source=source,
            dialect="qdrant",
            tables=tables,
            fingerprint=take_fingerprint(tables),
            taken=SYSTEM.wall(),
        )

    def explain(self, checked: Checked, limits: Limits) -> Estimate:
        """How many points the filter lets through; Qdrant has no plans."""
        query = read_query(checked.query)
        try:
            found = self._open().count(query["collection"], count_filter=query["filter"], exact=False)
        except _FAILURES as error:
            raise self._describe(error, limits.seconds) from None
        return Estimate(rows=min(found.count, query["limit"] or found.count))

    def run(self, checked: Checked, limits: Limits) -> Stream:
        query = read_query(checked.query)
        attempt = self._attempt = Attempt()
        client = self._open(limits.seconds)
        fields = Fields()
        pump = Pump(
            lambda: _produce(client, query, limits, fields),
            seconds=limits.seconds,
            interrupt=lambda: False,  # a page is short, and the next one is not asked for
            describe=lambda error: self._describe(error, limits.seconds),
        )
        attempt.follow(pump)
        return stream_of(fields, pump, limits)

    def cancel(self) -> None:
        self._attempt.cancel()

    def close(self) -> None:
        self._attempt.close()
        if self._client is not None:
            self._client.close()
            self._client = None

    def _describe(self, error: BaseException, seconds: float = 0) -> SourceError:
        if isinstance(error, SourceError):
            return error
        said = failures.scrub(str(error), self._password)
        if isinstance(error, UnexpectedResponse):
            if error.status_code in (401, 403):
                return failures.wrong_login(self._config)
            return failures.changed(said) if error.status_code == 404 else failures.refused_query(said)
        if isinstance(error, ResponseHandlingException):
            if "timed out" in said:
                return failures.too_slow(seconds)
            if "SSL" in said or "certificate" in said:
                return failures.no_tls(self._config, said)
            return failures.unreachable(self._config, said)
        if "not found" in said:
            return failures.changed(said)
        return failures.failed_query(said)


def read_query(text: str) -> dict[str, Any]:
    """The parts of a query, its filter as the client has it. Raises SourceError for what is none."""
    try:
        query = json.loads(text)
        if not isinstance(query, dict) or not isinstance(query["collection"], str) or set(query) - _KNOWN:
            raise TypeError
        chosen = query.get("filter")
        limit = query.get("limit")
        if limit is not None and (not isinstance(limit, int) or limit < 0):
            raise TypeError
        return {
            "collection": query["collection"],
            "vector": query.get("vector"),
            "using": query.get("using"),
            "filter": models.Filter.model_validate(chosen) if chosen else None,
            "limit": limit,
        }
    except (ValueError, KeyError, TypeError):
        raise failures.refused_query("it is no JSON object of collection, vector, filter and limit") from None


def _produce(
    client: QdrantClient, query: dict[str, Any], limits: Limits, fields: Fields
) -> Iterator[pa.RecordBatch]:
    limit = limits.rows + 1 if query["limit"] is None else query["limit"]
    for page in _nearest(client, query, limit) if query["vector"] else _filtered(client, query, limit):
        yield from fields.batches(page)
    if not fields.is_decided:
        yield from fields.batches([])


def _nearest(client: QdrantClient, query: dict[str, Any], limit: int) -> Iterator[list[dict[str, Any]]]:
    found = client.query_points(
        query["collection"],
        query=query["vector"],
        using=query["using"],
        query_filter=query["filter"],
        limit=limit,
        with_payload=True,
    )
    yield [{"id": _id(point.id), "score": point.score, **(point.payload or {})} for point in found.points]


def _filtered(client: QdrantClient, query: dict[str, Any], limit: int) -> Iterator[list[dict[str, Any]]]:
    following: Any = None
    while limit > 0:
        points, following = client.scroll(
            query["collection"],
            scroll_filter=query["filter"],
            limit=min(PAGE, limit),
            offset=following,
            with_payload=True,
        )
        yield [{"id": _id(point.id), **(point.payload or {})} for point in points]
        limit -= len(points)
        if following is None:
            return


def _id(value: Any) -> Any:
    return value if isinstance(value, int) else str(value)


def _look_at(client: QdrantClient, name: str, budget: Budget) -> Table:
    if budget.is_over():
        return Table(name=name, kind="collection")
    info = client.get_collection(name)
    points, _ = client.scroll(name, limit=LOOKED_AT, with_payload=True)
    values: dict[str, list[Any]] = {}
    for point in points:
        for key, value in (point.payload or {}).items():
            values.setdefault(key, []).append(value)
    columns = [Column(name="id", type="id", kind="text", nullable=False)]
    columns += _vectors(info.config.params.vectors)
    for key, found in values.items():
        word = _word(found)
        kind = kind_of("qdrant", word)
        texts = [text_of(value) for value in found if value is not None] if kind in sampled_kinds else []
        samples, private = choose_samples(key, texts)
        columns.append(
            Column(name=key, type=word, kind=kind, samples=samples, private=private, guessed=private)
        )
    return Table(
        name=name, kind="collection", columns=tuple(columns), primary_key=("id",), rows=info.points_count
    )


def _vectors(given: Any) -> list[Column]:
    named = given if isinstance(given, dict) else {"vector": given}
    return [
        Column(name=name or "vector", type=f"vector({params.size})", kind="vector", nullable=False)
        for name, params in named.items()
        if params is not None
    ]


def _word(values: list[Any]) -> str:
    kinds = {type(value) for value in values if value is not None}
    words = {str: "keyword", bool: "bool", int: "integer", float: "float", dict: "object", list: "list"}
    if kinds == {int, float}:
        return "float"
    return words.get(next(iter(kinds)), "object") if len(kinds) == 1 else "object"
