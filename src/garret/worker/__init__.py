"""The harness every worker runs in: bootstrap, cage, guardian, heartbeat, cancel and streams.

A worker is a process that computes one capability and is trusted with nothing but its grants.
Neighbours: `garret.protocol` and `garret.transport` below, `garret.control` above, which starts and
ends workers. Nothing here imports the control plane, storage or a room's service.
"""
