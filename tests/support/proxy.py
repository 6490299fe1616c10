"""A way to a server that can go silent: no packet is answered any more, and nobody is told."""

import contextlib
import socket
import threading
from types import TracebackType
from typing import Self

from api.closing import attach_filter

_EVERYTHING = ((0x06, 0, 0, 0),)
_SO_DETACH_FILTER = 27  # asm-generic/socket.h


class SilentProxy:
    """Hands on what comes to `port`, both ways, until it is `silenced`: as if a cable had been pulled on each side.

    The kernel drops what arrives before it is acknowledged. Linux only.
    """

    def __init__(self, target: int) -> None:
        self._target = target
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._ends: list[socket.socket] = []

    def __enter__(self) -> Self:
        threading.Thread(target=self._let_in, daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._hang_up()

    @property
    def port(self) -> int:
        return int(self._listener.getsockname()[1])

    def fall_silent(self) -> None:
        for end in (self._listener, *self._ends):
            attach_filter(end, _EVERYTHING)

    def speak_again(self) -> None:
        """For whoever comes anew; what was open before stays silent."""
        self._listener.setsockopt(socket.SOL_SOCKET, _SO_DETACH_FILTER, 0)

    def _let_in(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                caller, _ = self._listener.accept()
                server = socket.create_connection(("127.0.0.1", self._target))
                self._ends += [caller, server]
                for one, other in ((caller, server), (server, caller)):
                    threading.Thread(target=_hand_on, args=(one, other), daemon=True).start()

    def _hang_up(self) -> None:
        for end in self._ends:
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()


def _hand_on(one: socket.socket, other: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while piece := one.recv(65536):
            other.sendall(piece)
        other.shutdown(socket.SHUT_WR)
