"""The README draws the machines as `models.lifecycle` has them."""

from pathlib import Path

import pytest

from models.diagram import with_diagrams
from models.lifecycle import MACHINES, REQUEST, Machine

README = Path(__file__).parents[2] / "README.md"
MARKED = "\n".join(f"<!-- {machine.name} states -->old<!-- /{machine.name} states -->" for machine in MACHINES)


@pytest.mark.parametrize("machine", MACHINES, ids=lambda machine: machine.name)
def test_the_readme_holds_the_diagram_of_each_machine(machine: Machine) -> None:
    drawn = f"```mermaid\n{machine.to_mermaid()}\n```"
    block = f"<!-- {machine.name} states -->\n{drawn}\n<!-- /{machine.name} states -->"
    assert block in README.read_text(encoding="utf-8"), "python -m models.diagram README.md"


def test_drawing_replaces_what_stands_between_the_marks_and_nothing_else() -> None:
    page = with_diagrams(f"before\n{MARKED}\nafter\n")

    assert page.startswith("before\n<!-- request states -->\n```mermaid\nstateDiagram-v2\n    [*] --> open: post\n")
    assert page.endswith("\n```\n<!-- /invitation states -->\nafter\n")
    assert "old" not in page
    assert with_diagrams(page) == page


@pytest.mark.parametrize("page", ["", MARKED.replace("/request", "/requests"), f"{MARKED}\n{MARKED}"])
def test_a_page_without_the_marks_or_with_two_of_them_is_refused(page: str) -> None:
    with pytest.raises(LookupError, match=REQUEST.name):
        with_diagrams(page)
