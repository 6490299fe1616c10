"""How the product is: the database, its schema, the outbox and the jobs."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.exc import SQLAlchemyError

from models import Delivery
from models.lifecycle import DeliveryState
from nachbarschaft import schema
from nachbarschaft.context import Context
from nachbarschaft.queries.job_runs import job_health


@dataclass(frozen=True, slots=True)
class Health:
    """What `/health/ready` says."""

    database: bool
    migrations: bool
    oldest_due_push_seconds: float | None
    jobs: list[dict[str, Any]]

    @property
    def is_ready(self) -> bool:
        """Whether requests can be served. Late pushes and jobs are shown, but are not the API's to be taken out for."""
        return self.database and self.migrations


UNREACHABLE = Health(database=False, migrations=False, oldest_due_push_seconds=None, jobs=[])


def read_health(context: Context) -> Health:
    """The health as this transaction sees it; a database without our tables is not migrated."""
    connection = context.session.connection()
    if not schema.serves(schema.current_revision(connection)):
        return Health(database=True, migrations=False, oldest_due_push_seconds=None, jobs=[])
    try:
        return Health(True, True, oldest_due_push(context), job_health(context))
    except SQLAlchemyError:
        return Health(database=True, migrations=False, oldest_due_push_seconds=None, jobs=[])


def oldest_due_push(context: Context) -> float | None:
    """Seconds since the oldest push that should have gone out fell due; None where nothing is due."""
    states = [DeliveryState.PENDING, DeliveryState.LEASED]
    query = select(func.min(Delivery.due_at)).where(Delivery.state.in_(states), Delivery.due_at <= context.now)
    oldest: datetime | None = context.session.scalar(query)
    return None if oldest is None else (context.now - oldest).total_seconds()
