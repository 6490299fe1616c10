"""From a machine's refusal code to the error that says so; the codes stand in `models.lifecycle`."""

from models.lifecycle import Machine
from nachbarschaft.errors import AlreadyFilled, Conflict, DomainError, NotOpen

_ERRORS: dict[str, type[DomainError]] = {error.code: error for error in (Conflict, NotOpen, AlreadyFilled)}


def refuse_unless_possible(machine: Machine, action: str, state: str) -> None:
    """Raises the error that the machine's table holds for `action` in `state`, if it holds one."""
    code = machine.refusal(action, state)
    if code is not None:
        raise _ERRORS[code]
