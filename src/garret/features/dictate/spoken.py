"""What can be said to the dictation room, for lists and help."""

from __future__ import annotations

from garret.protocol.manifest import Sentence

SENTENCES = (
    Sentence("new line", "dictate.listen", "begins a new line"),
    Sentence("new paragraph", "dictate.listen", "begins a new paragraph"),
    Sentence("scratch that", "dictate.listen", "takes back the last phrase"),
    Sentence("undo that", "dictate.listen", "takes back the last change"),
    Sentence("all caps", "dictate.listen", "writes in capitals until end caps, or the end of the dictation"),
    Sentence("end caps", "dictate.listen", "ends all caps"),
    Sentence("cap next", "dictate.listen", "capitalises the next word"),
    Sentence("comma", "dictate.listen", "writes a comma; so do the names of the other marks"),
    Sentence("stop dictation", "dictate.listen", "ends the dictation and keeps its text"),
    Sentence("cancel", "dictate.listen", "ends the dictation and takes its text back"),
)
