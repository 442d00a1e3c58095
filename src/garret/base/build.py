"""The build hash: two processes talk only when they were made from the same protocol and contracts.

It covers what the two sides must agree on (the protocol package and every room's contracts), not
the whole program, so that it costs a few milliseconds at start.
"""

from __future__ import annotations

import functools
import hashlib
from pathlib import Path

import garret

_PACKAGE = Path(garret.__file__).parent


@functools.cache
def build_hash() -> str:
    """Return 16 hex digits over the version and the sources both sides must agree on."""
    digest = hashlib.blake2b(garret.__version__.encode(), digest_size=8)
    patterns = ("protocol/*.py", "features/*/contracts.py", "features/*/contracts/*.py")
    sources = [source for pattern in patterns for source in _PACKAGE.glob(pattern)]
    for source in sorted(sources):
        digest.update(source.relative_to(_PACKAGE).as_posix().encode())
        digest.update(source.read_bytes())
    return digest.hexdigest()
