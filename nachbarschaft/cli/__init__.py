"""The operator's command `nachbarschaft`; the doors' own commands join it as entry points."""

import sys
from importlib.metadata import entry_points

import click

from nachbarschaft.cli.check import check
from nachbarschaft.cli.database import db
from nachbarschaft.cli.demo import demo
from nachbarschaft.cli.failing import OperatorError
from nachbarschaft.cli.parent import end_with_stdin
from nachbarschaft.cli.people import people
from nachbarschaft.cli.quarters import quarters
from nachbarschaft.cli.up import up
from nachbarschaft.config import BadSetting


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--ends-with-stdin", is_flag=True, hidden=True, help="Stop once standard input is closed.")
def cli(*, ends_with_stdin: bool) -> None:
    """Nachbarschaft: the backend of a neighbourhood-help app."""
    if ends_with_stdin:
        end_with_stdin()


for _own in (up, check, db, quarters, people, demo):
    cli.add_command(_own)


def main() -> None:
    """Runs the command: 2 for a wrong call, 1 for a failure, each with one sentence and never a traceback."""
    for found in entry_points(group="nachbarschaft.commands"):
        for command in found.load():
            cli.add_command(command)
    try:
        cli(prog_name="nachbarschaft")
    except (BadSetting, OperatorError) as error:
        click.echo(f"nachbarschaft: {error}", err=True)
        sys.exit(1)
