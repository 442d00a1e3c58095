"""A control plane with the data room and a small shop as files."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import msgspec

from garret.base.paths import Home
from garret.demo.sample_shop import write_shop
from garret.features.data import contracts as c
from garret.features.data.manifest import ROOM as DATA
from garret.features.house import contracts as house
from garret.features.models.manifest import ROOM as MODELS
from tests.control.planes import Client, plane_of


@asynccontextmanager
async def data_house(home: Home) -> AsyncGenerator[Any]:
    """The plane, with the rooms that questions need."""
    async with plane_of(home, (MODELS, DATA)) as plane:
        yield plane


def shop(folder: Path) -> Path:
    """The files of the made-up shop."""
    folder.mkdir(exist_ok=True)
    write_shop(folder)
    return folder


async def add(client: Client, folder: Path, name: str = "shop") -> c.Source:
    config = c.SourceConfig(kind="files", paths=(str(folder),))
    return (await client.call(c.AddSource(name=name, config=config))).source


def order_of(draft: c.Draft, **more: Any) -> c.Run:
    """What a person is asked to approve."""
    assert draft.checked is not None, draft
    plain: dict[str, Any] = {
        "source": draft.source, "query": draft.checked.query, "fingerprint": draft.fingerprint,
        "limits": draft.limits, "draft": draft.id, "key": draft.id,
    }  # fmt: skip
    return c.Run(**{**plain, **more})


async def approved(client: Client, order: Any) -> Any:
    """The command with the consent to exactly its bytes."""
    wanted = house.Approve(command=order.__meta__.name, payload=msgspec.msgpack.encode(order))
    return msgspec.structs.replace(order, approval=(await client.call(wanted)).token)


async def answer(client: Client, **asked: Any) -> c.NormalizedResult:
    """Draft, approve and run."""
    draft = await client.call(c.DraftQuery(source="shop", **asked))
    return await client.call(await approved(client, order_of(draft)))


async def cells(client: Client, result: c.NormalizedResult, **more: Any) -> tuple[tuple[Any, ...], ...]:
    return (await client.call(c.GetRows(result=result.id, **more))).cells
