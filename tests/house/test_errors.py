"""Every refusal of the domain has one status, a code of its own, and a German sentence that says what to do."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from api.problems import STATUS, status_of
from nachbarschaft import errors
from nachbarschaft.errors import DomainError
from nachbarschaft.words import say

ROOT = Path(__file__).parents[2]
PARAMS = {"limit": 5, "retry_after": 30}


def all_errors(of: type[DomainError] = DomainError) -> Iterator[type[DomainError]]:
    for error in of.__subclasses__():
        if error.__module__ == errors.__name__:
            yield error
            yield from all_errors(error)


ERRORS = sorted(set(all_errors()), key=lambda error: error.__name__)


@pytest.mark.parametrize("error", ERRORS)
def test_an_error_has_exactly_one_status(error: type[DomainError]) -> None:
    families = [family for family in error.__mro__ if family in STATUS]
    assert len(families) == 1, families
    assert 400 <= status_of(error) < 500


@pytest.mark.parametrize("error", ERRORS)
def test_an_error_speaks_german_and_says_what_to_do(error: type[DomainError]) -> None:
    for text in (error.title, error.detail):
        assert say("en", text, **PARAMS).endswith((".", "!"))
        assert say("de", text, **PARAMS) != say("en", text, **PARAMS), text


def test_a_code_belongs_to_one_error_unless_it_is_inherited() -> None:
    own = [error.code for error in ERRORS if "code" in vars(error)]

    assert len(own) == len(set(own)), sorted(own)
    assert all(code.replace("_", "").isalpha() and code.islower() for code in own)


def test_every_family_with_a_status_is_an_error_of_ours() -> None:
    assert set(STATUS) <= set(ERRORS)


def test_nobody_raises_the_base_of_all_errors() -> None:
    raised = {
        (path.relative_to(ROOT).as_posix(), node.lineno)
        for folder in ("api", "jobs", "models", "nachbarschaft")
        for path in (ROOT / folder).rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Raise) and node.exc is not None and _names(node.exc) == "DomainError"
    }
    assert raised == set()


def _names(node: ast.expr) -> str | None:
    called = node.func if isinstance(node, ast.Call) else node
    return called.id if isinstance(called, ast.Name) else None
