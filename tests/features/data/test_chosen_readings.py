"""Another reading of a question that a person chose keeps the question, its reading and what made it."""

from __future__ import annotations

from garret.features.data import contracts as c
from garret.features.data.drafting import given_query, question_of

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
