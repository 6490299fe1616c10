"""Quarters."""

from marshmallow import fields

from api.schemas.basics import Given, PointSchema, Taken, page_schema
from api.schemas.fields import QueryNumber


class QuarterSchema(Given):
    slug = fields.String(required=True, metadata={"description": "Its name in paths and wherever a `quarter` is told."})
    name = fields.String(required=True)
    city = fields.String(required=True, allow_none=True, metadata={"description": "null: the operator named none."})
    timezone = fields.String(required=True, metadata={"description": "IANA name."})
    center = fields.Nested(PointSchema, required=True, metadata={"description": "A point inside the quarter."})


QuarterPage = page_schema("QuarterPage", QuarterSchema)


class OutlineSchema(Given):
    """An RFC 7946 geometry."""

    type = fields.String(required=True, metadata={"description": "MultiPolygon."})
    coordinates = fields.List(
        fields.List(fields.List(fields.List(fields.Float()))),
        required=True,
        metadata={"description": "Polygons of rings of positions: degrees east, then north (WGS 84)."},
    )


class QuarterFeatureSchema(Given):
    """A quarter with its outline, as an RFC 7946 feature."""

    type = fields.String(required=True, metadata={"description": "Feature."})
    geometry = fields.Nested(OutlineSchema, required=True)
    properties = fields.Nested(QuarterSchema, required=True)


class QuarterFeaturesSchema(Given):
    """A page of quarters with their outlines, as an RFC 7946 feature collection."""

    type = fields.String(required=True, metadata={"description": "FeatureCollection."})
    features = fields.List(fields.Nested(QuarterFeatureSchema), required=True)
    next = fields.String(
        required=True, allow_none=True, metadata={"description": "Cursor of the next page; null at the end."}
    )


GEOJSON_TWINS = {QuarterSchema: QuarterFeatureSchema, QuarterPage: QuarterFeaturesSchema}
"""What is given instead to whoever accepts `application/geo+json`."""


class LocateQuery(Taken):
    lat = QueryNumber(least=-90, most=90, required=True, metadata={"description": "Degrees north (WGS 84)."})
    lon = QueryNumber(least=-180, most=180, required=True, metadata={"description": "Degrees east (WGS 84)."})
