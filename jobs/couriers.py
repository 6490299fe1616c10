"""One courier for each channel, with the gateways that the settings name."""

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Event

from jobs.courier import Courier
from jobs.line import Line
from nachbarschaft.bootstrap import Wiring, open_gateway, open_mail_gateway
from nachbarschaft.services.mailing import MailLine
from nachbarschaft.services.pushing import PushLine


@contextmanager
def couriers(wiring: Wiring, stop: Event | None = None) -> Iterator[list[Courier]]:
    """The couriers of one process; at the end each waits for its sends and lets go. Raises BadSetting."""
    at_work = [Courier(wiring, line, stop) for line in _lines(wiring)]
    try:
        yield at_work
    finally:
        for courier in at_work:
            courier.close()


def _lines(wiring: Wiring) -> list[Line]:
    settings = wiring.settings
    return [
        PushLine(open_gateway(settings, PushLine.senders)),
        MailLine(open_mail_gateway(settings), settings.public_url),
    ]
