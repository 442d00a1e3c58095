"""Names of workspaces."""

from __future__ import annotations

import pytest

from garret.base.errors import UsageError
from garret.protocol.scope import DEFAULT_WORKSPACE, check_workspace


def test_none_is_the_one_that_is_there_from_the_first_day() -> None:
    assert check_workspace("") == DEFAULT_WORKSPACE == "main"


@pytest.mark.parametrize("name", ["main", "a", "0", "my-garden_2", "x" * 64])
def test_a_name_stands_for_itself(name: str) -> None:
    assert check_workspace(name) == name


@pytest.mark.parametrize("name", ["Main", "-a", "a b", "a/b", "..", "x" * 65, "a\n", "ä", "\x1b[2J"])
def test_what_is_no_name_is_refused(name: str) -> None:
    with pytest.raises(UsageError):
        check_workspace(name)
