"""`nachbarschaft erasures`: the ledger of who was erased, for the time after a backup is put back."""

import re
from typing import TextIO

import click

from nachbarschaft.cli.failing import explained, wire_up
from nachbarschaft.services.replaying_erasures import came_back, erase_once_more, ledger

_ENTRY = re.compile(r"\b[0-9a-f]{64}\b")


@click.group()
def erasures() -> None:
    """Who was erased, so that no backup brings them back."""


@erasures.command()
@explained
def export() -> None:
    """Print the ledger, one entry a line; it names nobody."""
    with wire_up().reading() as context:
        for entry in ledger(context):
            click.echo(f"{entry.person_hash} {entry.erased_at:%Y-%m-%dT%H:%M:%SZ}")


@erasures.command()
@click.argument("file", type=click.File("r"))
@explained
def replay(file: TextIO) -> None:
    """Erase again whoever stands in FILE: what `export` printed, or a log; "-" reads standard input."""
    entries = {entry for line in file for entry in _ENTRY.findall(line)}
    wiring = wire_up()
    with wiring.reading() as context:
        people = came_back(context, entries)
    for person_id in people:
        with wiring.writing() as context:
            erase_once_more(context, person_id)
    click.echo(f"{len(people)} people erased again, of {len(entries)} entries.")
