"""Errors that cross process boundaries."""

from __future__ import annotations

import pytest

from garret.base.errors import CancelledError, Code, DeadlineError, GarretError, UsageError


def test_an_error_has_a_code_a_message_and_plain_details() -> None:
    error = GarretError("No room.", code=Code.FULL, details={"path": "/x"})
    assert (error.code, str(error), error.details) == (Code.FULL, "No room.", {"path": "/x"})


@pytest.mark.parametrize(
    ("code", "retryable"), [(Code.BUSY, True), (Code.UNAVAILABLE, True), (Code.DENIED, False)]
)
def test_what_passes_by_itself_may_be_tried_again(code: Code, retryable: bool) -> None:
    assert GarretError("x", code=code).retryable is retryable


def test_what_is_said_of_trying_again_wins_over_the_code() -> None:
    assert GarretError("x", code=Code.BUSY, retryable=False).retryable is False
    assert GarretError("x", retryable=True).retryable is True


def test_a_class_that_says_it_cannot_be_tried_again_wins_over_its_code() -> None:
    class Missing(GarretError):
        code = Code.UNAVAILABLE
        retryable = False

    class OfThisKind(Missing):
        pass

    assert Missing("x").retryable is False
    assert OfThisKind("x").retryable is False
    assert OfThisKind("x", retryable=True).retryable is True


def test_two_errors_share_no_details() -> None:
    one, other = GarretError("x"), GarretError("y")
    one.details["a"] = 1
    assert other.details == {}


def test_the_kinds_have_their_codes() -> None:
    codes = [UsageError("x").code, CancelledError("x").code, DeadlineError("x").code]
    assert codes == [Code.USAGE, Code.CANCELLED, Code.DEADLINE]
    assert DeadlineError("x").retryable


def test_the_representation_names_code_and_message() -> None:
    assert repr(UsageError("Wrong.")) == "UsageError(usage: Wrong.)"
