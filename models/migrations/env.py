"""Runs migrations on the connection that the operator's command hands over."""

from alembic import context
from sqlalchemy import Connection, inspect, text

from models import Base

LOCK_TIMEOUT = "2s"
"""A migration that cannot get its lock gives up instead of stopping everybody behind it."""
NEXT_LOCK_TIMEOUT = "100ms"
"""The same for every lock after the first: well below PostgreSQL's `deadlock_timeout` of one second."""
_FIRST = ("sign_in_session", "person")
"""The tables that requests begin with, in their order: whoever holds these lets in nobody who would hold others."""


def _run(connection: Connection) -> None:
    on_postgresql = connection.dialect.name == "postgresql"
    if on_postgresql:
        # What requests have to do in seconds may take its time here.
        connection.execute(text("SET statement_timeout = 0"))
        connection.execute(text("SET idle_in_transaction_session_timeout = 0"))
    context.configure(
        connection=connection,
        target_metadata=Base.metadata,
        render_as_batch=connection.dialect.name == "sqlite",
        compare_type=True,
        user_module_prefix="models.base.",
    )
    with context.begin_transaction():
        if on_postgresql:
            _take_all_locks(connection)
        context.run_migrations()


def _take_all_locks(connection: Connection) -> None:
    """Before anything is changed, and all or none. A migration that took them one by one, as it comes to each table,
    would wait for a request that waits for it: PostgreSQL ends one of the two, and that may be the request."""
    there = set(inspect(connection).get_table_names())
    first = [table for table in _FIRST if table in there]
    for number, table in enumerate([*first, *sorted(there.difference(first))]):
        connection.execute(text(f"SET lock_timeout = '{NEXT_LOCK_TIMEOUT if number else LOCK_TIMEOUT}'"))
        connection.execute(text(f'LOCK TABLE "{table}" IN ACCESS EXCLUSIVE MODE'))
    connection.execute(text(f"SET lock_timeout = '{LOCK_TIMEOUT}'"))


_run(context.config.attributes["connection"])
