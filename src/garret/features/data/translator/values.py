"""Values and bare numbers: "in Berlin", "district 1", "in 2008", texts between quotes.

A value that a sample shows knows its columns; for others the column is what stands beside it.
Neighbours: `near`.
"""

from __future__ import annotations

from garret.features.data.translator.draft import Counting, Draft
from garret.features.data.translator.index import Field, value_key
from garret.features.data.translator.linking import Item
from garret.features.data.translator.near import (
    before,
    holds,
    is_negated,
    joined_by,
    left_name,
    nearest_place,
    number_test,
    time_field,
    unit_after,
)
from garret.features.data.translator.scope import is_place
from garret.features.data.translator.texts import inside
from garret.features.data.translator.tree import Either, Expression, Literally, Test
from garret.features.data.translator.words import is_year


def best_value(draft: Draft, item: Item, beside: Field | None = None) -> tuple[Field, str]:
    """The column and the exact value that a value item means."""
    at = draft.items.index(item)
    near = [each for each in draft.items[max(at - 5, 0) : at + 3] if each.kind == "name"]
    best: tuple[float, int] | None = None
    for order, (field, value) in enumerate(item.values):
        score = 0.0
        if value == item.text:
            score += 0.3
        score += _value_bonus(draft, field, near)
        if beside is not None and field.place is beside.place:
            score += 0.3
        if field in field.place.names:
            score += 0.1
        if best is None or score > best[0]:
            best = (score, order)
    assert best is not None
    return item.values[best[1]]


def _value_bonus(draft: Draft, field: Field, near: list[Item]) -> float:
    scope = draft.scope
    bonus = 0.0
    for name in near:
        bonus = max(bonus, max((score for other, score in name.fields if other is field), default=0.0))
        if name.place is field.place and is_place(name) and field in field.place.names:
            bonus = max(bonus, 0.6)
    if field.place in scope.mentioned:
        bonus += 0.3
    if scope.main is not None:
        bonus += (
            0.2 if field.place is scope.main else -0.1 * min(draft.paths.cost(scope.main, field.place), 4.0)
        )
    return bonus


def value(draft: Draft, at: int, item: Item) -> None:
    if not item.values:
        _unseen(draft, at, item)
        return
    field, value = best_value(draft, item)
    if item.text.islower() and " " not in item.text and value != item.text and _remote(draft, field):
        return
    item.used = True
    if len({id(other) for other, _ in item.values}) > 1:
        draft.flags["value_ambiguous"] += 1
    name = left_name(draft, at, 5)
    if name is not None and any(other is field for other, _ in name.fields) and not is_place(name):
        name.used = True
    after = draft.at(at + 1)
    if (
        after is not None
        and after.kind == "name"
        and any(other is field for other, _ in after.fields)
        and not is_place(after)
    ):
        after.used = True
    _add_equal(draft, at, field, Literally(value))


def _remote(draft: Draft, field: Field) -> bool:
    """Whether a column is in a table that the question does not speak of and that is not next to its
    main one."""
    main = draft.scope.main
    return (
        main is not None
        and field.place not in draft.scope.mentioned
        and draft.paths.cost(main, field.place) > 1.7
    )


def _unseen(draft: Draft, at: int, item: Item) -> None:
    """A quoted text that no sample shows: the column must come from what stands beside it."""
    if inside(draft, at, item):
        return
    item.used = True
    draft.flags["unseen_value"] += 1
    name = left_name(draft, at) or before(draft, at)

    def texts(field: Field) -> bool:
        return field.column.kind in ("text", "uuid", "other", "date", "timestamp") or item.low.isdigit()

    field = None
    if name is not None and not is_place(name):
        field = draft.scope.field(name, texts)
        name.used = field is not None
    if field is None:
        place = name.place if name is not None and is_place(name) else nearest_place(draft, at)
        names = place.names if place is not None else ()
        if _pair(draft, item):
            return
        if len(names) == 2 and " " in item.text:
            first, last = item.text.split(" ", 1)
            draft.tests += [
                Test(Expression(names[0]), "=", (Literally(first, False),)),
                Test(Expression(names[1]), "=", (Literally(last, False),)),
            ]
            return
        field = names[0] if names else None
    if field is None:
        draft.flags["lost_value"] += 1
        return
    _add_equal(draft, at, field, Literally(item.text, exact=False))


def _pair(draft: Draft, item: Item) -> bool:
    """A first and a last name in one text, where a table keeps them apart."""
    words = item.text.split()
    if len(words) != 2:
        return False
    for first, given in draft.index.values(value_key(words[0])):
        for last, family in draft.index.values(value_key(words[1])):
            if first.place is last.place and set(first.place.names) == {first, last} and first is not last:
                draft.tests += [
                    Test(Expression(first), "=", (Literally(given),)),
                    Test(Expression(last), "=", (Literally(family),)),
                ]
                return True
    return False


def _add_equal(draft: Draft, at: int, field: Field, value: Literally) -> None:
    negated = is_negated(draft, at)
    test = Test(Expression(field), "!=" if negated else "=", (value,))
    former = draft.tests[-1] if draft.tests else None
    previous = former.tests[-1] if isinstance(former, Either) else former
    joining = joined_by(draft, at)
    if previous is not None and previous.operator != "=" and joining == "or" and not negated:
        earlier = former.tests if isinstance(former, Either) else (previous,)
        draft.tests[-1] = Either((*earlier, test))
        return
    if negated or not isinstance(previous, Test) or previous.operator != "=":
        draft.tests.append(test)
        return
    if previous.left.of is field and joining == "and" and isinstance(former, Test):
        draft.tests.pop()
        draft.combined = ("intersect", former, test)
        draft.flags["both"] += 1
    elif joining == "or" or previous.left.of is field:
        earlier = former.tests if isinstance(former, Either) else (previous,)
        draft.tests[-1] = Either((*earlier, test))
        draft.flags["either"] += 1
    else:
        draft.tests.append(test)


def bare_number(draft: Draft, at: int, item: Item) -> None:
    """A number without a comparison: "in 2008", "district 1", "2 credits"."""
    if item.number is None and item.kind != "date":
        return
    unit = unit_after(draft, at + 1)
    if at > 0 and draft.items[at - 1].cue == "exactly":
        draft.items[at - 1].used = True
    if _limits(draft, at, item) or _counts_rows(draft, item, unit):
        return
    measured = _unit_field(draft, at, unit)
    field = measured or _numbered(draft, at, item)
    if field is None and unit is not None:
        field = draft.scope.field(unit, lambda each: each.numeric)
        unit.used = field is not None
    if field is None:
        return
    item.used = True
    if field.column.kind == "text":
        _add_equal(draft, at, field, Literally(item.text))
        return
    test = number_test(field, "!=" if is_negated(draft, at) else "=", item)
    former = draft.tests[-1] if draft.tests else None
    if (
        isinstance(former, Test)
        and former.left == test.left
        and former.operator == "="
        and joined_by(draft, at)
    ):
        _add_equal_number(draft, at, former, test)
    else:
        draft.tests.append(test)


def _unit_field(draft: Draft, at: int, unit: Item | None) -> Field | None:
    """The column of "courses with 1 credit", where a table stands before and a measure right after."""
    name = left_name(draft, at, 4)
    if unit is None or is_place(unit) or unit.start != draft.items[at].end:
        return None
    if name is not None and not is_place(name):
        return None
    found = draft.scope.field(unit, lambda each: each.measured)
    unit.used = unit.used or found is not None
    return found


def _limits(draft: Draft, at: int, item: Item) -> bool:
    """ "the two colours with the most": the number of rows wanted."""
    superlative = any(other.cue in ("most", "fewest", "sup", "common", "rare") for other in draft.items)
    if (
        item.number is None
        or item.number > 100
        or draft.low(at - 1) not in ("the", "top", "which", "what", "list", "show", "find", "give", "return")
        or not superlative
    ):
        return False
    item.used = True
    draft.wanted_limit = int(item.number)
    return True


def _counts_rows(draft: Draft, item: Item, unit: Item | None) -> bool:
    """ "who have two pets": exactly so many rows of a table."""
    if unit is None or not is_place(unit) or item.number is None or item.number >= 100:
        return False
    unit.used = item.used = True
    draft.counted.append(Counting(unit.place, "=", item.number))
    draft.flags["having"] += 1
    return True


def _numbered(draft: Draft, at: int, item: Item) -> Field | None:
    """The column that a number belongs to: one of time for a year, else the one that is named before it."""
    year = item.number is not None and is_year(item.number)
    field: Field | None = None
    if year and draft.low(at - 1) in ("in", "from", "during", "of", "for", "year"):
        field = time_field(draft, at)
    name = left_name(draft, at, 4)
    if name is None and field is None:
        field = _same_again(draft, at)
    if field is None and name is not None:
        field = draft.scope.field(name, lambda each: each.numeric or each.timely or holds(each, item.text))
        if field is not None and (not is_place(name) or field.name.lower() == name.low):
            name.used = True
        elif is_place(name):
            field = name.place.identifier if name.place is not None else None
    if field is None and (year or item.kind == "date"):
        field = time_field(draft, at)
    return field


def _same_again(draft: Draft, at: int) -> Field | None:
    """The column of the test before, where the number is one more value for it: "aged 24 or 25"."""
    former = draft.tests[-1] if draft.tests else None
    last = former.tests[-1] if isinstance(former, Either) else former
    if last is None or last.operator != "=" or last.left.of is None or not joined_by(draft, at):
        return None
    return last.left.of if last.left.of.numeric else None


def _add_equal_number(draft: Draft, at: int, former: Test, test: Test) -> None:
    draft.tests.pop()
    if joined_by(draft, at) == "or":
        draft.tests.append(Either((former, test)))
    else:
        draft.combined = ("intersect", former, test)
