"""Consent from the outside: a command waits, a person says yes at a terminal, and it goes on."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from garret.cli.errors import Exit
from tests.cli.test_real import Garret, made
from tests.cli.test_recovery import typed
from tests.e2e.house import wait_until


@pytest.fixture
def garret() -> Iterator[Garret]:
    yield from made()


@pytest.fixture
def utterance(garret: Garret, tmp_path: Path) -> str:
    """Something in the history."""
    garret.run("speak", "Good morning.", "-o", str(tmp_path / "a.wav"))
    return str(garret.json("dictate", str(tmp_path / "a.wav"))["utterance"])


def test_a_command_that_waits_outlives_the_control_plane_and_goes_on_by_a_yes_at_a_terminal(
    garret: Garret, utterance: str
) -> None:
    deleting = garret.start("history", "delete", utterance)
    wait_until(lambda: bool(garret.json("approvals")), "it waits for an approval")
    (one,) = garret.json("approvals")
    garret.process().kill()
    wait_until(lambda: [each["id"] for each in garret.json("approvals")] == [one["id"]], "it waits again")

    code, shown = typed(garret, ["approvals", "grant", one["id"][-8:]], "n")
    assert code == Exit.FAILED
    assert f'utterance "{utterance}"' in shown
    assert deleting.poll() is None

    code, shown = typed(garret, ["approvals", "grant", one["id"][-8:]], "y")
    assert code == Exit.DONE
    assert "was approved and goes on" in shown
    _, told = deleting.communicate()
    assert deleting.returncode == 0, told
    assert "nobody here to ask" in told
    garret.run("history", "show", utterance, code=1)
    assert garret.json("approvals") == []


def test_at_a_terminal_the_person_is_asked_and_nobody_else(garret: Garret, utterance: str) -> None:
    code, shown = typed(garret, ["history", "delete", utterance], "n")
    assert code == Exit.FAILED
    assert f'utterance "{utterance}"' in shown
    garret.run("history", "show", utterance)
    code, shown = typed(garret, ["history", "delete", utterance], "y")
    assert code == Exit.DONE
    garret.run("history", "show", utterance, code=1)


def test_what_is_refused_fails(garret: Garret, utterance: str) -> None:
    deleting = garret.start("history", "delete", utterance)
    wait_until(lambda: bool(garret.json("approvals")), "it waits for an approval")
    (one,) = garret.json("approvals")
    assert "was refused" in garret.run("approvals", "deny", one["id"]).stdout
    assert "was refused. Nothing was done." in deleting.communicate()[1]
    assert deleting.returncode == Exit.DENIED
    assert "Nothing that waits" in garret.run("approvals", "deny", one["id"], code=1).stderr
    garret.run("history", "show", utterance)
