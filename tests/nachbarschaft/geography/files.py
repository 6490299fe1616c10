"""Small GeoJSON files to read, and to spoil, in tests."""

import json
from typing import Any

import pytest

from nachbarschaft.geography.geojson import BadGeoJson, FeatureProblem, parse_quarters

Json = dict[str, Any]

SQUARE = [[7.2, 51.5], [7.21, 51.5], [7.21, 51.51], [7.2, 51.51], [7.2, 51.5]]
HOLE = [[7.204, 51.504], [7.204, 51.506], [7.206, 51.506], [7.206, 51.504], [7.204, 51.504]]


def feature(coordinates: Any = None, *, kind: str = "Polygon", name: str | None = "Mitte", **more: Any) -> Json:
    """A Feature with an outline (a square if none is given), a name and further properties."""
    properties = {"name": name, **more} if name is not None else more
    geometry = {"type": kind, "coordinates": [SQUARE] if coordinates is None else coordinates}
    return {"type": "Feature", "properties": properties, "geometry": geometry}


def collection(*features: Any, **more: Any) -> str:
    """The text of a FeatureCollection."""
    return json.dumps({"type": "FeatureCollection", "features": list(features), **more})


def problems_of(text: str, name_property: str | None = None) -> list[FeatureProblem]:
    """What is wrong with a file that must be refused."""
    with pytest.raises(BadGeoJson) as refusal:
        parse_quarters(text, name_property=name_property)
    return refusal.value.problems


def only_message(text: str) -> str:
    """The message of a file that has exactly one fault."""
    (problem,) = problems_of(text)
    return problem.message
