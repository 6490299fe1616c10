"""What every use case is handed: who acts, in which transaction, at what time, in which language."""

import uuid
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy.orm import Session

from nachbarschaft.sealing import Sealer


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acts, as the database knows them today; tokens say only who it is.

    What a coordinator or admin may do is open only to a session that is `second_factored`.
    """

    person_id: uuid.UUID
    session_id: uuid.UUID | None = None
    quarter_id: uuid.UUID | None = None
    language: str = "de"
    signed_in_at: datetime | None = None
    is_admin: bool = False
    second_factored: bool = False
    coordinates: frozenset[uuid.UUID] = field(default_factory=frozenset)


@dataclass(frozen=True, slots=True)
class Context:
    """One use case's surroundings. `actor` is None for jobs and for whoever has not signed in."""

    session: Session
    now: datetime
    actor: Actor | None = None
    language: str = "de"
    sealer: Sealer | None = None

    @property
    def me(self) -> Actor:
        """The actor of a use case that only signed-in people reach."""
        if self.actor is None:
            raise LookupError("this use case needs an actor")
        return self.actor
