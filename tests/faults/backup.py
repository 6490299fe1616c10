"""A backup of a database and its return, as an operator does it on each system."""

import contextlib
import sqlite3
import subprocess
from pathlib import Path

from sqlalchemy.engine import make_url

from tests.support.postgres_binaries import find_binaries


class Backup:
    """Taken when it is made. To put it back, nobody may be connected."""

    def __init__(self, url: str, folder: Path) -> None:
        self._url = make_url(url)
        self._file = folder / "backup"
        if self._url.get_backend_name() == "sqlite":
            _copy(Path(self._url.database or ""), self._file)
        else:
            _run("pg_dump", "--format=custom", f"--file={self._file}", f"--dbname={self._libpq}")

    def put_back(self) -> None:
        """Everything is again as it was."""
        if self._url.get_backend_name() == "sqlite":
            database = Path(self._url.database or "")
            for rest in ("-wal", "-shm"):
                Path(f"{database}{rest}").unlink(missing_ok=True)
            _copy(self._file, database)
        else:
            _run("pg_restore", "--clean", "--if-exists", "--exit-on-error", f"--dbname={self._libpq}", str(self._file))

    @property
    def _libpq(self) -> str:
        return self._url.set(drivername="postgresql").render_as_string(hide_password=False)


def _copy(source: Path, target: Path) -> None:
    target.unlink(missing_ok=True)
    with contextlib.closing(sqlite3.connect(source)) as one, contextlib.closing(sqlite3.connect(target)) as other:
        one.backup(other)


def _run(program: str, *words: str) -> None:
    done = subprocess.run([find_binaries() / program, *words], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
