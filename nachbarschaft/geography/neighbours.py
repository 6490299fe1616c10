"""Which quarters are neighbours, although published outlines leave slivers between them."""

import math
from collections.abc import Mapping

import shapely

from nachbarschaft.geography.shapes import METRES_PER_DEGREE, Outline, in_metres, shape_of

WITHIN_METRES = 30.0
"""Outlines drawn to either side of one road still belong together."""


def are_neighbours(a: Outline, b: Outline, *, within_metres: float = WITHIN_METRES) -> bool:
    """Whether the two outlines touch, overlap or come within that distance of each other."""
    return _are_close(shape_of(a), shape_of(b), within_metres)


def neighbour_pairs(outlines: Mapping[str, Outline], within_metres: float = WITHIN_METRES) -> set[tuple[str, str]]:
    """All pairs of neighbours among the quarters, each pair once, with the smaller slug first."""
    if len(outlines) < 2:  # a tree cannot be asked about nothing
        return set()
    slugs = sorted(outlines)
    shapes = [shape_of(outlines[slug]) for slug in slugs]
    candidates = shapely.STRtree(shapes).query([_reach(shape, within_metres) for shape in shapes])
    return {
        (slugs[i], slugs[j])
        for i, j in candidates.T.tolist()
        if i < j and _are_close(shapes[i], shapes[j], within_metres)
    }


def _are_close(a: shapely.Geometry, b: shapely.Geometry, within_metres: float) -> bool:
    south, north = min(a.bounds[1], b.bounds[1]), max(a.bounds[3], b.bounds[3])
    middle = (south + north) / 2
    return bool(shapely.dwithin(in_metres(a, middle), in_metres(b, middle), within_metres))


def _reach(shape: shapely.Geometry, within_metres: float) -> shapely.Geometry:
    """A box that holds whatever is that near; twice as wide, since degrees shrink towards the poles."""
    west, south, east, north = shape.bounds
    up = within_metres / METRES_PER_DEGREE
    aside = 2 * up / math.cos(math.radians(min(max(abs(south), abs(north)), 89.0)))
    return shapely.box(west - aside, south - 2 * up, east + aside, north + 2 * up)
