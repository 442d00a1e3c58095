"""What a process for a source may touch: that source, and nothing beside it."""

from __future__ import annotations

from pathlib import Path

import pytest

from garret.base.errors import Code, GarretError
from garret.features.data.contracts import SourceConfig
from garret.features.data.reach import ENGINE_READS, MEMORY_BYTES, Reach, leaves, reach_of, where


def own(reach: Reach) -> tuple[str, ...]:
    """What is read of a source, beside what every engine looks at."""
    return tuple(path for path in reach.grants.read if path not in ENGINE_READS)


def test_files_have_their_files_and_no_way_out(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("a\n1\n")
    reach = reach_of(SourceConfig(kind="files", paths=(str(tmp_path / "a.csv"),)), "a")
    assert own(reach) == (str(tmp_path / "a.csv"),)
    assert (reach.grants.write, reach.destinations, reach.grants.local_sockets) == ((), (), False)
    assert reach.grants.memory_bytes == MEMORY_BYTES
    copies = reach_of(SourceConfig(kind="files", paths=(str(tmp_path),)), "a", tmp_path / "copies")
    assert copies.grants.write == (str(tmp_path / "copies"),)


def test_of_a_glob_the_folder_above_the_first_wildcard_is_read(tmp_path: Path) -> None:
    (tmp_path / "in[1]").mkdir()
    for path, expected in (
        (f"{tmp_path}/*/b/*.csv", str(tmp_path)),
        (f"{tmp_path}/in/x?.csv", f"{tmp_path}/in"),
        (f"{tmp_path}/in[1]", f"{tmp_path}/in[1]"),
    ):
        assert own(reach_of(SourceConfig(kind="files", paths=(path,)), "a")) == (expected,)


def test_a_database_file_is_read_with_what_lies_beside_it(tmp_path: Path) -> None:
    for name in ("a.db", "a.db-wal", "b.db"):
        (tmp_path / name).touch()
    reach = reach_of(SourceConfig(kind="sqlite", paths=(str(tmp_path / "a.db"),)), "a")
    assert own(reach) == (str(tmp_path / "a.db"), str(tmp_path / "a.db-wal"))


def test_a_server_is_one_place_and_no_file() -> None:
    reach = reach_of(SourceConfig(kind="postgres", host="db.example.org"), "work")
    (place,) = reach.destinations
    assert (place.host, place.ports, place.local) == ("db.example.org", (5432,), True)
    assert (own(reach), reach.grants.local_sockets) == ((), False)
    socket = reach_of(SourceConfig(kind="postgres", paths=("/run/postgresql",)), "work")
    assert (socket.destinations, socket.grants.local_sockets) == ((), True)


@pytest.mark.parametrize(
    "config",
    [SourceConfig(kind="files"), SourceConfig(kind="mysql"), SourceConfig(kind="mysql", host="h", port=-1)],
)
def test_a_source_that_names_nothing_is_refused(config: SourceConfig) -> None:
    with pytest.raises(GarretError) as refused:
        reach_of(config, "nothing")
    assert refused.value.code == Code.USAGE


@pytest.mark.parametrize(
    ("host", "out"),
    [("", False), ("localhost", False), ("127.0.0.1", False), ("10.0.0.2", True), ("db", True)],
)
def test_what_goes_to_another_machine_leaves_this_one(host: str, out: bool) -> None:
    config = SourceConfig(kind="postgres", host=host)
    assert leaves(config) is out
    assert ("stays on this machine" in where(config)) is not out
