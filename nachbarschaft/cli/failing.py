"""What the operator reads when something does not work."""

import os
from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, TypeVar

import click
from sqlalchemy.exc import DatabaseError, ProgrammingError

from nachbarschaft.bootstrap import Wiring, build
from nachbarschaft.config import read_settings
from nachbarschaft.errors import DomainError, Invalid
from nachbarschaft.logs import configure_logs
from nachbarschaft.words import say

P = ParamSpec("P")
R = TypeVar("R")


class OperatorError(Exception):
    """A failure that the operator can do something about; the text is one sentence."""


def wire_up() -> Wiring:
    """The wiring of this command, from its environment; its connections end with it. Raises BadSetting."""
    settings = read_settings(os.environ)
    configure_logs(settings.log_format)
    wiring = build(settings)
    click.get_current_context().call_on_close(wiring.database.close)
    return wiring


def explained(command: Callable[P, R]) -> Callable[P, R]:
    """Turns what can go wrong in a command into an OperatorError."""

    @wraps(command)
    def run(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return command(*args, **kwargs)
        except Invalid as error:
            raise OperatorError(_fields(error)) from None
        except DomainError as error:
            raise OperatorError(say("en", error.detail_text, **error.params)) from None
        except DatabaseError as error:
            raise OperatorError(_database_trouble(error)) from None

    return run


def _fields(error: Invalid) -> str:
    return "; ".join(
        f"{field}: {say('en', message, **error.params)}"
        for field, messages in error.errors.items()
        for message in messages
    )


def _database_trouble(error: DatabaseError) -> str:
    """SQLite calls a missing table an operational error, PostgreSQL a programming one."""
    said = _first_line(error)
    if isinstance(error, ProgrammingError) or "no such" in said:
        return f"The database does not look as expected; has `nachbarschaft db upgrade` run? ({said})"
    return f"The database does not answer: {said}"


def _first_line(error: DatabaseError) -> str:
    return str(error.orig).strip().splitlines()[0]
