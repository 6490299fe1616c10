"""Questions about the outlines of quarters: what they cover, where their middle is, who lives next door."""

from dataclasses import dataclass

import shapely

from nachbarschaft.geography.locator import Locator
from nachbarschaft.geography.neighbours import are_neighbours, neighbour_pairs
from nachbarschaft.geography.point import Point
from nachbarschaft.geography.shapes import Outline, shape_of

__all__ = [
    "BoundingBox",
    "Locator",
    "are_neighbours",
    "bounding_box",
    "center_of",
    "covers",
    "neighbour_pairs",
]


@dataclass(frozen=True)
class BoundingBox:
    """The smallest box of degrees that holds an outline."""

    south: float
    west: float
    north: float
    east: float


def covers(outline: Outline, lat: float, lon: float) -> bool:
    """Whether the point lies inside the outline or on its border; a point in a hole is outside."""
    return bool(shapely.intersects_xy(shape_of(outline), lon, lat))


def center_of(outline: Outline) -> Point:
    """A point in the middle of the quarter, always inside it.

    The centroid, or a point on the surface where that falls outside: a crescent, a hole, several parts.
    """
    shape = shape_of(outline)
    middle = shape.centroid if shape.contains(shape.centroid) else shape.representative_point()
    return Point(lat=middle.y, lon=middle.x)


def bounding_box(outline: Outline) -> BoundingBox:
    """The box around the outline, in degrees."""
    west, south, east, north = shape_of(outline).bounds
    return BoundingBox(south=south, west=west, north=north, east=east)
