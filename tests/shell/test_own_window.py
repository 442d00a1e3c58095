"""What is said while our own window has the keyboard: into its field that has the focus, or held."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from garret.page.local import Inserted
from garret.shell.insertion.reasons import Reason
from tests.shell.conftest import Opened, Waiting
from tests.shell.desktop import Desktop

FIELDS = {
    "textarea": "<textarea id='field'>before </textarea>",
    "input": "<input id='field' value='before '>",
    "password": "<input id='field' type='password' value='before '>",
    "none": "<button id='field' value='before '>Press</button>",
}


@pytest.mark.parametrize("kind", list(FIELDS))
def test_it_is_written_where_the_cursor_is_and_nowhere_else(
    open_window: Callable[..., Opened], screen: Desktop, qt: Waiting, kind: str
) -> None:
    from garret.shell.reach import Reach
    from garret.transport.qt import QtLoop

    window = open_window().page_begun()
    shell = window.shell
    shell.window.raise_up()
    qt.until(lambda: shell.window.isActiveWindow())
    shell.window.view.setFocus()
    window.run(
        "(() => { document.body.insertAdjacentHTML('beforeend', `" + FIELDS[kind] + "`);"
        " const field = document.getElementById('field'); field.focus();"
        " field.setSelectionRange?.(7, 7); return 0; })()"
    )
    outcomes: list[Inserted] = []
    told: list[Any] = []
    reach = Reach.probe(QtLoop(), lambda _intent: None, told.append, screen.environment)
    reach.hands.own_window = shell.reach.hands.own_window
    reach.hands.insert('said "here"\n', outcomes.append)
    qt.until(lambda: outcomes)
    reach.close()
    value = window.run("document.getElementById('field').value")
    if kind in ("textarea", "input"):
        assert outcomes[0].outcome == "inserted"
        assert value.rstrip("\n") == 'before said "here"'
        assert told == []
    else:
        assert (outcomes[0].outcome, outcomes[0].reason) == ("held", Reason.OWN_WINDOW.sentence)
        assert (value, told) == ("before ", ['said "here"\n'])
