"""Files that must be refused: each fault is named, with what to do, for every feature of the file at once."""

import json
from typing import Any

import pytest

from nachbarschaft.geography.geojson import BadGeoJson, FeatureProblem, parse_quarters
from tests.nachbarschaft.geography.files import HOLE, SQUARE, collection, feature, only_message, problems_of

BOW_TIE = [[7.2, 51.5], [7.21, 51.51], [7.21, 51.5], [7.2, 51.51], [7.2, 51.5]]
FAR_HOLE = [[lon + 1, lat] for lon, lat in HOLE]
LINE = [[7.2, 51.5], [7.21, 51.5], [7.22, 51.5], [7.2, 51.5]]
SPECK = [[7.2, 51.5], [7.200001, 51.5], [7.200001, 51.500001], [7.2, 51.5]]
IN_METRES = [[375000.0, 5711000.0], [376000.0, 5711000.0], [376000.0, 5712000.0], [375000.0, 5711000.0]]
SWAPPED = [[-33.8, 151.2], [-33.8, 151.3], [-33.9, 151.3], [-33.8, 151.2]]


@pytest.mark.parametrize(
    ("rings", "said"),
    [
        ([SQUARE[:-1]], "The outer ring of part 1 is not closed: repeat its first position [7.2, 51.5]"),
        ([SQUARE, HOLE[:-1]], "Hole 1 of part 1 is not closed"),
        ([[*SQUARE[:2], SQUARE[0]]], "The outer ring of part 1 has 3 positions; a ring has at least 4"),
        ([[]], "has 0 positions"),
        ([IN_METRES], "probably projected (for example EPSG:25832, in metres). Convert it"),
        ([SWAPPED], "probably latitude and longitude are swapped"),
        (
            [[["7.2", 51.5], *SQUARE[1:]]],
            'has the position ["7.2", 51.5]; a position is a list of two numbers',
        ),
        ([[[True, 51.5], *SQUARE[1:]]], "has the position [true, 51.5]"),
        ([[[7.2], *SQUARE[1:]]], "has the position [7.2]"),
        ([[None, *SQUARE[1:]]], "has the position null"),
        ([[[float("nan"), 51.5], *SQUARE[1:]]], "not a finite number"),
        ([[[7.2, float("-inf")], *SQUARE[1:]]], "not a finite number"),
        ([[[10**400, 51.5], *SQUARE[1:]]], "probably projected"),
        ([BOW_TIE], "its border crosses or overlaps itself, near [7.205, 51.505]"),
        ([SQUARE, FAR_HOLE], "a hole lies outside of its outer ring, near [8.2"),
        ([SQUARE, HOLE, [[lon + 0.0005, lat] for lon, lat in HOLE]], "its border crosses or overlaps itself"),
        ([LINE], "encloses no area"),
        ([SPECK], "encloses no area"),
        ([7.2, 51.5], "The outer ring of part 1: a list is expected where the file has 7.2"),
        ({"a": 1}, "Part 1: a list is expected"),
        ([], "no coordinates"),
    ],
)
def test_a_bad_outline_is_refused_with_its_reason(rings: Any, said: str) -> None:
    assert said in only_message(collection(feature(rings)))


def test_the_ring_at_fault_is_named_in_a_multipolygon() -> None:
    message = only_message(collection(feature([[SQUARE], [SQUARE, HOLE[:-1]]], kind="MultiPolygon")))
    assert message.startswith("Hole 1 of part 2 is not closed")


@pytest.mark.parametrize(
    ("parts", "said"),
    [
        ([[SQUARE], [SQUARE]], "crosses or overlaps itself"),
        ([[SQUARE], [HOLE]], "one part lies inside another part"),
        ([[SQUARE], []], "Part 2 has no rings"),
        ("everywhere", "The coordinates of the MultiPolygon: a list is expected"),
    ],
)
def test_a_bad_multipolygon_is_refused_with_its_reason(parts: Any, said: str) -> None:
    assert said in only_message(collection(feature(parts, kind="MultiPolygon")))


@pytest.mark.parametrize("geometry", [None, {}])
def test_a_feature_without_geometry_is_refused(geometry: object) -> None:
    message = only_message(collection(feature() | {"geometry": geometry}))
    assert "no geometry" in message
    assert "take the feature out" in message


@pytest.mark.parametrize("kind", ["Point", "LineString", "GeometryCollection", "polygon", None, 3])
def test_a_geometry_that_is_no_area_is_refused(kind: Any) -> None:
    message = only_message(collection(feature([7.2, 51.5], kind=kind)))
    assert f"of type {json.dumps(kind)}; a quarter needs a Polygon or a MultiPolygon" in message


def test_a_geometry_that_is_no_object_is_refused() -> None:
    assert "a GeoJSON geometry object is expected" in only_message(collection(feature() | {"geometry": "here"}))


@pytest.mark.parametrize("stranger", [None, 7, "Mitte", [], {"type": "Polygon"}, {"name": "Mitte"}])
def test_what_is_no_feature_is_refused(stranger: object) -> None:
    assert "A Feature object is expected" in only_message(collection(stranger))


def test_properties_that_are_no_object_are_refused() -> None:
    assert "Its properties are [1]" in only_message(collection(feature() | {"properties": [1]}))


def test_every_problem_of_every_feature_is_told_in_the_order_of_the_file() -> None:
    features = (
        feature([BOW_TIE], name="A"),
        feature(name="B"),
        feature([LINE], name=None),
        feature(name="b"),
        None,
    )
    found = [(problem.index, problem.name) for problem in problems_of(collection(*features))]
    assert found == [(0, "A"), (2, None), (2, None), (3, "b"), (4, None)]


def test_the_text_of_the_error_has_a_line_for_each_problem() -> None:
    with pytest.raises(BadGeoJson) as refusal:
        parse_quarters(collection(feature([LINE]), feature() | {"geometry": None, "properties": {"name": "Süd"}}))
    first, second = str(refusal.value).splitlines()
    assert first.startswith("features[0] “Mitte”: Its outline encloses no area")
    assert second.startswith("features[1] “Süd”: It has no geometry")


def test_what_is_not_json_is_refused_with_line_and_column() -> None:
    (problem,) = problems_of('{"type": "FeatureCollection",\n "features": [}')
    assert problem == FeatureProblem(None, None, "The file is not JSON: Expecting value at line 2, column 15.")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "The file is empty."),
        (" \n", "The file is empty."),
        ("[" * 100_000 + "]" * 100_000, "cannot be read"),
        ("1" * 5_000, "cannot be read"),
        ("[]", "not GeoJSON"),
        ("{}", "The file's `type` is null"),
        (json.dumps({"type": "Topology", "objects": {}}), 'The file\'s `type` is "Topology"'),
        (json.dumps(feature()["geometry"]), "wrap it in a Feature"),
        (json.dumps({"type": "FeatureCollection"}), "no list called `features`"),
        (collection(), "holds no quarter"),
    ],
)
def test_a_file_that_is_no_collection_of_quarters_is_refused(text: str, said: str) -> None:
    (problem,) = problems_of(text)
    assert problem.index is None
    assert said in problem.message
    assert str(problem) == problem.message


@pytest.mark.parametrize(
    ("crs", "said"),
    [
        (
            {"type": "name", "properties": {"name": "urn:ogc:def:crs:EPSG::25832"}},
            '"urn:ogc:def:crs:EPSG::25832"',
        ),
        ({"type": "link", "properties": {"href": "http://example.org/crs"}}, "example.org"),
        ("EPSG:4326", "EPSG:4326"),
    ],
)
def test_another_coordinate_system_is_refused_with_a_way_to_convert(crs: object, said: str) -> None:
    for text in (collection(feature(), crs=crs), collection(feature() | {"crs": crs})):
        message = only_message(text)
        assert said in message
        assert "ogr2ogr" in message


@pytest.mark.parametrize("depth", [50, 500, 900])
def test_an_absurdly_nested_value_is_refused_like_any_other(depth: int) -> None:
    text = (
        collection(feature(name="Tief")).replace("[[[", "[" * depth + "[[[", 1).replace("]]]", "]]]" + "]" * depth, 1)
    )
    assert problems_of(text)
