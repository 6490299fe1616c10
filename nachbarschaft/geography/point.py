"""A place on earth, so that latitude and longitude are never mixed up in a bare pair."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Point:
    """WGS 84 latitude and longitude in degrees; latitude first, while GeoJSON has the longitude first."""

    lat: float
    lon: float
