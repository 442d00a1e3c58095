"""libsndfile reading strictly forwards.

`soundfile` seeks after each block to where it is already. Of a file that begins with a later frame, or that
is damaged, libsndfile cannot, or goes elsewhere. Neighbours: `decode` and `sections` open with it.
"""

from __future__ import annotations

from typing import Any, cast

import soundfile

from garret.features.dictate.audio.source import Source

OPENING_ERRORS = (soundfile.LibsndfileError, RuntimeError, TypeError)
"""What opening raises for what is no sound that libsndfile knows."""

READING_ERRORS = (soundfile.LibsndfileError, RuntimeError)


class _Forwards(soundfile.SoundFile):  # type: ignore[misc]  # the library is not typed
    def seekable(self) -> bool:
        return False


def open_forwards(view: Source) -> Any:
    """A sound file that is read block by block; a context manager. Raises OPENING_ERRORS."""
    return _Forwards(cast(Any, view))  # it calls read, seek and tell
