"""The completion scripts: each shell that is there takes them, and they know every verb."""

from __future__ import annotations

import shutil
import subprocess

import pytest
import shtab

from garret.cli.catalogue import all_verbs
from garret.cli.completion import script
from garret.cli.errors import CliError

SHELLS = ("bash", "zsh", "fish", "tcsh")


@pytest.mark.parametrize("shell", SHELLS)
def test_every_verb_and_subverb_is_completed(shell: str) -> None:
    text = script(shell)
    for verb in all_verbs():
        assert verb.name in text
        for sub in verb.subverbs:
            assert sub.name in text


@pytest.mark.parametrize("shell", SHELLS)
def test_the_shell_takes_its_script(shell: str) -> None:
    if shutil.which(shell) is None:
        pytest.skip(f"COMPLETION IN {shell} NOT TESTED: it is not installed")
    done = subprocess.run([shell, "-n"], input=script(shell), text=True, capture_output=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def test_bash_completes_verbs_and_their_subverbs() -> None:
    asked = """
COMP_WORDS=(garret "$@"); COMP_CWORD=$#
function=$(complete -p garret | sed 's/.*-F \\([^ ]*\\).*/\\1/')
"$function" garret "${@: -1}"
echo "${COMPREPLY[@]}"
"""
    for words, expected in ((["hist"], {"history"}), (["profiles", ""], {"list", "use", "pin"})):
        done = subprocess.run(
            ["bash", "--norc", "-c", script("bash") + asked, "bash", *words],
            capture_output=True, text=True, check=True,
        )  # fmt: skip
        assert set(done.stdout.split()) == expected


def test_a_shell_that_the_library_lacks_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shtab, "SUPPORTED_SHELLS", ["bash", "zsh"])
    with pytest.raises(CliError, match="does not know fish"):
        script("fish")
