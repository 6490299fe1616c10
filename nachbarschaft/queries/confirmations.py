"""Whose task waits for a coordinator's word, and whose does not any more."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from models import Assignment, Confirmation, Person
from models.lifecycle import Verification


def is_unconfirmed(person: Person, confirmation: Confirmation | None) -> bool:
    """Whether a word is owed, was not given, and its helper is still new (contract, section 4: Verification).

    Whoever becomes known meanwhile waits no more; a word once given stays with its task.
    """
    return confirmation is not None and confirmation.confirmed_at is None and person.verification == Verification.NEW


def lacks_confirmation(session: Session, task: Assignment) -> bool:
    """The same for one task, as it stands in the database now."""
    query = (
        select(Person, Confirmation)
        .join(Confirmation, Confirmation.assignment_id == task.id)
        .where(Person.id == task.person_id)
        .execution_options(populate_existing=True)
    )
    row = session.execute(query).one_or_none()
    return row is not None and is_unconfirmed(row.Person, row.Confirmation)
