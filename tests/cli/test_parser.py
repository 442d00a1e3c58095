from __future__ import annotations

import pytest

from garret.base.errors import Code
from garret.cli.catalogue import all_verbs
from garret.cli.errors import UsageProblem
from garret.cli.parser import read, with_default_subverb
from garret.protocol.manifest import Verb

VERBS = all_verbs()


def handler(*words: str) -> str:
    return str(read(VERBS, words).handler).partition(":")[2]


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("jobs", "jobs_list"),
        ("jobs list", "jobs_list"),
        ("jobs --state failed", "jobs_list"),
        ("jobs --json", "jobs_list"),
        ("--json jobs", "jobs_list"),
        ("--home jobs jobs -n 3", "jobs_list"),
        ("jobs --json show J", "jobs_show"),
        ("--home /x history", "history_list"),
        ("settings set a.b -5", "settings_set"),
        ("logs -f --worker stt --level error", "logs"),
        ("dictate -", "dictate"),
        ("dictate a.wav b.wav --format srt", "dictate"),
        ("speak - -o -", "speak"),
        ("completion tcsh", "completion"),
    ],
)
def test_lines_reach_their_handler(line: str, expected: str) -> None:
    assert handler(*line.split()) == expected


def test_options_count_before_and_after_the_verb() -> None:
    assert read(VERBS, ["--home", "/a", "jobs"]).home == "/a"
    assert read(VERBS, ["jobs", "--home", "/b"]).home == "/b"
    assert read(VERBS, ["--json", "jobs"]).json
    assert read(VERBS, ["jobs", "list", "--json"]).json
    assert not read(VERBS, ["jobs"]).json
    assert read(VERBS, ["jobs"]).home is None


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("statsu", "did you mean status"),
        ("jobs lst", "did you mean list"),
        ("xyzzy", "There is no verb 'xyzzy'"),
        ("history -n many", "--limit takes a whole number from 1 to 10000, not 'many'"),
        ("history -n 0", "--limit takes a whole number from 1 to 10000, not '0'"),
        ("speak --rate 5000 hello", "--rate takes a whole number from 40 to 900"),
        ("dictate --format doc a.wav", "--format takes text, json, srt or vtt, not 'doc'"),
        ("completion ksh", "SHELL takes bash, zsh, fish or tcsh"),
        ("jobs show", "JOB"),
        ("dictate --format srtt a.wav", "not 'srtt'; did you mean srt"),
        ("dictate --nonsense a.wav", "no option '--nonsense'; there is --"),
        ("dictate --fromat srt a.wav", "did you mean --format?"),
        ("dictate a.wav --fromat=srt", "did you mean --format?"),
        ("dictate -format srt a.wav", "did you mean --format?"),
        ("history show --rwa", "did you mean --raw?"),
        ("history --qurey x", "did you mean --query?"),
        ("--jsno jobs", "did you mean --json?"),
        ("history --query \udcff", "--query takes text in UTF-8"),
    ],
)
def test_mistakes_are_told_with_what_is_expected(line: str, told: str) -> None:
    with pytest.raises(UsageProblem) as error:
        read(VERBS, line.split())
    assert told in error.value.message
    assert error.value.code is Code.USAGE
    assert "?." not in error.value.message


@pytest.mark.parametrize("line", ["dictate -- --fromat", "history -n5", "speak -5", "dictate -"])
def test_what_only_looks_like_an_option_is_none(line: str) -> None:
    assert read(VERBS, line.split()).handler


@pytest.mark.parametrize(
    "words",
    [
        ["dictate", "a.wav", "-o", ""],
        ["dictate", "a.wav", "--output="],
        ["dictate", ""],
        ["history", "show", ""],
        ["history", "export", "-o", ""],
        ["speak", "hello", "-o", ""],
        ["backup", ""],
        ["--home", "", "status"],
    ],
)
def test_an_empty_value_is_refused(words: list[str]) -> None:
    """A script's variable that is not set must not become standard output, or everything."""
    with pytest.raises(UsageProblem, match=r"is empty\. Nothing was done"):
        read(VERBS, words)


def test_a_setting_may_be_an_empty_text() -> None:
    assert read(VERBS, ["settings", "set", "dictate.device", ""]).value == ""
    assert read(VERBS, ["dictate", "a.wav"]).output == ""


def test_nothing_at_all_has_no_handler() -> None:
    assert read(VERBS, []).handler == ""


def test_a_default_subverb_is_put_in_only_where_there_is_one() -> None:
    verbs = (
        Verb("a", "", "", subverbs=(Verb("list", "", "m:l"), Verb("show", "", "m:s"))),
        Verb("b", "", "m:b"),
        Verb("c", "", "", subverbs=(Verb("stop", "", "m:l"), Verb("start", "", "m:s"))),
    )
    assert with_default_subverb(verbs, ["c"]) == ["c", "start"]
    assert with_default_subverb(verbs, ["c", "--port", "1"]) == ["c", "start", "--port", "1"]
    assert with_default_subverb(verbs, ["c", "--json", "stop"]) == ["c", "--json", "stop"]
    assert with_default_subverb(verbs, ["a"]) == ["a", "list"]
    assert with_default_subverb(verbs, ["a", "-n", "3"]) == ["a", "list", "-n", "3"]
    assert with_default_subverb(verbs, ["a", "show"]) == ["a", "show"]
    assert with_default_subverb(verbs, ["a", "wrong"]) == ["a", "wrong"]
    assert with_default_subverb(verbs, ["a", "--help"]) == ["a", "--help"]
    assert with_default_subverb(verbs, ["b"]) == ["b"]
    assert with_default_subverb(verbs, []) == []


def test_every_handler_can_be_loaded() -> None:
    import importlib

    def paths(verbs: tuple[Verb, ...]) -> list[str]:
        return [
            path for verb in verbs for path in ([verb.handler] if verb.handler else []) + paths(verb.subverbs)
        ]

    found = paths(VERBS)
    assert len(found) > 30
    for path in found:
        module, _, name = path.partition(":")
        assert callable(getattr(importlib.import_module(module), name)), path


def test_the_completion_scripts_know_the_verbs() -> None:
    from garret.cli.completion import script

    for shell in ("bash", "zsh", "tcsh"):
        text = script(shell)
        for word in ("dictate", "history", "story", "partials"):
            assert word in text, (shell, word)
