"""Every fault of the list has its named tests, or says why it can have none."""

import ast
from functools import cache
from pathlib import Path

import pytest

from tests.faults.faults import FAULTS, ON_THE_LIST

ROOT = Path(__file__).parents[2]


@cache
def names_of_tests(file: str) -> frozenset[str]:
    """Names of the tests in a file; those that a plain run leaves out or a mark skips do not count."""
    tree = ast.parse((ROOT / file).read_text(encoding="utf-8"))
    functions = (node for node in tree.body if isinstance(node, ast.FunctionDef))
    return frozenset(one.name for one in functions if one.name.startswith("test_") and not _is_left_out(one))


def _is_left_out(function: ast.FunctionDef) -> bool:
    marks = " ".join(ast.unparse(mark) for mark in function.decorator_list)
    return any(word in marks for word in ("mark.slow", "mark.skip(", "mark.xfail"))


def test_no_number_of_the_list_is_missing() -> None:
    assert FAULTS.keys() == ON_THE_LIST


@pytest.mark.parametrize("number", sorted(FAULTS), ids=lambda number: f"F{number}")
def test_each_fault_is_staged_or_says_why_it_is_not(number: int) -> None:
    fault = FAULTS[number]
    assert bool(fault.tests) != bool(fault.not_staged), "either or"
    for name in fault.tests:
        found = [
            test
            for test in names_of_tests(fault.file)
            if test == name or (name.endswith("_") and test.startswith(name))
        ]
        assert found, f"F{number}, {fault.what}: no {name} in {fault.file}"


def test_each_test_with_a_number_is_on_the_list() -> None:
    numbered = {
        int(name.split("_")[1][1:])
        for path in sorted((ROOT / "tests").rglob("test_*.py"))
        for name in names_of_tests(str(path.relative_to(ROOT)))
        if name.split("_")[1][:1] == "f" and name.split("_")[1][1:].isdigit()
    }
    assert numbered <= ON_THE_LIST
    assert numbered >= {number for number, fault in FAULTS.items() if fault.tests[:1] == (f"test_f{number}_",)}
