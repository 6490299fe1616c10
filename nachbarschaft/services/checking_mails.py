"""Looks once more at mails before they are sent, and puts together what becomes one mail."""

import uuid
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import and_, exists, func, or_, select
from sqlalchemy.orm import Session

from models import Mail, OneTimeCode, Person
from nachbarschaft.context import Context
from nachbarschaft.mail import MailMessage
from nachbarschaft.queries.cases import Case, read_cases
from nachbarschaft.queries.channels import may_be_mailed, wants_mail, wants_push
from nachbarschaft.sending import Drop, Hold, Reason
from nachbarschaft.services.checking import not_any_more, not_yet
from nachbarschaft.services.outgoing import Claim, Parcel
from nachbarschaft.services.owing_mail import ADDRESS_ASKED, CODES

CODES_PER_ADDRESS, CODES_WITHIN = 3, timedelta(hours=1)
"""However many people say that an address is their new one: nobody fills a stranger's mailbox with several accounts."""


@dataclass(frozen=True, slots=True)
class Look:
    """One mail that is still to be sent; `code` is what it carries, `recipient` to whom alone it goes, if it does."""

    case: Case
    is_digest: bool
    code: OneTimeCode | None
    recipient: str | None


@dataclass(frozen=True, slots=True)
class Looked:
    """What became of a batch: what ends without being sent, and what is sent, by mail."""

    ended: list[Parcel[MailMessage]]
    to_send: list[list[Look]]


def look(context: Context, held: Mapping[uuid.UUID, Claim]) -> Looked:
    """What of the claims in hand, by row, is still to be sent; each person's digest together."""
    found = read_cases(context.session, Mail, held, context.now)
    cases = {case.row_id: case for case in found if held[case.row_id].attempt == case.attempt}
    mails = {mail.id: mail for mail in context.session.scalars(select(Mail).where(Mail.id.in_(held)))}
    codes = _codes(context.session, cases.values())
    ended: list[Parcel[MailMessage]] = []
    by_mail: dict[tuple[str, uuid.UUID], list[Look]] = defaultdict(list)
    for row_id, claim in held.items():
        case = cases.get(row_id)
        if case is None:
            ended.append(Parcel((claim,), Drop(Reason.OVERTAKEN)))
            continue
        mail = mails[row_id]
        one = Look(case, mail.digest, codes.get(case.notice.id), mail.recipient)
        stop = _stop(context, one)
        if stop is not None:
            ended.append(Parcel((claim,), stop))
            continue
        key = ("digest", case.person.id) if one.is_digest else ("single", row_id)
        by_mail[key].append(one)
    return Looked(ended, list(by_mail.values()))


def _codes(session: Session, cases: Iterable[Case]) -> dict[uuid.UUID, OneTimeCode]:
    ids = [case.notice.id for case in cases if case.notice.topic in CODES]
    return {code.id: code for code in session.scalars(select(OneTimeCode).where(OneTimeCode.id.in_(ids)))}


def _stop(context: Context, one: Look) -> Drop | Hold | None:
    """Why it is not sent, or not now; None where it is."""
    case = one.case
    if case.notice.topic in CODES:
        return _code_stop(context, case, one.code)
    if case.notice.topic == ADDRESS_ASKED:
        return _account_stop(case) or _address_stop(one)
    stop = not_any_more(case) or _unwanted(case)
    if stop is not None:
        return stop
    wait = not_yet(case)
    is_capped = wait is not None and wait.reason in {Reason.OVER_CAP, Reason.NEXT_IN_LINE}
    # However much a digest holds, it comes once.
    return None if one.is_digest and is_capped else wait


def _unwanted(case: Case) -> Drop | None:
    person, preferences, kind = case.person, case.preferences, case.notice.kind
    if person.email is None or person.email_refused_at is not None:
        return Drop(Reason.NO_ADDRESS)
    # Whether a phone has come since does not matter: what is owed here went to none.
    wanted = wants_mail(preferences, kind) or wants_push(preferences, kind)
    return None if wanted and may_be_mailed(person, preferences, kind) else Drop(Reason.NOT_WANTED)


def _code_stop(context: Context, case: Case, code: OneTimeCode | None) -> Drop | None:
    """A code that was used, replaced or has ended meanwhile is not sent.

    Nor is one for somebody else's address, or where that address has had enough; whoever asked is not told.
    """
    stop = _account_stop(case)
    if stop is not None:
        return stop
    if code is None or code.used_at is not None or code.sealed_code is None:
        return Drop(Reason.SETTLED)
    if code.expires_at <= case.now:
        return Drop(Reason.TOO_LATE)
    if code.new_email is None:
        return None if case.person.email is not None else Drop(Reason.NO_ADDRESS)
    is_taken = context.session.scalar(select(exists().where(Person.email == code.new_email)))
    return Drop(Reason.NOT_WANTED) if is_taken or _had_enough(context, code) else None


def _had_enough(context: Context, code: OneTimeCode) -> bool:
    """Whether a new address was sent so many codes within the hour before, for whomever, that this is one too many."""
    before = select(func.count()).where(
        OneTimeCode.new_email == code.new_email,
        OneTimeCode.created_at > code.created_at - CODES_WITHIN,
        or_(
            OneTimeCode.created_at < code.created_at,
            and_(OneTimeCode.created_at == code.created_at, OneTimeCode.id < code.id),
        ),
    )
    return context.throttles and (context.session.scalar(before) or 0) >= CODES_PER_ADDRESS


def _address_stop(one: Look) -> Drop | None:
    """Whoever was to be told is told, also once the address is no longer theirs; not where nobody lives there."""
    person = one.case.person
    is_gone = one.recipient == person.email and person.email_refused_at is not None
    return Drop(Reason.NO_ADDRESS) if one.recipient is None or is_gone else None


def _account_stop(case: Case) -> Drop | None:
    if case.ends_at <= case.now:
        return Drop(Reason.TOO_LATE)
    return Drop(Reason.SUSPENDED) if case.person.suspended_at is not None else None
