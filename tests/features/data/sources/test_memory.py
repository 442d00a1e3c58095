"""What a query over files may take of the memory: no more than its process has, whatever is asked."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

LIMIT = 1 << 30

PROGRAM = f"""
import json, resource, sys
resource.setrlimit(resource.RLIMIT_DATA, ({LIMIT}, {LIMIT}))
from garret.features.data.contracts import Checked, Limits, SourceConfig
from garret.features.data.results.normalise import normalise
from garret.features.data.sources.contract import SourceError
from garret.features.data.sources.files import FilesConnector
connector = FilesConnector(SourceConfig(kind="files", paths=(sys.argv[1],)))
checked = Checked(query=sys.argv[2], tables=("t",), columns=(), limit=10_000)
try:
    normalise(connector.run(checked, Limits()), Limits())
    code = "rows"
except SourceError as error:
    code = str(error.code)
print(json.dumps([code, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024]))
"""

DEAR = {
    "a list of all pairs": "SELECT list(a.n) FROM t a, t b",
    "a text of all pairs": "SELECT string_agg(a.word, ',') FROM t a, t b",
    "all pairs in order": "SELECT * FROM t a, t b ORDER BY a.word, b.word, a.n LIMIT 3000000",
    "a number for each pair": "SELECT row_number() OVER (ORDER BY b.word, a.n) FROM t a, t b",
    "the middle of all pairs": "SELECT median(a.n * b.n) FROM t a, t b",
    "long texts": "SELECT repeat(word, 100000000) FROM t",
    "long lists": "SELECT range(0, 1000000000) FROM t",
}


@pytest.mark.parametrize("query", DEAR.values(), ids=DEAR)
def test_a_dear_query_ends_in_words_and_within_its_memory(tmp_path: Path, query: str) -> None:
    path = tmp_path / "t.csv"
    path.write_text("n,word\n" + "".join(f"{n},word {n * 7919 % 100003}\n" for n in range(100_000)))
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, str(path), query], capture_output=True, text=True, check=True
    )
    code, held = json.loads(done.stdout)
    assert code == "full", done.stderr
    assert held < LIMIT + (256 << 20), "what is not its own, such as its libraries, comes on top"
