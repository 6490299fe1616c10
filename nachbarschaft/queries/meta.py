"""What an app needs before it can say anything: all words with their labels, whom to call, when offices are closed."""

from collections.abc import Sequence
from datetime import date, datetime
from importlib.metadata import version
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, select, true

from models import Closure, Quarter, QuarterSettings
from nachbarschaft.categories import CATEGORIES, FIELDS_OF_ACTION, Category, description, exclusions, in_language, label
from nachbarschaft.context import Context
from nachbarschaft.errors import Invalid
from nachbarschaft.labels import LABELS, LANGUAGE_LABELS, OWN_NAMES, Labels
from nachbarschaft.matching.wallclock import day_of
from nachbarschaft.queries.settings import CONTACT, Face, closure_face, contact_of
from nachbarschaft.words import LANGUAGES, direction, say
from nachbarschaft.words import mark as _

EMERGENCY_NUMBER = "112"
"""In all of the European Union (Directive (EU) 2018/1972, Art. 109)."""


def read_meta(context: Context, slug: str | None) -> Face:
    """The words in the reader's language; contacts and closures of one quarter, or of all. Raises Invalid."""
    quarters = _quarters(context, slug)
    closures = _closures_not_over(context, quarters)
    return {
        "languages": [_language(key, context.language) for key in LANGUAGES],
        "enums": {name: _labelled(labels, context.language) for name, labels in LABELS.items()},
        "categories": [_category(each, context.language) for each in CATEGORIES.values()],
        "fields_of_action": [
            {"key": key, "label": in_language(names, context.language)} for key, names in FIELDS_OF_ACTION.items()
        ],
        "emergency_number": EMERGENCY_NUMBER,
        "contact": _contacts(context, quarters, closures),
        "closures": [{"quarter": quarter.slug} | closure_face(closure) for quarter, closure in closures],
        "minimum_app_versions": dict.fromkeys(LABELS["platform"]),
        "version": version("nachbarschaft"),
    }


def _quarters(context: Context, slug: str | None) -> Sequence[Quarter]:
    query = select(Quarter).order_by(Quarter.slug)
    if slug is not None:
        query = query.where(Quarter.slug == slug)
    found = context.session.scalars(query).all()
    if slug is not None and not found:
        raise Invalid({"quarter": [_("There is no such quarter.")]})
    return found


def _closures_not_over(context: Context, quarters: Sequence[Quarter]) -> list[tuple[Quarter, Closure]]:
    """In order of their first days; whether one is over, the calendar of its own quarter says."""
    today = {quarter.id: _today(quarter, context.now) for quarter in quarters}
    query = (
        select(Quarter, Closure)
        .join(Closure, Closure.quarter_id == Quarter.id)
        .where(_among(quarters), Closure.until_day >= min(today.values(), default=date.max))
        .order_by(Closure.from_day, Closure.until_day, Quarter.slug)
    )
    rows = context.session.execute(query)
    return [(quarter, closure) for quarter, closure in rows if closure.until_day >= today[quarter.id]]


def _among(quarters: Sequence[Quarter]) -> ColumnElement[bool]:
    """One, or all there are: never a list of keys, of which a statement may hold only so many."""
    return Quarter.id == quarters[0].id if len(quarters) == 1 else true()


def _today(quarter: Quarter, now: datetime) -> date:
    return day_of(now, ZoneInfo(quarter.timezone))


def _contacts(context: Context, quarters: Sequence[Quarter], closures: Sequence[tuple[Quarter, Closure]]) -> list[Face]:
    """Of every quarter, also where nobody has said how to reach its office: it may be closed all the same."""
    query = select(QuarterSettings).join(Quarter, Quarter.id == QuarterSettings.quarter_id).where(_among(quarters))
    settings = {row.quarter_id: row for row in context.session.scalars(query)}
    closed = {
        quarter.id: closure.until_day
        for quarter, closure in closures
        if closure.from_day <= _today(quarter, context.now)
    }
    unknown: dict[str, Any] = dict.fromkeys(CONTACT)
    return [
        {"quarter": quarter.slug}
        | (contact_of(settings.get(quarter.id)) or unknown)
        | {"closed_until": closed.get(quarter.id)}
        for quarter in quarters
    ]


def _language(key: str, reader: str) -> Face:
    return {
        "key": key,
        "label": say(reader, LANGUAGE_LABELS[key]),
        "own_name": OWN_NAMES[key],
        "dir": direction(key),
    }


def _labelled(labels: Labels, reader: str) -> list[Face]:
    return [{"key": key, "label": say(reader, msgid)} for key, msgid in labels.items()]


def _category(each: Category, reader: str) -> Face:
    return {
        "key": each.key,
        "label": label(each, reader),
        "description": description(each, reader),
        "requires": each.requires,
        "field_of_action": each.field_of_action,
        "exclusions": list(exclusions(each, reader)),
    }
