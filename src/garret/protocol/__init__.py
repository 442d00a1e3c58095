"""The protocol, without I/O: frames, envelopes, handshake, streams, contracts, manifests.

Neighbours: `transport` binds it to sockets; `control`, `worker` and the clients speak it.
"""
