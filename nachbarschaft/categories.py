"""The kinds of help there are, as data a city can change: names, what they require, what they are not."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from types import MappingProxyType
from typing import Any, Final, Literal

from nachbarschaft.words.languages import chain

Requirement = Literal["none", "known", "certified"]
Names = Mapping[str, str]
"""One text in several languages, BCP 47 tag → text."""


@dataclass(frozen=True, slots=True)
class Category:
    """One kind of help; `requires` is the least verification a volunteer needs for it.

    `exclusions` say in whole sentences what may not be asked for under this heading.
    """

    key: str
    label: Names
    description: Names
    requires: Requirement
    field_of_action: str
    exclusions: tuple[Names, ...]


def category(key: str) -> Category:
    """Return the category of that key. Raises KeyError for a key that is not shipped."""
    return CATEGORIES[key]


def label(category: Category, language: str) -> str:
    """Return the category's name as a reader of the language should see it."""
    return in_language(category.label, language)


def description(category: Category, language: str) -> str:
    """Return the sentence that explains the category."""
    return in_language(category.description, language)


def exclusions(category: Category, language: str) -> tuple[str, ...]:
    """Return what the category is not, one sentence each."""
    return tuple(in_language(text, language) for text in category.exclusions)


def in_language(names: Names, language: str) -> str:
    """Return the text in the language, or in the first of its stand-ins that has one."""
    return next(names[tag] for tag in chain(language) if tag in names)


def _category(key: str, data: Mapping[str, Any], exclusions: Mapping[str, Names]) -> Category:
    return Category(
        key=key,
        label=MappingProxyType(data["label"]),
        description=MappingProxyType(data["description"]),
        requires=data["requires"],
        field_of_action=data["field_of_action"],
        exclusions=tuple(exclusions[name] for name in data["exclusions"]),
    )


def _frozen(texts: Mapping[str, Mapping[str, str]]) -> Mapping[str, Names]:
    return MappingProxyType({key: MappingProxyType(dict(names)) for key, names in texts.items()})


_DATA: Final = json.loads((files("nachbarschaft") / "categories.json").read_text(encoding="utf-8"))

FIELDS_OF_ACTION: Final = _frozen(_DATA["fields_of_action"])
"""The fields of Smart People City that reports group by; data, because strategies change."""

_EXCLUSIONS: Final = _frozen(_DATA["exclusions"])

CATEGORIES: Final[Mapping[str, Category]] = MappingProxyType(
    {key: _category(key, data, _EXCLUSIONS) for key, data in _DATA["categories"].items()}
)
"""Key → category, in the order in which they are offered."""
