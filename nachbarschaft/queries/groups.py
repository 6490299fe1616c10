"""What the groups of a report are called, in the reader's language."""

from nachbarschaft.categories import CATEGORIES, label
from nachbarschaft.labels import LABELS, LANGUAGE_LABELS
from nachbarschaft.words import say


def label_of(by: str, group: str, language: str) -> str:
    """The group's name; days, weeks and months stand for themselves, and so does what nobody knows any more."""
    if by == "category" and group in CATEGORIES:
        return label(CATEGORIES[group], language)
    names = {"channel": LABELS["channel"], "language": LANGUAGE_LABELS}.get(by, {})
    return say(language, names[group]) if group in names else group
