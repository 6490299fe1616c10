"""Erasing a person (GDPR Art. 17): what they have in hand is handed over, then nothing says any more who they are."""

import uuid
from collections.abc import Sequence

from sqlalchemy import and_, delete, or_, select

from models import Assignment, Erasure, HelpRequest, Person, StoredAnswer
from models.lifecycle import AssignmentState, RequestState
from nachbarschaft.context import Context
from nachbarschaft.errors import Conflict
from nachbarschaft.services.anonymising import forget_requester, forget_traces, nobody_in
from nachbarschaft.services.closing import cancel
from nachbarschaft.services.events import record
from nachbarschaft.services.giving_back import withdraw
from nachbarschaft.services.locking import hold_offers, hold_person, hold_request

_RUNNING = (RequestState.OPEN, RequestState.FILLED)


def erase_me(context: Context, password_hash: str | None) -> str:
    """Erases the actor, whose password was `password_hash` a moment ago; returns their entry in the ledger.

    Raises Conflict where the password has changed since, or they said yes to something at the very moment.
    """
    _hand_over(context)
    person = _hold(context)
    if person.password_hash != password_hash:
        raise Conflict
    return _erase(context, person)


def erase_again(context: Context) -> None:
    """Erases the actor, who stands in the ledger and came back with a backup. Raises Conflict as `erase_me` does."""
    _hand_over(context)
    _erase(context, _hold(context))


def _erase(context: Context, person: Person) -> str:
    me = person.id
    if _requests_in_hand(context, me) or _tasks_in_hand(context, me):
        raise Conflict
    nobody = nobody_in(context, person.quarter_id)
    asked = context.session.scalars(select(HelpRequest.id).where(HelpRequest.requester_id == me)).all()
    helped = context.session.scalars(select(Assignment.request_id).where(Assignment.person_id == me)).all()
    _forget_answers(context, {str(request) for request in (*asked, *helped)})
    forget_requester(context, asked, nobody)
    forget_traces(context, me, nobody)
    person_hash = context.keys.mark(me.bytes)
    if context.session.get(Erasure, person_hash) is None:
        context.session.add(Erasure(person_hash=person_hash, erased_at=context.now))
    record(context, "person_erased", quarter_id=person.quarter_id, person_id=me)
    context.session.flush()
    # All that is theirs alone goes with them, by the database's own rules.
    context.session.execute(delete(Person).where(Person.id == me).execution_options(synchronize_session=False))
    context.session.expunge_all()
    return person_hash


def _hand_over(context: Context) -> None:
    """Calls their requests off and gives their tasks back; whoever is concerned is told, and others are asked."""
    me = context.me.person_id
    asked, helped = _requests_in_hand(context, me), _tasks_in_hand(context, me)
    for request_id in sorted({*asked, *helped}):
        hold_request(context, request_id)
    for request_id in _requests_in_hand(context, me):
        if request_id in asked:
            cancel(context, request_id)
    for request_id in _tasks_in_hand(context, me):
        if request_id in helped:
            withdraw(context, request_id)


def _requests_in_hand(context: Context, person_id: uuid.UUID) -> Sequence[uuid.UUID]:
    query = select(HelpRequest.id).where(HelpRequest.requester_id == person_id, HelpRequest.state.in_(_RUNNING))
    return context.session.scalars(query.order_by(HelpRequest.id)).all()


def _tasks_in_hand(context: Context, person_id: uuid.UUID) -> Sequence[uuid.UUID]:
    running = and_(Assignment.person_id == person_id, Assignment.state == AssignmentState.ACTIVE)
    return context.session.scalars(select(Assignment.request_id).where(running).order_by(Assignment.request_id)).all()


def _hold(context: Context) -> Person:
    """The person, against everything that would still point to them: whoever writes about them has ended by now.

    Whoever asks them holds their offers and only then points to them, so these are waited for first.
    """
    hold_offers(context, [hold_person(context, context.me.person_id).id])
    query = select(Person).where(Person.id == context.me.person_id)
    return context.session.scalars(query.with_for_update().execution_options(populate_existing=True)).one()


def _forget_answers(context: Context, requests: set[str]) -> None:
    """Answers kept for others' repeated tries may name the person: those about requests that they had to do with."""
    keys = (StoredAnswer.person_id, StoredAnswer.route, StoredAnswer.key)
    about = [
        and_(*(column == value for column, value in zip(keys, row, strict=True)))
        for row in context.session.execute(select(*keys))
        if any(part in requests for part in row.route.split("/"))
    ]
    if about:
        context.session.execute(delete(StoredAnswer).where(or_(*about)).execution_options(synchronize_session=False))
