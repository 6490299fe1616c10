"""`nachbarschaft db`: migrations."""

import sys

import click
from alembic.util import CommandError

from nachbarschaft import schema
from nachbarschaft.bootstrap import Wiring
from nachbarschaft.cli.failing import OperatorError, explained, wire_up
from nachbarschaft.services.indexing import index_unknown

BATCH = 500


@click.group()
def db() -> None:
    """Move the database's schema."""


@db.command()
@explained
def upgrade() -> None:
    """Migrate to the newest schema, and fill in what is new in it."""
    wiring = wire_up()
    schema.upgrade(wiring.database.engine)
    _fill_in(wiring)
    click.echo(f"The database is at revision {schema.newest_revision()}.")


def _fill_in(wiring: Wiring) -> None:
    """A few hundred offers at a time, so that nobody waits for long; whatever ends it, the next upgrade goes on."""
    after = None
    while True:
        with wiring.writing() as context:
            after = index_unknown(context, after, BATCH)
        if after is None:
            return


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
