"""The main job, done by a TypeScript program that knows no more than what openapi-typescript makes of the document."""

import json
import shutil
import subprocess
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest

from tests.api.document import document
from tests.clients.conftest import Served

SOURCE = Path(__file__).parent / "typescript"
_WITHIN = 240
"""Seconds that any one step may take before it counts as hanging."""
pytestmark = [
    pytest.mark.timeout(600),
    pytest.mark.skipif(
        shutil.which("node") is None or shutil.which("npm") is None, reason="needs node and npm, which are absent here"
    ),
]


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The program beside the types that were generated for it, and everything that the lock file names."""
    folder = tmp_path_factory.mktemp("typescript") / "project"
    shutil.copytree(SOURCE, folder, ignore=shutil.ignore_patterns("node_modules", "out", "api.ts"))
    installed = _run(folder, "npm", "ci", "--prefer-offline")
    assert installed.returncode == 0, installed.stdout + installed.stderr
    _generate(folder, document())
    return folder


@pytest.fixture(scope="module")
def job(project: Path) -> Path:
    """The program, compiled."""
    _require(_tsc(project))
    return project / "out" / "job.js"


def test_the_generated_types_pass_the_strict_compiler(project: Path) -> None:
    _require(_run(project, "tsc", "--strict", "--noEmit", "--noUncheckedIndexedAccess", "api.ts"))
    types = (project / "api.ts").read_text(encoding="utf-8")
    for operation in _operations(document()):
        assert f"    {operation}: {{" in types, operation
    for schema in document()["components"]["schemas"]:
        assert f"        {schema}: " in types or f"        {schema}:\n" in types, schema


def test_the_program_does_the_job(job: Path, served: Served) -> None:
    ran = _run(job.parents[1], "node", str(job), served.url, served.coordinator)
    assert ran.returncode == 0, ran.stdout + ran.stderr


def test_the_program_ends_otherwise_where_something_is_off(job: Path, served: Served) -> None:
    ran = _run(job.parents[1], "node", str(job), served.url, "not-a-token")
    assert ran.returncode == 1
    assert "401" in ran.stderr


def test_the_program_does_not_compile_against_a_document_that_lost_a_field(project: Path, tmp_path: Path) -> None:
    changed = deepcopy(document())
    del changed["components"]["schemas"]["Contact"]["properties"]["address"]
    other = tmp_path / "project"
    shutil.copytree(project, other, ignore=shutil.ignore_patterns("node_modules", "out"))
    (other / "node_modules").symlink_to(project / "node_modules")
    _generate(other, changed)

    refused = _tsc(other, "--noEmit")

    assert refused.returncode != 0
    assert "'address' does not exist" in refused.stdout


def _generate(folder: Path, described: dict[str, Any]) -> None:
    (folder / "openapi.json").write_text(json.dumps(described), encoding="utf-8")
    made = _run(folder, "openapi-typescript", "openapi.json", "--output", "api.ts")
    _require(made)
    assert "warn" not in (made.stdout + made.stderr).lower(), made.stdout + made.stderr


def _tsc(folder: Path, *options: str) -> subprocess.CompletedProcess[str]:
    return _run(folder, "tsc", "--project", ".", *options)


def _require(ran: subprocess.CompletedProcess[str]) -> None:
    assert ran.returncode == 0, ran.stdout + ran.stderr


def _run(folder: Path, program: str, *options: str) -> subprocess.CompletedProcess[str]:
    """Runs what the lock file brought, or else what the machine has."""
    local = folder / "node_modules" / ".bin" / program
    words = (str(local) if local.exists() else program, *options)
    return subprocess.run(words, cwd=folder, capture_output=True, text=True, timeout=_WITHIN, check=False)


def _operations(described: dict[str, Any]) -> list[str]:
    return [told["operationId"] for methods in described["paths"].values() for told in methods.values()]
