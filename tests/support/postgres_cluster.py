"""Starts a private PostgreSQL: a throw-away folder, a unix socket, no durability, an unprivileged user."""

import os
import pwd
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Self
from urllib.parse import quote

import psycopg

from tests.support import postgres_keeper
from tests.support.postgres_binaries import copy_installation, is_readable_by_all

# The kernel's limit for a socket's path is 107 bytes (103 on macOS), and the server adds its file's name.
LONGEST_FOLDER = 103 - len("/.s.PGSQL.5432")
SECONDS_TO_START = 60
SETTINGS = {
    "fsync": "off",
    "full_page_writes": "off",
    "synchronous_commit": "off",
    "listen_addresses": "",
    "max_connections": "300",
    "port": "5432",
}


class PostgresDidNotStart(Exception):
    """The server programs are there and failed; the text ends with what they said."""


@dataclass(frozen=True, slots=True)
class Owner:
    """Whom the server runs as: PostgreSQL refuses to run as root, so root takes somebody else."""

    uid: int
    gid: int

    @classmethod
    def suitable(cls) -> Self:
        if os.geteuid() != 0:
            return cls(os.geteuid(), os.getegid())
        names = {entry.pw_name: entry for entry in pwd.getpwall()}
        entry = names.get("postgres") or names["nobody"]
        return cls(entry.pw_uid, entry.pw_gid)

    @property
    def is_somebody_else(self) -> bool:
        return self.uid != os.geteuid()


@dataclass(frozen=True, slots=True)
class Prepared:
    """A folder with an empty cluster in its `data`, programs that `owner` may run, and nothing that runs yet."""

    folder: Path
    binaries: Path
    owner: Owner

    @classmethod
    def make(cls, binaries: Path) -> Self:
        """Raises PostgresDidNotStart with what initdb said; then nothing is left."""
        owner = Owner.suitable()
        folder = _private_folder(owner)
        try:
            readable = _readable_binaries(binaries, folder, owner)
            _initialise(readable, folder, owner)
        except BaseException:
            shutil.rmtree(folder, ignore_errors=True)
            raise
        return cls(folder, readable, owner)


@dataclass(frozen=True, slots=True)
class Cluster:
    """A running server and the keeper that ends it, at the latest when this process is gone."""

    folder: Path
    keeper: subprocess.Popen[str]

    @classmethod
    def start(cls, binaries: Path) -> Self:
        """Raises PostgresDidNotStart with the end of the server's log."""
        made = Prepared.make(binaries)
        cluster = cls(made.folder, _start_keeper(made.binaries, made.folder, made.owner))
        cluster._await_readiness()
        return cluster

    @property
    def admin_url(self) -> str:
        return f"postgresql://postgres@/postgres?host={quote(str(self.folder), safe='')}&port=5432"

    def stop(self) -> None:
        """Ends the server at once, without a checkpoint, and removes the folder; safe to repeat."""
        if self.keeper.poll() is None:
            self.keeper.communicate("end")

    def _await_readiness(self) -> None:
        give_up = time.monotonic() + SECONDS_TO_START
        while not self._answers():
            if self.keeper.poll() is not None:
                raise PostgresDidNotStart(f"PostgreSQL ended at once: {self.keeper.communicate()[0]}")
            if time.monotonic() > give_up:
                self.stop()
                raise PostgresDidNotStart(f"PostgreSQL did not answer within {SECONDS_TO_START} seconds.")
            time.sleep(0.02)

    def _answers(self) -> bool:
        try:
            psycopg.connect(self.admin_url).close()
        except psycopg.OperationalError:
            return False
        return True


def _private_folder(owner: Owner) -> Path:
    parents = [Path(tempfile.gettempdir()), Path("/tmp"), Path("/var/tmp")]
    parent = next(path for path in parents if _serves(path, owner))
    folder = Path(tempfile.mkdtemp(prefix="nachbarschaft-pg-", dir=parent))
    if owner.is_somebody_else:
        os.chown(folder, owner.uid, owner.gid)
    return folder


def _serves(parent: Path, owner: Owner) -> bool:
    is_short = len(os.fsencode(parent)) + len("/nachbarschaft-pg-12345678") <= LONGEST_FOLDER
    return is_short and (not owner.is_somebody_else or is_readable_by_all(parent))


def _readable_binaries(binaries: Path, folder: Path, owner: Owner) -> Path:
    if not owner.is_somebody_else or is_readable_by_all(binaries):
        return binaries
    copy = copy_installation(binaries, folder / "installation")
    for path in (folder / "installation").rglob("*"):
        os.chown(path, owner.uid, owner.gid, follow_symlinks=False)
    return copy


def _initialise(binaries: Path, folder: Path, owner: Owner) -> None:
    # German words must sort and fold as in production; macOS knows no C.UTF-8.
    locale = "en_US.UTF-8" if sys.platform == "darwin" else "C.UTF-8"
    command: list[str | Path] = [
        binaries / "initdb",
        "-D",
        folder / "data",
        "-U",
        "postgres",
        "-A",
        "trust",
        "-E",
        "UTF8",
    ]
    done = subprocess.run(
        [*command, f"--locale={locale}", "--no-sync"],
        **postgres_keeper.identity(owner.uid, owner.gid),
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        raise PostgresDidNotStart(f"initdb failed: {done.stdout}{done.stderr}")


def _start_keeper(binaries: Path, folder: Path, owner: Owner) -> subprocess.Popen[str]:
    settings = [part for name, value in SETTINGS.items() for part in ("-c", f"{name}={value}")]
    server: list[str | Path] = [binaries / "postgres", "-D", folder / "data", "-k", folder, *settings]
    keeper: list[str | Path] = [
        sys.executable,
        "-I",
        postgres_keeper.__file__,
        str(owner.uid),
        str(owner.gid),
        folder,
    ]
    # A session of its own, so that Ctrl-C reaches the tests first and the keeper through them.
    return subprocess.Popen(
        [*keeper, *server],
        cwd=folder,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
