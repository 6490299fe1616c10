"""Cities to try geography with: one made here, so always there, and real ones where they lie at hand."""

import json
import math
import random
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any

from nachbarschaft.geography.geojson import parse_quarters
from nachbarschaft.geography.point import Point
from nachbarschaft.geography.shapes import Outline

REAL_DATA = Path(__file__).resolve().parents[4] / "shared" / "data"
"""Outlines as cities publish them; not ours to ship, so they lie beside the checkout or nowhere."""

GENERATED = "generated"
SOUTH, WEST = 51.50, 7.10
BLOCK = 0.01
"""Degrees between the corners of the generated city, about 1 km and 700 m."""

Corner = tuple[float, float]


@dataclass(frozen=True)
class City:
    """The text of a file and the outlines read from it, by slug."""

    text: str
    outlines: dict[str, Outline]


def city_names() -> list[str]:
    """The generated city first, then every real one at hand."""
    return [GENERATED, *sorted(path.stem for path in REAL_DATA.glob("*.geojson"))]


@cache
def city_called(name: str) -> City:
    """The city, read once."""
    text = generated_city() if name == GENERATED else (REAL_DATA / f"{name}.geojson").read_text("utf-8")
    return City(text, {quarter.slug: quarter.outline for quarter in parse_quarters(text)})


def generated_city(size: int = 4) -> str:
    """Blocks with crooked shared borders and a hole each; one hole is a quarter, one block has an exclave."""
    corners = _crooked_corners(size)
    features = [_feature(f"Block {x}-{y}", [_block(corners, x, y)]) for x, y in _places(size)]
    pond = _wreath(Point(SOUTH + BLOCK / 2, WEST + BLOCK / 2), 0.001)
    features.append(_feature("Teich", [[pond[::-1]]]))
    island = _wreath(Point(SOUTH - BLOCK, WEST + 2 * BLOCK), 0.002)
    features[3] = _feature("Block mit Insel", [features[3]["geometry"]["coordinates"][0], [island]])
    return json.dumps({"type": "FeatureCollection", "features": features})


def _crooked_corners(size: int) -> dict[tuple[int, int], Corner]:
    chance = random.Random(1)
    return {
        (x, y): (
            WEST + (x + chance.uniform(-0.2, 0.2)) * BLOCK,
            SOUTH + (y + chance.uniform(-0.2, 0.2)) * BLOCK,
        )
        for x in range(size + 1)
        for y in range(size + 1)
    }


def _places(size: int) -> Iterator[tuple[int, int]]:
    return ((x, y) for x in range(size) for y in range(size))


def _block(corners: dict[tuple[int, int], Corner], x: int, y: int) -> list[list[Corner]]:
    ring = [corners[x, y], corners[x + 1, y], corners[x + 1, y + 1], corners[x, y + 1], corners[x, y]]
    hole = _wreath(Point(SOUTH + (y + 0.5) * BLOCK, WEST + (x + 0.5) * BLOCK), 0.001)
    return [ring, hole[::-1]]


def _wreath(middle: Point, radius: float, teeth: int = 7) -> list[Corner]:
    """A star around a point, counterclockwise."""
    ring = [
        (
            middle.lon + (radius if step % 2 else radius / 2) * math.cos(math.pi * step / teeth),
            middle.lat + (radius if step % 2 else radius / 2) * math.sin(math.pi * step / teeth),
        )
        for step in range(2 * teeth)
    ]
    return [*ring, ring[0]]


def _feature(name: str, polygons: list[Any]) -> dict[str, Any]:
    geometry = {"type": "MultiPolygon", "coordinates": polygons}
    return {"type": "Feature", "properties": {"name": name}, "geometry": geometry}


def is_inside_by_ray_casting(outline: Outline, lat: float, lon: float) -> bool:
    """Counts the borders crossed on the way east: an odd number means inside. The naive oracle."""
    inside = False
    for polygon in outline["coordinates"]:
        for ring in polygon:
            for (x1, y1), (x2, y2) in pairwise(ring):
                if (y1 > lat) != (y2 > lat) and lon < x1 + (lat - y1) * (x2 - x1) / (y2 - y1):
                    inside = not inside
    return inside
