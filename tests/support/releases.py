"""The code as it was before the newest migration came: what still serves while the next release starts."""

import io
import shutil
import subprocess
import sys
import tarfile
from dataclasses import dataclass
from pathlib import Path

import pytest
from alembic.config import Config
from alembic.script import ScriptDirectory

from tests.support.processes import ROOT, environment


@dataclass(frozen=True, slots=True)
class Release:
    """A tree of code in `folder`, and the newest `revision` that it knows."""

    folder: Path
    revision: str


def release_before(folder: Path) -> Release:
    """Unpacks the parent of the commit that added the newest migration. Skips where there is no history to look in."""
    if shutil.which("git") is None or not (ROOT / ".git").exists():
        pytest.skip("no git history here: this is not a clone")
    if _git("rev-parse", "--is-shallow-repository") == "true":
        pytest.fail("this clone is shallow, and the release before lies further back: run `git fetch --unshallow`")
    newest, before = _newest_migrations()
    added = _git("log", "--diff-filter=A", "--format=%H", "--", str(newest))
    if not added:
        pytest.fail(f"{newest} is not committed yet, so there is no commit before it")
    packed = subprocess.run(
        ["git", "-C", ROOT, "archive", f"{added.splitlines()[-1]}^"], check=True, capture_output=True
    ).stdout
    with tarfile.open(fileobj=io.BytesIO(packed)) as archive:
        archive.extractall(folder, filter="data")
    _require_that_it_runs(folder)
    return Release(folder, before)


def _newest_migrations() -> tuple[Path, str]:
    """The newest one's file, and the revision before it."""
    config = Config()
    config.set_main_option("script_location", "models:migrations")
    config.set_main_option("path_separator", "os")
    scripts = ScriptDirectory.from_config(config)
    newest = scripts.get_revision("head")
    assert newest is not None
    assert isinstance(newest.down_revision, str)
    return Path(newest.path).relative_to(ROOT), newest.down_revision


def _require_that_it_runs(folder: Path) -> None:
    """What is started in that folder, as the tests start processes, is its own code and not ours."""
    command = [sys.executable, "-c", "import api, jobs, models, nachbarschaft; print(models.__file__, api.__file__)"]
    said = subprocess.run(command, cwd=folder, env=environment(), check=True, capture_output=True, text=True).stdout
    assert [Path(path).is_relative_to(folder) for path in said.split()] == [True, True], said


def _git(*words: str) -> str:
    return subprocess.run(["git", "-C", ROOT, *words], check=True, capture_output=True, text=True).stdout.strip()
