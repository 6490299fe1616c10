"""From foreign coordinates to rings of numbers; whatever is no place on earth is refused."""

import math
from typing import Any, TypeAlias

from nachbarschaft.geography.document import HOW_TO_CONVERT, said
from nachbarschaft.geography.problems import Refused

Ring: TypeAlias = list[tuple[float, float]]
Rings: TypeAlias = list[Ring]
"""One polygon: its outer ring, then its holes."""

FEWEST_POSITIONS = 4
"""A closed ring with fewer encloses nothing (RFC 7946 section 3.1.6)."""


def read_polygons(geometry: object) -> list[Rings]:
    """The polygons of a Polygon or MultiPolygon, without altitudes; raises Refused at the first fault."""
    if not geometry:
        raise Refused("It has no geometry: draw the quarter's outline, or take the feature out of the file.")
    if not isinstance(geometry, dict):
        raise Refused(f"Its geometry is {said(geometry)}; a GeoJSON geometry object is expected.")
    parts = _parts_of(geometry)
    if not parts:
        raise Refused("Its geometry has no coordinates: draw the outline, or take the feature out of the file.")
    return [_polygon(part, number) for number, part in enumerate(parts, start=1)]


def _parts_of(geometry: dict[str, Any]) -> list[Any]:
    kind, coordinates = geometry.get("type"), geometry.get("coordinates")
    if kind not in ("Polygon", "MultiPolygon"):
        raise Refused(
            f"Its geometry is of type {said(kind)}; a quarter needs a Polygon or a MultiPolygon. "
            "Publish the outline as an area, not as lines or points."
        )
    if not coordinates:
        return []
    return [coordinates] if kind == "Polygon" else _listed(coordinates, "The coordinates of the MultiPolygon")


def _polygon(rings: object, number: int) -> Rings:
    listed = _listed(rings, f"Part {number}")
    if not listed:
        raise Refused(f"Part {number} has no rings: take the empty part out of the geometry.")
    return [_ring(ring, f"{_ring_name(place)} of part {number}") for place, ring in enumerate(listed)]


def _ring_name(place: int) -> str:
    return f"Hole {place}" if place else "The outer ring"


def _ring(positions: object, where: str) -> Ring:
    ring = [_position(position, where) for position in _listed(positions, where)]
    if len(ring) < FEWEST_POSITIONS:
        raise Refused(
            f"{where} has {len(ring)} positions; a ring has at least {FEWEST_POSITIONS}, "
            "the last being the first again. Draw it anew."
        )
    if ring[0] != ring[-1]:
        raise Refused(f"{where} is not closed: repeat its first position {list(ring[0])} at its end.")
    return ring


def _listed(value: object, where: str) -> list[Any]:
    if not isinstance(value, list):
        raise Refused(f"{where}: a list is expected where the file has {said(value)}.")
    return value


def _position(position: object, where: str) -> tuple[float, float]:
    if not isinstance(position, list) or len(position) < 2 or not all(map(_is_number, position[:2])):
        raise Refused(
            f"{where} has the position {said(position)}; a position is a list of two numbers, longitude and latitude."
        )
    lon, lat = position[:2]
    if not abs(lon) <= 180 or not abs(lat) <= 90:
        raise Refused(f"{where} has the position {said([lon, lat])}, {_why_off_the_earth(lon, lat)}")
    return float(lon), float(lat)


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _why_off_the_earth(lon: float, lat: float) -> str:
    if not all(abs(number) < math.inf for number in (lon, lat)):  # false for NaN as well
        return "which is not a finite number: the program that wrote it has failed there. Export it again."
    if abs(lon) <= 90 and abs(lat) <= 180:
        return "which lies off the earth: probably latitude and longitude are swapped. Longitude comes first."
    return (
        "which is no longitude and latitude in degrees: the file is probably projected "
        f"(for example EPSG:25832, in metres). {HOW_TO_CONVERT}"
    )
