"""Why somebody was asked, in plain sentences: no distance in metres, nothing about other people beyond counts."""

from collections.abc import Iterator

from nachbarschaft.matching.scoring import Terms
from nachbarschaft.words import mark as _
from nachbarschaft.words import say

_CLOSE_KM = 0.6
_RESTED_DAYS = 4.0
_NEVER_ASKED_DAYS = 365.0
"""Nobody's asks are remembered for so long."""


def why(terms: dict[str, object], wave: int | None, language: str) -> list[str]:
    """The sentences for one invitation, in the order in which they matter; empty for whoever was not asked."""
    if wave is None or not terms:
        return []
    stored = Terms.from_json(terms)
    week = _("You were asked {count} of at most {limit} times in the last seven days.")
    sentences = [say(language, sentence) for sentence in _fits(stored)]
    sentences.append(say(language, week, count=stored.asks_this_week, limit=stored.asks_limit))
    sentences += [say(language, sentence) for sentence in _habits(stored)]
    if wave > 1:
        sentences.append(say(language, _("Others were asked before you; help is still missing.")))
    return sentences


def _fits(terms: Terms) -> Iterator[str]:
    if terms.has_time_now:
        yield _("You offer this kind of help.")
        yield _("You said that you have time now.")
    else:
        yield _("You offer this kind of help, and the time fits.")
    yield _where(terms)
    if terms.speaks_needed_language:
        yield _("You speak a language that is needed.")
    if terms.keeps_language_free:
        yield _("You speak a language that few speak here. Where we can, we keep you free for whoever needs it.")


def _habits(terms: Terms) -> Iterator[str]:
    """What they were asked and did before, as far as it counted."""
    if terms.days_since_ask >= _NEVER_ASKED_DAYS:
        yield _("You have not been asked lately.")
    elif terms.days_since_ask >= _RESTED_DAYS:
        yield _("It has been some days since you were last asked.")
    if terms.asks and 2 * terms.yes > terms.asks:
        yield _("You have often said yes.")
    if terms.tasks_lately:
        yield _("You have helped lately, so others were looked for first where possible. Thank you!")
    if not terms.reachable:
        yield _("Neither a push nor a mail reaches you, so others were looked for first where possible.")


def _where(terms: Terms) -> str:
    if not terms.same_quarter:
        return _("It is in the next quarter.")
    if terms.distance_km is not None and terms.distance_km <= _CLOSE_KM:
        return _("It is close to you.")
    return _("It is in your quarter.")
