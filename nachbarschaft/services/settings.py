"""What coordinators decide for their quarter, and that it goes together."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import pairwise
from typing import Any

from sqlalchemy import delete, select

from models import Closure, Quarter, QuarterSettings
from models.settings import FIRST_TASKS_TO_CONFIRM
from nachbarschaft.context import Context
from nachbarschaft.errors import Invalid
from nachbarschaft.matching.policy import contradictions, policy_with
from nachbarschaft.phones import PhoneRefused, normalise_phone
from nachbarschaft.queries.settings import CONTACT, Face, closures_of, settings_face
from nachbarschaft.services.events import record
from nachbarschaft.services.members import coordinated_quarter
from nachbarschaft.words import mark as _

LONGEST_CLOSURE_DAYS = 366


@dataclass(frozen=True, slots=True)
class ClosedDays:
    """Days on which the office is closed, both included, by the quarter's calendar; the reason is for everybody."""

    from_day: date
    until_day: date
    reason: str | None = None


def hold_settings(context: Context, slug: str) -> Quarter:
    """A quarter that the actor coordinates, locked: whoever changes its settings meanwhile waits.

    Raises NotFound, Forbidden, SecondFactorRequired.
    """
    quarter = coordinated_quarter(context, slug)
    context.session.execute(select(Quarter.id).where(Quarter.id == quarter.id).with_for_update(key_share=True))
    return quarter


def change_settings(context: Context, slug: str, changes: Mapping[str, Any]) -> Face:
    """Changes what `changes` names (dispatch, confirm_first_tasks, closures, contact); the rest stays.

    In `dispatch`, None puts a parameter's default back. Closures replace all earlier ones, a contact the earlier
    one. Raises Invalid for what does not go together, NotFound, Forbidden, SecondFactorRequired.
    """
    quarter = hold_settings(context, slug)
    before = settings_face(context.session, quarter)
    settings = _own_settings(context, quarter)
    _apply(settings, changes)
    if "closures" in changes:
        _replace_closures(context, quarter, changes["closures"])
    context.session.flush()
    fields = _differences(before, settings_face(context.session, quarter))
    if fields:
        settings.updated_at = context.now
        context.session.flush()
        record(context, "settings_changed", quarter_id=quarter.id, fields=fields)
    return settings_face(context.session, quarter)


def _apply(settings: QuarterSettings, changes: Mapping[str, Any]) -> None:
    if "dispatch" in changes:
        settings.dispatch = _tuned(settings.dispatch, changes["dispatch"])
    if "confirm_first_tasks" in changes:
        settings.confirm_first_tasks = changes["confirm_first_tasks"]
    if "contact" in changes:
        _put_contact(settings, changes["contact"] or {})


def _own_settings(context: Context, quarter: Quarter) -> QuarterSettings:
    found = context.session.get(QuarterSettings, quarter.id)
    if found is None:
        found = QuarterSettings(
            quarter_id=quarter.id,
            dispatch={},
            confirm_first_tasks=FIRST_TASKS_TO_CONFIRM,
            updated_at=context.now,
        )
        context.session.add(found)
    return found


def _tuned(present: Mapping[str, Any], wanted: Mapping[str, Any]) -> dict[str, Any]:
    """The quarter's own parameters after the change. Raises Invalid where two contradict each other."""
    tuned = {name: value for name, value in {**present, **wanted}.items() if value is not None}
    found = contradictions(policy_with(tuned))
    if found:
        raise Invalid({f"dispatch.{name}": [why] for name, why in found.items()})
    return tuned


def _replace_closures(context: Context, quarter: Quarter, wanted: Sequence[ClosedDays]) -> None:
    """Raises Invalid for a closure that ends before it begins, lasts longer than a year or overlaps another."""
    _check_closures(wanted)
    present = {(c.from_day, c.until_day, c.reason) for c in closures_of(context.session, quarter.id)}
    if present == {(days.from_day, days.until_day, days.reason) for days in wanted}:
        return
    context.session.execute(delete(Closure).where(Closure.quarter_id == quarter.id))
    for days in wanted:
        context.session.add(
            Closure(quarter_id=quarter.id, from_day=days.from_day, until_day=days.until_day, reason=days.reason)
        )


def _check_closures(wanted: Sequence[ClosedDays]) -> None:
    errors: dict[str, list[str]] = {}
    for number, days in enumerate(wanted):
        if days.until_day < days.from_day:
            errors[f"closures.{number}.until"] = [_("The last day cannot come before the first one.")]
        elif (days.until_day - days.from_day).days >= LONGEST_CLOSURE_DAYS:
            errors[f"closures.{number}.until"] = [_("A closure can last a year at most.")]
    in_order = sorted(enumerate(wanted), key=lambda entry: (entry[1].from_day, entry[0]))
    for (_number, earlier), (number, later) in pairwise(in_order):
        if later.from_day <= earlier.until_day:
            errors[f"closures.{number}.from"] = [_("These days overlap with another closure.")]
    if errors:
        raise Invalid(errors)


def _put_contact(settings: QuarterSettings, contact: Mapping[str, str | None]) -> None:
    told = {field: contact.get(field) or None for field in CONTACT}
    if told["phone"] is not None:
        told["phone"] = _phone(told["phone"])
    for field, value in told.items():
        setattr(settings, f"contact_{field}", value)


def _phone(text: str) -> str:
    try:
        return normalise_phone(text)
    except PhoneRefused:
        raise Invalid({"contact.phone": [_("This is not a phone number.")]}) from None


def _differences(before: Face, after: Face) -> list[str]:
    """The names of what has changed, never the values: the audit trail outlives an office's contact."""
    dispatch = [
        f"dispatch.{name}"
        for name, value in after["dispatch"].items()
        if value != before["dispatch"][name] or (name in after["changed"]) != (name in before["changed"])
    ]
    others = [name for name in ("confirm_first_tasks", "closures", "contact") if after[name] != before[name]]
    return dispatch + others
