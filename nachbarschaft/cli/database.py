"""`nachbarschaft db`: migrations."""

import sys

import click
from alembic.util import CommandError

from nachbarschaft import schema
from nachbarschaft.cli.failing import OperatorError, explained, wire_up


@click.group()
def db() -> None:
    """Move the database's schema."""


@db.command()
@explained
def upgrade() -> None:
    """Migrate to the newest schema."""
    schema.upgrade(wire_up().database.engine)
    click.echo(f"The database is at revision {schema.newest_revision()}.")


@db.command()
@click.argument("revision")
@explained
def downgrade(revision: str) -> None:
    """Migrate down to REVISION ("base" for an empty database)."""
    try:
        schema.downgrade(wire_up().database.engine, revision)
    except CommandError as error:
        raise OperatorError(f"That is not possible: {error}") from None
    click.echo(f"The database is at revision {revision}.")


@db.command()
@explained
def check() -> None:
    """Compare the database with the models; exits 1 when they differ."""
    found = schema.differences(wire_up().database.engine)
    for line in found:
        click.echo(line)
    click.echo(f"{len(found)} differences." if found else "The database is what the models say.")
    sys.exit(1 if found else 0)
