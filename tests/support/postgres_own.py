"""A PostgreSQL of a test's own, reached over TCP, which may be killed and started again."""

import contextlib
import shutil
import subprocess
from datetime import UTC, datetime
from types import TracebackType
from typing import Self

import psycopg

from tests.support import postgres_keeper
from tests.support.databases import fill
from tests.support.family import family_of, kill_all
from tests.support.postgres import PostgresServer
from tests.support.postgres_binaries import find_binaries
from tests.support.postgres_cluster import SECONDS_TO_START, Prepared
from tests.support.processes import free_port, wait_until

_UNTIL_NOBODY_READS = 'exec 3<&0; "$@" & server=$!; (read _ <&3; kill -QUIT $server) & wait $server'
"""Ends the server once standard input is closed: so it does not outlive the tests, however they end. It ends with the
server, and has buried it by then: as long as it were not, the next one would take it for alive."""


class OwnPostgres:
    """A context manager. What was committed survives `kill`, unlike on the server that all tests share."""

    def __init__(self) -> None:
        self._made = Prepared.make(find_binaries())
        self._port = free_port()
        self._shell: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.kill()
        shutil.rmtree(self._made.folder, ignore_errors=True)

    @property
    def port(self) -> int:
        return self._port

    @property
    def owner(self) -> tuple[int, int]:
        """Whom the server runs as: user and group."""
        return self._made.owner.uid, self._made.owner.gid

    def url(self, database: str, *, port: int | None = None) -> str:
        return f"postgresql://postgres@127.0.0.1:{port or self._port}/{database}"

    def town(self, name: str) -> str:
        """The URL of a new database, migrated and with Herne's quarters."""
        PostgresServer.attach(self.url("postgres")).create_database(name)
        fill(self.url(name), datetime.now(UTC))
        return self.url(name)

    def start(self, *, standby: bool = False) -> None:
        """Starts it, also after `kill`, and waits until it answers; as a standby it may only be read."""
        signal_file = self._made.folder / "data" / "standby.signal"
        signal_file.unlink(missing_ok=True)
        if standby:
            signal_file.touch()
        wait_until(self._has_started, within=SECONDS_TO_START)

    def _has_started(self) -> bool:
        """Also begins: at once after a kill it may refuse, until the last of its old processes is gone."""
        if self._shell is None or self._shell.poll() is not None:
            self._begin()
        return self._answers()

    def _begin(self) -> None:
        folder, owner = self._made.folder, self._made.owner
        settings = {"listen_addresses": "127.0.0.1", "port": str(self._port), "fsync": "off"}
        options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        server = [str(self._made.binaries / "postgres"), "-D", str(folder / "data"), "-k", str(folder), *options]
        with (folder / "log").open("ab") as log:
            self._shell = subprocess.Popen(
                ["/bin/sh", "-c", _UNTIL_NOBODY_READS, "sh", *server],
                cwd=folder,
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=log,
                start_new_session=True,
                **postgres_keeper.identity(owner.uid, owner.gid),
            )

    def kill(self) -> None:
        """kill -9, the server and all that it has started."""
        if self._shell is not None:
            servers = [one for one in family_of(self._shell.pid) if "postgres" in one.command]
            kill_all(servers)
            self._shell.communicate()
            self._shell = None

    def _answers(self) -> bool:
        with contextlib.suppress(psycopg.OperationalError):
            psycopg.connect(self.url("postgres")).close()
            return True
        return False
