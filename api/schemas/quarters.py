"""Quarters."""

from marshmallow import fields

from api.schemas.basics import Given, PointSchema, Taken, page_schema
from api.schemas.fields import QueryNumber


class QuarterSchema(Given):
    slug = fields.String(required=True)
    name = fields.String(required=True)
    city = fields.String(required=True, allow_none=True)
    timezone = fields.String(required=True, metadata={"description": "IANA name."})
    center = fields.Nested(PointSchema, required=True, metadata={"description": "A point inside the quarter."})


QuarterPage = page_schema("QuarterPage", QuarterSchema)


class LocateQuery(Taken):
    lat = QueryNumber(least=-90, most=90, required=True)
    lon = QueryNumber(least=-180, most=180, required=True)
