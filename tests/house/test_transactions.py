"""The transaction is the edge's: whoever does the work neither begins, commits nor takes back."""

import ast
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
INSIDE = ("models", "nachbarschaft", "api", "jobs")
ENDS = {"commit", "rollback"}
BEGINS = {"reading", "writing"}
MAY_BEGIN = ("api/endpoint.py", "nachbarschaft/bootstrap.py", "nachbarschaft/cli/", "jobs/")
MAY_END = {
    # Migrations move the schema itself, not anybody's data.
    ("nachbarschaft/schema.py", "commit"),
}


def calls(*folders: str) -> Iterator[tuple[str, ast.Call, ast.Attribute]]:
    for folder in folders:
        for path in sorted((ROOT / folder).rglob("*.py")):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
                    yield path.relative_to(ROOT).as_posix(), node, node.func


def receiver(call: ast.Attribute) -> str:
    return ast.unparse(call.value)


def test_nobody_commits_or_rolls_back_by_hand() -> None:
    found = {(path, call.attr) for path, _, call in calls(*INSIDE) if call.attr in ENDS}

    assert found <= MAY_END, found - MAY_END


def test_only_the_edges_begin_a_transaction() -> None:
    """A handler that must not hold one (password hashes) is handed an `Edge`, which is the endpoint's own."""
    found = {
        (path, receiver(call))
        for path, _, call in calls(*INSIDE)
        if call.attr in BEGINS and not path.startswith(MAY_BEGIN)
    }
    handlers = {(path, where) for path, where in found if path.startswith("api/routes/") and where == "edge"}

    assert found == handlers, found - handlers


def test_nobody_opens_a_session_beside_the_database() -> None:
    opened = {
        path.relative_to(ROOT).as_posix()
        for folder in INSIDE
        for path in (ROOT / folder).rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and ast.unparse(node.func) in {"Session", "sessionmaker", "scoped_session"}
    }
    assert opened == {"nachbarschaft/database.py"}
