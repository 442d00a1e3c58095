"""What ssh runs in place of connecting: hands it the connection that the egress process made.

ssh closes every descriptor but the standard ones when it starts. So the connection waits in the socket that
is standard error of ssh and of what it runs; it is taken from there and sent to ssh over standard output, as
ssh_config(5) has it of ProxyUseFdpass. Run by its path, so that nothing else is imported.
"""

from __future__ import annotations

import os
import socket


def hand_over() -> int:
    """Take the connection, pass it on; the exit code."""
    with socket.socket(fileno=os.dup(2)) as given, socket.socket(fileno=os.dup(1)) as asking:
        _, descriptors, _, _ = socket.recv_fds(given, 1, 1)
        if not descriptors:
            return 1
        socket.send_fds(asking, [b"\0"], descriptors)
    return 0


if __name__ == "__main__":
    raise SystemExit(hand_over())
