"""What must hold before a process listens."""

from sqlalchemy import inspect, select

from models import Person
from nachbarschaft.bootstrap import Wiring
from nachbarschaft.config import BadSetting


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
