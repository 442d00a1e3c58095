"""What is kept: encrypted SQLite files, the ledger, signed objects, blobs, the audit chain, backups.

`store.Store` opens all of it. Neighbours: `base` below; `control` and the rooms' services above. Nothing
here knows the protocol, a worker or a room.
"""
