"""How a quarter is called: name, slug, city and time zone from whatever properties a city published."""

import re
import unicodedata
from functools import cache
from typing import Any
from zoneinfo import available_timezones

from nachbarschaft.geography.document import said
from nachbarschaft.geography.problems import Refused

NAME_PROPERTIES = (
    "name",
    "stadtteil",
    "stadtteilname",
    "stadtteil_name",
    "quartier",
    "quartiersname",
    "ortsteil",
    "ortsteilname",
    "ortsteil_name",
    "viertel",
    "stadtviertel",
    "bezeichnung",
    "bez",
    "bez_name",
    "bezirk",
    "bezirksname",
    "stadtbezirk",
    "title",
    "titel",
    "label",
)
"""Where German cities put the name, in any capitals; the finer division comes first, the coarser after it."""

LONGEST_SLUG = 64
LONGEST_NAME = 120
SLUG = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
UMLAUTS = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss"})
MACHINE_ZONES = frozenset({"localtime", "Factory"})
"""Entries of the zone database that mean this machine, not a place."""


def name_of(properties: dict[str, Any], name_property: str | None) -> str:
    """The name, from `name_property` or from the first usual property that holds text; raises Refused."""
    for wanted in (name_property,) if name_property else NAME_PROPERTIES:
        for key in sorted(properties, key=lambda key: (key != wanted, key)):
            if key.casefold() == wanted.casefold() and (name := _text(properties[key])):
                return _short(name, "name")
    raise Refused(_no_name(properties, name_property))


def _no_name(properties: dict[str, Any], name_property: str | None) -> str:
    missing = f"no text in its property {said(name_property)}" if name_property else "no name"
    held = [key for key, value in properties.items() if _text(value)]
    if not held:
        return f"It has {missing}: add a property `name`."
    return f"It has {missing}: name the property that holds it; those with text are {', '.join(held)}."


def slug_of(properties: dict[str, Any], name: str) -> str:
    """The `slug` property as it stands, or a slug made from the name; raises Refused."""
    given = properties.get("slug")
    if given is None:
        return _slug_from(name)
    if not isinstance(given, str) or len(given) > LONGEST_SLUG or not SLUG.fullmatch(given):
        raise Refused(
            f"Its slug {said(given)} cannot be used: small letters a-z and digits, words joined by single "
            f"hyphens, at most {LONGEST_SLUG} characters. Correct it, or leave it out: the name gives one."
        )
    return given


def _slug_from(name: str) -> str:
    slug = slug_from_name(name)
    if not slug:
        raise Refused(f"No slug can be made from the name {said(name)}: add a property `slug`.")
    return slug


def slug_from_name(name: str) -> str:
    """The name in small ASCII letters, digits and hyphens (`Bad Köln` → `bad-koeln`); may be empty."""
    written_out = unicodedata.normalize("NFC", name).lower().translate(UMLAUTS)
    plain = "".join(c for c in unicodedata.normalize("NFD", written_out) if not unicodedata.combining(c))
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:LONGEST_SLUG].rstrip("-")


def city_of(properties: dict[str, Any]) -> str | None:
    """The `city` property if it holds text; raises Refused if that is too long."""
    city = _text(properties.get("city"))
    return _short(city, "city") if city else None


def timezone_of(properties: dict[str, Any]) -> str | None:
    """The `timezone` property, which must be a zone of the IANA database; raises Refused."""
    zone = properties.get("timezone")
    if zone is None or zone == "":
        return None
    if not isinstance(zone, str) or zone not in known_zones():
        raise Refused(f"Its timezone {said(zone)} is not known: use an IANA name such as Europe/Berlin.")
    return zone


@cache
def known_zones() -> frozenset[str]:
    """The names of the IANA time zones."""
    return frozenset(available_timezones()) - MACHINE_ZONES


def _text(value: object) -> str:
    """Text composed (NFC), on one line and without invisible characters; empty when there is none."""
    if not isinstance(value, str):
        return ""
    visible = "".join(c for c in value if c.isspace() or unicodedata.category(c) not in ("Cc", "Cf", "Cs"))
    return unicodedata.normalize("NFC", " ".join(visible.split()))


def _short(text: str, what: str) -> str:
    if len(text) > LONGEST_NAME:
        raise Refused(f"Its {what} has {len(text)} characters; at most {LONGEST_NAME} are kept. Shorten it.")
    return text
