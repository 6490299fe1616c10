"""Checking one-time passwords: each works once, and whoever guesses has to wait."""

import hashlib
import hmac
import uuid
from datetime import timedelta
from typing import Any, cast

import pyotp
from sqlalchemy import CursorResult, select, update

from models import RecoveryCode, SecondFactor
from nachbarschaft.codewords import normalise_code
from nachbarschaft.context import Context
from nachbarschaft.errors import RateLimited

STEP_SECONDS = 30
SLACK_STEPS = 1
"""A phone's clock may be half a minute off (RFC 6238, 5.2)."""
TRIES = 10
"""Wrong ones within TRIES_SPAN before the next has to wait: trying all million numbers would take years."""
TRIES_SPAN = timedelta(minutes=15)


def hold_factor(context: Context, person_id: uuid.UUID) -> SecondFactor | None:
    """Somebody's second factor, fresh and locked: one password tried twice at the same moment works once."""
    query = select(SecondFactor).where(SecondFactor.person_id == person_id).with_for_update()
    return context.session.scalar(query.execution_options(populate_existing=True))


def is_right_otp(context: Context, factor: SecondFactor, otp: str) -> bool:
    """Whether `otp` is what the phone shows now, and was not used before. `factor` is held; a wrong one is counted.

    Raises RateLimited after too many wrong ones.
    """
    _require_patience(context, factor)
    step = _step_of(context, factor, "".join(otp.split()))
    if step is None:
        _count_failure(context, factor)
        return False
    factor.last_step, factor.failures, factor.failing_since = step, 0, None
    return True


def uses_recovery_code(context: Context, factor: SecondFactor, code: str) -> bool:
    """Whether `code` is an unused recovery code; it is used up then."""
    used = context.session.execute(
        update(RecoveryCode)
        .where(
            RecoveryCode.person_id == factor.person_id,
            RecoveryCode.code_hash == hash_of(code),
            RecoveryCode.used_at.is_(None),
        )
        .values(used_at=context.now)
        .execution_options(synchronize_session=False)
    )
    return cast(CursorResult[Any], used).rowcount == 1


def hash_of(code: str) -> str:
    """57 bits of chance need no slow hash."""
    return hashlib.sha256(normalise_code(code).encode()).hexdigest()


def _step_of(context: Context, factor: SecondFactor, otp: str) -> int | None:
    """The time step that `otp` belongs to, if that is now, and later than the one that was used last."""
    totp = pyotp.TOTP(context.keys.open(factor.secret).decode())
    now = int(context.now.timestamp()) // STEP_SECONDS
    for step in range(now - SLACK_STEPS, now + SLACK_STEPS + 1):
        is_new = factor.last_step is None or step > factor.last_step
        if is_new and hmac.compare_digest(totp.at(step * STEP_SECONDS).encode(), otp.encode()):
            return step
    return None


def _require_patience(context: Context, factor: SecondFactor) -> None:
    since = factor.failing_since
    if not context.throttles or since is None or factor.failures < TRIES:
        return
    wait = since + TRIES_SPAN - context.now
    if wait > timedelta(0):
        raise RateLimited(int(wait.total_seconds()) + 1)


def _count_failure(context: Context, factor: SecondFactor) -> None:
    if factor.failing_since is None or context.now - factor.failing_since > TRIES_SPAN:
        factor.failing_since, factor.failures = context.now, 0
    factor.failures += 1
