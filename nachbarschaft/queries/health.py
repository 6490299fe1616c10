"""How the product is: the database, its schema, delivery and the jobs."""

from dataclasses import dataclass, field

from sqlalchemy.exc import SQLAlchemyError

from nachbarschaft import schema
from nachbarschaft.context import Context
from nachbarschaft.queries.delivering import ChannelStanding, channel_standings
from nachbarschaft.queries.job_runs import JobStanding, job_standings


@dataclass(frozen=True, slots=True)
class Health:
    """What `/health/ready` says."""

    database: bool
    migrations: bool
    delivery: list[ChannelStanding] = field(default_factory=list)
    jobs: list[JobStanding] = field(default_factory=list)

    @property
    def is_ready(self) -> bool:
        """Whether requests can be served. What is late or fails is shown, but is not the API's to be taken out for."""
        return self.database and self.migrations

    @property
    def oldest_due_push_seconds(self) -> float | None:
        return next((told.oldest_due_seconds for told in self.delivery if told.channel == "push"), None)


UNREACHABLE = Health(database=False, migrations=False)
_NOT_MIGRATED = Health(database=True, migrations=False)


def read_health(context: Context) -> Health:
    """The health as this transaction sees it; a database without our tables is not migrated."""
    if not schema.serves(schema.current_revision(context.session.connection())):
        return _NOT_MIGRATED
    try:
        return Health(True, True, channel_standings(context), job_standings(context))
    except SQLAlchemyError:
        return _NOT_MIGRATED
