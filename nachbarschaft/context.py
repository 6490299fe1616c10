"""What every use case is handed: who acts, in which transaction, at what time, in which language."""

import uuid
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy.orm import Session

from nachbarschaft.sealing import Sealer


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acts, as the database knows them today; tokens say only who it is.

    `appointed` are the quarters that they coordinate; what that role opens needs a session that is `second_factored`.
    """

    person_id: uuid.UUID
    session_id: uuid.UUID | None = None
    quarter_id: uuid.UUID | None = None
    language: str = "de"
    signed_in_at: datetime | None = None
    is_admin: bool = False
    second_factored: bool = False
    appointed: frozenset[uuid.UUID] = field(default_factory=frozenset)

    @property
    def coordinates(self) -> frozenset[uuid.UUID]:
        """The quarters that they may coordinate in this session: those they are appointed for, with a second factor."""
        return self.appointed if self.second_factored else frozenset()


@dataclass(frozen=True, slots=True)
class Context:
    """One use case's surroundings. `actor` is None for jobs and for whoever has not signed in.

    `throttles` is False where the operator has switched off every limit for a load test.
    """

    session: Session
    now: datetime
    actor: Actor | None = None
    language: str = "de"
    sealer: Sealer | None = None
    throttles: bool = True

    @property
    def me(self) -> Actor:
        """The actor of a use case that only signed-in people reach."""
        if self.actor is None:
            raise LookupError("this use case needs an actor")
        return self.actor

    @property
    def keys(self) -> Sealer:
        """The key ring of a use case that reads or writes what is encrypted at rest."""
        if self.sealer is None:
            raise LookupError("this use case needs the data keys")
        return self.sealer
