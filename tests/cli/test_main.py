from __future__ import annotations

import pytest

from garret.base.paths import Home
from garret.cli import main as main_module
from garret.cli.main import main


def test_no_words_show_what_there_is_and_are_a_mistake(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == 2
    assert "dictate" in capsys.readouterr().out


def test_help_and_version(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--version"]) == 0
    assert capsys.readouterr().out.startswith("garret ")
    assert main(["history", "retry", "--help"]) == 0
    assert "--engine" in capsys.readouterr().out


def test_mistakes_are_told_on_standard_error(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["dictat"]) == 2
    shown = capsys.readouterr()
    assert shown.out == ""
    assert "did you mean dictate" in shown.err


@pytest.mark.parametrize(
    "words",
    [
        ["dictate"],
        ["dictate", "--mic", "a.wav"],
        ["dictate", "-", "a.wav"],
        ["dictate", "a.wav", "--device", "x"],
        ["dictate", "a.wav", "b.wav", "--format", "srt"],
        ["speak", " "],
    ],
)
def test_words_that_make_no_sense_start_nothing(
    words: list[str], home: Home, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(words) == 2
    assert capsys.readouterr().err.startswith("garret: ")
    assert not home.root.exists()


def test_the_home_may_be_named_in_the_command_line(home: Home, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--home", str(home.root / "other"), "status"]) == 4
    assert str(home.root / "other") in capsys.readouterr().out


def broken(path: str) -> object:
    def fail(*_: object) -> None:
        raise RuntimeError(f"{path} is broken")

    return fail


def test_what_nobody_foresaw_is_one_line(
    home: Home, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(main_module, "_handler", broken)
    monkeypatch.delenv("GARRET_DEBUG", raising=False)
    assert main(["status"]) == 1
    told = capsys.readouterr().err
    assert told.count("\n") == 1
    assert "GARRET_DEBUG" in told
    monkeypatch.setenv("GARRET_DEBUG", "1")
    with pytest.raises(RuntimeError):
        main(["status"])


@pytest.mark.parametrize(("error", "code"), [(KeyboardInterrupt, 130), (BrokenPipeError, 0)])
def test_interrupts_and_readers_that_left(
    error: type[BaseException], code: int, home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    def handler(_: str) -> object:
        def fail(*_: object) -> None:
            raise error

        return fail

    monkeypatch.setattr(main_module, "_handler", handler)
    monkeypatch.setattr(main_module, "drop", lambda _: None)
    assert main(["status"]) == code
