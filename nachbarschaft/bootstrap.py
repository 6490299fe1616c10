"""The one composition root: from settings to everything that the doors share."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from pathlib import Path

from sqlalchemy.orm import Session

from nachbarschaft.clock import Clock, SystemClock
from nachbarschaft.config import PREFIX, BadSetting, Settings
from nachbarschaft.context import Context
from nachbarschaft.database import Database
from nachbarschaft.mail import MailGateway
from nachbarschaft.mailserver import mail_server
from nachbarschaft.push import PushGateway
from nachbarschaft.recording import RecordingGateway, RecordingMailGateway
from nachbarschaft.sealing import Sealer

RECORDED_PUSHES = "pushes.jsonl"
RECORDED_MAILS = "mails.jsonl"


@dataclass(frozen=True)
class Wiring:
    """What a process works with."""

    settings: Settings
    database: Database
    clock: Clock

    @cached_property
    def sealer(self) -> Sealer:
        """The key ring for what is encrypted at rest."""
        return Sealer(self.settings.data_keys)

    @contextmanager
    def writing(self, now: datetime | None = None) -> Iterator[Context]:
        """A transaction without an actor, for jobs and the operator's commands."""
        with self.database.writing() as session:
            yield self._context(session, now)

    @contextmanager
    def reading(self, now: datetime | None = None) -> Iterator[Context]:
        with self.database.reading() as session:
            yield self._context(session, now)

    def _context(self, session: Session, now: datetime | None) -> Context:
        throttles = self.settings.rate_limits
        return Context(session, now or self.clock.now(), sealer=self.sealer, throttles=throttles)


def build(settings: Settings) -> Wiring:
    """Wires a process up. Raises BadSetting where the database cannot be opened."""
    if settings.is_sqlite:
        _make_folder(settings.state_dir)
    return Wiring(settings, Database(settings.database_url), SystemClock(settings.clock_offset))


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise BadSetting(f"{PREFIX}DATABASE_URL: there can be no folder {folder}: {error.strerror}.") from None


def open_gateway(settings: Settings, pool_size: int) -> PushGateway:
    """The way to the phones: Firebase with credentials, else a file beside the database. Raises BadSetting."""
    if settings.firebase_credentials is None:
        return RecordingGateway(settings.state_dir / RECORDED_PUSHES)
    # Only the worker needs the SDK: it would cost every API process a tenth of a second and 8 MB.
    from nachbarschaft.firebase import FirebaseGateway, FirebaseMisconfigured  # noqa: PLC0415

    try:
        return FirebaseGateway(settings.firebase_credentials, fcm_url=settings.fcm_url, pool_size=pool_size)
    except FirebaseMisconfigured as error:
        raise BadSetting(str(error)) from None


def open_mail_gateway(settings: Settings) -> MailGateway:
    """The way to the mailboxes: the mail server that is set, else a file beside the database."""
    if settings.smtp_url is None or settings.mail_from is None:
        return RecordingMailGateway(settings.state_dir / RECORDED_MAILS)
    from nachbarschaft.smtp.gateway import SmtpGateway  # noqa: PLC0415 - only the worker needs it

    return SmtpGateway(mail_server(settings.smtp_url), settings.mail_from)
