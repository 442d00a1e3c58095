"""How many bytes a TCP connection carried, exactly: read from the kernel's own count (struct tcp_info).

Sent is what the program wrote: everything sent once, plus what still waits to be sent, which the kernel
sends after a close as well. Received is what came in order, less the end of the stream, which the kernel
counts as a byte. The offsets are those of linux/tcp.h, which only grows at its end. Pure.
"""

from __future__ import annotations

import struct
from typing import Final

SIZE: Final = 256
_STATE: Final = 0
_RECEIVED: Final = 128
_UNSENT: Final = 144
_SENT: Final = 200  # Linux 4.19; then what was sent again
_AFTER_THEIR_END: Final = frozenset({6, 7, 8, 9, 11})  # TIME_WAIT, CLOSE, CLOSE_WAIT, LAST_ACK, CLOSING


def count(info: bytes, *, broken: bool = False, purged: bool = False) -> tuple[int, int]:
    """Bytes sent and received. `broken`: it ended by a reset. `purged`: what waits will be thrown away."""
    if len(info) < _SENT + 16:
        return 0, 0
    state = info[_STATE]
    (received,) = struct.unpack_from("=Q", info, _RECEIVED)
    (unsent,) = struct.unpack_from("=I", info, _UNSENT)
    sent, again = struct.unpack_from("=QQ", info, _SENT)
    if received and state in _AFTER_THEIR_END and not broken:
        received -= 1
    return sent - again + (0 if purged else unsent), received
