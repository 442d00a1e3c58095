"""Settings against any text: typed refusals only, and what was set reads back equal."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from garret.control.settings.settings import Settings, SettingUnknown
from garret.control.settings.values import SettingInvalid, as_text, from_json, parse, to_json
from garret.protocol.setting import Setting

DEFINITIONS = (
    Setting(key="a.bool", type="bool", default=True, sentence="B."),
    Setting(key="a.int", type="int", default=1, sentence="I.", minimum=-1000, maximum=10**12),
    Setting(key="a.float", type="float", default=1.0, sentence="F."),
    Setting(key="a.text", type="text", default="", sentence="T.", maximum=200),
    Setting(key="a.choice", type="text", default="one", sentence="C.", choices=("one", "two")),
    Setting(key="a.form", type="text", default="aa", sentence="P.", pattern="[a-z]+"),
    Setting(key="a.path", type="path", default=None, sentence="P."),
    Setting(key="a.list", type="list", default=[], sentence="L.", maximum=20),
    Setting(key="a.json", type="json", default={}, sentence="J."),
)

plain = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)
any_text = (
    st.text(st.characters())  # lone surrogates included
    | plain.map(lambda value: json.dumps(value))
    | st.sampled_from(["yes", "one", "1e999", "[" * 5000, "-0", "٣", "1_000", "NaN", "[NaN]", '{"a":1e400}'])
)


class Row:
    def __init__(self, key: str, profile: str, text: str) -> None:
        self.key, self.profile, self.text = key, profile, text


class Store:
    def __init__(self) -> None:
        self.rows: dict[tuple[str, str], str] = {}

    async def put(self, key: str, profile: str, text: str) -> None:
        self.rows[key, profile] = text

    async def delete(self, key: str, profile: str) -> None:
        self.rows.pop((key, profile), None)


@given(st.sampled_from(DEFINITIONS), any_text)
@settings(max_examples=400, deadline=None)
def test_any_text_is_refused_or_reads_back_equal(setting: Setting, text: str) -> None:
    try:
        value = parse(setting, text)
    except SettingInvalid as error:
        refusal = error.message
    else:
        refusal = None
    if refusal is not None:
        assert refusal.encode()  # what a person reads can be sent
        return
    stored = to_json(value)
    assert stored.isascii()
    assert from_json(setting, stored) == value
    assert parse(setting, as_text(setting, value)) == value


@given(st.lists(st.tuples(st.sampled_from([s.key for s in DEFINITIONS]) | st.text(), any_text), max_size=8))
@settings(max_examples=100, deadline=None)
def test_no_stored_text_hinders_the_start(rows: list[tuple[str, str]]) -> None:
    box = Settings(DEFINITIONS, Store(), [Row(key, "", text) for key, text in rows])
    assert {row.setting.key for row in box.listing()} == {s.key for s in DEFINITIONS}
    for key, _text in rows:
        known = any(s.key == key for s in DEFINITIONS)
        assert known or (key, "") in box.unknown()


@given(st.sampled_from(DEFINITIONS), plain)
@settings(max_examples=300, deadline=None)
def test_any_typed_value_is_refused_or_survives_a_restart(setting: Setting, value: Any) -> None:
    store = Store()
    box = Settings(DEFINITIONS, store)
    try:
        asyncio.run(box.set(setting.key, value))
    except SettingInvalid:
        assert store.rows == {}
        return
    again = Settings(
        DEFINITIONS, Store(), [Row(key, where, text) for (key, where), text in store.rows.items()]
    )
    assert again.get(setting.key) == box.get(setting.key)
    assert not again.problems()


@given(st.text().filter(lambda key: key not in {s.key for s in DEFINITIONS}))
@settings(max_examples=100, deadline=None)
def test_any_key_that_is_unknown_is_refused_with_a_message(key: str) -> None:
    box = Settings(DEFINITIONS, Store())
    with pytest.raises(SettingUnknown) as caught:
        box.definition(key)
    assert caught.value.message.isascii()
