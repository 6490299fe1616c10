"""Whether an outline encloses an area without contradicting itself; small published flaws are mended."""

import shapely

from nachbarschaft.geography.positions import Rings
from nachbarschaft.geography.problems import Refused
from nachbarschaft.geography.shapes import in_metres, polygons_of

LARGEST_REPAIR = 0.001
"""Share of the area that a repair may change: slips of digitising lie far below, real mistakes above."""

SMALLEST_AREA = 1.0
"""Square metres; below that, an outline is a line or a point that was written as an area."""

MEANINGS = {
    "Self-intersection": "its border crosses or overlaps itself",
    "Ring Self-intersection": "its border touches itself",
    "Hole lies outside shell": "a hole lies outside of its outer ring",
    "Holes are nested": "a hole lies inside another hole",
    "Nested shells": "one part lies inside another part",
    "Interior is disconnected": "its holes cut it into pieces",
    "Duplicate Rings": "a ring occurs twice",
}
"""What the reasons of GEOS mean in words of the file."""


def sound_shape(polygons: list[Rings]) -> shapely.MultiPolygon:
    """The valid shape of these polygons, repaired where that changes next to nothing; raises Refused."""
    drawn = shapely.MultiPolygon([(rings[0], rings[1:]) for rings in polygons])
    sound = drawn if drawn.is_valid else _repaired(drawn)
    if _square_metres(sound) < SMALLEST_AREA:
        raise Refused("Its outline encloses no area: draw it as an area, or take the feature out of the file.")
    if abs(sound.area - drawn.area) > LARGEST_REPAIR * drawn.area:
        raise Refused(f"Its outline is not valid: {_explained(drawn)}. Correct it there in a map editor.")
    return sound


def _repaired(drawn: shapely.MultiPolygon) -> shapely.MultiPolygon:
    """Method `structure` keeps the meaning of holes; `linework` would turn a stray hole into land."""
    return polygons_of(shapely.make_valid(drawn, method="structure", keep_collapsed=False))


def _square_metres(polygons: shapely.MultiPolygon) -> float:
    _, south, _, north = polygons.bounds
    return float(in_metres(polygons, (south + north) / 2).area)


def _explained(drawn: shapely.MultiPolygon) -> str:
    reason, _, place = str(shapely.is_valid_reason(drawn)).partition("[")
    near = place.rstrip("]").replace(" ", ", ")
    return MEANINGS.get(reason, reason) + (f", near [{near}]" if near else "")
