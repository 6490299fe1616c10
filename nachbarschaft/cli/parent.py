"""The parts of `nachbarschaft up` end when that ends, however it ends: the pipe between them breaks."""

import os
import signal
import sys
import threading


def end_with_stdin() -> None:
    """From now on this process is told to stop (SIGTERM) once nobody holds the other end of its standard input.

    The system closes that end even for a parent that was killed, so nothing is left running; and it does so on
    every POSIX system, which Linux's own signal for the death of a parent does not.
    """
    threading.Thread(target=_stop_at_the_end, args=(sys.stdin.fileno(),), name="parent", daemon=True).start()


def _stop_at_the_end(stdin: int) -> None:
    # Read without Python's buffers: their lock would be taken along when gunicorn forks its workers.
    while os.read(stdin, 64):
        pass
    os.kill(os.getpid(), signal.SIGTERM)
