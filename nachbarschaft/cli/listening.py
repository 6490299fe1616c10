"""What must hold before a process listens."""

import socket

from sqlalchemy import inspect, select

from models import Person
from nachbarschaft.bootstrap import Wiring
from nachbarschaft.cli.failing import OperatorError
from nachbarschaft.config import BadSetting, Settings


def refuse_unsafe(wiring: Wiring) -> None:
    """The demo's sign-ins are known to everybody: with them, only loopback. Raises BadSetting."""
    if wiring.settings.listens_on_loopback or not has_demo(wiring):
        return
    raise BadSetting(
        f"the demo's people are in this database, so it is not served on {wiring.settings.host}: "
        "use a fresh database, or HOST=127.0.0.1."
    )


def has_demo(wiring: Wiring) -> bool:
    if not inspect(wiring.database.engine).has_table(Person.__tablename__):
        return False
    with wiring.reading() as context:
        return context.session.scalar(select(Person.id).where(Person.is_demo).limit(1)) is not None


def require_free_port(settings: Settings) -> None:
    """Raises OperatorError where somebody else listens there already, or nobody may."""
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((settings.host, settings.port))
        except OSError:
            where = f"{settings.host}:{settings.port}"
            raise OperatorError(f"{where} is taken or not ours; choose another one with PORT=.") from None
