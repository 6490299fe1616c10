"""What holds in a quarter: how volunteers are asked there, when its office is closed, whom to call."""

import uuid
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from models import Closure, Quarter, QuarterSettings
from models.settings import FIRST_TASKS_TO_CONFIRM
from nachbarschaft.matching.policy import TUNABLE, Policy, policy_with

Face = dict[str, Any]
CONTACT = ("name", "phone", "email", "hours")


def policy_for(session: Session, quarter_id: uuid.UUID) -> Policy:
    """How volunteers are asked for requests of that quarter, in one statement."""
    own = session.scalar(select(QuarterSettings.dispatch).where(QuarterSettings.quarter_id == quarter_id))
    return policy_with(own or {})


def first_tasks_to_confirm(session: Session, quarter_id: uuid.UUID) -> int:
    """How many first tasks of a new volunteer wait for a word in that quarter (contract, section 4: Verification)."""
    own = session.scalar(select(QuarterSettings.confirm_first_tasks).where(QuarterSettings.quarter_id == quarter_id))
    return FIRST_TASKS_TO_CONFIRM if own is None else own


def settings_face(session: Session, quarter: Quarter) -> Face:
    """The quarter's settings with the defaults filled in, as its coordinators see them."""
    own = session.get(QuarterSettings, quarter.id, populate_existing=True)
    changed = own.dispatch if own else {}
    policy = policy_with(changed)
    return {
        "quarter": quarter.slug,
        "dispatch": {name: getattr(policy, name) for name in TUNABLE},
        "changed": [name for name in TUNABLE if name in changed],
        "confirm_first_tasks": own.confirm_first_tasks if own else FIRST_TASKS_TO_CONFIRM,
        "closures": [closure_face(closure) for closure in closures_of(session, quarter.id)],
        "contact": contact_of(own),
        "updated_at": _changed_at(own),
    }


def closures_of(session: Session, quarter_id: uuid.UUID) -> list[Closure]:
    """All closures of a quarter, the earliest first."""
    query = select(Closure).where(Closure.quarter_id == quarter_id).order_by(Closure.from_day)
    return list(session.scalars(query))


def closure_face(closure: Closure) -> Face:
    return {"from": closure.from_day, "until": closure.until_day, "reason": closure.reason}


def contact_of(settings: QuarterSettings | None) -> Face | None:
    """How to reach the quarter's office; None where nobody has said it."""
    if settings is None:
        return None
    contact = {field: getattr(settings, f"contact_{field}") for field in CONTACT}
    return contact if any(value is not None for value in contact.values()) else None


def _changed_at(settings: QuarterSettings | None) -> datetime | None:
    return settings.updated_at if settings else None
