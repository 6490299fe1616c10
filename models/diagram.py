"""Draws the state machines into a page, between marks that name them: ``python -m models.diagram README.md``."""

import re
import sys
from pathlib import Path

from models.lifecycle import MACHINES, Machine


def with_diagrams(page: str) -> str:
    """The page with each machine drawn between its marks, ``<!-- request states -->`` and ``<!-- /request states -->``.

    Raises LookupError for a machine whose marks are not there exactly once.
    """
    for machine in MACHINES:
        page = _drawn(page, machine)
    return page


def _drawn(page: str, machine: Machine) -> str:
    start, end = f"<!-- {machine.name} states -->", f"<!-- /{machine.name} states -->"
    block = f"{start}\n```mermaid\n{machine.to_mermaid()}\n```\n{end}"
    page, found = re.subn(rf"{re.escape(start)}.*?{re.escape(end)}", lambda _: block, page, flags=re.DOTALL)
    if found != 1:
        raise LookupError(f"{start} … {end} stands {found} times in the page, not once")
    return page


if __name__ == "__main__":
    path = Path(sys.argv[1])
    path.write_text(with_diagrams(path.read_text(encoding="utf-8")), encoding="utf-8")
