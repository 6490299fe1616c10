"""`nachbarschaft audit`: whether the audit trail is still what was sealed."""

import re
import sys

import click

from nachbarschaft.cli.failing import explained, wire_up
from nachbarschaft.queries.audit import Head, verify_audit

_NOTED = re.compile(r"([1-9][0-9]{0,17}):([0-9a-f]{64})")


@click.group()
def audit() -> None:
    """The audit trail and its seals."""


@audit.command()
@click.option("--noted", metavar="NUMBER:HASH", help="An end of the chain that was noted elsewhere, to find a cut.")
@explained
def verify(noted: str | None) -> None:
    """Follow the chain of seals and compare each with its events; exits 1 and says where it breaks."""
    head = _head(noted) if noted else None
    with wire_up().reading() as context:
        verdict = verify_audit(context, head)
    if verdict.broken is not None:
        click.echo(verdict.broken)
        sys.exit(1)
    end = f"{verdict.head.number}:{verdict.head.hash}" if verdict.head else "none yet"
    click.echo(f"All is as it was sealed: {verdict.seals} seals, {verdict.waiting} events wait for theirs. End: {end}")


def _head(noted: str) -> Head:
    found = _NOTED.fullmatch(noted)
    if found is None:
        raise click.BadParameter(f"“{noted}” is no NUMBER:HASH, as this command prints it.", param_hint="--noted")
    return Head(int(found[1]), found[2])
