"""Closes a listening socket without turning anybody away who is half-way in.

Whoever has shaken hands waits in the kernel's queue, and whoever still waits there when the socket is closed is reset:
they were let in, have sent their request, and never get an answer. So nobody is let in any more first; then those who
are inside are taken out of the queue; and only then is the socket closed.
"""

import ctypes
import socket
import struct
import sys

_SO_ATTACH_FILTER = 26  # asm-generic/socket.h; Python has no name for it
_SYN, _SYN_OR_ACK, _FLAGS_AT = 0x02, 0x12, 13  # RFC 9293, section 3.1
_DROPS_NEWCOMERS = (
    (0x30, 0, 0, _FLAGS_AT),  # load the byte of flags
    (0x54, 0, 0, _SYN_OR_ACK),  # keep these two
    (0x15, 0, 1, _SYN),  # SYN alone?
    (0x06, 0, 0, 0),  # drop it: the caller's system tries again after a second, and is refused by then
    (0x06, 0, 0, 0xFFFFFFFF),  # anything else goes through, so that handshakes under way come to their end
)
"""A classic BPF program, as (code, jump if true, jump if false, value)."""


def let_nobody_in(listener: socket.socket) -> bool:
    """From now on nobody new gets into the queue, in whichever process holds it; False where the system cannot."""
    if not sys.platform.startswith("linux"):
        return False
    attach_filter(listener, _DROPS_NEWCOMERS)
    return True


def attach_filter(which: socket.socket, program: tuple[tuple[int, int, int, int], ...]) -> None:
    """Lets the kernel drop packets for a socket, by a classic BPF program (socket(7), SO_ATTACH_FILTER)."""
    code = b"".join(struct.pack("HBBI", *step) for step in program)
    memory = ctypes.create_string_buffer(code)
    which.setsockopt(socket.SOL_SOCKET, _SO_ATTACH_FILTER, struct.pack("HP", len(program), ctypes.addressof(memory)))
