"""The one door between outlines as data (GeoJSON) and shapes that can be computed with (shapely)."""

import math
from typing import Any, TypeAlias

import shapely
from shapely.geometry import shape

Outline: TypeAlias = dict[str, Any]
"""A GeoJSON MultiPolygon: `{"type": "MultiPolygon", "coordinates": [polygon[ring[[lon, lat]]]]}`."""

METRES_PER_DEGREE = math.radians(6_371_008.8)
"""Metres in a degree of latitude on a sphere with the mean radius of the earth (IUGG)."""


def shape_of(outline: Outline) -> shapely.MultiPolygon:
    """The shape of an outline; x is the longitude and y the latitude, in degrees."""
    return shape(outline)


def outline_of(polygons: shapely.MultiPolygon) -> Outline:
    """The outline of a shape; outer rings counterclockwise, holes clockwise (RFC 7946 section 3.1.6)."""
    wound = shapely.orient_polygons(polygons, exterior_cw=False)
    return {"type": "MultiPolygon", "coordinates": [_rings(polygon) for polygon in wound.geoms]}


def _rings(polygon: shapely.Polygon) -> list[list[list[float]]]:
    return [shapely.get_coordinates(ring).tolist() for ring in (polygon.exterior, *polygon.interiors)]


def polygons_of(anything: shapely.Geometry) -> shapely.MultiPolygon:
    """The polygons among the parts of a geometry; lines and points that came along are dropped."""
    return shapely.MultiPolygon([part for part in _parts(anything) if part.geom_type == "Polygon"])


def _parts(anything: shapely.Geometry) -> list[shapely.Geometry]:
    """Single geometries; a collection may hold a MultiPolygon, hence twice."""
    return list(shapely.get_parts(shapely.get_parts(anything)))


def in_metres(degrees: shapely.Geometry, latitude: float) -> shapely.Geometry:
    """The geometry with metres for degrees: equirectangular, 0.2 % off 10 km north or south of `latitude`."""
    scale = (math.cos(math.radians(latitude)) * METRES_PER_DEGREE, METRES_PER_DEGREE)
    return shapely.transform(degrees, lambda positions: positions * scale)
