"""The text part of dictation: words, clean-up, spoken commands and file formats.

Pure functions and small state machines without I/O, clocks or heavy imports; used by the dictation
room's service and worker alike. See `cleanup.py` for the way from heard to written text,
`pauses.py` for where sentences end, `commands.py` and `editor.py` for what can be said to the
editor, `formats.py` for the outputs.
"""
