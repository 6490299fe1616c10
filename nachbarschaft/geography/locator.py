"""The quarter of a point, fast and always the same."""

import threading
from collections.abc import Mapping

import shapely

from nachbarschaft.geography.shapes import Outline, shape_of


class Locator:
    """All quarters, ready to be asked which of them holds a point; build it once, ask from any thread."""

    def __init__(self, outlines: Mapping[str, Outline]) -> None:
        self._slugs = sorted(outlines)
        self._tree = shapely.STRtree([shape_of(outlines[slug]) for slug in self._slugs])
        self._shapes = self._tree.geometries
        shapely.prepare(self._shapes)
        # One question at a time: GEOS 3.13 and later corrupt memory where two threads ask one prepared shape.
        self._asking = threading.Lock()

    def locate(self, lat: float, lon: float) -> str | None:
        """The slug of the quarter that holds the point, or None; on a shared border the smallest slug."""
        with self._asking:
            near = self._tree.query(shapely.Point(lon, lat))
            holding = near[shapely.intersects_xy(self._shapes[near], lon, lat)]
        return self._slugs[holding.min()] if holding.size else None
