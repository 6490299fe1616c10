"""A town that rehearses: real processes whose clocks are moved, and people who know what time it is meant to be."""

from datetime import UTC, datetime

from sqlalchemy import select

from models import JobRun
from tests.support.processes import Process, Processes
from tests.support.town import Town
from tests.time.moments import rfc3339


class Rehearsal:
    """Moves every process to `begins`; from there its clock goes on as every clock does."""

    def __init__(self, begins: datetime) -> None:
        self.begins = begins
        self._offset = (begins - datetime.now(UTC)).total_seconds()

    def start(self, processes: Processes, command: str) -> Process:
        """Starts a process whose clock is moved."""
        return processes.start(command, CLOCK_OFFSET=f"{self._offset:.3f}")

    def has_seen(self, instant: datetime | str) -> bool:
        """Whether that instant lies between the beginning and now, by the moved clock."""
        at = datetime.fromisoformat(instant) if isinstance(instant, str) else instant
        passed = datetime.now(UTC).timestamp() + self._offset - self.begins.timestamp()
        # The offset is given in milliseconds, so the beginning is known no better than that.
        return -0.002 <= (at - self.begins).total_seconds() <= passed + 0.002

    @property
    def says(self) -> str:
        """Between which instants it has been going on, for a failing test to say."""
        return f"since {rfc3339(self.begins)}"


def job_successes(town: Town) -> dict[str, datetime]:
    """When each job last succeeded, by the clock of the scheduler."""
    with town.wiring.reading() as context:
        rows = context.session.execute(select(JobRun.name, JobRun.last_success_at)).all()
    return {name: at for name, at in rows if at is not None}
