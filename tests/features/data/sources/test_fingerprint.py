"""The fingerprint follows the structure, and nothing else."""

from __future__ import annotations

import itertools

import msgspec

from garret.features.data.contracts import Column, ForeignKey, Table
from garret.features.data.sources.fingerprint import take_fingerprint

PEOPLE = Table(
    name="people",
    schema="public",
    columns=(
        Column(name="id", type="integer", kind="integer"),
        Column(name="name", type="text", kind="text"),
    ),
    primary_key=("id",),
)
PETS = Table(
    name="pets",
    schema="public",
    columns=(Column(name="owner", type="integer", kind="integer"),),
    foreign_keys=(ForeignKey(columns=("owner",), table="public.people", references=("id",)),),
)


def changed(table: Table, **fields: object) -> str:
    return take_fingerprint([msgspec.structs.replace(table, **fields)])


def test_order_of_tables_does_not_matter() -> None:
    assert take_fingerprint([PEOPLE, PETS]) == take_fingerprint([PETS, PEOPLE])


def test_what_describes_does_not_matter() -> None:
    column = msgspec.structs.replace(
        PEOPLE.columns[0],
        comment="c",
        description="d",
        samples=("1",),
        distinct=4,
        private=True,
        synonyms=("no",),
    )
    assert take_fingerprint([PEOPLE]) == changed(
        PEOPLE, comment="c", description="d", rows=9, synonyms=("x",), columns=(column, PEOPLE.columns[1])
    )
    guessed = ForeignKey(columns=("name",), table="public.pets", references=("owner",), guessed=True)
    assert take_fingerprint([PEOPLE]) == changed(PEOPLE, foreign_keys=(guessed,))


def test_each_change_of_structure_shows() -> None:
    first, second = PEOPLE.columns
    prints = [
        take_fingerprint([]),
        take_fingerprint([PEOPLE]),
        take_fingerprint([PEOPLE, PETS]),
        changed(PEOPLE, name="persons"),
        changed(PEOPLE, schema="other"),
        changed(PEOPLE, kind="view"),
        changed(PEOPLE, primary_key=()),
        changed(PEOPLE, columns=(second, first)),
        changed(PEOPLE, columns=(first,)),
        changed(PEOPLE, columns=(msgspec.structs.replace(first, type="bigint"), second)),
        changed(PEOPLE, columns=(msgspec.structs.replace(first, name="no"), second)),
        changed(PEOPLE, columns=(msgspec.structs.replace(first, nullable=False), second)),
        changed(PETS, foreign_keys=()),
        take_fingerprint([PETS]),
    ]
    assert all(one != other for one, other in itertools.combinations(prints, 2))
