"""The client's side of dictation: where audio comes from, how transcripts look, where they are delivered.

Used by the room's verbs. Knows the contracts and the text formats; no control, storage or service.
"""
