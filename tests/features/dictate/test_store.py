"""The room's tables: projections of its objects, equal to a rebuild; the progress of its work."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import apsw
import msgspec
import pytest
from blake3 import blake3
from hypothesis import given, settings
from hypothesis import strategies as st

from garret.base.clock import ManualClock
from garret.base.errors import Code
from garret.base.paths import Home
from garret.control.errors import ControlError
from garret.features.dictate import contracts as c
from garret.features.dictate import store as tables
from garret.features.dictate.clearings import CLEARING, RESTORATION
from garret.features.dictate.history import Question, newest
from garret.features.dictate.projection import PROJECTION
from garret.storage import migrations, object_store
from garret.storage.connection import connect
from garret.storage.object_store import Admission
from garret.storage.objects import TOMBSTONE, KeySigner, Sealed, seal
from garret.storage.projections import Projections, digest
from garret.storage.store import RoomTables, Store
from garret.storage.sweeping import needed_blobs
from tests.storage.databases import KEYS

SIGNER = KeySigner(bytes([7]) * 32)


@pytest.fixture
def store(home: Home) -> Iterator[Store]:
    home.create()
    room = RoomTables("dictate", "garret.features.dictate.migrations", projection=PROJECTION)
    opened = Store.open(home, KEYS, [room], clock=ManualClock(), device=SIGNER.public_key)
    yield opened
    opened.close()


def sealed(kind: str, created: float, body: dict[str, Any]) -> Sealed:
    return seal(SIGNER, kind, body, created=int(created * 1000), aggregate=body.get("utterance", ""))


def put(store: Store, kind: str, created: float = 1.0, **body: Any) -> str:
    item = sealed(kind, created, body)
    asyncio.run(store.objects.put(item))
    return item.id


def delete(store: Store, identity: str) -> None:
    asyncio.run(store.objects.delete(SIGNER, identity, "test"))


def utterance(store: Store, name: str, created: float = 1.0, profile: str = "admin") -> str:
    return put(
        store, tables.UTTERANCE, created, utterance=name, source="file", name=f"{name}.wav", profile=profile
    )


def segment(text: str) -> c.TranscriptSegment:
    return c.TranscriptSegment(start=0.0, end=1.0, text=text.capitalize(), raw=text)


def transcript(store: Store, name: str, run: str, texts: list[str], created: float = 1.0) -> list[str]:
    """A transcript with one segment on each page."""
    made = []
    raw, text = " ".join(texts), " ".join(texts).upper()
    for number, each in enumerate(texts):
        page = tables.Page(
            number,
            [segment(each)],
            tables.share(raw, number, len(texts)),
            tables.share(text, number, len(texts)),
        )
        made.append(put(store, tables.PAGE, created, **tables.page_body(name, run, page)))
    body = {
        "run": run, "engine": "whisper", "quality": "good", "audio_seconds": 2.0, "decode_seconds": 0.5,
        "segments": len(texts), "note": "noted", "stages": {"decode": 0.25},
    }  # fmt: skip
    made.append(put(store, tables.TRANSCRIPT, created, utterance=name, **body))
    return made


def write(store: Store, operation: Any) -> None:
    asyncio.run(store.writer.write(operation))


def find(store: Store, name: str) -> tables.Row:
    with store.readers.read() as connection:
        return tables.find(connection, name)


def hypothesis_of(text: str) -> c.Hypothesis:
    word = c.RecognisedWord(start=0.0, end=1.0, word=text, confidence=None)
    return c.Hypothesis(text=text, words=(word,), engine="e", quality="q", decode_seconds=0.1)


# ---- projections


def test_an_utterance_goes_through_its_states(store: Store) -> None:
    utterance(store, "utt_1", created=5.0)
    row = find(store, "utt_1")
    assert (row.state, row.created, row.audio, row.text, row.stages) == ("captured", 5.0, None, "", {})
    put(store, tables.AUDIO, utterance="utt_1", blob="b1", seconds=0.0)
    transcript(store, "utt_1", "r1", ["one", "two"])
    row = find(store, "utt_1")
    assert (row.state, row.audio, row.raw, row.text) == ("cleaned", "b1", "one two", "ONE TWO")
    assert (row.engine, row.quality, row.segments, row.note) == ("whisper", "good", 2, "noted")
    assert (row.audio_seconds, row.decode_seconds, row.stages) == (2.0, 0.5, {"decode": 0.25})
    put(store, tables.DELIVERY, 2.0, utterance="utt_1", where="x", problem="no", at=1.0)
    assert find(store, "utt_1").state == "held"
    put(store, tables.DELIVERY, 3.0, utterance="utt_1", where="x", problem="", at=2.0)
    assert find(store, "utt_1").state == "delivered"


def test_a_later_run_takes_the_place_of_all_of_the_one_before(store: Store) -> None:
    utterance(store, "utt_1")
    transcript(store, "utt_1", "r1", ["one", "two", "three"])
    transcript(store, "utt_1", "r2", ["four"], created=2.0)
    with store.readers.read() as connection:
        assert [s.raw for s in tables.segments(connection, "utt_1", "r2", 0, 10)] == ["four"]
        assert tables.segments(connection, "utt_1", "r1", 0, 10) == ()
    assert find(store, "utt_1").raw == "four"


def test_pages_of_a_transcript(store: Store) -> None:
    utterance(store, "utt_1")
    transcript(store, "utt_1", "r1", ["a", "b", "c", "d"])
    with store.readers.read() as connection:
        assert [s.raw for s in tables.segments(connection, "utt_1", "r1", 1, 2)] == ["b", "c"]


@given(st.text(max_size=60), st.integers(1, 9))
def test_all_shares_joined_are_the_whole(whole: str, pages: int) -> None:
    assert "".join(tables.share(whole, number, pages) for number in range(pages)) == whole


def test_without_its_audio_the_text_stays_and_of_two_one_is_enough(store: Store) -> None:
    utterance(store, "utt_1")
    transcript(store, "utt_1", "r1", ["one"])
    old = put(store, tables.AUDIO, utterance="utt_1", blob="b1", seconds=1.0)
    new = put(store, tables.AUDIO, 2.0, utterance="utt_1", blob="b2", seconds=1.0)
    with store.readers.read() as connection:
        assert needed_blobs(connection, store.objects.projections) == {"b2"}
    delete(store, old)
    assert find(store, "utt_1").audio == "b2"
    delete(store, new)
    row = find(store, "utt_1")
    assert (row.audio, row.text) == (None, "ONE")
    with store.readers.read() as connection:
        assert needed_blobs(connection, store.objects.projections) == set()


def test_of_a_deleted_utterance_nothing_is_left(store: Store) -> None:
    for name in ("utt_1", "utt_2"):
        utterance(store, name)
        clear(store, 3.0, name)
        put(store, tables.AUDIO, utterance=name, blob=name, seconds=1.0)
        transcript(store, name, "r1", [name])
        write(store, lambda connection, name=name: tables.set_work(connection, name, "captured", 1.0))
        write(
            store,
            lambda connection, name=name: tables.add_heard(connection, name, "r1", 0, 1, hypothesis_of("x")),
        )
    with store.readers.read() as connection:
        ids = tables.objects_of(connection, "utt_1")
        kinds = [
            connection.execute("SELECT kind FROM utterance_objects WHERE object = ?", (identity,)).get
            for identity in ids
        ]
    assert kinds[-1] == tables.UTTERANCE, "itself last"
    with store.readers.read() as connection:
        parts: Any = connection.execute("SELECT part FROM utterance_cleared WHERE utterance = 'utt_1'")
        ids = [*ids, *(str(row[0]) for row in parts)]
    for identity in ids:
        delete(store, identity)
    with pytest.raises(ControlError) as refused:
        find(store, "utt_1")
    assert refused.value.code == Code.NOT_FOUND
    with store.readers.read() as connection:
        lists = {"utterance_clearings", "utterance_restorations"}  # of acts, not of utterances
        for table in (*PROJECTION.tables, "dictation_work", "dictation_heard"):
            if table in lists:
                continue
            column = {"utterances": "id", "utterance_search": "'utt_2'"}.get(table, "utterance")
            left = connection.execute(f"SELECT DISTINCT {column} FROM {table}").fetchall()
            assert left == [("utt_2",)], table


def test_a_rebuild_makes_the_same_tables(store: Store) -> None:
    for number in range(3):
        utterance(store, f"utt_{number}")
        put(store, tables.AUDIO, utterance=f"utt_{number}", blob="b", seconds=1.0)
        transcript(store, f"utt_{number}", "r1", ["one", "two"])
        transcript(store, f"utt_{number}", "r2", ["three"], created=2.0)
    put(store, tables.DELIVERY, utterance="utt_0", where="x", problem="no", at=1.0)
    with store.readers.read() as connection:
        delete_these = tables.objects_of(connection, "utt_1")
    for identity in delete_these:
        delete(store, identity)

    def state() -> Any:
        with store.readers.read() as connection:
            return digest(connection, PROJECTION.tables)

    before = state()
    write(store, lambda connection: connection.execute("UPDATE utterances SET text = 'wrong'"))
    assert state() != before
    asyncio.run(store.objects.rebuild("dictate"))
    assert state() == before


def test_a_correction_counts_until_it_is_taken_back_or_a_transcript_comes(store: Store) -> None:
    utterance(store, "utt_1")
    transcript(store, "utt_1", "r1", ["one", "two"])
    put(store, tables.EDIT, 2.0, utterance="utt_1", text="One too many.")
    row = find(store, "utt_1")
    assert (row.text, row.cleaned, row.raw) == ("One too many.", "ONE TWO", "one two")
    assert (ids(store, query="many"), ids(store, query="two")) == (["utt_1"], ["utt_1"])
    put(store, tables.EDIT, 3.0, utterance="utt_1", text=None)
    assert (find(store, "utt_1").text, find(store, "utt_1").cleaned) == ("ONE TWO", None)
    put(store, tables.EDIT, 4.0, utterance="utt_1", text="again")
    transcript(store, "utt_1", "r2", ["three"], created=5.0)
    assert (find(store, "utt_1").text, find(store, "utt_1").cleaned) == ("THREE", None)
    assert ids(store, query="again") == []


def clear(store: Store, at: float, *names: str, profile: str = "admin") -> str:
    """Delete utterances in one act, and return the part that says so."""
    return put(store, CLEARING, at, clearing="clr_1", profile=profile, utterances=list(names))


def test_of_an_act_and_what_was_said_of_one_alone_the_last_word_counts(store: Store) -> None:
    for number in (1, 2, 3):
        utterance(store, f"utt_{number}")
    put(store, tables.DISCARD, 5.0, utterance="utt_1", discarded=True)
    part = clear(store, 7.0, "utt_1", "utt_2", "utt_9")
    assert (ids(store), find(store, "utt_1").discarded, find(store, "utt_2").discarded) == (
        ["utt_3"],
        7.0,
        7.0,
    )
    utterance(store, "utt_9", created=3.0)
    assert find(store, "utt_9").discarded == 7.0, "also where the act was known before it"
    put(store, tables.DISCARD, 8.0, utterance="utt_2", discarded=False)
    assert ids(store) == ["utt_3", "utt_2"], "brought back alone"
    put(store, tables.DISCARD, 6.0, utterance="utt_9", discarded=False)
    assert find(store, "utt_9").discarded == 7.0, "said before the act, without knowing it"
    put(store, tables.DISCARD, 6.5, utterance="utt_9", discarded=False, knew=[part])
    assert find(store, "utt_9").discarded is None, "said after it, with a clock that had gone back"
    put(store, RESTORATION, 9.0, clearing="clr_1", part=part)
    assert (ids(store), find(store, "utt_1").discarded) == (["utt_9", "utt_3", "utt_2"], 5.0), "as before it"


def test_what_was_deleted_is_not_listed_until_it_is_brought_back(store: Store) -> None:
    utterance(store, "utt_1")
    transcript(store, "utt_1", "r1", ["one"])
    put(store, tables.AUDIO, utterance="utt_1", blob="b1", seconds=1.0)
    put(store, tables.DISCARD, 7.0, utterance="utt_1", discarded=True)
    assert (ids(store), ids(store, query="one"), find(store, "utt_1").discarded) == ([], [], 7.0)
    assert ids(store, only=c.Filter(deleted=True, query="one")) == ["utt_1"]
    with store.readers.read() as connection:
        assert needed_blobs(connection, store.objects.projections) == {"b1"}, "its sound is still there"
    put(store, tables.DISCARD, 8.0, utterance="utt_1", discarded=False)
    assert (ids(store), find(store, "utt_1").discarded) == (["utt_1"], None)


# ---- reading


def ids(store: Store, limit: int = 10, query: str = "", **more: Any) -> list[str]:
    question = Question(limit, query, **more)
    return [row.id for row in asyncio.run(store.read(lambda c: newest(c, question)))]


def test_the_newest_come_first_in_pages_by_profile_and_words(store: Store) -> None:
    for number in range(4):
        utterance(store, f"utt_{number}", profile="guest" if number % 2 else "admin")
    transcript(store, "utt_2", "r", ["Apple", "pear"])
    transcript(store, "utt_3", "r", ["pear"])
    assert ids(store) == ["utt_3", "utt_2", "utt_1", "utt_0"]
    assert ids(store, limit=2) == ["utt_3", "utt_2"]
    assert ids(store, before="utt_2") == ["utt_1", "utt_0"]
    assert ids(store, profile="guest") == ["utt_3", "utt_1"]
    assert ids(store, query="pear APPLE") == ["utt_2"]
    assert ids(store, query="pear") == ["utt_3", "utt_2"]
    assert ids(store, query="pear", profile="admin") == ["utt_2"]
    assert ids(store, query="100% _") == [], "nothing in a question is a pattern"


def test_by_age_are_those_with_sound_and_text_in_the_order_they_came(store: Store) -> None:
    for name, created in (("a", 50.0), ("b", 10.0), ("c", 900.0), ("d", 60.0), ("e", 55.0)):
        utterance(store, name, created=created)
        if name != "e":
            transcript(store, name, "r", ["x"])
        if name != "d":
            put(store, tables.AUDIO, utterance=name, blob=f"blob {name}", seconds=1.0)

    def by_age(settled: float | None) -> list[tuple[str, float, str]]:
        with store.readers.read() as connection:
            return tables.by_age(connection, settled)

    assert by_age(100.0) == [("a", 50.0, "blob a"), ("b", 50.0, "blob b"), ("c", 900.0, "blob c")]
    assert [each[1] for each in by_age(None)] == [50.0, 10.0, 900.0]
    transcript(store, "e", "r", ["x"])
    assert by_age(100.0)[-1] == ("e", 60.0, "blob e"), "what has no sound tells the time as well"
    assert by_age(1000.0)[-1] == ("e", 900.0, "blob e")


# ---- work


def test_work_is_shown_before_what_is_kept_until_it_ends(store: Store) -> None:
    utterance(store, "utt_1")
    transcript(store, "utt_1", "r1", ["one"])
    write(store, lambda connection: tables.set_work(connection, "utt_1", "transcribed", 9.0, job="job_1"))
    shown = find(store, "utt_1").shown()
    assert (shown.state, shown.job, shown.text, shown.source) == ("transcribed", "job_1", "ONE", "utt_1.wav")
    with store.readers.read() as connection:
        assert tables.unfinished(connection) == {"utt_1"}
    write(
        store,
        lambda connection: tables.set_work(connection, "utt_1", "captured", 9.0, error="It did not work."),
    )
    assert (find(store, "utt_1").state, find(store, "utt_1").error) == ("captured", "It did not work.")
    with store.readers.read() as connection:
        assert tables.unfinished(connection) == set(), "nobody works on it"
    write(store, lambda connection: tables.end_work(connection, "utt_1", "r1"))
    assert (find(store, "utt_1").state, find(store, "utt_1").error) == ("cleaned", "")


def test_what_was_heard_is_kept_of_the_last_run(store: Store) -> None:
    def hear(connection: apsw.Connection) -> None:
        for run in ("r1", "r2"):
            for start in (0, 100, 200):
                text = f"{run} {start}"
                tables.add_heard(connection, "utt_1", run, start, start + 50, hypothesis_of(text))
        tables.add_heard(connection, "utt_2", "r9", 0, 50, hypothesis_of("other"))

    write(store, hear)
    with store.readers.read() as connection:
        heard = tables.heard(connection, "utt_1", "r1")
        assert [each.text for each in heard.values()] == ["r1 0", "r1 100", "r1 200"]
        assert [[word.word for word in each.words] for each in heard.values()] == [
            [text] for text in ("r1 0", "r1 100", "r1 200")
        ]
        between = tables.heard_between(connection, "utt_1", "r2", 100, 200)
        assert {key: each.words[0].word for key, each in between.items()} == {
            (100, 150): "r2 100",
            (200, 250): "r2 200",
        }
        assert tables.last_run(connection, "utt_1") == "r2"
        assert tables.last_run(connection, "utt_3") == ""
    write(store, lambda connection: tables.end_work(connection, "utt_1", "r2"))
    with store.readers.read() as connection:
        assert tables.heard(connection, "utt_1", "r1") == {}
        assert len(tables.heard(connection, "utt_1", "r2")) == 3
        assert len(tables.heard(connection, "utt_2", "r9")) == 1


# ---- any order


NAMES = ("utt_1", "utt_2")
TEXTS = st.lists(st.sampled_from(["apple", "pear", "plum"]), min_size=1, max_size=3)


@st.composite
def histories(draw: st.DrawFn) -> list[Sealed]:
    """Objects of two utterances as devices make them, with tombstones, and the clock of no use."""
    made: list[Sealed] = []

    def add(kind: str, **body: Any) -> None:
        made.append(sealed(kind, draw(st.integers(0, 5)), body))

    def add_run(name: str, run: str, texts: list[str], pages: int) -> None:
        for number, each in list(enumerate(texts))[:pages]:
            page = tables.Page(number, [segment(each)], each, f"{each} ")
            add(tables.PAGE, **tables.page_body(name, run, page))

    def add_transcript(name: str, run: str) -> None:
        texts = draw(TEXTS)
        add_run(name, run, texts, len(texts))
        add(
            tables.TRANSCRIPT, utterance=name, run=run, engine=f"e{len(made)}", quality="good",
            audio_seconds=2.0, decode_seconds=0.5, segments=len(texts), note="", stages={"a": 0.5},
        )  # fmt: skip

    def add_part(name: str, run: str) -> None:
        texts = draw(TEXTS)
        add_run(name, run, texts, draw(st.integers(1, len(texts))))

    small: dict[str, Callable[[], dict[str, Any]]] = {
        tables.UTTERANCE: lambda: {
            "source": draw(st.sampled_from(["file", "microphone"])), "name": "n", "profile": "admin",
        },
        tables.AUDIO: lambda: {"blob": draw(st.sampled_from(["b1", "b2"])), "seconds": float(len(made))},
        tables.EDIT: lambda: {"text": draw(st.sampled_from([None, "plum tart", ""]))},
        tables.DISCARD: lambda: {
            "discarded": draw(st.booleans()), "knew": [each.id for each in made[: draw(st.integers(0, 2))]],
        },
        tables.DELIVERY: lambda: {"where": "x", "problem": draw(st.sampled_from(["", "no"])), "at": 1.0},
    }  # fmt: skip
    acts: dict[str, Callable[[], dict[str, Any]]] = {
        CLEARING: lambda: {"profile": "admin", "utterances": list(draw(st.sampled_from([NAMES, NAMES[:1]])))},
        RESTORATION: lambda: {"part": draw(st.sampled_from([made[-1].id, made[0].id])) if made else "0" * 64},
    }
    large = {tables.PAGE: add_part, tables.TRANSCRIPT: add_transcript}
    for _ in range(draw(st.integers(1, 6))):
        name, run = draw(st.sampled_from(NAMES)), draw(st.sampled_from(["r1", "r2"]))
        kind = draw(st.sampled_from([*small, *large, *acts]))
        if kind in acts:
            add(kind, clearing="clr_1", **acts[kind]())
        elif kind in small:
            add(kind, utterance=name, **small[kind]())
        else:
            large[kind](name, run)
    for target in draw(st.lists(st.sampled_from(made), max_size=3, unique=True)) if made else []:
        made.append(
            seal(
                SIGNER, TOMBSTONE, {}, created=draw(st.integers(0, 5)), parents=[target.id], target=target.id
            )
        )
    return made


Made = tuple[str, dict[str, list[str]], list[tuple[Any, ...]]]
"""Tables as a hash, what the search finds in them, and the places, which are of this device's order."""


def tables_after(history: list[Sealed], *, rebuilt: bool = False) -> Made:
    """What a history makes in a device that had nothing."""
    connection = apsw.Connection(":memory:")
    own = migrations.load("storage", "garret.storage.migrations.durable")
    migrations.apply(connection, [own, migrations.load("dictate", "garret.features.dictate.migrations")])
    admission = Admission(Projections([PROJECTION]), SIGNER.public_key)
    for item in history:
        object_store.import_one(connection, item, admission)
    if rebuilt:
        object_store.rebuild(connection, admission.projections, "dictate")
    found = {
        word: [row.id for row in newest(connection, Question(9, word))]
        for word in ("", "apple", "pear", "plum")
    }
    deleted = Question(9, only=c.Filter(deleted=True))
    found["deleted"] = [row.id for row in newest(connection, deleted)]
    places: Any = connection.execute("SELECT * FROM utterance_places ORDER BY utterance").fetchall()
    whole = digest(connection, [table for table in PROJECTION.tables if table != "utterance_places"])
    connection.close()
    return whole, found, places


@settings(max_examples=150)
@given(history=histories(), data=st.data())
def test_whatever_order_objects_come_in_the_tables_are_the_same(
    history: list[Sealed], data: st.DataObject
) -> None:
    straight = tables_after(history)
    order = data.draw(st.permutations(history))
    shuffled = tables_after(order)
    assert shuffled[:2] == straight[:2]
    assert tables_after(order, rebuilt=True) == shuffled
    shown = sorted([*shuffled[1][""], *shuffled[1]["deleted"]])
    assert [name for _, name in shuffled[2]] == shown, "whoever is known has a place"


def test_a_transcript_before_its_utterance_waits_for_it(store: Store) -> None:
    transcript(store, "utt_1", "r1", ["one", "two"])
    assert ids(store) == []
    utterance(store, "utt_1")
    row = find(store, "utt_1")
    assert (row.state, row.text, row.raw, ids(store, query="two")) == (
        "cleaned",
        "ONE TWO",
        "one two",
        ["utt_1"],
    )


def test_a_second_attempt_of_a_run_leaves_no_page_of_the_first(store: Store) -> None:
    utterance(store, "utt_1")
    for number, text in enumerate(["old", "older", "oldest"]):
        page = tables.Page(number, [segment(text)], text, text)
        put(store, tables.PAGE, **tables.page_body("utt_1", "r1", page))
    transcript(store, "utt_1", "r1", ["new", "newer"], created=2.0)
    assert find(store, "utt_1").raw == "new newer"


def test_without_its_last_transcript_the_one_before_counts_again(store: Store) -> None:
    utterance(store, "utt_1")
    transcript(store, "utt_1", "r1", ["one"])
    *_, last = transcript(store, "utt_1", "r2", ["two"], created=2.0)
    assert (find(store, "utt_1").raw, ids(store, query="one")) == ("two", [])
    delete(store, last)
    assert (find(store, "utt_1").raw, find(store, "utt_1").run, ids(store, query="one")) == (
        "one",
        "r1",
        ["utt_1"],
    )


# ---- searching


@pytest.mark.parametrize(
    ("question", "found"),
    [
        ("caf", True),
        ("CAFÉ", True),
        ("cafe", True),
        ("re\u0301sume\u0301", True),
        ("afe", False),
        ("foo bar", True),
        ("foo-bar", True),
        ("bar AND", False),
        ("foo OR nothing", False),
        ("words:foo", False),
        ("^foo", True),
        ("NEAR(foo bar)", False),
        ('"foo', True),
        ("foo*", True),
        ("-foo", True),
        ("?!", False),
        ("foo ?!", True),
        ("\0", False),
        ("foo\0bar", True),
        ("   ", True),
    ],
)
def test_a_question_is_words_and_nothing_else(store: Store, question: str, found: bool) -> None:
    utterance(store, "utt_1")
    transcript(store, "utt_1", "r", ["Café résumé foo-bar"])
    assert ids(store, query=question) == (["utt_1"] if found else [])


@settings(max_examples=200)
@given(text=st.text(max_size=30), place=st.integers(0, 5))
def test_any_question_is_answered_and_a_text_is_found_by_its_words(text: str, place: int) -> None:
    with memory_of(text) as connection:
        everything = newest(connection, Question(9, text))
        words = re.findall(r"[a-z0-9]+", text.lower())
        if words and all(char.isascii() for char in text):
            assert [row.id for row in everything] == ["utt_1"]
            word = words[place % len(words)]
            for question in (word, word.upper(), word[:1]):
                assert [row.id for row in newest(connection, Question(9, question))] == ["utt_1"]


@contextmanager
def memory_of(text: str) -> Iterator[apsw.Connection]:
    """A file in memory with one utterance of this text."""
    connection = apsw.Connection(":memory:")
    own = migrations.load("storage", "garret.storage.migrations.durable")
    migrations.apply(connection, [own, migrations.load("dictate", "garret.features.dictate.migrations")])
    admission = Admission(Projections([PROJECTION]), SIGNER.public_key)
    page = tables.Page(0, [segment(text)], text, text)
    facts = {"engine": "e", "quality": "q", "audio_seconds": 1.0, "decode_seconds": 1.0}
    facts |= {"segments": 1, "note": "", "stages": {}}
    for kind, body in (
        (tables.UTTERANCE, {"source": "file", "name": "n", "profile": "admin"}),
        (tables.PAGE, tables.page_body("utt_1", "r", page)),
        (tables.TRANSCRIPT, {"run": "r", **facts}),
    ):
        object_store.import_one(connection, sealed(kind, 1.0, {"utterance": "utt_1", **body}), admission)
    yield connection
    connection.close()


def test_a_list_ends_where_its_texts_would_be_too_many_and_shows_their_beginnings(store: Store) -> None:
    for number in range(3):
        utterance(store, f"utt_{number}")
        transcript(store, f"utt_{number}", "r", ["x" * tables.LISTED_CHARACTERS + "y"])
    assert ids(store) == ["utt_2", "utt_1"], "500,000 characters hold two pairs of texts"
    assert ids(store, room=1) == ["utt_2"], "one is always there"
    (row,) = asyncio.run(store.read(lambda c: newest(c, Question(1))))
    assert (len(row.raw), len(row.text)) == (tables.LISTED_CHARACTERS, tables.LISTED_CHARACTERS)
    assert len(find(store, "utt_2").text) == tables.LISTED_CHARACTERS + 1


# ---- homes of before


def first_format(kind: str, body: dict[str, Any]) -> Sealed:
    """An object as the version before made it: format 1, of seven fields."""
    data = msgspec.msgpack.encode([1, kind, SIGNER.public_key, 1000, [], None, body], order="deterministic")
    return Sealed(data, SIGNER.sign(b"garret object signature v1\n" + blake3(data).digest()))


def test_a_home_of_the_version_before_comes_up_with_its_history(home: Home) -> None:
    home.create()
    connection = connect(home.durable_db, KEYS.durable)
    own = migrations.load("storage", "garret.storage.migrations.durable")[:6]
    migrations.apply(connection, [own, migrations.load("dictate", "garret.features.dictate.migrations")[:1]])
    page = tables.Page(0, [segment("hello there")], "hello there", "Hello there.")
    said = {"run": "r", "engine": "e", "quality": "q", "audio_seconds": 1.0, "decode_seconds": 1.0}
    for kind, body in (
        (tables.UTTERANCE, {"source": "file", "name": "old.wav", "profile": "admin"}),
        (tables.AUDIO, {"blob": "b1", "seconds": 1.0}),
        (tables.PAGE, tables.page_body("utt_1", "r", page)),
        (tables.TRANSCRIPT, {**said, "segments": 1, "note": "", "stages": {}}),
    ):
        item = first_format(kind, {"utterance": "utt_1", **body})
        row = (bytes.fromhex(item.id), kind, SIGNER.public_key, 1000, item.data, item.signature)
        connection.execute(
            "INSERT INTO objects (id, kind, author, created, bytes, signature) VALUES (?, ?, ?, ?, ?, ?)", row
        )
    connection.execute("INSERT INTO dictation_work VALUES ('utt_1', 'transcribed', 'job_1', '', 1.0)")
    connection.close()
    room = RoomTables("dictate", "garret.features.dictate.migrations", projection=PROJECTION)
    opened = Store.open(home, KEYS, [room], device=SIGNER.public_key)
    row_now = find(opened, "utt_1")
    assert (row_now.text, row_now.name, row_now.audio, row_now.workspace) == (
        "Hello there.",
        "old.wav",
        "b1",
        "main",
    )
    assert (row_now.kept_state, row_now.job) == ("cleaned", "job_1")
    assert ids(opened, query="there") == ["utt_1"]
    for identity in asyncio.run(opened.read(lambda c: tables.objects_of(c, "utt_1"))):
        delete(opened, identity)
    assert ids(opened) == []
    opened.close()
