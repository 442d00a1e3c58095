"""Comparisons: "more than 3", "between 5 and 9", "above the average", "older than any of".

Finds the column that is compared, or that it is rows which are counted. Neighbours: `near`, `draft`, `scope`.
"""

from __future__ import annotations

from typing import Final

from garret.features.data.translator.adjectives import base_adjective
from garret.features.data.translator.draft import Counting, Draft
from garret.features.data.translator.index import Field, Place
from garret.features.data.translator.linking import Item
from garret.features.data.translator.near import (
    between_tests,
    compares,
    left_name,
    literal_of,
    nearest_place,
    next_number,
    number_test,
    only_measure,
    only_numeric,
    time_field,
    unit_after,
)
from garret.features.data.translator.scope import is_place
from garret.features.data.translator.tree import (
    Aggregate,
    Either,
    Expression,
    Literally,
    Operator,
    Query,
    Test,
)
from garret.features.data.translator.values import best_value
from garret.features.data.translator.words import is_year

_OPERATORS: Final[dict[str, Operator]] = {">": ">", ">=": ">=", "<": "<", "<=": "<="}
_TURNED: Final[dict[Operator, Operator]] = {">": "<=", "<": ">=", ">=": "<", "<=": ">"}


_AGED: Final = frozenset(("under", "over", "above", "below"))


def _operator(cue: str) -> Operator:
    return _OPERATORS[cue.removeprefix("cmp").removesuffix("_after")]


def comparison(draft: Draft, at: int, item: Item) -> None:
    operator = _operator(item.cue)
    after = item.cue.endswith("_after")
    target = at - 1 if after else next_number(draft, at)
    number = draft.at(target) if target is not None else None
    if number is None or number.kind not in ("number", "date"):
        _against_value(draft, at, item, operator)
        return
    assert target is not None
    if draft.low(at - 1) in ("no", "not") or draft.items[at - 1].cue == "negation":
        operator = _TURNED[operator]
        draft.items[at - 1].used = True
    item.used = number.used = True
    right = at + 1 if after else target + 1
    between = draft.at(at + 1)
    if not after and between is not None and between.kind == "name":
        found = draft.scope.field(between, compares)
        if found is not None:
            between.used = True
            _add_test(draft, at, number_test(found, operator, number))
            return
    _apply_number(draft, number, operator, at - 2 if after else at, right, item.low)


def _apply_number(draft: Draft, number: Item, operator: Operator, left: int, right: int, said: str) -> None:
    unit = unit_after(draft, right)
    if unit is not None and _counts(draft, unit, number):
        draft.counted.append(
            Counting(
                counted_place(draft, unit),
                operator,
                number.number or 0,
                distinct=_distinct_of(draft, unit),
            )
        )
        unit.used = True
        draft.flags["having"] += 1
        return
    timely = number.kind == "date" or said in ("after", "before", "since", "prior to", "until")
    field = _number_field(draft, left, unit, number, said, timely)
    if field is None and unit is None and _times(draft, right):
        draft.counted.append(Counting(_verb_place(draft, left), operator, number.number or 0))
        draft.flags["having_times"] += 1
        return
    if field is None:
        draft.flags["lost_comparison"] += 1
        return
    _add_test(draft, left, number_test(field, operator, number))


def _add_test(draft: Draft, at: int, test: Test) -> None:
    """Add a comparison, as an alternative to the last test where "or" stands between, or as what must
    hold too."""
    aggregate = _aggregated(draft, test, at)
    if aggregate is not None:
        draft.having.append(aggregate)
        return
    former = draft.tests[-1] if draft.tests else None
    if former is not None and between_tests(draft, at) == "or":
        earlier = former.tests if isinstance(former, Either) else (former,)
        draft.tests[-1] = Either((*earlier, test))
    elif isinstance(former, Test) and _contradicts(former, test):
        draft.tests.pop()
        draft.combined = ("intersect", former, test)
    else:
        draft.tests.append(test)


def _aggregated(draft: Draft, test: Test, at: int) -> Test | None:
    """ "an average price above 150" is about a group, not a row."""
    for place in range(at - 1, max(at - 7, 0), -1):
        item = draft.items[place]
        if item.cue in ("agg:avg", "agg:sum") and not (item.used and place < 4):
            named = [each for each in draft.items[place + 1 : at] if each.kind == "name" and each.fields]
            if named and all(field is not test.left.of for field, _ in named[0].fields):
                return None
            item.used = True
            figure: Aggregate = "avg" if item.cue == "agg:avg" else "sum"
            return Test(Expression(test.left.of, figure), test.operator, test.right)
        if item.kind in ("value", "number") or item.low in ("and", "or", ","):
            return None
    return None


def _contradicts(former: Test, test: Test) -> bool:
    if former.left != test.left or former.query or test.query or not former.right or not test.right:
        return False
    first, second = former.right[0].value, test.right[0].value
    if isinstance(first, str) or isinstance(second, str):
        return False
    return (former.operator[0] == ">" and test.operator[0] == "<" and first >= second) or (
        former.operator[0] == "<" and test.operator[0] == ">" and first <= second
    )


def counted_place(draft: Draft, unit: Item) -> Place | None:
    """The table whose rows a unit counts: the one it names, or that of the column it names."""
    if unit.places:
        return unit.places[0][0]
    found = draft.scope.field(unit)
    return found.place if found is not None else None


def _times(draft: Draft, right: int) -> bool:
    return draft.low(right) in ("times", "time")


def _verb_place(draft: Draft, at: int) -> Place | None:
    """The table that a verb before "more than 3 times" speaks of: `reserved` of reservations."""
    for place in range(at, max(at - 7, -1), -1):
        item = draft.items[place]
        if item.kind == "word" and item.places:
            return item.place
    return None


def _distinct_of(draft: Draft, unit: Item) -> Field | None:
    if is_place(unit) or not unit.fields:
        return None
    at = draft.items.index(unit)
    if any(draft.items[place].cue == "distinct" for place in range(max(at - 2, 0), at)):
        return draft.scope.field(unit)
    return None


def _counts(draft: Draft, unit: Item, number: Item) -> bool:
    """Whether "3 students" counts rows rather than compares a column."""
    if number.kind == "date":
        return False
    if is_place(unit):
        return True
    found = draft.scope.field(unit)
    if found is not None and found.timely and (number.number or 0) < 1000:
        return True
    return (
        found is not None
        and not found.measured
        and not found.timely
        and found.column.kind in ("text", "integer", "uuid")
    )


def _number_field(
    draft: Draft, left: int, unit: Item | None, number: Item, said: str, timely: bool
) -> Field | None:
    scope = draft.scope
    name = left_name(draft, left)
    if name is not None and not (is_place(name) and name.field_score < 0.9):
        if number.kind == "date":
            found = scope.field(
                name, lambda item: item.timely or (item.column.kind == "text" and "date" in item.words)
            )
            name.used = found is not None
            return found or time_field(draft, left)
        found = (
            scope.field(name, compares)
            if not timely
            else scope.field(name, lambda item: item.timely or "year" in item.words)
            or scope.field(name, compares)
        )
        if found is not None and (found.measured or found.timely or timely or not name.places):
            name.used = True
            return found
    if unit is not None and not is_place(unit):
        found = scope.field(unit, compares)
        if found is not None:
            unit.used = True
            return found
    word = next((base_adjective(part) for part in said.split() if base_adjective(part)), "")
    for place in range(max(left - 2, 0), min(left + 8, len(draft.items))):
        word = word or base_adjective(draft.items[place].low)
    near = scope.near(nearest_place(draft, left))
    if word and (measured := scope.measured(word, near)):
        return measured[0]
    if timely or (number.number is not None and is_year(number.number)):
        return time_field(draft, left)
    bare = not word and unit is None and said in _AGED
    return _known_field(draft, left, near if bare else [])


def _known_field(draft: Draft, left: int, near: list[Place]) -> Field | None:
    """What a bare number is compared with: the age of people, what the test before compared, or a measure
    that is named further left."""
    if (aged := _age(near)) is not None:
        return aged
    return _tested_before(draft, left) or only_numeric(draft, left) or only_measure(draft, left)


def _tested_before(draft: Draft, left: int) -> Field | None:
    """What the comparison before this one was about: "older than 30 or younger than 20"."""
    former = draft.tests[-1] if draft.tests else None
    last = former.tests[-1] if isinstance(former, Either) else former
    field = last.left.of if last is not None else None
    return field if field is not None and compares(field) and between_tests(draft, left) else None


def _age(places: list[Place]) -> Field | None:
    """What "people under 40" is about: the age, where a table keeps one."""
    ages = [field for place in places for field in place.fields if field.words == ("age",) and field.numeric]
    return ages[0] if ages else None


def between(draft: Draft, at: int, item: Item) -> None:
    numbers = [
        place
        for place in range(at + 1, min(at + 7, len(draft.items)))
        if draft.items[place].kind in ("number", "date")
    ][:2]
    if len(numbers) < 2:
        return
    low, high = (draft.items[place] for place in numbers)
    item.used = low.used = high.used = True
    unit = unit_after(draft, numbers[1] + 1)
    if unit is not None and _counts(draft, unit, low):
        unit.used = True
        of = unit.places[0][0] if unit.places else None
        draft.counted += [Counting(of, ">=", low.number or 0), Counting(of, "<=", high.number or 0)]
        return
    field = _number_field(draft, at, unit, low, item.low, low.kind == "date")
    if field is None:
        draft.flags["lost_comparison"] += 1
        return
    year = field.timely and low.kind == "number"
    draft.tests.append(
        Test(Expression(field, part="year" if year else ""), "between", (literal_of(low), literal_of(high)))
    )


def against_average(draft: Draft, at: int, item: Item) -> None:
    operator: Operator = ">" if item.cue == "above" else "<"
    field = _compared_field(draft, at, item)
    if field is None:
        draft.flags["lost_comparison"] += 1
        return
    item.used = True
    inner = Query(select=(Expression(field, "avg"),), also=(field.place,))
    draft.tests.append(Test(Expression(field), operator, query=inner))
    draft.flags["nested"] += 1


def _compared_field(draft: Draft, at: int, item: Item) -> Field | None:
    def fits(field: Field) -> bool:
        return field.measured or (field.timely)

    right = draft.at(at + 1)
    if right is not None and right.kind == "name" and not right.used:
        found = draft.scope.field(right, fits)
        if found is not None:
            right.used = True
            left = left_name(draft, at)
            if left is not None and draft.scope.field(left, fits) is found:
                left.used = True
            return found
    left = left_name(draft, at)
    found = draft.scope.field(left, fits) if left is not None else None
    if found is not None and left is not None:
        left.used = True
        return found
    word = next((base_adjective(part) for part in item.low.split() if base_adjective(part)), "")
    measured = draft.scope.measured(word, draft.scope.near(nearest_place(draft, at))) if word else None
    return measured[0] if measured else only_numeric(draft, at)


def against_others(draft: Draft, at: int, item: Item) -> None:
    """ "older than any teacher in Berlin": against the greatest or least of others."""
    greatest = item.cue in ("beyond_all", "within_any")
    operator: Operator = ">" if item.cue.startswith("beyond") else "<"
    field = _compared_field(draft, at, item)
    if field is None:
        draft.flags["lost_comparison"] += 1
        return
    item.used = True
    tests: list[Test | Either] = []
    for other in draft.items[at + 1 :]:
        if other.kind == "value" and not other.used and other.values:
            other.used = True
            value_field, value = best_value(draft, other, field)
            tests.append(Test(Expression(value_field), "=", (Literally(value),)))
    inner = Query(
        select=(Expression(field, "max" if greatest else "min"),), also=(field.place,), where=tuple(tests)
    )
    draft.tests.append(Test(Expression(field), operator, query=inner))
    draft.flags["nested"] += 1


def _against_value(draft: Draft, at: int, item: Item, operator: Operator) -> None:
    """A comparison whose right side is no number: a value names the row that it is held against."""
    for place in range(at + 1, min(at + 6, len(draft.items))):
        other = draft.items[place]
        if other.kind == "value" and other.values and not other.used:
            field = _compared_field(draft, at, item)
            if field is None:
                break
            item.used = other.used = True
            value_field, value = best_value(draft, other, field)
            inner = Query(
                select=(Expression(field, "min" if operator.startswith("<") else "max"),),
                also=(field.place,),
                where=(Test(Expression(value_field), "=", (Literally(value),)),),
            )
            draft.tests.append(Test(Expression(field), operator, query=inner))
            draft.flags["nested"] += 1
            return
    draft.flags["lost_comparison"] += 1
