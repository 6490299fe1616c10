"""Reading GeoJSON as cities publish it: whatever does no harm is taken as it is."""

import json

import pytest
import shapely

from nachbarschaft.geography.geojson import parse_quarters
from nachbarschaft.geography.shapes import shape_of
from tests.nachbarschaft.geography.cities import City
from tests.nachbarschaft.geography.files import HOLE, SQUARE, collection, feature


def test_a_city_is_read_as_it_is_and_completely(city: City) -> None:
    quarters = parse_quarters(city.text)
    named = [feature["properties"]["name"] for feature in json.loads(city.text)["features"]]
    assert [quarter.name for quarter in quarters] == named
    assert [quarter.index for quarter in quarters] == list(range(len(named)))


def test_reading_changes_no_outline_of_a_city(city: City) -> None:
    for read, published in zip(parse_quarters(city.text), json.loads(city.text)["features"], strict=True):
        assert shape_of(read.outline).equals(shape_of(published["geometry"]))


def test_a_polygon_becomes_a_multipolygon_of_plain_lists() -> None:
    (quarter,) = parse_quarters(collection(feature([SQUARE, HOLE])))
    assert quarter.outline == {"type": "MultiPolygon", "coordinates": [[SQUARE, HOLE]]}
    assert json.loads(json.dumps(quarter.outline)) == quarter.outline


def test_a_single_feature_is_a_file_with_one_quarter() -> None:
    (quarter,) = parse_quarters(json.dumps(feature(name="Blumenthal")))
    assert (quarter.slug, quarter.index) == ("blumenthal", 0)


def test_a_byte_order_mark_is_skipped() -> None:
    assert len(parse_quarters("\ufeff" + collection(feature()))) == 1


def test_altitudes_are_dropped() -> None:
    (quarter,) = parse_quarters(collection(feature([[[*position, 57.5] for position in SQUARE]])))
    assert quarter.outline["coordinates"] == [[SQUARE]]


def test_foreign_winding_is_taken_and_put_right() -> None:
    (quarter,) = parse_quarters(collection(feature([SQUARE[::-1], HOLE[::-1]])))
    (polygon,) = shape_of(quarter.outline).geoms
    assert polygon.exterior.is_ccw
    assert not polygon.interiors[0].is_ccw


def test_foreign_members_and_properties_are_ignored() -> None:
    strange = feature(Nr=77, slugs=["x"], population=None) | {"bbox": [1, 2, 3, 4], "id": 9, "style": {}}
    (quarter,) = parse_quarters(collection(strange, generator="a program", totalFeatures=1))
    assert (quarter.slug, quarter.name, quarter.city, quarter.timezone) == ("mitte", "Mitte", None, None)


def test_city_and_timezone_are_taken_when_they_are_there() -> None:
    (quarter,) = parse_quarters(collection(feature(city=" Herne ", timezone="Europe/Berlin")))
    assert (quarter.city, quarter.timezone) == ("Herne", "Europe/Berlin")


@pytest.mark.parametrize("city", [None, "", "  ", 44623, ["Herne"]])
def test_a_city_that_is_no_text_is_no_city(city: object) -> None:
    (quarter,) = parse_quarters(collection(feature(city=city)))
    assert quarter.city is None


@pytest.mark.parametrize(
    "name",
    [
        "urn:ogc:def:crs:OGC:1.3:CRS84",
        "urn:ogc:def:crs:OGC::CRS84",
        "EPSG:4326",
        "urn:ogc:def:crs:EPSG::4326",
    ],
)
def test_the_legacy_crs_member_is_tolerated_when_it_says_what_holds_anyway(name: str) -> None:
    crs = {"type": "name", "properties": {"name": name}}
    assert parse_quarters(collection(feature(), crs=crs))
    assert parse_quarters(collection(feature() | {"crs": crs}, crs=None))


def test_a_tiny_loop_in_a_border_is_mended() -> None:
    slip = [
        [7.2, 51.5],
        [7.21, 51.5],
        [7.21, 51.51],
        [7.209999, 51.510001],
        [7.21, 51.510001],
        [7.2, 51.51],
        [7.2, 51.5],
    ]
    (quarter,) = parse_quarters(collection(feature([slip])))
    assert not shapely.Polygon(slip).is_valid
    assert shape_of(quarter.outline).is_valid
    assert shape_of(quarter.outline).area == pytest.approx(shapely.Polygon(SQUARE).area, rel=1e-3)


def test_a_spike_in_a_border_is_cut_off() -> None:
    spiked = [
        [7.2, 51.5],
        [7.21, 51.5],
        [7.21, 51.51],
        [7.205, 51.51],
        [7.205, 51.52],
        [7.205, 51.51],
        [7.2, 51.51],
        [7.2, 51.5],
    ]
    (quarter,) = parse_quarters(collection(feature([spiked])))
    assert shape_of(quarter.outline).equals(shapely.Polygon(SQUARE))
