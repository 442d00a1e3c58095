"""Trace context as the W3C recommendation has it."""

from __future__ import annotations

import re

from garret.protocol.trace import new_trace

FORM = re.compile(r"00-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}\Z")


def test_a_new_trace_has_its_form_and_is_new() -> None:
    traces = {new_trace() for _ in range(1000)}
    assert len(traces) == 1000
    assert all(FORM.match(trace) for trace in traces)
