"""MongoDB through the guard: a collection and a pipeline, whose stages and operators are all on a list.

A query is `{"collection": ..., "pipeline": [...]}`. Every stage, every operator within, and every
collection that another is joined with is looked up; a key that begins with `$` and is not known is refused
wherever a server would act on it. Stages that write, run scripts, or tell about the server and its users
are on no list. The last stage limits the rows.

Neighbours: `json_text` reads strictly; the connector reads with read preference and a login that may only
read.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, cast

from garret.features.data.contracts import Catalogue, Checked, Limits
from garret.features.data.guard import operators
from garret.features.data.guard.json_text import (
    Object,
    collection_of,
    hold_keys,
    items,
    known_collection,
    read_object,
    written,
)
from garret.features.data.guard.refusal import refuse
from garret.features.data.guard.tokens import MOST_CHARACTERS

_MOST_STAGES: Final = 40  # in all pipelines together
_MOST_STEPS: Final = 20  # of a graph that is followed
_LOOKUP_KEYS: Final = frozenset({"from", "localField", "foreignField", "as", "let", "pipeline"})
_GRAPH_KEYS: Final = frozenset(
    {
        "from",
        "startWith",
        "connectFromField",
        "connectToField",
        "as",
        "maxDepth",
        "depthField",
        "restrictSearchWithMatch",
    }
)
_WINDOW_KEYS: Final = frozenset({"partitionBy", "sortBy", "output"})


def check_mongo(query: str, catalogue: Catalogue, limits: Limits) -> Checked:
    """What may be run in place of `query`. Raises GuardRefused."""
    value = read_object(query, characters=MOST_CHARACTERS)
    hold_keys(value, frozenset({"collection", "pipeline"}), "the query")
    reader = _Reader(catalogue)
    pipeline = value.get("pipeline")
    if not isinstance(pipeline, list):
        refuse("a query has a pipeline", "none", '{"collection": "...", "pipeline": [...]}')
    stages = items(pipeline)
    collection = reader.visit_collection(collection_of(value, reader.known))
    reader.pipeline(stages)
    limit = _limit(stages, limits.rows + 1)
    text = written({"collection": collection, "pipeline": stages})
    return Checked(text, tuple(reader.tables), tuple(reader.columns), limit)


def _limit(stages: list[Any], most: int) -> int:
    """End the pipeline with a limit of at most `most`, keeping a smaller one. Returns it."""
    last = stages[-1].get("$limit") if stages else None
    if last is not None and last <= most:
        return int(last)
    stages.append({"$limit": most})
    return most


class _Reader:
    """One pass over one query; gathers the collections and fields that it touches."""

    def __init__(self, catalogue: Catalogue) -> None:
        self.known = {table.name: table.name for table in catalogue.tables}
        self._addresses = {table.name: table.address for table in catalogue.tables}
        self._fields = {table.name: {column.name for column in table.columns} for table in catalogue.tables}
        self._stages = 0
        self.tables: dict[str, None] = {}
        self.columns: dict[str, None] = {}
        self._reading: list[str] = []
        self._rules: dict[str, Callable[[Any], None]] = {
            "$match": self.condition,
            "$project": self.expression,
            "$addFields": self.expression,
            "$set": self.expression,
            "$unset": self._names,
            "$group": self.expression,
            "$sort": self._sort,
            "$limit": _hold_number,
            "$skip": _hold_number,
            "$count": self._names,
            "$unwind": self._unwind,
            "$lookup": self._lookup,
            "$graphLookup": self._graph,
            "$unionWith": self._union,
            "$facet": self._facet,
            "$bucket": self.expression,
            "$bucketAuto": self.expression,
            "$sortByCount": self.expression,
            "$replaceRoot": self.expression,
            "$replaceWith": self.expression,
            "$redact": self.expression,
            "$sample": self._sample,
            "$setWindowFields": self._window,
            "$fill": self.expression,
        }

    def visit_collection(self, name: str) -> str:
        """Note that `name` is read."""
        self.tables[self._addresses[name]] = None
        self._reading.append(name)
        return name

    def pipeline(self, stages: Any) -> None:
        """Visit the stages of a pipeline. Raises GuardRefused."""
        if not isinstance(stages, list):
            refuse("a pipeline is a list of stages", str(stages), '[{"$match": {...}}, ...]')
        for stage in items(stages):
            self._stages += 1
            if self._stages > _MOST_STAGES:
                refuse("the size of a query is limited", f"more than {_MOST_STAGES} stages", "fewer stages")
            if not isinstance(stage, dict) or len(cast("Object", stage)) != 1:
                refuse("a stage has one name", str(cast("object", stage)), 'stages such as {"$match": {...}}')
            ((name, body),) = cast("Object", stage).items()
            rule = self._rules.get(name)
            if rule is None:
                refuse("only stages that read", name, ", ".join(self._rules))
            rule(body)

    # --- what a document has to be like

    def condition(self, value: Any) -> None:
        """Visit a condition of `$match`: fields with what they have to be."""
        for key, body in _object(value, "$match").items():
            if key in ("$and", "$or", "$nor"):
                for item in _list(body, key):
                    self.condition(item)
            elif key == "$expr":
                self.expression(body)
            elif key.startswith("$"):
                refuse(
                    "only conditions that compare", key, "$and, $or, $nor, $expr, and fields with comparisons"
                )
            else:
                self._field(key)
                self._test(body)

    def _test(self, value: Any) -> None:
        """Visit what a field is compared with: a value, or operators."""
        if not isinstance(value, dict):
            _hold_plain(value)
            return
        found = cast("Object", value)
        if not any(key.startswith("$") for key in found):
            _hold_plain(found)
            return
        if _is_value(found):
            return
        for key, body in found.items():
            if key not in operators.TESTS:
                refuse("only conditions that compare", key, ", ".join(sorted(operators.TESTS)))
            if key in ("$not", "$elemMatch"):
                self._nested_test(body)
            elif key == "$all":
                for item in _list(body, key):
                    self._test(item)
            else:
                _hold_plain(body)

    def _nested_test(self, value: Any) -> None:
        found = _object(value, "$elemMatch")
        if any(key in operators.TESTS for key in found):
            self._test(found)
        else:
            self.condition(found)

    # --- what is computed

    def expression(self, value: Any) -> None:
        """Visit an expression, or the body of a stage that consists of them."""
        if isinstance(value, str):
            self._reference(value)
        elif isinstance(value, list):
            for item in items(value):
                self.expression(item)
        elif isinstance(value, dict):
            found = cast("Object", value)
            if _is_value(found):
                return
            for key, body in found.items():
                if key.startswith("$") and key not in operators.COMPUTING:
                    refuse(
                        "only operators that compute",
                        key,
                        "such as $sum, $avg, $cond, $dateTrunc and $concat",
                    )
                if key != "$literal":
                    self.expression(body)

    def _reference(self, text: str) -> None:
        if text.startswith("$$"):
            name = text[2:].partition(".")[0]
            if not name[:1].islower() and name not in operators.VARIABLES:
                refuse(
                    "only variables of the query",
                    text,
                    ", ".join(f"$${each}" for each in operators.VARIABLES),
                )
        elif text.startswith("$"):
            self._field(text[1:])

    def _field(self, path: str) -> None:
        for name in self._reading:
            top = path.partition(".")[0]
            for field in (path, top):
                if field in self._fields[name]:
                    self.columns[f"{self._addresses[name]}.{field}"] = None
                    break

    # --- stages with a form of their own

    def _names(self, value: Any) -> None:
        for item in items(value) if isinstance(value, list) else [value]:
            if not isinstance(item, str) or item.startswith("$"):
                refuse("names of fields are plain", str(item), "a name without a $ before it")

    def _sort(self, value: Any) -> None:
        for key, order in _object(value, "$sort").items():
            self._names(key)
            self._field(key)
            if order not in (1, -1):
                refuse("a sort goes up or down", str(order), "1 or -1")

    def _unwind(self, value: Any) -> None:
        if isinstance(value, dict):
            hold_keys(
                cast("Object", value),
                frozenset({"path", "includeArrayIndex", "preserveNullAndEmptyArrays"}),
                "$unwind",
            )
        self.expression(value)

    def _sample(self, value: Any) -> None:
        body = _object(value, "$sample")
        hold_keys(body, frozenset({"size"}), "$sample")
        _hold_number(body.get("size"))

    def _lookup(self, value: Any) -> None:
        body = _object(value, "$lookup")
        hold_keys(body, _LOOKUP_KEYS, "$lookup")
        if "localField" not in body and not body.get("pipeline"):
            refuse(
                "collections are tied by conditions", "$lookup of all with all", "localField and foreignField"
            )
        self._within(body.get("from"), body)

    def _union(self, value: Any) -> None:
        body = {"coll": value} if isinstance(value, str) else _object(value, "$unionWith")
        hold_keys(body, frozenset({"coll", "pipeline"}), "$unionWith")
        self._within(body.get("coll"), body)

    def _graph(self, value: Any) -> None:
        body = _object(value, "$graphLookup")
        hold_keys(body, _GRAPH_KEYS, "$graphLookup")
        depth = body.get("maxDepth")
        if not isinstance(depth, int) or isinstance(depth, bool) or not 0 <= depth <= _MOST_STEPS:
            refuse(
                "a graph is followed a few steps", f"maxDepth {depth}", f"maxDepth from 0 to {_MOST_STEPS}"
            )
        self._within(body.get("from"), body)
        self.expression(body.get("startWith"))
        self.condition(body.get("restrictSearchWithMatch", {}))

    def _within(self, collection: Any, body: Object) -> None:
        """Visit what is done in another collection."""
        self.visit_collection(known_collection(collection, self.known))
        for key in ("localField", "foreignField", "as", "connectFromField", "connectToField", "depthField"):
            if key in body:
                self._names(body[key])
                self._field(body[key])
        self.expression(body.get("let"))
        self.pipeline(body.get("pipeline", []))

    def _facet(self, value: Any) -> None:
        for name, stages in _object(value, "$facet").items():
            self._names(name)
            self.pipeline(stages)

    def _window(self, value: Any) -> None:
        body = _object(value, "$setWindowFields")
        hold_keys(body, _WINDOW_KEYS, "$setWindowFields")
        self.expression(body.get("partitionBy"))
        self._sort(body.get("sortBy", {}))
        self.expression(body.get("output"))


def _is_value(value: Object) -> bool:
    """Whether an object is one value in extended JSON: an identifier, a date, an exact number."""
    if len(value) != 1:
        return False
    ((key, body),) = value.items()
    return key in operators.VALUES and (isinstance(body, (str, int)) or (key == "$date" and _is_long(body)))


def _is_long(value: Any) -> bool:
    return isinstance(value, dict) and list(cast("Object", value)) == ["$numberLong"]


def _hold_plain(value: Any) -> None:
    """Refuse a value to compare with that has an operator in it."""
    if isinstance(value, dict):
        if _is_value(cast("Object", value)):
            return
        for key, body in cast("Object", value).items():
            if key.startswith("$"):
                refuse(
                    "values are plain", key, "texts, numbers, dates, identifiers, lists and objects of them"
                )
            _hold_plain(body)
    elif isinstance(value, list):
        for item in items(value):
            _hold_plain(item)


def _hold_number(value: Any) -> None:
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        refuse("limits are numbers", str(value), "a whole number from 0 on")


def _object(value: Any, where: str) -> Object:
    if not isinstance(value, dict):
        refuse("stages have the form that servers know", f"{where} with {value}", "an object")
    return cast("Object", value)


def _list(value: Any, where: str) -> list[Any]:
    if not isinstance(value, list):
        refuse("stages have the form that servers know", f"{where} with {value}", "a list")
    return items(value)
