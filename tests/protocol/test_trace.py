"""Trace context as the W3C recommendation has it."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from garret.protocol.trace import child_of, new_trace, trace_id

FORM = re.compile(r"00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}\Z")
BAD = [
    "",
    "00-00000000000000000000000000000000-b7ad6b7169203331-01",
    "00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01",
    "00-0AF7651916CD43DD8448EB211C80319C-b7ad6b7169203331-01",
    "01-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
    "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01\n",
    "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-extra",
]


def test_a_new_trace_has_its_form_and_is_new() -> None:
    traces = {new_trace() for _ in range(1000)}
    assert len(traces) == 1000
    assert all(FORM.match(trace) for trace in traces)


def test_a_child_keeps_the_trace_and_its_flags_and_changes_the_span() -> None:
    parent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00"
    child = child_of(parent)
    assert FORM.match(child)
    assert child[:36] == parent[:36]
    assert child[36:52] != parent[36:52]
    assert child.endswith("-00")
    assert trace_id(child) == trace_id(parent) == "0af7651916cd43dd8448eb211c80319c"


@pytest.mark.parametrize("parent", [None, *BAD])
def test_what_is_no_trace_starts_a_new_one(parent: str | None) -> None:
    assert trace_id(parent) is None
    assert FORM.match(child_of(parent))


@given(st.text())
def test_any_text_is_survived(text: str) -> None:
    assert FORM.match(child_of(text))
