"""Why somebody was asked, in plain sentences: no distance in metres, nothing about other people beyond counts."""

from nachbarschaft.matching.scoring import Terms
from nachbarschaft.words import mark as _
from nachbarschaft.words import say

_CLOSE_KM = 0.6


def why(terms: dict[str, object], wave: int | None, language: str) -> list[str]:
    """The sentences for one invitation; empty for whoever was not asked."""
    if wave is None or not terms:
        return []
    stored = Terms.from_json(terms)
    sentences = [say(language, _("You offer this kind of help, and the time fits."))]
    sentences.append(say(language, _where(stored)))
    if stored.speaks_needed_language:
        sentences.append(say(language, _("You speak a language that is needed.")))
    week = _("You were asked {count} of at most {limit} times in the last seven days.")
    sentences.append(say(language, week, count=stored.asks_this_week, limit=stored.asks_limit))
    if wave > 1:
        sentences.append(say(language, _("Others were asked before you; help is still missing.")))
    return sentences


def _where(terms: Terms) -> str:
    if not terms.same_quarter:
        return _("It is in the next quarter.")
    if terms.distance_km is not None and terms.distance_km <= _CLOSE_KM:
        return _("It is close to you.")
    return _("It is in your quarter.")
