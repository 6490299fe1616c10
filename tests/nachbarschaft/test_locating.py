"""Whole cities in the database, the real ones among them: a place is found as the naive test finds it."""

import random

import pytest
import shapely

from nachbarschaft.errors import OutsideAllQuarters
from nachbarschaft.geography.geojson import parse_quarters
from nachbarschaft.geography.shapes import in_metres, shape_of
from nachbarschaft.queries.quarters import quarter_at
from nachbarschaft.services.quarters import import_quarters
from tests.nachbarschaft.geography.cities import City, city_called, city_names, is_inside_by_ray_casting
from tests.support.town import Town

POINTS = 300
NEAR_METRES = 5


def scattered(city: City) -> list[tuple[float, float]]:
    """Points all over the city's box, without those within a few metres of a border."""
    shapes = [shape_of(outline) for outline in city.outlines.values()]
    west, south, east, north = shapely.total_bounds(shapes).tolist()
    middle = (south + north) / 2
    borders = in_metres(shapely.union_all([shape.boundary for shape in shapes]), middle)
    chance = random.Random(7)
    points = [(chance.uniform(south, north), chance.uniform(west, east)) for _ in range(POINTS)]
    return [
        (lat, lon)
        for lat, lon in points
        if not shapely.dwithin(borders, in_metres(shapely.Point(lon, lat), middle), NEAR_METRES)
    ]


def found(town: Town, lat: float, lon: float) -> str | None:
    with town.wiring.reading() as context:
        try:
            return quarter_at(context.session, lat, lon).slug
        except OutsideAllQuarters:
            return None


@pytest.mark.parametrize("name", city_names())
def test_a_city_comes_in_twice_and_places_are_found_as_the_naive_test_finds_them(town: Town, name: str) -> None:
    city = city_called(name)
    outlines = parse_quarters(city.text)
    with town.wiring.writing() as context:
        first = import_quarters(context, outlines, city=None, timezone="Europe/Berlin")
    with town.wiring.writing() as context:
        second = import_quarters(context, outlines, city=None, timezone="Europe/Berlin")

    assert set(first.added) == city.outlines.keys()
    assert (second.added, second.updated) == ((), ())
    assert set(second.unchanged) == city.outlines.keys()
    points = scattered(city)
    assert len(points) > POINTS / 2
    for lat, lon in points:
        holding = {slug for slug, outline in city.outlines.items() if is_inside_by_ray_casting(outline, lat, lon)}
        assert found(town, lat, lon) == min(holding, default=None)
