"""The operator's command `nachbarschaft`; its own commands and the doors' are entry points, see pyproject.toml."""

import sys
from importlib.metadata import EntryPoints, entry_points

import click

from nachbarschaft.cli.failing import OperatorError
from nachbarschaft.cli.parent import end_with_stdin
from nachbarschaft.config import BadSetting


class _Commands(click.Group):
    """Loads a command when it is asked for: a worker does without what only the API imports, and so on."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted(_known().names)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        for found in _known().select(name=cmd_name):
            command: click.Command = found.load()
            return command
        return None


def _known() -> EntryPoints:
    return entry_points(group="nachbarschaft.commands")


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--ends-with-stdin", is_flag=True, hidden=True, help="Stop once standard input is closed.")
def cli(*, ends_with_stdin: bool) -> None:
    """Nachbarschaft: the backend of a neighbourhood-help app."""
    if ends_with_stdin:
        end_with_stdin()


def main() -> None:
    """Runs the command: 2 for a wrong call, 1 for a failure, each with one sentence and never a traceback."""
    try:
        cli(prog_name="nachbarschaft")
    except (BadSetting, OperatorError) as error:
        click.echo(f"nachbarschaft: {error}", err=True)
        sys.exit(1)
