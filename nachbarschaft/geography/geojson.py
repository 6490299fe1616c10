"""Quarters from GeoJSON as cities publish it (RFC 7946): all of them, or every reason why not."""

from dataclasses import dataclass
from typing import Any

from nachbarschaft.geography import naming
from nachbarschaft.geography.document import read_features, refuse_other_crs, said
from nachbarschaft.geography.positions import read_polygons
from nachbarschaft.geography.problems import (
    BadGeoJson,
    Collector,
    FeatureProblem,
    Refused,
    feature_label,
)
from nachbarschaft.geography.shapes import Outline, outline_of
from nachbarschaft.geography.soundness import sound_shape

__all__ = ["BadGeoJson", "FeatureProblem", "QuarterOutline", "parse_quarters"]


@dataclass(frozen=True)
class QuarterOutline:
    """A quarter as a file describes it; `index` is its place among the features, counted from 0."""

    slug: str
    name: str
    city: str | None
    timezone: str | None
    outline: Outline
    index: int


@dataclass(frozen=True)
class _Draft:
    """What could be read of a feature; None where reading was refused."""

    index: int
    name: str | None
    slug: str | None
    city: str | None
    timezone: str | None
    outline: Outline | None


def parse_quarters(text: str, *, name_property: str | None = None) -> list[QuarterOutline]:
    """The quarters in the text of a GeoJSON file, in the order of the file.

    Foreign members and properties are ignored, altitudes dropped, any winding taken; a flaw in an outline is
    mended where that changes its area by less than 0.1 %. Raises BadGeoJson with every problem of every
    feature.
    """
    problems = Collector()
    features = problems.attempt(None, None, lambda: read_features(text)) or []
    drafts = [_draft(index, feature, name_property, problems) for index, feature in enumerate(features)]
    _refuse_same_slugs(drafts, problems)
    problems.raise_if_any()
    return [quarter for draft in drafts if (quarter := _finished(draft))]


def _draft(index: int, feature: object, name_property: str | None, problems: Collector) -> _Draft:
    properties = problems.attempt(index, None, lambda: _properties_of(feature))
    if properties is None or not isinstance(feature, dict):
        return _Draft(index, None, None, None, None, None)
    name = problems.attempt(index, None, lambda: naming.name_of(properties, name_property))
    return _Draft(
        index=index,
        name=name,
        slug=problems.attempt(index, name, lambda: naming.slug_of(properties, name)) if name else None,
        city=problems.attempt(index, name, lambda: naming.city_of(properties)),
        timezone=problems.attempt(index, name, lambda: naming.timezone_of(properties)),
        outline=problems.attempt(index, name, lambda: _outline_of(feature)),
    )


def _properties_of(feature: object) -> dict[str, Any]:
    if not isinstance(feature, dict) or feature.get("type") != "Feature":
        raise Refused(f"A Feature object is expected where the file has {said(feature)}.")
    properties = feature.get("properties")
    if not isinstance(properties, dict | None):
        raise Refused(f"Its properties are {said(properties)}; an object with at least a name is expected.")
    return properties or {}


def _outline_of(feature: dict[str, Any]) -> Outline:
    refuse_other_crs(feature)
    return outline_of(sound_shape(read_polygons(feature.get("geometry"))))


def _refuse_same_slugs(drafts: list[_Draft], problems: Collector) -> None:
    first: dict[str, _Draft] = {}
    for draft in drafts:
        if draft.slug and (other := first.setdefault(draft.slug, draft)) is not draft:
            problems.add(
                draft.index,
                draft.name,
                f"It has the same slug `{draft.slug}` as {feature_label(other.index, other.name)}: "
                "give each its own property `slug`.",
            )


def _finished(draft: _Draft) -> QuarterOutline | None:
    """None only where a problem was noted."""
    if draft.slug is None or draft.name is None or draft.outline is None:
        return None
    return QuarterOutline(draft.slug, draft.name, draft.city, draft.timezone, draft.outline, draft.index)
