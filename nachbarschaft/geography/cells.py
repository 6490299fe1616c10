"""Coarse fixed cells (H3), so that a place can be shown without showing an address."""

import h3
import shapely

from nachbarschaft.geography.point import Point
from nachbarschaft.geography.shapes import Outline, shape_of

RESOLUTION = 9
"""Cells of some 0.1 km² (edges of about 200 m), as the contract fixes them."""

MARGIN = 1e-7
"""Degrees, about 1 cm: the edges of cells lie on the sphere and bend by 1 mm on the plane of outlines."""


def cell_of(lat: float, lon: float) -> str:
    """The cell that holds the point; raises ValueError where a number is not finite."""
    return str(h3.latlng_to_cell(lat, lon, RESOLUTION))


def center_of_cell(cell: str) -> Point:
    """The middle of the cell, rounded to 6 decimals (about 10 cm); raises ValueError."""
    lat, lon = h3.cell_to_latlng(cell)
    return Point(lat=round(lat, 6), lon=round(lon, 6))


def cells_covering(outline: Outline) -> list[str]:
    """Every cell that overlaps the quarter at all, sorted: the cell of each of its points is among them."""
    widened = shapely.buffer(shape_of(outline), MARGIN, join_style="mitre")
    shapely.prepare(widened)
    return sorted(cell for cell in _cells_near(widened) if shapely.intersects(widened, _area_of(cell)))


def _cells_near(area: shapely.Geometry) -> set[str]:
    """The cells that may overlap, holes filled: h3 4.5 loses a cell with a whole hole around its middle."""
    filled = [h3.geo_to_h3shape(shapely.Polygon(part.exterior)) for part in shapely.get_parts(area)]
    return {
        cell for part in filled for cell in h3.h3shape_to_cells_experimental(part, RESOLUTION, contain="bbox_overlap")
    }


def _area_of(cell: str) -> shapely.Polygon:
    return shapely.Polygon([(lon, lat) for lat, lon in h3.cell_to_boundary(cell)])


def distance_km(cell_a: str, cell_b: str) -> float:
    """Kilometres along the great circle between the middles of two cells; raises ValueError."""
    return float(h3.great_circle_distance(h3.cell_to_latlng(cell_a), h3.cell_to_latlng(cell_b), unit="km"))
