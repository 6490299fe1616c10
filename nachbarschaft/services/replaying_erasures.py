"""After a backup was put back: whoever was erased since it was made is erased again, by the ledger."""

import uuid
from collections.abc import Collection, Iterator
from dataclasses import replace

from sqlalchemy import select

from models import Erasure, Person
from nachbarschaft.context import Actor, Context
from nachbarschaft.services.erasing import erase_again


def ledger(context: Context) -> Iterator[Erasure]:
    """Every entry, oldest first."""
    yield from context.session.scalars(select(Erasure).order_by(Erasure.erased_at, Erasure.person_hash))


def came_back(context: Context, entries: Collection[str]) -> list[uuid.UUID]:
    """The people in the database who stand in `entries`, whichever of our keys made them."""
    known = set(entries)
    people = context.session.scalars(select(Person.id).order_by(Person.id))
    return [person for person in people if not known.isdisjoint(context.keys.marks(person.bytes))]


def erase_once_more(context: Context, person_id: uuid.UUID) -> None:
    """Erases one of them, in a transaction of its own. Raises Conflict where they act at the very moment."""
    erase_again(replace(context, actor=Actor(person_id)))
