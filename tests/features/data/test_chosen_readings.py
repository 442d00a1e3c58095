"""What of a question outlives its draft: a chosen reading keeps it, and the history has it by its id."""

from __future__ import annotations

from pathlib import Path

from garret.base.paths import Home
from garret.features.data import contracts as c
from garret.features.data.drafting import given_query, question_of
from tests.control.planes import Client, run
from tests.features.data.houses import add, answer, data_house, shop

_DRAFT = c.Draft(
    id="question_1",
    source="src_1",
    question="Who sold most?",
    translation=c.Translation(
        outcome="unclear",
        message="By value or by count?",
        alternatives=(
            c.Alternative(label="by value", query="SELECT 1", reading="The most by value."),
            c.Alternative(label="by count", query="SELECT 2", reading="The most by count."),
        ),
        hints=("compare",),
        by="grammar",
    ),
    limits=c.Limits(),
    fingerprint="f",
    where="here",
)


def test_a_chosen_reading_stays_a_reading_of_its_question() -> None:
    order = c.DraftQuery(source="src_1", query="SELECT 2", previous="question_1")
    made = given_query(order.query, _DRAFT)
    assert (made.outcome, made.query, made.reading) == ("query", "SELECT 2", "The most by count.")
    assert (made.by, made.hints, made.message) == ("grammar", ("compare",), "")
    assert [each.label for each in made.alternatives] == ["by value"]
    assert question_of(order, _DRAFT) == "Who sold most?"


def test_any_other_query_is_a_persons_own() -> None:
    for draft in (None, _DRAFT):
        order = c.DraftQuery(source="src_1", query="SELECT 3", previous="question_1")
        made = given_query(order.query, draft)
        assert (made.by, made.reading, made.alternatives) == ("person", "", ())
        assert question_of(order, draft) == ""


def test_a_question_that_goes_on_is_itself() -> None:
    order = c.DraftQuery(source="src_1", question="only 2020", previous="question_1")
    assert question_of(order, _DRAFT) == "only 2020"


def test_one_question_of_the_history_is_found_by_its_id(home: Home, tmp_path: Path) -> None:
    async def story() -> None:
        async with data_house(home) as plane:
            client = Client(plane)
            await add(client, shop(tmp_path / "shop"))
            await answer(client, query="SELECT city FROM customers")
            (first,) = (await client.call(c.GetHistory())).questions
            await answer(client, query="SELECT count(*) AS n FROM customers")
            (found,) = (await client.call(c.GetHistory(question=first.id))).questions
            assert found == first
            assert (await client.call(c.GetHistory(question="question_none"))).questions == ()

    run(story())
