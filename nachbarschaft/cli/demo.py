"""`nachbarschaft demo`: the demo city."""

import json

import click

from nachbarschaft.cli.failing import explained, wire_up
from nachbarschaft.cli.listening import has_demo
from nachbarschaft.config import BadSetting
from nachbarschaft.demo import load_demo


@click.group()
def demo() -> None:
    """Three pilot quarters of Herne with invented people."""


@demo.command()
@click.option("--json", "as_json", is_flag=True, help="Print the sign-ins as one JSON object.")
@explained
def load(*, as_json: bool) -> None:
    """Load the demo; loading it twice changes nothing."""
    wiring = wire_up()
    if not wiring.settings.listens_on_loopback and not has_demo(wiring):
        raise BadSetting(
            "the demo's sign-ins are known to everybody: they are only loaded where HOST is a loopback address."
        )
    with wiring.writing() as context:
        people = load_demo(context)
    if as_json:
        click.echo(json.dumps({"people": people}, ensure_ascii=False))
        return
    for person in people:
        click.echo(f"{person['email']:<42} {person['password']}  {', '.join(person['roles'])} · {person['quarter']}")
