"""`nachbarschaft people`: whom the operator lets in and appoints."""

import re

import click

from nachbarschaft.cli.failing import explained, wire_up
from nachbarschaft.services.people import Appointment, appoint

_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")


@click.group()
def people() -> None:
    """The people whom the operator creates or appoints."""


@people.command()
@click.option("--email", required=True)
@click.option("--name", required=True)
@click.option("--quarter", help="The slug of the quarter they live in.")
@click.option("--coordinator", multiple=True, help="A quarter that they coordinate; may be given several times.")
@click.option("--admin", is_flag=True, help="They may appoint coordinators and import quarters.")
@explained
def add(email: str, name: str, quarter: str | None, coordinator: tuple[str, ...], *, admin: bool) -> None:
    """Create or promote a person. The last line is the one-time code with which they set a password."""
    if not _EMAIL.fullmatch(email):
        raise click.BadParameter(f"“{email}” is not an e-mail address.", param_hint="--email")
    if not name.strip():
        raise click.BadParameter("a name is needed.", param_hint="--name")
    with wire_up().writing() as context:
        wanted = Appointment(email, name.strip(), quarter, coordinator, admin)
        _person, code = appoint(context, wanted)
    click.echo("They set a password with this code, once, within 14 days:")
    click.echo(code)
