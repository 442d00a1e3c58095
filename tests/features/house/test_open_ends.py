"""The doctor names every end that stays open, with the workers it is about, and no other."""

from __future__ import annotations

import pytest

from garret.features.house.open_ends import open_ends
from garret.protocol.manifest import Grants, WorkerSpec


def worker(name: str, grants: Grants) -> WorkerSpec:
    return WorkerSpec(name=name, entry="nowhere:nothing", grants=grants)


def test_a_worker_without_grants_leaves_one_end_open() -> None:
    assert open_ends([worker("plain", Grants())], root=False) == [
        "Every worker can see that a path exists, its size and its times."
    ]


@pytest.mark.parametrize(
    ("grants", "words"),
    [
        (Grants(local_sockets=True), ("any local service",)),
        (Grants(memory="resident"), ("more memory than granted for about a second",)),
        (Grants(execute=("/bin/true",)), ("what they start", "counted together with all that you start")),
        (Grants(terminal=True), ("types into a terminal is done with all your rights",)),
    ],
)
def test_each_grant_that_leaves_an_end_open_is_told_with_its_workers(
    grants: Grants, words: tuple[str, ...]
) -> None:
    told = open_ends([worker("plain", Grants()), worker("one", grants), worker("two", grants)], root=False)
    text = " ".join(told[1:])
    assert "one and two" in text
    assert "plain" not in text
    for word in words:
        assert word in text


def test_root_has_a_count_of_its_own() -> None:
    told = open_ends([worker("runner", Grants(execute=("/bin/true",)))], root=True)
    assert "counted together" not in " ".join(told)
