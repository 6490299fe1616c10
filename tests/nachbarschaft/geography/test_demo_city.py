"""The demo's quarters of Herne: importable as they are, without overlaps, and marked as drawn by hand."""

import json
from importlib.resources import files
from itertools import combinations
from typing import Any

import pytest
import shapely

from nachbarschaft.geography.geojson import parse_quarters
from nachbarschaft.geography.shapes import in_metres, shape_of

TEXT = (files("nachbarschaft") / "demo" / "herne.geojson").read_text("utf-8")
DOCUMENT: dict[str, Any] = json.loads(TEXT)
QUARTERS = {quarter.slug: quarter for quarter in parse_quarters(TEXT)}


def test_the_three_pilot_quarters_are_there() -> None:
    assert list(QUARTERS) == ["funkenbergquartier", "forellquartier", "blumenthal"]
    assert {(quarter.city, quarter.timezone) for quarter in QUARTERS.values()} == {("Herne", "Europe/Berlin")}


def test_the_quarters_do_not_overlap() -> None:
    for a, b in combinations(QUARTERS.values(), 2):
        assert shape_of(a.outline).intersection(shape_of(b.outline)).area == 0


@pytest.mark.parametrize("slug", list(QUARTERS))
def test_a_quarter_has_the_size_of_a_development_area(slug: str) -> None:
    assert 0.3e6 < in_metres(shape_of(QUARTERS[slug].outline), 51.54).area < 1e6


def test_the_rings_are_wound_as_the_standard_asks() -> None:
    for feature in DOCUMENT["features"]:
        (outer,) = feature["geometry"]["coordinates"]
        assert shapely.LinearRing(outer).is_ccw


def test_nobody_can_mistake_the_outlines_for_official_ones() -> None:
    assert "not official" in DOCUMENT["note"]
    assert all(feature["properties"]["approximate"] is True for feature in DOCUMENT["features"])
    assert all("not official" in feature["properties"]["note"] for feature in DOCUMENT["features"])
