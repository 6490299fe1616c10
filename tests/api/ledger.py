"""What a step left behind in the database: states, events, notices, and whether the counters still add up."""

from collections import Counter
from uuid import UUID

from sqlalchemy import select

from models import Assignment, Event, HelpRequest, Invitation, Notification, Person
from models.base import Base
from models.lifecycle import START
from tests.api.states import Scene

KEPT_BY_JOBS = frozenset({"job_run"})
Rows = dict[str, Counter[str]]


def everything(scene: Scene) -> Rows:
    """Every row of every table, but for what each run of a job notes about itself."""
    tables = [table for table in Base.metadata.sorted_tables if table.name not in KEPT_BY_JOBS]
    with scene.town.wiring.reading() as context:
        return {t.name: Counter(repr(tuple(row)) for row in context.session.execute(select(t))) for t in tables}


class Ledger:
    """The rows of one scene as they stood at one moment."""

    def __init__(self, scene: Scene) -> None:
        self._parts = {neighbour.uuid: part for part, neighbour in scene.people.items()}
        self._people = {part: person_id for person_id, part in self._parts.items()}
        with scene.town.wiring.reading() as context:
            self.events = {event.id: event for event in context.session.scalars(select(Event))}
            self.notices = {notice.id: notice for notice in context.session.scalars(select(Notification))}
            self.request = context.session.scalar(select(HelpRequest))
            self.tasks = {task.id: task for task in context.session.scalars(select(Assignment))}
            self.invitations = list(context.session.scalars(select(Invitation)))
            self.active = {person.id: person.active_tasks for person in context.session.scalars(select(Person))}

    @property
    def version(self) -> int:
        """The request's; 0 before there is one."""
        return self.request.version if self.request else 0

    def task_of(self, part: str) -> UUID | None:
        """The assignment that `part` took on last."""
        own = [task for task in self.tasks.values() if task.person_id == self._people.get(part)]
        return max(own, key=lambda task: (task.accepted_at, task.state == "active")).id if own else None

    def state_of_request(self) -> str:
        return self.request.state if self.request else START

    def state_of_task(self, task: UUID | None) -> str:
        return self.tasks[task].state if task else START

    def state_of_invitation(self, part: str) -> str:
        states = [row.state for row in self.invitations if row.person_id == self._people.get(part)]
        return states[0] if states else START

    def new_events(self, before: "Ledger") -> list[Event]:
        return [event for key, event in self.events.items() if key not in before.events]

    def told_since(self, before: "Ledger") -> list[str]:
        """Who has been told what since: "requester: filled", in the order of the alphabet."""
        fresh = [notice for key, notice in self.notices.items() if key not in before.notices]
        return sorted(f"{self._parts[notice.person_id]}: {notice.topic}" for notice in fresh)

    def part_of(self, person: UUID | None) -> str | None:
        return None if person is None else self._parts[person]

    def add_up(self) -> None:
        """Checks what is counted against what is there."""
        active = Counter(task.person_id for task in self.tasks.values() if task.state == "active")
        assert {person: count for person, count in self.active.items() if count} == active
        if self.request is not None and self.request.state != "cancelled":
            kept = sum(task.state in {"active", "done"} for task in self.tasks.values())
            assert self.request.people_accepted == kept
