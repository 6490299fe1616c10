"""Where the points lie in a running process: listeners of SQLAlchemy and a wrapped HTTP connection, no product code."""

import functools
import http.client
import threading
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import event
from sqlalchemy.engine import Connection, Engine
from sqlalchemy.orm import Session

from tests.faults.statements import Write, writes_of
from tests.faults.striking import Striker

DOMAIN = frozenset({"help_request", "assignment", "invitation", "person", "offer", "device", "contact_view"})
OUTBOX = frozenset({"notification", "delivery"})
DELETED_IN_BATCHES = frozenset({"device", "stored_answer"})
_MARK = "fault_transaction"
_SENDING = "messages:send"


@dataclass
class _Transaction:
    """One transaction that may write, as far as it has come; `hits` are the writes that met any row.

    `unsure` are those of which that is not known yet, with the rows that had been changed before.
    """

    begun: bool = False
    tables: set[str] = field(default_factory=set)
    hits: set[Write] = field(default_factory=set)
    unsure: dict[Write, int] = field(default_factory=dict)

    @property
    def deleted(self) -> set[str]:
        """The tables of which it has deleted rows."""
        return {write.table for write in self.hits if write.verb == "delete"}

    def wrote(self, tables: frozenset[str]) -> bool:
        return bool(self.tables & tables)


class Hooks:
    """Listens everywhere, and passes by the striker at one place."""

    def __init__(self, place: str, striker: Striker) -> None:
        self._place = place
        self._striker = striker
        self._thread = threading.local()
        self._replied = False

    def install(self) -> None:
        event.listen(Engine, "begin", self._begin)
        event.listen(Engine, "before_cursor_execute", self._before)
        event.listen(Engine, "after_cursor_execute", self._after)
        event.listen(Engine, "commit", self._commit)
        event.listen(Session, "after_commit", self._committed)
        self._wrap("endheaders", self._send_headers)
        self._wrap("getresponse", self._get_reply)
        self._wrap("putrequest", self._remember_url)

    def _at(self, place: str, *, holds: bool = True) -> None:
        if place == self._place and holds:
            self._striker.pass_by()

    # --- The database -----------------------------------------------------------------------------------------

    def _begin(self, connection: Connection) -> None:
        reads = connection.get_execution_options().get("readonly")
        connection.info[_MARK] = None if reads else _Transaction()

    def _before(self, connection: Connection, _cursor: Any, statement: str, *_: Any) -> None:
        transaction: _Transaction | None = connection.info.get(_MARK)
        if transaction is None:
            return
        for write in writes_of(statement):
            transaction.unsure[write] = _changes(connection)
            is_first_owed = write.table in OUTBOX and not transaction.wrote(OUTBOX)
            self._at("before-outbox", holds=is_first_owed and transaction.wrote(DOMAIN))
            self._at("before-answer", holds=write == Write("insert", "stored_answer"))
            self._at("before-delete", holds=write == Write("delete", "device"))
            if write.settles and self._replied:
                self._replied = False
                self._at("before-mark")

    def _after(self, connection: Connection, cursor: Any, statement: str, *_: Any) -> None:
        transaction: _Transaction | None = connection.info.get(_MARK)
        if transaction is None:
            return
        is_first, transaction.begun = not transaction.begun, True
        self._at("begun", holds=is_first)
        for write in writes_of(statement):
            met_rows = cursor.rowcount > 0 or _changes(connection) > transaction.unsure[write]
            transaction.tables.add(write.table)
            if met_rows:
                transaction.hits.add(write)
            self._at("after-answer", holds=write == Write("insert", "stored_answer"))

    def _commit(self, connection: Connection) -> None:
        transaction: _Transaction | None = connection.info.get(_MARK)
        self._thread.committed = transaction
        if transaction is not None:
            changes = _changes(connection)
            transaction.hits |= {write for write, before in transaction.unsure.items() if changes > before}
            deleted = transaction.deleted
            self._at("before-commit", holds=transaction.wrote(OUTBOX))
            self._at("deleted", holds="device" in deleted)
            self._at("batch-deleted", holds=bool(deleted & DELETED_IN_BATCHES))

    def _committed(self, _session: Session) -> None:
        """After COMMIT itself. Releasing a savepoint comes here too, but has committed nothing."""
        transaction: _Transaction | None = getattr(self._thread, "committed", None)
        self._thread.committed = None
        if transaction is None:
            return
        deleted = transaction.deleted
        self._at("committed", holds=transaction.wrote(DOMAIN))
        self._at("claimed", holds=any(write.claims for write in transaction.hits))
        self._at("delete-committed", holds="device" in deleted)
        self._at("run-noted", holds=any(write.notes_a_run for write in transaction.hits))
        self._at("batch-committed", holds=bool(deleted & DELETED_IN_BATCHES))

    # --- The way to Google ------------------------------------------------------------------------------------

    @staticmethod
    def _wrap(name: str, around: Any) -> None:
        original = getattr(http.client.HTTPConnection, name)

        @functools.wraps(original)
        def wrapped(self: http.client.HTTPConnection, *args: Any, **kwargs: Any) -> Any:
            return around(self, functools.partial(original, self, *args, **kwargs), *args)

        setattr(http.client.HTTPConnection, name, wrapped)

    @staticmethod
    def _remember_url(connection: Any, original: Any, _method: str, url: str, *_: Any) -> Any:
        connection.fault_sends = _SENDING in url
        return original()

    def _send_headers(self, connection: Any, original: Any, *_: Any) -> Any:
        """urllib3 sends the body only after the headers, in a call of its own."""
        sends = getattr(connection, "fault_sends", False)
        if sends and connection.sock is None:
            connection.connect()
        self._at("connected", holds=sends)
        done = original()
        self._at("headers-sent", holds=sends)
        return done

    def _get_reply(self, connection: Any, original: Any, *_: Any) -> Any:
        sends = getattr(connection, "fault_sends", False)
        self._at("body-sent", holds=sends)
        reply = original()
        self._replied = self._replied or sends
        self._at("replied", holds=sends)
        return reply


def _changes(connection: Connection) -> int:
    """Rows changed on this connection so far. SQLite counts a statement once all that it returns is fetched."""
    return getattr(connection.connection.dbapi_connection, "total_changes", 0)
