"""Runs migrations on the connection that the operator's command hands over."""

from alembic import context
from sqlalchemy import Connection, text

from models import Base

LOCK_TIMEOUT = "2s"
"""A migration that cannot get its lock gives up instead of stopping everybody behind it."""


def _run(connection: Connection) -> None:
    if connection.dialect.name == "postgresql":
        connection.execute(text(f"SET lock_timeout = '{LOCK_TIMEOUT}'"))
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
        context.run_migrations()


_run(context.config.attributes["connection"])
