"""Playing speech: a pure queue of utterances (`queue.py`) and the device that pulls from it (`player.py`)."""
