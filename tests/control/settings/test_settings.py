"""Settings: values, sources, durability before visibility, damaged and unknown stored values."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Any

import pytest

from garret.control.settings.settings import (
    CORE_SETTINGS,
    Change,
    SettingError,
    SettingInvalid,
    Settings,
    SettingUnknown,
)
from garret.protocol.setting import Setting


@dataclass(frozen=True)
class Row:
    key: str
    profile: str
    text: str


class MemoryStore:
    """A store that can be made to fail, and that notes what was visible when it was asked."""

    def __init__(self) -> None:
        self.rows: dict[tuple[str, str], str] = {}
        self.failing = False
        self.seen_during_put: list[Any] = []
        self.look = lambda: None

    async def put(self, key: str, profile: str, text: str) -> None:
        self.seen_during_put.append(self.look())
        if self.failing:
            raise OSError("disk full")
        self.rows[key, profile] = text

    async def delete(self, key: str, profile: str) -> None:
        self.rows.pop((key, profile), None)


def definitions() -> tuple[Setting, ...]:
    return (
        Setting(key="dictate.engine", type="text", default="pocketsphinx", sentence="The engine.",
                choices=("pocketsphinx", "whisper"), profile_scoped=True),
        Setting(key="dictate.threads", type="int", default=2, sentence="Threads.", minimum=1, maximum=8),
        Setting(key="dictate.gain", type="float", default=1.0, sentence="Gain.", minimum=0, maximum=4),
        Setting(key="dictate.words", type="list", default=[], sentence="Words.", maximum=3),
        Setting(key="dictate.model", type="path", default=None, sentence="Model folder."),
        Setting(key="dictate.code", type="text", default="ab", sentence="Code.", pattern="[a-z]{2}"),
        Setting(key="features.dictation", type="bool", default=True, sentence="Whether dictation is on."),
        Setting(key="speak.key", type="text", default=None, sentence="The key.", secret=True),
        Setting(key="tools.table", type="json", default={}, sentence="A table."),
    )  # fmt: skip


def settings(*rows: Row, **options: Any) -> tuple[Settings, MemoryStore]:
    store = MemoryStore()
    return Settings(definitions(), store, rows, **options), store


def test_default_then_common_then_profile() -> None:
    box, _ = settings()
    assert box.get("dictate.engine", "child") == "pocketsphinx"

    async def change() -> None:
        await box.set_text("dictate.engine", "whisper")
        assert box.get("dictate.engine", "child") == "whisper"
        await box.set("dictate.engine", "pocketsphinx", "child")

    asyncio.run(change())
    assert box.get("dictate.engine") == "whisper"
    assert box.get("dictate.engine", "child") == "pocketsphinx"
    sources = {row.setting.key: row.source for row in box.listing("child")}
    assert sources["dictate.engine"] == "profile"
    assert sources["dictate.threads"] == "default"


def test_reset_returns_to_the_next_source() -> None:
    box, store = settings(
        Row("dictate.engine", "", '"whisper"'), Row("dictate.engine", "child", '"pocketsphinx"')
    )
    asyncio.run(box.reset("dictate.engine", "child"))
    assert box.get("dictate.engine", "child") == "whisper"
    asyncio.run(box.reset("dictate.engine"))
    assert box.get("dictate.engine", "child") == "pocketsphinx"
    assert store.rows == {}


@pytest.mark.parametrize(
    ("key", "text", "value"),
    [
        ("dictate.threads", " 4 ", 4),
        ("dictate.gain", "2", 2.0),
        ("dictate.words", "Ada, Grace", ["Ada", "Grace"]),
        ("dictate.words", '["a, b"]', ["a, b"]),
        ("features.dictation", "OFF", False),
        ("dictate.model", "~/models", "~/models"),
        ("tools.table", '{"a": [1, 2.5, null]}', {"a": [1, 2.5, None]}),
    ],
)
def test_text_becomes_a_typed_value(key: str, text: str, value: Any) -> None:
    box, _ = settings()
    asyncio.run(box.set_text(key, text))
    assert box.get(key) == value
    assert type(box.get(key)) is type(value)


@pytest.mark.parametrize(
    ("key", "text"),
    [
        ("dictate.threads", "many"),
        ("dictate.threads", "0"),
        ("dictate.threads", "9"),
        ("dictate.threads", "9" * 30),
        ("dictate.gain", "nan"),
        ("dictate.gain", "inf"),
        ("dictate.engine", "siri"),
        ("dictate.words", "a,b,c,d"),
        ("dictate.words", "[1]"),
        ("dictate.code", "abc"),
        ("features.dictation", "perhaps"),
        ("tools.table", "{"),
        ("tools.table", '{"a": NaN}'),
        ("tools.table", "[" * 40 + "]" * 40),
        ("tools.table", "[" * 60_000),
        ("dictate.model", "x" * 70_000),
        ("dictate.model", "a\0b"),
    ],
)
def test_a_wrong_value_says_what_is_expected_and_changes_nothing(key: str, text: str) -> None:
    box, store = settings()
    before = box.get(key)
    with pytest.raises(SettingInvalid) as caught:
        asyncio.run(box.set_text(key, text))
    assert "Expected" in caught.value.message
    assert "for example" in caught.value.message
    assert box.get(key) == before
    assert store.rows == {}


def test_typed_values_are_not_coerced() -> None:
    box, _ = settings()
    for key, value in (("dictate.threads", True), ("dictate.threads", "3"), ("features.dictation", 1)):
        with pytest.raises(SettingInvalid):
            asyncio.run(box.set(key, value))


def test_an_unknown_key_names_near_ones() -> None:
    box, _ = settings()
    with pytest.raises(SettingUnknown, match=r"dictate\.threads"):
        box.get("dictate.thread")
    with pytest.raises(SettingUnknown, match="settings list"):
        box.get("qqqqq")


def test_a_change_is_durable_before_it_is_visible_or_told() -> None:
    box, store = settings()
    heard: list[Change] = []
    box.subscribe("dictate.", heard.append)
    store.look = lambda: (box.get("dictate.threads"), len(heard))  # type: ignore[assignment,return-value]
    asyncio.run(box.set("dictate.threads", 5))
    assert store.seen_during_put == [(2, 0)]
    assert heard == [Change("dictate.threads", None, 2, 5)]


def test_a_change_the_store_refuses_did_not_happen() -> None:
    box, store = settings()
    heard: list[Change] = []
    box.subscribe("", heard.append)
    store.failing = True
    with pytest.raises(OSError, match="disk full"):
        asyncio.run(box.set("dictate.threads", 5))
    assert box.get("dictate.threads") == 2
    assert heard == []


def test_listeners_hear_their_prefix_and_may_fail_or_leave(caplog: pytest.LogCaptureFixture) -> None:
    box, _ = settings()
    heard: list[str] = []

    def broken(_change: Change) -> None:
        raise RuntimeError("listener broke")

    box.subscribe("dictate.", broken)
    leave = box.subscribe("dictate.engine", lambda change: heard.append(str(change.new)))
    asyncio.run(box.set("dictate.engine", "whisper"))
    asyncio.run(box.set("dictate.engine", "whisper"))  # no change, nothing to tell
    asyncio.run(box.set("features.dictation", False))
    leave()
    asyncio.run(box.set("dictate.engine", "pocketsphinx"))
    assert heard == ["whisper"]
    assert "listener" in caplog.text


def test_stored_values_that_do_not_fit_fall_back_and_are_reported() -> None:
    box, store = settings(Row("dictate.threads", "", '"lots"'), Row("dictate.gain", "", "{damaged"))
    assert box.get("dictate.threads") == 2
    assert box.get("dictate.gain") == 1.0
    assert set(box.problems()) == {("dictate.threads", ""), ("dictate.gain", "")}
    assert {row.setting.key for row in box.listing() if row.problem} == {"dictate.threads", "dictate.gain"}
    asyncio.run(box.set("dictate.threads", 3))
    assert set(box.problems()) == {("dictate.gain", "")}
    assert ("dictate.gain", "") not in store.rows


def test_unknown_stored_keys_are_kept_and_reported() -> None:
    box, store = settings(Row("old_room.size", "", "3"))
    assert box.unknown() == {("old_room.size", ""): "3"}
    asyncio.run(box.set("dictate.threads", 3))
    assert ("old_room.size", "") not in store.rows  # neither written nor deleted


def test_a_secret_is_never_a_setting_value() -> None:
    box, store = settings(has_secret=lambda name: name == "speak.key")
    with pytest.raises(SettingError, match="secret"):
        box.get("speak.key")
    with pytest.raises(SettingError, match="garret secrets set") as caught:
        asyncio.run(box.set_text("speak.key", "sk-planted-value"))
    assert "sk-planted" not in str(caught.value)
    row = next(row for row in box.listing() if row.setting.key == "speak.key")
    assert (row.value, row.text) == (True, "(set)")
    assert store.rows == {}


def test_a_setting_for_everybody_cannot_be_set_for_a_profile() -> None:
    box, _ = settings()
    with pytest.raises(SettingError, match="all profiles"):
        asyncio.run(box.set("dictate.threads", 3, "child"))


def test_feature_flags() -> None:
    box, _ = settings()
    assert box.enabled("dictation")
    asyncio.run(box.set_text("features.dictation", "no"))
    assert not box.enabled("dictation")
    with pytest.raises(SettingUnknown):
        box.enabled("flying")


def test_lists_and_documents_are_copies() -> None:
    box, _ = settings(Row("tools.table", "", '{"a":[1]}'))
    box.get("tools.table")["a"].append(2)
    assert box.get("tools.table") == {"a": [1]}


def test_an_extra_check_guards_changes_and_stored_values() -> None:
    def refuse_empty(value: Any) -> None:
        if value == {"bad": 1}:
            raise SettingInvalid("bad table")

    box, _ = settings(Row("tools.table", "", '{"bad":1}'), checks={"tools.table": refuse_empty})
    assert box.get("tools.table") == {}
    assert box.problems() == {("tools.table", ""): "bad table"}
    with pytest.raises(SettingInvalid, match="bad table"):
        asyncio.run(box.set("tools.table", {"bad": 1}))


def test_core_settings_are_sound() -> None:
    box = Settings(CORE_SETTINGS, MemoryStore())
    values = {row.setting.key: row.value for row in box.listing()}
    assert values["supervisor.restart_limit"] == 3
    assert values["supervisor.restart_window"] == 60.0
    assert (values["supervisor.backoff_first"], values["supervisor.backoff_limit"]) == (0.2, 10.0)
    assert values["watchdog.stall_milliseconds"] == 50
    assert values["approvals.lifetime_seconds"] == 120.0
    with pytest.raises(ValueError, match="two settings"):
        Settings((*CORE_SETTINGS, CORE_SETTINGS[0]), MemoryStore())


@pytest.mark.parametrize(
    "fields",
    [
        {"key": "Nope"},
        {"key": "part"},
        {"sentence": "no full stop"},
        {"key": "features.x", "type": "int"},
        {"secret": True},
        {"type": "int", "default": 1, "choices": ("a",)},
        {"minimum": 3, "maximum": 2},
        {"pattern": "("},
    ],
)
def test_a_mistake_in_a_definition_is_found_at_once(fields: dict[str, Any]) -> None:
    sound: dict[str, Any] = {"key": "a.b", "type": "text", "default": "x", "sentence": "A thing."}
    with pytest.raises(ValueError):
        Setting(**(sound | fields))
