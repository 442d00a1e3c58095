"""Rules that close the way out, and whom they concern."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from garret.base.errors import UsageError
from garret.control.egress.closing import check_rule, check_rules, closed_by, joined, split
from garret.control.egress.wire import Entry, Rules

ENTRY = Entry(
    1,
    0.0,
    "data",
    "query",
    "data.run,data.list",
    "admin,user",
    "main,work",
    "db.example.org",
    "93.184.215.14",
    5432,
    "tcp",
)


@pytest.mark.parametrize(
    "rule",
    [
        "room:data", "worker:query", "profile:user", "profile:admin", "workspace:work", "db.example.org",
        "example.org", "93.184.215.14",
    ],
)  # fmt: skip
def test_a_rule_closes_what_it_names(rule: str) -> None:
    assert closed_by(Rules(closed=("room:other", rule)), ENTRY)


@pytest.mark.parametrize(
    "rule",
    [
        "room:query",
        "worker:data",
        "profile:guest",
        "workspace:ma",
        "ample.org",
        "x.db.example.org",
        "93.184.215.1",
    ],
)
def test_a_rule_closes_nothing_else(rule: str) -> None:
    assert closed_by(Rules(closed=(rule,)), ENTRY) == ""


def test_offline_closes_everything_but_this_machine() -> None:
    rules = Rules(offline="the machine's way out is closed")
    assert closed_by(rules, ENTRY) == "the machine's way out is closed"
    assert closed_by(rules, msgspec.structs.replace(ENTRY, address="")), "a name that would be looked up"
    for address in ("127.0.0.1", "127.9.9.9", "::1"):
        assert closed_by(rules, msgspec.structs.replace(ENTRY, address=address)) == ""


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        (" Example.ORG. ", "example.org"),
        ("room:data", "room:data"),
        ("::1", "::1"),
        ("workspace:Work", "workspace:Work"),
    ],
)
def test_a_rule_has_one_spelling(given: str, kept: str) -> None:
    assert check_rule(given) == kept
    assert check_rules([kept]) == [kept]


@pytest.mark.parametrize(
    "rule", ["", "room:", "a b", "room:a b", "http://x.org/", "other:name", "-x.org", "x\x1b[2J"]
)
def test_what_is_no_rule_is_refused(rule: str) -> None:
    with pytest.raises(UsageError, match="Nothing was changed"):
        check_rule(rule)


def test_a_setting_written_otherwise_is_refused() -> None:
    with pytest.raises(UsageError, match=r"is written 'example\.org'"):
        check_rules(["Example.org"])


@given(st.lists(st.text("abc.", min_size=1, max_size=4)))
def test_names_are_joined_once_each_in_their_order(names: list[str]) -> None:
    assert split(joined(names)) == tuple(dict.fromkeys(names))
