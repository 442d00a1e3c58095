"""Bindings of the protocol to sockets: blocking, asyncio, descriptor passing, bulk data.

Neighbours: `protocol` below (no I/O); the worker harness, the control plane and the clients above.
"""
