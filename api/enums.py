"""Fixed choices that have a name in the document, so that a generated client knows one type for each of them."""

from collections.abc import Mapping, Sequence
from typing import Any

from api.schemas.me import ADDRESS_KINDS, PLATFORMS
from api.schemas.members import LEVELS
from api.schemas.offers import REACHES
from nachbarschaft.categories import CATEGORIES
from nachbarschaft.vocabulary import ASSIGNMENT_STATES, INVITATION_STATES, REQUEST_STATES
from nachbarschaft.words import LANGUAGES

ENUMS: Mapping[str, tuple[Sequence[str], str]] = {
    "AddressKind": (ADDRESS_KINDS, "An FCM registration token, or a Firebase installation id."),
    "AssignmentState": (ASSIGNMENT_STATES, "How a helper's task stands."),
    "CategoryKey": (list(CATEGORIES), "A kind of help."),
    "InvitationState": (INVITATION_STATES, "What became of being asked."),
    "LanguageTag": (list(LANGUAGES), "A language that we write in, as a BCP 47 tag."),
    "Platform": (PLATFORMS, "What the app runs on."),
    "Reach": (REACHES, "How far an offer goes: the own quarter, or the ones adjoining it too."),
    "RequestState": (REQUEST_STATES, "How a request for help stands."),
    "VerificationLevel": (LEVELS, "Nothing seen yet, an ID seen, a background certificate seen."),
}
"""Name → choices and meaning. Only what is taken refers to them: readers of answers must tolerate new values."""


def name_enums(document: dict[str, Any]) -> dict[str, Any]:
    """The document with every one of these choices under its name; the others stay where they are."""
    names = {tuple(choices): name for name, (choices, _meaning) in ENUMS.items()}
    used: set[str] = set()
    named: dict[str, Any] = _named(document, names, used)
    taken = used & named["components"]["schemas"].keys()
    if taken:
        raise LookupError(f"choices and schemas are called the same: {sorted(taken)}")
    for name in sorted(used):
        choices, meaning = ENUMS[name]
        named["components"]["schemas"][name] = {"type": "string", "enum": list(choices), "description": meaning}
    return named


def _named(value: Any, names: Mapping[tuple[str, ...], str], used: set[str]) -> Any:
    if isinstance(value, list):
        return [_named(inner, names, used) for inner in value]
    if not isinstance(value, dict):
        return value
    name = names.get(tuple(value["enum"])) if isinstance(value.get("enum"), list) else None
    if name is None:
        return {key: _named(inner, names, used) for key, inner in value.items()}
    used.add(name)
    rest = {key: inner for key, inner in value.items() if key not in {"type", "enum"}}
    return {**rest, "$ref": f"#/components/schemas/{name}"}
