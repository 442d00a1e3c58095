"""The demonstration's data scene: questions about a small shop, and what never runs."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Final

import msgspec

from garret.base.errors import Code, GarretError
from garret.demo.sample_shop import write_shop
from garret.demo.screen import Screen
from garret.features.data import contracts as c
from garret.features.house import contracts as house
from garret.transport.client import Client

_QUESTIONS: Final = (
    "How many orders are there?",
    "How many customers are in Germany?",
    "Which 3 products have the highest price?",
    "Which city has the most customers?",
)
_WISH: Final = "Delete all orders"
_ATTACK: Final = "SELECT * FROM read_csv('/etc/passwd')"
_SHOWN_ROWS: Final = 8


def ask_the_shop(client: Client, screen: Screen) -> bool:
    """All questions; True when each was answered, and what must not run did not."""
    with tempfile.TemporaryDirectory(prefix="garret-demo-shop-") as folder:
        write_shop(Path(folder))
        config = c.SourceConfig(kind="files", paths=(folder,))
        added = client.call(c.AddSource(name="shop", config=config))
        screen.say(f"Three CSV files of a made-up shop are a source: {added.source.tables} tables.")
        answered = [_ask(client, screen, question) for question in _QUESTIONS]
        refused = [
            _refuse(client, screen, c.DraftQuery(source="shop", question=_WISH)),
            _refuse(client, screen, c.DraftQuery(source="shop", query=_ATTACK)),
            _without_approval(client, screen),
        ]
    return all((*answered, *refused))


def _ask(client: Client, screen: Screen, question: str) -> bool:
    draft = client.call(c.DraftQuery(source="shop", question=question))
    screen.say(f"\n  {question}", "head")
    if draft.checked is None:
        screen.say(f"  No answer: {draft.translation.message}", "bad")
        return False
    screen.wrapped("  read as:", draft.translation.reading)
    screen.wrapped("  query:  ", " ".join(draft.checked.query.split()))
    head = client.stream(_approved(client, _order(draft)), lambda item: None)
    page = client.call(c.GetRows(result=head.id, count=_SHOWN_ROWS))
    rows = [tuple(column.name for column in head.columns)]
    rows += [tuple("" if cell is None else str(cell) for cell in row) for row in page.cells]
    screen.table(rows)
    charts = client.call(c.Chart(result=head.id)).charts
    chart = f"; chart: {charts[0].kind}" if charts else ""
    screen.say(f"  {head.rows} rows, first ones after {1000 * head.timing.first_rows:.0f} ms{chart}", "dim")
    return head.rows > 0


def _order(draft: c.Draft) -> c.Run:
    assert draft.checked is not None
    return c.Run(
        source=draft.source,
        query=draft.checked.query,
        fingerprint=draft.fingerprint,
        limits=draft.limits,
        draft=draft.id,
        key=draft.id,
    )


def _approved(client: Client, order: c.Run) -> c.Run:
    """The command with the consent to exactly its bytes, as a person gives it."""
    token = client.call(house.Approve(command="data.run", payload=msgspec.msgpack.encode(order))).token
    return msgspec.structs.replace(order, approval=token)


def _refuse(client: Client, screen: Screen, order: c.DraftQuery) -> bool:
    draft = client.call(order)
    why = draft.refusal.message if draft.refusal is not None else draft.translation.message
    screen.say(f"\n  {order.question or order.query}", "head")
    screen.wrapped("  refused:", why)
    return draft.checked is None


def _without_approval(client: Client, screen: Screen) -> bool:
    """A query nobody saw, under a consent that was given to another one."""
    draft = client.call(c.DraftQuery(source="shop", question=_QUESTIONS[0]))
    good = _approved(client, _order(draft))
    changed = msgspec.structs.replace(good, query=good.query + " ", key="")
    try:
        client.stream(changed, lambda item: None)
    except GarretError as error:
        screen.say("\n  Another query under that approval", "head")
        screen.wrapped("  refused:", error.message)
        return error.code == Code.DENIED
    return False
