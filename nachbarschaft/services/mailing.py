"""Mails on their way out: claimed, each person's daily mail as a whole; written in their language; and what follows."""

import hashlib
import uuid
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from sqlalchemy import and_, func, or_, select, update
from sqlalchemy.orm import Session

from models import Mail, Notification, OneTimeCode, Person
from nachbarschaft.context import Context
from nachbarschaft.mail import MailGateway, MailMessage
from nachbarschaft.mails import CodeLetter, Entry, Notices, Written, write
from nachbarschaft.queries.cases import ASKS, Case
from nachbarschaft.queries.inbox import link_to
from nachbarschaft.sealing import CannotOpen, Sealer
from nachbarschaft.sending import Drop, Ending, Hold, Outcome, Reason, SendResult
from nachbarschaft.services.checking_mails import Look, look
from nachbarschaft.services.outgoing import IMPOSSIBLE_LEASE, Claim, Parcel, claim_due
from nachbarschaft.services.unsubscribing import unsubscribe_url
from nachbarschaft.words.texts import INBOX_TEXTS

SENDERS = 4
TOGETHER = timedelta(minutes=15)
"""Digest entries due within this are sent at once: longer than the pause after a failure, which each has its own of."""
_MANY = 1_000
"""More entries than anybody's digest has."""


class MailLine:
    """The way of mails through the house, as the courier knows it. `public_url` is where this house is reached."""

    channel = "mail"
    table = Mail
    senders = SENDERS

    def __init__(self, gateway: MailGateway, public_url: str) -> None:
        self._gateway = gateway
        self._public_url = public_url

    def claim(self, context: Context, limit: int, due_by: datetime | None) -> list[Claim]:
        """Single mails first, then digests, each person's as a whole."""
        singles = claim_due(context.session, Mail, context.now, limit, due_by=due_by, among=Mail.digest.is_(False))
        room = limit - len(singles)
        return singles + (_claim_digests(context, room, due_by or context.now) if room else [])

    def prepare(self, context: Context, claims: Sequence[Claim]) -> list[Parcel[MailMessage]]:
        """Looks at each claimed mail once more; what is left of one person's digest becomes one mail."""
        held = {claim.row_id: claim for claim in claims}
        looked = look(context, held)
        return [*looked.ended, *(self._packed(context, held, together) for together in looked.to_send)]

    def send(self, message: MailMessage) -> SendResult:
        return self._gateway.send(message)

    def has_more_to_it(self, parcel: Parcel[MailMessage], ending: Ending) -> bool:
        """Whether an address is gone, or a code needs to be kept no longer: not by whoever holds the row now."""
        if isinstance(ending, Hold) or ending == Drop(Reason.OVERTAKEN):
            return False
        if isinstance(ending, SendResult) and ending.outcome is Outcome.RETRY:
            return False
        is_gone = isinstance(ending, SendResult) and ending.outcome is Outcome.ADDRESS_GONE
        return is_gone or not isinstance(parcel.step, MailMessage) or parcel.step.kind == "account"

    def after(self, context: Context, parcel: Parcel[MailMessage], ending: Ending) -> Ending:
        """Notes an address that nobody has, or that works again; forgets the code of a mail, and whom it was for."""
        _forget_codes(context.session, parcel.claims)
        _forget_recipients(context.session, parcel.claims)
        if isinstance(parcel.step, MailMessage) and isinstance(ending, SendResult):
            _note_address(context, parcel.step.recipient, ending)
        return ending

    def close(self) -> None:
        self._gateway.close()

    def _packed(
        self, context: Context, held: Mapping[uuid.UUID, Claim], together: Sequence[Look]
    ) -> Parcel[MailMessage]:
        claims = tuple(held[one.case.row_id] for one in together)
        first = together[0]
        if first.code is not None:
            return Parcel(claims, self._code_mail(context.keys, first.case, first.code))
        recipient = first.recipient or first.case.person.email or ""
        cases = [one.case for one in together]
        return Parcel(claims, self._notices_mail(cases, recipient, is_digest=first.is_digest))

    def _notices_mail(self, cases: Sequence[Case], recipient: str, *, is_digest: bool) -> MailMessage:
        cases = sorted(cases, key=lambda case: (case.notice.created_at, case.notice.id))
        person, url = cases[0].person, unsubscribe_url(self._public_url, cases[0].person)
        entries = tuple(_entry(case.notice) for case in cases)
        letter = write(Notices(person.language, entries, url, is_digest=is_digest and len(entries) > 1))
        return _message(cases, letter, recipient, url)

    def _code_mail(self, keys: Sealer, case: Case, code: OneTimeCode) -> MailMessage | Drop:
        try:
            plain = keys.open(code.sealed_code or b"").decode()
        except CannotOpen:  # its key was taken off the ring: whoever asked may ask again
            return Drop(Reason.SETTLED)
        letter = CodeLetter(case.person.language, plain, confirms_address=code.new_email is not None)
        return _message([case], write(letter), code.new_email or case.person.email or "", None)


def _claim_digests(context: Context, limit: int, due_by: datetime) -> list[Claim]:
    """All that is due of up to `limit` people's digests. Each person is held, so that two senders share none."""
    session, now = context.session, context.now
    is_free = or_(Mail.lease_until.is_(None), Mail.lease_until <= now, Mail.lease_until > now + IMPOSSIBLE_LEASE)
    waiting = (
        select(Notification.person_id)
        .join(Mail, Mail.notification_id == Notification.id)
        .where(Mail.digest, Mail.is_owed(), Mail.due_at <= due_by, is_free)
        .group_by(Notification.person_id)
        .order_by(func.min(Mail.due_at), Notification.person_id)
        .limit(limit)
    )
    people = session.scalars(
        select(Person.id).where(Person.id.in_(waiting)).with_for_update(key_share=True, skip_locked=True)
    ).all()
    if not people:
        return []
    theirs = and_(
        Mail.digest, Mail.notification_id.in_(select(Notification.id).where(Notification.person_id.in_(people)))
    )
    return claim_due(session, Mail, now, _MANY, due_by=due_by + TOGETHER, among=theirs)


def _entry(notice: Notification) -> Entry:
    text = INBOX_TEXTS[notice.topic]
    return Entry(text.title, text.body, link_to(notice), is_question=notice.topic in ASKS)


def _message(cases: Sequence[Case], letter: Written, recipient: str, url: str | None) -> MailMessage:
    return MailMessage(
        message_id=_message_id([case.notice.id for case in cases]),
        kind=cases[0].notice.kind,
        language=letter.language,
        at=cases[0].now,
        subject=letter.subject,
        text=letter.text,
        html=letter.html,
        recipient=recipient,
        unsubscribe_url=url,
    )


def _message_id(notices: Sequence[uuid.UUID]) -> str:
    """The same for the same notices: a mail that is sent twice shows that it is one."""
    if len(notices) == 1:
        return str(notices[0])
    joined = ",".join(sorted(str(notice) for notice in notices))
    return f"digest-{hashlib.sha256(joined.encode()).hexdigest()[:32]}"


def _forget_codes(session: Session, claims: Sequence[Claim]) -> None:
    notices = select(Mail.notification_id).where(Mail.id.in_([claim.row_id for claim in claims]))
    session.execute(
        update(OneTimeCode)
        .where(OneTimeCode.id.in_(notices), OneTimeCode.sealed_code.is_not(None))
        .values(sealed_code=None)
        .execution_options(synchronize_session=False)
    )


def _forget_recipients(session: Session, claims: Sequence[Claim]) -> None:
    session.execute(
        update(Mail)
        .where(Mail.id.in_([claim.row_id for claim in claims]), Mail.recipient.is_not(None))
        .values(recipient=None)
        .execution_options(synchronize_session=False)
    )


def _note_address(context: Context, recipient: str, result: SendResult) -> None:
    """Of whoever still has that address: since when nobody lives there, or that somebody does."""
    whose = Person.email == recipient
    is_gone = result.outcome is Outcome.ADDRESS_GONE
    if is_gone:
        whose = and_(whose, Person.email_refused_at.is_(None))
    elif result.outcome is not Outcome.SENT:
        return
    else:
        whose = and_(whose, Person.email_refused_at.is_not(None))
    context.session.execute(
        update(Person)
        .where(whose)
        .values(email_refused_at=context.now if is_gone else None)
        .execution_options(synchronize_session=False)
    )
